/*
 * test_kept_runs.c - networks that a run kept are measured again and written out.
 */
#include <unistd.h>

#include "file.h"
#include "ipl_data.h"
#include "plane_case.h"
#include "plane/networks.h"
#include "random.h"

enum { EPOCHS = 16, REPLICAS = 2 };

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

/* A file of a directory in the folder. */
static const char *file_of(const char *dir, const char *name)
{
    char both[FILES_PATH];
    snprintf(both, sizeof both, "%s/%s", dir, name);
    return dir_of(both);
}

/* Small enough for an emulated GPU. The rate makes the curves move. */
static ipl_config small_config(const char *more, ...)
{
    static const char *const lines[] = {
        "net.layers=12, 5-tanh, 3-tanh, 2", "train.batch=64", "train.epochs=16",
        "train.learning_rate=0.01", "train.replicas=2", "data.limit=256",
        "measure.subset=64", "measure.every=5", "measure.delta=0.1",
        "measure.policy=every", "run.keep=measured", "run.checkpoint_s=0", NULL};
    va_list args;
    va_start(args, more);
    const ipl_config c = config_with(lines, more, args);
    va_end(args);
    return c;
}

static void same_results(const char *a, const char *b)
{
    same_file(a, b, "plane.csv");
    same_file(a, b, "plane_details.csv");
    same_file(a, b, "training.csv");
}

/* Measures the networks of `from` with these settings; NULL is the last. */
static ipl_status measure(ipl_device *dev, const char *from, const char *to,
                          const char *const *set)
{
    ipl_config c;
    const ipl_status st = ipl_measure_config(dir_of(from), &c);
    if (st != IPL_OK) return st;
    for (; *set; ++set) CHECK_OK(ipl_config_set(&c, *set));
    return ipl_run(dev, &c, dir_of(to), NULL, NULL, NULL);
}

static void measuring_again_gives_the_bits_of_a_run(void **state)
{
    static const char *const changes[][4] = {
        {NULL},
        {"bin.edges=7", "kde.noise_var=0.3", "measure.estimators=bin, kde, ms", NULL},
        {"measure.rows=test", "measure.subset=0", "net.quantise=3", NULL},
        {"measure.policy=list", "measure.list=5, 15", "measure.error=jackknife", NULL}};
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    ipl_config c = small_config(NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("kept"), NULL, NULL, NULL));
    for (int k = 0; k < (int)check_size(dev, 4, 2); ++k) {
        char fresh[24], again[24];
        snprintf(fresh, sizeof fresh, "fresh%d", k);
        snprintf(again, sizeof again, "again%d", k);
        c = small_config("run.keep=none", NULL);
        for (const char *const *s = changes[k]; *s; ++s)
            CHECK_OK(ipl_config_set(&c, *s));
        CHECK_OK(ipl_run(dev, &c, dir_of(fresh), NULL, NULL, NULL));
        CHECK_OK(measure(dev, "kept", again, changes[k]));
        same_results(dir_of(fresh), dir_of(again));
        CHECK(access(file_of(fresh, "networks.bin"), F_OK));
    }
    files_remove_folder(folder);
}

static void the_kept_ticks_are_those_that_were_measured(void **state)
{
    static const char *const policies[] = {"every", "log", "delta-approx",
                                           "delta-exact"};
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    for (int p = 0; p < 8; ++p) {
        char policy[48];
        ipl_networks *n;
        ipl_net_shape shape;
        files_make_folder(folder);
        snprintf(policy, sizeof policy, "measure.policy=%s", policies[p / 2]);
        const ipl_config c = small_config(policy, p % 2 ? "run.keep=all"
                                                        : "run.keep=measured", NULL);
        ipl_progress at;
        CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, &at));
        CHECK_OK(ipl_config_net(&c, &shape));
        CHECK_OK(ipl_networks_open(IPL_FILE_PATH, file_of("run", "networks.bin"),
                                   REPLICAS * ipl_net_parameters(&shape), &n));
        assert_int_equal(ipl_networks_count(n), p % 2 ? EPOCHS + 1 : at.measured);
        char *plane = files_text(dir_of("run"), "plane.csv");
        for (int64_t t = 0; t <= EPOCHS; ++t) {
            char row[32];
            snprintf(row, sizeof row, "\n1,%lld,1,", (long long)t);
            CHECK(p % 2 || ipl_networks_hold(n, t) == (strstr(plane, row) != NULL));
        }
        free(plane);
        ipl_networks_close(n);
        /* A delta policy asks for what was kept, or gives way to it. */
        static const char *const none[] = {NULL};
        CHECK_OK(measure(dev, "run", "again", none));
        same_results(dir_of("run"), dir_of("again"));
        files_remove_folder(folder);
    }
}

