/*
 * plot_layout.c - which panels the picture of runs has, and where.
 *
 * Panels stand on a grid whose cells have equal size, in groups that begin a row each.
 * Of one run, and of runs over each other, a group is what there is of an estimator; of
 * runs beside each other it is one kind of panel of all of them. Where a page is too
 * narrow for a row, it goes on in the next one.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot.h"

enum { CELL_WIDTH = 430, CELL_HEIGHT = 330, INNER_WISHED = 140 }; /* in points */
enum { NAMES_MAX = IPL_PLOT_RUNS_MAX * PLOT_ESTIMATORS_MAX };

typedef enum { EMPTY, PLANE, OVER_X, OVER_Y, POOLED, GRADIENTS, RATIO, TRAINING } kind;

typedef struct {
    kind kind;
    int  run, estimator, column, row;
} place;

typedef struct {
    int    names, columns, rows; /* estimators of all runs, as they are met       */
    int    count, room, at;      /* at: the next column                           */
    const char *name[NAMES_MAX];
    place *place;
} grid;

static int is_beside(const canvas *c) { return c->runs > 1 && !c->how.overlay; }

/* Real-valued targets have no H(Y). */
static int is_labelled(const canvas *c)
{
    for (int r = 0; r < c->runs; ++r) {
        if (isfinite(c->run[r].ceiling[PLOT_Y])) return 1;
        for (int64_t k = 0; k < c->run[r].points; ++k)
            if (isfinite(c->run[r].point[k].mean[PLOT_Y])) return 1;
    }
    return 0;
}

static int is_trained(const canvas *c)
{
    int trained = 0;
    for (int r = 0; r < c->runs; ++r) trained |= c->run[r].trainings > 0;
    return trained && (c->what == IPL_PLOT_ALL || c->what == IPL_PLOT_SNR);
}

/* -- Which panels -----------------------------------------------------------------*/

static void name_estimators(const canvas *c, grid *g)
{
    if (c->pool) {
        for (int e = 0; e < c->pool->estimators; ++e)
            g->name[g->names++] = c->d->estimator[c->pool->estimator[e]];
        return;
    }
    for (int r = 0; r < c->runs; ++r)
        for (int e = 0; e < c->run[r].estimators; ++e) {
            int known = 0;
            for (int k = 0; k < g->names; ++k)
                known |= !strcmp(g->name[k], c->run[r].estimator[e]);
            if (!known) g->name[g->names++] = c->run[r].estimator[e];
        }
}

/* The kinds of panels of one estimator; without labels there is I(X;T) alone. */
static int kinds_of(const canvas *c, kind of[3])
{
    const ipl_plot_what what = c->what;
    const int planes = what == IPL_PLOT_PLANE || what == IPL_PLOT_POOLED_PLANE;
    const int labelled = is_labelled(c);
    int count = 0;
    if (what == IPL_PLOT_SNR) return 0;
    if (planes || (what == IPL_PLOT_ALL && labelled)) of[count++] = PLANE;
    if (what == IPL_PLOT_POOLED_PLANE) of[count++] = POOLED;
    if (planes) return count;
    of[count++] = OVER_X;
    if (labelled) of[count++] = OVER_Y;
    return count;
}

static void begin_group(grid *g)
{
    if (g->at) ++g->rows;
    g->at = 0;
}

static void put(grid *g, kind what, int run, int estimator)
{
    if (g->at == g->columns) begin_group(g);
    if (what != EMPTY && g->count < g->room)
        g->place[g->count++] = (place){what, run, estimator, g->at, g->rows};
    ++g->at;
}

/* The first run that has it. */
static int owner_of(const canvas *c, const char *name)
{
    int r = 0;
    while (ipl_plot_find(&c->run[r], name) < 0) ++r;
    return r;
}

static void put_estimator(const canvas *c, grid *g, int name, kind what)
{
    if (!is_beside(c)) {
        const int r = owner_of(c, g->name[name]);
        put(g, what, r, ipl_plot_find(&c->run[r], g->name[name]));
        return;
    }
    begin_group(g);
    for (int r = 0; r < c->runs; ++r) {
        const int e = ipl_plot_find(&c->run[r], g->name[name]);
        put(g, e < 0 ? EMPTY : what, r, e);
    }
}

static void put_training(const canvas *c, grid *g)
{
    if (!is_trained(c)) return;
    begin_group(g);
    for (kind what = GRADIENTS; what <= TRAINING; ++what) {
        if (is_beside(c)) begin_group(g);
        for (int r = 0; r < c->runs; ++r)
            put(g, c->run[r].trainings ? what : EMPTY, r, 0);
    }
}

static void put_all(const canvas *c, grid *g)
{
    kind of[3];
    const int kinds = kinds_of(c, of);
    /* Two columns cannot hold three kinds: the planes come first. */
    const int planes = !is_beside(c) && kinds == 3 && g->columns == 2;
    for (int k = 0; planes && k < g->names; ++k) put_estimator(c, g, k, PLANE);
    for (int k = 0; k < g->names; ++k) {
        if (kinds > 1) begin_group(g);
        for (int s = planes; s < kinds; ++s) put_estimator(c, g, k, of[s]);
    }
    put_training(c, g);
    begin_group(g);
}

/* -- Where ------------------------------------------------------------------------*/

