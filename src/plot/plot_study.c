/*
 * plot_study.c - a study to small multiples: which runs a panel has, and where it
 * stands.
 *
 * A panel has a run for each colour, of the points at one value of each key in a place;
 * so the panels are those of runs over each other. Numbers of the axes, which are
 * common, stand at the left and below the last panels.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "number.h"
#include "plot/plot_study.h"

/* In points: widths of a panel's axes by the number of columns. */
static const int natural[] = {334, 300, 250, 200};
enum { NATURAL = 4, INNER_WISHED = 140, INNER_LEAST = 62, ACROSS = 8, DOWN = 10 };
enum { GAP = 16, HEADING = 30, ROW_HEADING = 24, NOTE = 14, ALONE = 40 };
enum { NARROW = 190, SPLIT = 18, SPLIT_BELOW = 10 };

/* -- Runs -------------------------------------------------------------------------*/

static int value_in(const study_point *p, const plot_study *s, int place)
{
    return s->in[place] < 0 ? 0 : p->at[s->in[place]];
}

static int by_place(const void *a, const void *b)
{
    const study_point *x = a, *y = b;
    if (x->place != y->place) return x->place < y->place ? -1 : 1;
    if (x->point.layer != y->point.layer) return x->point.layer - y->point.layer;
    return (x->point.tick > y->point.tick) - (x->point.tick < y->point.tick);
}

/* The run's layers without points are not drawn, nor named. */
static void hide_layers(plot_data *d)
{
    for (int l = 0; l < IPL_NET_LAYERS_MAX; ++l) d->hidden[l] = 1;
    for (int64_t k = 0; k < d->points; ++k) d->hidden[d->point[k].layer - 1] = 0;
}

static void fill_run(const study_page *g, plot_data *d, int64_t first, int64_t end)
{
    const plot_study *s = &g->s;
    const int estimator = end > first ? s->point[first].at[study_estimator(s)] : 0;
    d->point = &g->point[first];
    d->points = end - first;
    d->estimators = 1;
    snprintf(d->estimator[0], sizeof d->estimator[0], "%s",
             s->key[study_estimator(s)].value[estimator]);
    for (int64_t k = first; k < end; ++k) {
        const plot_point *p = &s->point[k].point;
        g->point[k] = *p;
        g->point[k].estimator = 0;
        if (p->bar[PLOT_X] > 0 || p->bar[PLOT_Y] > 0) d->bars = 1;
        if (p->tick > d->last) d->last = p->tick;
    }
    hide_layers(d);
}

/* Names of the colours, and the layers that all panels have. */
static void fill_key(study_page *g)
{
    const plot_study *s = &g->s;
    const int of_layers = s->in[STUDY_COLS] == study_layer(s) ||
                          s->in[STUDY_ROWS] == study_layer(s) ||
                          s->in[STUDY_COLOUR] == study_layer(s);
    for (int c = 0; c < g->colours; ++c) {
        plot_data *d = &g->key[c];
        *d = s->about;
        d->point = g->point;
        d->points = s->points;
        hide_layers(d);
        if (of_layers) memset(d->hidden, 1, sizeof d->hidden);
        ipl_plot_study_name(s, STUDY_COLOUR, c, d->name, sizeof d->name);
    }
}

static ipl_status make_runs(study_page *g)
{
    plot_study *s = &g->s;
    const int cols = ipl_plot_study_values(s, STUDY_COLS);
    g->colours = ipl_plot_study_values(s, STUDY_COLOUR);
    g->cells = cols * ipl_plot_study_values(s, STUDY_ROWS);
    const int runs = g->cells * g->colours;
    g->run = calloc((size_t)runs, sizeof *g->run);
    g->key = calloc((size_t)g->colours, sizeof *g->key);
    g->point = calloc((size_t)s->points, sizeof *g->point);
    g->title = ipl_plot_study_title(s);
    if (!g->run || !g->key || !g->point || !g->title)
        return IPL_FAIL(IPL_E_MEMORY, "%d panels", g->cells);
    for (int64_t k = 0; k < s->points; ++k) {
        study_point *p = &s->point[k];
        p->place = ((int64_t)value_in(p, s, STUDY_ROWS) * cols +
                    value_in(p, s, STUDY_COLS)) * g->colours +
                   value_in(p, s, STUDY_COLOUR);
    }
    qsort(s->point, (size_t)s->points, sizeof *s->point, by_place);
    int64_t first = 0;
    for (int r = 0; r < runs; ++r) {
        int64_t end = first;
        while (end < s->points && s->point[end].place == r) ++end;
        g->run[r] = s->about;
        fill_run(g, &g->run[r], first, end);
        first = end;
    }
    fill_key(g);
    return IPL_OK;
}

