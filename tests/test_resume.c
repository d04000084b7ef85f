/*
 * test_resume.c - runs with every policy, interrupted in every way, and their bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>

#include "plane_case.h"
#include "random.h"

enum { EPOCHS = 24, LAYERS = 3, KINDS = 3 };
static const char *const kind_name[KINDS] = {"bin", "kde-upper", "kde-lower"};

static char folder[FILES_PATH];

/* Small enough for an emulated GPU. The rate makes the curves move. */
static ipl_config small_config(const char *policy)
{
    char line[64];
    static const char *const lines[] = {
        "net.layers=12, 5-tanh, 3-tanh, 2", "train.batch=64",
        "train.learning_rate=0.01", "train.replicas=2", "data.limit=256",
        "measure.subset=64", "measure.loss_rows=50",
        "measure.every=5", "measure.log_dense=2", "measure.log_per_decade=5",
        "measure.list=3:9:2, 20", "measure.delta=0.1", NULL};
    ipl_config c = config_of(lines);
    snprintf(line, sizeof line, "train.epochs=%d", EPOCHS);
    CHECK_OK(ipl_config_set(&c, line));
    snprintf(line, sizeof line, "measure.policy=%s", policy);
    CHECK_OK(ipl_config_set(&c, line));
    return c;
}

static const char *dir_of(const char *name) { return files_path(folder, name); }

static void same_results(const char *a, const char *b)
{
    same_file(a, b, "plane.csv");
    same_file(a, b, "plane_details.csv");
    same_file(a, b, "training.csv");
    same_file(a, b, "compression.csv");
    same_file(a, b, "summary.csv");
}

/* Nothing is left of a finished run that only resuming needs. */
static void is_tidy(const char *dir)
{
    static const char *const gone[] = {"points.log", "state.bin", "snapshots.tmp"};
    char path[2 * FILES_PATH + 64];
    for (size_t g = 0; g < sizeof gone / sizeof *gone; ++g) {
        snprintf(path, sizeof path, "%s/%s", dir, gone[g]);
        CHECK(access(path, F_OK) != 0);
    }
}

/* Each line of `part` must be one of `all`, in the same order. */
static void lines_are_some_of(const char *part, const char *all)
{
    char *left = files_text(part, "plane.csv"), *right = files_text(all, "plane.csv");
    const char *at = right;
    for (const char *line = left; *line; line = strchr(line, '\n') + 1) {
        const size_t length = strcspn(line, "\n") + 1;
        while (*at && strncmp(at, line, length)) at += strcspn(at, "\n") + 1;
        if (!*at)
            fail_msg("%s: '%.*s' is not measured so", part, (int)length - 1, line);
        at += length;
    }
    free(left);
    free(right);
}

