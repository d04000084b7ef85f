/*
 * test_plane_refused.c - runs that cannot begin, or cannot go on: what they leave.
 */
#include "small_run.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

static void existing_directory_is_left_alone(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config(NULL);
    CHECK(!mkdir(files_path(f, "r"), 0777) && !mkdir(files_path(f, "r/mine"), 0777));
    CHECK_FAILS(run_to(state, &config, files_path(f, "r")),
                IPL_E_ARGUMENT, "exists already");
    CHECK(!rmdir(files_path(f, "r/mine")) && !rmdir(files_path(f, "r")));
    CHECK_FAILS(run_to(state, &config, "/proc/no/run"), IPL_E_IO, "/proc/no");
    files_remove_folder(f);
}

static void network_must_fit_the_data(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config = small_config("net.layers=13, 4-tanh, 2", NULL);
    CHECK_FAILS(run_to(state, &config, files_path(f, "r")),
                IPL_E_ARGUMENT, "13 inputs");
    CHECK(access(files_path(f, "r"), F_OK));
    files_remove_folder(f);
}

static void diverging_training_keeps_what_it_had(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config = small_config("train.optimizer=sgd", "train.learning_rate=1e6",
                                     "net.layers=12, 8-linear, 8-linear, 2",
                                     "measure.every=1", "train.epochs=50", NULL);
    CHECK_FAILS(run_to(state, &config, files_path(f, "r")), IPL_E_NUMERIC, "epoch ");
    char *text = files_text(f, "r/plane.csv");
    const char *row = first_row(text);
    point p;
    CHECK(next_point(&row, &p) && p.epoch == 0);
    while (next_point(&row, &p)) {}
    free(text);
    json_t *all = json_of(f, "r/run.json");
    const char *status, *error;
    CHECK(!json_unpack(all, "{s:s, s:s}", "status", &status, "error", &error));
    CHECK(!strcmp(status, "failed") && !strncmp(error, "epoch ", 6));
    json_decref(all);
    files_remove_folder(f);
}

/* A limit on the size of files stands for the full disk. */
static void full_disk_leaves_whole_rows(void **state)
{
    struct rlimit before, small;
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("measure.every=1", "train.epochs=200", NULL);
    void (*was)(int) = signal(SIGXFSZ, SIG_IGN);
    CHECK(!getrlimit(RLIMIT_FSIZE, &before));
    small = before;
    small.rlim_cur = 40000; /* the log of points, which resuming reads, is largest */
    CHECK(!setrlimit(RLIMIT_FSIZE, &small));
    const ipl_status st = run_to(state, &config, files_path(f, "r"));
    CHECK(!setrlimit(RLIMIT_FSIZE, &before));
    signal(SIGXFSZ, was);
    CHECK(st == IPL_E_IO && strstr(ipl_last_error(), strerror(EFBIG)));
    char *text = files_text(f, "r/plane.csv");
    int rows = 0;
    point p;
    for (const char *row = first_row(text); next_point(&row, &p);) ++rows;
    CHECK(rows > 9 && rows % 9 == 0);
    free(text);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(existing_directory_is_left_alone),
    CHECK_TEST(network_must_fit_the_data),
    CHECK_TEST(diverging_training_keeps_what_it_had),
    CHECK_TEST(full_disk_leaves_whole_rows),
};

CHECK_MAIN("plane_refused", tests, 1)
