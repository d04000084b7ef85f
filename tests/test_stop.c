/*
 * test_stop.c - a run that is asked to stop loses no training that is dear.
 */
#include "plane_case.h"

/* Training is dear: a step for each row; measuring is not. A state is saved by the
 * clock so seldom that only the stop can have saved one. */
static const char *const settings[] = {
    "net.layers=12, 5-tanh, 3-tanh, 2", "train.batch=1", "train.epochs=400",
    "data.limit=512", "measure.subset=64", "measure.loss_rows=50",
    "measure.policy=every", "measure.every=1", "measure.estimators=bin",
    "run.checkpoint_s=1000", NULL};

static int stop_at(void *user, const ipl_progress *now)
{
    return now->tick >= *(const int64_t *)user;
}

static void stopped_training_is_not_repeated(void **state)
{
    (void)state;
    char f[FILES_PATH], name[32];
    ipl_device *dev;
    const ipl_config c = config_of(settings);
    files_make_folder(f);
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_run(dev, &c, files_path(f, "whole"), NULL, NULL, NULL));
    for (int64_t at = 40; at <= 120; at += 20) {
        ipl_progress first, second;
        snprintf(name, sizeof name, "at-%d", (int)at);
        const ipl_status st = ipl_run(dev, &c, files_path(f, name), stop_at, &at,
                                      &first);
        CHECK(st == IPL_E_STOPPED && first.tick >= at && first.tick < 400);
        CHECK_OK(ipl_resume(dev, files_path(f, name), NULL, NULL, &second));
        if (second.from != first.tick)
            fail_msg("stopped at %lld, went on from %lld", (long long)first.tick,
                     (long long)second.from);
        same_file(files_path(f, "whole"), files_path(f, name), "plane.csv");
        same_file(files_path(f, "whole"), files_path(f, name), "training.csv");
    }
    ipl_device_close(dev);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(stopped_training_is_not_repeated),
};

CHECK_MAIN("stop", tests, 0)
