/*
 * moments.cuh - local moments of rows on the device: S0, S1 and S2 of src/backend.h.
 *
 * They lie as local_moments.h says, d being the units of both spaces together, those of
 * space 0 first. Weights below 2^-100 are 0.
 */
#ifndef IPL_MOMENTS_CUH
#define IPL_MOMENTS_CUH

#include "common.cuh"
#include "local_moments.h"

/* Units of the job's spaces together. */
static inline int64_t moments_units(const ipl_density_job *job)
{
    const ipl_pairs *p = &job->pairs;
    return p->space[0].d + (p->spaces > 1 ? p->space[1].d : 0);
}

/* The largest `count` that moments_rows takes, a function of n and d. */
int64_t moments_rows_max(const ipl_density_job *job);

/* Device bytes for one job: the same for moments_prepare and moments_rows. */
size_t moments_scratch(const ipl_density_job *job);

/* What is done once for a job. Waits. */
ipl_status moments_prepare(ipl_cuda *dev, const ipl_density_job *job, void *scratch);

/* Queues moments[count][local_moments(d)], device memory, of the rows first .. first +
 * count - 1 in the order of classes: row first + r is row y->order[first + r] of the
 * job (without y: first + r). job->square is read in the job's own order. Waits where a
 * space is in host memory. counts: the meter expects its windows. */
ipl_status moments_rows(ipl_cuda *dev, int counts, const ipl_density_job *job,
                        void *scratch, int64_t first, int64_t count, double *moments);

/* At most so many windows has one call of moments_rows (jobs.cuh). */
int64_t moments_windows(const ipl_cuda *dev, const ipl_density_job *job);

#endif
