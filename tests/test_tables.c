/*
 * test_tables.c - every column of plane.csv, plane_details.csv and training.csv, from
 * networks that are trained again and oracles in double.
 */
#include "csv_case.h"
#include "oracle_bin.h"
#include "oracle_error.h"
#include "oracle_mi.h"
#include "plane/rundir.h"
#include "replay_case.h"
#include "table_runs.h"

/* -- training.csv -----------------------------------------------------------------*/

static csv open_training(const char *path, int layers)
{
    static const char *const name[] = {"weight_norm", "gradient_mean",
                                       "gradient_deviation"};
    char header[4096];
    int used = snprintf(header, sizeof header, "seed,epoch,loss_train_nats,"
                        "loss_test_nats,accuracy_train,accuracy_test");
    for (int c = 0; c < 3; ++c)
        for (int l = 1; l <= layers; ++l)
            used += snprintf(header + used, sizeof header - (size_t)used, ",%s_%d",
                             name[c], l);
    return csv_open(path, header);
}

static void expect_accuracy(csv *t, const replay_score *s, int64_t rows)
{
    const double least = (double)s->least / (double)rows;
    const double most = (double)s->most / (double)rows;
    if (!rows) csv_number(t, NAN, 0.0);
    else csv_number(t, 0.5 * (least + most), 0.5 * (most - least));
}

static double weight_norm(const replay *p, int replica, int layer)
{
    const float *params = p->params + replica * p->parameters;
    double squares = 0.0;
    for (int64_t w = ipl_net_weight_at(&p->shape, layer);
         w < ipl_net_bias_at(&p->shape, layer); ++w)
        squares += (double)params[w] * (double)params[w];
    return sqrt(squares);
}

static void expect_training(csv *t, const replay *p, int replica)
{
    const int layers = p->shape.layers;
    const int64_t tests = p->data.rows - p->trains;
    const int64_t scored = replay_loss_rows(p);
    const replay_score train = replay_evaluate_drawn(p, replica);
    replay_score test = {{NAN, 0.0}, 0, 0};
    if (tests) test = replay_evaluate(p, replica, p->trains, p->data.rows);
    csv_whole(t, p->config.seed + replica);
    csv_whole(t, p->tick);
    csv_number(t, train.loss.value, train.loss.bound);
    csv_number(t, test.loss.value, test.loss.bound);
    expect_accuracy(t, &train, scored);
    expect_accuracy(t, &test, tests);
    for (int l = 1; l <= layers; ++l) csv_number(t, weight_norm(p, replica, l), 1e-14);
    for (int deviation = 0; deviation < 2; ++deviation)
        for (int l = 1; l <= layers; ++l) {
            const replay_gradient g = replay_gradient_of(p, replica, l);
            const replay_number n = deviation ? g.deviation : g.mean;
            csv_number(t, p->tick ? n.value : NAN, n.bound);
        }
    csv_end_row(t);
}

/* -- plane.csv and plane_details.csv ----------------------------------------------*/

typedef struct {
    csv           plane, details, training;
    int64_t       n;       /* measured rows                                      */
    float        *x;
    int32_t      *y;
    int           seen[4]; /* rows by their flags                                */
} tables;

static double bits(double nats) { return nats / 0.6931471805599453094; }

/* The first four columns of a row of both tables. */
static void expect_place(tables *t, const replay *p, int replica, int layer,
                         const char *estimator)
{
    csv *const both[] = {&t->plane, &t->details};
    for (int k = 0; k < 2; ++k) {
        csv_whole(both[k], p->config.seed + replica);
        csv_whole(both[k], p->tick);
        csv_whole(both[k], layer);
        csv_text(both[k], estimator);
    }
}

static void expect_flags(tables *t, int saturates, int lies_outside, int negative)
{
    static const char *const text[2][4] = {
        {"", "saturated", "outside", "saturated|outside"},
        {"negative", "saturated|negative"}}; /* of bounds: none lies outside */
    const int flags = saturates + 2 * lies_outside;
    csv_text(&t->details, text[negative][flags]);
    ++t->seen[flags];
}

