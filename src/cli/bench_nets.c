/*
 * bench_nets.c - times training steps and the measuring of a whole snapshot.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_timing.h"
#include "ipl_mi.h"
#include "ipl_net.h"

/* The two networks of the field: Shwartz-Ziv and Tishby (2017), Saxe et al. (2018). */
static const char ib_net[] = "12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, 2";
static const char mnist_net[] = "784, 1024-tanh, 20-tanh, 20-tanh, 20-tanh, 10";

typedef struct {
    ipl_device    *dev;
    ipl_net_shape  shape;
    int64_t        rows; /* of x */
    ipl_mat        x;
    ipl_labels     y;
    /* Training. */
    ipl_trainer   *trainer;
    int32_t       *order; /* [replicas][rows], one epoch */
    /* Measuring. */
    float         *params;
    float         *act[IPL_NET_LAYERS_MAX];
    ipl_mi_job     job[IPL_NET_LAYERS_MAX];
    int            estimators;
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
    void          *scratch;
    size_t         scratch_bytes;
} net_case;

static void close_net(net_case *c)
{
    ipl_trainer_destroy(c->trainer);
    ipl_free(c->dev, c->x.at);
    ipl_labels_free(c->dev, &c->y);
    ipl_free(c->dev, c->params);
    for (int l = 0; l < c->shape.layers; ++l) ipl_free(c->dev, c->act[l]);
    ipl_free(c->dev, c->scratch);
    free(c->order);
}

/* Random inputs in [0, 1) with random classes: the work does not depend on them. */
static ipl_status open_net(net_case *c, const char *text, int64_t rows)
{
    ipl_status st = IPL_OK;
    float *x = NULL;
    int32_t *y = NULL;
    uint64_t state = 7;
    IPL_TRY(ipl_net_parse(text, &c->shape));
    const int64_t values = rows * c->shape.width[0];
    const int32_t classes = c->shape.width[c->shape.layers];
    c->rows = rows;
    x = malloc((size_t)values * sizeof *x);
    y = malloc((size_t)rows * sizeof *y);
    if (!x || !y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld rows of inputs", (long long)rows);
        goto done;
    }
    for (int64_t i = 0; i < values; ++i) x[i] = (float)bench_uniform(&state);
    for (int64_t i = 0; i < rows; ++i)
        y[i] = (int32_t)(bench_uniform(&state) * classes);
    IPL_TRY_DONE(ipl_mat_alloc(c->dev, rows, c->shape.width[0], &c->x));
    IPL_TRY_DONE(ipl_upload(c->dev, x, (size_t)values * sizeof *x, c->x.at));
    IPL_TRY_DONE(ipl_labels_create(c->dev, rows, classes, y, &c->y));
done:
    free(x);
    free(y);
    return st;
}

static ipl_status train_epoch(void *user, int turn)
{
    net_case *c = user;
    (void)turn;
    return ipl_trainer_train(c->trainer, c->rows, c->order, NULL);
}

static ipl_status open_trainer(net_case *c, const ipl_train_options *options,
                               int replicas)
{
    IPL_TRY(ipl_trainer_create(c->dev, &c->shape, options, replicas, c->x, &c->y,
                               &c->trainer));
    const int64_t floats = ipl_trainer_state_floats(c->trainer);
    const int64_t each = floats / replicas;
    float *values = calloc((size_t)floats, sizeof *values);
    c->order = malloc((size_t)(replicas * c->rows) * sizeof *c->order);
    ipl_status st = values && c->order ? IPL_OK
                                       : IPL_FAIL(IPL_E_MEMORY, "%lld floats of state",
                                                  (long long)floats);
    for (int r = 0; st == IPL_OK && r < replicas; ++r) {
        st = ipl_net_init(&c->shape, IPL_INIT_GLOROT, (uint64_t)r, values + r * each);
        ipl_net_shuffle(c->rows, (uint64_t)r, 1, c->order + r * c->rows);
    }
    if (st == IPL_OK) st = ipl_trainer_write(c->trainer, values, 0);
    free(values);
    return st;
}

