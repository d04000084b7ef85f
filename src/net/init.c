/*
 * init.c - first weights and the order of rows, from the counter-based generator.
 *
 * Made on the host whatever the device, so a seed means the same everywhere.
 */
#include <math.h>
#include <string.h>

#include "net/net.h"
#include "random.h"

/* Deviation of a standard normal cut at 2, sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)): divided
 * by it, the cut distribution has the deviation that is asked for. */
static const double cut_deviation = 0.87962566103423978;
static const double two_pi = 6.283185307179586;

/* Draw number `index` of a normal cut at 2: Box-Muller, redrawn (5 % of the time)
 * from blocks index + 2^40, index + 2 * 2^40, ... until it lies within. */
static double cut_normal(ipl_random r, uint64_t index)
{
    for (uint64_t draw = index;; draw += (uint64_t)1 << 40) {
        const double u = 1.0 - ipl_random_uniform(r, 2 * draw); /* in (0, 1] */
        const double v = ipl_random_uniform(r, 2 * draw + 1);
        const double z = sqrt(-2.0 * log(u)) * cos(two_pi * v);
        if (fabs(z) <= 2.0) return z;
    }
}

/* What is drawn for one layer: a uniform in +-scale, or a cut normal times scale. */
typedef struct {
    int    uniform;
    double scale;
} layer_init;

static layer_init init_of(ipl_init init, double n_in, double n_out, int softmax)
{
    if (init == IPL_INIT_TRUNCATED_NORMAL_UNITS && softmax) init = IPL_INIT_GLOROT;
    switch (init) {
    case IPL_INIT_TRUNCATED_NORMAL:
        return (layer_init){0, 1.0 / sqrt(n_in)};
    case IPL_INIT_TRUNCATED_NORMAL_UNITS:
        return (layer_init){0, 1.0 / sqrt(n_out)};
    case IPL_INIT_GLOROT_NORMAL:
        return (layer_init){0, sqrt(2.0 / (n_in + n_out)) / cut_deviation};
    case IPL_INIT_HE:
        return (layer_init){0, sqrt(2.0 / n_in) / cut_deviation};
    default:
        return (layer_init){1, sqrt(6.0 / (n_in + n_out))};
    }
}

ipl_status ipl_net_init(const ipl_net_shape *shape, ipl_init init, uint64_t seed,
                        float *params)
{
    IPL_TRY(net_check_shape(shape));
    IPL_REQUIRE((int)init >= 0 && init < IPL_INIT_COUNT && params,
                "initialisation %d of %d, or no room for it", (int)init,
                (int)IPL_INIT_COUNT);
    for (int l = 1; l <= shape->layers; ++l) {
        const ipl_random r = {seed, IPL_STREAM_INIT + (uint64_t)l};
        const layer_init from = init_of(init, shape->width[l - 1], shape->width[l],
                                        l == shape->layers);
        const int64_t weights = (int64_t)shape->width[l - 1] * shape->width[l];
        float *w = params + ipl_net_weight_at(shape, l);
        for (int64_t i = 0; i < weights; ++i) {
            const uint64_t index = (uint64_t)i;
            w[i] = (float)(from.scale * (from.uniform
                                             ? 2.0 * ipl_random_uniform(r, index) - 1.0
                                             : cut_normal(r, index)));
        }
        memset(w + weights, 0, (size_t)shape->width[l] * sizeof *w);
    }
    return IPL_OK;
}

void ipl_net_shuffle(int64_t rows, uint64_t seed, int64_t epoch, int32_t *order)
{
    /* The epoch is the sub-stream: a permutation uses every index of a stream. */
    const ipl_random r = {seed, IPL_STREAM_ORDER | (uint64_t)epoch << 32};
    ipl_random_permutation(r, rows, order);
}
