/*
 * mi_bin_error.c - standard errors of plug-in points: the delete-one jackknife.
 *
 * With cells of m_c rows, n H(T) = n log n - sum_c m_c log m_c. Without row i, whose
 * cell has m rows, n - 1 rows are left and the sum is smaller by
 *
 *   g(m) = m log m - (m - 1) log(m - 1),   g(1) = 0,
 *
 * so that H_i(T) = constant + g(m_i) / (n - 1). Where the bias is added, the cell of
 * one row goes with it: g(1) = -1/2. I_i = H_i(T) + H_i(G) - H_i(T,G) is then a
 * constant and u_i / (n - 1), u_i = g(cell) + g(group) - g(cell in group), and the
 * jackknife's variance (n - 1)/n sum_i (I_i - mean)^2 is
 * sum_i (u_i - mean u)^2 / (n (n - 1)): no row has to be deleted (B. Efron, C. Stein,
 * Annals of Statistics 9, 1981). Whether the bias is added is decided once, for all
 * rows.
 *
 * Sums run over the rows in their order: equal cells, equal bits, on every device.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi_bin.h"

/* A layer's rows by their cells, and room for one grouping of them. Host. */
typedef struct {
    int64_t  n, cells;
    int32_t *cell;  /* [n]                                                      */
    int32_t *order; /* [n]: rows by cell                                        */
    int64_t *start; /* [cells + 1]: first of each cell in `order`               */
    int32_t *group; /* [n]                                                      */
    int64_t *pair;  /* [n]: rows of i's cell in i's group                       */
    int64_t *count; /* [groups]                                                 */
    double  *u;     /* [n]                                                      */
} row_cells;

static void close_rows(row_cells *r)
{
    free(r->cell);
    free(r->order);
    free(r->start);
    free(r->group);
    free(r->pair);
    free(r->count);
    free(r->u);
}

static ipl_status open_rows(ipl_device *dev, const ipl_mi_job *job, int64_t cells,
                            const int32_t *cell, row_cells *r)
{
    const size_t n = (size_t)job->t.rows;
    int64_t groups = job->y ? job->y->classes : 0;
    if (job->x && job->x->classes > groups) groups = job->x->classes;
    *r = (row_cells){.n = job->t.rows, .cells = cells};
    r->cell = malloc(n * sizeof *r->cell);
    r->order = malloc(n * sizeof *r->order);
    r->start = calloc((size_t)cells + 2, sizeof *r->start);
    r->group = malloc(n * sizeof *r->group);
    r->pair = malloc(n * sizeof *r->pair);
    r->count = calloc((size_t)groups + 1, sizeof *r->count);
    r->u = malloc(n * sizeof *r->u);
    if (!r->cell || !r->order || !r->start || !r->group || !r->pair || !r->count ||
        !r->u)
        return IPL_FAIL(IPL_E_MEMORY, "standard errors of %zu rows", n);
    IPL_TRY(ipl_download(dev, cell, n * sizeof *cell, r->cell));
    /* start[c + 1] moves from where cell c begins to where it ends. */
    for (int64_t i = 0; i < r->n; ++i) ++r->start[r->cell[i] + 2];
    for (int64_t c = 2; c < cells + 2; ++c) r->start[c] += r->start[c - 1];
    for (int64_t i = 0; i < r->n; ++i)
        r->order[r->start[r->cell[i] + 1]++] = (int32_t)i;
    return IPL_OK;
}

static int64_t cell_size(const row_cells *r, int64_t row)
{
    const int32_t c = r->cell[row];
    return r->start[c + 1] - r->start[c];
}

/* g of the head, without its cancellation of large terms. */
static double lost(int64_t m, int corrected)
{
    if (m == 1) return corrected ? -0.5 : 0.0;
    const double rest = (double)(m - 1);
    return log((double)m) + rest * log1p(1.0 / rest);
}

static double standard_error(int64_t n, const double *u)
{
    double mean = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; ++i) mean += u[i];
    mean /= (double)n;
    for (int64_t i = 0; i < n; ++i) squares += (u[i] - mean) * (u[i] - mean);
    return sqrt(squares / ((double)n * (double)(n - 1)));
}

/* Of H(T), and so of I(X;T) where each input occurs once. */
static double entropy_error(row_cells *r, int may_correct)
{
    const double top = log((double)r->n);
    double mean_log = 0.0;
    for (int64_t i = 0; i < r->n; ++i) mean_log += log((double)cell_size(r, i));
    const double plug_in = top - mean_log / (double)r->n;
    const int corrected = may_correct && plug_in + bin_bias(r->n, r->cells) <= top;
    for (int64_t i = 0; i < r->n; ++i) r->u[i] = lost(cell_size(r, i), corrected);
    return standard_error(r->n, r->u);
}

/* Fills pair[n]; returns how many pairs of cell and group there are. */
static int64_t count_pairs(row_cells *r)
{
    int64_t pairs = 0;
    for (int64_t c = 0; c < r->cells; ++c) {
        const int64_t from = r->start[c], to = r->start[c + 1];
        for (int64_t k = from; k < to; ++k)
            pairs += r->count[r->group[r->order[k]]]++ == 0;
        for (int64_t k = from; k < to; ++k)
            r->pair[r->order[k]] = r->count[r->group[r->order[k]]];
        for (int64_t k = from; k < to; ++k) r->count[r->group[r->order[k]]] = 0;
    }
    return pairs;
}

/* Of I(T;G). */
static ipl_status information_error(ipl_device *dev, row_cells *r, const ipl_labels *g,
                                    int may_correct, double *out)
{
    const int64_t n = r->n;
    double mean_log = 0.0;
    IPL_TRY(ipl_download(dev, g->at, (size_t)n * sizeof *r->group, r->group));
    const int64_t pairs = count_pairs(r);
    const double bias =
        bin_bias(n, r->cells) + bin_bias(n, bin_groups(g)) - bin_bias(n, pairs);
    for (int64_t i = 0; i < n; ++i)
        mean_log += log((double)r->pair[i] / (double)cell_size(r, i));
    const double h_g = ipl_mi_label_entropy(g);
    const double plug_in = h_g + mean_log / (double)n; /* H(G) - H(G|T) */
    const int corrected = may_correct && plug_in + bias <= h_g;
    for (int64_t i = 0; i < n; ++i) {
        const int32_t of = r->group[i];
        r->u[i] = lost(cell_size(r, i), corrected) +
                  lost(g->start[of + 1] - g->start[of], corrected) -
                  lost(r->pair[i], corrected);
    }
    *out = standard_error(n, r->u);
    return IPL_OK;
}

ipl_status bin_standard_errors(ipl_device *dev, const ipl_mi_job *job,
                               ipl_bin_correction correction, const int32_t *cell,
                               ipl_mi_point *point)
{
    const int correct = correction == IPL_BIN_MILLER_MADOW;
    const ipl_labels *x = mi_repeated_inputs(job);
    row_cells rows = {0};
    ipl_status st;
    IPL_TRY_DONE(open_rows(dev, job, point->cells, cell, &rows));
    if (x) IPL_TRY_DONE(information_error(dev, &rows, x, correct, &point->se_x));
    else point->se_x = entropy_error(&rows, correct);
    if (job->y)
        IPL_TRY_DONE(information_error(dev, &rows, job->y, correct, &point->se_y));
done:
    close_rows(&rows);
    return st;
}