static ipl_status train_row(bench_context *context, const char *text, int64_t rows,
                            int64_t batch, int replicas)
{
    bench_row row = {.what = "train", .n = batch, .d = replicas, .ceiling = "fma"};
    net_case c = {.dev = context->dev};
    ipl_train_options options = ipl_train_defaults();
    options.optimizer = IPL_ADAM;
    options.learning_rate = 4e-4;
    options.batch = batch;
    ipl_status st = open_net(&c, text, rows);
    if (st == IPL_OK) st = open_trainer(&c, &options, replicas);
    if (st == IPL_OK) st = bench_time(context, train_epoch, &c, &row);
    if (st == IPL_OK) {
        const double steps = ceil((double)rows / (double)batch);
        /* Two products backward for one forward, two operations a multiply-add. */
        const double flop = 6.0 * (double)ipl_net_parameters(&c.shape) * (double)rows *
                            replicas;
        snprintf(row.shape, sizeof row.shape, "%s", text);
        row.gflop_per_s = flop / row.median_ms * 1e-6;
        row.share_of_ceiling = row.gflop_per_s / context->ceilings.fma_gflop_per_s;
        row.best_ms /= steps;
        row.median_ms /= steps;
        context->report(context->user, &row);
    }
    close_net(&c);
    return st;
}

ipl_status bench_train(bench_context *context)
{
    static const int replicas[] = {1, 4, 16, 64, 256};
    const int counts = context->small ? 2 : 5;
    for (int r = 0; r < counts; ++r)
        IPL_TRY(
            train_row(context, ib_net, context->small ? 512 : 3328, 256, replicas[r]));
    if (context->small)
        return train_row(context, "64, 96-tanh, 20-tanh, 10", 256, 128, 1);
    IPL_TRY(train_row(context, mnist_net, 1280, 128, 1));
    return train_row(context, mnist_net, 1280, 128, 4);
}

/* A snapshot: forward pass, then the standard estimators on every layer. */
static ipl_status measure_once(void *user, int turn)
{
    net_case *c = user;
    (void)turn;
    IPL_TRY(ipl_net_forward(c->dev, &c->shape, c->params, c->x, c->act));
    return ipl_mi_estimate(c->dev, c->estimators, c->options, c->shape.layers, c->job,
                           c->scratch, c->scratch_bytes);
}

static ipl_status open_measure(net_case *c)
{
    const int64_t count = ipl_net_parameters(&c->shape);
    float *params = malloc((size_t)count * sizeof *params);
    if (!params) return IPL_FAIL(IPL_E_MEMORY, "%lld parameters", (long long)count);
    ipl_status st = IPL_OK;
    IPL_TRY_DONE(ipl_net_init(&c->shape, IPL_INIT_GLOROT, 1, params));
    IPL_TRY_DONE(
        ipl_alloc(c->dev, (size_t)count * sizeof *params, (void **)&c->params));
    IPL_TRY_DONE(ipl_upload(c->dev, params, (size_t)count * sizeof *params, c->params));
    for (int l = 0; l < c->shape.layers; ++l) {
        ipl_mi_job *job = &c->job[l];
        *job = (ipl_mi_job){.y = &c->y};
        IPL_TRY_DONE(ipl_mat_alloc(c->dev, c->rows, c->shape.width[l + 1], &job->t));
        c->act[l] = job->t.at;
    }
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        if (ipl_mi_family_of((ipl_mi_estimator)k)->standard)
            c->options[c->estimators++] = ipl_mi_defaults((ipl_mi_estimator)k);
    IPL_TRY_DONE(ipl_mi_scratch_bytes(c->dev, c->estimators, c->options,
                                      c->shape.layers, c->job, &c->scratch_bytes));
    st = ipl_alloc(c->dev, c->scratch_bytes, &c->scratch);
done:
    free(params);
    return st;
}

static ipl_status measure_row(bench_context *context, const char *text, int64_t rows)
{
    bench_row row = {.what = "measure", .n = rows, .ceiling = ""};
    net_case c = {.dev = context->dev};
    ipl_status st = open_net(&c, text, rows);
    if (st == IPL_OK) st = open_measure(&c);
    if (st == IPL_OK) st = bench_time(context, measure_once, &c, &row);
    if (st == IPL_OK) {
        snprintf(row.shape, sizeof row.shape, "%s", text);
        context->report(context->user, &row);
    }
    close_net(&c);
    return st;
}

ipl_status bench_measure(bench_context *context)
{
    IPL_TRY(measure_row(context, ib_net, context->small ? 256 : 4096));
    return context->small ? measure_row(context, "64, 96-tanh, 20-tanh, 10", 256)
                          : measure_row(context, mnist_net, 10000);
}
