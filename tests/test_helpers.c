/*
 * test_helpers.c - runs with helpers in other threads and processes, over sockets.
 */
#include <sys/wait.h>

#include "link_case.h"

enum { HELPERS_MAX = 3 };
static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

static ipl_config small_config(ipl_device *dev, const char *first, ...)
{
    static const char *const lines[] = {
        "net.layers=12, 6-tanh, 4-relu, 2", "train.batch=64",
        "train.learning_rate=0.01", "train.replicas=2", "data.limit=256",
        "measure.subset=100", "measure.policy=every", "measure.every=1",
        "run.checkpoint_s=0", NULL};
    char line[64];
    va_list more;
    va_start(more, first);
    ipl_config c = config_with(lines, first, more);
    va_end(more);
    if (check_size(dev, 0, 1)) {
        snprintf(line, sizeof line, "train.epochs=3");
        CHECK_OK(ipl_config_set(&c, line));
    }
    return c;
}

static void same_results(const char *a, const char *b)
{
    same_file(a, b, "plane.csv");
    same_file(a, b, "plane_details.csv");
    same_file(a, b, "training.csv");
    same_file(a, b, "summary.csv");
}

/* The lines on what was lost, joined; "" where there are none. */
static const char *lost_of(const char *dir)
{
    static char text[2048], path[FILES_PATH + 32];
    snprintf(path, sizeof path, "%.270s", dir);
    json_t *json = json_of(path, "run.json");
    const json_t *lost = json_object_get(json, "lost");
    text[0] = 0;
    for (size_t k = 0; k < json_array_size(lost); ++k)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n",
                 json_string_value(json_array_get(lost, k)));
    json_decref(json);
    return text;
}

static void helpers_give_the_bytes_of_none(void **state)
{
    static const char *const policy[] = {"measure.policy=every",
                                         "measure.policy=delta-exact"};
    ipl_device *dev = check_device(state);
    for (int p = 0; p < 2; ++p) {
        files_make_folder(folder);
        const ipl_config c =
            small_config(dev, "train.epochs=40", policy[p], "measure.delta=0.05", NULL);
        CHECK_OK(ipl_run(dev, &c, dir_of("none"), NULL, NULL, NULL));
        for (int count = 1; count <= HELPERS_MAX; count += 2) {
            char name[32];
            link_helper h[HELPERS_MAX] = {0};
            ipl_link link[HELPERS_MAX];
            for (int k = 0; k < count; ++k) {
                link_start(dev, h + k);
                link[k] = link_of(&h[k].run);
            }
            const ipl_places on = {1, &dev, count, link};
            snprintf(name, sizeof name, "with-%d", count);
            link_patience wait = {.end = &h[0].run, .sent = 2};
            CHECK_OK(ipl_run_on(&on, &c, dir_of(name), link_wait, &wait, NULL));
            int64_t asked = 0;
            for (int k = 0; k < count; ++k) {
                CHECK(h[k].run.sent >= 2); /* hello and end */
                asked += h[k].run.sent - 2;
                if (link_stop(h + k) != IPL_OK) fail_msg("%s", h[k].why);
            }
            printf("# %d helpers were asked %lld times\n", count, (long long)asked);
            /* A delta policy has few ticks at a time: two lanes may take all. */
            CHECK(asked > 0 || (p == 1 && !ipl_device_about(dev)->is_host));
            same_results(dir_of("none"), dir_of(name));
            assert_string_equal(lost_of(dir_of(name)), "");
        }
        files_remove_folder(folder);
    }
}

