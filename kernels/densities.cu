/*
 * densities.cu - local densities of all rows, from their moments (src/local_gauss.h).
 *
 * A job's rows go in batches, in the order of classes: moments.cuh sums the moments of
 * a batch, then solve_rows turns them into values. Jobs follow each other; one of a few
 * thousand rows fills the GPU.
 *
 * Launch    A team owns a row, and takes the next one a grid further: a warp for layers
 *           of up to 32 units, else a block of four. There are as many teams as fill
 *           the GPU and have work memory.
 * Traffic   LNN reads the moments once and is done with d^3/3 operations. A step of LGA
 *           takes 4 d^3/3 operations on five triangles, and passes over the history of
 *           L-BFGS; latency limits small d, memory traffic large ones.
 * Numerics  Double precision. A thread's share of a row and the order of sums depend on
 *           d alone, so that a row has the same bits in any batch and company.
 * Limits    d <= 8192 (src/mi/mi_terms.h); LGA keeps 45 vectors of d(d+3)/2 doubles a
 *           team.
 */
#include "jobs.cuh"
#include "moments.cuh"

#include "local_team.cuh"
#include "local_gauss.h"

enum {
    WARP_UNITS_MAX = 32,  /* for a warp to be a team                              */
    BLOCKS_A_SM = 3,      /* that fit, with 168 registers a thread                */
    WORK_MAX = 256 << 20  /* bytes, but for one team                              */
};

/* A batch on its way: rows first .. first + count - 1 in the order of classes. */
struct density_batch {
    ipl_density    density;
    int64_t        d, first, count, others; /* others: without classes            */
    const double  *moments;                 /* [count][local_moments(d)]          */
    const int32_t *order, *label, *start;   /* NULL: no classes                   */
    double        *work;                    /* [teams][doubles]                   */
    int64_t        doubles;
    double        *value;
    int32_t       *status;
};

static __device__ void solve_row(const density_batch &b, local_team team, int64_t r,
                                 double *work)
{
    const int64_t row = b.order ? b.order[b.first + r] : b.first + r;
    const int32_t label = b.label ? b.label[row] : 0;
    const int64_t others = b.label ? b.start[label + 1] - b.start[label] - 1 : b.others;
    ipl_local_status status;
    const double value = local_gauss(team, b.density, b.d, others,
                                     b.moments + r * local_moments(b.d), work, &status);
    if (team.rank == 0) {
        b.value[row] = value;
        b.status[row] = status;
    }
    local_barrier(team); /* before the work memory serves the next row */
}

static __global__ void __launch_bounds__(32 * LOCAL_BLOCK_WARPS, BLOCKS_A_SM)
solve_rows_by_warps(density_batch b)
{
    const int64_t teams = (int64_t)gridDim.x * LOCAL_BLOCK_WARPS;
    const int64_t me = (int64_t)blockIdx.x * LOCAL_BLOCK_WARPS + threadIdx.x / 32;
    const local_team team = {(int)threadIdx.x % 32, 32, nullptr};
    for (int64_t r = me; r < b.count; r += teams)
        solve_row(b, team, r, b.work + me * b.doubles);
}

static __global__ void __launch_bounds__(32 * LOCAL_BLOCK_WARPS, BLOCKS_A_SM)
solve_rows_by_blocks(density_batch b)
{
    __shared__ double part[LOCAL_BLOCK_WARPS];
    const local_team team = {(int)threadIdx.x, 32 * LOCAL_BLOCK_WARPS, part};
    for (int64_t r = blockIdx.x; r < b.count; r += gridDim.x)
        solve_row(b, team, r, b.work + blockIdx.x * b.doubles);
}

/* -- Launches -----------------------------------------------------------------------*/

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static bool by_warps(const ipl_density_job *job)
{
    return moments_units(job) <= WARP_UNITS_MAX;
}

static int64_t doubles_of(const ipl_density_job *job)
{
    return local_gauss_doubles(job->density, moments_units(job));
}

/* Blocks of a launch, each of which has work memory for its teams. */
static int64_t blocks_of(const ipl_cuda *dev, const ipl_density_job *job)
{
    const int64_t teams = by_warps(job) ? LOCAL_BLOCK_WARPS : 1;
    const int64_t most = WORK_MAX / (teams * doubles_of(job) * (int64_t)sizeof(double));
    const int64_t wanted = least((int64_t)dev->sm_count * BLOCKS_A_SM,
                                 ceil_div(moments_rows_max(job), teams));
    return most < 1 ? 1 : least(wanted, most);
}

/* Rows that are solved at the same time. */
static int64_t teams_of(const ipl_cuda *dev, const ipl_density_job *job)
{
    return blocks_of(dev, job) * (by_warps(job) ? LOCAL_BLOCK_WARPS : 1);
}

/* Units of pairs (jobs.cuh) that the device could do while a team solves a row: LGA
 * converges in some 100 steps. */
static double turn_units(const ipl_cuda *dev, const ipl_density_job *job)
{
    const double d = (double)moments_units(job);
    const double teams = dev->sm_count * BLOCKS_A_SM *
                         (by_warps(job) ? LOCAL_BLOCK_WARPS : 1);
    const double steps = job->density == IPL_DENSITY_LGA ? 400.0 : 1.0;
    return teams * steps * (d + 1.0) * (d + 1.0) * (d + 1.0) / 3.0;
}

