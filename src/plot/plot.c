/*
 * plot.c - run directories to a picture: what all panels have, and the page.
 *
 * A legend on top says which colour and shape is which layer, and holds for every
 * panel; plot_layout.c says where panels stand.
 */
#include "plot/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "plot/gnuplot.h"

enum { FONT = 12, FONT_OF_WIDTH = 8, INNER_LEAST = 60 }; /* in points */

const char *ipl_plot_colour(int layer)
{
    /* Okabe and Ito (2008), told apart with every colour vision; without yellow,
     * which a white page swallows. */
    static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                          "#E69F00", "#56B4E9", "#444444"};
    return colours[(layer - 1) % 7];
}

canvas ipl_plot_of(const canvas *c, int run)
{
    canvas one = *c;
    one.d = &c->run[run];
    one.number = run;
    return one;
}

int ipl_plot_shape(int layer)
{
    /* gnuplot's filled circle, square, triangles, diamond, which all formats have. */
    static const int shapes[] = {7, 5, 9, 11, 13};
    return shapes[(layer - 1) % 5];
}

const char *ipl_plot_suffix(const canvas *c, char text[8])
{
    *text = 0;
    if (c->number) snprintf(text, 8, "_%d", c->number);
    return text;
}

double ipl_plot_last(const canvas *c)
{
    double last = fmax(2.0, c->last);
    for (int r = 0; r < c->runs; ++r) last = fmax(last, (double)c->run[r].last);
    return last;
}

const char *ipl_plot_until(const canvas *c)
{
    return isfinite(c->until) ? "($1>T?NaN:$2)" : "($2)";
}

/* -- One panel --------------------------------------------------------------------*/

double ipl_plot_fitting(const char *text, double most, double room)
{
    double wide = 0.0;
    for (const char *at = text; *at; ++at) {
        if (!strncmp(at, "{/:Bold ", 8)) at += 8; /* markup, and UTF-8, have no width */
        wide += *at != '}' && *at != '\\' && ((unsigned char)*at & 0xc0) != 0x80 ? 0.56
                                                                                 : 0.0;
    }
    return most * wide > room ? fmax(room / wide, 0.5 * most) : most;
}

void ipl_plot_open(const canvas *c, plot_box box, int bar, const char *title,
                   const char *x_label, const char *y_label)
{
    const int right = bar ? PLOT_BAR : PLOT_RIGHT;
    const double w = c->width, h = c->height;
    const double room = box.width - PLOT_LEFT - right + 2 * PLOT_RIGHT; /* a title's */
    fprintf(c->out,
            "\nunset logscale; unset arrow; unset label; unset key; unset colorbox\n"
            "unset format; unset mxtics; unset mytics; set bars 0\n"
            "unset y2tics; unset y2label; set border 3 lc '#444444'\n"
            "set grid lc '#e6e6e6' lt 1 lw 0.5\nset xtics auto out nomirror scale 0.6\n"
            "set ytics auto out nomirror scale 0.6\n"
            "set format '%%g'; set xrange [*:*]; set yrange [*:*]\n"
            "set lmargin at screen %.6f; set rmargin at screen %.6f\n"
            "set tmargin at screen %.6f; set bmargin at screen %.6f\n"
            "set title '%s' font ',%.4g' offset 0,-0.4\n"
            "set xlabel '%s' offset 0,0.4; set ylabel '%s' offset 0.2,0\n",
            (box.x + PLOT_LEFT) / w, (box.x + box.width - right) / w,
            1.0 - (box.y + PLOT_ABOVE) / h, 1.0 - (box.y + box.height - c->below) / h,
            title, ipl_plot_fitting(title, 12.5, room), x_label, y_label);
}

void ipl_plot_powers(const canvas *c, double last)
{
    for (int power = 0; pow(10, power) <= last; ++power) {
        if (c->bare || (c->sparse && !power) || (c->sparse > 1 && power % 2))
            fprintf(c->out, "'' %.0f", pow(10, power));
        else if (power < 4)
            fprintf(c->out, "'%.0f' %.0f", pow(10, power), pow(10, power));
        else fprintf(c->out, "'10^{%d}' %.0f", power, pow(10, power));
        for (int digit = 2; digit < 10 && digit * pow(10, power) <= last; ++digit)
            if (last < 10 && !c->bare && !c->narrow)
                fprintf(c->out, ", '%d' %d", digit, digit);
            else fprintf(c->out, ", '' %.0f 1", digit * pow(10, power));
        if (pow(10, power + 1) <= last) fprintf(c->out, ", ");
    }
}

