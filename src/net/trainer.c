/*
 * trainer.c - checks what the caller asks of a network and hands it to the backend.
 */
#include <math.h>
#include <stdlib.h>

#include "backend.h"
#include "net/net.h"

struct ipl_trainer {
    ipl_device   *dev;
    void         *made; /* the backend's trainer */
    ipl_net_shape shape;
    int           replicas;
    int           slots; /* optimiser values a parameter */
    int64_t       rows;
};

ipl_train_options ipl_train_defaults(void)
{
    return (ipl_train_options){
        .optimizer = IPL_SGD,
        .learning_rate = 0.01,
        .momentum = 0.9,
        .beta1 = 0.9,
        .beta2 = 0.999,
        .epsilon = 1e-8,
        .weight_decay = 0.0,
        .batch = 256,
    };
}

static ipl_status check_options(const ipl_train_options *o)
{
    IPL_REQUIRE(o, "training options are NULL");
    IPL_REQUIRE((int)o->optimizer >= 0 && o->optimizer < IPL_OPTIMIZER_COUNT,
                "optimizer %d: expected 0 to %d", (int)o->optimizer,
                (int)IPL_OPTIMIZER_COUNT - 1);
    IPL_REQUIRE(isfinite(o->learning_rate) && o->learning_rate > 0.0,
                "learning rate %g: expected a positive number", o->learning_rate);
    IPL_REQUIRE(o->optimizer != IPL_MOMENTUM ||
                    (o->momentum >= 0.0 && o->momentum < 1.0),
                "momentum %g: expected 0 or more and less than 1", o->momentum);
    IPL_REQUIRE(o->optimizer != IPL_ADAM || (o->beta1 >= 0.0 && o->beta1 < 1.0 &&
                                             o->beta2 >= 0.0 && o->beta2 < 1.0),
                "beta1 %g, beta2 %g: expected 0 or more and less than 1", o->beta1,
                o->beta2);
    IPL_REQUIRE(o->optimizer != IPL_ADAM || (isfinite(o->epsilon) && o->epsilon > 0.0),
                "epsilon %g: expected a positive number", o->epsilon);
    IPL_REQUIRE(isfinite(o->weight_decay) && o->weight_decay >= 0.0,
                "weight decay %g: expected 0 or more", o->weight_decay);
    IPL_REQUIRE(o->batch >= 0, "batch %lld: expected 0 or more", (long long)o->batch);
    return IPL_OK;
}

static ipl_status check_inputs(const ipl_net_shape *shape, ipl_mat x)
{
    IPL_TRY(net_check_shape(shape));
    IPL_REQUIRE(x.at && x.rows > 0 && x.rows <= INT32_MAX && x.cols == shape->width[0],
                "inputs of %lld x %lld: the network expects rows of %d",
                (long long)x.rows, (long long)x.cols, shape->width[0]);
    return IPL_OK;
}

static ipl_status check_labels(const ipl_net_shape *shape, ipl_mat x,
                               const ipl_labels *y)
{
    IPL_REQUIRE(y && y->at && y->rows == x.rows,
                "%lld labels for %lld rows of inputs", y ? (long long)y->rows : 0LL,
                (long long)x.rows);
    IPL_REQUIRE(y->classes <= shape->width[shape->layers],
                "labels of %d classes: the network tells %d apart", y->classes,
                shape->width[shape->layers]);
    return IPL_OK;
}

static ipl_status check_replicas(int replicas)
{
    IPL_REQUIRE(replicas >= 1, "%d replicas: expected 1 or more", replicas);
    return IPL_OK;
}

ipl_status ipl_trainer_bytes(ipl_device *dev, const ipl_net_shape *shape,
                             const ipl_train_options *options, int replicas,
                             int64_t rows, size_t *bytes)
{
    IPL_REQUIRE(dev && bytes && rows >= 1, "device or result is NULL, or no rows");
    IPL_TRY(net_check_shape(shape));
    IPL_TRY(check_options(options));
    IPL_TRY(check_replicas(replicas));
    *bytes = dev->backend->trainer_bytes(dev->state, shape, options, replicas, rows);
    return IPL_OK;
}

ipl_status ipl_net_evaluate_bytes(ipl_device *dev, const ipl_net_shape *shape,
                                  int networks, int64_t rows, size_t *bytes)
{
    IPL_REQUIRE(dev && bytes && networks >= 1 && rows >= 1,
                "device or result is NULL, or no networks or rows");
    IPL_TRY(net_check_shape(shape));
    *bytes = dev->backend->evaluate_bytes(dev->state, shape, networks, rows);
    return IPL_OK;
}

ipl_status ipl_trainer_create(ipl_device *dev, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              ipl_mat x, const ipl_labels *y, ipl_trainer **out)
{
    IPL_REQUIRE(dev && out, "device or result is NULL");
    IPL_TRY(check_inputs(shape, x));
    IPL_TRY(check_labels(shape, x, y));
    IPL_TRY(check_options(options));
    IPL_TRY(check_replicas(replicas));

    static const int slots[IPL_OPTIMIZER_COUNT] = {
        [IPL_SGD] = 0, [IPL_MOMENTUM] = 1, [IPL_ADAM] = 2};
    ipl_trainer *trainer = calloc(1, sizeof *trainer);
    if (!trainer) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a trainer",
                                  sizeof *trainer);
    trainer->dev = dev;
    trainer->shape = *shape;
    trainer->replicas = replicas;
    trainer->slots = slots[options->optimizer];
    trainer->rows = x.rows;
    const ipl_status st = dev->backend->trainer_create(
        dev->state, shape, options, replicas, x.rows, x.at, y->at, &trainer->made);
    if (st != IPL_OK) {
        free(trainer);
        return st;
    }
    *out = trainer;
    return IPL_OK;
}

