/*
 * plot_runs.c - several runs in one picture: beside each other, or over each other.
 *
 * Beside each other a run is a column, and an estimator a row of each kind of panel; an
 * estimator that a run lacks leaves its cell empty. Over each other an estimator has
 * one panel, where the dashes of a line are the run's and its colour the layer's.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/gnuplot.h"
#include "plot/plot.h"

enum { NAMES_MAX = IPL_PLOT_RUNS_MAX * PLOT_ESTIMATORS_MAX };

/* The estimators of all runs, in the order in which they are met. */
static int names_of(const canvas *c, const char *name[])
{
    int names = 0;
    for (int r = 0; r < c->runs; ++r)
        for (int e = 0; e < c->run[r].estimators; ++e) {
            int known = 0;
            for (int k = 0; k < names; ++k)
                known |= !strcmp(name[k], c->run[r].estimator[e]);
            if (!known) name[names++] = c->run[r].estimator[e];
        }
    return names;
}

static canvas of_run(const canvas *c, int number)
{
    canvas one = *c;
    one.d = &c->run[number];
    one.number = number;
    return one;
}

static int has(ipl_plot_what what, ipl_plot_what part)
{
    return what == IPL_PLOT_ALL || what == part;
}

static int has_training(const canvas *c)
{
    for (int r = 0; r < c->runs; ++r)
        if (c->run[r].trainings) return 1;
    return 0;
}

void ipl_plot_runs_size(canvas *c)
{
    const char *name[NAMES_MAX];
    const int names = names_of(c, name);
    const int bar = has(c->what, IPL_PLOT_PLANE) ? PLOT_BAR - PLOT_RIGHT : 0;
    int columns = c->runs, rows = 0;
    if (c->how.overlay) {
        columns = c->what == IPL_PLOT_PLANE ? names : 2;
        rows = c->what == IPL_PLOT_PLANE ? 1 : names;
    } else {
        rows += has(c->what, IPL_PLOT_PLANE) * names;
        rows += has(c->what, IPL_PLOT_EPOCHS) * 2 * names;
        rows += has(c->what, IPL_PLOT_SNR) * 3 * has_training(c);
    }
    ipl_plot_grid(c, columns, rows, bar);
}

static plot_box last_with_bar(const canvas *c, int column, int columns, int row)
{
    plot_box box = ipl_plot_cell(c, column, row);
    if (column == columns - 1) box.width += PLOT_BAR - PLOT_RIGHT;
    return box;
}

/* The cell of run r in this row, of what estimator e of it is. */
static void draw_cell(const canvas *c, int r, int row, const char *name, int axis)
{
    const canvas one = of_run(c, r);
    const int    e = ipl_plot_find(one.d, name);
    if (e < 0) return;
    if (axis >= 0) ipl_plot_epochs(&one, ipl_plot_cell(c, r, row), e, axis);
    else
        ipl_plot_plane(&one, last_with_bar(c, r, c->runs, row), e, r == c->runs - 1);
}

static void draw_beside(const canvas *c)
{
    const char *name[NAMES_MAX];
    const int names = names_of(c, name);
    int row = 0;
    for (int k = 0; k < names; ++k)
        for (int axis = -1; axis < 2; ++axis) {
            if (!has(c->what, axis < 0 ? IPL_PLOT_PLANE : IPL_PLOT_EPOCHS)) continue;
            for (int r = 0; r < c->runs; ++r) draw_cell(c, r, row, name[k], axis);
            ++row;
        }
    for (int r = 0; has(c->what, IPL_PLOT_SNR) && r < c->runs; ++r) {
        const canvas one = of_run(c, r);
        if (!one.d->trainings) continue;
        ipl_plot_gradients(&one, ipl_plot_cell(c, r, row));
        ipl_plot_ratio(&one, ipl_plot_cell(c, r, row + 1));
        ipl_plot_training(&one, ipl_plot_cell(c, r, row + 2));
    }
}

/* -- Over each other --------------------------------------------------------------*/

