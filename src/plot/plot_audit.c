/*
 * plot_audit.c - what an audit found: H(X|T) of the layers, and I(X;T) by resolution.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "plot/gnuplot.h"
#include "plot/plot.h"
#include "plot/plot_table.h"

enum { PANELS = 3 };

/* -- audit.json and audit_sweep.csv -----------------------------------------------*/

typedef struct {
    double lost, lost_double; /* H(X|T) in bits: float32, double                 */
    double bin, noise;        /* where the estimators stand; NAN: nowhere        */
} audit_bar;

typedef struct {
    int    layer, width; /* 1: a width, 0: bits of mantissa                       */
    double resolution, bits;
} audit_point;

typedef struct {
    plot_data    about; /* source, rows, names of layers                         */
    double       h_x;   /* bits                                                  */
    audit_bar    bar[IPL_NET_LAYERS_MAX];
    int          points;
    audit_point *point;
} audit_data;

/* null: not known. */
static double real_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static int read_bar(const json_t *layer, audit_bar *bar, char name[24])
{
    const char *text = json_string_value(json_object_get(layer, "name"));
    if (!text) return 0;
    snprintf(name, 24, "%s", text);
    bar->lost = real_of(json_object_get(layer, "float32"), "h_x_given_t_bits");
    bar->lost_double = real_of(json_object_get(layer, "double"), "h_x_given_t_bits");
    bar->bin = real_of(layer, "bin_width");
    bar->noise = real_of(layer, "noise_deviation");
    return isfinite(bar->lost) && isfinite(bar->lost_double);
}

static ipl_status read_json(const char *path, audit_data *d)
{
    json_t *all;
    IPL_TRY(ipl_json_read(IPL_FILE_PATH, path, &all));
    const json_t *layers = json_object_get(all, "layers");
    const char *source = json_string_value(json_object_get(all, "source"));
    const size_t count = json_array_size(layers);
    d->h_x = real_of(all, "h_x_bits");
    int ok = source && count >= 1 && count <= IPL_NET_LAYERS_MAX && isfinite(d->h_x);
    for (size_t l = 0; ok && l < count; ++l)
        ok = read_bar(json_array_get(layers, l), &d->bar[l], d->about.layer[l]);
    if (ok) {
        snprintf(d->about.source, sizeof d->about.source, "%s", source);
        d->about.rows = json_integer_value(json_object_get(all, "rows"));
        d->about.seeds = 1;
        d->about.layers = (int)count;
    }
    json_decref(all);
    if (ok) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: expected what infoplane audit writes", path);
}

static int read_point(const char *line, int layers, audit_point *out)
{
    char kind[16];
    const int fields = sscanf(line, "%d,%15[a-z],%lf,%lf,", &out->layer, kind,
                              &out->resolution, &out->bits);
    out->width = !strcmp(kind, "width");
    return fields == 4 && out->layer >= 1 && out->layer <= layers;
}

static ipl_status read_sweep(const char *dir, audit_data *d)
{
    static const char header[] = "layer,kind,resolution,i_xt_bits,cells";
    plot_table t;
    int size = 0;
    ipl_status st = ipl_plot_table_open(&t, dir, "audit_sweep.csv");
    const char *line = st == IPL_OK ? ipl_plot_table_line(&t) : NULL;
    if (st == IPL_OK && (!line || strcmp(line, header)))
        st = ipl_plot_table_bad(&t, header);
    while (st == IPL_OK && (line = ipl_plot_table_line(&t))) {
        if (d->points == size) {
            size = 2 * size + 256;
            audit_point *more = realloc(d->point, (size_t)size * sizeof *more);
            if (!more) st = IPL_FAIL(IPL_E_MEMORY, "%s: %d points", t.path, size);
            else d->point = more;
        }
        if (st == IPL_OK &&
            !read_point(line, d->about.layers, &d->point[d->points++]))
            st = ipl_plot_table_bad(&t, header);
    }
    ipl_plot_table_close(&t);
    return st;
}

/* -- Panels -----------------------------------------------------------------------*/

