/*
 * common.cuh - what the files of the CUDA backend share. Included by kernels/ only.
 *
 * A handle has one stream, and for wide networks one cuBLAS handle on it, so that its
 * calls take effect in the order they were made, as the public header promises. What
 * may overlap, training and measuring, works on handles of its own; between those
 * there is no order but that of events (memory_cuda.cu).
 *
 * An entry begins with ipl_cuda_use, launches on dev->stream, follows every
 * launch with IPL_LAUNCHED, and never waits except through ipl_cuda_wait or
 * ipl_cuda_fetch, which know what was launched last.
 */
#ifndef IPL_COMMON_CUH
#define IPL_COMMON_CUH

#include <cublas_v2.h>
#include <cuda_runtime.h>

#include "backend.h"

struct ipl_cuda_trainer; /* net_cuda.cuh */
struct ipl_cuda_blas;    /* blas_cuda.cu */

/* What backend_cuda.cu keeps for an open device. */
struct ipl_cuda {
    int    index;      /* of the GPU, as the CUDA runtime counts them            */
    int    sm_count;
    int    capability; /* 90 for 9.0                                             */
    size_t smem_bytes; /* shared memory that a block may have after opting in    */
    int    debug_sync; /* IPL_DEBUG_SYNC=1: wait after every launch              */
    int    weak_hashes; /* IPL_TEST_WEAK_HASHES: unequal rows of bins collide    */
    int    small_launches; /* IPL_TEST_SMALL_LAUNCHES: pairs in few blocks a launch */

    cudaStream_t      stream;
    int               first;     /* 1: it goes before those that only measure     */
    int               allow_tf32;
    cublasHandle_t    blas;      /* on the stream, while it is lent: blas_cuda.cu */
    ipl_cuda_blas    *lent;      /* what it belongs to, or NULL                   */
    int               blas_uses; /* not given back                                */
    cudaEvent_t       timer[2];
    ipl_cuda_trainer *trainers;  /* all that live, for ipl_sync and downloads     */

    ipl_meter   meter;     /* windows of launches; ipl_cuda_meter                 */
    void       *scratch;   /* ipl_cuda_scratch                                    */
    size_t      scratch_bytes;
    const char *kernel;    /* launched last; a wait that fails names it           */
    char        lost[224]; /* why the device is unusable until closed, or ""      */
};

/* -- Errors --------------------------------------------------------------------- */

/* Record the library's own text and the call; a fault that takes the context along
 * marks the device as lost. */
ipl_status ipl_cuda_failed(ipl_cuda *dev, cudaError_t error, const char *call,
                           const char *file, int line);
ipl_status ipl_cublas_failed(cublasStatus_t status, const char *call,
                             const char *file, int line);
ipl_status ipl_cuda_launched(ipl_cuda *dev, const char *kernel, const char *file,
                             int line);

