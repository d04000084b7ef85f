/*
 * plot_select.c - the estimators and layers of a run that are drawn.
 *
 * A name asks for a point of plane.csv ("kde-upper", "bin@30"), for all values of one
 * ("bin"), or for all points of a family ("kde"). Estimators are drawn in the order in
 * which they were asked for.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ipl_mi_family.h"
#include "plot/plot.h"

int ipl_plot_find(const plot_data *d, const char *estimator)
{
    for (int e = 0; e < d->estimators; ++e)
        if (!strcmp(d->estimator[e], estimator)) return e;
    return -1;
}

static int is_named(const char *point, const char *asked, size_t length)
{
    char base[sizeof((plot_data *)0)->estimator[0]];
    ipl_mi_estimator estimator;
    if (strlen(point) == length && !strncmp(point, asked, length)) return 1;
    snprintf(base, sizeof base, "%.*s", (int)strcspn(point, "@"), point);
    if (strlen(base) == length && !strncmp(base, asked, length)) return 1;
    if (ipl_mi_point_named(base, &estimator, NULL) != IPL_OK) return 0;
    const char *family = ipl_mi_family_of(estimator)->name;
    return strlen(family) == length && !strncmp(family, asked, length);
}

/* -- Estimators -------------------------------------------------------------------*/

static ipl_status no_such_estimator(int runs, const plot_data *run, const char *asked,
                                    size_t length)
{
    char   there[512] = "";
    size_t used = 0;
    for (int r = 0; r < runs; ++r)
        for (int e = 0; e < run[r].estimators && used < sizeof there; ++e) {
            int known = 0;
            for (int before = 0; before < r; ++before)
                known |= ipl_plot_find(&run[before], run[r].estimator[e]) >= 0;
            if (!known)
                used += (size_t)snprintf(there + used, sizeof there - used, "%s%s",
                                         used ? ", " : "", run[r].estimator[e]);
        }
    return IPL_FAIL(IPL_E_ARGUMENT, "--estimator '%.*s': there are %s", (int)length,
                    asked, there);
}

static int by_place(const void *a, const void *b)
{
    const plot_point *x = a, *y = b;
    if (x->estimator != y->estimator) return x->estimator - y->estimator;
    if (x->layer != y->layer) return x->layer - y->layer;
    return (x->tick > y->tick) - (x->tick < y->tick);
}

static void keep_estimators(plot_data *d, const char *names)
{
    int number[PLOT_ESTIMATORS_MAX], kept = 0;
    int64_t points = 0;
    for (int e = 0; e < PLOT_ESTIMATORS_MAX; ++e) number[e] = -1;
    for (const char *at = names; *at; at += strspn(at, ", ")) {
        const size_t length = strcspn(at, ", ");
        for (int e = 0; e < d->estimators; ++e)
            if (number[e] < 0 && is_named(d->estimator[e], at, length))
                number[e] = kept++;
        at += length;
    }
    char name[PLOT_ESTIMATORS_MAX][sizeof d->estimator[0]];
    char options[PLOT_ESTIMATORS_MAX][sizeof d->options[0]];
    for (int e = 0; e < d->estimators; ++e) {
        if (number[e] < 0) continue;
        memcpy(name[number[e]], d->estimator[e], sizeof name[0]);
        memcpy(options[number[e]], d->options[e], sizeof options[0]);
    }
    for (int e = 0; e < kept; ++e) {
        memcpy(d->estimator[e], name[e], sizeof name[0]);
        memcpy(d->options[e], options[e], sizeof options[0]);
    }
    for (int64_t k = 0; k < d->points; ++k) {
        plot_point p = d->point[k];
        if ((p.estimator = number[p.estimator]) >= 0) d->point[points++] = p;
    }
    d->estimators = kept;
    d->points = points;
    if (!points) return; /* NULL */
    qsort(d->point, (size_t)points, sizeof *d->point, by_place);
}

ipl_status ipl_plot_select_estimators(int runs, plot_data *run, const char *names)
{
    const size_t start = strspn(names, ", ");
    IPL_REQUIRE(names[start], "--estimator: no name");
    for (const char *at = names + start; *at; at += strspn(at, ", ")) {
        const size_t length = strcspn(at, ", ");
        int met = 0;
        for (int r = 0; r < runs; ++r)
            for (int e = 0; e < run[r].estimators; ++e)
                met += is_named(run[r].estimator[e], at, length);
        if (!met) return no_such_estimator(runs, run, at, length);
        at += length;
    }
    for (int r = 0; r < runs; ++r) keep_estimators(&run[r], names + start);
    return IPL_OK;
}