/* Standard errors in nats, of a point that was not refused; the row ends. */
static void expect_errors(tables *t, oracle_error_of x, oracle_error_of y)
{
    csv_number(&t->details, bits(x.value), bits(x.bound));
    csv_number(&t->details, bits(y.value), bits(y.bound));
    csv_text(&t->details, "");
    csv_end_row(&t->plane);
    csv_end_row(&t->details);
}

/* I(A;B) of two partitions, nats. */
static double between(int64_t n, const int32_t *a, const int32_t *b)
{
    double *both = malloc((size_t)(2 * n) * sizeof *both);
    int32_t *cell = malloc((size_t)n * sizeof *cell);
    for (int64_t i = 0; i < n; ++i) both[2 * i] = a[i], both[2 * i + 1] = b[i];
    oracle_cells(n, 2, both, cell);
    const double i_ab =
        oracle_entropy(n, a) + oracle_entropy(n, b) - oracle_entropy(n, cell);
    free(both);
    free(cell);
    return i_ab;
}

static double share_outside(const ipl_mi_options *o, int64_t count, const float *t)
{
    int64_t out = 0;
    for (int64_t i = 0; i < count; ++i) out += t[i] < o->bin_lo || t[i] > o->bin_hi;
    return o->bin_form == IPL_BIN_EDGES ? (double)out / (double)count : 0.0;
}

static void expect_bin(tables *t, const replay *p, int replica, int layer, float **act)
{
    const ipl_mi_options o = p->config.mi[IPL_MI_BIN];
    const int last = layer == p->shape.layers;
    const int64_t n = t->n, d = p->shape.width[layer];
    const int32_t classes = p->shape.width[p->shape.layers];
    int32_t *cell = malloc((size_t)n * sizeof *cell);
    int32_t *next = malloc((size_t)n * sizeof *next);
    const oracle_point point =
        oracle_bin(&o, n, d, act[layer - 1], classes, t->y, cell);
    if (!last)
        oracle_bin(&o, n, p->shape.width[layer + 1], act[layer], classes, t->y, next);
    const double share = share_outside(&o, n * d, act[layer - 1]);
    const double bound = bits(point.bound);
    expect_place(t, p, replica, layer, "bin");
    csv_number(&t->plane, bits(point.h_t), bound);
    csv_number(&t->plane, bits(point.i_ty), bound);
    csv_number(&t->details, bits(point.h_t), bound);
    csv_number(&t->details, last ? NAN : bits(between(n, cell, next)), bound);
    csv_whole(&t->details, point.cells);
    csv_number(&t->details, share, 0.0);
    csv_text(&t->details, "");
    expect_flags(t, point.cells == n, share > 0.0, 0);
    expect_errors(t, (oracle_error_of){NAN, 0.0}, (oracle_error_of){NAN, 0.0});
    free(cell);
    free(next);
}

static double noise_of(const ipl_mi_options *o, int64_t count, const float *t)
{
    double squares = 0.0;
    for (int64_t i = 0; i < count; ++i) squares += (double)t[i] * (double)t[i];
    return o->noise_relative && squares > 0.0
               ? o->noise_var * squares / (double)count : o->noise_var;
}

/* Standard errors of both bounds, I(X;T) then I(T;Y). */
static void kde_errors(const tables *t, const replay *p, int64_t d, const float *act,
                       oracle_error_of out[2][2])
{
    const ipl_mi_options o = p->config.mi[IPL_MI_KDE];
    float *rest = malloc((size_t)(t->n * d) * sizeof *rest);
    int32_t *y = malloc((size_t)t->n * sizeof *y);
    double theta[2][2][ORACLE_GROUPS], allowed[2][2][ORACLE_GROUPS];
    for (int g = 0; g < ORACLE_GROUPS; ++g) {
        const int64_t n = oracle_without(g, t->n, sizeof *y, t->y, y);
        oracle_without(g, t->n, (size_t)d * sizeof *rest, act, rest);
        const oracle_plane plane = oracle_kde_plane(
            n, d, rest, p->shape.width[p->shape.layers], y,
            noise_of(&o, n * d, rest));
        for (int b = 0; b < 2; ++b) {
            theta[b][0][g] = plane.i_xt[b];
            theta[b][1][g] = plane.i_ty[b];
            allowed[b][0][g] = plane.allowed_x[b];
            allowed[b][1][g] = plane.allowed_y[b];
        }
    }
    for (int v = 0; v < 4; ++v)
        out[v / 2][v % 2] = oracle_error(theta[v / 2][v % 2], allowed[v / 2][v % 2]);
    free(rest);
    free(y);
}

