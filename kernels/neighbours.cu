/*
 * neighbours.cu - nearest neighbours and counts within a radius.
 */
#include "jobs.cuh"

extern "C" size_t ipl_cuda_neighbour_scratch_bytes(void *, int, const ipl_neighbour_job *)
{
    return 1;
}

extern "C" ipl_status ipl_cuda_nearest_neighbours(void *, int, ipl_neighbour_job *, void *)
{
    return IPL_FAIL(IPL_E_UNSUPPORTED, "nearest_neighbours");
}

extern "C" size_t ipl_cuda_radius_scratch_bytes(void *, int, const ipl_radius_job *)
{
    return 1;
}

extern "C" ipl_status ipl_cuda_radius_counts(void *, int, ipl_radius_job *, void *)
{
    return IPL_FAIL(IPL_E_UNSUPPORTED, "radius_counts");
}
