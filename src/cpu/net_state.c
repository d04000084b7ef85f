/*
 * net_state.c - what goes into a trainer and comes out: states, snapshots, the check.
 */
#include <string.h>

#include "cpu/net_cpu.h"

ipl_status cpu_trainer_write(void *state, void *trainer, const float *values,
                             int64_t steps)
{
    cpu_trainer *t = trainer;
    (void)state;
    memcpy(t->state, values, (size_t)(t->replicas * t->state_floats) * sizeof *values);
    t->steps = steps;
    return IPL_OK;
}

ipl_status cpu_trainer_read(void *state, void *trainer, float *values, int64_t *steps)
{
    const cpu_trainer *t = trainer;
    (void)state;
    memcpy(values, t->state, (size_t)(t->replicas * t->state_floats) * sizeof *values);
    *steps = t->steps;
    return IPL_OK;
}

ipl_status cpu_trainer_snapshot(void *state, void *trainer, int first, int count,
                                float *params)
{
    const cpu_trainer *t = trainer;
    (void)state;
    for (int r = 0; r < count; ++r)
        memcpy(params + r * t->parameters, t->state + (first + r) * t->state_floats,
               (size_t)t->parameters * sizeof *params);
    return IPL_OK;
}

static int all_finite(const float *value, int64_t count)
{
    uint32_t bad = 0;
    for (int64_t i = 0; i < count; ++i) {
        uint32_t bits;
        memcpy(&bits, value + i, sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

ipl_status cpu_trainer_check(const cpu_trainer *t)
{
    for (int r = 0; r < t->replicas; ++r) {
        const float *params = t->state + r * t->state_floats;
        if (all_finite(params, t->parameters)) continue;
        int layer = 1;
        while (all_finite(params + ipl_net_weight_at(&t->shape, layer),
                          ipl_net_weight_at(&t->shape, layer + 1) -
                              ipl_net_weight_at(&t->shape, layer)))
            ++layer;
        return IPL_FAIL(IPL_E_NUMERIC,
                        "layer %d of replica %d has parameters that are not finite "
                        "after %lld steps", layer, r, (long long)t->steps);
    }
    return IPL_OK;
}
