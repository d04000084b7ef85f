/*
 * plot.c - a run directory to a picture: which panels there are, and where.
 *
 * Panels stand on a grid whose cells have equal size; a legend on top says which
 * colour and shape is which layer, and holds for every panel.
 */
#include "plot/plot.h"

#include <math.h>

#include "plot/gnuplot.h"

enum { CELL_WIDTH = 430, CELL_HEIGHT = 330, LEGEND_HEIGHT = 84 };
enum { POOLED_LEGEND = 118 }; /* names the windows too                           */

const char *ipl_plot_colour(int layer)
{
    /* Okabe and Ito (2008), told apart with every colour vision; without yellow,
     * which a white page swallows. */
    static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                          "#E69F00", "#56B4E9", "#444444"};
    return colours[(layer - 1) % 7];
}

int ipl_plot_shape(int layer)
{
    /* gnuplot's filled circle, square, triangles, diamond, pentagon. */
    static const int shapes[] = {7, 5, 9, 11, 13, 15};
    return shapes[(layer - 1) % 6];
}

/* -- One panel --------------------------------------------------------------------*/

void ipl_plot_open(const canvas *c, plot_box box, int bar, const char *title,
                   const char *x_label, const char *y_label)
{
    const int right = bar ? PLOT_BAR : PLOT_RIGHT;
    const double w = c->width, h = c->height;
    fprintf(c->out,
            "\nunset logscale; unset arrow; unset label; unset key; unset colorbox\n"
            "unset format; unset mxtics; unset mytics; set bars 0\n"
            "unset y2tics; unset y2label; set border 3 lc '#444444'\n"
            "set grid lc '#e6e6e6' lt 1 lw 0.5\nset xtics auto out nomirror scale 0.6\n"
            "set ytics auto out nomirror scale 0.6\n"
            "set format '%%g'; set xrange [*:*]; set yrange [*:*]\n"
            "set lmargin at screen %.6f; set rmargin at screen %.6f\n"
            "set tmargin at screen %.6f; set bmargin at screen %.6f\n"
            "set title '%s' font ',12.5' offset 0,-0.4\n"
            "set xlabel '%s' offset 0,0.4; set ylabel '%s' offset 0.2,0\n",
            (box.x + PLOT_LEFT) / w, (box.x + box.width - right) / w,
            1.0 - (box.y + PLOT_ABOVE) / h, 1.0 - (box.y + box.height - c->below) / h,
            title, x_label, y_label);
}

void ipl_plot_powers(const canvas *c, double last)
{
    for (int power = 0; pow(10, power) <= last; ++power) {
        if (power < 4) fprintf(c->out, "'%.0f' %.0f", pow(10, power), pow(10, power));
        else fprintf(c->out, "'10^{%d}' %.0f", power, pow(10, power));
        for (int digit = 2; digit < 10 && digit * pow(10, power) <= last; ++digit)
            if (last < 10) fprintf(c->out, ", '%d' %d", digit, digit);
            else fprintf(c->out, ", '' %.0f 1", digit * pow(10, power));
        if (pow(10, power + 1) <= last) fprintf(c->out, ", ");
    }
}

void ipl_plot_tick_axis(const canvas *c)
{
    const double last = c->d->last > 1 ? (double)c->d->last : 2.0;
    fprintf(c->out, "set logscale x; set xrange [0.5:%.9g]\nset xtics ('0' 0.5, ",
            last * 1.06);
    ipl_plot_powers(c, last);
    fprintf(c->out, ")\n");
}

/* -- Title and layers -------------------------------------------------------------*/

