/*
 * test_captions.c - what a picture says: legend, titles, axes, ceilings.
 */
#include "ipl_data.h"
#include "picture_case.h"

static const char *const axis_name[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};
static const char *const title_of[] = {"bin: 30 edges over [-1, 1]",
                                       "kde upper bound: noise variance 0.05",
                                       "kde lower bound: noise variance 0.05"};

/* Ceilings in bits of the first labels of the shuffled set: log2 n, and H(Y). */
static void ceilings_of(int64_t limit, double ceiling[2])
{
    ipl_data_options options = ipl_data_defaults();
    ipl_dataset data;
    options.split = IPL_SPLIT_SHUFFLED;
    options.limit = limit;
    CHECK_OK(ipl_dataset_load(&options, &data));
    double ones = 0.0;
    for (int64_t i = 0; i < data.rows; ++i) ones += data.y[i];
    const double p = ones / (double)data.rows;
    ceiling[0] = log2((double)data.rows);
    ceiling[1] = -p * log2(p) - (1.0 - p) * log2(1.0 - p);
    ipl_dataset_free(&data);
}

/* -- Captions ---------------------------------------------------------------------*/

/* Titles tell the options, which come from "estimators" in run.json. */
static void titles_name_the_options_of_the_estimators(void **state)
{
    static const struct { const char *set, *other, *title; } cases[] = {
        {NULL, NULL, "bin: 30 edges over [-1, 1]"},
        {"bin.edges=7", "bin.range=-0.25, 12.5", "bin: 7 edges over [-0.25, 12.5]"},
        {"bin.form=width", "bin.width=0.07", "bin: width 0.07"},
        {"bin.form=count", "bin.count=12", "bin: 12 equal bins"},
        {"bin.form=quantiles", "bin.quantiles=9", "bin: 9 quantiles"},
        {"kde.noise_var=0.05", NULL, "kde upper bound: noise variance 0.05"},
        {"kde.noise_var=1e-3", NULL, "kde lower bound: noise variance 0.001"},
        {"kde.noise_var=0.2", "kde.noise_relative=yes",
         "kde upper bound: variance 0.2 × mean square"},
        {"kde.noise_var=1e-2, 0.5", NULL, "kde lower bound: noise variance 0.01"},
        {"kde.noise_var=1e-2, 0.5", NULL, "kde upper bound: noise variance 0.5"},
        {"bin.edges=7, 9", NULL, "bin: 9 edges over [-1, 1]"},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        char *script = script_of(IPL_PLOT_ALL, cases[k].set, cases[k].other);
        free(panel_named(script, cases[k].title, axis_name[0], axis_name[1]).text);
        for (int a = 0; a < 2; ++a)
            free(panel_named(script, cases[k].title, "epoch", axis_name[a]).text);
        free(script);
    }
}

static void legend_names_the_data_and_the_layers_as_they_are_drawn(void **state)
{
    static const char *const layer[] = {"T_{1}: 4-tanh", "T_{2}: 3-leaky-relu",
                                        "T_{3}: 2-softmax"};
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, "measure.rows=test", NULL), title[64];
    panel legend = panel_at(script, 0);
    panel epochs = panel_named(script, title_of[0], "epoch", axis_name[0]);
    CHECK(panel_says(&legend, "set label '{/:Bold ib}  –  13 samples measured, "
                              "mean of 3 seeds, ± one deviation'"));
    CHECK(legend.curves == 3);
    for (int l = 0; l < 3; ++l) {
        char colour[16], again[16];
        int  shape, same;
        const curve *drawn = &epochs.curve[4];
        while (drawn->index != l || !strstr(drawn->style, "linespoints")) ++drawn;
        quoted(legend.curve[l].style, "title '", sizeof title, title);
        CHECK(!strcmp(title, layer[l]));
        CHECK(sscanf(strstr(legend.curve[l].style, " lc "), " lc '%15[^']' pt %d",
                     colour, &shape) == 2);
        CHECK(sscanf(strstr(drawn->style, " pt "), " pt %d ps variable lc '%15[^']'",
                     &same, again) == 2);
        CHECK(shape == same && !strcmp(colour, again));
    }
    free(epochs.text);
    free(legend.text);
    free(script);
}

static void one_seed_has_no_bands_and_no_bars(void **state)
{
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, "train.replicas=1", NULL);
    panel legend = panel_at(script, 0);
    CHECK(panel_says(&legend, "64 samples measured'"));
    CHECK(!strstr(script, "filledcurves") && !strstr(script, "errorbars"));
    free(legend.text);
    free(script);
}

static void steps_are_called_steps(void **state)
{
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, "measure.tick=step", "train.epochs=2");
    for (int k = 1; k < panels_of(script); ++k) {
        panel p = panel_at(script, k);
        CHECK(!strcmp(p.x_label, axis_name[0]) || !strcmp(p.x_label, "step"));
        if (!strcmp(p.x_label, axis_name[0]))
            CHECK(panel_says(&p, "set cblabel 'step (white: 0)'") == 1);
        if (!strncmp(p.title, "gradients", 9)) /* a step is a batch of its own */
            CHECK(panel_says(&p, "one batch a tick: no spread") ==
                  !!strstr(p.title, "ratio"));
        free(p.text);
    }
    free(script);
}