static int is_labelled(const plot_study *s)
{
    for (int64_t k = 0; k < s->points; ++k)
        if (isfinite(s->point[k].point.mean[PLOT_Y])) return 1;
    return 0;
}

/* The common range of an axis, to which each estimator has a ceiling of its own. */
static void find_range(canvas *c, study_page *g, int axis)
{
    g->lo[axis] = INFINITY;
    g->hi[axis] = -INFINITY;
    for (int r = 0; r < c->runs; ++r) {
        double lo, hi;
        int before = 0;
        if (!c->run[r].points) continue;
        while (!c->run[before].points ||
               strcmp(c->run[before].estimator[0], c->run[r].estimator[0]))
            ++before;
        if (before < r) continue;
        c->d = &c->run[r];
        ipl_plot_range(c, 0, axis, &lo, &hi);
        g->lo[axis] = fmin(g->lo[axis], lo);
        g->hi[axis] = fmax(g->hi[axis], hi);
    }
    c->d = c->run;
}

/* -- Where panels stand -----------------------------------------------------------*/

/* Room of the page for the axes of panels, in units; 0: as many as there are. */
static int room_of(const canvas *c, int left, int has_bar)
{
    const double width = c->how.width_cm * 72.0 / 2.54 / ipl_plot_unit(c);
    const int room = (int)width - left - (has_bar ? PLOT_BAR : PLOT_RIGHT);
    return !(c->how.width_cm > 0) ? 0 : room > 1 ? room : 1;
}

/* Panels of at least this width that stand side by side. */
static int fit_in(int room, int inner)
{
    return room ? (room + GAP) / (inner + GAP) : ACROSS;
}

/* Columns that go on in further lines: filled alike. */
static int wrap(int cells, int room)
{
    int fit = cells > 9 ? 4 : cells > 4 ? 3 : 4;
    if (room) fit = fit_in(room, INNER_WISHED);
    if (fit < 1) fit = 1;
    if (cells > fit * DOWN) fit = fit_in(room, INNER_LEAST);
    const int lines = (cells + fit - 1) / fit;
    return (cells + lines - 1) / lines;
}

static int has_ceilings(const plot_data *d)
{
    return isfinite(d->ceiling[PLOT_X]) || isfinite(d->ceiling[PLOT_Y]);
}

static void lay_out(canvas *c, study_page *g)
{
    const plot_study *s = &g->s;
    const int has_rows = s->in[STUDY_ROWS] >= 0, has_cols = s->in[STUDY_COLS] >= 0;
    const int bar = c->what == IPL_PLOT_PLANE;
    const int heading = ROW_HEADING + g->split[STUDY_ROWS] * SPLIT;
    const int left = PLOT_LEFT + has_rows * heading;
    const int room = room_of(c, left, bar);
    const int right = bar ? PLOT_BAR : PLOT_RIGHT;
    int notes = 0;
    for (const char *at = s->notes; *at; ++at) notes += *at == '\n';
    g->across = has_rows ? ipl_plot_study_values(s, STUDY_COLS) : wrap(g->cells, room);
    g->lines = (g->cells + g->across - 1) / g->across;
    g->wrapped = g->lines > 1 && !has_rows;
    g->quantities = c->what == IPL_PLOT_EPOCHS && is_labelled(s) ? 2 : 1;
    g->beside = g->quantities > 1 && g->across == 1 &&
                (!room || room >= 2 * NARROW);
    const int abreast = g->beside ? 2 : g->across, gap = g->beside ? PLOT_LEFT : GAP;
    g->width = natural[abreast < NATURAL ? abreast - 1 : NATURAL - 1];
    if (room) g->width = (room + gap) / abreast - gap;
    g->height = (int)(0.737 * g->width);
    if (bar && g->cells == 1) g->height += ALONE;
    g->narrow = g->width < NARROW;
    notes += g->narrow && has_ceilings(&s->about);
    g->x = left;
    g->aside = g->width + gap;
    g->below = g->height + GAP;
    const int down = g->beside ? 1 : g->quantities;
    g->apart = down * g->below + (g->wrapped ? HEADING : down > 1 ? GAP / 2 : 0);
    c->width = g->x + abreast * g->aside - gap + right;
    if (room) c->width = room + g->x + right;
    c->cell_width = g->width + PLOT_LEFT + PLOT_RIGHT;
    c->below = PLOT_BELOW;
    c->legend = ipl_plot_legend_height(c);
    g->y = c->legend + (has_cols ? HEADING : GAP / 2) + g->split[STUDY_COLS] * SPLIT;
    c->height = g->y + (g->lines - 1) * g->apart + down * g->below - GAP +
                PLOT_BELOW + notes * NOTE;
    c->plane[PLOT_X] = g->width;
    c->plane[PLOT_Y] = g->height;
}

