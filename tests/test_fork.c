/*
 * test_fork.c - a child process that its parent forked after it used the library.
 *
 * The parent works on two threads, which the child does not have. A child does the same
 * work on the parent's device and on one of its own, and a child of the child too; all
 * have to end, with the parent's bits. No CHECK in a child: it would go on with the
 * parent's tests.
 */
#include <sys/wait.h>

#include "plane_case.h"
#include "random.h"

enum { SECONDS = 120, BIN_ROWS = 33000, PAIR_ROWS = 1000, NET_ROWS = 5000, UNITS = 8 };

/* What threads may share: replicas, the rows of a batch, products and updates. */
static const struct {
    const char *layers;
    int         replicas;
    int64_t     batch;
} nets[] = {{"8, 10-tanh, 7-relu, 2", 2, 64},
            {"8, 10-tanh, 7-relu, 2", 1, 0},
            {"8, 300-tanh, 300-tanh, 2", 1, 2500}};
enum { NETS = sizeof nets / sizeof *nets };

/* What a process found out. */
typedef struct {
    double   x[3], y[3]; /* bin, kde-upper, kde-lower                           */
    double   loss[NETS];
    uint64_t weights[NETS]; /* hash of the trained parameters                   */
} findings;

static uint64_t hash_of(size_t bytes, const void *from)
{
    const unsigned char *at = from;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (size_t b = 0; b < bytes; ++b) hash = (hash ^ at[b]) * 0x100000001b3u;
    return hash;
}

/* rows x cols numbers and labels on the device, all from `seed`. */
static ipl_status fill(ipl_device *dev, int64_t rows, int64_t cols, uint64_t seed,
                       ipl_mat *t, ipl_labels *y)
{
    float *value = malloc((size_t)(rows * cols) * sizeof *value);
    int32_t *label = malloc((size_t)rows * sizeof *label);
    for (int64_t i = 0; i < rows * cols; ++i)
        value[i] = (float)ipl_random_uniform((ipl_random){seed, 1}, (uint64_t)i);
    for (int64_t i = 0; i < rows; ++i) label[i] = value[i * cols] > 0.5f;
    ipl_status st = ipl_mat_alloc(dev, rows, cols, t);
    if (st == IPL_OK)
        st = ipl_upload(dev, value, (size_t)(rows * cols) * sizeof *value, t->at);
    if (st == IPL_OK) st = ipl_labels_create(dev, rows, 2, label, y);
    free(value);
    free(label);
    return st;
}

static ipl_status estimate(ipl_device *dev, ipl_mi_estimator which, findings *out)
{
    ipl_status st = IPL_OK;
    ipl_labels y = {0};
    void *scratch = NULL;
    size_t bytes;
    ipl_mi_job job = {0};
    ipl_mi_options options = ipl_mi_defaults(which);
    options.bin_form = IPL_BIN_QUANTILES;
    options.bin_quantiles = 30;
    if (which == IPL_MI_BIN) IPL_TRY_DONE(fill(dev, BIN_ROWS, 2, 1, &job.t, &y));
    else IPL_TRY_DONE(fill(dev, PAIR_ROWS, UNITS, 2, &job.t, &y));
    job.y = &y;
    IPL_TRY_DONE(ipl_mi_scratch_bytes(dev, 1, &options, 1, &job, &bytes));
    IPL_TRY_DONE(ipl_alloc(dev, bytes, &scratch));
    IPL_TRY_DONE(ipl_mi_estimate(dev, 1, &options, 1, &job, scratch, bytes));
    for (int p = 0; p < job.points; ++p) {
        out->x[p + (which == IPL_MI_KDE)] = job.point[p].i_xt;
        out->y[p + (which == IPL_MI_KDE)] = job.point[p].i_ty;
    }
done:
    ipl_free(dev, scratch);
    ipl_free(dev, job.t.at);
    ipl_labels_free(dev, &y);
    return st;
}

