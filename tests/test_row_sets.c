/*
 * test_row_sets.c - several sets of rows, measured from one training.
 *
 * The tables of each set must be, byte for byte, those of a run with that set alone.
 */
#include "plane_case.h"

static ipl_config small_config(const char *first, ...)
{
    static const char *const sets[] = {
        "net.layers=12, 6-tanh, 3-relu, 2", "data.limit=150", "data.split=shuffled",
        "train.epochs=14", "train.batch=40", "train.learning_rate=0.02",
        "train.replicas=2", "measure.policy=every", "measure.every=3",
        "run.checkpoint_s=0", NULL};
    va_list more;
    va_start(more, first);
    const ipl_config config = config_with(sets, first, more);
    va_end(more);
    return config;
}

static void same_tables(const char *a, const char *b)
{
    static const char *const tables[] = {"plane.csv", "plane_details.csv",
                                         "summary.csv", "training.csv",
                                         "compression.csv"};
    for (size_t k = 0; k < sizeof tables / sizeof *tables; ++k)
        same_file(a, b, tables[k]);
}

/* f/r must have these sets, of which the first has r itself; alone: in f/NAME. */
static void expect_sets(ipl_device *dev, const char *f, ipl_config config,
                        const char *const *set)
{
    char dir[FILES_PATH + 32], text[64];
    for (int k = 0; set[k]; ++k) {
        snprintf(text, sizeof text, "measure.rows=%s", set[k]);
        CHECK_OK(ipl_config_set(&config, text));
        CHECK_OK(ipl_run(dev, &config, files_path(f, set[k]), NULL, NULL, NULL));
        if (k) snprintf(dir, sizeof dir, "%s/r/%s", f, set[k]);
        else snprintf(dir, sizeof dir, "%s/r", f);
        same_tables(dir, files_path(f, set[k]));
    }
}

static void each_set_has_the_tables_of_a_run_of_its_own(void **state)
{
    static const char *const more[] = {"measure.subset=20", "measure.tick=step",
                                       "pool.windows=1:3"};
    static const char *const two[] = {"train", "test", NULL};
    static const char *const three[] = {"all", "train", "test", NULL};
    ipl_device *dev = check_device(state);
    for (int k = 0; k < 3; ++k) {
        char f[FILES_PATH];
        files_make_folder(f);
        ipl_config config = small_config(more[k], NULL);
        CHECK_OK(ipl_config_set(&config, k == 1 ? "measure.rows=test, all, train"
                                                : "measure.rows=test, train"));
        CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
        expect_sets(dev, f, config, k == 1 ? three : two);
        if (k == 2)
            same_file(files_path(f, "r/test"), files_path(f, "test"), "pool.csv");
        files_remove_folder(f);
    }
}

/* Stops in the first set, or in the second one, with so many ticks measured. */
typedef struct {
    const char *second; /* a file that the second set has                        */
    int         in_second, measured;
} stopping;

static int stop_there(void *user, const ipl_progress *now)
{
    const stopping *at = user;
    const int in_second = access(at->second, F_OK) == 0;
    return in_second == at->in_second && now->measured >= at->measured;
}

static void stopped_sets_are_resumed(void **state)
{
    static const char *const two[] = {"train", "test", NULL};
    ipl_device *dev = check_device(state);
    char f[FILES_PATH], dir[FILES_PATH + 8], second[FILES_PATH + 32];
    ipl_run_info info;
    files_make_folder(f);
    snprintf(dir, sizeof dir, "%s/r", f);
    snprintf(second, sizeof second, "%s/r/test/config.ini", f);
    const ipl_config config = small_config("measure.rows=train, test",
                                           "measure.every=1", NULL);
    stopping at[] = {{second, 0, 2}, {second, 1, 0}, {second, 1, 1}};
    for (int k = 0; k < 3; ++k) {
        const ipl_status st =
            k ? ipl_resume(dev, dir, stop_there, &at[k], NULL)
              : ipl_run(dev, &config, dir, stop_there, &at[k], NULL);
        CHECK_FAILS(st, IPL_E_STOPPED, "stopped");
        CHECK((access(second, F_OK) == 0) == at[k].in_second);
        CHECK_OK(ipl_run_about(dir, &info));
        CHECK(!info.done);
    }
    CHECK_OK(ipl_resume(dev, dir, NULL, NULL, NULL));
    CHECK_OK(ipl_run_about(dir, &info));
    CHECK(info.done && info.measured == 15);
    CHECK_OK(ipl_resume(NULL, dir, NULL, NULL, NULL));
    expect_sets(dev, f, config, two);
    files_remove_folder(f);
}