/* Where headings would be too small, keys are named once for all values. */
static ipl_status split_headings(study_page *g)
{
    const int room[] = {[STUDY_COLS] = g->aside, [STUDY_ROWS] = g->apart};
    for (int place = STUDY_COLS; place <= STUDY_ROWS; ++place)
        for (int v = 0; v < ipl_plot_study_values(&g->s, place); ++v) {
            char *text = ipl_plot_study_heading(&g->s, place, v, STUDY_WHOLE);
            if (!text) return IPL_FAIL(IPL_E_MEMORY, "a heading");
            const double pt =
                ipl_plot_fitting(text, STUDY_HEADING_PT, 0.9 * room[place]);
            if (pt < SPLIT_BELOW) g->split[place] = 1;
            free(text);
        }
    return IPL_OK;
}

/* The legend speaks of the colours, the panels of all runs. */
static void show_runs(canvas *c, const study_page *g)
{
    c->run = c->d = g->run;
    c->runs = g->cells * g->colours;
    for (int r = 0; r < c->runs; ++r) c->last = fmax(c->last, (double)c->run[r].last);
}

/* -- The picture ------------------------------------------------------------------*/

static ipl_status check(const ipl_plot_options *how, const char *dir)
{
    IPL_REQUIRE(how->what <= IPL_PLOT_EPOCHS && !how->overlay && !how->names,
                "%s is a study, whose picture is --what plane or epochs, with --rows, "
                "--cols and --colour for --overlay and --name", dir);
    return ipl_plot_check_limits(how);
}

static ipl_status draw(canvas *c, study_page *g, const char *dir, const char *file)
{
    const int labelled = is_labelled(&g->s);
    if (c->what == IPL_PLOT_ALL) c->what = labelled ? IPL_PLOT_PLANE : IPL_PLOT_EPOCHS;
    if (c->what == IPL_PLOT_PLANE && !labelled)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no plane without labels; I(X;T) is in the "
                        "picture of the epochs", dir);
    IPL_REQUIRE(!ipl_gnuplot_is_movie(file) || c->what == IPL_PLOT_PLANE,
                "%s: a .gif is a movie of the plane: --what plane", file);
    IPL_TRY(make_runs(g));
    c->heading = g->title;
    c->coloured = c->how.overlay = g->s.in[STUDY_COLOUR] >= 0;
    c->run = c->d = g->key;
    c->runs = g->colours;
    lay_out(c, g);
    IPL_TRY(split_headings(g));
    lay_out(c, g);
    if (g->width < INNER_LEAST)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: panels would be narrower than their "
                        "labels: a smaller --font-size leaves more room", file);
    show_runs(c, g);
    for (int axis = 0; axis < 2; ++axis) find_range(c, g, axis);
    return ipl_plot_page_with(c, file, ipl_plot_study_draw);
}

ipl_status ipl_plot_study(const char *dir, const ipl_plot_study_options *how,
                          const char *file, char *notes)
{
    IPL_REQUIRE(dir && how && file && notes && how->plot.what >= 0 &&
                how->plot.what < IPL_PLOT_COUNT && how->onlys >= 0,
                "no directory, options, file or notes, or picture %d",
                how ? (int)how->plot.what : -1);
    IPL_C_LOCALE;
    IPL_TRY(check(&how->plot, dir));
    study_page *g = calloc(1, sizeof *g);
    if (!g) return IPL_FAIL(IPL_E_MEMORY, "a study");
    canvas c = {.what = how->plot.what, .how = how->plot, .until = INFINITY,
                .study = g};
    const int bar = how->plot.what != IPL_PLOT_EPOCHS;
    const int most = PLOT_LEFT + ROW_HEADING + SPLIT;
    const int across = fit_in(room_of(&c, most, bar), INNER_LEAST);
    *notes = 0;
    g->s.notes = notes;
    g->s.notes_size = IPL_PLOT_NOTES;
    ipl_status st;
    IPL_TRY_DONE(ipl_plot_study_read(dir, &g->s));
    IPL_TRY_DONE(ipl_plot_study_place(&g->s, how, across < 1 ? 1 : across, DOWN));
    if (g->s.undone)
        ipl_plot_study_note(&g->s, "%lld of %lld runs failed or are missing",
                            (long long)g->s.undone, (long long)g->s.runs);
    st = draw(&c, g, dir, file);
done:
    free(g->run);
    free(g->key);
    free(g->point);
    free(g->title);
    ipl_plot_study_free(&g->s);
    free(g);
    return st;
}

int ipl_plot_is_study(const char *dir)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/study.json", dir);
    return !access(path, F_OK);
}
