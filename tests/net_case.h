/*
 * net_case.h - a network with data on a device, for tests.
 */
#ifndef NET_CASE_H
#define NET_CASE_H

#include "check.h"
#include "ipl_net.h"
#include "random.h"

typedef struct {
    ipl_device   *dev;
    ipl_net_shape shape;
    int64_t       rows, parameters;
    float        *x;      /* host, [rows][inputs]                              */
    int32_t      *y;      /* host, [rows]                                      */
    int32_t      *order;  /* host, 0 .. rows-1                                 */
    float        *params; /* host                                              */
    double       *exact;  /* params in double, for the oracle                  */
    ipl_mat       dx;     /* device                                            */
    ipl_labels    dy;
} net_case;

/* Standard deviates (sum of twelve uniforms) are enough for inputs. */
static inline double net_case_normal(ipl_random r, uint64_t index)
{
    double sum = -6.0;
    for (uint64_t k = 0; k < 12; ++k) sum += ipl_random_uniform(r, 12 * index + k);
    return sum;
}

/* Inputs of deviation 1, labels at random, Glorot weights and biases of deviation 0.3:
 * no unit starts at a kink. */
static inline net_case net_case_make(ipl_device *dev, const char *text, int64_t rows)
{
    net_case c = {.dev = dev, .rows = rows};
    CHECK_OK(ipl_net_parse(text, &c.shape));
    c.parameters = ipl_net_parameters(&c.shape);
    const int32_t inputs = c.shape.width[0], classes = c.shape.width[c.shape.layers];
    c.x = malloc((size_t)(rows * inputs) * sizeof *c.x);
    c.y = malloc((size_t)rows * sizeof *c.y);
    c.order = malloc((size_t)rows * sizeof *c.order);
    c.params = malloc((size_t)c.parameters * sizeof *c.params);
    c.exact = malloc((size_t)c.parameters * sizeof *c.exact);
    const ipl_random r = {check_seed(), 77};
    for (int64_t i = 0; i < rows * inputs; ++i)
        c.x[i] = (float)net_case_normal(r, (uint64_t)i);
    for (int64_t i = 0; i < rows; ++i) {
        c.y[i] = (int32_t)ipl_random_below((ipl_random){check_seed(), 78}, (uint64_t)i,
                                           (uint64_t)classes);
        c.order[i] = (int32_t)i;
    }
    CHECK_OK(ipl_net_init(&c.shape, IPL_INIT_GLOROT, check_seed(), c.params));
    for (int l = 1; l <= c.shape.layers; ++l)
        for (int32_t o = 0; o < c.shape.width[l]; ++o)
            c.params[ipl_net_bias_at(&c.shape, l) + o] =
                (float)(0.3 * net_case_normal((ipl_random){check_seed(), 79},
                                              (uint64_t)(l * 100000 + o)));
    for (int64_t i = 0; i < c.parameters; ++i) c.exact[i] = c.params[i];
    CHECK_OK(ipl_mat_alloc(dev, rows, inputs, &c.dx));
    CHECK_OK(ipl_upload(dev, c.x, (size_t)(rows * inputs) * sizeof *c.x, c.dx.at));
    CHECK_OK(ipl_labels_create(dev, rows, classes, c.y, &c.dy));
    return c;
}

/* The same, but of all inputs one in sixteen is not zero: enough zeros for products
 * that leave them out. The last row has none but zeros. */
static inline net_case net_case_make_sparse(ipl_device *dev, const char *text,
                                            int64_t rows)
{
    net_case c = net_case_make(dev, text, rows);
    const int64_t inputs = c.shape.width[0], values = rows * inputs;
    for (int64_t i = 0; i < values; ++i)
        if (i >= values - inputs ||
            ipl_random_below((ipl_random){check_seed(), 80}, (uint64_t)i, 16))
            c.x[i] = i % 3 ? 0.0f : -0.0f;
    CHECK_OK(ipl_upload(dev, c.x, (size_t)values * sizeof *c.x, c.dx.at));
    return c;
}

static inline void net_case_free(net_case *c)
{
    ipl_free(c->dev, c->dx.at);
    ipl_labels_free(c->dev, &c->dy);
    free(c->x);
    free(c->y);
    free(c->order);
    free(c->params);
    free(c->exact);
}

/* A trainer of one replica that starts from params and zero moments. */
static inline ipl_trainer *net_case_trainer(const net_case *c,
                                            const ipl_train_options *options)
{
    ipl_trainer *t;
    CHECK_OK(ipl_trainer_create(c->dev, &c->shape, options, 1, c->dx, &c->dy, &t));
    float *state = calloc((size_t)ipl_trainer_state_floats(t), sizeof *state);
    memcpy(state, c->params, (size_t)c->parameters * sizeof *state);
    CHECK_OK(ipl_trainer_write(t, state, 0));
    free(state);
    return t;
}

/* Reads the state into freshly allocated memory; the caller frees it. */
static inline float *net_case_state(ipl_trainer *t, int64_t *steps)
{
    float *state = malloc((size_t)ipl_trainer_state_floats(t) * sizeof *state);
    CHECK_OK(ipl_trainer_read(t, state, steps));
    return state;
}

#endif
