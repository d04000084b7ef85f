/*
 * plot_legend.c - on top of a picture: the data, and which colour, shape and dash is
 * which layer and run.
 */
#include <math.h>
#include <string.h>

#include "plot/gnuplot.h"
#include "plot/plot.h"

/* Data, samples and seeds; where runs differ in them, the data alone. */
static void write_heading(const canvas *c, char *text, size_t size)
{
    const plot_data *d = c->d;
    char source[512];
    int rows = 1, seeds = 1;
    size_t used = (size_t)snprintf(text, size, "{/:Bold %s}",
                                   ipl_gnuplot_plain(d->source, source, sizeof source));
    for (int r = 1; r < c->runs; ++r) {
        const plot_data *o = &c->run[r];
        rows &= o->rows == d->rows;
        seeds &= o->seeds == d->seeds && o->bars == d->bars;
        if (strcmp(o->source, c->run[r - 1].source) && used < size)
            used += (size_t)snprintf(text + used, size - used, ", {/:Bold %s}",
                                     ipl_gnuplot_plain(o->source, source,
                                                       sizeof source));
    }
    if (rows && used < size)
        used += (size_t)snprintf(text + used, size - used, "  –  %lld samples measured",
                                 (long long)d->rows);
    if (!seeds || used >= size) return;
    if (d->seeds > 1)
        used += (size_t)snprintf(text + used, size - used,
                                 ", mean of %d seeds, ± one deviation", d->seeds);
    else if (d->bars)
        used += (size_t)snprintf(text + used, size - used, ", ± one standard error");
    if (isfinite(c->until) && used < size)
        snprintf(text + used, size - used, ", %s %.9g", d->tick, c->until);
}

/* "10-tanh", or "10-tanh / 10-relu" where runs differ; NULL: no run draws the layer. */
static const char *name_layer(const canvas *c, int layer, char *text, size_t size)
{
    char plain[64];
    size_t used = 0;
    int names = 0;
    for (int r = 0; r < c->runs; ++r) {
        const plot_data *d = &c->run[r];
        if (layer > d->layers || d->hidden[layer - 1]) continue;
        const char *name = d->layer[layer - 1];
        int known = 0;
        for (int before = 0; before < r; ++before)
            known |= layer <= c->run[before].layers &&
                     !strcmp(c->run[before].layer[layer - 1], name);
        if (known || used >= size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%s", names++ ? " / " : "",
                                 ipl_gnuplot_plain(name, plain, sizeof plain));
    }
    return names ? text : NULL;
}

static void write_key(const canvas *c)
{
    char text[256];
    const char *sep = "plot ";
    for (int l = 1; l <= IPL_NET_LAYERS_MAX; ++l) {
        if (!name_layer(c, l, text, sizeof text)) continue;
        fprintf(c->out, "%sNaN with linespoints lw 2 lc '%s' pt %d ps 1.1*S title "
                "'T_{%d}: %s'", sep, ipl_plot_colour(l), ipl_plot_shape(l), l, text);
        sep = ", ";
    }
    for (int r = 0; c->how.overlay && r < c->runs; ++r)
        fprintf(c->out, ", NaN with lines lw 2 lc '#222222' dt %d title '{/:Bold %s}'",
                r + 1, ipl_gnuplot_plain(c->run[r].name, text, sizeof text));
    fprintf(c->out, "\n");
}

void ipl_plot_legend(const canvas *c, plot_box box)
{
    char text[2048];
    const double h = c->height;
    ipl_plot_open(c, box, 0, "", "", "");
    fprintf(c->out, "unset border; unset tics; unset grid; set xrange [0:1]; "
            "set yrange [0:1]\nset lmargin at screen 0; set rmargin at screen 1\n"
            "set tmargin at screen 1; set bmargin at screen %.6f\n",
            1.0 - box.height / h);
    write_heading(c, text, sizeof text);
    fprintf(c->out, "set label '%s' at screen 0.5,%.6f center font ',%.4g'\n", text,
            1.0 - 24.0 / h, ipl_plot_fitting(text, 15.0, box.width));
    if (c->what == IPL_PLOT_POOL) ipl_plot_pool_key(c);
    if (c->what == IPL_PLOT_POOLED_PLANE) ipl_plot_pooled_key(c);
    fprintf(c->out, "set key at screen 0.5,%.6f center center horizontal samplen 2.4 "
            "width 1 height 0.2 maxrows 2\n", 1.0 - 60.0 / h);
    write_key(c);
}