static void expect_kde(tables *t, const replay *p, int replica, int layer, float **act)
{
    static const char *const name[] = {"kde-upper", "kde-lower"};
    const ipl_mi_options o = p->config.mi[IPL_MI_KDE];
    const int64_t n = t->n, d = p->shape.width[layer];
    const double var = noise_of(&o, n * d, act[layer - 1]);
    const oracle_plane plane = oracle_kde_plane(
        n, d, act[layer - 1], p->shape.width[p->shape.layers], t->y, var);
    oracle_error_of error[2][2] = {{{NAN, 0.0}, {NAN, 0.0}}, {{NAN, 0.0}, {NAN, 0.0}}};
    if (p->config.error) kde_errors(t, p, d, act[layer - 1], error);
    for (int b = 0; b < 2; ++b) {
        /* Where the sum of rounding cannot tell, the file may say either. */
        const double below = log((double)n) - plane.i_xt[b], off = plane.allowed_x[b];
        expect_place(t, p, replica, layer, name[b]);
        csv_number(&t->plane, bits(plane.i_xt[b]), bits(plane.allowed_x[b]));
        csv_number(&t->plane, bits(plane.i_ty[b]), bits(plane.allowed_y[b]));
        csv_number(&t->details, bits(plane.h_t[b]), bits(plane.allowed_x[b]));
        for (int empty = 0; empty < 3; ++empty) csv_text(&t->details, "");
        csv_number(&t->details, var, 1e-12 * var);
        const char *field = t->details.at;
        const int unsure = fabs(below - 1e-6) <= off;
        const int either = fabs(plane.i_ty[b]) <= plane.allowed_y[b];
        const char *word = strstr(field, "negative"); /* in this field? */
        const int has = word && word < field + 1 + strcspn(field + 1, ",");
        expect_flags(t, unsure ? !strncmp(field, ",saturated", 10) : below < 1e-6, 0,
                     either ? has : plane.i_ty[b] < 0);
        expect_errors(t, error[b][0], error[b][1]);
    }
}

static void expect_points(tables *t, const replay *p, int replica)
{
    float *act[IPL_NET_LAYERS_MAX];
    replay_forward(p, replica, t->n, t->x, act);
    for (int l = 1; l <= p->shape.layers; ++l) {
        if (p->config.estimators & 1u << IPL_MI_BIN) expect_bin(t, p, replica, l, act);
        if (p->config.estimators & 1u << IPL_MI_KDE) expect_kde(t, p, replica, l, act);
    }
    for (int l = 0; l < p->shape.layers; ++l) free(act[l]);
}

/* -- A run ------------------------------------------------------------------------*/

static int is_in(const int64_t *list, int64_t tick)
{
    while (*list != END && *list != tick) ++list;
    return *list == tick;
}

/* Compares the tables in f/r with the case; `seen` counts the rows by their flags. */
static void check_folder(ipl_device *dev, const char *f, const run_case *c, int seen[4])
{
    const ipl_config config = case_config(c);
    replay p = replay_start(dev, &config);
    tables t = {
        .plane = csv_open(files_path(f, "r/plane.csv"),
                          "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits"),
        .details = csv_open(files_path(f, "r/plane_details.csv"),
                            "seed,epoch,layer,estimator,h_t_bits,i_t_next_bits,cells,"
                            "outside_share,noise_var,flags,se_x_bits,se_y_bits,"
                            "refused"),
        .training = open_training(files_path(f, "r/training.csv"), p.shape.layers)};
    t.n = replay_measured(&p, &t.x, &t.y);
    const int64_t last = config.epochs * (config.tick ? p.steps : 1);
    for (int64_t tick = 0;; ++tick) {
        for (int r = 0; r < p.replicas; ++r) {
            if (is_in(c->measured, tick)) expect_points(&t, &p, r);
            if (is_in(c->logged, tick)) expect_training(&t.training, &p, r);
        }
        if (tick == last) break;
        replay_tick(&p);
    }
    csv_close(&t.plane);
    csv_close(&t.details);
    csv_close(&t.training);
    for (int k = 0; k < 4; ++k) seen[k] = t.seen[k];
    free(t.x);
    free(t.y);
    replay_free(&p);
}