/* Room of the page in units, whose number is smaller where fonts are larger. */
static double units_of(const canvas *c, double points)
{
    return points / ipl_plot_unit(c);
}

int ipl_plot_abreast(const canvas *c, int wished, int bar, int own)
{
    if (!(c->how.width_cm > 0)) return wished;
    const double width = units_of(c, c->how.width_cm * 72.0 / 2.54) - bar;
    const int    fit = (int)(width / (PLOT_LEFT + PLOT_RIGHT + own + INNER_WISHED));
    if (fit >= wished) return wished;
    if (fit <= 1) return 1;
    const int rows = (wished + fit - 1) / fit; /* filled alike */
    return (wished + rows - 1) / rows;
}

void ipl_plot_grid(canvas *c, int columns, int rows, int bar)
{
    const double natural = columns * CELL_WIDTH + bar;
    const double points = c->how.width_cm > 0 ? c->how.width_cm * 72.0 / 2.54 : natural;
    const int inner_width = CELL_WIDTH - PLOT_LEFT - PLOT_RIGHT;
    const int inner_height = CELL_HEIGHT - PLOT_ABOVE - PLOT_BELOW;
    c->width = (int)lround(units_of(c, points));
    c->cell_width = (c->width - bar) / columns;
    const int inner = c->cell_width - PLOT_LEFT - PLOT_RIGHT;
    c->cell_height = PLOT_ABOVE + c->below + inner * inner_height / inner_width;
    c->legend = ipl_plot_legend_height(c);
    c->height = c->legend + rows * c->cell_height;
}

plot_box ipl_plot_cell(const canvas *c, int column, int row)
{
    return (plot_box){column * c->cell_width, c->legend + row * c->cell_height,
                      c->cell_width, c->cell_height};
}

/* Panels in a row, where there is room. */
static int wished_of(const canvas *c, const grid *g)
{
    kind of[3];
    const int kinds = kinds_of(c, of);
    if (is_beside(c)) return c->runs;
    if (!kinds) return 3; /* of the gradients */
    if (kinds > 1) return kinds;
    return g->names > 4 ? 3 : g->names;
}

/* Planes in one row share its colour bar; other panels have none, or their own. */
static int shared_bar(const canvas *c)
{
    const int planes = c->what == IPL_PLOT_PLANE || c->what == IPL_PLOT_POOLED_PLANE ||
                       (c->what == IPL_PLOT_ALL && is_beside(c) && is_labelled(c));
    return planes ? PLOT_BAR - PLOT_RIGHT : 0;
}

/* Planes alone, in one row. */
static int is_large(const canvas *c, const grid *g)
{
    return c->what == IPL_PLOT_PLANE && !is_beside(c) && g->rows == 1;
}

static ipl_status make_grid(canvas *c, grid *g)
{
    const int bar = shared_bar(c);
    *g = (grid){.rows = 0};
    name_estimators(c, g);
    g->room = (3 * g->names + 3) * c->runs;
    g->place = calloc((size_t)g->room, sizeof *g->place);
    if (!g->place) return IPL_FAIL(IPL_E_MEMORY, "%d panels", g->room);
    const int own = c->what == IPL_PLOT_ALL && !bar && is_labelled(c)
                        ? PLOT_BAR - PLOT_RIGHT
                        : 0;
    g->columns = ipl_plot_abreast(c, wished_of(c, g), bar, own);
    put_all(c, g);
    ipl_plot_grid(c, g->columns, g->rows, bar);
    if (is_large(c, g)) c->height += 40;
    c->plane[PLOT_X] = c->cell_width - PLOT_LEFT - PLOT_RIGHT - own;
    c->plane[PLOT_Y] = c->cell_height - PLOT_ABOVE - c->below;
    return IPL_OK;
}

ipl_status ipl_plot_lay_out(canvas *c)
{
    grid g;
    IPL_TRY(make_grid(c, &g));
    free(g.place);
    return IPL_OK;
}

/* -- Drawing ----------------------------------------------------------------------*/

static void draw_place(const canvas *c, const grid *g, int number)
{
    const place *p = &g->place[number], *next = p + 1;
    const int shared = shared_bar(c);
    const int last = number + 1 == g->count || next->row != p->row;
    const int bar = last || !shared;
    const canvas one = ipl_plot_of(c, p->run);
    plot_box box = ipl_plot_cell(c, p->column, p->row);
    if (is_large(c, g)) box.height = c->height - c->legend;
    if (last && (p->kind == PLANE || p->kind == POOLED)) box.width += shared;
    switch (p->kind) {
    case PLANE: ipl_plot_plane(&one, box, p->estimator, bar); break;
    case POOLED: ipl_plot_pooled_plane(&one, box, p->estimator); break;
    case OVER_X: ipl_plot_epochs(&one, box, p->estimator, PLOT_X); break;
    case OVER_Y: ipl_plot_epochs(&one, box, p->estimator, PLOT_Y); break;
    case GRADIENTS: ipl_plot_gradients(&one, box); break;
    case RATIO: ipl_plot_ratio(&one, box); break;
    case TRAINING: ipl_plot_training(&one, box); break;
    case EMPTY: break;
    }
}

ipl_status ipl_plot_panels(const canvas *c)
{
    grid g;
    canvas again = *c;
    IPL_TRY(make_grid(&again, &g));
    for (int k = 0; k < g.count; ++k) draw_place(c, &g, k);
    free(g.place);
    return IPL_OK;
}
