/*
 * backend_cuda.cu - one NVIDIA GPU as a device: opening it, and the table.
 *
 * Needs compute capability 7.5. A machine without a driver is no error until a GPU
 * is asked for: the CUDA runtime is a shared library that only then looks for one.
 */
#include "common.cuh"
#include "fork.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CAPABILITY_MIN = 75 };

/* One line that says what is missing, rather than the runtime's text, which calls a
 * missing driver an old one. */
static ipl_status gpu_count(int *count)
{
    int driver = 0, runtime = 0;
    IPL_TRY(ipl_cuda_not_forked());
    const cudaError_t error = cudaGetDeviceCount(count);
    if (error == cudaSuccess && *count > 0) {
        ipl_fork_begin(IPL_FORK_CUDA); /* counting starts the driver */
        return IPL_OK;
    }
    (void)cudaGetLastError();
    (void)cudaDriverGetVersion(&driver);
    (void)cudaRuntimeGetVersion(&runtime);
    if (error == cudaErrorNoDevice || error == cudaSuccess)
        return IPL_FAIL(IPL_E_DEVICE, "no NVIDIA GPU is visible");
    if (!driver) return IPL_FAIL(IPL_E_DEVICE, "no NVIDIA driver is loaded");
    if (error == cudaErrorInsufficientDriver)
        return IPL_FAIL(IPL_E_DEVICE,
                        "the NVIDIA driver supports CUDA %d.%d, this build needs %d.%d",
                        driver / 1000, driver % 1000 / 10, runtime / 1000,
                        runtime % 1000 / 10);
    return IPL_FAIL(IPL_E_DEVICE, "cudaGetDeviceCount: %s (%s)",
                    cudaGetErrorString(error), cudaGetErrorName(error));
}

static ipl_status cuda_variant_name(int index, char *name, size_t size)
{
    int count = 0;
    IPL_TRY(gpu_count(&count));
    IPL_REQUIRE(index < count, "GPU %d of %d", index, count);
    snprintf(name, size, "%d", index);
    return IPL_OK;
}

static ipl_status index_of(const char *variant, int *index)
{
    char *end = NULL;
    const long wanted = variant ? strtol(variant, &end, 10) : 0;
    if (variant && (end == variant || *end || variant[0] < '0' || variant[0] > '9'))
        return IPL_FAIL(IPL_E_ARGUMENT, "device 'cuda:%s': expected a number", variant);
    int count = 0;
    const ipl_status st = gpu_count(&count);
    if (st != IPL_OK)
        return IPL_FAIL(st, "device 'cuda%s%s': %s", variant ? ":" : "",
                        variant ? variant : "", ipl_last_error_text());
    if (wanted >= count)
        return IPL_FAIL(IPL_E_DEVICE, "device 'cuda:%ld': this machine has %d GPU%s",
                        wanted, count, count == 1 ? "" : "s");
    *index = (int)wanted;
    return IPL_OK;
}

/* As in "CUDA 13.0, driver 13.0, cuBLAS 13.0.2", on which the bits may depend; the
 * driver's version is that of the CUDA it supports. */
static ipl_status name_libraries(ipl_cuda *dev, char *text, size_t size)
{
    int runtime = 0, driver = 0, part[3] = {0, 0, 0};
    IPL_CUDA(dev, cudaRuntimeGetVersion(&runtime));
    IPL_CUDA(dev, cudaDriverGetVersion(&driver));
    const libraryPropertyType property[3] = {MAJOR_VERSION, MINOR_VERSION, PATCH_LEVEL};
    for (int p = 0; p < 3; ++p) IPL_CUBLAS(cublasGetProperty(property[p], &part[p]));
    snprintf(text, size, "CUDA %d.%d, driver %d.%d, cuBLAS %d.%d.%d", runtime / 1000,
             runtime % 1000 / 10, driver / 1000, driver % 1000 / 10, part[0], part[1],
             part[2]);
    return IPL_OK;
}

/* One that never waits for the legacy stream, in place of the handle's. */
static ipl_status make_stream(ipl_cuda *dev, int priority)
{
    cudaStream_t made = NULL;
    IPL_CUDA(dev, cudaStreamCreateWithPriority(&made, cudaStreamNonBlocking, priority));
    if (dev->stream) (void)cudaStreamDestroy(dev->stream);
    dev->stream = made;
    return dev->lent ? ipl_cuda_bind_blas(dev) : IPL_OK;
}

/* Kernels of training are short and many, and each waits for the one before. */
ipl_status ipl_cuda_goes_first(ipl_cuda *dev)
{
    if (dev->first) return IPL_OK;
    int low = 0, high = 0;
    IPL_CUDA(dev, cudaDeviceGetStreamPriorityRange(&low, &high));
    IPL_TRY(ipl_cuda_wait(dev));
    IPL_TRY(make_stream(dev, high));
    dev->first = 1;
    return IPL_OK;
}

static ipl_status open_stream(ipl_cuda *dev)
{
    int low = 0, high = 0;
    IPL_CUDA(dev, cudaDeviceGetStreamPriorityRange(&low, &high));
    IPL_TRY(make_stream(dev, low));
    for (cudaEvent_t &event : dev->timer) IPL_CUDA(dev, cudaEventCreate(&event));
    return IPL_OK;
}

/* Allows a state that was only partly opened. */
static void cuda_close(void *state)
{
    ipl_cuda *dev = (ipl_cuda *)state;
    if (ipl_fork_lost(IPL_FORK_CUDA)) { /* the rest is the parent's */
        free(dev);
        return;
    }
    (void)cudaSetDevice(dev->index);
    if (dev->stream) (void)cudaStreamSynchronize(dev->stream);
    ipl_cuda_close_blas(dev);
    for (const cudaEvent_t event : dev->timer)
        if (event) (void)cudaEventDestroy(event);
    if (dev->stream) (void)cudaStreamDestroy(dev->stream);
    (void)cudaFree(dev->scratch);
    ipl_cuda_context_leave(dev);
    (void)cudaGetLastError();
    free(dev);
}

