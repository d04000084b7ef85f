/*
 * test_audit_files.c - the sweep over resolutions, configurations, given activations,
 * what an audit writes, and what it refuses.
 */
#include "audit_case.h"
#include "csv_case.h"
#include "ipl_plot.h"

/* -- Resolutions ------------------------------------------------------------------*/

/* Of a uniform distribution on 16 values whose cells have these sizes. */
static double bits_of_cells(const int *size, int cells)
{
    double lost = 0;
    for (int c = 0; c < cells; ++c) lost += size[c] / 16.0 * log2(size[c]);
    return 4.0 - lost;
}

static void expect_step(csv *table, const char *kind, double resolution, double bits,
                        int64_t cells)
{
    csv_whole(table, 1);
    csv_text(table, kind);
    csv_number(table, resolution, 0);
    csv_number(table, bits, 1e-12);
    csv_whole(table, cells);
    csv_end_row(table);
}

/* T = x = 0 .. 15, worked by hand: to nearest with ties to even, one bit keeps 0, 1, 2,
 * 3, {4 5}, 6, {7 .. 10}, {11 12 13}, {14 15}. */
static void sweeps_are_those_of_sixteen_integers(void **state)
{
    static const int one[] = {1, 1, 1, 1, 2, 1, 4, 3, 2};
    static const int two[] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 3, 1, 1};
    static const int wide[4][9] = {{15, 1}, {8, 7, 1}, {4, 4, 4, 3, 1},
                                   {2, 2, 2, 2, 2, 2, 2, 1, 1}};
    static const int cells[4] = {2, 3, 5, 9};
    static const float w[1] = {1};
    float x[16];
    for (int i = 0; i < 16; ++i) x[i] = (float)i;
    audit_case *c = audit_case_start(check_device(state), 16, 1, x);
    audit_case_layer(c, 1, IPL_ACT_LINEAR, w, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    CHECK(a->mantissa_bits == 3 && a->bin_width == 15.0 / 16);
    CHECK(isnan(a->mark_bin) && isnan(a->mark_noise));
    csv table = csv_open(files_path(c->folder, "out/audit_sweep.csv"),
                         "layer,kind,resolution,i_xt_bits,cells");
    expect_step(&table, "mantissa", 1, bits_of_cells(one, 9), 9);
    expect_step(&table, "mantissa", 2, bits_of_cells(two, 13), 13);
    for (int m = 3; m <= 23; ++m) expect_step(&table, "mantissa", m, 4, 16);
    for (int k = 0; k < 4; ++k)
        expect_step(&table, "width", 15.0 / (1 << k), bits_of_cells(wide[k], cells[k]),
                    cells[k]);
    expect_step(&table, "width", 15.0 / 16, 4, 16);
    csv_close(&table);
    audit_case_end(c);
}

/* The last of 23 bits, and of 40 halvings no more than are needed. */
static void the_last_bit_is_found(void **state)
{
    static const float x[4] = {1, 1 + 0x1p-23f, 0, 2}, w[1] = {1};
    audit_case *c = audit_case_start(check_device(state), 4, 1, x);
    audit_case_layer(c, 1, IPL_ACT_LINEAR, w, NULL);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    CHECK(a->mantissa_bits == 23 && a->bin_width == 0x1p-23);
    audit_case_end(c);
}

/* -- Configurations ---------------------------------------------------------------*/

static const char *const sets[] = {
    "net.layers=12, 6-tanh, 3-relu, 2", "data.limit=600", "data.split=shuffled",
    "measure.rows=train", "measure.estimators=bin", "bin.form=exact", "train.epochs=1",
    "train.replicas=2", "train.seed=5", "measure.policy=every", NULL};

