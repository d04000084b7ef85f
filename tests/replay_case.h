/*
 * replay_case.h - the networks of a run, trained again, step by step.
 *
 * A trainer of the same device makes the same parameters; what a run writes of them is
 * recomputed by the oracles in double. No part of src/plane has a share in it.
 */
#ifndef REPLAY_CASE_H
#define REPLAY_CASE_H

#include "check.h"
#include "ipl_config.h"
#include "oracle_net.h"
#include "random.h"

enum { REPLAY_ROWS_ALL, REPLAY_ROWS_TRAIN, REPLAY_ROWS_TEST }; /* measure.rows */

/* A number and how far off a run may be. */
typedef struct {
    double value, bound;
} replay_number;

typedef struct {
    replay_number mean, deviation; /* of a layer's gradient                     */
} replay_gradient;

typedef struct {
    ipl_device   *dev;
    ipl_config    config;
    ipl_net_shape shape;
    ipl_dataset   data;
    int64_t       parameters, trains, batch, steps, tick;
    int           replicas;
    float        *x;      /* host, [rows][inputs], in the order of the split     */
    int32_t      *y;
    ipl_mat       dx;     /* device: rows that train                            */
    ipl_labels    dy;
    ipl_trainer  *trainer;
    float        *params; /* host, [replicas][parameters], of the present tick   */
    oracle_values *step;  /* [replicas][steps]: gradients of the latest tick     */
    int           taken;  /* steps in it                                        */
} replay;

/* -- Rows -------------------------------------------------------------------------*/

static inline void replay_load(replay *p)
{
    ipl_data_options options = p->config.data;
    options.path = p->config.data_path;
    CHECK_OK(ipl_dataset_load(&options, &p->data));
    const size_t inputs = (size_t)p->data.inputs, rows = (size_t)p->data.rows;
    p->x = malloc(rows * inputs * sizeof *p->x);
    p->y = malloc(rows * sizeof *p->y);
    for (size_t i = 0; i < rows; ++i) {
        const size_t row = (size_t)p->data.split[i];
        memcpy(p->x + i * inputs, p->data.x + row * inputs, inputs * sizeof *p->x);
        p->y[i] = p->data.y[row];
    }
    p->trains = p->data.train_rows;
    CHECK_OK(ipl_mat_alloc(p->dev, p->trains, p->data.inputs, &p->dx));
    CHECK_OK(ipl_upload(p->dev, p->x, (size_t)p->trains * inputs * sizeof *p->x,
                        p->dx.at));
    CHECK_OK(ipl_labels_create(p->dev, p->trains, p->shape.width[p->shape.layers], p->y,
                               &p->dy));
}

/* The measured rows: x[n][inputs] and y[n], to be freed; returns n. */
static inline int64_t replay_measured(const replay *p, float **x, int32_t **y)
{
    const int of = (int)ipl_config_first_rows(&p->config);
    const int64_t begin = of == REPLAY_ROWS_TEST ? p->trains : 0;
    const int64_t end = of == REPLAY_ROWS_TRAIN ? p->trains : p->data.rows;
    const int64_t all = end - begin, n = p->config.subset ? p->config.subset : all;
    const size_t inputs = (size_t)p->data.inputs;
    int32_t *row = malloc((size_t)all * sizeof *row);
    for (int64_t i = 0; i < all; ++i) row[i] = (int32_t)i;
    if (n < all)
        ipl_random_permutation((ipl_random){p->config.data.seed, IPL_STREAM_SUBSET},
                               all, row);
    *x = malloc((size_t)n * inputs * sizeof **x);
    *y = malloc((size_t)n * sizeof **y);
    for (int64_t i = 0; i < n; ++i) {
        memcpy(*x + (size_t)i * inputs, p->x + (size_t)(begin + row[i]) * inputs,
               inputs * sizeof **x);
        (*y)[i] = p->y[begin + row[i]];
    }
    free(row);
    return n;
}

/* -- Training ---------------------------------------------------------------------*/

/* Copies the networks, as they stand, to p->params. */
static inline void replay_look(replay *p)
{
    void *at;
    const size_t bytes = (size_t)p->parameters * sizeof *p->params;
    CHECK_OK(ipl_alloc(p->dev, bytes, &at));
    for (int r = 0; r < p->replicas; ++r) {
        CHECK_OK(ipl_trainer_snapshot(p->trainer, r, at));
        CHECK_OK(ipl_download(p->dev, at, bytes, p->params + r * p->parameters));
    }
    ipl_free(p->dev, at);
}

static inline double *replay_exact(const replay *p, int replica)
{
    double *exact = malloc((size_t)p->parameters * sizeof *exact);
    for (int64_t i = 0; i < p->parameters; ++i)
        exact[i] = p->params[replica * p->parameters + i];
    return exact;
}

