/*
 * summary.c - the rows of summary.csv: mean and deviation over the seeds.
 *
 * All follows from the numbers that stand in plane.csv and plane_details.csv: each is
 * taken with the nine digits that it has there. Means and deviations take two passes in
 * double, in the order of the seeds.
 */
#include "plane/summary.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "buffer.h"
#include "number.h"
#include "spread.h"

const char ipl_summary_header[] = "epoch,layer,estimator,quantity,mean,deviation,n";

/* The quantities of a point, by the names of their columns, in nats. */
enum { QUANTITIES = 4 };
static const char *const quantity[QUANTITIES] = {"i_xt_bits", "i_ty_bits", "h_t_bits",
                                                 "i_t_next_bits"};

static double value_of(const ipl_layer *layer, int point, int which)
{
    const ipl_mi_point *p = &layer->point[point];
    const double value[QUANTITIES] = {p->i_xt, p->i_ty, p->h_t, p->i_next};
    return value[which];
}

static double as_written(double nats)
{
    IPL_C_LOCALE;
    char text[32];
    snprintf(text, sizeof text, "%.9g", nats / log(2.0));
    return strtod(text, NULL);
}

static void print_rows(ipl_buffer *to, int64_t tick, int replicas, int layers,
                       const ipl_layer *layer, const char *const *layer_name,
                       double *value)
{
    for (int l = 0; l < layers; ++l)
        for (int p = 0; p < layer[l].points; ++p)
            for (int which = 0; which < QUANTITIES; ++which) {
                /* I(T;T') lies between cells: other points do not have it. */
                if (which == QUANTITIES - 1 && layer[l].point[p].cells < 0) continue;
                int n = 0;
                for (int k = 0; k < replicas; ++k) {
                    const double nats = value_of(layer + k * layers + l, p, which);
                    if (isfinite(nats)) value[n++] = as_written(nats);
                }
                ipl_buffer_add(to, "%lld,%d,%s,%s", (long long)tick, l + 1,
                        layer[l].point[p].name, quantity[which]);
                ipl_spread_print(to, n, value);
                if (layer_name) ipl_buffer_add(to, ",%s", layer_name[l]);
                ipl_buffer_add(to, "\n");
            }
}

ipl_status ipl_summary_text(int64_t tick, int replicas, int layers,
                            const ipl_layer *layer, const char *const *layer_name,
                            char **text)
{
    ipl_buffer made = {0};
    double *value = malloc((size_t)replicas * sizeof *value);
    ipl_buffer_add(&made, "%s", "");
    if (value) print_rows(&made, tick, replicas, layers, layer, layer_name, value);
    const int is_whole = value && made.at;
    free(value);
    if (is_whole) {
        *text = made.at;
        return IPL_OK;
    }
    free(made.at);
    return IPL_FAIL(IPL_E_MEMORY, "a summary of %d seeds", replicas);
}