struct density_scratch {
    void    *sums;
    double  *moments, *work;
    int32_t *start;
};

static density_scratch lay_out(const ipl_cuda *dev, const ipl_density_job *job,
                               ipl_arena *from)
{
    const int64_t rows = moments_rows_max(job);
    const int64_t classes = job->pairs.y ? job->pairs.y->classes : 0;
    density_scratch s = {};
    s.sums = arena_take<char>(from, (int64_t)moments_scratch(job));
    s.moments = arena_take<double>(from, rows * local_moments(moments_units(job)));
    s.work = arena_take<double>(from, teams_of(dev, job) * doubles_of(job));
    s.start = arena_take<int32_t>(from, classes + 1);
    return s;
}

extern "C" size_t ipl_cuda_density_scratch_bytes(void *state, int jobs,
                                                 const ipl_density_job *job)
{
    size_t most = 0;
    for (int j = 0; j < jobs; ++j) { /* jobs take turns in it */
        ipl_arena from = {};
        lay_out((const ipl_cuda *)state, &job[j], &from);
        most = from.used > most ? from.used : most;
    }
    return most;
}

static ipl_status send_starts(ipl_cuda *dev, const ipl_labels *y, int32_t *to)
{
    host_array<int32_t> start(y->classes + 1);
    if (!start.at)
        return IPL_FAIL(IPL_E_MEMORY, "where %d classes begin", (int)y->classes);
    for (int32_t c = 0; c <= y->classes; ++c) start.at[c] = (int32_t)y->start[c];
    IPL_TRY(send(dev, start.at, y->classes + 1, to));
    return ipl_cuda_wait(dev); /* before `start` goes */
}

/* Rows at .. at + rows - 1 of a batch, as far as it has them. */
static ipl_status launch_solve(ipl_cuda *dev, const ipl_density_job *job,
                               density_batch b, int64_t at, int64_t rows)
{
    const unsigned blocks = (unsigned)blocks_of(dev, job);
    b.first += at;
    b.moments += at * local_moments(b.d);
    b.count = least(rows, b.count - at);
    if (by_warps(job)) {
        solve_rows_by_warps<<<blocks, 32 * LOCAL_BLOCK_WARPS, 0, dev->stream>>>(b);
        IPL_LAUNCHED(dev, solve_rows_by_warps);
    } else {
        solve_rows_by_blocks<<<blocks, 32 * LOCAL_BLOCK_WARPS, 0, dev->stream>>>(b);
        IPL_LAUNCHED(dev, solve_rows_by_blocks);
    }
    return IPL_OK;
}

/* Batch after batch, in windows of turns: each team solves a row in a turn. */
static ipl_status run_batches(ipl_cuda *dev, const ipl_density_job *job,
                              const density_scratch *s, density_batch b)
{
    const int64_t n = job->pairs.n, most = moments_rows_max(job);
    const int64_t teams = dev->small_launches ? 1 : teams_of(dev, job);
    const double units = turn_units(dev, job);
    const int64_t windows = windows_of(dev, ceil_div(most, teams), units);
    const int counts = expect_windows(
        dev, ceil_div(n, most) * (moments_windows(dev, job) + windows));
    for (; b.first < n; b.first += b.count) {
        b.count = least(most, n - b.first);
        IPL_TRY(moments_rows(dev, counts, job, s->sums, b.first, b.count, s->moments));
        IPL_TRY(launch_windows(dev, counts, ceil_div(b.count, teams), units,
                               [&](int64_t base, int64_t some) {
            return launch_solve(dev, job, b, base * teams, some * teams);
        }));
    }
    return IPL_OK;
}

static ipl_status run_job(ipl_cuda *dev, const ipl_density_job *job, void *scratch)
{
    ipl_arena from = {(char *)scratch, 0};
    const ipl_labels *y = job->pairs.y;
    const density_scratch s = lay_out(dev, job, &from);
    density_batch b = {job->density, moments_units(job)};
    b.others = job->pairs.n - 1;
    b.moments = s.moments;
    b.work = s.work;
    b.doubles = doubles_of(job);
    b.value = job->value;
    b.status = job->status;
    if (y) {
        IPL_TRY(send_starts(dev, y, s.start));
        b.order = y->order;
        b.label = y->at;
        b.start = s.start;
    }
    IPL_TRY(moments_prepare(dev, job, s.sums));
    return run_batches(dev, job, &s, b);
}

extern "C" ipl_status ipl_cuda_local_densities(void *state, int jobs,
                                               ipl_density_job *job, void *scratch)
{
    ipl_cuda *dev;
    IPL_TRY(ipl_cuda_use(state, &dev));
    ipl_meter_begin(&dev->meter, 0);
    for (int j = 0; j < jobs; ++j) IPL_TRY(run_job(dev, &job[j], scratch));
    IPL_TRY(ipl_cuda_wait(dev));
    ipl_meter_begin(&dev->meter, 0);
    return IPL_OK;
}