/* -- Axes -------------------------------------------------------------------------*/

/* The arrow and the label of a ceiling. */
static void check_ceiling(const panel *p, double at, double x0, double y0, double x1,
                          double y1, const char *name)
{
    char   label[64];
    double got[4];
    int    found = 0;
    snprintf(label, sizeof label, "set label '%s = %.4g' at ", name, at);
    CHECK(panel_says(p, label) == 1);
    for (const char *a = p->text; (a = strstr(a, "set arrow from ")); ++a)
        if (sscanf(a, "set arrow from %lf,%lf to %lf,%lf nohead", got, got + 1, got + 2,
                   got + 3) == 4)
            found += fabs(got[0] - x0) < 1e-6 && fabs(got[1] - y0) < 1e-6 &&
                     fabs(got[2] - x1) < 1e-6 && fabs(got[3] - y1) < 1e-6;
    if (found != 1) fail_msg("%s: %d arrows at %s", p->title, found, name);
}

static void ceilings_are_drawn_and_named(void **state)
{
    static const char *const name[] = {"log_2 n", "H(Y)"};
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, NULL, NULL), text[96];
    double c[2], x[2], y[2];
    ceilings_of(64, c);
    for (int e = 0; e < 3; ++e) {
        panel p = panel_named(script, title_of[e], axis_name[0], axis_name[1]);
        panel_range(&p, "xrange", &x[0], &x[1]);
        panel_range(&p, "yrange", &y[0], &y[1]);
        check_ceiling(&p, c[0], c[0], y[0], c[0], y[1], name[0]);
        check_ceiling(&p, c[1], x[0], c[1], x[1], c[1], name[1]);
        free(p.text);
        for (int a = 0; a < 2; ++a) {
            p = panel_named(script, title_of[e], "epoch", axis_name[a]);
            snprintf(text, sizeof text,
                     "from graph 0,first %.9g to graph 1,first %.9g ", c[a], c[a]);
            CHECK(panel_says(&p, text) == 1);
            snprintf(text, sizeof text, "set label '%s = %.4g' at graph 1,first %.9g ",
                     name[a], c[a], c[a]);
            CHECK(panel_says(&p, text) == 1 && panel_says(&p, "set arrow ") == 1);
            free(p.text);
        }
    }
    free(script);
}

/* Everything drawn lies within its axes, which are not much longer than that. */
static void check_axis(const panel *p, const char *axis, double low, double high)
{
    double lo, hi;
    panel_range(p, axis, &lo, &hi);
    if (!(lo <= low && high <= hi && hi - lo <= 1.3 * (high - low)))
        fail_msg("%s: %s [%g:%g] for values in [%g, %g]", p->title, axis, lo, hi, low,
                 high);
}

static void axes_hold_the_points_and_the_ceilings(void **state)
{
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, "kde.noise_var=0.01", NULL), name[32];
    double c[2];
    ceilings_of(64, c);
    for (int k = 1; k <= 9; ++k) {
        panel p = panel_at(script, k);
        double low[2] = {0.0, 0.0}, high[2] = {c[0], c[1]};
        snprintf(name, sizeof name, "$plane%d", (k - 1) / 3);
        const block *b = block_of(script, name, -1);
        for (int r = 0; r < b->rows; ++r)
            for (int a = 0; a < 2; ++a) {
                low[a] = fmin(low[a], b->value[r][1 + 2 * a]);
                high[a] = fmax(high[a], b->value[r][1 + 2 * a]);
            }
        if (k % 3 == 1) {
            check_axis(&p, "xrange", low[0], high[0]);
            check_axis(&p, "yrange", low[1], high[1]);
            check_axis(&p, "cbrange", 1.0, 7.0);
        } else {
            check_axis(&p, "xrange", 0.5, 7.0);
            check_axis(&p, "yrange", low[k % 3 == 0], high[k % 3 == 0]);
            CHECK(panel_says(&p, "set logscale x;"));
            CHECK(panel_says(&p, "set xtics ('0' 0.5, '1' 1, '2' 2, '3' 3, "));
        }
        free(p.text);
    }
    free(script);
}

