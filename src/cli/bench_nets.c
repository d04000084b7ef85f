/*
 * bench_nets.c - times training steps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_timing.h"
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
    ipl_trainer   *trainer;
    int32_t       *order; /* [replicas][rows], one epoch */
} net_case;

static void close_net(net_case *c)
{
    ipl_trainer_destroy(c->trainer);
    ipl_free(c->dev, c->x.at);
    ipl_labels_free(c->dev, &c->y);
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
        row.processor_ms /= steps;
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
