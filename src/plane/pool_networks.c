/*
 * pool_networks.c - the networks that a pool stacks, and its controls.
 */
#include "plane/pool_networks.h"

#include <math.h>
#include <string.h>

#include "random.h"

/* Parts 0, 1, 2, .. of a network: W_1, b_1, W_2, .. */
static int64_t part_at(const ipl_net_shape *shape, int part)
{
    const int layer = part / 2 + 1;
    if (layer > shape->layers) return ipl_net_parameters(shape);
    return part % 2 ? ipl_net_bias_at(shape, layer) : ipl_net_weight_at(shape, layer);
}

void pool_steps(const ipl_net_shape *shape, int64_t count, const float *params,
                double *deviation)
{
    const int64_t parameters = ipl_net_parameters(shape);
    for (int part = 0; part < 2 * shape->layers; ++part) {
        const int64_t begin = part_at(shape, part), end = part_at(shape, part + 1);
        double squares = 0.0;
        for (int64_t k = 1; k < count; ++k) {
            const float *w = params + k * parameters, *before = w - parameters;
            for (int64_t i = begin; i < end; ++i) {
                const double step = (double)w[i] - (double)before[i];
                squares += step * step;
            }
        }
        const double steps = (double)(count - 1) * (double)(end - begin);
        deviation[part] = steps > 0.0 ? sqrt(squares / steps) : 0.0;
    }
}

/* The index-th standard normal number: Box and Muller, 1958. */
static double normal(ipl_random r, uint64_t index)
{
    const double radius = sqrt(-2.0 * log1p(-ipl_random_uniform(r, 2 * index)));
    return radius * cos(2.0 * acos(-1.0) * ipl_random_uniform(r, 2 * index + 1));
}

void pool_walk(const ipl_net_shape *shape, const double *deviation, uint64_t seed,
               int window, int64_t count, float *walk)
{
    const int64_t parameters = ipl_net_parameters(shape);
    const ipl_random r = {seed, IPL_STREAM_WALK | (uint64_t)window << 32};
    for (int64_t k = 1; k < count; ++k) {
        float *to = walk + k * parameters;
        const float *from = to - parameters;
        for (int part = 0; part < 2 * shape->layers; ++part)
            for (int64_t i = part_at(shape, part); i < part_at(shape, part + 1); ++i)
                to[i] = (float)((double)from[i] +
                                deviation[part] *
                                    normal(r, (uint64_t)(k * parameters + i)));
    }
}

void pool_shuffle(uint64_t seed, int window, int64_t number, int64_t rows,
                  int32_t *order)
{
    const uint64_t sub = (uint64_t)window << 20 | (uint64_t)number;
    ipl_random_permutation((ipl_random){seed, IPL_STREAM_SHUFFLE | sub << 8}, rows,
                           order);
}