#define IPL_CUDA(dev, call)                                                    \
    do {                                                                       \
        const cudaError_t error_ = (call);                                     \
        if (error_ != cudaSuccess)                                             \
            return ipl_cuda_failed((dev), error_, #call, __FILE__, __LINE__);  \
    } while (0)

#define IPL_CUBLAS(call)                                                       \
    do {                                                                       \
        const cublasStatus_t status_ = (call);                                 \
        if (status_ != CUBLAS_STATUS_SUCCESS)                                  \
            return ipl_cublas_failed(status_, #call, __FILE__, __LINE__);      \
    } while (0)

/* After every <<<>>>. A launch error shows here; an error inside the kernel shows at
 * the next wait, or right here when debug_sync is on. */
#define IPL_LAUNCHED(dev, kernel)                                              \
    IPL_TRY(ipl_cuda_launched((dev), #kernel, __FILE__, __LINE__))

/* A device is one of those that share the GPU's context, from its opening on; the last
 * one to leave gives a lost context up, so that the GPU can be opened again. */
void ipl_cuda_context_join(const ipl_cuda *dev);
void ipl_cuda_context_leave(const ipl_cuda *dev);

/* E_DEVICE where a process that this one was forked from had begun to use CUDA: then
 * nothing of it may be called here, not even to close. */
ipl_status ipl_cuda_not_forked(void);

/* -- Order ---------------------------------------------------------------------- */

/* The device behind `state`, made current for this thread. E_DEVICE: it was lost. */
ipl_status ipl_cuda_use(void *state, ipl_cuda **dev);

/* The handle trains: its work goes before that of handles that only measure. Waits the
 * first time. backend_cuda.cu */
ipl_status ipl_cuda_goes_first(ipl_cuda *dev);

/* Allow the kernels that need it all shared memory of a block, when the device opens: a
 * limit set at each launch would be that of other threads too (net_tiny.cu,
 * net_narrow.cu, net_forward_tiny.cu). */
ipl_status ipl_cuda_tiny_open(ipl_cuda *dev);
ipl_status ipl_cuda_narrow_open(ipl_cuda *dev);
ipl_status ipl_cuda_forward_open(ipl_cuda *dev);

/* -- cuBLAS (blas_cuda.cu) -------------------------------------------------------- */

enum { IPL_CUDA_BLAS_BYTES = 32 << 20 }; /* device memory of one */

/* dev->blas, until it is given back as often; after an error, until the device closes.
 * Not while the stream is captured. */
ipl_status ipl_cuda_use_blas(ipl_cuda *dev);
ipl_status ipl_cuda_give_blas(ipl_cuda *dev);
/* dev->stream is another one. */
ipl_status ipl_cuda_bind_blas(ipl_cuda *dev);
/* The device closes, and its stream has nothing to do. */
void ipl_cuda_close_blas(ipl_cuda *dev);
/* The last device on the GPU has closed. */
void ipl_cuda_empty_blas(int index);

/* -- Waiting ---------------------------------------------------------------------- */

/* Wait for all that is queued; copy from the device and wait. */
ipl_status ipl_cuda_wait(ipl_cuda *dev);
ipl_status ipl_cuda_fetch(ipl_cuda *dev, const void *at, size_t bytes, void *host);

/* -- Memory --------------------------------------------------------------------- */

/* Device memory; E_MEMORY names the bytes, the use and what is free. */
ipl_status ipl_cuda_alloc(ipl_cuda *dev, size_t bytes, const char *use, void **at);

/* At least `bytes` for the next launches; the content is lost at the next call. Grows,
 * and then waits; a steady state does neither. */
ipl_status ipl_cuda_scratch(ipl_cuda *dev, size_t bytes, void **at);

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

/* -- Entries of the table ------------------------------------------------------- */

extern "C" {
ipl_status ipl_cuda_alloc_bytes(void *state, size_t bytes, void **at);
void       ipl_cuda_release(void *state, void *at);
ipl_status ipl_cuda_upload(void *state, const void *host, size_t bytes, void *at);
ipl_status ipl_cuda_download(void *state, const void *at, size_t bytes, void *host);
ipl_status ipl_cuda_copy(void *state, const void *from, size_t bytes, void *to);
ipl_status ipl_cuda_sync(void *state);
ipl_status ipl_cuda_free_bytes(void *state, int64_t *bytes);
ipl_meter *ipl_cuda_meter(void *state);

/* One more piece of the meter is done when the stream comes to this place. Does not
 * wait. */
ipl_status ipl_cuda_meter_step(ipl_cuda *dev);
ipl_status ipl_cuda_event_create(void *state, void **event);
void       ipl_cuda_event_destroy(void *event);
ipl_status ipl_cuda_event_record(void *state, void *event);
ipl_status ipl_cuda_event_wait(void *state, void *event);
ipl_status ipl_cuda_timer_start(void *state);
ipl_status ipl_cuda_timer_stop(void *state, double *wall_ms);

size_t     ipl_cuda_trainer_bytes(void *state, const ipl_net_shape *shape,
                                  const ipl_train_options *options, int replicas,
                                  int64_t rows);
size_t     ipl_cuda_evaluate_bytes(void *state, const ipl_net_shape *shape,
                                   int networks, int64_t rows);
ipl_status ipl_cuda_trainer_create(void *state, const ipl_net_shape *shape,
                                   const ipl_train_options *options, int replicas,
                                   int64_t rows, const float *x, const int32_t *y,
                                   void **trainer);
void       ipl_cuda_trainer_destroy(void *state, void *trainer);
ipl_status ipl_cuda_trainer_write(void *state, void *trainer, const float *values,
                                  int64_t steps);
ipl_status ipl_cuda_trainer_read(void *state, void *trainer, float *values,
                                 int64_t *steps);
ipl_status ipl_cuda_trainer_snapshot(void *state, void *trainer, int first, int count,
                                     float *params);
ipl_status ipl_cuda_trainer_train(void *state, void *trainer, int64_t count,
                                  const int32_t *order, ipl_gradient_stats *stats);
ipl_status ipl_cuda_forward(void *state, const ipl_net_shape *shape, int networks,
                            const float *const *params, int64_t rows, const float *x,
                            float *const *act, int64_t apart);
ipl_status ipl_cuda_evaluate(void *state, const ipl_net_shape *shape, int networks,
                             const float *params, int64_t rows, const float *x,
                             const int32_t *y, double *loss_nats, int64_t *correct);
ipl_status ipl_cuda_ceilings(void *state, ipl_ceilings *out);

size_t     ipl_cuda_range_scratch_bytes(void *state, int jobs,
                                        const ipl_range_job *job);
ipl_status ipl_cuda_value_range(void *state, int jobs, ipl_range_job *job,
                                void *scratch);
size_t     ipl_cuda_quantile_scratch_bytes(void *state, int jobs,
                                           const ipl_quantile_job *job);
ipl_status ipl_cuda_value_quantiles(void *state, int jobs, const ipl_quantile_job *job,
                                    void *scratch);
ipl_status ipl_cuda_round_values(void *state, int jobs, const ipl_round_job *job);
size_t     ipl_cuda_kde_scratch_bytes(void *state, int jobs, const ipl_kde_job *job);
ipl_status ipl_cuda_kde_sums(void *state, int jobs, ipl_kde_job *job, int full_sums,
                             void *scratch);
size_t     ipl_cuda_bin_scratch_bytes(void *state, int jobs, const ipl_bin_job *job);
ipl_status ipl_cuda_bin_cells(void *state, int jobs, ipl_bin_job *job, void *scratch);
size_t     ipl_cuda_count_scratch_bytes(void *state, int jobs,
                                        const ipl_count_job *job);
ipl_status ipl_cuda_cell_counts(void *state, int jobs, ipl_count_job *job,
                                void *scratch);
size_t     ipl_cuda_neighbour_scratch_bytes(void *state, int jobs,
                                            const ipl_neighbour_job *job);
ipl_status ipl_cuda_nearest_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                       void *scratch);
size_t     ipl_cuda_radius_scratch_bytes(void *state, int jobs,
                                         const ipl_radius_job *job);
ipl_status ipl_cuda_radius_counts(void *state, int jobs, ipl_radius_job *job,
                                  void *scratch);
size_t     ipl_cuda_density_scratch_bytes(void *state, int jobs,
                                          const ipl_density_job *job);
ipl_status ipl_cuda_local_densities(void *state, int jobs, ipl_density_job *job,
                                    void *scratch);
ipl_status ipl_cuda_gather_rows(void *state, const void *from, int64_t d,
                                const int32_t *row, int64_t count, void *to);
}

/* A trainer's part in a wait (net_state.cu): E_NUMERIC when a parameter stopped being
 * finite; the trainer behind it in dev->trainers. */
ipl_status        ipl_cuda_trainer_check(ipl_cuda_trainer *trainer);
ipl_cuda_trainer *ipl_cuda_trainer_next(const ipl_cuda_trainer *trainer);

#endif
