/*
 * plot_frames.c - a movie: the picture up to one measured tick after the other.
 */
#include <math.h>
#include <stdlib.h>

#include "plot/plot.h"

enum { FRAMES = 60, FRAMES_LEAST = 12 };

/* A frame takes about 1/50 byte a pixel: larger pictures have fewer, so that a movie
 * stays at some 500 kB. */
static int frames_of(const canvas *c)
{
    const double frames = 26e6 / ((double)c->width * c->height);
    return (int)fmax(fmin(frames, FRAMES), FRAMES_LEAST);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The measured ticks of all runs, ascending, each once. */
static ipl_status list_ticks(const canvas *c, double **out, int64_t *ticks)
{
    int64_t points = 0, count = 0, kept = 0;
    for (int r = 0; r < c->runs; ++r) points += c->run[r].points;
    double *tick = malloc((size_t)(points + 1) * sizeof *tick);
    if (!tick) return IPL_FAIL(IPL_E_MEMORY, "%lld ticks", (long long)points);
    for (int r = 0; r < c->runs; ++r)
        for (int64_t k = 0; k < c->run[r].points; ++k)
            tick[count++] = (double)c->run[r].point[k].tick;
    qsort(tick, (size_t)count, sizeof *tick, by_value);
    for (int64_t k = 0; k < count; ++k)
        if (!kept || tick[k] > tick[kept - 1]) tick[kept++] = tick[k];
    *out = tick;
    *ticks = kept;
    return IPL_OK;
}

ipl_status ipl_plot_frames(const canvas *c, ipl_status (*draw)(const canvas *c))
{
    const int most = frames_of(c);
    int64_t ticks = 0;
    double *tick = NULL, before = -INFINITY;
    IPL_TRY(list_ticks(c, &tick, &ticks));
    const double step = ticks ? log10(tick[ticks - 1] + 1.0) / (most - 2) : 0.0;
    ipl_status st = IPL_OK;
    for (int64_t k = 0; k < ticks && st == IPL_OK; ++k) {
        const double t = tick[k], at = log10(t + 1.0);
        if (ticks > most && k + 1 < ticks && at - before < step) continue;
        canvas frame = *c;
        frame.until = t;
        before = at;
        fprintf(c->out, "T = %.9g\n", t > 0 ? t : 0.5);
        st = draw(&frame);
    }
    free(tick);
    return st;
}