/* Reads plane.csv to value[tick][..], NAN where nothing was measured. */
enum { VALUES = 2 * LAYERS * KINDS * 2 };
static void read_values(const char *dir, double value[EPOCHS + 1][VALUES])
{
    char *text = files_text(dir, "plane.csv");
    for (int t = 0; t <= EPOCHS; ++t)
        for (int v = 0; v < VALUES; ++v) value[t][v] = NAN;
    for (char *line = strchr(text, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
        long long seed, tick;
        int  layer, kind = 0;
        char name[16];
        double x, y;
        CHECK(sscanf(line, "%lld,%lld,%d,%15[^,],%lf,%lf", &seed, &tick, &layer, name,
                     &x, &y) == 6);
        while (strcmp(kind_name[kind], name)) ++kind;
        double *at = value[tick] +
                     2 * (((seed - 1) * LAYERS + layer - 1) * KINDS + kind);
        at[0] = x / 6.0;   /* H(X) of 64 rows */
        at[1] = y;
    }
    free(text);
}

static void every_policy_gives_the_points_of_measuring_all(void **state)
{
    static const char *const policies[] = {"every", "log", "list", "delta-approx",
                                           "delta-exact"};
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    ipl_config all = small_config("every");
    all.every = 1;
    ipl_progress at;
    CHECK_OK(ipl_run(dev, &all, dir_of("all"), NULL, NULL, &at));
    assert_int_equal(at.measured, EPOCHS + 1);
    is_tidy(dir_of("all"));
    for (int p = (int)check_size(dev, 0, 4); p < 5; ++p) {
        const ipl_config c = small_config(policies[p]);
        CHECK_OK(ipl_run(dev, &c, dir_of(policies[p]), NULL, NULL, &at));
        printf("# %s measures %lld of %d ticks\n", policies[p], (long long)at.measured,
               EPOCHS + 1);
        CHECK(at.tick == EPOCHS && at.measured >= 2 && at.measured <= EPOCHS);
        CHECK(at.planned < 0 || at.planned == at.measured);
        lines_are_some_of(dir_of(policies[p]), dir_of("all"));
        same_file(dir_of(policies[p]), dir_of("all"), "training.csv");
    }
    files_remove_folder(folder);
}

static void exact_runs_keep_the_guarantee(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    ipl_config c = small_config("delta-exact");
    ipl_progress at;
    static double value[EPOCHS + 1][VALUES];
    CHECK_OK(ipl_run(dev, &c, dir_of("exact"), NULL, NULL, &at));
    read_values(dir_of("exact"), value);
    CHECK(!isnan(value[0][0]) && !isnan(value[EPOCHS][0]));
    /* H(Y) of the measured rows is below 1 bit, so that the run, which divides by it,
     * is stricter on I(T;Y) than this check in bits. */
    for (int a = 0, b = 1; b <= EPOCHS; ++b) {
        if (isnan(value[b][0])) continue;
        double most = 0.0;
        for (int v = 0; v < VALUES; ++v)
            most = fmax(most, fabs(value[a][v] - value[b][v]));
        CHECK(b == a + 1 || most <= c.delta + 1e-8);
        a = b;
    }
    files_remove_folder(folder);
}

/* Stops at the calls whose numbers a generator draws. */
typedef struct {
    int64_t left;
} patience;

static int run_out(void *user, const ipl_progress *now)
{
    patience *p = user;
    (void)now;
    return p->left-- <= 0;
}

static void stopped_runs_go_on_to_the_same_bytes(void **state)
{
    static const char *const policies[] = {"log", "delta-approx", "delta-exact"};
    ipl_device *dev = check_device(state);
    const ipl_random r = {check_seed(), 77};
    files_make_folder(folder);
    int64_t stops = 0;
    for (int p = (int)check_size(dev, 0, 2); p < 3; ++p) {
        ipl_config c = small_config(policies[p]);
        c.checkpoint_s = 0.0; /* a training state as often as it can be */
        CHECK_OK(ipl_run(dev, &c, dir_of(policies[p]), NULL, NULL, NULL));
        for (uint64_t again = 0; again < (uint64_t)check_size(dev, 4, 1); ++again) {
            char name[32];
            snprintf(name, sizeof name, "%s-%d", policies[p], (int)again);
            patience left = {(int64_t)ipl_random_below(r, again, 4)};
            ipl_status st = ipl_run(dev, &c, dir_of(name), run_out, &left, NULL);
            for (uint64_t turn = 1; st == IPL_E_STOPPED; ++turn, ++stops) {
                CHECK(strstr(ipl_last_error(), "stopped at epoch"));
                left.left = (int64_t)ipl_random_below(r, 100 * turn + again, 5) + 1;
                st = ipl_resume(dev, dir_of(name), run_out, &left, NULL);
            }
            CHECK_OK(st);
            same_results(dir_of(name), dir_of(policies[p]));
            is_tidy(dir_of(name));
        }
    }
    printf("# %lld stops\n", (long long)stops);
    CHECK(stops > 0);
    files_remove_folder(folder);
}

static int stop_half_way(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured >= 3;
}

/* Leaves a run that has measured a few ticks and is not done. */
static ipl_config unfinished(ipl_device *dev, const char *name)
{
    ipl_config c = small_config("every");
    c.every = 1;
    c.replicas = 1;
    c.checkpoint_s = 0.0;
    c.snapshot_mib = 0;
    const ipl_status st = ipl_run(dev, &c, dir_of(name), stop_half_way, NULL, NULL);
    CHECK(st == IPL_E_STOPPED || st == IPL_OK);
    ipl_run_info info;
    CHECK_OK(ipl_run_about(dir_of(name), &info));
    CHECK(!info.done && !strcmp(info.device, ipl_device_about(dev)->name));
    return c;
}

static void replace_line(const char *dir, const char *from, const char *to)
{
    char path[2 * FILES_PATH + 64];
    char *text = files_text(dir, "config.ini"), *at = strstr(text, from);
    CHECK(at != NULL);
    snprintf(path, sizeof path, "%s/config.ini", dir);
    FILE *file = fopen(path, "w");
    CHECK(file && fprintf(file, "%.*s%s%s", (int)(at - text), text, to,
                          at + strlen(from)) > 0);
    fclose(file);
    free(text);
}

static void a_changed_config_is_refused_by_name(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    unfinished(dev, "run");
    char *before = files_text(dir_of("run"), "plane.csv");
    replace_line(dir_of("run"), "batch = 64", "batch = 32");
    CHECK_FAILS(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "began with '[train] batch = 64', and this is '[train] batch = 32'");
    char *after = files_text(dir_of("run"), "plane.csv");
    assert_string_equal(before, after); /* a refusal changes nothing */
    replace_line(dir_of("run"), "batch = 32", "batch = 64");
    /* How a run works may change, unlike what it works on. */
    replace_line(dir_of("run"), "snapshot_mib = 0", "snapshot_mib = 7");
    CHECK_OK(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL));
    free(before);
    free(after);
    files_remove_folder(folder);
}

