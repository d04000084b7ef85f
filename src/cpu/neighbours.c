/*
 * neighbours.c - nearest neighbours and counts within a radius, of all pairs.
 */
#include <math.h>
#include <stdlib.h>

#include "cpu/cpu.h"

static float distance(const ipl_pairs *p, int64_t i, int64_t j)
{
    float sum = 0.0f;
    for (int s = 0; s < p->spaces; ++s) {
        const float *a = p->space[s].t + i * p->space[s].d;
        const float *b = p->space[s].t + j * p->space[s].d;
        for (int64_t k = 0; k < p->space[s].d; ++k) {
            const float difference = a[k] * p->unit - b[k] * p->unit;
            if (p->norm == IPL_NORM_MAX) sum = fmaxf(sum, fabsf(difference));
            else sum = fmaf(difference, difference, sum);
        }
    }
    return sum;
}

size_t cpu_neighbour_scratch_bytes(void *state, int jobs, const ipl_neighbour_job *job)
{
    (void)state;
    (void)jobs;
    (void)job;
    return 1;
}

ipl_status cpu_nearest_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                  void *scratch)
{
    (void)state;
    (void)scratch;
    for (int q = 0; q < jobs; ++q) {
        const ipl_pairs *p = &job[q].pairs;
        const int k = job[q].k;
#pragma omp parallel for
        for (int64_t i = 0; i < p->n; ++i) {
            float d[IPL_MI_K_MAX];
            int32_t at[IPL_MI_K_MAX];
            for (int m = 0; m < k; ++m) d[m] = INFINITY, at[m] = -1;
            for (int64_t j = 0; j < p->n; ++j) {
                if (j == i || (p->y && p->y->at[i] != p->y->at[j])) continue;
                const float new = distance(p, i, j);
                int m = k;
                while (m > 0 && (new < d[m - 1] || at[m - 1] < 0)) {
                    if (--m + 1 < k) d[m + 1] = d[m], at[m + 1] = at[m];
                }
                if (m < k) d[m] = new, at[m] = (int32_t)j;
            }
            for (int m = 0; m < k; ++m) {
                job[q].distance[i * k + m] = d[m];
                if (job[q].neighbour) job[q].neighbour[i * k + m] = at[m];
            }
        }
    }
    return IPL_OK;
}

size_t cpu_radius_scratch_bytes(void *state, int jobs, const ipl_radius_job *job)
{
    (void)state;
    (void)jobs;
    (void)job;
    return 1;
}

ipl_status cpu_radius_counts(void *state, int jobs, ipl_radius_job *job, void *scratch)
{
    (void)state;
    (void)scratch;
    for (int q = 0; q < jobs; ++q) {
        const ipl_pairs *p = &job[q].pairs;
#pragma omp parallel for
        for (int64_t i = 0; i < p->n; ++i) {
            int32_t count = 0;
            for (int64_t j = 0; j < p->n; ++j)
                if (j != i && (!p->y || p->y->at[i] == p->y->at[j]))
                    count += distance(p, i, j) <= job[q].radius[i];
            job[q].count[i] = count;
        }
    }
    return IPL_OK;
}