void ipl_plot_legend(const canvas *c, plot_box box)
{
    const plot_data *d = c->d;
    char source[512], layer[64];
    const double h = c->height;
    ipl_plot_open(c, box, 0, "", "", "");
    fprintf(c->out, "unset border; unset tics; unset grid; set xrange [0:1]; "
            "set yrange [0:1]\nset lmargin at screen 0; set rmargin at screen 1\n"
            "set tmargin at screen 1; set bmargin at screen %.6f\n",
            1.0 - box.height / h);
    fprintf(c->out, "set label '{/:Bold %s}  –  %lld samples measured",
            ipl_gnuplot_plain(d->source, source, sizeof source), (long long)d->rows);
    if (d->seeds > 1) fprintf(c->out, ", mean of %d seeds, ± one deviation", d->seeds);
    else if (d->bars) fprintf(c->out, ", ± one standard error");
    fprintf(c->out, "' at screen 0.5,%.6f center font ',15'\n", 1.0 - 24.0 / h);
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool_key(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) ipl_plot_pooled_key(c);
    fprintf(c->out, "set key at screen 0.5,%.6f center center horizontal samplen 2.4 "
            "width 1 height 0.2 maxrows 2\nplot ", 1.0 - 60.0 / h);
    const char *sep = "";
    for (int l = 1; l <= d->layers; ++l) {
        if (d->hidden[l - 1]) continue;
        fprintf(c->out, "%sNaN with linespoints lw 2 lc '%s' pt %d ps 1.1*S title "
                "'T_{%d}: %s'", sep, ipl_plot_colour(l), ipl_plot_shape(l), l,
                ipl_gnuplot_plain(d->layer[l - 1], layer, sizeof layer));
        sep = ", ";
    }
    fprintf(c->out, "\n");
}

/* -- The picture ------------------------------------------------------------------*/

/* Cells are as high as the notes under the panels ask for. */
static int cell_height(const canvas *c) { return CELL_HEIGHT + c->below - PLOT_BELOW; }

static plot_box cell(const canvas *c, int column, int row)
{
    return (plot_box){column * CELL_WIDTH, LEGEND_HEIGHT + row * cell_height(c),
                      CELL_WIDTH, cell_height(c)};
}

/* The planes alone are larger and share one colour bar. */
static void draw_planes(const canvas *c)
{
    for (int e = 0; e < c->d->estimators; ++e) {
        const int bar = e == c->d->estimators - 1;
        plot_box box = cell(c, e, 0);
        box.height = c->height - LEGEND_HEIGHT;
        if (bar) box.width += PLOT_BAR - PLOT_RIGHT;
        ipl_plot_plane(c, box, e, bar);
    }
}

/* Without labels there is I(X;T) alone: its panels stand side by side. */
static void draw_unlabelled(const canvas *c)
{
    for (int e = 0; e < c->d->estimators; ++e)
        ipl_plot_epochs(c, cell(c, e, 0), e, PLOT_X);
}

static void draw_rows(const canvas *c)
{
    const ipl_plot_what what = c->what;
    int row = 0;
    const int first = what == IPL_PLOT_ALL;
    for (int e = 0; what != IPL_PLOT_SNR && e < c->d->estimators; ++e, ++row) {
        if (first) ipl_plot_plane(c, cell(c, 0, row), e, 1);
        ipl_plot_epochs(c, cell(c, first, row), e, PLOT_X);
        ipl_plot_epochs(c, cell(c, first + 1, row), e, PLOT_Y);
    }
    if (what == IPL_PLOT_EPOCHS || !c->d->trainings) return;
    ipl_plot_gradients(c, cell(c, 0, row));
    ipl_plot_ratio(c, cell(c, 1, row));
    ipl_plot_training(c, cell(c, 2, row));
}

/* Each tick by itself, and beside it windows of them. */
static void draw_pooled_planes(const canvas *c)
{
    for (int k = 0; k < c->pool->estimators; ++k) {
        plot_box box = cell(c, 0, k);
        box.y += POOLED_LEGEND - LEGEND_HEIGHT;
        ipl_plot_plane(c, box, c->pool->estimator[k], 0);
        box.x += box.width;
        box.width += PLOT_BAR - PLOT_RIGHT;
        ipl_plot_pooled_plane(c, box, c->pool->estimator[k]);
    }
}