static void another_device_is_refused_by_name(void **state)
{
    ipl_device *dev = check_device(state), *other = NULL;
    char name[32];
    for (int d = 0; !other && d < ipl_device_count(); ++d)
        if (ipl_device_name(d, name, sizeof name) == IPL_OK &&
            strcmp(name, ipl_device_about(dev)->name))
            ipl_device_open(name, NULL, &other);
    if (!other) skip();
    files_make_folder(folder);
    unfinished(dev, "run");
    CHECK_FAILS(ipl_resume(other, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                ipl_device_about(dev)->name);
    CHECK(strstr(ipl_last_error(), ipl_device_about(other)->name));
    ipl_device_close(other);
    files_remove_folder(folder);
}

static void a_locked_directory_is_left_alone(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    unfinished(dev, "run");
    char path[2 * FILES_PATH + 64];
    snprintf(path, sizeof path, "%s/lock", dir_of("run"));
    const int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0);
    CHECK_FAILS(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL), IPL_E_UNSUPPORTED,
                "in use by another process");
    close(fd);
    CHECK_OK(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL));
    /* Done: once more is no error and changes nothing. */
    char *before = files_text(dir_of("run"), "run.json");
    CHECK_OK(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL));
    char *after = files_text(dir_of("run"), "run.json");
    assert_string_equal(before, after);
    free(before);
    free(after);
    CHECK_FAILS(ipl_resume(dev, folder, NULL, NULL, NULL), IPL_E_IO, "config.ini");
    CHECK_FAILS(ipl_resume(dev, "/nowhere", NULL, NULL, NULL), IPL_E_IO, "/nowhere");
    ipl_config c = small_config("log");
    CHECK_FAILS(ipl_run(dev, &c, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "exists already");
    files_remove_folder(folder);
}

static void a_full_disk_costs_no_results(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    struct rlimit whole, cut;
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &whole) == 0);
    files_make_folder(folder);
    ipl_config c = small_config("every");
    c.every = 1;
    c.checkpoint_s = 0.0;
    CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
    ipl_status st = IPL_OK;
    int failures = 0;
    char begun[2 * FILES_PATH + 64];
    snprintf(begun, sizeof begun, "%s/config.ini", dir_of("cut"));
    for (rlim_t bytes = 4096; st != IPL_OK || !failures; bytes += 2500) {
        cut = whole;
        cut.rlim_cur = bytes;
        CHECK(setrlimit(RLIMIT_FSIZE, &cut) == 0);
        st = access(begun, F_OK)
                 ? ipl_run(dev, &c, dir_of("cut"), NULL, NULL, NULL)
                 : ipl_resume(dev, dir_of("cut"), NULL, NULL, NULL);
        CHECK(setrlimit(RLIMIT_FSIZE, &whole) == 0);
        if (st == IPL_OK) break;
        ++failures;
        CHECK(st == IPL_E_IO && strstr(ipl_last_error(), strerror(EFBIG)));
    }
    printf("# went on after %d full disks\n", failures);
    CHECK(failures > 2);
    same_results(dir_of("cut"), dir_of("whole"));
    files_remove_folder(folder);
}

