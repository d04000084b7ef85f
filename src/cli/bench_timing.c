/*
 * bench_timing.c - repeats, medians and test data.
 */
#include "cli/bench_timing.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

static const double LONG_MS = 10e3; /* no repeat after so much */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double processor_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

ipl_status bench_time(bench_context *context, bench_call call, void *user,
                      bench_row *row)
{
    double ms[BENCH_REPEATS_MAX], processor_ms[BENCH_REPEATS_MAX], spent_ms = 0.0;
    int repeats = 0;
    IPL_TRY(call(user, 0));
    while (repeats < BENCH_REPEATS_MAX &&
           (repeats < BENCH_REPEATS_MIN || spent_ms < context->seconds * 1e3) &&
           spent_ms < LONG_MS) {
        processor_ms[repeats] = -processor_now_ms();
        IPL_TRY(ipl_timer_start(context->dev));
        IPL_TRY(call(user, repeats + 1));
        IPL_TRY(ipl_timer_stop(context->dev, &ms[repeats]));
        processor_ms[repeats] += processor_now_ms();
        spent_ms += ms[repeats++];
        if (context->small) break; /* an emulated device has no speed to measure */
    }
    qsort(ms, (size_t)repeats, sizeof *ms, by_value);
    qsort(processor_ms, (size_t)repeats, sizeof *processor_ms, by_value);
    row->repeats = repeats;
    row->best_ms = ms[0];
    row->median_ms = ms[repeats / 2];
    row->processor_ms = processor_ms[repeats / 2];
    return IPL_OK;
}

double bench_uniform(uint64_t *state)
{
    /* splitmix64 (Steele, Lea and Flood 2014): enough for data nobody publishes. */
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

/* Sum of four uniforms: bell-shaped, variance 1 after scaling. */
static double bell(uint64_t *state)
{
    double sum = -2.0;
    for (int k = 0; k < 4; ++k) sum += bench_uniform(state);
    return sum * sqrt(3.0);
}

void bench_inputs(int64_t n, int64_t d, float *x)
{
    uint64_t state = 2;
    for (int64_t v = 0; v < n * d; ++v) x[v] = (float)bell(&state);
}

void bench_activations(int64_t n, int64_t d, float *t, int32_t *y)
{
    enum { CLASSES = 10 };
    uint64_t state = 1;
    for (int64_t i = 0; i < n; ++i) y[i] = (int32_t)(bench_uniform(&state) * CLASSES);
    for (int64_t k = 0; k < d; ++k) {
        double centre[CLASSES];
        for (int c = 0; c < CLASSES; ++c) centre[c] = bell(&state);
        for (int64_t i = 0; i < n; ++i)
            t[i * d + k] = (float)tanh(0.8 * centre[y[i]] + 0.5 * bell(&state));
    }
}
