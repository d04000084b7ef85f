/*
 * test_streams.c - the library in a program that was started without its streams.
 */
#include <fcntl.h>
#include <sys/wait.h>

#include "ipl_plot.h"
#include "plane_case.h"

static const char *const settings[] = {
    "net.layers=12, 4-tanh, 2", "train.epochs=20", "data.limit=100",
    "measure.policy=every", "measure.every=1", "run.keep=measured",
    "run.snapshot_mib=0", NULL};

/* A file of the run that has the number of a stream gets what the program prints. */
static int streams_are_free(void *user, const ipl_progress *now)
{
    (void)now;
    for (int fd = 0; fd <= 2; ++fd)
        if (fcntl(fd, F_GETFD) >= 0) *(int *)user = 1;
    return 0;
}

static int run_without(const char *dir)
{
    char picture[FILES_PATH];
    const ipl_config config = config_of(settings);
    ipl_device *dev;
    int taken = 0;
    for (int fd = 0; fd <= 2; ++fd) close(fd);
    snprintf(picture, sizeof picture, "%.200s/plane.svg", dir);
    if (ipl_device_open("cpu", NULL, &dev) != IPL_OK) return 2;
    if (ipl_run(dev, &config, dir, streams_are_free, &taken, NULL) != IPL_OK) return 3;
    if (ipl_plot(dir, IPL_PLOT_ALL, picture) != IPL_OK) return 4;
    return taken;
}

static void no_file_of_a_run_takes_their_place(void **state)
{
    (void)state;
    char f[FILES_PATH];
    int status;
    files_make_folder(f);
    const char *dir = files_path(f, "run");
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) _exit(run_without(dir));
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("status %x", (unsigned)status);
    char *svg = files_text(dir, "plane.svg");
    CHECK(strstr(svg, "</svg>"));
    free(svg);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(no_file_of_a_run_takes_their_place),
};

CHECK_MAIN("streams", tests, 0)