/* I(X;T) of tick 0 is what a run measures there, with cells counted on the device. */
static void tick_0_is_what_a_run_measures(void **state)
{
    char f[FILES_PATH];
    ipl_device *dev = check_device(state);
    ipl_audit_report report[2];
    const ipl_config config = config_of(sets);
    files_make_folder(f);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "run"), NULL, NULL, NULL));
    for (int s = 0; s < 2; ++s)
        CHECK_OK(ipl_audit_config(dev, &config, s ? 6 : IPL_AUDIT_FIRST_SEED,
                                  files_path(f, "run"), &report[s]));
    csv table = csv_open(files_path(f, "run/plane.csv"),
                         "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits");
    for (int s = 0; s < 2; ++s)
        for (int l = 0; l < 3; ++l) {
            csv_whole(&table, 5 + s);
            csv_whole(&table, 0);
            csv_whole(&table, l + 1);
            csv_text(&table, "bin");
            csv_number(&table, report[s].layer[l].i_xt / log(2.0), 1e-12);
            csv_field(&table);
            csv_end_row(&table);
        }
    free(table.text);
    CHECK(report[0].rows == 480 && report[0].tick == 0 && report[0].seed == 5);
    CHECK(report[1].seed == 6 && report[0].layer[1].s_max != report[1].layer[1].s_max);
    CHECK(!strcmp(report[0].layer[2].name, "2-softmax"));
    files_remove_folder(f);
}

static void marks_are_the_configuration_s(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_audit_report r;
    ipl_config config = config_of(sets);
    CHECK_OK(ipl_audit_config(dev, &config, 5, NULL, &r));
    CHECK(isnan(r.layer[0].mark_bin) && isnan(r.layer[0].mark_noise) && !*r.note);
    CHECK_OK(ipl_config_set(&config, "measure.estimators=bin, kde"));
    CHECK_OK(ipl_config_set(&config, "bin.form=edges"));
    CHECK_OK(ipl_config_set(&config, "bin.edges=11"));
    CHECK_OK(ipl_config_set(&config, "kde.noise_var=0.09"));
    CHECK_OK(ipl_config_set(&config, "net.quantise=4"));
    CHECK_OK(ipl_audit_config(dev, &config, 5, NULL, &r));
    CHECK(fabs(r.layer[0].mark_bin - 0.2) < 1e-15 && r.layer[1].mark_noise == 0.3);
    CHECK(strstr(r.note, "[net] quantise = 4 is left out"));
    CHECK_OK(ipl_config_set(&config, "bin.form=width"));
    CHECK_OK(ipl_config_set(&config, "bin.width=0.07"));
    CHECK_OK(ipl_audit_config(dev, &config, 5, NULL, &r));
    CHECK(r.layer[2].mark_bin == 0.07 && !strstr(r.note, "marked"));
    CHECK_OK(ipl_config_set(&config, "bin.width=0.05, 0.1"));
    CHECK_OK(ipl_audit_config(dev, &config, 5, NULL, &r));
    CHECK(r.layer[2].mark_bin == 0.05);
    CHECK(strstr(r.note, "bits, and of width = 0.05, 0.1 the first is marked"));
    CHECK_FAILS(ipl_audit_config(dev, &config, 7, NULL, &r), IPL_E_ARGUMENT,
                "seed 7: expected 5 to 6");
}

/* Of bins that a layer's range makes, and of noise that its mean square makes. */
static void marks_can_be_the_layer_s_own(void **state)
{
    ipl_device *dev = check_device(state);
    ipl_audit_report r;
    ipl_config config = config_of(sets);
    CHECK_OK(ipl_config_set(&config, "net.layers=12, 1-relu, 2"));
    CHECK_OK(ipl_config_set(&config, "measure.estimators=bin, kde"));
    CHECK_OK(ipl_config_set(&config, "bin.form=count"));
    CHECK_OK(ipl_config_set(&config, "bin.count=8"));
    CHECK_OK(ipl_config_set(&config, "kde.noise_relative=yes"));
    CHECK_OK(ipl_config_set(&config, "kde.noise_var=0.25"));
    CHECK_OK(ipl_audit_config(dev, &config, 5, NULL, &r));
    CHECK(r.layer[0].mark_bin > 0 && r.layer[0].mark_bin != r.layer[1].mark_bin);
    /* Softmax of two: the mean square of p and 1 - p is a quarter to a half. */
    CHECK(r.layer[1].mark_noise >= 0.25 && r.layer[1].mark_noise < sqrt(0.125));
}

/* -- Given activations ------------------------------------------------------------*/