static ipl_status open_device(ipl_cuda *dev, const ipl_device_options *options,
                              ipl_device_info *about)
{
    IPL_CUDA(dev, cudaSetDevice(dev->index));
    cudaDeviceProp prop;
    IPL_CUDA(dev, cudaGetDeviceProperties(&prop, dev->index));
    dev->sm_count = prop.multiProcessorCount;
    dev->capability = 10 * prop.major + prop.minor;
    dev->smem_bytes = prop.sharedMemPerBlockOptin;
    const char *debug = getenv("IPL_DEBUG_SYNC");
    dev->debug_sync = debug && !strcmp(debug, "1");
    dev->weak_hashes = getenv("IPL_TEST_WEAK_HASHES") != NULL;
    dev->small_launches = getenv("IPL_TEST_SMALL_LAUNCHES") != NULL;
    if (dev->capability < CAPABILITY_MIN)
        return IPL_FAIL(IPL_E_UNSUPPORTED,
                        "cuda:%d (%s) has compute capability %d.%d: 7.5 is needed",
                        dev->index, prop.name, prop.major, prop.minor);
    dev->allow_tf32 = options->allow_tf32;
    IPL_TRY(open_stream(dev));
    IPL_TRY(ipl_cuda_tiny_open(dev));
    IPL_TRY(ipl_cuda_narrow_open(dev));
    IPL_TRY(ipl_cuda_forward_open(dev));

    size_t free_bytes = 0, all_bytes = 0;
    IPL_CUDA(dev, cudaMemGetInfo(&free_bytes, &all_bytes));
    snprintf(about->name, sizeof about->name, "cuda:%d", dev->index);
    snprintf(about->description, sizeof about->description, "%.127s", prop.name);
    IPL_TRY(name_libraries(dev, about->libraries, sizeof about->libraries));
    about->threads = dev->sm_count;
    about->memory_bytes = (int64_t)all_bytes;
    about->free_bytes = (int64_t)free_bytes;
    about->own_bytes = IPL_CUDA_BLAS_BYTES;
    return IPL_OK;
}

static ipl_status cuda_open(const char *variant, const ipl_device_options *options,
                            ipl_device_info *about, void **out)
{
    int index = 0;
    IPL_TRY(index_of(variant, &index));
    ipl_cuda *dev = (ipl_cuda *)calloc(1, sizeof *dev);
    if (!dev) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a device", sizeof *dev);
    dev->index = index;
    ipl_cuda_context_join(dev);
    const ipl_status st = open_device(dev, options, about);
    if (st != IPL_OK) {
        cuda_close(dev);
        return st;
    }
    *out = dev;
    return IPL_OK;
}

extern const ipl_backend ipl_backend_cuda = {
    .name = "cuda",
    .variant_name = cuda_variant_name,
    .open = cuda_open,
    .close = cuda_close,
    .alloc = ipl_cuda_alloc_bytes,
    .release = ipl_cuda_release,
    .upload = ipl_cuda_upload,
    .download = ipl_cuda_download,
    .copy = ipl_cuda_copy,
    .sync = ipl_cuda_sync,
    .event_create = ipl_cuda_event_create,
    .event_destroy = ipl_cuda_event_destroy,
    .event_record = ipl_cuda_event_record,
    .event_wait = ipl_cuda_event_wait,
    .free_bytes = ipl_cuda_free_bytes,
    .meter = ipl_cuda_meter,
    .ceilings = ipl_cuda_ceilings,
    .timer_start = ipl_cuda_timer_start,
    .timer_stop = ipl_cuda_timer_stop,
    .trainer_bytes = ipl_cuda_trainer_bytes,
    .evaluate_bytes = ipl_cuda_evaluate_bytes,
    .trainer_create = ipl_cuda_trainer_create,
    .trainer_destroy = ipl_cuda_trainer_destroy,
    .trainer_write = ipl_cuda_trainer_write,
    .trainer_read = ipl_cuda_trainer_read,
    .trainer_snapshot = ipl_cuda_trainer_snapshot,
    .trainer_train = ipl_cuda_trainer_train,
    .forward = ipl_cuda_forward,
    .evaluate = ipl_cuda_evaluate,
    .range_scratch_bytes = ipl_cuda_range_scratch_bytes,
    .value_range = ipl_cuda_value_range,
    .quantile_scratch_bytes = ipl_cuda_quantile_scratch_bytes,
    .value_quantiles = ipl_cuda_value_quantiles,
    .round_values = ipl_cuda_round_values,
    .kde_scratch_bytes = ipl_cuda_kde_scratch_bytes,
    .kde_sums = ipl_cuda_kde_sums,
    .bin_scratch_bytes = ipl_cuda_bin_scratch_bytes,
    .bin_cells = ipl_cuda_bin_cells,
    .count_scratch_bytes = ipl_cuda_count_scratch_bytes,
    .cell_counts = ipl_cuda_cell_counts,
    .neighbour_scratch_bytes = ipl_cuda_neighbour_scratch_bytes,
    .nearest_neighbours = ipl_cuda_nearest_neighbours,
    .radius_scratch_bytes = ipl_cuda_radius_scratch_bytes,
    .radius_counts = ipl_cuda_radius_counts,
    .density_scratch_bytes = ipl_cuda_density_scratch_bytes,
    .local_densities = ipl_cuda_local_densities,
    .gather_rows = ipl_cuda_gather_rows,
};
