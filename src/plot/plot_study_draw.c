/*
 * plot_study_draw.c - the panels of a study, and what stands around them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot/plot_plane.h"
#include "plot/plot_study.h"

/* In points: fonts, and the room of numbers and of powers of ten. */
enum { LABEL = 12, BAR_HEIGHT = 300, WIDE = 220, MARGIN = 14 };
enum { NUMBERS = 36, NUMBERS_NARROW = 22, DECADE = 38, DECADE_NARROW = 24 };

/* Where the axes of a panel stand. */
static plot_box axes_of(const study_page *g, int cell, int quantity)
{
    const int column = g->beside ? quantity : cell % g->across;
    const int below = g->beside ? 0 : quantity * g->below;
    return (plot_box){g->x + column * g->aside,
                      g->y + cell / g->across * g->apart + below, g->width, g->height};
}

/* The box whose axes stand here. */
static plot_box around(const canvas *c, plot_box axes)
{
    return (plot_box){axes.x - PLOT_LEFT, axes.y - PLOT_ABOVE,
                      axes.width + PLOT_LEFT + PLOT_RIGHT,
                      axes.height + PLOT_ABOVE + c->below};
}

/* -- Around the panels ------------------------------------------------------------*/

/* A text in the middle of a stretch of the page, in a font that fits in. */
static void put_text(const canvas *c, const char *text, double x, double y, double most,
                     double room, int upright)
{
    fprintf(c->out, "set label '%s' at screen %.6f,%.6f center %sfont ',%.4g'\n", text,
            x / c->width, 1.0 - y / c->height, upright ? "rotate by 90 " : "",
            ipl_plot_fitting(text, most, room));
}

/* What a value of a place, or its key, is called. */
static ipl_status put_heading(const canvas *c, int place, int value, study_part part,
                              double x, double y, double room)
{
    const study_page *g = c->study;
    char *text = ipl_plot_study_heading(&g->s, place, value, part);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "a heading");
    put_text(c, text, x, y, STUDY_HEADING_PT, room, place == STUDY_ROWS);
    free(text);
    return IPL_OK;
}

/* The axes of all panels of a line, or of all lines. */
static plot_box all_of(const study_page *g, int line, int lines)
{
    const plot_box first = axes_of(g, line * g->across, 0);
    const plot_box last = axes_of(g, (line + lines - 1) * g->across, g->quantities - 1);
    const int columns = g->beside ? 1 : g->across - 1;
    return (plot_box){first.x, first.y, columns * g->aside + g->width,
                      last.y + last.height - first.y};
}

/* Keys that are shown in columns and rows, all quantities of which have one. */
static ipl_status put_headings(const canvas *c, const study_page *g)
{
    const plot_box all = all_of(g, 0, g->lines);
    const int *split = g->split, apart = split[STUDY_ROWS] ? MARGIN + 18 : MARGIN;
    for (int k = 0; k < ipl_plot_study_values(&g->s, STUDY_COLS); ++k) {
        const plot_box at = g->beside ? all_of(g, k, 1) : axes_of(g, k, 0);
        IPL_TRY(put_heading(c, STUDY_COLS, k,
                            split[STUDY_COLS] ? STUDY_VALUE : STUDY_WHOLE,
                            at.x + at.width / 2.0, at.y - 15, g->aside));
    }
    for (int r = 0; g->s.in[STUDY_ROWS] >= 0 && r < g->lines; ++r) {
        const plot_box at = all_of(g, r, 1);
        IPL_TRY(put_heading(c, STUDY_ROWS, r,
                            split[STUDY_ROWS] ? STUDY_VALUE : STUDY_WHOLE, apart,
                            at.y + at.height / 2.0, g->apart));
    }
    if (split[STUDY_COLS])
        IPL_TRY(put_heading(c, STUDY_COLS, 0, STUDY_KEY, all.x + all.width / 2.0,
                            all.y - 34, all.width));
    if (split[STUDY_ROWS])
        IPL_TRY(put_heading(c, STUDY_ROWS, 0, STUDY_KEY, MARGIN,
                            all.y + all.height / 2.0, all.height));
    return IPL_OK;
}