/* A layer's number stands at its last point; layers at one place share a label. */
static void numbers_stand_at_the_last_points(void **state)
{
    (void)state;
    char *script = script_of(IPL_PLOT_ALL, "net.layers=12, 6-tanh, 2", "bin.edges=4");
    panel p = panel_named(script, "bin: 4 edges over [-1, 1]", axis_name[0],
                          axis_name[1]);
    double at[2], wide[2], lo, hi;
    int    layer, labels = 0;
    for (int a = 0; a < 2; ++a) {
        panel_range(&p, a ? "yrange" : "xrange", &lo, &hi);
        wide[a] = hi - lo;
    }
    const char *t = p.text;
    for (; (t = strstr(t, "set label '{/:Bold ")); ++t, ++labels) {
        CHECK(sscanf(t, "set label '{/:Bold %d}' at %lf,%lf center", &layer, at,
                     at + 1) == 3);
        const block *b = block_of(script, "$plane0", layer - 1);
        for (int a = 0; a < 2; ++a) /* the row before the one that parts */
            CHECK(fabs(at[a] - b->value[b->rows - 2][1 + 2 * a]) < 1e-5 * wide[a]);
    }
    CHECK(labels == 2);
    free(p.text);
    free(script);
}

/* -- Many ticks -------------------------------------------------------------------*/

/* Replaces training.csv by one whose loss is a tenth of the logarithm of the tick. */
static void write_training(const char *f, int last)
{
    FILE *out = fopen(files_path(f, "r/training.csv"), "w");
    CHECK(out && fprintf(out, "seed,epoch,loss_train_nats,loss_test_nats,"
                         "accuracy_train,accuracy_test") > 0);
    for (int c = 0; c < 9; ++c)
        fprintf(out, ",%s_%d", c < 3 ? "weight_norm" : c < 6 ? "gradient_mean"
                                                             : "gradient_deviation",
                c % 3 + 1);
    for (int t = 0; t <= last; ++t)
        fprintf(out, "\n1,%d,%.9g,1,1,1,1,1,1,1,1,1,1,1,1", t, 0.1 * log(t + 1.0));
    CHECK(fprintf(out, "\n") > 0 && !fclose(out));
}

/* A curve of the training ends where the run does and begins with it, too. */
static void long_trainings_are_thinned(void **state)
{
    enum { LONG = 700 };
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_into(f, NULL);
    write_training(f, LONG);
    char *script = draw(f, IPL_PLOT_SNR);
    const block *b = block_of(script, "$training", -1);
    CHECK(b->rows > 100 && b->rows <= 252);
    CHECK(b->value[0][0] == 0.5 && b->value[b->rows - 1][0] == LONG);
    for (int r = 0; r < b->rows; ++r) {
        const double tick = b->value[r][0] == 0.5 ? 0.0 : b->value[r][0];
        CHECK(fabs(b->value[r][1] - 0.1 * log(tick + 1.0)) < 1e-5);
    }
    free(script);
    files_remove_folder(f);
}

/* Of a long run fewer points are drawn, the first and the last always, each at its own
 * place; marks and bars have their own number. */
static void long_runs_are_thinned(void **state)
{
    enum { LONG = 3000 };
    char f[FILES_PATH];
    files_make_folder(f);
    int bars = 0;
    (void)state;
    run_into(f, "measure.estimators=bin", "train.replicas=2", NULL);
    FILE *out = fopen(files_path(f, "r/plane.csv"), "w");
    CHECK(out && fprintf(out, "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n") > 0);
    for (int t = 0; t <= LONG; ++t)
        for (int l = 1; l <= 3; ++l)
            fprintf(out, "1,%d,%d,bin,%.9g,%.9g\n", t, l, t * 1e-3 + l, 1e-4 * t);
    CHECK(!fclose(out));
    char *script = draw(f, IPL_PLOT_EPOCHS);
    for (int l = 1; l <= 3; ++l) {
        const block *b = block_of(script, "$plane0", l - 1);
        const int rows = b->rows - 1;
        CHECK(rows > 100 && rows <= 252);
        CHECK(b->value[0][0] == 0.5 && b->value[rows - 1][0] == LONG);
        bars = 0;
        for (int r = 0; r < rows; ++r) {
            const double tick = b->value[r][0] == 0.5 ? 0.0 : b->value[r][0];
            CHECK(fabs(b->value[r][1] - (tick * 1e-3 + l)) < 1e-4);
            CHECK(fabs(b->value[r][3] - 1e-4 * tick) < 1e-5);
            bars += b->value[r][5] == 1;
        }
        CHECK(bars > 5 && bars <= 12);
    }
    const block *marks = block_of(script, "$measured", -1);
    CHECK(marks->rows > 250 && marks->rows <= 702);
    CHECK(marks->value[0][0] == 0.5 && marks->value[marks->rows - 1][0] == LONG);
    free(script);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(titles_name_the_options_of_the_estimators),
    CHECK_TEST(legend_names_the_data_and_the_layers_as_they_are_drawn),
    CHECK_TEST(one_seed_has_no_bands_and_no_bars),
    CHECK_TEST(steps_are_called_steps),
    CHECK_TEST(ceilings_are_drawn_and_named),
    CHECK_TEST(axes_hold_the_points_and_the_ceilings),
    CHECK_TEST(numbers_stand_at_the_last_points),
    CHECK_TEST(long_runs_are_thinned),
    CHECK_TEST(long_trainings_are_thinned),
};

CHECK_MAIN("captions", tests, 0)