/* The double chain is injective, the given values are not; equal inputs must agree. */
static void given_activations_stand_for_float32(void **state)
{
    static const float x[5] = {0, 1, 2, 3, 0}, w[1] = {2}, b[1] = {1};
    static const float t[5] = {1, 3, 5, 5, 1}, wrong[5] = {1, 3, 5, 5, 2};
    audit_case *c = audit_case_start(check_device(state), 5, 1, x);
    audit_case_layer(c, 1, IPL_ACT_LINEAR, w, b);
    audit_case_given(c, t);
    const ipl_audit_layer *a = audit_case_audit(c, 1);
    expect_rows(a, 4, 4, 4, 4, 3);
    expect_pairs(a, 0, 0, 0, 0, 1, 0);
    expect_lost(&c->report, a, 0, 0.4);
    audit_case_given(c, wrong);
    CHECK_FAILS(ipl_audit_npy(c->dev, &c->files, NULL, NULL), IPL_E_FORMAT,
                "rows 0 and 4 of the activations differ in column 0");
    audit_case_end(c);
}

/* -- Files ------------------------------------------------------------------------*/

static double real_at(const json_t *object, const char *outer, const char *key)
{
    const json_t *at = outer ? json_object_get(object, outer) : object;
    const json_t *value = json_object_get(at, key);
    if (!json_is_number(value)) fail_msg("audit.json: no %s", key);
    return json_number_value(value);
}

/* audit.csv and audit.json are the report. */
static void files_are_the_report(void **state)
{
    static const float w[8] = {2, 30, 0, 0, 0, 40, 0, 50}, v[2] = {1, -1};
    float *x = audit_case_bits(4);
    audit_case *c = audit_case_start(check_device(state), 16, 4, x);
    audit_case_layer(c, 2, IPL_ACT_TANH, w, NULL);
    audit_case_layer(c, 1, IPL_ACT_RELU, v, NULL);
    audit_case_audit(c, 1);
    audit_case_audit(c, 1); /* replaces what is there */
    csv table = csv_open(
        files_path(c->folder, "out/audit.csv"),
        "layer,name,inputs,units,rank,rank_tolerance,s_max,s_min,condition,dead_units,"
        "constant_units,saturated_units,saturated_share,rows_before,rows_product,"
        "rows_activation,rows_before_float32,rows_float32,pairs_rank_double,"
        "pairs_activation_double,pairs_rank,pairs_activation,pairs_rounding,"
        "pairs_saturated,i_xt_double_bits,h_x_given_t_double_bits,i_xt_bits,"
        "h_x_given_t_bits,exact_mantissa_bits,exact_bin_width,bin_width,"
        "noise_deviation");
    json_t *json = json_of(c->folder, "out/audit.json");
    CHECK(real_at(json, NULL, "rows") == 16 && real_at(json, NULL, "h_x_bits") == 4);
    CHECK(json_is_null(json_object_get(json, "tick")));
    for (int l = 1; l <= 2; ++l) {
        const ipl_audit_layer *a = &c->report.layer[l - 1];
        const json_t *layers = json_object_get(json, "layers");
        const json_t *o = json_array_get(layers, (size_t)l - 1);
        const int64_t *met = a->float_pairs, counts[] = {
            a->dead, a->constant, a->saturated, a->double_in, a->double_product,
            a->double_out, a->float_in, a->float_out, a->double_pairs[0],
            a->double_pairs[1], met[0], met[1], met[2], a->saturated_pairs};
        const double bits[] = {a->i_xt_double / log(2.0),
                               a->h_x_given_t_double / log(2.0), a->i_xt / log(2.0),
                               a->h_x_given_t / log(2.0)};
        const double matrix[] = {a->rank_tolerance, a->s_max, a->s_min, a->condition};
        csv_whole(&table, l);
        csv_text(&table, a->name);
        csv_whole(&table, a->inputs);
        csv_whole(&table, a->units);
        csv_whole(&table, a->rank);
        for (int k = 0; k < 4; ++k) csv_number(&table, matrix[k], 0);
        for (int k = 0; k < 3; ++k) csv_whole(&table, counts[k]);
        csv_number(&table, a->saturated_share, 0);
        for (int k = 3; k < 14; ++k) csv_whole(&table, counts[k]);
        for (int k = 0; k < 4; ++k) csv_number(&table, bits[k], 1e-14);
        csv_whole(&table, a->mantissa_bits);
        csv_number(&table, a->bin_width, 0);
        csv_number(&table, NAN, 0);
        csv_number(&table, NAN, 0);
        csv_end_row(&table);
        CHECK(real_at(o, "float32", "rows") == (double)a->float_out);
        CHECK(real_at(o, "double", "rows_product") == (double)a->double_product);
        CHECK(real_at(o, "float32", "pairs_saturated") == (double)a->saturated_pairs);
        CHECK(fabs(real_at(o, "float32", "h_x_given_t_bits") - bits[3]) < 1e-8);
        CHECK(fabs(real_at(o, "double", "i_xt_bits") - bits[0]) < 1e-8);
        CHECK(real_at(o, "matrix", "rank") == a->rank);
        const json_t *examples =
            json_object_get(json_object_get(o, "float32"), "examples");
        CHECK((int)json_array_size(examples) == a->examples && a->examples > 0);
        char *line;
        json_error_t error;
        CHECK_OK(ipl_audit_json(&c->report, l, &line));
        json_t *again = json_loads(line, 0, &error);
        CHECK(again && json_equal(again, o) && !strchr(line, '\n'));
        json_decref(again);
        free(line);
    }
    csv_close(&table);
    json_decref(json);
    audit_case_end(c);
    free(x);
}

