/*
 * test_pool.c - runs that pool networks: against the plane and oracles.
 */
#include <unistd.h>

#include "ipl_data.h"
#include "oracle_bin.h"
#include "oracle_mi.h"
#include "plane_case.h"

enum { EPOCHS = 12, ROWS = 64, LAYERS = 3, CONTROLS = 4, POINTS = 3 };

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

/* Small enough for an emulated GPU. The rate makes the weights move. */
static ipl_config small_config(const char *more, ...)
{
    static const char *const lines[] = {
        "net.layers=12, 5-tanh, 3-relu, 2", "train.batch=64", "train.epochs=12",
        "train.learning_rate=0.02", "data.limit=256", "measure.subset=64",
        "measure.policy=list", "measure.list=2, 8", "run.checkpoint_s=0",
        "kde.noise_var=0.1", "pool.windows=2:6, last:5", NULL};
    va_list args;
    va_start(args, more);
    const ipl_config c = config_with(lines, more, args);
    va_end(args);
    return c;
}

/* -- Rows of pool.csv ---------------------------------------------------------------*/

typedef struct {
    long long seed, first, last, k;
    int       window, layer;
    char      name[16], control[16];
    double    i_xt, i_ty, h_t, h_t_given_x, ceiling; /* bits                     */
} row;

static double next_value(char **at)
{
    char *end;
    const double value = **at == ',' ? NAN : strtod(*at, &end);
    *at = strchr(*at, ',') + 1;
    return value;
}

/* The rows of DIR/pool.csv, to be freed. */
static row *rows_of(const char *dir, int64_t *count)
{
    char *text = files_text(dir_of(dir), "pool.csv"), *at = strchr(text, '\n') + 1;
    CHECK(!strncmp(text, "seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,"
                         "i_ty_bits,h_t_bits,h_t_given_x_bits,ceiling_bits,flags,"
                         "control\n", 121));
    *count = lines_of(at);
    row *rows = calloc((size_t)*count, sizeof *rows);
    for (row *r = rows; *at; ++r) {
        int used;
        CHECK(sscanf(at, "%lld,%d,%lld,%lld,%lld,%d,%15[^,],%n", &r->seed, &r->window,
                     &r->first, &r->last, &r->k, &r->layer, r->name, &used) == 7);
        at += used;
        r->i_xt = next_value(&at);
        r->i_ty = next_value(&at);
        r->h_t = next_value(&at);
        r->h_t_given_x = next_value(&at);
        r->ceiling = next_value(&at);
        at = strchr(at, ',') + 1; /* flags */
        CHECK(sscanf(at, "%15[^\n]", r->control) == 1);
        at = strchr(at, '\n') + 1;
    }
    free(text);
    return rows;
}

static const row *find(const row *rows, int64_t count, const row *like,
                       const char *control, long long k)
{
    for (int64_t r = 0; r < count; ++r)
        if (rows[r].seed == like->seed && rows[r].window == like->window &&
            rows[r].layer == like->layer && rows[r].k == k &&
            !strcmp(rows[r].name, like->name) && !strcmp(rows[r].control, control))
            return rows + r;
    fail_msg("no row of %s, k %lld", control, k);
    return NULL;
}

static int is_bin(const row *r) { return !strcmp(r->name, "bin"); }

/* -- Whole runs -------------------------------------------------------------------*/