void ipl_trainer_destroy(ipl_trainer *trainer)
{
    if (!trainer) return;
    trainer->dev->backend->trainer_destroy(trainer->dev->state, trainer->made);
    free(trainer);
}

int64_t ipl_trainer_state_floats(const ipl_trainer *trainer)
{
    return trainer->replicas * ipl_net_parameters(&trainer->shape) *
           (1 + trainer->slots);
}

ipl_status ipl_trainer_write(ipl_trainer *trainer, const float *state, int64_t steps)
{
    IPL_REQUIRE(trainer && state && steps >= 0,
                "trainer or state is NULL, or %lld steps taken", (long long)steps);
    return trainer->dev->backend->trainer_write(trainer->dev->state, trainer->made,
                                                state, steps);
}

ipl_status ipl_trainer_read(ipl_trainer *trainer, float *state, int64_t *steps)
{
    IPL_REQUIRE(trainer && state && steps, "trainer or result is NULL");
    return trainer->dev->backend->trainer_read(trainer->dev->state, trainer->made,
                                               state, steps);
}

ipl_status ipl_trainer_snapshot(ipl_trainer *trainer, int replica, float *params)
{
    IPL_REQUIRE(trainer && params, "trainer or result is NULL");
    IPL_REQUIRE(replica >= 0 && replica < trainer->replicas,
                "replica %d: expected 0 to %d", replica, trainer->replicas - 1);
    return trainer->dev->backend->trainer_snapshot(trainer->dev->state, trainer->made,
                                                   replica, 1, params);
}

ipl_status ipl_trainer_snapshot_all(ipl_trainer *trainer, float *params)
{
    IPL_REQUIRE(trainer && params, "trainer or result is NULL");
    return trainer->dev->backend->trainer_snapshot(trainer->dev->state, trainer->made,
                                                   0, trainer->replicas, params);
}

/* A quick look at all of it, which each epoch pays for, then one for the place. */
static ipl_status check_order(const ipl_trainer *trainer, int64_t count,
                              const int32_t *order)
{
    const int64_t entries = trainer->replicas * count, most = trainer->rows - 1;
    const uint32_t last = most < INT32_MAX ? (uint32_t)most : INT32_MAX;
    uint32_t signs = 0; /* the top bit: some row, or `last` less it, is negative */
    for (int64_t i = 0; i < entries; ++i)
        signs |= (uint32_t)order[i] | (last - (uint32_t)order[i]);
    if (!(signs >> 31)) return IPL_OK;
    int64_t i = 0;
    while (order[i] >= 0 && order[i] < trainer->rows) ++i;
    return IPL_FAIL(IPL_E_ARGUMENT,
                    "order of replica %lld names row %d at place %lld: expected 0 to "
                    "%lld", (long long)(i / count), order[i], (long long)(i % count),
                    (long long)trainer->rows - 1);
}

ipl_status ipl_trainer_train(ipl_trainer *trainer, int64_t count, const int32_t *order,
                             ipl_gradient_stats *stats)
{
    IPL_REQUIRE(trainer && order, "trainer or order is NULL");
    IPL_REQUIRE(count >= 1, "training on %lld rows: expected 1 or more",
                (long long)count);
    IPL_TRY(check_order(trainer, count, order));
    return trainer->dev->backend->trainer_train(trainer->dev->state, trainer->made,
                                                count, order, stats);
}

ipl_status ipl_net_forward(ipl_device *dev, const ipl_net_shape *shape,
                           const float *params, ipl_mat x, float *const *act)
{
    return ipl_net_forward_all(dev, shape, 1, &params, x, act, 0);
}

ipl_status ipl_net_forward_all(ipl_device *dev, const ipl_net_shape *shape,
                               int networks, const float *const *params, ipl_mat x,
                               float *const *act, int64_t apart)
{
    IPL_REQUIRE(dev && params && act, "device, parameters or result is NULL");
    IPL_REQUIRE(networks >= 1, "%d networks: expected 1 or more", networks);
    for (int k = 0; k < networks; ++k)
        IPL_REQUIRE(params[k], "parameters of network %d are NULL", k);
    IPL_TRY(check_inputs(shape, x));
    return dev->backend->forward(dev->state, shape, networks, params, x.rows, x.at, act,
                                 apart);
}

ipl_status ipl_net_evaluate_all(ipl_device *dev, const ipl_net_shape *shape,
                                int networks, const float *params, ipl_mat x,
                                const ipl_labels *y, double *loss_nats,
                                int64_t *correct)
{
    IPL_REQUIRE(dev && params && loss_nats && correct,
                "device, parameters or result is NULL");
    IPL_REQUIRE(networks >= 1, "%d networks: expected 1 or more", networks);
    IPL_TRY(check_inputs(shape, x));
    IPL_TRY(check_labels(shape, x, y));
    return dev->backend->evaluate(dev->state, shape, networks, params, x.rows, x.at,
                                  y->at, loss_nats, correct);
}

ipl_status ipl_net_evaluate(ipl_device *dev, const ipl_net_shape *shape,
                            const float *params, ipl_mat x, const ipl_labels *y,
                            double *loss_nats, int64_t *correct)
{
    return ipl_net_evaluate_all(dev, shape, 1, params, x, y, loss_nats, correct);
}
