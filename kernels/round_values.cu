/*
 * round_values.cu - values to the nearest of evenly spaced levels.
 *
 * Launch    A thread strides over the values of a job; blockIdx.y counts the jobs of a
 *           launch, which come as its argument, at most JOBS of them.
 * Traffic   Reads and writes each value once. Memory limits, or on GPUs with few double
 *           units those: five operations a value.
 * Numerics  Double, each operation rounded by itself (no fused multiply-add), then one
 *           rounding to float32: the bits of the CPU backend.
 */
#include "jobs.cuh"

enum { THREADS = 256, BLOCKS_MAX = 4096, JOBS = 64 };

struct round_jobs {
    ipl_round_job job[JOBS];
};

static __global__ void __launch_bounds__(THREADS)
round_layers(const __grid_constant__ round_jobs jobs)
{
    const ipl_round_job &job = jobs.job[blockIdx.y];
    const double lo = job.lo, range = __dsub_rn((double)job.hi, lo);
    const double most = (double)((1 << job.bits) - 1);
    const double up = __ddiv_rn(most, range), step = __ddiv_rn(range, most);
    const int64_t stride = (int64_t)gridDim.x * THREADS;
    for (int64_t i = (int64_t)blockIdx.x * THREADS + threadIdx.x; i < job.count;
         i += stride) {
        const double k = rint(__dmul_rn(__dsub_rn((double)job.t[i], lo), up));
        job.t[i] = k == most ? job.hi : (float)__dadd_rn(lo, __dmul_rn(k, step));
    }
}

extern "C" ipl_status ipl_cuda_round_values(void *state, int jobs,
                                            const ipl_round_job *job)
{
    ipl_cuda *dev = nullptr;
    IPL_TRY(ipl_cuda_use(state, &dev));
    for (int first = 0; first < jobs; first += JOBS) {
        const int some = jobs - first < JOBS ? jobs - first : JOBS;
        round_jobs now = {};
        int64_t most = 1;
        for (int j = 0; j < some; ++j) {
            now.job[j] = job[first + j];
            most = now.job[j].count > most ? now.job[j].count : most;
        }
        const int64_t blocks = ceil_div(most, THREADS);
        const dim3 grid = grid_of(blocks < BLOCKS_MAX ? blocks : BLOCKS_MAX, some);
        round_layers<<<grid, THREADS, 0, dev->stream>>>(now);
        IPL_LAUNCHED(dev, round_layers);
    }
    return IPL_OK;
}