static inline replay replay_start(ipl_device *dev, const ipl_config *config)
{
    replay p = {.dev = dev, .config = *config, .replicas = (int)config->replicas};
    CHECK_OK(ipl_config_net(config, &p.shape));
    replay_load(&p);
    p.batch = config->train.batch;
    if (!p.batch || p.batch > p.trains) p.batch = p.trains;
    p.steps = (p.trains + p.batch - 1) / p.batch;
    p.parameters = ipl_net_parameters(&p.shape);
    p.params = malloc((size_t)(p.replicas * p.parameters) * sizeof *p.params);
    p.step = calloc((size_t)(p.replicas * p.steps), sizeof *p.step);

    ipl_train_options options = config->train;
    options.batch = p.batch;
    CHECK_OK(ipl_trainer_create(dev, &p.shape, &options, p.replicas, p.dx, &p.dy,
                                &p.trainer));
    const int64_t floats = ipl_trainer_state_floats(p.trainer);
    float *state = calloc((size_t)floats, sizeof *state);
    for (int r = 0; r < p.replicas; ++r)
        CHECK_OK(ipl_net_init(&p.shape, config->init, (uint64_t)(config->seed + r),
                              state + r * (floats / p.replicas)));
    CHECK_OK(ipl_trainer_write(p.trainer, state, 0));
    free(state);
    replay_look(&p);
    return p;
}

/* The gradient of a batch, before the step that follows it. */
static inline oracle_values replay_batch_gradient(const replay *p, int replica,
                                                  int64_t count, const int32_t *row)
{
    const size_t inputs = (size_t)p->data.inputs;
    float *x = malloc((size_t)count * inputs * sizeof *x);
    int32_t *y = malloc((size_t)count * sizeof *y);
    double *exact = replay_exact(p, replica);
    for (int64_t i = 0; i < count; ++i) {
        memcpy(x + (size_t)i * inputs, p->x + (size_t)row[i] * inputs,
               inputs * sizeof *x);
        y[i] = p->y[row[i]];
    }
    const oracle_values g = oracle_gradient(&p->shape, exact, count, x, y);
    free(x);
    free(y);
    free(exact);
    return g;
}

/* Step number `step` of an epoch, for all replicas. */
static inline void replay_step(replay *p, int64_t epoch, int64_t step)
{
    const int64_t begin = step * p->batch;
    const int64_t count = p->trains - begin < p->batch ? p->trains - begin : p->batch;
    int32_t *order = malloc((size_t)p->trains * sizeof *order);
    int32_t *slice = malloc((size_t)(p->replicas * count) * sizeof *slice);
    for (int r = 0; r < p->replicas; ++r) {
        if (p->config.shuffle)
            ipl_net_shuffle(p->trains, (uint64_t)(p->config.seed + r), epoch, order);
        else
            for (int64_t i = 0; i < p->trains; ++i) order[i] = (int32_t)i;
        memcpy(slice + r * count, order + begin, (size_t)count * sizeof *slice);
        oracle_values *at = p->step + r * p->steps + p->taken;
        oracle_release(*at);
        *at = replay_batch_gradient(p, r, count, slice + r * count);
    }
    ++p->taken;
    CHECK_OK(ipl_trainer_train(p->trainer, count, slice, NULL));
    replay_look(p);
    free(order);
    free(slice);
}

/* One epoch, or one step, as measure.tick says. */
static inline void replay_tick(replay *p)
{
    p->taken = 0;
    if (p->config.tick)
        replay_step(p, p->tick / p->steps + 1, p->tick % p->steps);
    else
        for (int64_t s = 0; s < p->steps; ++s) replay_step(p, p->tick + 1, s);
    ++p->tick;
}

/* Mean and deviation of a layer's gradient over the batches of the latest tick. Both
 * are norms: errors of the gradients pass on as the norm of the errors. */
static inline replay_gradient replay_gradient_of(const replay *p, int replica,
                                                 int layer)
{
    const oracle_values *g = p->step + replica * p->steps;
    double mean = 0.0, mean_off = 0.0, spread = 0.0, spread_off = 0.0;
    const int n = p->taken;
    for (int64_t w = ipl_net_weight_at(&p->shape, layer);
         w < ipl_net_bias_at(&p->shape, layer); ++w) {
        double sum = 0.0, off = 0.0;
        for (int b = 0; b < n; ++b) sum += g[b].v[w], off += g[b].e[w];
        mean += sum / n * (sum / n);
        mean_off += off / n * (off / n);
        for (int b = 0; b < n; ++b) {
            spread += pow(g[b].v[w] - sum / n, 2) / n;
            spread_off += g[b].e[w] * g[b].e[w] / n;
        }
    }
    if (n == 1) spread_off = 0.0; /* one batch is its own mean */
    return (replay_gradient){{sqrt(mean), sqrt(mean_off) + 1e-12},
                             {sqrt(spread), sqrt(spread_off)}};
}

