/*
 * test_plane.c - whole runs: what is in the directory, and that it is the same again.
 */
#include "mat_library.h"
#include "small_run.h"

static void run_directory_is_complete_and_ordered(void **state)
{
    static const char *const names[] = {"bin", "kde-upper", "kde-lower"};
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_progress at;
    ipl_config config = small_config("train.replicas=2", "train.seed=7", NULL);
    CHECK_OK(ipl_run(check_device(state), &config, files_path(f, "a/deep/run"), NULL,
                     NULL, &at));
    CHECK(at.last == 6 && at.tick == 6 && at.measured == 4 && at.planned == 4);

    char *text = files_text(f, "a/deep/run/plane.csv");
    const char *row = first_row(text);
    point p;
    for (int tick = 0; tick <= 6; tick += 2)
        for (int seed = 7; seed <= 8; ++seed)
            for (int layer = 1; layer <= 3; ++layer)
                for (int e = 0; e < 3; ++e) {
                    CHECK(next_point(&row, &p));
                    CHECK(p.seed == seed && p.epoch == tick && p.layer == layer);
                    CHECK(!strcmp(p.estimator, names[e]));
                }
    CHECK(!next_point(&row, &p));
    free(text);

    char *details = files_text(f, "a/deep/run/plane_details.csv");
    CHECK(lines_of(details) == 1 + 4 * 2 * 3 * 3);
    CHECK(strstr(details, "seed,epoch,layer,estimator,h_t_bits,i_t_next_bits,cells,"
                          "outside_share,noise_var,flags,se_x_bits,se_y_bits,"
                          "refused\n") == details);
    free(details);
    /* ticks 0 .. 6 of the training log, each for both seeds */
    char *training = files_text(f, "a/deep/run/training.csv");
    CHECK(lines_of(training) == 1 + 7 * 2);
    free(training);
    files_remove_folder(f);
}

static void run_json_says_what_ran(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config = small_config("train.replicas=2", "measure.rows=test", NULL);
    CHECK_OK(run_to(state, &config, files_path(f, "r")));
    json_t *all = json_of(f, "r/run.json");
    const char *status, *device, *libraries, *name, *batch;
    json_int_t rows, train, measured, ticks, points;
    double x, y, wall;
    CHECK(!json_unpack(all,
                       "{s:s, s:{s:s, s:s}, s:{s:s, s:I, s:I, s:I}, s:{s:I, s:I},"
                       " s:{s:F, s:F}, s:{s:F}, s:{s:{s:s}}}",
                       "status", &status, "device", "name", &device, "libraries",
                       &libraries, "data", "name", &name, "rows", &rows, "train_rows",
                       &train, "measured_rows", &measured, "counts", "ticks_measured",
                       &ticks, "points", &points, "ceilings", "i_xt_bits", &x,
                       "i_ty_bits", &y, "seconds", "wall", &wall, "config", "train",
                       "batch", &batch));
    CHECK(!strcmp(status, "done") && !strcmp(name, "ib") && !strcmp(batch, "32"));
    CHECK(!strcmp(device, ipl_device_about(check_device(state))->name));
    CHECK(!strcmp(libraries, ipl_device_about(check_device(state))->libraries));
    CHECK(rows == 256 && train == 205 && measured == 51 && ticks == 4);
    CHECK(points == 4 * 2 * 3 * 3 && wall > 0);
    CHECK(fabs(x - log2(51)) < 1e-12 && y > 0 && y <= 1);
    char matio[32];
    ipl_mat_library(sizeof matio, matio);
    const char *told = json_string_value(
        json_object_get(json_object_get(all, "libraries"), "matio"));
    CHECK(!strcmp(told ? told : "", matio));
    json_decref(all);
    files_remove_folder(f);
}

