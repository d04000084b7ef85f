/*
 * ipl_bench.h - measuring a device: its clock and its ceilings.
 *
 * A figure of speed says little alone. Programs that time the library divide by
 * what the same device did, in the same run, on work that only copies, only
 * multiplies and adds, or only exponentiates.
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
    double exp2_g_per_s;    /* float32 2^x by polynomial (CPU) or MUFU, 10^9      */
} ipl_ceilings;

/* Measures the device with all its threads, for about a second. A ceiling is the
 * best of several repeats: what disturbs a measurement only ever slows it. E_MEMORY. */
ipl_status ipl_device_ceilings(ipl_device *dev, ipl_ceilings *out);

/* A stop-watch on the device's own clock (CUDA: events on its stream; CPU: the
 * monotonic clock). _stop waits for what was queued since _start and gives the
 * milliseconds between. One watch a device. */
ipl_status ipl_timer_start(ipl_device *dev);
ipl_status ipl_timer_stop(ipl_device *dev, double *wall_ms);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