static void check_tables(ipl_device *dev, const run_case *c, int seen[4])
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = case_config(c);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    check_folder(dev, f, c, seen);
    files_remove_folder(f);
}

/* -- Tests ------------------------------------------------------------------------*/

static void tables_of_three_seeds_are_recomputed(void **state)
{
    int seen[4];
    check_tables(check_device(state), &edges, seen);
    CHECK(seen[0] > 0 && seen[2] + seen[3] > 0);
}

static void tables_in_steps_of_test_rows_are_recomputed(void **state)
{
    int seen[4];
    check_tables(check_device(state), &steps, seen);
    CHECK(seen[0] > 0 && !seen[2] && !seen[3]);
}

static void tables_without_test_rows_are_recomputed(void **state)
{
    int seen[4];
    check_tables(check_device(state), &saturated, seen);
    CHECK(seen[1] > 0 && !seen[2] && !seen[3]);
}

static void tables_of_quantiles_alone_are_recomputed(void **state)
{
    int seen[4];
    check_tables(check_device(state), &quantiles, seen);
    CHECK(!seen[2] && !seen[3]);
}

static void tables_of_noise_alone_are_recomputed(void **state)
{
    int seen[4];
    check_tables(check_device(state), &noise, seen);
    CHECK(seen[0] > 0);
}

static void both_flags_of_a_row_stand_in_one_field(void **state)
{
    int seen[4];
    check_tables(check_device(state), &outside, seen);
    CHECK(seen[3] > 0);
}

/* The writer alone: results in nats that are -0 are written as 0. */
static void no_number_is_minus_zero(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_layer layer = {
        .points = 1,
        .point = {{.name = "bin", .h_t = -0.0, .i_xt = -0.0, .i_ty = -0.0,
                   .outside_share = -0.0, .noise_var = NAN, .se_x = -0.0,
                   .se_y = NAN, .i_next = -0.0}}};
    const ipl_training_row row = {.loss_train_nats = -0.0, .loss_test_nats = NAN};
    ipl_rundir *dir;
    (void)state;
    CHECK_OK(ipl_rundir_create(files_path(f, "r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 1));
    CHECK_OK(ipl_rundir_open_tables(dir, -1));
    CHECK_OK(ipl_rundir_points(dir, 1, 2, 1, &layer));
    CHECK_OK(ipl_rundir_training(dir, 1, 2, 1, &row));
    CHECK_OK(ipl_rundir_flush(dir));
    ipl_rundir_close(dir);
    char *plane = files_text(f, "r/plane.csv");
    char *details = files_text(f, "r/plane_details.csv");
    char *training = files_text(f, "r/training.csv");
    CHECK(strstr(plane, "\n1,2,1,bin,0,0\n"));
    CHECK(strstr(details, "\n1,2,1,bin,0,0,0,0,,,0,,\n"));
    CHECK(strstr(training, "\n1,2,0,,0,0,0,0,0\n"));
    free(plane);
    free(details);
    free(training);
    files_remove_folder(f);
}

static int stop_after_two(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured >= 2;
}

static void tables_of_a_resumed_run_are_recomputed(void **state)
{
    int seen[4];
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = case_config(&resumed);
    CHECK_FAILS(ipl_run(dev, &config, files_path(f, "r"), stop_after_two, NULL, NULL),
                IPL_E_STOPPED, "stopped");
    CHECK_OK(ipl_resume(dev, files_path(f, "r"), NULL, NULL, NULL));
    check_folder(dev, f, &resumed, seen);
    CHECK(seen[0] > 0 && seen[2] + seen[3] > 0);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(tables_of_three_seeds_are_recomputed),
    CHECK_TEST(tables_in_steps_of_test_rows_are_recomputed),
    CHECK_TEST(tables_without_test_rows_are_recomputed),
    CHECK_TEST(tables_of_quantiles_alone_are_recomputed),
    CHECK_TEST(tables_of_noise_alone_are_recomputed),
    CHECK_TEST(no_number_is_minus_zero),
    CHECK_TEST(tables_of_a_resumed_run_are_recomputed),
    CHECK_TEST(both_flags_of_a_row_stand_in_one_field),
};

CHECK_MAIN("tables", tests, 1)
