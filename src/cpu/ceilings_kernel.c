/*
 * ceilings_kernel.c - the loops of ceilings.h on one vector type.
 *
 * Twelve chains hide the latency of the multiply-add (4 cycles, two a cycle) and
 * fit 16 registers with room for the operands.
 */
#include "cpu/ceilings.h"
#include "cpu/simd.h"

enum { CHAINS = 12, EXP_CHAINS = 4, REPEATS = 64 };

static int64_t fma_rounds(int64_t rounds, float *sink)
{
    vf chain[CHAINS];
    for (int c = 0; c < CHAINS; ++c) chain[c] = vf_set((float)c);
    /* Converges to 1, so that neither overflow nor denormals slow it down. */
    const vf factor = vf_set(0.5f), rest = vf_set(0.5f);
    for (int64_t r = 0; r < rounds * REPEATS; ++r)
        for (int c = 0; c < CHAINS; ++c) chain[c] = vf_fma(chain[c], factor, rest);
    for (int c = 1; c < CHAINS; ++c) chain[0] = vf_add(chain[0], chain[c]);
    *sink = vf_sum(chain[0]);
    return rounds * REPEATS * CHAINS * VF;
}

static int64_t exp2_rounds(int64_t rounds, float *sink)
{
    vf x[EXP_CHAINS], sum[EXP_CHAINS];
    for (int c = 0; c < EXP_CHAINS; ++c)
        x[c] = vf_set(-0.37f * (float)(c + 1)), sum[c] = vf_set(0.0f);
    for (int64_t r = 0; r < rounds * REPEATS; ++r)
        for (int c = 0; c < EXP_CHAINS; ++c) {
            sum[c] = vf_add(sum[c], vf_exp2(x[c]));
            x[c] = vf_sub(x[c], vf_set(1e-6f)); /* no two arguments are alike */
        }
    for (int c = 1; c < EXP_CHAINS; ++c) sum[0] = vf_add(sum[0], sum[c]);
    *sink = vf_sum(sum[0]);
    return rounds * REPEATS * EXP_CHAINS * VF;
}

const ceiling_kernels KERNELS(ceiling_kernels) = {fma_rounds, exp2_rounds};
