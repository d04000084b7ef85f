/*
 * backend_cpu.c - the host as a device: choosing an instruction set, memory, the table.
 */
#include "cpu/cpu.h"
#include "cpu/net_cpu.h"
#include "fork.h"
#include "host_memory.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

static const char *const isa_name[CPU_ISA_COUNT] = {"portable", "avx2", "avx512"};

static int processor_has(cpu_isa isa)
{
#if defined(__x86_64__)
    if (isa == CPU_AVX2)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#if defined(IPL_SIMDE) /* the AVX-512 text runs on AVX2 instructions then */
    if (isa == CPU_AVX512) return processor_has(CPU_AVX2);
#else
    if (isa == CPU_AVX512)
        return __builtin_cpu_supports("avx512f") &&
               __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl");
#endif
#endif
    return isa == CPU_PORTABLE;
}

static ipl_status cpu_variant_name(int index, char *name, size_t size)
{
    for (int isa = CPU_ISA_COUNT - 1; isa >= 0; --isa)
        if (processor_has((cpu_isa)isa) && index-- == 0) {
            snprintf(name, size, "%s", isa_name[isa]);
            return IPL_OK;
        }
    return IPL_FAIL(IPL_E_ARGUMENT, "no such instruction set");
}

/* The model as the kernel knows it; "processor" where /proc does not say. */
static void describe(char *text, size_t size)
{
    char line[256];
    snprintf(text, size, "processor");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) return;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, "model name", 10) && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(text, size, "%.100s", strchr(line, ':') + 2);
            break;
        }
    fclose(file);
}

int cpu_threads(const cpu_state *state)
{
    if (state->threads == 1 || ipl_fork_lost(IPL_FORK_THREADS)) return 1;
    ipl_fork_begin(IPL_FORK_THREADS);
    return state->threads;
}

static ipl_status cpu_free_bytes(void *state, int64_t *bytes)
{
    (void)state;
    *bytes = ipl_host_memory_now().free;
    return IPL_OK;
}

static ipl_status cpu_open(const char *variant, const ipl_device_options *options,
                           ipl_device_info *about, void **out)
{
    int isa = CPU_ISA_COUNT - 1;
    if (variant) {
        while (isa >= 0 && strcmp(variant, isa_name[isa])) --isa;
        if (isa < 0)
            return IPL_FAIL(IPL_E_ARGUMENT,
                            "device 'cpu:%s': expected portable, avx2 or avx512",
                            variant);
        if (!processor_has((cpu_isa)isa))
            return IPL_FAIL(IPL_E_UNSUPPORTED, "this processor has no %s", variant);
    } else {
        while (!processor_has((cpu_isa)isa)) --isa;
    }

    const int threads = options->threads ? options->threads : omp_get_num_procs();
    /* Our own threads split the products, in pieces that do not depend on how many
     * threads there are; OpenBLAS's would also fight them for the cores. */
    cpu_use_one_blas_thread();
    IPL_TRY(cpu_reserve_blas(threads));

    cpu_state *state = calloc(1, sizeof *state);
    if (!state) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a device", sizeof *state);
    state->isa = (cpu_isa)isa;
    state->meter = &state->own;
    state->weak_hashes = getenv("IPL_TEST_WEAK_HASHES") != NULL;
    state->threads = state->most_threads = threads;
    cpu_wait_asleep(state->threads);

    const ipl_host_memory memory = ipl_host_memory_now();
    snprintf(about->name, sizeof about->name, "cpu:%s", isa_name[isa]);
    describe(about->description, sizeof about->description);
    snprintf(about->libraries, sizeof about->libraries, "%s", openblas_get_config());
    about->threads = state->threads;
    about->is_host = 1;
    about->memory_bytes = memory.all;
    about->free_bytes = memory.free;
    *out = state;
    return IPL_OK;
}

static ipl_meter *cpu_meter(void *state)
{
    return ((cpu_state *)state)->meter;
}

static void cpu_close(void *state) { free(state); }