void ipl_plot_tick_axis(const canvas *c)
{
    const double last = ipl_plot_last(c), *limit = c->how.x_limit;
    const int    linear = c->how.linear, limited = c->what != IPL_PLOT_PLANE;
    double lo = linear ? 0.0 : 0.5, hi = last * (linear ? 1.02 : 1.06);
    if (limited && limit[0] > lo) lo = limit[0];
    if (limited && !isnan(limit[1])) hi = limit[1];
    if (linear) {
        /* Labels have room of some 60 units each. */
        const int labels = c->cell_width > 240 ? c->cell_width / 60 : 4;
        const double least = (hi - lo) / labels, one = pow(10, floor(log10(least)));
        const double step = one * (least > 5 * one ? 10 : least > 2 * one ? 5 : 2);
        fprintf(c->out, "set xrange [%.9g:%.9g]; set xtics %.9g\n", lo, hi, step);
        return;
    }
    fprintf(c->out, "set logscale x; set xrange [%.9g:%.9g]\nset xtics ('%s' 0.5, ", lo,
            hi, c->bare ? "" : "0");
    ipl_plot_powers(c, last);
    fprintf(c->out, ")\n");
}

/* -- The picture ------------------------------------------------------------------*/

double ipl_plot_unit(const canvas *c)
{
    const double least = c->how.width_cm > 0 ? FONT_OF_WIDTH : FONT;
    return (c->how.font_pt > 0 ? c->how.font_pt : least) / FONT;
}

ipl_gnuplot_page ipl_plot_page(const canvas *c)
{
    return (ipl_gnuplot_page){c->width, c->height, ipl_plot_unit(c),
                              c->how.width_cm > 0, c->how.font};
}

static ipl_status size_of(canvas *c)
{
    c->below = PLOT_BELOW + (c->what == IPL_PLOT_POOL ? 0 : ipl_plot_notes_room(c));
    if (c->what != IPL_PLOT_POOL) return ipl_plot_lay_out(c);
    ipl_plot_pool_size(c);
    return IPL_OK;
}

static ipl_status draw_panels(const canvas *c)
{
    ipl_status st = IPL_OK;
    fprintf(c->out, "set multiplot\n");
    ipl_plot_legend(c);
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool(c);
    else st = ipl_plot_panels(c);
    fprintf(c->out, "unset multiplot\n");
    return st;
}

static ipl_status draw(const canvas *c, int is_movie)
{
    fprintf(c->out, "set encoding utf8\nset datafile missing 'nan'\n");
    if (c->what != IPL_PLOT_POOL) IPL_TRY(ipl_plot_blocks(c));
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool_blocks(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) ipl_plot_pooled_blocks(c);
    return is_movie ? ipl_plot_frames(c, draw_panels) : draw_panels(c);
}

ipl_status ipl_plot_page_with(canvas *c, const char *file,
                              ipl_status (*draw_page)(const canvas *c, int is_movie))
{
    ipl_gnuplot g;
    if (c->cell_width && c->cell_width < PLOT_LEFT + PLOT_RIGHT + INNER_LEAST)
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: panels would be narrower than their "
                        "labels: a smaller --font-size leaves more room", file);
    const ipl_gnuplot_page page = ipl_plot_page(c);
    IPL_TRY(ipl_gnuplot_start(file, &page, &g));
    c->out = g.script;
    const ipl_status st = draw_page(c, ipl_gnuplot_is_movie(file));
    if (st == IPL_OK) return ipl_gnuplot_finish(&g);
    ipl_gnuplot_give_up(&g);
    return st;
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
    int labelled = isfinite(d->ceiling[PLOT_Y]); /* real-valued targets have no H(Y) */
    for (int64_t k = 0; k < d->points && !labelled; ++k)
        labelled = isfinite(d->point[k].mean[PLOT_Y]);
    if (plane && !labelled)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no plane without labels; I(X;T) is in the "
                        "picture of the %s", dir,
                        what == IPL_PLOT_PLANE ? "epochs" : "pool");
    return IPL_OK;
}

