/*
 * round_values.c - values to the nearest of evenly spaced levels.
 */
#include "cpu/cpu.h"

enum { BLOCK = 1 << 15, SERIAL_VALUES = 1 << 16 }; /* fewer wake no threads */

/* Adding and taking away 1.5 * 2^52 rounds a double below 2^51 to an integer, ties to
 * even, in any vector unit; a build without contraction and fast-math keeps it. */
static void round_block(const ipl_round_job *job, int64_t from, int64_t to)
{
    const double shift = 0x1.8p52, lo = job->lo, range = (double)job->hi - lo;
    const double most = (double)((1 << job->bits) - 1);
    const double up = most / range, step = range / most;
    float *t = job->t;
    for (int64_t i = from; i < to; ++i) {
        const double k = ((double)t[i] - lo) * up + shift - shift;
        const float level = (float)(lo + k * step);
        t[i] = k == most ? job->hi : level;
    }
}

ipl_status cpu_round_values(void *state, int jobs, const ipl_round_job *job)
{
    const cpu_state *cpu = state;
    for (int j = 0; j < jobs; ++j) {
        const int64_t count = job[j].count;
#pragma omp parallel for schedule(static) \
    num_threads(count < SERIAL_VALUES ? 1 : cpu_threads(cpu))
        for (int64_t from = 0; from < count; from += BLOCK)
            round_block(&job[j], from, from + BLOCK < count ? from + BLOCK : count);
    }
    return IPL_OK;
}
