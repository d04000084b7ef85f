/*
 * bench_timing.h - repeats a call until the figures mean something.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include "cli/bench_cases.h"

/* One call to be timed; `turn` counts up, so that it can rotate its buffers. */
typedef ipl_status (*bench_call)(void *user, int turn);

/* Calls once to warm up, then until context->seconds have passed and five times at
 * least (at most BENCH_REPEATS_MAX, and no more after ten seconds), and fills repeats,
 * best_ms, median_ms and processor_ms. */
enum { BENCH_REPEATS_MIN = 5, BENCH_REPEATS_MAX = 1000 };
ipl_status bench_time(bench_context *context, bench_call call, void *user,
                      bench_row *row);

/* Uniform numbers in [0, 1) for test data, the same on each run. */
double bench_uniform(uint64_t *state);

/* n x d bell-shaped inputs. Host memory. */
void bench_inputs(int64_t n, int64_t d, float *x);

/* n x d activations of ten classes, tanh of class centres with spread, as a network
 * in the middle of its training has; y[n] gets the classes. Host memory. */
void bench_activations(int64_t n, int64_t d, float *t, int32_t *y);

#endif