static inline void replay_free(replay *p)
{
    for (int64_t k = 0; k < p->replicas * p->steps; ++k) oracle_release(p->step[k]);
    ipl_trainer_destroy(p->trainer);
    ipl_free(p->dev, p->dx.at);
    ipl_labels_free(p->dev, &p->dy);
    ipl_dataset_free(&p->data);
    free(p->step);
    free(p->params);
    free(p->x);
    free(p->y);
}

/* -- What a network does on rows --------------------------------------------------*/

typedef struct {
    replay_number loss;         /* nats                                          */
    int64_t       least, most;  /* right answers; they differ where outputs tie   */
} replay_score;

static inline replay_score replay_score_of(const replay *p, int replica, int64_t rows,
                                           const float *x, const int32_t *y)
{
    const int32_t classes = p->shape.width[p->shape.layers];
    double *exact = replay_exact(p, replica);
    replay_score s = {.least = 0};
    s.loss.value = oracle_loss(&p->shape, exact, rows, x, y, &s.loss.bound);
    oracle_pass pass = oracle_forward(&p->shape, exact, rows, x);
    for (int64_t r = 0; r < rows; ++r) {
        const double *z = pass.z[p->shape.layers].v + r * classes;
        const double *e = pass.z[p->shape.layers].e + r * classes;
        int sure = 1, may = 1;
        for (int32_t c = 0; c < classes; ++c) {
            if (c == y[r]) continue;
            sure &= z[y[r]] - e[y[r]] > z[c] + e[c];
            may &= z[y[r]] + e[y[r]] >= z[c] - e[c];
        }
        s.least += sure;
        s.most += may;
    }
    oracle_pass_free(&pass);
    free(exact);
    return s;
}

static inline replay_score replay_evaluate(const replay *p, int replica, int64_t begin,
                                           int64_t end)
{
    return replay_score_of(p, replica, end - begin, p->x + begin * p->data.inputs,
                           p->y + begin);
}

static inline int64_t replay_loss_rows(const replay *p)
{
    const int64_t wanted = p->config.loss_rows;
    return wanted && wanted < p->trains ? wanted : p->trains;
}

/* On the training rows that measure.loss_rows draws: the order does not count. */
static inline replay_score replay_evaluate_drawn(const replay *p, int replica)
{
    const int64_t rows = replay_loss_rows(p), inputs = p->data.inputs;
    if (rows == p->trains) return replay_evaluate(p, replica, 0, rows);
    float *x = malloc((size_t)(rows * inputs) * sizeof *x);
    int32_t *y = malloc((size_t)rows * sizeof *y);
    int32_t *drawn = malloc((size_t)p->trains * sizeof *drawn);
    ipl_random_permutation((ipl_random){p->config.data.seed, IPL_STREAM_LOSS_ROWS},
                           p->trains, drawn);
    for (int64_t i = 0; i < rows; ++i) {
        memcpy(x + i * inputs, p->x + drawn[i] * inputs, (size_t)inputs * sizeof *x);
        y[i] = p->y[drawn[i]];
    }
    const replay_score score = replay_score_of(p, replica, rows, x, y);
    free(x);
    free(y);
    free(drawn);
    return score;
}

/* Activations of all layers of a network, as the device makes them: act[l - 1] is to
 * be freed. */
static inline void replay_forward(const replay *p, int replica, int64_t n,
                                  const float *x, float **act)
{
    void *params, *at[IPL_NET_LAYERS_MAX];
    float *to[IPL_NET_LAYERS_MAX];
    ipl_mat dx;
    const size_t bytes = (size_t)p->parameters * sizeof(float);
    CHECK_OK(ipl_alloc(p->dev, bytes, &params));
    CHECK_OK(ipl_upload(p->dev, p->params + replica * p->parameters, bytes, params));
    CHECK_OK(ipl_mat_alloc(p->dev, n, p->data.inputs, &dx));
    CHECK_OK(ipl_upload(p->dev, x, (size_t)(n * p->data.inputs) * sizeof *x, dx.at));
    for (int l = 0; l < p->shape.layers; ++l) {
        CHECK_OK(ipl_alloc(p->dev, (size_t)(n * p->shape.width[l + 1]) * sizeof **act,
                           &at[l]));
        to[l] = at[l];
    }
    CHECK_OK(ipl_net_forward(p->dev, &p->shape, params, dx, to));
    for (int l = 0; l < p->shape.layers; ++l) {
        const size_t size = (size_t)(n * p->shape.width[l + 1]) * sizeof **act;
        act[l] = malloc(size);
        CHECK_OK(ipl_download(p->dev, at[l], size, act[l]));
        ipl_free(p->dev, at[l]);
    }
    ipl_free(p->dev, params);
    ipl_free(p->dev, dx.at);
}

#endif