static ipl_status train(ipl_device *dev, int net, findings *out)
{
    const int replicas = nets[net].replicas;
    ipl_status st = IPL_OK;
    ipl_mat x = {0};
    ipl_labels y = {0};
    ipl_net_shape shape;
    ipl_trainer *trainer = NULL;
    float *state = NULL;
    void *params = NULL;
    int64_t steps, correct;
    ipl_train_options options = ipl_train_defaults();
    int32_t *order = malloc((size_t)(replicas * NET_ROWS) * sizeof *order);
    options.batch = nets[net].batch;
    IPL_TRY_DONE(ipl_net_parse(nets[net].layers, &shape));
    IPL_TRY_DONE(fill(dev, NET_ROWS, UNITS, 3, &x, &y));
    IPL_TRY_DONE(ipl_trainer_create(dev, &shape, &options, replicas, x, &y, &trainer));
    const int64_t floats = ipl_trainer_state_floats(trainer), each = floats / replicas;
    state = calloc((size_t)floats, sizeof *state);
    for (int r = 0; r < replicas; ++r) {
        IPL_TRY_DONE(ipl_net_init(&shape, IPL_INIT_GLOROT, (uint64_t)r,
                                  state + r * each));
        ipl_net_shuffle(NET_ROWS, (uint64_t)r, 0, order + r * NET_ROWS);
    }
    IPL_TRY_DONE(ipl_trainer_write(trainer, state, 0));
    IPL_TRY_DONE(ipl_trainer_train(trainer, NET_ROWS, order, NULL));
    IPL_TRY_DONE(ipl_trainer_read(trainer, state, &steps));
    out->weights[net] = hash_of((size_t)floats * sizeof *state, state);
    IPL_TRY_DONE(ipl_alloc(dev, (size_t)each * sizeof *state, &params));
    IPL_TRY_DONE(ipl_trainer_snapshot(trainer, 0, params));
    IPL_TRY_DONE(ipl_net_evaluate(dev, &shape, params, x, &y, &out->loss[net],
                                  &correct));
done:
    ipl_trainer_destroy(trainer);
    ipl_free(dev, params);
    ipl_free(dev, x.at);
    ipl_labels_free(dev, &y);
    free(state);
    free(order);
    return st;
}

static ipl_status work(ipl_device *dev, findings *out)
{
    *out = (findings){0};
    IPL_TRY(estimate(dev, IPL_MI_BIN, out));
    IPL_TRY(estimate(dev, IPL_MI_KDE, out));
    for (int n = 0; n < NETS; ++n) IPL_TRY(train(dev, n, out));
    return IPL_OK;
}

/* Ends a child: what went wrong goes to stdout, 0 is success. */
static void leave(const char *who, const char *why)
{
    if (why) printf("# %s: %s\n", who, why);
    fflush(stdout);
    _exit(why != NULL);
}