static void pictures_show_every_layer(void **state)
{
    static const float w[2] = {30, 0}, zero[4] = {0};
    float *x = audit_case_bits(1);
    audit_case *c = audit_case_start(check_device(state), 2, 1, x);
    audit_case_layer(c, 2, IPL_ACT_TANH, w, NULL);
    audit_case_layer(c, 2, IPL_ACT_RELU, zero, NULL);
    audit_case_audit(c, 1);
    const char *out = files_path(c->folder, "out");
    CHECK_OK(ipl_plot(out, IPL_PLOT_AUDIT, files_path(c->folder, "out/audit.svg")));
    char *text = files_text(out, "audit.svg");
    CHECK(strstr(text, "2-tanh") && strstr(text, "2-relu") && strstr(text, "</svg>"));
    free(text);
    files_write(files_path(c->folder, "out/audit_sweep.csv"), 4, "no\n\n");
    CHECK_FAILS(ipl_plot(files_path(c->folder, "out"), IPL_PLOT_AUDIT, "x.svg"),
                IPL_E_FORMAT, "audit_sweep.csv:1: expected");
    CHECK_FAILS(ipl_plot(c->folder, IPL_PLOT_AUDIT, "x.svg"), IPL_E_IO, "audit.json");
    audit_case_end(c);
    free(x);
}

/* -- Refusals ---------------------------------------------------------------------*/

static void bad_files_are_named(void **state)
{
    static const float x[4] = {0, 1, 2, 3}, w[4] = {1, 2, 3, 4}, bad[2] = {1, NAN};
    static const float far[2] = {3e38f, 3e38f};
    ipl_device *dev = check_device(state);
    audit_case *c = audit_case_start(dev, 2, 2, x);
    audit_case_layer(c, 2, IPL_ACT_TANH, w, x);
    const ipl_audit_files good = c->files;
    ipl_audit_files f = good;
    f.weights[0] = audit_case_file(c, 4, 1, w);
    CHECK_FAILS(ipl_audit_npy(dev, &f, NULL, NULL), IPL_E_FORMAT,
                "is 4 x 1: expected 2 x 1, inputs x units of layer 1");
    f = good;
    f.biases[0] = audit_case_file(c, 3, 0, w);
    CHECK_FAILS(ipl_audit_npy(dev, &f, NULL, NULL), IPL_E_FORMAT,
                "is 3 x 1: expected the 2 biases of layer 1");
    audit_case_end(c);

    c = audit_case_start(dev, 2, 2, x);
    audit_case_layer(c, 2, IPL_ACT_SOFTMAX, w, NULL);
    audit_case_layer(c, 2, IPL_ACT_TANH, w, NULL);
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_ARGUMENT,
                "layer 1 has activation softmax: expected softmax in the last layer");
    c->files.act[0] = IPL_ACT_LINEAR;
    c->files.biases[1] = c->files.x;
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_ARGUMENT,
                "biases of layer 2: expected biases of all layers, or of none");
    c->files.biases[1] = NULL;
    c->files.weights[1] = "none.npy";
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_IO, "none.npy");
    c->files.layers = 1;
    c->files.x = audit_case_file(c, 1, 2, bad);
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_NUMERIC,
                "row 0, column 1 is nan");
    c->files.x = audit_case_file(c, 1, 2, x);
    c->files.weights[0] = audit_case_file(c, 2, 1, bad);
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_NUMERIC, "layer 1");
    c->files.x = audit_case_file(c, 1, 2, far);
    c->files.weights[0] = audit_case_file(c, 2, 1, far);
    CHECK_FAILS(ipl_audit_npy(dev, &c->files, NULL, NULL), IPL_E_NUMERIC,
                "layer 1, 1-linear, in float32: row 0, column 0 is inf");
    audit_case_end(c);
}

