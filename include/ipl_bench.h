/*
 * ipl_bench.h - a device's clock and its measured peak rates.
 *
 * A time alone says little. Benchmarks report it as a share of a ceiling: the rate that
 * the same device reached in the same run when it only copied, only multiplied and
 * added, or only computed exponentials.
 */
#ifndef IPL_BENCH_H
#define IPL_BENCH_H

#include "ipl_device.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct {
    double copy_gb_per_s;   /* reading plus writing of device memory, 10^9 bytes */
    double fma_gflop_per_s; /* float32 fused multiply-adds, counted as 2         */
    double exp2_g_per_s;    /* float32 2^x by polynomial (CPU) or MUFU (CUDA), 10^9 */
} ipl_ceilings;

/* Measures the ceilings with all threads of the device, in about a second. Each is the
 * best of several repeats, as a disturbance can only slow a repeat down. E_MEMORY. */
ipl_status ipl_device_ceilings(ipl_device *dev, ipl_ceilings *out);

/* A stop-watch on the device's own clock (CUDA: events on its stream; CPU: the
 * monotonic clock). _stop waits for the work queued since _start and returns the
 * milliseconds between the two. A device has one watch. */
ipl_status ipl_timer_start(ipl_device *dev);
ipl_status ipl_timer_stop(ipl_device *dev, double *wall_ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