/* Names of the axes, once for all panels that have them in common. */
static void put_labels(const canvas *c, const study_page *g)
{
    const plot_box all = all_of(g, 0, g->lines);
    const int is_plane = c->what == IPL_PLOT_PLANE, left = PLOT_LEFT - 22;
    put_text(c, is_plane ? ipl_plot_axis[PLOT_X] : c->d->tick, all.x + all.width / 2.0,
             all.y + all.height + 36, LABEL, all.width, 0);
    if (is_plane)
        put_text(c, ipl_plot_axis[PLOT_Y], all.x - left, all.y + all.height / 2.0,
                 LABEL, all.height, 1);
    for (int r = 0; !is_plane && r < g->lines; ++r)
        for (int q = 0; q < g->quantities; ++q) {
            const plot_box at = axes_of(g, r * g->across, q);
            put_text(c, ipl_plot_axis[q], at.x - left, at.y + at.height / 2.0, LABEL,
                     g->below, 1);
        }
}

/* One below the other, the last at the foot of the page: `left` follow. */
static void put_note(const canvas *c, const char *text, int left)
{
    fprintf(c->out, "set label '%s' at screen %.6f,%.6f left font ',%.4g' tc "
            "'#666666'\n", text, (double)MARGIN / c->width,
            (left * MARGIN + 8.0) / c->height,
            ipl_plot_fitting(text, 10, c->width - 2 * MARGIN));
}

static void put_notes(const canvas *c, const study_page *g)
{
    const double *ceiling = g->s.about.ceiling;
    char x[32] = "", y[32] = "", both[80];
    int left = 0;
    for (const char *at = g->s.notes; *at; ++at) left += *at == '\n';
    if (isfinite(ceiling[PLOT_X])) snprintf(x, sizeof x, "log_2 n = %.4g", ceiling[0]);
    if (isfinite(ceiling[PLOT_Y])) snprintf(y, sizeof y, "H(Y) = %.4g", ceiling[1]);
    snprintf(both, sizeof both, "dashed: %s%s%s", x, *x && *y ? ", " : "", y);
    if (g->narrow && (*x || *y)) put_note(c, both, left);
    for (const char *at = g->s.notes; *at; at += strcspn(at, "\n") + 1, --left) {
        char line[IPL_PLOT_NOTES], plain[4 * IPL_PLOT_NOTES];
        snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
        put_note(c, ipl_gnuplot_plain(line, plain, sizeof plain), left - 1);
    }
}

/* An empty panel around all others: texts, and the bar of the colours. */
static ipl_status draw_frame(const canvas *c, const study_page *g)
{
    const plot_box all = all_of(g, 0, g->lines);
    double lo[2], hi[2];
    const int height = all.height < BAR_HEIGHT ? all.height : BAR_HEIGHT;
    const plot_box box = {0, all.y - PLOT_ABOVE, c->width,
                          height + PLOT_ABOVE + c->below};
    ipl_plot_open(c, box, 1, "", "", "");
    fprintf(c->out, "unset border; unset tics; unset grid\n");
    if (c->what == IPL_PLOT_PLANE) ipl_plane_scale(c, box, 0, 1, lo, hi);
    else fprintf(c->out, "set xrange [0:1]; set yrange [0:1]\n");
    IPL_TRY(put_headings(c, g));
    put_labels(c, g);
    put_notes(c, g);
    fprintf(c->out, c->what == IPL_PLOT_PLANE
                        ? "plot $nothing using 1:2:3 with points palette\n"
                        : "plot NaN\n");
    return IPL_OK;
}

/* -- A panel ----------------------------------------------------------------------*/

/* A step of so few numbers that they have room. */
static double step_of(double lo, double hi, double length, double room)
{
    const double least = (hi - lo) * room / length, one = pow(10, floor(log10(least)));
    return one * (least > 5 * one ? 10 : least > 2 * one ? 5 : least > one ? 2 : 1);
}

/* The first run with points that the panel can show; else the first with any. */
static int run_shown(const plot_data *run, int runs, unsigned axes)
{
    int any = -1;
    for (int r = 0; r < runs; ++r) {
        unsigned has = 0;
        for (int64_t k = 0; k < run[r].points; ++k)
            for (int a = 0; a < 2; ++a)
                has |= (unsigned)(isfinite(run[r].point[k].mean[a]) != 0) << a;
        if ((has & axes) == axes) return r;
        if (any < 0 && run[r].points) any = r;
    }
    return any;
}