/* Rows as plane.csv has them for the ticks where windows begin. */
static void one_network_is_the_plane(void **state)
{
    ipl_device *dev = check_device(state);
    for (int q = (int)check_size(dev, 0, 1); q < 2; ++q) {
        int64_t count, seen = 0;
        files_make_folder(folder);
        const ipl_config c =
            small_config("train.replicas=2", q ? "net.quantise=3" : "net.quantise=0",
                         q ? "measure.estimators=bin, mixed"
                           : "measure.estimators=bin, kde", NULL);
        CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
        row *rows = rows_of("run", &count);
        char *plane = files_text(dir_of("run"), "plane.csv");
        for (int64_t r = 0; r < count; ++r) {
            char line[128];
            if (rows[r].k > 1 || !strcmp(rows[r].control, "shuffled")) continue;
            snprintf(line, sizeof line, "\n%lld,%lld,%d,%s,%.9g,%.9g\n", rows[r].seed,
                     rows[r].first, rows[r].layer, rows[r].name, rows[r].i_xt,
                     rows[r].i_ty);
            if (!strstr(plane, line)) fail_msg("plane.csv has no row %s", line + 1);
            ++seen;
        }
        assert_int_equal(seen, 2 * 2 * 3 * LAYERS * (q ? 2 : POINTS));
        free(plane);
        free(rows);
        files_remove_folder(folder);
    }
}