/* $mantissa and $width: a data set for each layer, of resolution and bits. */
static void write_blocks(const canvas *c, const audit_data *d)
{
    for (int width = 0; width < 2; ++width) {
        fprintf(c->out, "%s << END\n", width ? "$width" : "$mantissa");
        for (int l = 1; l <= d->about.layers; ++l) {
            for (int k = 0; k < d->points; ++k)
                if (d->point[k].layer == l && d->point[k].width == width)
                    fprintf(c->out, "%.9g %.9g\n", d->point[k].resolution,
                            d->point[k].bits);
            fprintf(c->out, "nan nan\n\n\n");
        }
        fprintf(c->out, "END\n");
    }
    fprintf(c->out, "$lost << END\n");
    for (int l = 1; l <= d->about.layers; ++l)
        fprintf(c->out, "%d %.9g %.9g\n\n\n", l, d->bar[l - 1].lost,
                d->bar[l - 1].lost_double);
    fprintf(c->out, "END\n");
}

/* The axis of I(X;T), with H(X) as its ceiling. */
static void bits_axis(const canvas *c, const audit_data *d)
{
    const double top = d->h_x > 0 ? d->h_x : 1.0;
    fprintf(c->out, "set yrange [%.9g:%.9g]\n", -0.02 * top, 1.13 * top);
    fprintf(c->out, "set arrow from graph 0,first %.9g to graph 1,first %.9g nohead lc "
            "'#888888' dt 2 lw 1\nset label 'H(X) = %.4g' at graph 1,first %.9g right "
            "offset -0.3,0.6 font ',10' tc '#666666'\n", d->h_x, d->h_x, d->h_x,
            d->h_x);
}

/* From 0 to the largest loss: a small one counts as well. */
static void draw_lost(const canvas *c, plot_box box, const audit_data *d)
{
    double most = 0.0;
    for (int l = 0; l < d->about.layers; ++l)
        most = fmax(most, fmax(d->bar[l].lost, d->bar[l].lost_double));
    ipl_plot_open(c, box, 0, "lost: float32 (bars), double (lines)", "layer",
                  "H(X|T) [bits]");
    fprintf(c->out, "set xrange [0.4:%.1f]; set xtics 1; set yrange [%.9g:%.9g]\n",
            d->about.layers + 0.6, most > 0 ? -0.02 * most : -0.02,
            most > 0 ? 1.13 * most : 1.0);
    if (most == 0.0)
        fprintf(c->out, "unset ytics; set label 'no two inputs meet' at graph 0.5,0.5 "
                "center tc '#666666'\n");
    fprintf(c->out, "plot ");
    for (int l = 1; l <= d->about.layers; ++l)
        fprintf(c->out, "%s$lost index %d using 1:2:(0.6) with boxes fs solid 0.7 "
                "noborder lc '%s', $lost index %d using ($1-0.4):3:(0.8):(0) with "
                "vectors nohead lw 2 lc '#222222'", l > 1 ? ", " : "", l - 1,
                ipl_plot_colour(l), l - 1);
    fprintf(c->out, "\n");
}

static void draw_curves(const canvas *c, const char *block, const audit_data *d)
{
    for (int l = 1; l <= d->about.layers; ++l)
        fprintf(c->out, "%s%s index %d using 1:2 with linespoints lw 1.8 pt %d ps "
                "0.5*S lc '%s'", l > 1 ? ", " : "plot ", block, l - 1,
                ipl_plot_shape(l), ipl_plot_colour(l));
    fprintf(c->out, "\n");
}

static void draw_mantissa(const canvas *c, plot_box box, const audit_data *d)
{
    ipl_plot_open(c, box, 0, "bits of mantissa that each value keeps", "bits",
                  "I(X;T) [bits]");
    bits_axis(c, d);
    fprintf(c->out, "set xrange [0.5:23.5]; set xtics (1, 4, 8, 12, 16, 20, 23)\n");
    draw_curves(c, "$mantissa", d);
}

/* Where an estimator stands: a line of each layer that has a place of its own, one grey
 * line where all have the same. */