/* The numbers of axes stand at the left, and below where no panel follows. */
static void set_numbers(canvas *c, const study_page *g, int cell, int quantity)
{
    const double *limit = c->how.y_limit, room = g->narrow ? NUMBERS_NARROW : NUMBERS;
    c->bare = cell + g->across < g->cells ||
              (!g->beside && quantity + 1 < g->quantities);
    fprintf(c->out, "set ytics %.9g\n",
            step_of(limit[0], limit[1], g->height, room));
    if (c->what == IPL_PLOT_PLANE)
        fprintf(c->out, "set xtics %.9g\n", step_of(c->how.x_limit[0],
                c->how.x_limit[1], g->width, room));
    if (cell % g->across) fprintf(c->out, "set format y ''\n");
    if (c->bare) fprintf(c->out, "set format x ''\n");
}

static void draw_empty(const canvas *c, plot_box box)
{
    double lo[2], hi[2];
    if (c->what == IPL_PLOT_PLANE) ipl_plane_scale(c, box, 0, 0, lo, hi);
    else {
        ipl_plot_tick_axis(c);
        fprintf(c->out, "set yrange [%.9g:%.9g]\n", c->how.y_limit[0],
                c->how.y_limit[1]);
    }
    fprintf(c->out, "set label 'no runs' at graph 0.5,0.5 center tc '#666666'\n"
            "plot NaN\n");
}

/* The common range as limits of a panel, so that it is drawn in each. */
static void set_range(const study_page *g, int axis, double limit[2])
{
    limit[0] = g->lo[axis];
    limit[1] = g->hi[axis];
}

static ipl_status draw_panel(const canvas *all, const study_page *g, int cell,
                             int quantity)
{
    const int is_plane = all->what == IPL_PLOT_PLANE;
    plot_data *run = &g->run[cell * g->colours];
    const unsigned axes = is_plane ? 1u << PLOT_X | 1u << PLOT_Y : 1u << quantity;
    const int shown = run_shown(run, g->colours, axes);
    const plot_box box = around(all, axes_of(g, cell, quantity));
    canvas c = *all;
    c.run = run;
    c.runs = g->colours;
    c = ipl_plot_of(&c, shown < 0 ? 0 : shown);
    if (is_plane) set_range(g, PLOT_X, c.how.x_limit);
    set_range(g, is_plane ? PLOT_Y : quantity, c.how.y_limit);
    c.narrow = g->narrow;
    const double decade = g->width / log10(2.12 * ipl_plot_last(&c));
    c.sparse = (decade < DECADE) + (decade < DECADE_NARROW);
    if (shown >= 0) IPL_TRY(ipl_plot_blocks(&c));
    fprintf(c.out, "S = %.3g*S0\n", fmin(1.0, fmax(0.5, (double)g->width / WIDE)));
    ipl_plot_open(&c, box, 0, "", "", "");
    set_numbers(&c, g, cell, quantity);
    if (shown < 0) draw_empty(&c, box);
    else if (is_plane) ipl_plot_in_plane(&c, box, 0, 0);
    else ipl_plot_in_epochs(&c, 0, quantity);
    return IPL_OK;
}

/* -- The picture ------------------------------------------------------------------*/

static ipl_status draw_panels(const canvas *c)
{
    const study_page *g = c->study;
    canvas legend = *c;
    legend.run = legend.d = g->key;
    legend.runs = g->colours;
    legend.heading = g->title;
    ipl_status st = IPL_OK;
    fprintf(c->out, "S = S0\nset multiplot\n");
    ipl_plot_legend(&legend);
    st = draw_frame(c, g);
    for (int k = 0; k < g->cells && st == IPL_OK; ++k)
        for (int q = 0; q < g->quantities && st == IPL_OK; ++q)
            st = draw_panel(c, g, k, q);
    fprintf(c->out, "unset multiplot\n");
    return st;
}

ipl_status ipl_plot_study_draw(const canvas *c, int is_movie)
{
    fprintf(c->out, "set encoding utf8\nset datafile missing 'nan'\n"
            "$nothing << END\nnan nan nan\nEND\nS0 = S\n");
    return is_movie ? ipl_plot_frames(c, draw_panels) : draw_panels(c);
}