/* One run after the other, and the further sets of one, on kept networks. */
static void a_helper_serves_many_runs(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    link_helper h = {0};
    link_start(dev, &h);
    const ipl_link link = link_of(&h.run);
    const ipl_places on = {1, &dev, 1, &link};
    const ipl_config a = small_config(
        dev, "train.epochs=20", "measure.rows=train, test", "measure.subset=40", NULL);
    const ipl_config b =
        small_config(dev, "train.epochs=10", "train.seed=5", "run.keep=all", NULL);
    CHECK_OK(ipl_run(dev, &a, dir_of("a"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_on(&on, &a, dir_of("a-far"), NULL, NULL, NULL));
    same_results(dir_of("a"), dir_of("a-far"));
    same_results(dir_of("a/test"), dir_of("a-far/test"));
    CHECK_OK(ipl_run(dev, &b, dir_of("b"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_on(&on, &b, dir_of("b-far"), NULL, NULL, NULL));
    same_results(dir_of("b"), dir_of("b-far"));
    ipl_config again;
    CHECK_OK(ipl_measure_config(dir_of("b"), &again));
    CHECK_OK(ipl_config_set(&again, "bin.edges=50"));
    CHECK_OK(ipl_run(dev, &again, dir_of("m"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_on(&on, &again, dir_of("m-far"), NULL, NULL, NULL));
    same_results(dir_of("m"), dir_of("m-far"));
    assert_string_equal(lost_of(dir_of("m-far")), "");
    if (link_stop(&h) != IPL_OK) fail_msg("%s", h.why);
    files_remove_folder(folder);
}

/* A helper in a process of its own, to be killed or stopped. */
static pid_t fork_helper(const char *device, const int fd[2])
{
    const pid_t pid = fork();
    if (pid) return pid;
    ipl_device *dev;
    link_end own = {.fd = fd[1]};
    const ipl_link link = link_of(&own);
    close(fd[0]);
    alarm(120);
    _exit(ipl_device_open(device, NULL, &dev) != IPL_OK ||
          ipl_serve(dev, &link, NULL, NULL) != IPL_OK);
}

static void a_helper_that_dies_costs_no_result(void **state)
{
    static const int signals[] = {SIGKILL, SIGSTOP};
    ipl_device *dev = check_device(state);
    if (!ipl_device_about(dev)->is_host) skip(); /* no fork after a GPU was found */
    files_make_folder(folder);
    const ipl_config c = small_config(dev, "train.epochs=400", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("none"), NULL, NULL, NULL));
    for (int k = 0; k < 2; ++k) {
        int fd[2], ended;
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
        const pid_t pid = fork_helper(ipl_device_about(dev)->name, fd);
        CHECK(pid > 0);
        close(fd[1]);
        /* With the first request, of which it may then do a part. */
        link_end end = {.fd = fd[0], .hit_sent = 2, .hit_signal = signals[k],
                        .hit = pid};
        const ipl_link link = link_of(&end);
        const ipl_places on = {1, &dev, 1, &link};
        link_patience wait = {.end = &end, .sent = 2, .gone = !k};
        CHECK_OK(ipl_run_on(&on, &c, dir_of(k ? "held" : "dead"), link_wait, &wait,
                            NULL));
        CHECK(end.sent >= 2);
        kill(pid, SIGKILL);
        waitpid(pid, &ended, 0);
        free(end.text);
        close(fd[0]);
        same_results(dir_of("none"), dir_of(k ? "held" : "dead"));
        if (k) continue; /* who is silent may yet speak */
        CHECK(strstr(wait.lost, "helper 1: "));
        CHECK(strstr(wait.lost, "; the others go on"));
        CHECK(strstr(lost_of(dir_of("dead")), "the other side is gone"));
    }
    files_remove_folder(folder);
}

static void damage_is_refused(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    const ipl_config c = small_config(dev, "train.epochs=40", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("none"), NULL, NULL, NULL));
    for (int k = 0; k < 4; ++k) { /* hello and request, ready and points */
        char name[32];
        link_helper h = {0};
        if (k < 2) h.run.harm_sent = k + 1;
        else h.run.harm_received = k - 1;
        link_start(dev, &h);
        const ipl_link link = link_of(&h.run);
        const ipl_places on = {1, &dev, 1, &link};
        snprintf(name, sizeof name, "damage-%d", k);
        link_patience wait = {.end = &h.run, .sent = k % 2 + 1, .received = k - 1,
                              .gone = k < 2};
        CHECK_OK(ipl_run_on(&on, &c, dir_of(name), link_wait, &wait, NULL));
        same_results(dir_of("none"), dir_of(name));
        const ipl_status st = link_stop(&h);
        const char *lost = lost_of(dir_of(name));
        if (!strstr(lost, k < 2 ? "is gone" : "a message is damaged"))
            fail_msg("damage %d: lost is '%s', %d sent, %d received", k, lost,
                     h.run.sent, h.run.received);
        CHECK(st == (k < 2 ? IPL_E_FORMAT : IPL_OK));
        CHECK(k >= 2 || strstr(h.why, "a message is damaged"));
    }
    files_remove_folder(folder);
}

/* Before a run has asked its helpers it has read its data. */
static int change_the_data(void *user, const ipl_progress *now)
{
    float x[24];
    for (int i = 0; i < 24; ++i) x[i] = (float)i + (i == 7);
    if (!now->measured && !*(int *)user)
        CHECK_OK(ipl_npy_write_float32(files_path(folder, "X.npy"), 8, 3, x));
    *(int *)user = 1;
    return 0;
}

static void a_helper_with_other_data_is_left_out(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    float x[24];
    static const int32_t y[8] = {0, 1, 0, 1, 1, 0, 1, 0};
    char path[FILES_PATH + 32];
    int changed = 0;
    files_make_folder(folder);
    for (int i = 0; i < 24; ++i) x[i] = (float)i;
    CHECK_OK(ipl_npy_write_float32(files_path(folder, "X.npy"), 8, 3, x));
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), 8, y));
    snprintf(path, sizeof path, "data.path=%s", folder);
    const ipl_config c =
        small_config(dev, "data.set=npy", path, "net.layers=3, 2-tanh, 2",
                     "data.limit=0", "measure.subset=0", "train.epochs=30", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("none"), NULL, NULL, NULL));
    link_helper h = {0};
    link_start(dev, &h);
    const ipl_link link = link_of(&h.run);
    const ipl_places on = {1, &dev, 1, &link};
    CHECK_OK(ipl_run_on(&on, &c, dir_of("far"), change_the_data, &changed, NULL));
    same_results(dir_of("none"), dir_of("far"));
    const char *lost = lost_of(dir_of("far"));
    if (!strstr(lost, "helper 1: the helper's data are not the run's: expected ") ||
        strchr(lost, '\n') != lost + strlen(lost) - 1)
        fail_msg("'%s'", lost);
    if (link_stop(&h) != IPL_OK) fail_msg("%s", h.why); /* it may help another run */
    files_remove_folder(folder);
}

static int at_once(void *user)
{
    return ++*(int *)user > 2;
}

static void a_helper_stops_when_it_is_asked_to(void **state)
{
    int fd[2], asked = 0;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    link_end end = {.fd = fd[1]};
    const ipl_link link = link_of(&end);
    CHECK_FAILS(ipl_serve(check_device(state), &link, at_once, &asked), IPL_E_STOPPED,
                "stopped");
    close(fd[0]); /* the run is gone */
    CHECK_FAILS(ipl_serve(check_device(state), &link, NULL, NULL), IPL_E_IO, "gone");
    close(fd[1]);
}

static const check_test tests[] = {
    CHECK_TEST(helpers_give_the_bytes_of_none),
    CHECK_TEST(a_helper_serves_many_runs),
    CHECK_TEST(a_helper_that_dies_costs_no_result),
    CHECK_TEST(damage_is_refused),
    CHECK_TEST(a_helper_with_other_data_is_left_out),
    CHECK_TEST(a_helper_stops_when_it_is_asked_to),
};

CHECK_MAIN("helpers", tests, 1)