static void draw_mark(const canvas *c, const audit_data *d, const char *name, int noise)
{
    const double first = noise ? d->bar[0].noise : d->bar[0].bin;
    int same = 1, named = 0;
    for (int l = 1; l < d->about.layers; ++l) {
        const double at = noise ? d->bar[l].noise : d->bar[l].bin;
        same &= at == first;
    }
    for (int l = 0; l < (same ? 1 : d->about.layers); ++l) {
        const double at = noise ? d->bar[l].noise : d->bar[l].bin;
        if (!isfinite(at)) continue;
        fprintf(c->out, "set arrow from first %.9g,graph 0 to first %.9g,graph 1 "
                "nohead lw 1 dt %d lc '%s'\n", at, at, noise ? 2 : 3,
                same ? "#444444" : ipl_plot_colour(l + 1));
        if (named++) continue;
        fprintf(c->out, "set label '%s' at first %.9g,graph %.2f %s font ',10' tc "
                "'#444444' front\n", name, at, noise ? 0.05 : 0.95,
                noise ? "left offset 0.4,0" : "right offset -0.4,0");
    }
}

static void draw_width(const canvas *c, plot_box box, const audit_data *d)
{
    double low = INFINITY, high = 0.0;
    ipl_plot_open(c, box, 0, "bins, coarse to fine", "width of a bin",
                  "I(X;T) [bits]");
    for (int k = 0; k < d->points; ++k) {
        if (!d->point[k].width) continue;
        low = fmin(low, d->point[k].resolution);
        high = fmax(high, d->point[k].resolution);
    }
    if (!(high > 0.0)) {
        fprintf(c->out, "set xrange [0:1]; set yrange [0:1]; unset xtics; unset ytics; "
                "set label 'every layer is constant' at graph 0.5,0.5 center tc "
                "'#666666'\nplot NaN\n");
        return;
    }
    for (int l = 0; l < d->about.layers; ++l) {
        if (isfinite(d->bar[l].bin)) low = fmin(low, d->bar[l].bin);
        if (isfinite(d->bar[l].noise)) low = fmin(low, d->bar[l].noise);
    }
    bits_axis(c, d);
    fprintf(c->out, "set logscale x; set xrange [%.9g:%.9g]; set format x '10^{%%T}'\n",
            1.5 * high, low / 1.5);
    draw_mark(c, d, "bin", 0);
    draw_mark(c, d, "noise of kde", 1);
    draw_curves(c, "$width", d);
}

/* -- The picture ------------------------------------------------------------------*/

static ipl_status read_audit(const char *dir, audit_data *d)
{
    char path[4200];
    IPL_REQUIRE(strlen(dir) < 4096, "directory name of %zu characters", strlen(dir));
    snprintf(path, sizeof path, "%s/audit.json", dir);
    IPL_TRY(read_json(path, d));
    return read_sweep(dir, d);
}

ipl_status ipl_plot_audit(const char *dir, const ipl_plot_options *how,
                          const char *file)
{
    ipl_gnuplot g;
    audit_data *d = calloc(1, sizeof *d);
    if (!d) return IPL_FAIL(IPL_E_MEMORY, "a picture of %s", dir);
    canvas c = {.d = &d->about, .run = &d->about, .runs = 1, .what = how->what,
                .how = *how, .until = INFINITY, .below = PLOT_BELOW};
    ipl_status st = IPL_OK;
    IPL_TRY_DONE(read_audit(dir, d));
    const int columns = ipl_plot_abreast(&c, PANELS, 0, 0);
    ipl_plot_grid(&c, columns, (PANELS + columns - 1) / columns, 0);
    const ipl_gnuplot_page page = ipl_plot_page(&c);
    IPL_TRY_DONE(ipl_gnuplot_start(file, &page, &g));
    c.out = g.script;
    write_blocks(&c, d);
    fprintf(c.out, "set multiplot\n");
    ipl_plot_legend(&c);
    draw_lost(&c, ipl_plot_cell(&c, 0, 0), d);
    draw_mantissa(&c, ipl_plot_cell(&c, 1 % columns, 1 / columns), d);
    draw_width(&c, ipl_plot_cell(&c, 2 % columns, 2 / columns), d);
    fprintf(c.out, "unset multiplot\n");
    st = ipl_gnuplot_finish(&g);
done:
    free(d->point);
    free(d);
    return st;
}