static ipl_status cpu_alloc(void *state, size_t bytes, void **at)
{
    (void)state;
    const size_t whole = (bytes + CPU_ALIGN - 1) / CPU_ALIGN * CPU_ALIGN;
    void *made = whole < bytes ? NULL : aligned_alloc(CPU_ALIGN, whole);
    if (!made) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of host memory", bytes);
    *at = made;
    return IPL_OK;
}

static void cpu_release(void *state, void *at)
{
    (void)state;
    free(at);
}

static ipl_status cpu_copy_in(void *state, const void *host, size_t bytes, void *at)
{
    (void)state;
    memcpy(at, host, bytes);
    return IPL_OK;
}

static ipl_status cpu_copy_out(void *state, const void *at, size_t bytes, void *host)
{
    return cpu_copy_in(state, at, bytes, host);
}

/* What was called is done: there is nothing to wait for, and no event to record. */
static ipl_status cpu_sync(void *state)
{
    (void)state;
    return IPL_OK;
}

static ipl_status cpu_event_create(void *state, void **event)
{
    (void)state;
    *event = NULL;
    return IPL_OK;
}

static void cpu_event_destroy(void *event) { (void)event; }

static ipl_status cpu_event(void *state, void *event)
{
    (void)state;
    (void)event;
    return IPL_OK;
}

static ipl_status cpu_gather_rows(void *state, const void *from, int64_t d,
                                  const int32_t *row, int64_t count, void *to)
{
    (void)state;
    const int64_t bytes = 4 * d;
    for (int64_t i = 0; i < count; ++i)
        memcpy((char *)to + i * bytes, (const char *)from + row[i] * bytes,
               (size_t)bytes);
    return IPL_OK;
}

static void cpu_use_threads(void *state, int threads)
{
    ((cpu_state *)state)->threads = threads;
}

const ipl_backend ipl_backend_cpu = {
    .name = "cpu",
    .variant_name = cpu_variant_name,
    .open = cpu_open,
    .close = cpu_close,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .upload = cpu_copy_in,
    .download = cpu_copy_out,
    .copy = cpu_copy_in,
    .sync = cpu_sync,
    .event_create = cpu_event_create,
    .event_destroy = cpu_event_destroy,
    .event_record = cpu_event,
    .event_wait = cpu_event,
    .use_threads = cpu_use_threads,
    .free_bytes = cpu_free_bytes,
    .meter = cpu_meter,
    .ceilings = cpu_ceilings,
    .timer_start = cpu_timer_start,
    .timer_stop = cpu_timer_stop,
    .trainer_bytes = cpu_trainer_bytes,
    .evaluate_bytes = cpu_evaluate_bytes,
    .trainer_create = cpu_trainer_create,
    .trainer_destroy = cpu_trainer_destroy,
    .trainer_write = cpu_trainer_write,
    .trainer_read = cpu_trainer_read,
    .trainer_snapshot = cpu_trainer_snapshot,
    .trainer_train = cpu_trainer_train,
    .forward = cpu_forward,
    .evaluate = cpu_evaluate,
    .range_scratch_bytes = cpu_range_scratch_bytes,
    .value_range = cpu_value_range,
    .quantile_scratch_bytes = cpu_quantile_scratch_bytes,
    .value_quantiles = cpu_value_quantiles,
    .round_values = cpu_round_values,
    .bin_scratch_bytes = cpu_bin_scratch_bytes,
    .bin_cells = cpu_bin_cells,
    .count_scratch_bytes = cpu_count_scratch_bytes,
    .cell_counts = cpu_cell_counts,
    .kde_scratch_bytes = cpu_kde_scratch_bytes,
    .kde_sums = cpu_kde_sums,
    .neighbour_scratch_bytes = cpu_neighbour_scratch_bytes,
    .nearest_neighbours = cpu_nearest_neighbours,
    .radius_scratch_bytes = cpu_radius_scratch_bytes,
    .radius_counts = cpu_radius_counts,
    .density_scratch_bytes = cpu_density_scratch_bytes,
    .local_densities = cpu_local_densities,
    .gather_rows = cpu_gather_rows,
};