static int run_out(void *user, const ipl_progress *now)
{
    (void)now;
    return (*(int64_t *)user)-- <= 0;
}

/* Runs `c` with stops in between, from which it is resumed. */
static int64_t run_with_stops(ipl_device *dev, const ipl_config *c, const char *dir,
                              ipl_random r)
{
    int64_t left = (int64_t)ipl_random_below(r, 0, 4), stops = 0;
    ipl_status st = ipl_run(dev, c, dir, run_out, &left, NULL);
    for (; st == IPL_E_STOPPED; ++stops) {
        left = (int64_t)ipl_random_below(r, (uint64_t)stops + 1, 4) + 1;
        st = ipl_resume(dev, dir, run_out, &left, NULL);
    }
    CHECK_OK(st);
    return stops;
}

static void stopped_runs_keep_the_same_bytes(void **state)
{
    static const char *const keeps[] = {"run.keep=measured", "run.keep=all"};
    static const char *const policies[] = {"measure.policy=log",
                                           "measure.policy=delta-exact"};
    ipl_device *dev = check_device(state);
    int64_t stops = 0;
    for (int p = 0; p < (int)check_size(dev, 4, 1); ++p) {
        files_make_folder(folder);
        /* Without memory for networks that wait they all go through the file. */
        const ipl_config c = small_config(policies[p / 2], keeps[p % 2],
                                          p ? "run.snapshot_mib=1"
                                            : "run.snapshot_mib=0", NULL);
        CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
        for (uint64_t again = 0; again < (uint64_t)check_size(dev, 2, 1); ++again) {
            char name[16];
            snprintf(name, sizeof name, "part%d", (int)again);
            const ipl_random r = {check_seed(), 10 * (uint64_t)p + again};
            stops += run_with_stops(dev, &c, dir_of(name), r);
            same_results(dir_of("whole"), dir_of(name));
            size_t a, b;
            unsigned char *left, *right;
            left = files_read(file_of("whole", "networks.bin"), &a);
            right = files_read(file_of(name, "networks.bin"), &b);
            CHECK(a == b && !memcmp(left, right, a));
            free(left);
            free(right);
        }
        /* And so does measuring again. */
        ipl_config again;
        CHECK_OK(ipl_measure_config(dir_of("whole"), &again));
        const ipl_random r = {check_seed(), 100 + (uint64_t)p};
        stops += run_with_stops(dev, &again, dir_of("again"), r);
        same_results(dir_of("whole"), dir_of("again"));
        files_remove_folder(folder);
    }
    printf("# %lld stops\n", (long long)stops);
    CHECK(stops > 0);
}