static void points_stay_below_their_ceilings(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    char *text = plane_of(check_device(state), f, "r",
                          small_config("measure.every=1", "train.epochs=30", NULL));
    json_t *all = json_of(f, "r/run.json");
    double x, y;
    point  p;
    int    upper = 0;
    double upper_x = 0;
    CHECK(!json_unpack(all, "{s:{s:F, s:F}}", "ceilings", "i_xt_bits", &x, "i_ty_bits",
                       &y));
    for (const char *row = first_row(text); next_point(&row, &p);) {
        CHECK(p.x >= 0 && p.x <= x);
        if (!strcmp(p.estimator, "bin")) CHECK(p.y >= 0 && p.y <= y + 1e-9);
        if (!strcmp(p.estimator, "kde-upper")) upper_x = p.x, ++upper;
        if (!strcmp(p.estimator, "kde-lower")) CHECK(p.x <= upper_x + 1e-5);
    }
    CHECK(upper == 31 * 3);
    json_decref(all);
    free(text);
    files_remove_folder(f);
}

static void equal_configs_give_equal_bytes(void **state)
{
    static const char *const tables[] = {"plane.csv", "plane_details.csv",
                                         "training.csv", "compression.csv",
                                         "summary.csv"};
    const char *name = ipl_device_about(check_device(state))->name;
    char f[FILES_PATH];
    files_make_folder(f);
    for (int threads = 1; threads <= 3; ++threads) {
        char run[16];
        ipl_device *dev;
        const ipl_device_options options = {.threads = threads};
        const ipl_config config = small_config("train.replicas=2", NULL);
        CHECK_OK(ipl_device_open(name, &options, &dev));
        snprintf(run, sizeof run, "%d", threads);
        CHECK_OK(ipl_run(dev, &config, files_path(f, run), NULL, NULL, NULL));
        ipl_device_close(dev);
    }
    const ipl_config config = small_config("train.replicas=2", NULL);
    CHECK_OK(run_to(state, &config, files_path(f, "4")));
    for (int t = 0; t < 5; ++t)
        for (int other = 2; other <= 4; ++other) {
            const char run[] = {(char)('0' + other), 0};
            same_file(files_path(f, "1"), files_path(f, run), tables[t]);
        }
    files_remove_folder(f);
}

/* But for the first line, which has the number of the run. */
static void same_config(const char *a, const char *b)
{
    char *left = files_text(a, "config.ini"), *right = files_text(b, "config.ini");
    CHECK(!strncmp(left, "; run ", 6) && strcmp(left, right) != 0);
    assert_string_equal(strchr(left, '\n'), strchr(right, '\n'));
    free(left);
    free(right);
}

static void resolved_config_gives_the_same_run(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config again;
    ipl_config config = small_config("train.batch=0", "bin.form=quantiles", NULL);
    CHECK_OK(run_to(state, &config, files_path(f, "a")));
    CHECK_OK(ipl_config_read(files_path(f, "a/config.ini"), &again));
    CHECK_OK(run_to(state, &again, files_path(f, "b")));
    same_file(files_path(f, "a"), files_path(f, "b"), "plane.csv");
    same_file(files_path(f, "a"), files_path(f, "b"), "training.csv");
    same_config(files_path(f, "a"), files_path(f, "b"));
    files_remove_folder(f);
}

static void replicas_equal_runs_of_one_seed(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_device *dev = check_device(state);
    char *both = plane_of(dev, f, "both",
                          small_config("train.seed=5", "train.replicas=2", NULL));
    for (int seed = 5; seed <= 6; ++seed) {
        char name[16], set[32], own[16];
        snprintf(name, sizeof name, "%d", seed);
        snprintf(set, sizeof set, "train.seed=%d", seed);
        snprintf(own, sizeof own, "%d,", seed);
        char *alone = plane_of(dev, f, name, small_config(set, NULL));
        const char *row = first_row(alone);
        for (const char *at = first_row(both); *at; at = strchr(at, '\n') + 1) {
            const size_t length = (size_t)(strchr(at, '\n') + 1 - at);
            if (strncmp(at, own, 2)) continue;
            if (strncmp(at, row, length))
                fail_msg("%.*s is not %.*s", (int)length, at, (int)length, row);
            row += length;
        }
        CHECK(!*row);
        free(alone);
    }
    free(both);
    files_remove_folder(f);
}