/* What is measured, and told to the policy, in whatever order. */
static void lanes_do_not_change_a_byte(void **state)
{
    static const char *const policy[] = {"every", "delta-exact"};
    ipl_device *dev = check_device(state);
    for (int p = 0; p < 2; ++p) {
        files_make_folder(folder);
        ipl_config c = small_config(policy[p]);
        c.lanes = 1;
        CHECK_OK(ipl_run(dev, &c, dir_of("one"), NULL, NULL, NULL));
        c.lanes = 3;
        CHECK_OK(ipl_run(dev, &c, dir_of("three"), NULL, NULL, NULL));
        same_results(dir_of("one"), dir_of("three"));
        char *json = files_text(dir_of("three"), "run.json");
        CHECK(strstr(json, "\"measuring_lanes\": 3"));
        free(json);
        files_remove_folder(folder);
    }
}

static void snapshots_may_go_to_the_disk(void **state)
{
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    ipl_config c = small_config("delta-exact");
    CHECK_OK(ipl_run(dev, &c, dir_of("memory"), NULL, NULL, NULL));
    char *json = files_text(dir_of("memory"), "run.json");
    CHECK(strstr(json, "\"spilled\": 0,"));
    CHECK(!strstr(json, "\"kept_on_device\": 0,") == !ipl_device_about(dev)->is_host);
    free(json);
    c.snapshot_mib = c.snapshot_device_mib = 0;
    CHECK_OK(ipl_run(dev, &c, dir_of("file"), NULL, NULL, NULL));
    same_results(dir_of("memory"), dir_of("file"));
    json = files_text(dir_of("file"), "run.json");
    CHECK(strstr(json, "\"spilled\": ") && !strstr(json, "\"spilled\": 0,"));
    CHECK(strstr(json, "\"kept_on_device\": 0,"));
    free(json);
    files_remove_folder(folder);
}

static void threads_do_not_change_a_byte(void **state)
{
    ipl_device *dev = check_device(state), *one;
    if (strncmp(ipl_device_about(dev)->name, "cpu", 3)) skip();
    CHECK_OK(ipl_device_open(ipl_device_about(dev)->name,
                             &(ipl_device_options){.threads = 1}, &one));
    files_make_folder(folder);
    const ipl_config c = small_config("delta-exact");
    CHECK_OK(ipl_run(dev, &c, dir_of("two"), NULL, NULL, NULL));
    CHECK_OK(ipl_run(one, &c, dir_of("one"), NULL, NULL, NULL));
    same_results(dir_of("two"), dir_of("one"));
    ipl_device_close(one);
    files_remove_folder(folder);
}

static void damage_before_the_state_is_an_error(void **state)
{
    ipl_device *dev = check_device(state);
    if (check_size(dev, 0, 1)) skip(); /* nothing in it depends on the device */
    files_make_folder(folder);
    unfinished(dev, "run");
    char path[2 * FILES_PATH + 64], byte = 0;
    snprintf(path, sizeof path, "%s/state.bin", dir_of("run"));
    CHECK(access(path, F_OK) == 0);
    snprintf(path, sizeof path, "%s/points.log", dir_of("run"));
    const int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && pread(fd, &byte, 1, 2000) == 1);
    byte ^= 4;
    CHECK(pwrite(fd, &byte, 1, 2000) == 1);
    close(fd);
    CHECK_FAILS(ipl_resume(dev, dir_of("run"), NULL, NULL, NULL), IPL_E_FORMAT,
                "points.log: damaged");
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(every_policy_gives_the_points_of_measuring_all),
    CHECK_TEST(exact_runs_keep_the_guarantee),
    CHECK_TEST(stopped_runs_go_on_to_the_same_bytes),
    CHECK_TEST(a_changed_config_is_refused_by_name),
    CHECK_TEST(another_device_is_refused_by_name),
    CHECK_TEST(a_locked_directory_is_left_alone),
    CHECK_TEST(a_full_disk_costs_no_results),
    CHECK_TEST(lanes_do_not_change_a_byte),
    CHECK_TEST(snapshots_may_go_to_the_disk),
    CHECK_TEST(threads_do_not_change_a_byte),
    CHECK_TEST(damage_before_the_state_is_an_error),
};

CHECK_MAIN("resume", tests, 1)