/* What a run kept is what it measured, at each tick and of each seed. */
static void kept_networks_are_what_a_run_measured(void **state)
{
    char f[FILES_PATH];
    ipl_device *dev = check_device(state);
    ipl_audit_report r;
    ipl_config config = config_of(sets);
    CHECK_OK(ipl_config_set(&config, "run.keep=measured"));
    CHECK_OK(ipl_config_set(&config, "train.epochs=4"));
    CHECK_OK(ipl_config_set(&config, "train.learning_rate=0.5"));
    CHECK_OK(ipl_config_set(&config, "measure.every=2"));
    files_make_folder(f);
    const char *run = files_path(f, "run");
    CHECK_OK(ipl_run(dev, &config, run, NULL, NULL, NULL));
    csv table = csv_open(files_path(f, "run/plane.csv"),
                         "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits");
    for (int tick = 0; tick <= 4; tick += 2)
        for (int seed = 5; seed <= 6; ++seed) {
            CHECK_OK(ipl_audit_run(dev, run, tick, seed, NULL, &r));
            CHECK(r.tick == tick && r.seed == seed && r.rows == 480);
            for (int l = 0; l < 3; ++l) {
                csv_whole(&table, seed);
                csv_whole(&table, tick);
                csv_whole(&table, l + 1);
                csv_text(&table, "bin");
                csv_number(&table, r.layer[l].i_xt / log(2.0), 1e-12);
                csv_field(&table);
                csv_end_row(&table);
            }
        }
    csv_close(&table);
    const double last = r.layer[0].s_max;
    CHECK_OK(ipl_audit_run(dev, run, IPL_AUDIT_LAST_TICK, 6, run, &r));
    CHECK(r.tick == 4 && r.layer[0].s_max == last);
    CHECK_OK(ipl_audit_run(dev, run, 0, 6, NULL, &r));
    CHECK(r.layer[0].s_max != last); /* it did learn */
    const double first = r.layer[0].s_max;
    CHECK_OK(ipl_audit_config(dev, &config, 6, NULL, &r));
    CHECK(r.layer[0].s_max == first);
    CHECK_FAILS(ipl_audit_run(dev, run, 1, 6, NULL, NULL), IPL_E_ARGUMENT, "tick 1");
    CHECK_FAILS(ipl_audit_run(dev, run, 2, 4, NULL, NULL), IPL_E_ARGUMENT,
                "seed 4: expected 5 to 6");
    files_remove_folder(f);
}

static void runs_without_networks_are_named(void **state)
{
    char f[FILES_PATH];
    ipl_device *dev = check_device(state);
    const ipl_config config = config_of(sets);
    files_make_folder(f);
    CHECK_FAILS(ipl_audit_run(dev, f, -1, -1, NULL, NULL), IPL_E_IO,
                "not the directory of a run");
    CHECK_OK(ipl_run(dev, &config, files_path(f, "run"), NULL, NULL, NULL));
    CHECK_FAILS(ipl_audit_run(dev, files_path(f, "run"), -1, -1, NULL, NULL),
                IPL_E_ARGUMENT, "kept no networks: run it with");
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(sweeps_are_those_of_sixteen_integers),
    CHECK_TEST(the_last_bit_is_found),
    CHECK_TEST(tick_0_is_what_a_run_measures),
    CHECK_TEST(marks_are_the_configuration_s),
    CHECK_TEST(marks_can_be_the_layer_s_own),
    CHECK_TEST(given_activations_stand_for_float32),
    CHECK_TEST(files_are_the_report),
    CHECK_TEST(pictures_show_every_layer),
    CHECK_TEST(bad_files_are_named),
    CHECK_TEST(kept_networks_are_what_a_run_measured),
    CHECK_TEST(runs_without_networks_are_named),
};

CHECK_MAIN("audit_files", tests, 1)