/* A run in steps trains as a run in epochs does. */
static void steps_pass_through_the_epochs(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_device *dev = check_device(state);
    char *epochs = plane_of(dev, f, "epochs", small_config("measure.every=1", NULL));
    /* 205 rows in batches of 32: 7 steps an epoch, the last of 13 rows */
    char *steps = plane_of(dev, f, "steps", small_config("measure.tick=step",
                                                         "measure.every=7", NULL));
    const char *a = first_row(epochs), *b = first_row(steps);
    point p, q;
    int   count = 0;
    while (next_point(&a, &p)) {
        CHECK(next_point(&b, &q));
        CHECK(q.epoch == 7 * p.epoch && q.layer == p.layer && q.x == p.x && q.y == p.y);
        ++count;
    }
    CHECK(count == 7 * 3 * 3 && !next_point(&b, &q));
    free(epochs);
    free(steps);
    files_remove_folder(f);
}

/* Whatever a policy leaves out, the rest is what measuring everything gives. (What
 * delta-exact promises of the gaps it leaves: test_resume.c.) */
static void policies_only_leave_out(void **state)
{
    static const char *const policies[] = {
        "measure.policy=log", "measure.policy=list", "measure.policy=delta-approx",
        "measure.policy=delta-exact",
    };
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_device *dev = check_device(state);
    char *every = plane_of(dev, f, "every",
                           small_config("measure.every=1", "train.epochs=40", NULL));
    for (int k = 0; k < 4; ++k) {
        char name[16];
        snprintf(name, sizeof name, "%d", k);
        char *some = plane_of(dev, f, name,
                              small_config(policies[k], "train.epochs=40",
                                           "measure.list=0:3, 11",
                                           "measure.log_dense=3",
                                           "measure.log_per_decade=4",
                                           "measure.delta=0.05", NULL));
        CHECK(lines_of(some) < lines_of(every));
        CHECK(strstr(some, "\n1,0,1,") && strstr(some, "\n1,40,1,"));
        /* Out of order for delta-exact, which goes back. */
        for (const char *at = first_row(some); *at; at = strchr(at, '\n') + 1) {
            char row[128];
            snprintf(row, sizeof row, "\n%.*s\n", (int)strcspn(at, "\n"), at);
            if (!strstr(every, row)) fail_msg("policy %d: %s", k, row);
        }
        free(some);
    }
    free(every);
    files_remove_folder(f);
}

static void measured_rows_are_those_asked_for(void **state)
{
    static const struct { const char *rows, *subset; json_int_t expected; } cases[] = {
        {"measure.rows=all", "measure.subset=0", 256},
        {"measure.rows=train", "measure.subset=0", 205},
        {"measure.rows=test", "measure.subset=0", 51},
        {"measure.rows=test", "measure.subset=51", 51},
        {"measure.rows=all", "measure.subset=100", 100},
        {"measure.rows=train", "measure.subset=2", 2},
    };
    char f[FILES_PATH];
    files_make_folder(f);
    for (int k = 0; k < 6; ++k) {
        char name[16], file[32];
        double x;
        json_int_t rows;
        snprintf(name, sizeof name, "%d", k);
        snprintf(file, sizeof file, "%d/run.json", k);
        const ipl_config config = small_config(cases[k].rows, cases[k].subset, NULL);
        CHECK_OK(run_to(state, &config, files_path(f, name)));
        json_t *all = json_of(f, file);
        CHECK(!json_unpack(all, "{s:{s:I}, s:{s:F}}", "data", "measured_rows", &rows,
                           "ceilings", "i_xt_bits", &x));
        CHECK(rows == cases[k].expected);
        CHECK(fabs(x - log2((double)rows)) < 1e-12);
        json_decref(all);
    }
    const ipl_config config = small_config("measure.rows=test", "measure.subset=52",
                                           NULL);
    CHECK_FAILS(run_to(state, &config, files_path(f, "x")),
                IPL_E_ARGUMENT, "52 of the 51 rows of set 'test'");
    CHECK(access(files_path(f, "x"), F_OK));
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(run_directory_is_complete_and_ordered),
    CHECK_TEST(run_json_says_what_ran),
    CHECK_TEST(points_stay_below_their_ceilings),
    CHECK_TEST(equal_configs_give_equal_bytes),
    CHECK_TEST(resolved_config_gives_the_same_run),
    CHECK_TEST(replicas_equal_runs_of_one_seed),
    CHECK_TEST(steps_pass_through_the_epochs),
    CHECK_TEST(policies_only_leave_out),
    CHECK_TEST(measured_rows_are_those_asked_for),
};

CHECK_MAIN("plane", tests, 1)
