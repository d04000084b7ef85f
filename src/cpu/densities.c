/*
 * densities.c - local densities of all rows.
 */
#include "cpu/cpu.h"

size_t cpu_density_scratch_bytes(void *state, int jobs, const ipl_density_job *job)
{
    (void)state;
    (void)jobs;
    (void)job;
    return 1;
}

ipl_status cpu_local_densities(void *state, int jobs, ipl_density_job *job,
                               void *scratch)
{
    (void)state;
    (void)jobs;
    (void)job;
    (void)scratch;
    return IPL_FAIL(IPL_E_UNSUPPORTED, "local densities");
}