static void a_set_that_is_missing_is_not_done(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    ipl_run_info info;
    ipl_measured_rows first;
    unsigned further;
    files_make_folder(f);
    const ipl_config config = small_config("measure.rows=all, test", NULL);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_sets(files_path(f, "r"), &first, &further));
    CHECK(first == IPL_ROWS_ALL && further == 1u << IPL_ROWS_TEST);
    CHECK_OK(ipl_run_sets(files_path(f, "r/test"), &first, &further));
    CHECK(first == IPL_ROWS_TEST && !further);
    files_remove_folder(files_path(f, "r/test"));
    CHECK_OK(ipl_run_about(files_path(f, "r"), &info));
    CHECK(!info.done);
    CHECK_FAILS(ipl_resume(NULL, files_path(f, "r"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "device");
    CHECK_OK(ipl_resume(dev, files_path(f, "r"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_about(files_path(f, "r"), &info));
    CHECK(info.done);
    files_remove_folder(f);
}

/* Kept networks are measured again in both sets; each set has the run's ticks. */
static void kept_networks_have_sets_too(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    ipl_config config = small_config("measure.rows=train, test", NULL);
    files_make_folder(f);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    CHECK_OK(ipl_measure_config(files_path(f, "r"), &config));
    CHECK(config.rows == (1u << IPL_ROWS_TRAIN | 1u << IPL_ROWS_TEST));
    CHECK_OK(ipl_run(dev, &config, files_path(f, "again"), NULL, NULL, NULL));
    same_tables(files_path(f, "r"), files_path(f, "again"));
    same_tables(files_path(f, "r/test"), files_path(f, "again/test"));
    files_remove_folder(f);
}

/* The ticks that the first set asked for. */
static void a_delta_policy_is_that_of_the_first_set(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("measure.rows=train, test",
                                           "measure.policy=delta-approx",
                                           "measure.delta=0.05", NULL);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    char *one = files_text(f, "r/plane.csv"), *two = files_text(f, "r/test/plane.csv");
    const char *a = first_row(one), *b = first_row(two);
    CHECK(lines_of(one) == lines_of(two) && strcmp(one, two));
    for (; *a; a = strchr(a, '\n') + 1, b = strchr(b, '\n') + 1) {
        const char *end = strchr(strchr(a, ',') + 1, ','); /* of seed and tick */
        CHECK(!strncmp(a, b, (size_t)(end - a)));
    }
    free(one);
    free(two);
    files_remove_folder(f);
}

static void a_set_that_is_too_small_is_refused_before_training(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config = small_config("measure.rows=train, test", "measure.subset=60",
                                     NULL);
    CHECK_FAILS(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL),
                IPL_E_ARGUMENT, "60 of the 30 rows of set 'test'");
    CHECK(access(files_path(f, "r"), F_OK));
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(each_set_has_the_tables_of_a_run_of_its_own),
    CHECK_TEST(stopped_sets_are_resumed),
    CHECK_TEST(a_set_that_is_missing_is_not_done),
    CHECK_TEST(kept_networks_have_sets_too),
    CHECK_TEST(a_delta_policy_is_that_of_the_first_set),
    CHECK_TEST(a_set_that_is_too_small_is_refused_before_training),
};

CHECK_MAIN("row_sets", tests, 1)