/* -- Layers -----------------------------------------------------------------------*/

/* Of runs whose layers have names: those in the list, by the first run. */
static ipl_status named_layers(const plot_data *d, const char *layers,
                               char shown[IPL_NET_LAYERS_MAX])
{
    char there[256] = "";
    for (int l = 0; l < d->layers; ++l)
        snprintf(there + strlen(there), sizeof there - strlen(there), "%s%s",
                 l ? "," : "", d->layer_name[l]);
    for (const char *at = layers; *at;) {
        const size_t length = strcspn(at, ",");
        int found = 0;
        for (int l = 0; l < d->layers; ++l) {
            const int is = strlen(d->layer_name[l]) == length &&
                           !strncmp(d->layer_name[l], at, length);
            found |= is;
            shown[l] |= (char)is;
        }
        if (!found)
            return IPL_FAIL(IPL_E_ARGUMENT, "--layers '%s': there are the layers %s",
                            layers, there);
        at += length + (at[length] == ',');
    }
    return IPL_OK;
}

ipl_status ipl_plot_select_layers(int runs, plot_data *run, const char *layers)
{
    char shown[IPL_NET_LAYERS_MAX] = {0};
    const int named = *run->layer_name[0] != 0;
    int  most = 0;
    for (int r = 0; r < runs; ++r)
        if (run[r].layers > most) most = run[r].layers;
    if (named) IPL_TRY(named_layers(run, layers, shown));
    for (const char *at = layers; !named; ++at) {
        char *end;
        const long first = strtol(at, &end, 10);
        long last = first;
        int  is_good = end > at;
        if (is_good && *end == '-') {
            at = end + 1;
            last = strtol(at, &end, 10);
            is_good = end > at;
        }
        if (!is_good || (*end && *end != ',') || first < 1 || last < first ||
            last > most)
            return IPL_FAIL(IPL_E_ARGUMENT, "--layers '%s': there are layers 1 to %d, "
                            "as in 1-%d", layers, most, most);
        for (long l = first; l <= last; ++l) shown[l - 1] = 1;
        at = end;
        if (!*at) break;
    }
    for (int r = 0; r < runs; ++r) {
        plot_data *d = &run[r];
        int64_t points = 0;
        for (int l = 0; l < d->layers; ++l) d->hidden[l] = !shown[l];
        for (int64_t k = 0; k < d->points; ++k)
            if (shown[d->point[k].layer - 1]) d->point[points++] = d->point[k];
        d->points = points;
    }
    return IPL_OK;
}

/* What runs on one panel do not share is not said of all: ceilings, and in titles the
 * options of an estimator. */
static void keep_common(int runs, plot_data *run)
{
    for (int axis = 0; axis < 2; ++axis) {
        int differ = 0;
        for (int r = 1; r < runs; ++r)
            differ |= !(fabs(run[r].ceiling[axis] - run->ceiling[axis]) < 1e-9);
        for (int r = 0; r < runs && differ; ++r) run[r].ceiling[axis] = NAN;
    }
    for (int r = 0; r < runs; ++r)
        for (int e = 0; e < run[r].estimators; ++e) {
            int differ = 0;
            for (int o = 0; o < runs; ++o) {
                const int same = ipl_plot_find(&run[o], run[r].estimator[e]);
                differ |= same >= 0 && *run[o].options[same] &&
                          strcmp(run[o].options[same], run[r].options[e]);
            }
            for (int o = 0; o < runs && differ; ++o) {
                const int same = ipl_plot_find(&run[o], run[r].estimator[e]);
                if (same >= 0) *run[o].options[same] = 0;
            }
        }
}

ipl_status ipl_plot_select(int runs, plot_data *run, const ipl_plot_options *how)
{
    if (how->estimators)
        IPL_TRY(ipl_plot_select_estimators(runs, run, how->estimators));
    if (how->layers) IPL_TRY(ipl_plot_select_layers(runs, run, how->layers));
    if (how->overlay && runs > 1) keep_common(runs, run);
    int64_t points = 0;
    for (int r = 0; r < runs; ++r) points += run[r].points;
    if (!points && (how->estimators || how->layers))
        return IPL_FAIL(IPL_E_ARGUMENT, "--layers '%s': no points of these layers",
                        how->layers ? how->layers : "");
    return IPL_OK;
}
