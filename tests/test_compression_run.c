/*
 * test_compression_run.c - compression.csv is there when a run is done, and only then.
 */
#include "plane_case.h"

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

/* With training states all the time, so that a resumed run begins in its middle. The
 * policy asks for each tick by itself: one call of many would be all that is left. */
static ipl_config small_config(void)
{
    static const char *const sets[] = {
        "net.layers=12, 5-tanh, 3-tanh, 2", "train.epochs=12", "train.batch=64",
        "train.learning_rate=0.02", "train.replicas=2", "data.limit=256",
        "measure.subset=64", "measure.policy=delta-exact", "measure.delta=1e-9",
        "run.checkpoint_s=0", NULL};
    return config_of(sets);
}

static int stop_after_three(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured - now->known >= 3;
}

static int is_there(void) { return !access(dir_of("r/compression.csv"), F_OK); }

static void only_a_run_that_is_done_has_it(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_config c = small_config();
    ipl_compression_row *row;
    int64_t count;
    files_make_folder(folder);
    CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_compression(dir_of("whole"), &row, &count));
    CHECK(count == 2 * 3 * 3); /* seeds, layers, points of bin and kde */
    free(row);
    int stops = 0;
    ipl_status st = ipl_run(dev, &c, dir_of("r"), stop_after_three, NULL, NULL);
    for (; st == IPL_E_STOPPED; ++stops) {
        CHECK(!is_there());
        CHECK_FAILS(ipl_run_compression(dir_of("r"), &row, &count), IPL_E_IO,
                    "a run has it once it is done");
        /* As one that was killed behind it, and before run.json said so. */
        files_write(dir_of("r/compression.csv"), 4, "old\n");
        st = ipl_resume(dev, dir_of("r"), stop_after_three, NULL, NULL);
    }
    CHECK_OK(st);
    CHECK(stops >= 2);
    same_file(dir_of("whole"), dir_of("r"), "compression.csv");
    files_remove_folder(folder);
}

/* Something is in the way of the file, which the tables know nothing of. */
static int block(void *user, const ipl_progress *now)
{
    (void)now;
    if (mkdir(user, 0777) && errno != EEXIST) FILES_FAIL((const char *)user);
    return 0;
}

static void a_table_that_is_not_written_is_a_failure(void **state)
{
    ipl_device *dev = check_device(state);
    const ipl_config c = small_config();
    char blocked[4 * FILES_PATH];
    files_make_folder(folder);
    CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
    snprintf(blocked, sizeof blocked, "%s/r/compression.csv.new", folder);
    IPL_FAIL(IPL_E_DEVICE, "an older error of this thread");
    CHECK_FAILS(ipl_run(dev, &c, dir_of("r"), block, blocked, NULL), IPL_E_IO,
                "compression.csv.new: open");
    CHECK(!is_there());
    json_t *about = json_of(folder, "r/run.json");
    CHECK(!strcmp(json_string_value(json_object_get(about, "status")), "failed"));
    CHECK(strstr(json_string_value(json_object_get(about, "error")),
                 "compression.csv.new: open"));
    json_decref(about);
    CHECK(!rmdir(blocked));
    CHECK_OK(ipl_resume(dev, dir_of("r"), NULL, NULL, NULL));
    same_file(dir_of("whole"), dir_of("r"), "compression.csv");
    same_file(dir_of("whole"), dir_of("r"), "plane.csv");
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(only_a_run_that_is_done_has_it),
    CHECK_TEST(a_table_that_is_not_written_is_a_failure),
};

CHECK_MAIN("compression_run", tests, 1)