ipl_status ipl_plot_check_limits(const ipl_plot_options *how)
{
    IPL_REQUIRE(!(how->x_limit[0] >= how->x_limit[1]) &&
                !(how->y_limit[0] >= how->y_limit[1]),
                "limits: expected two numbers, the first one smaller, as in 0:12");
    return IPL_OK;
}

/* Options that the picture would not follow are refused. */
static ipl_status check_options(int runs, const ipl_plot_options *how, const char *file)
{
    const ipl_plot_what what = how->what;
    const int has_x = !isnan(how->x_limit[0]) || !isnan(how->x_limit[1]);
    const int has_y = !isnan(how->y_limit[0]) || !isnan(how->y_limit[1]);
    IPL_REQUIRE(what <= IPL_PLOT_SNR ||
                (runs == 1 && !how->estimators && !how->layers && !how->linear),
                "--what pool, pooled-plane and audit are of one run, and know no "
                "--estimator, --layers or --scale");
    IPL_REQUIRE(!ipl_gnuplot_is_movie(file) || what == IPL_PLOT_PLANE,
                "%s: a .gif is a movie of the plane: --what plane", file);
    IPL_REQUIRE(!how->names || runs > 1, "--name: of several runs");
    IPL_REQUIRE(!how->overlay || (runs > 1 && (what == IPL_PLOT_PLANE ||
                                               what == IPL_PLOT_EPOCHS)),
                "--overlay: of several runs, with --what plane or epochs");
    IPL_REQUIRE((!has_x && !has_y) || what == IPL_PLOT_PLANE ||
                what == IPL_PLOT_EPOCHS || (what == IPL_PLOT_SNR && !has_y),
                "--x-limits, --y-limits: of one kind of panel: --what plane or epochs");
    return ipl_plot_check_limits(how);
}

ipl_plot_options ipl_plot_defaults(void)
{
    return (ipl_plot_options){.x_limit = {NAN, NAN}, .y_limit = {NAN, NAN}};
}

ipl_status ipl_plot_runs(int runs, const char *const *dir, const ipl_plot_options *how,
                         const char *file)
{
    IPL_REQUIRE(runs >= 1 && runs <= IPL_PLOT_RUNS_MAX && dir && how && file &&
                how->what >= 0 && how->what < IPL_PLOT_COUNT,
                "%d run directories (of at most %d), or no file, or picture %d", runs,
                IPL_PLOT_RUNS_MAX, how ? (int)how->what : -1);
    const ipl_plot_what what = how->what;
    IPL_C_LOCALE;
    IPL_TRY(check_options(runs, how, file));
    if (what == IPL_PLOT_AUDIT) return ipl_plot_audit(*dir, how, file);
    plot_data *d = calloc((size_t)runs, sizeof *d);
    if (!d) return IPL_FAIL(IPL_E_MEMORY, "%d runs", runs);
    plot_pool pool = {0};
    canvas c = {.d = d, .run = d, .runs = runs, .what = what, .how = *how,
                .until = INFINITY};
    ipl_status st = IPL_OK;
    for (int r = 0; r < runs; ++r) {
        IPL_TRY_DONE(ipl_plot_read(dir[r], &d[r]));
        IPL_TRY_DONE(check(dir[r], what, &d[r]));
    }
    IPL_TRY_DONE(ipl_plot_name_runs(runs, dir, how->names, d));
    IPL_TRY_DONE(ipl_plot_select(runs, d, how));
    if (what == IPL_PLOT_POOL || what == IPL_PLOT_POOLED_PLANE) {
        IPL_TRY_DONE(read_pool(*dir, what, d, &pool));
        c.pool = &pool;
    }
    IPL_TRY_DONE(size_of(&c));
    st = ipl_plot_page_with(&c, file, draw);
done:
    ipl_plot_pool_free(&pool);
    for (int r = 0; r < runs; ++r) ipl_plot_free(&d[r]);
    free(d);
    return st;
}

ipl_status ipl_plot(const char *dir, ipl_plot_what what, const char *file)
{
    ipl_plot_options how = ipl_plot_defaults();
    how.what = what;
    return ipl_plot_runs(1, &dir, &how, file);
}