/* In points. */
static void size_of(canvas *c, int labelled)
{
    const plot_data *d = c->d;
    int rows = c->what == IPL_PLOT_SNR ? 1
               : d->estimators + (c->what == IPL_PLOT_ALL && d->trainings > 0);
    int columns = c->what == IPL_PLOT_EPOCHS ? 2 : 3;
    if (!labelled) rows = 1, columns = d->estimators;
    c->below = PLOT_BELOW + (c->what == IPL_PLOT_POOL ? 0 : ipl_plot_notes_room(d));
    c->width = columns * CELL_WIDTH;
    c->height = LEGEND_HEIGHT + rows * cell_height(c);
    if (c->what == IPL_PLOT_PLANE) {
        c->width = d->estimators * CELL_WIDTH + PLOT_BAR - PLOT_RIGHT;
        c->height = LEGEND_HEIGHT + cell_height(c) + 40;
    } else if (c->what == IPL_PLOT_POOLED_PLANE) {
        c->width = 2 * CELL_WIDTH + PLOT_BAR - PLOT_RIGHT;
        c->height = POOLED_LEGEND + c->pool->estimators * cell_height(c);
    } else if (c->what == IPL_PLOT_POOL) ipl_plot_pool_size(c, &c->width, &c->height);
}

static void draw(const canvas *c, int labelled)
{
    fprintf(c->out, "set encoding utf8\nset datafile missing 'nan'\n");
    if (c->what != IPL_PLOT_POOL) ipl_plot_blocks(c);
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool_blocks(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) ipl_plot_pooled_blocks(c);
    fprintf(c->out, "set multiplot\n");
    ipl_plot_legend(c, (plot_box){0, 0, c->width, LEGEND_HEIGHT});
    if (c->what == IPL_PLOT_PLANE) draw_planes(c);
    else if (c->what == IPL_PLOT_POOL) ipl_plot_pool(c);
    else if (c->what == IPL_PLOT_POOLED_PLANE) draw_pooled_planes(c);
    else if (labelled) draw_rows(c);
    else draw_unlabelled(c);
    fprintf(c->out, "unset multiplot\n");
}

/* Reads pool.csv, whose picture over K has its own seeds and no standard errors. */
static ipl_status read_pool(const char *dir, ipl_plot_what what, plot_data *d,
                            plot_pool *pool)
{
    IPL_TRY(ipl_plot_pool_read(dir, d, pool));
    if (what != IPL_PLOT_POOL) return IPL_OK;
    d->seeds = pool->seeds;
    d->bars = pool->seeds > 1;
    return IPL_OK;
}

/* What the picture needs and the directory lacks. */
static ipl_status check(const char *dir, ipl_plot_what what, const plot_data *d)
{
    const int plane = what == IPL_PLOT_PLANE || what == IPL_PLOT_POOLED_PLANE;
    if (what == IPL_PLOT_SNR && !d->trainings)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no rows in training.csv to draw", dir);
    if (plane && !isfinite(d->ceiling[PLOT_Y]))
        return IPL_FAIL(IPL_E_FORMAT, "%s: no plane without labels; I(X;T) is in the "
                        "picture of the %s", dir,
                        what == IPL_PLOT_PLANE ? "epochs" : "pool");
    return IPL_OK;
}

ipl_status ipl_plot(const char *dir, ipl_plot_what what, const char *file)
{
    IPL_REQUIRE(dir && file && what >= 0 && what < IPL_PLOT_COUNT,
                "directory or file is NULL, or picture %d", (int)what);
    if (what == IPL_PLOT_AUDIT) return ipl_plot_audit(dir, file);
    plot_data d = {0};
    plot_pool pool = {0};
    ipl_gnuplot g;
    canvas c = {.d = &d, .what = what};
    IPL_TRY(ipl_plot_read(dir, &d));
    ipl_status st = IPL_OK;
    const int labelled = isfinite(d.ceiling[PLOT_Y]);
    if (what == IPL_PLOT_POOL || what == IPL_PLOT_POOLED_PLANE) {
        IPL_TRY_DONE(read_pool(dir, what, &d, &pool));
        c.pool = &pool;
    }
    IPL_TRY_DONE(check(dir, what, &d));
    size_of(&c, labelled);
    IPL_TRY_DONE(ipl_gnuplot_start(file, c.width, c.height, &g));
    c.out = g.script;
    draw(&c, labelled);
    IPL_TRY_DONE(ipl_gnuplot_finish(&g));
done:
    ipl_plot_pool_free(&pool);
    ipl_plot_free(&d);
    return st;
}