/* A layer of the plane: its trail, and few of its points, whose colour is the tick. */
static void overlay_plane(const canvas *c, const char *block, int l, int dash,
                          int doubt)
{
    const char *x = ipl_plot_until(c), *column = *x == '2' ? "$2" : x;
    const int shape = ipl_plot_shape(l);
    fprintf(c->out, "%s index %d using %s:4 with lines lw 1.6 dt %d lc '%s', %s "
            "index %d using ($6>0?%s:NaN):4 with points pt %d ps 1.15*S lc '%s', %s "
            "index %d using ($1<1?$2:NaN):4 with points pt %d ps 0.7*S lc '#ffffff', "
            "%s index %d using ($1<1?NaN:$6>0?%s:NaN):4:1 with points pt %d ps 0.7*S "
            "lc palette z", block, l - 1, x, dash, ipl_plot_colour(l), block, l - 1,
            column, shape, ipl_plot_colour(l), block, l - 1, shape, block, l - 1,
            column, shape);
    if (doubt)
        fprintf(c->out, ", %s index %d using ($7*$6>0?%s:NaN):4 with points pt %d ps "
                "0.35*S lc '#ffffff'", block, l - 1, column, shape);
}

static void overlay_ticks(const canvas *c, const char *block, int l, int dash,
                          int doubt, int value)
{
    const int   shape = ipl_plot_shape(l);
    const char *colour = ipl_plot_colour(l);
    fprintf(c->out, "%s index %d using 1:%d with lines lw 1.8 dt %d lc '%s'", block,
            l - 1, value, dash, colour);
    if (doubt)
        fprintf(c->out, ", %s index %d using ($7>0?$1:NaN):%d with points pt %d ps "
                "0.8*S lc '%s', %s index %d using ($7>0?$1:NaN):%d with points pt %d "
                "ps 0.45*S lc '#ffffff'", block, l - 1, value, shape, colour, block,
                l - 1, value, shape);
}

void ipl_plot_overlay(const canvas *c, const char *estimator, int axis)
{
    const char *sep = axis < 0 ? "plot " : ", ";
    for (int r = 0; r < c->runs; ++r) {
        const canvas one = of_run(c, r);
        const plot_data *d = one.d;
        const int e = ipl_plot_find(d, estimator);
        char suffix[8], block[32];
        if (e < 0) continue;
        const int doubt = ipl_plot_has_doubt(d, e);
        snprintf(block, sizeof block, "$plane%d%s", e, ipl_plot_suffix(&one, suffix));
        for (int l = ipl_plot_layer(d, d->layers); l; l = ipl_plot_layer(d, l - 1)) {
            fputs(sep, c->out);
            sep = ", ";
            if (axis < 0) overlay_plane(c, block, l, r + 1, doubt);
            else overlay_ticks(c, block, l, r + 1, doubt, axis == PLOT_X ? 2 : 4);
        }
    }
    fprintf(c->out, "\n");
}

static void draw_over(const canvas *c)
{
    const char *name[NAMES_MAX];
    const int names = names_of(c, name);
    for (int k = 0; k < names; ++k) {
        int r = 0;
        while (ipl_plot_find(&c->run[r], name[k]) < 0) ++r;
        const canvas one = of_run(c, r);
        const int    e = ipl_plot_find(one.d, name[k]);
        if (c->what == IPL_PLOT_PLANE)
            ipl_plot_plane(&one, last_with_bar(c, k, names, 0), e, k == names - 1);
        for (int axis = 0; c->what == IPL_PLOT_EPOCHS && axis < 2; ++axis)
            ipl_plot_epochs(&one, ipl_plot_cell(c, axis, k), e, axis);
    }
}

void ipl_plot_runs_draw(const canvas *c)
{
    if (c->how.overlay) draw_over(c);
    else draw_beside(c);
}

/* -- Movies -----------------------------------------------------------------------*/

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

ipl_status ipl_plot_frames(const canvas *c, void (*draw)(const canvas *c))
{
    const int most = frames_of(c);
    int64_t ticks = 0;
    double *tick = NULL, before = -INFINITY;
    IPL_TRY(list_ticks(c, &tick, &ticks));
    const double step = ticks ? log10(tick[ticks - 1] + 1.0) / (most - 2) : 0.0;
    for (int64_t k = 0; k < ticks; ++k) {
        const double t = tick[k], at = log10(t + 1.0);
        if (ticks > most && k + 1 < ticks && at - before < step) continue;
        canvas frame = *c;
        frame.until = t;
        before = at;
        fprintf(c->out, "T = %.9g\n", t > 0 ? t : 0.5);
        draw(&frame);
    }
    free(tick);
    return IPL_OK;
}
