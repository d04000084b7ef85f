/*
 * densities.cu - local densities of all rows.
 */
#include "jobs.cuh"

extern "C" size_t ipl_cuda_density_scratch_bytes(void *, int, const ipl_density_job *)
{
    return 1;
}

extern "C" ipl_status ipl_cuda_local_densities(void *, int, ipl_density_job *, void *)
{
    return IPL_FAIL(IPL_E_UNSUPPORTED, "local_densities");
}
