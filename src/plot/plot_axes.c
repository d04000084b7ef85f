/*
 * plot_axes.c - what the axes of several panels have in common: names, range, ceiling.
 */
#include <math.h>

#include "ipl_mi_family.h"
#include "plot/gnuplot.h"
#include "plot/plot.h"

const char *const ipl_plot_axis[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};

const char *ipl_plot_title(const plot_data *d, int estimator, char *text, size_t size)
{
    const char *title = d->estimator[estimator], *options = d->options[estimator];
    char name[64], escaped[128];
    ipl_mi_point_named(title, NULL, &title); /* unknown: the name itself */
    ipl_gnuplot_plain(options, escaped, sizeof escaped);
    snprintf(text, size, "%s%s%s", ipl_gnuplot_plain(title, name, sizeof name),
             *options ? ": " : "", escaped);
    return text;
}

double ipl_plot_ceiling(const plot_data *d, int estimator, int axis)
{
    ipl_mi_estimator family;
    if (axis == PLOT_X &&
        ipl_mi_point_named(d->estimator[estimator], &family, NULL) == IPL_OK &&
        ipl_mi_family_of(family)->needs & IPL_MI_NEEDS_INPUTS)
        return NAN;
    return d->ceiling[axis];
}

void ipl_plot_range(const canvas *c, int estimator, int axis, double *lo, double *hi)
{
    double low = 0.0, high = 0.0;
    for (int r = 0; r < c->runs; ++r) {
        const plot_data *d = &c->run[r];
        const int e = ipl_plot_find(d, c->d->estimator[estimator]);
        if (e >= 0) high = fmax(high, ipl_plot_ceiling(d, e, axis)); /* may be NAN */
        for (int64_t k = 0; e >= 0 && k < d->points; ++k) {
            const plot_point *p = &d->point[k];
            if (p->estimator != e || !isfinite(p->mean[axis])) continue;
            low = fmin(low, p->mean[axis] - p->bar[axis]);
            high = fmax(high, p->mean[axis] + p->bar[axis]);
        }
    }
    if (c->pool) ipl_plot_pool_widen(c->pool, estimator, axis, &low, &high);
    if (high - low < 1e-9) high = low + 1.0;
    *lo = low < 0 ? low - 0.04 * (high - low) : -0.02 * (high - low);
    *hi = high + 0.13 * (high - low);
    /* Of the plane x is I(X;T); over the ticks both values are y. */
    const double *limit = c->what == IPL_PLOT_PLANE && axis == PLOT_X ? c->how.x_limit
                                                                      : c->how.y_limit;
    if (!isnan(limit[0])) *lo = limit[0];
    if (!isnan(limit[1])) *hi = limit[1];
}

int ipl_plot_is_inside(const double limit[2], double at)
{
    return !(at < limit[0]) && !(at > limit[1]); /* NAN: no limit */
}

const char *ipl_plot_of_run(const canvas *c, const char *title, char *text, size_t size)
{
    char name[2 * sizeof c->d->name];
    if (c->runs < 2 || c->how.overlay) snprintf(text, size, "%s", title);
    else
        snprintf(text, size, "{/:Bold %s}   %s",
                 ipl_gnuplot_plain(c->d->name, name, sizeof name), title);
    return text;
}

void ipl_plot_ceiling_line(const canvas *c, int axis, double ceiling)
{
    if (!isfinite(ceiling) || !ipl_plot_is_inside(c->how.y_limit, ceiling)) return;
    fprintf(c->out,
            "set arrow from graph 0,first %.9g to graph 1,first %.9g "
            "nohead lc '#888888' dt 2 lw 1\n", ceiling, ceiling);
    if (c->narrow) return;
    fprintf(c->out, "set label '%s = %.4g' at graph 1,first %.9g right offset "
            "-0.3,0.6 font ',10' tc '#666666'\n",
            axis == PLOT_X ? "log_2 n" : "H(Y)", ceiling, ceiling);
}

void ipl_plot_no_values(const canvas *c, int axis)
{
    fprintf(c->out, "set xrange [0:1]; set yrange [0:1]; unset xtics; unset ytics; set "
            "label 'no values of %s' at graph 0.5,0.5 center tc '#666666'\nplot NaN\n",
            ipl_plot_axis[axis]);
}

int ipl_plot_is_empty(const canvas *c, int estimator, int axis)
{
    const plot_data *d = c->d;
    for (int64_t k = 0; k < d->points; ++k)
        if (d->point[k].estimator == estimator && isfinite(d->point[k].mean[axis]))
            return 0;
    ipl_plot_no_values(c, axis);
    return 1;
}