static int ended_well(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return 0;
    if (WIFSIGNALED(status)) printf("# a child ended by signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) && !WEXITSTATUS(status);
}

/* The work on the parent's device, on one of this process's own, and in a run. */
static void work_again(const char *who, ipl_device *old, const findings *want,
                       const ipl_config *config, const char *f)
{
    findings got;
    ipl_device *own;
    const ipl_device_options options = {.threads = 2};
    alarm(SECONDS); /* ends a process that hangs */
    if (work(old, &got) != IPL_OK) leave(who, ipl_last_error());
    if (memcmp(&got, want, sizeof got)) leave(who, "other bits on the parent's device");
    if (ipl_device_open(ipl_device_about(old)->name, &options, &own) != IPL_OK ||
        work(own, &got) != IPL_OK)
        leave(who, ipl_last_error());
    if (memcmp(&got, want, sizeof got)) leave(who, "other bits on an own device");
    if (ipl_run(old, config, files_path(f, who), NULL, NULL, NULL) != IPL_OK)
        leave(who, ipl_last_error());
    ipl_device_close(own);
}

static int is_cuda(ipl_device *dev)
{
    return !strncmp(ipl_device_about(dev)->name, "cuda", 4);
}

static void a_forked_child_works_to_the_same_bits(void **state)
{
    static const char *const sets[] = {
        "net.layers=12, 6-tanh, 4-relu, 2", "train.epochs=3", "train.replicas=2",
        "measure.policy=every", "measure.every=1", "measure.subset=600", NULL};
    ipl_device *dev = check_device(state);
    if (is_cuda(dev)) skip(); /* its own test is below */
    char f[FILES_PATH];
    files_make_folder(f);
    findings want;
    CHECK_OK(work(dev, &want));
    const ipl_config config = config_of(sets);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "parent"), NULL, NULL, NULL));
    fflush(stdout);
    const pid_t child = fork();
    if (!child) {
        work_again("child", dev, &want, &config, f);
        const pid_t grandchild = fork();
        if (!grandchild) {
            work_again("grandchild", dev, &want, &config, f);
            leave("grandchild", NULL);
        }
        leave("child", ended_well(grandchild) ? NULL : "the grandchild failed");
    }
    CHECK(ended_well(child));
    same_file(files_path(f, "parent"), files_path(f, "child"), "plane.csv");
    same_file(files_path(f, "parent"), files_path(f, "grandchild"), "plane.csv");
    /* And the parent is what it was. */
    findings after;
    CHECK_OK(work(dev, &after));
    CHECK(!memcmp(&after, &want, sizeof want));
    files_remove_folder(f);
}

/* CUDA does not survive fork: every call says so, and closing is allowed. */
static void use_cuda_in_a_child(ipl_device *dev, void *at, ipl_trainer *trainer)
{
    char byte = 0;
    float one = 0;
    int64_t steps;
    ipl_device *again;
    ipl_event *event;
    alarm(SECONDS);
    const ipl_status answers[] = {
        ipl_upload(dev, &byte, 1, at), ipl_download(dev, at, 1, &byte),
        ipl_alloc(dev, 1, &at), ipl_sync(dev), ipl_event_create(dev, &event),
        ipl_trainer_read(trainer, &one, &steps),
        ipl_device_open_again(dev, &again), ipl_device_open("cuda", NULL, &again)};
    for (size_t k = 0; k < sizeof answers / sizeof *answers; ++k)
        if (answers[k] != IPL_E_DEVICE) leave("child", "a call is not refused");
    if (!strstr(ipl_last_error(), "CUDA does not survive fork"))
        leave("child", ipl_last_error());
    ipl_trainer_destroy(trainer);
    ipl_free(dev, at);
    ipl_device_close(dev);
    /* The processor is still there. */
    findings unused;
    if (ipl_device_open("cpu", NULL, &dev) != IPL_OK || work(dev, &unused) != IPL_OK)
        leave("child", ipl_last_error());
    leave("child", NULL);
}

static void cuda_in_a_forked_child_is_refused(void **state)
{
    ipl_device *dev = check_device(state);
    void *at;
    ipl_mat x;
    ipl_labels y;
    ipl_net_shape shape;
    ipl_trainer *trainer;
    const ipl_train_options options = ipl_train_defaults();
    if (!is_cuda(dev)) skip();
    CHECK_OK(ipl_alloc(dev, 1, &at));
    CHECK_OK(fill(dev, 64, UNITS, 3, &x, &y));
    CHECK_OK(ipl_net_parse("8, 70-tanh, 2", &shape));
    CHECK_OK(ipl_trainer_create(dev, &shape, &options, 1, x, &y, &trainer));
    fflush(stdout);
    const pid_t child = fork();
    if (!child) use_cuda_in_a_child(dev, at, trainer);
    CHECK(ended_well(child));
    CHECK_OK(ipl_sync(dev)); /* the parent's is as it was */
    ipl_trainer_destroy(trainer);
    ipl_free(dev, at);
    ipl_free(dev, x.at);
    ipl_labels_free(dev, &y);
}

static const check_test tests[] = {
    CHECK_TEST(a_forked_child_works_to_the_same_bits),
    CHECK_TEST(cuda_in_a_forked_child_is_refused),
};

CHECK_MAIN("fork", tests, 1)