static void what_was_trained_may_not_change(void **state)
{
    static const char *const none[] = {NULL}, *const seed[] = {"train.seed=2", NULL},
                      *const rows[] = {"data.limit=255", NULL},
                      *const ticks[] = {"measure.every=2", NULL},
                      *const keep[] = {"run.keep=all", NULL};
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    ipl_config c = small_config("run.keep=none", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("none"), NULL, NULL, NULL));
    CHECK_FAILS(measure(dev, "none", "x", none), IPL_E_ARGUMENT, "run.keep=measured");
    CHECK_FAILS(measure(dev, "nowhere", "x", none), IPL_E_IO, "nowhere");
    int64_t left = 1;
    c = small_config(NULL);
    CHECK(ipl_run(dev, &c, dir_of("part"), run_out, &left, NULL) == IPL_E_STOPPED);
    CHECK_FAILS(measure(dev, "part", "x", none), IPL_E_ARGUMENT, "resume");
    CHECK_OK(ipl_run(dev, &c, dir_of("kept"), NULL, NULL, NULL));
    CHECK_FAILS(measure(dev, "kept", "x", seed), IPL_E_ARGUMENT, "[train] seed = 2");
    CHECK_FAILS(measure(dev, "kept", "x", rows), IPL_E_ARGUMENT, "[data] limit = 255");
    CHECK_FAILS(measure(dev, "kept", "x", ticks), IPL_E_ARGUMENT, "are 0 and 5");
    CHECK_FAILS(measure(dev, "kept", "x", keep), IPL_E_ARGUMENT, "[run] keep");
    c = small_config("measure.policy=kept", NULL);
    CHECK_FAILS(ipl_run(dev, &c, dir_of("x"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "infoplane measure");
    CHECK(access(dir_of("x"), F_OK) != 0);
    files_remove_folder(folder);
}

/* What was exported: an array of this shape, to be freed. */
static float *array_of(const char *name, int64_t rows, int64_t cols)
{
    ipl_array a;
    CHECK_OK(ipl_array_read(file_of("out", name), &a));
    CHECK(a.rows == rows && a.cols == cols);
    return a.values;
}

static void exported_networks_are_the_run_s(void **state)
{
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    const ipl_config c = small_config(NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
    char run[2 * FILES_PATH], out[2 * FILES_PATH];
    snprintf(run, sizeof run, "%s", dir_of("run"));
    snprintf(out, sizeof out, "%s", dir_of("out"));
    ipl_export what = {.dir = run, .folder = out, .tick = 10, .seed = 2};
    int64_t ticks;
    CHECK_OK(ipl_export_networks(dev, &what, &ticks));
    assert_int_equal(ticks, 1);

    /* The layers by their definition, in double. */
    float *t = array_of("inputs.npy", 64, 12);
    const int width[] = {12, 5, 3, 2};
    for (int l = 1; l <= 3; ++l) {
        char name[48];
        snprintf(name, sizeof name, "epoch_10_weights_%d.npy", l);
        float *w = array_of(name, width[l - 1], width[l]);
        snprintf(name, sizeof name, "epoch_10_biases_%d.npy", l);
        float *b = array_of(name, width[l], 1);
        snprintf(name, sizeof name, "epoch_10_layer_%d.npy", l);
        float *next = array_of(name, 64, width[l]);
        for (int i = 0; i < 64; ++i) {
            double z[5], sum = 0.0;
            for (int j = 0; j < width[l]; ++j) {
                z[j] = b[j];
                for (int k = 0; k < width[l - 1]; ++k)
                    z[j] += (double)t[i * width[l - 1] + k] * w[k * width[l] + j];
                sum += exp(z[j]);
            }
            for (int j = 0; j < width[l]; ++j) {
                const double want = l == 3 ? exp(z[j]) / sum : tanh(z[j]);
                CHECK(fabs(next[i * width[l] + j] - want) < 1e-6);
            }
        }
        free(t);
        free(w);
        free(b);
        t = next;
    }
    free(t);

    CHECK_FAILS(ipl_export_networks(dev, &what, NULL), IPL_E_ARGUMENT, "not empty");
    what.tick = 11;
    CHECK_FAILS(ipl_export_networks(dev, &what, NULL), IPL_E_ARGUMENT, "10 and 15");
    what.seed = 3;
    CHECK_FAILS(ipl_export_networks(dev, &what, NULL), IPL_E_ARGUMENT, "seeds 1 to 2");
    what.layer = 4;
    CHECK_FAILS(ipl_export_networks(dev, &what, NULL), IPL_E_ARGUMENT, "1 to 3");
    files_remove_folder(folder);
}

/* A folder of exported activations gives the points of the run, rounded or not. */
static void exported_activations_give_the_same_points(void **state)
{
    ipl_device *dev = check_device(state);
    for (int q = 0; q < 2; ++q) {
        ipl_mi_options options[IPL_MI_SETTINGS_MAX];
        char out[2 * FILES_PATH], labels[4 * FILES_PATH];
        files_make_folder(folder);
        const ipl_config c = small_config("train.replicas=1", "train.seed=0",
                                          q ? "net.quantise=4" : "net.quantise=0",
                                          NULL);
        CHECK_OK(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL));
        snprintf(out, sizeof out, "%s", dir_of("out"));
        const ipl_export what = {.dir = dir_of("run"), .folder = out, .every_tick = 1,
                                 .seed = -1};
        int64_t ticks;
        CHECK_OK(ipl_export_networks(dev, &what, &ticks));
        assert_int_equal(ticks, 5); /* 0, 5, 10, 15, 16 */
        snprintf(labels, sizeof labels, "%s/labels.npy", out);
        const ipl_activations from = {.folder = out, .labels = labels};
        const int count = ipl_config_estimators(&c, options);
        CHECK_OK(ipl_estimate_folder(dev, count, options, &from, dir_of("again"), NULL,
                                     NULL, NULL));
        same_file(dir_of("run"), dir_of("again"), "plane.csv");
        files_remove_folder(folder);
    }
}

static const check_test tests[] = {
    CHECK_TEST(measuring_again_gives_the_bits_of_a_run),
    CHECK_TEST(the_kept_ticks_are_those_that_were_measured),
    CHECK_TEST(stopped_runs_keep_the_same_bytes),
    CHECK_TEST(what_was_trained_may_not_change),
    CHECK_TEST(exported_networks_are_the_run_s),
    CHECK_TEST(exported_activations_give_the_same_points),
};

CHECK_MAIN("kept_runs", tests, 1)
