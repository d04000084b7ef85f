/*
 * mi_bin_point.c - from counts to a point, with a correction of its bias.
 *
 * H(T) and H(T,G) of a partition T, alone and split by groups G, follow from how many
 * rows share a cell (algebra.h), and I(T;G) = H(T) + H(G) - H(T,G). Each entropy may
 * have its bias added. A value that this would lift above its ceiling stays as it is:
 * where nearly every row has a cell of its own the first term says nothing of the bias.
 */
#include <math.h>

#include "mi/mi_bin.h"

int64_t bin_groups(const ipl_labels *g)
{
    int64_t groups = 0;
    for (int32_t c = 0; c < g->classes; ++c) groups += g->start[c + 1] > g->start[c];
    return groups;
}

/* Cells in which rows were counted. */
static int64_t cells_of(const ipl_count_job *count)
{
    int64_t cells = 0;
    for (int64_t m = 0; m < count->multiplicities; ++m)
        cells += count->multiplicity[m].rows / count->multiplicity[m].size;
    return cells;
}

static void correct(double bias, double ceiling, double *value, unsigned *flags)
{
    if (*value + bias > ceiling) *flags |= IPL_MI_UNCORRECTED;
    else *value += bias;
}

/* I(T;G) from the sizes of the cells split by group; in [0, min(H(T), H(G))]. */
static ipl_status group_information(const char *name, const char *what, int64_t n,
                                    double h_t, const ipl_labels *g,
                                    const ipl_count_job *split, double *out)
{
    const double h_g = ipl_mi_label_entropy(g);
    const double rounding = mi_rounding(3 * ipl_multiplicities_max(n), log((double)n));
    *out = mi_mutual(h_t, h_g,
                     mi_entropy(n, split->multiplicities, split->multiplicity));
    return mi_clamp(name, what, 0.0, fmin(h_t, h_g), rounding, out);
}

/* The bias of H(T) + H(G) - H(T,G). */
static void correct_information(const ipl_labels *g, int64_t cells,
                                const ipl_count_job *split, double *out,
                                unsigned *flags)
{
    const int64_t n = split->n;
    correct(bin_bias(n, cells) + bin_bias(n, bin_groups(g)) -
                bin_bias(n, cells_of(split)),
            ipl_mi_label_entropy(g), out, flags);
}

/* by_label, by_input: NULL where the job has none. */
static void correct_point(const ipl_mi_job *job, const ipl_count_job *by_label,
                          const ipl_count_job *by_input, ipl_mi_point *out)
{
    const int64_t n = job->t.rows;
    correct(bin_bias(n, out->cells), log((double)n), &out->h_t, &out->flags);
    if (by_label)
        correct_information(job->y, out->cells, by_label, &out->i_ty, &out->flags);
    if (by_input)
        correct_information(job->x, out->cells, by_input, &out->i_xt, &out->flags);
    else
        out->i_xt = out->h_t;
}

ipl_status bin_point(const char *name, const ipl_mi_job *job,
                     ipl_bin_correction correction, const ipl_bin_job *cells,
                     const ipl_count_job *alone, const ipl_count_job *split,
                     ipl_mi_point *out)
{
    const int64_t n = cells->n;
    const double top = log((double)n);
    const double rounding = mi_rounding(3 * ipl_multiplicities_max(n), top);
    const ipl_labels *x = mi_repeated_inputs(job);
    const ipl_count_job *by_label = job->y ? split++ : NULL;
    const ipl_count_job *by_input = x ? split : NULL;
    *out = mi_point_empty();
    out->h_t = mi_entropy(n, alone->multiplicities, alone->multiplicity);
    IPL_TRY(mi_clamp(name, "H(T)", 0.0, top, rounding, &out->h_t));
    if (by_label)
        IPL_TRY(group_information(name, "I(T;Y)", n, out->h_t, job->y, by_label,
                                  &out->i_ty));
    out->i_xt = out->h_t; /* H(T|X) = 0 */
    int saturated = cells->cells == n;
    if (by_input) {
        IPL_TRY(group_information(name, "I(X;T)", n, out->h_t, x, by_input,
                                  &out->i_xt));
        saturated = out->i_xt == ipl_mi_label_entropy(x);
    }
    out->cells = cells->cells;
    out->outside_share = (double)cells->outside / (double)(n * cells->d);
    out->flags = (saturated ? IPL_MI_SATURATED : 0u) |
                 (cells->outside ? IPL_MI_OUTSIDE : 0u);
    if (correction == IPL_BIN_MILLER_MADOW)
        correct_point(job, by_label, by_input, out);
    return IPL_OK;
}