static void controls_are_what_they_say(void **state)
{
    ipl_device *dev = check_device(state);
    int64_t count;
    files_make_folder(folder);
    const ipl_config c = small_config(NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
    row *rows = rows_of("run", &count);
    assert_int_equal(count, 2 * CONTROLS * LAYERS * 3 * POINTS); /* k = 1, 2, 5 */
    int lost = 0;
    for (const row *r = rows; r < rows + count; ++r) {
        const row *alone = find(rows, count, r, "none", 1);
        const row *same = find(rows, count, r, "none", r->k);
        CHECK(fabs(r->ceiling - 6.0) < 1e-8 && r->i_xt <= 6.0 + 1e-6);
        CHECK(r->first == (r->window == 1 ? 2 : 8) && r->last == r->first + 4);
        if (is_bin(r)) {
            CHECK(fabs(r->h_t - r->i_xt - r->h_t_given_x) < 1e-7);
            CHECK(r->h_t_given_x >= 0.0 &&
                  r->h_t_given_x <= log2((double)r->k) + 1e-7);
        }
        if (!strcmp(r->control, "frozen"))
            CHECK(fabs(r->i_xt - alone->i_xt) < 1e-6 &&
                  fabs(r->i_ty - alone->i_ty) < 1e-6 &&
                  fabs(r->h_t - alone->h_t) < 1e-6);
        if (strcmp(r->control, "shuffled") || !is_bin(r)) continue;
        CHECK(fabs(r->h_t - same->h_t) < 1e-7); /* the same rows, of other samples */
        if (r->k == 5 && r->layer == LAYERS) { /* few cells */
            printf("# shuffled %.3f, not %.3f\n", r->i_xt, same->i_xt);
            CHECK(r->i_xt < same->i_xt - 0.05);
            ++lost;
        }
    }
    assert_int_equal(lost, 2);
    free(rows);
    files_remove_folder(folder);
}

/* The activations of each tick as they are exported, stacked; [k][ROWS][width]. */
static float *stacked(ipl_device *dev, int64_t first, int64_t k, int layer, int64_t *d)
{
    char run[2 * FILES_PATH], out[2 * FILES_PATH], name[96];
    float *all = NULL;
    snprintf(run, sizeof run, "%s", dir_of("run"));
    for (int64_t j = 0; j < k; ++j) {
        snprintf(name, sizeof name, "out%d-%d", (int)(first + j), layer);
        snprintf(out, sizeof out, "%s", dir_of(name));
        const ipl_export what = {.dir = run, .folder = out, .tick = first + j,
                                 .seed = -1, .layer = layer};
        ipl_array a;
        CHECK_OK(ipl_export_networks(dev, &what, NULL));
        snprintf(name, sizeof name, "out%d-%d/epoch_%d_layer_%d.npy", (int)(first + j),
                 layer, (int)(first + j), layer);
        CHECK_OK(ipl_array_read(dir_of(name), &a));
        *d = a.cols;
        const size_t bytes = (size_t)(ROWS * a.cols) * sizeof *all;
        all = realloc(all, (size_t)(j + 1) * bytes);
        memcpy(all + j * ROWS * a.cols, a.values, bytes);
        free(a.values);
    }
    return all;
}

/* I(X;T) and I(T;Y) from entropies, with the sample or the label as the class. */
static void pools_are_the_oracle_s(void **state)
{
    ipl_device *dev = check_device(state);
    enum { K = 5, N = K * ROWS };
    static int32_t x[N], y[N], cell[N];
    int64_t count;
    files_make_folder(folder);
    const ipl_config c = small_config("pool.windows=2:6", "pool.controls=no", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
    row *rows = rows_of("run", &count);
    for (int layer = 1; layer <= LAYERS; ++layer) {
        int64_t d;
        float *t = stacked(dev, 2, K, layer, &d);
        ipl_array labels;
        char out[32];
        snprintf(out, sizeof out, "out2-%d/labels.npy", layer);
        CHECK_OK(ipl_array_read_labels(dir_of(out), &labels));
        for (int i = 0; i < N; ++i) {
            x[i] = i % ROWS;
            y[i] = (int32_t)labels.integers[i % ROWS];
        }
        free(labels.integers);
        const ipl_mi_options *bin = &c.mi[IPL_MI_BIN];
        const row like = {.seed = 1, .window = 1, .layer = layer, .name = "bin"};
        const row *got = find(rows, count, &like, "none", K);
        const oracle_point by_x = oracle_bin(bin, N, d, t, ROWS, x, cell);
        const oracle_point by_y = oracle_bin(bin, N, d, t, 2, y, cell);
        CHECK(fabs(got->i_xt - by_x.i_ty / log(2.0)) < 1e-7);
        CHECK(fabs(got->i_ty - by_y.i_ty / log(2.0)) < 1e-7);
        CHECK(fabs(got->h_t - by_x.h_t / log(2.0)) < 1e-7);
        for (int b = 0; b < 2; ++b) {
            row kde = like;
            snprintf(kde.name, sizeof kde.name, "kde-%s", b ? "lower" : "upper");
            got = find(rows, count, &kde, "none", K);
            CHECK(fabs(got->i_xt - oracle_kde_plane(N, d, t, ROWS, x, 0.1).i_ty[b] /
                                       log(2.0)) < 1e-5);
            CHECK(fabs(got->i_ty - oracle_kde_plane(N, d, t, 2, y, 0.1).i_ty[b] /
                                       log(2.0)) < 1e-5);
        }
        free(t);
    }
    free(rows);
    files_remove_folder(folder);
}

static int run_out(void *user, const ipl_progress *now)
{
    (void)now;
    return (*(int64_t *)user)-- <= 0;
}

/* Stops while units are pooled, other threads, and networks that were kept. */
static void the_same_bytes_however_it_is_done(void **state)
{
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    ipl_config c = small_config(check_size(dev, 0, 1) ? "pool.windows=2:3, last"
                                                      : "train.replicas=2",
                                "run.keep=all", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
    c.keep = IPL_KEEP_NONE;
    int64_t left = 3, stops = 0;
    ipl_status st = ipl_run(dev, &c, dir_of("part"), run_out, &left, NULL);
    for (; st == IPL_E_STOPPED; ++stops) {
        left = 20;
        st = ipl_resume(dev, dir_of("part"), run_out, &left, NULL);
    }
    CHECK_OK(st);
    CHECK(stops >= 2);
    same_file(dir_of("whole"), dir_of("part"), "pool.csv");
    CHECK(access(files_path(folder, "part/networks.bin"), F_OK) == 0);
    for (int kept = (int)check_size(dev, 0, 1); kept < 2; ++kept) { /* windows', all */
        ipl_config again;
        const char *to = kept ? "again1" : "again0";
        CHECK_OK(ipl_measure_config(dir_of(kept ? "whole" : "part"), &again));
        CHECK_OK(ipl_run(dev, &again, dir_of(to), NULL, NULL, NULL));
        same_file(dir_of("whole"), dir_of(to), "pool.csv");
    }
    if (ipl_device_about(dev)->is_host) {
        CHECK_OK(ipl_device_use_threads(dev, 1));
        CHECK_OK(ipl_run(dev, &c, dir_of("one"), NULL, NULL, NULL));
        CHECK_OK(ipl_device_use_threads(dev, 2));
        same_file(dir_of("whole"), dir_of("one"), "pool.csv");
    }
    files_remove_folder(folder);
}

/* Seeds instead of ticks; each network but the first has rows of its own. */
static void seeds_are_pooled_too(void **state)
{
    ipl_device *dev = check_device(state);
    int64_t count;
    files_make_folder(folder);
    const ipl_config c = small_config("train.replicas=3", "train.seed=5",
                                      "pool.over=replicas", "pool.windows=0, 8", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
    row *rows = rows_of("run", &count);
    assert_int_equal(count, 2 * 3 * LAYERS * 3 * POINTS); /* no walk; k = 1, 2, 3 */
    char *plane = files_text(dir_of("run"), "plane.csv");
    for (const row *r = rows; r < rows + count; ++r) {
        char line[128];
        CHECK(r->seed == 5 && r->first == r->last && strcmp(r->control, "walk"));
        if (r->k > 1 || !strcmp(r->control, "shuffled")) continue;
        snprintf(line, sizeof line, "\n5,%lld,%d,%s,%.9g,%.9g\n", r->first, r->layer,
                 r->name, r->i_xt, r->i_ty);
        if (!strstr(plane, line)) fail_msg("plane.csv has no row %s", line + 1);
    }
    /* Untrained networks of different seeds tell samples apart by nothing common. */
    const row like = {.seed = 5, .window = 1, .layer = 1, .name = "bin"};
    CHECK(find(rows, count, &like, "none", 3)->h_t_given_x > 0.9);
    free(plane);
    free(rows);
    files_remove_folder(folder);
}

static void bad_pools_are_refused(void **state)
{
    static const struct {
        const char *set, *words;
    } bad[] = {{"pool.windows=5:13", "'5:13' is beyond the run, which has epochs 0 to"},
               {"pool.windows=last:14", "'last:14' is beyond"},
               {"pool.windows=3:2", "at '3:2' expected first:last"},
               {"pool.windows=2:4:2", "at '2:4:2' expected"},
               {"pool.windows=last:0", "expected first:last"},
               {"pool.windows=-1:2", "expected first:last"},
               {"pool.k=1, 6", "[pool] k = 6: one of the windows has only 5 networks"},
               {"pool.k=2, 2", "a whole number above 2"},
               {"pool.k=0", "above 0"},
               {"pool.over=replicas", "train.replicas makes more"}};
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        const ipl_config c = small_config(bad[b].set, NULL);
        CHECK_FAILS(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                    bad[b].words);
        CHECK(access(dir_of("run"), F_OK));
    }
    ipl_config c = small_config("train.replicas=2", "pool.over=replicas", NULL);
    CHECK_FAILS(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "over = replicas pools the networks of one");
    c = small_config("pool.windows=", "run.keep=measured", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
    CHECK(access(files_path(folder, "run/pool.csv"), F_OK));
    CHECK_OK(ipl_measure_config(dir_of("run"), &c));
    CHECK_OK(ipl_config_set(&c, "pool.windows=2:4"));
    CHECK_FAILS(ipl_run(dev, &c, dir_of("again"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "tick 3 were not kept");
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(one_network_is_the_plane),
    CHECK_TEST(controls_are_what_they_say),
    CHECK_TEST(pools_are_the_oracle_s),
    CHECK_TEST(the_same_bytes_however_it_is_done),
    CHECK_TEST(seeds_are_pooled_too),
    CHECK_TEST(bad_pools_are_refused),
};

CHECK_MAIN("pool", tests, 1)
