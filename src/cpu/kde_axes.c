/*
 * kde_axes.c - the coordinates by which the rows of a narrow layer are put in order.
 *
 * Layers spread along few directions. On the principal axes of some rows boxes of 16
 * rows leave as few pairs as on the units (20 units of a trained network: 15 to 16 in
 * 100), and a row is tested in 6 coordinates in place of d. Up to KDE_AXES_MAX units
 * less is gained than the projection takes: saturated units have two values each, and
 * boxes of units are then smaller than turned ones.
 *
 * Numerics  A projection on orthonormal axes shrinks distances. In double the axes are
 *           orthonormal to rounding, as floats to 1e-5. A coordinate is a float sum of
 *           d products: with |x - mean| <= R in all rows it is off by (d + 3) 2^-24 R
 *           at most, a row by e = sqrt(axes) times that. So rows within the cut are
 *           within sqrt(cut) (1 + 1e-5) + 2 e of each other on the axes. Where R is so
 *           large that this overflows no pair is left out.
 *           Compiled once: the same axes on all sets.
 */
#include "cpu/kde.h"

#include <math.h>

/* LAPACK, which OpenBLAS contains. */
extern void dsyev_(const char *job, const char *part, const int *n, double *a,
                   const int *lda, double *value, double *work, const int *lwork,
                   int *info);

enum { SAMPLE = 256, LANES = 8 };

/* Of SAMPLE rows, spread evenly: the mean, and v[d][d], row by row the eigenvectors
 * of their covariance, least eigenvalue first. Returns 0 where there are none. */
static int find_axes(const ipl_kde_job *job, double *mean, double *v)
{
    const int64_t d = job->d, rows = job->n < SAMPLE ? job->n : SAMPLE;
    const int     order = (int)d, size = 3 * KDE_NARROW;
    double        value[KDE_NARROW], work[3 * KDE_NARROW];
    int           info = 0;
    for (int64_t u = 0; u < d; ++u) mean[u] = 0.0;
    for (int64_t e = 0; e < d * d; ++e) v[e] = 0.0;
    for (int64_t i = 0; i < rows; ++i) {
        const float *x = job->t + i * job->n / rows * d;
        for (int64_t u = 0; u < d; ++u) mean[u] += (double)x[u] / (double)rows;
    }
    for (int64_t i = 0; i < rows; ++i) {
        const float *x = job->t + i * job->n / rows * d;
        for (int64_t u = 0; u < d; ++u)
            for (int64_t w = 0; w <= u; ++w)
                v[w * d + u] += ((double)x[u] - mean[u]) * ((double)x[w] - mean[w]);
    }
    dsyev_("V", "L", &order, v, &order, value, work, &size, &info);
    return !info;
}

/* z[n][axes] of all rows. */
static void project(const ipl_kde_job *job, int axes, const float *mean, const float *v,
                    float *z)
{
    for (int64_t i = 0; i < job->n; ++i) {
        const float *x = job->t + i * job->d;
        float sum[LANES] = {0};
        for (int64_t u = 0; u < job->d; ++u) {
            const float off = x[u] - mean[u];
            for (int a = 0; a < LANES; ++a) sum[a] += off * v[u * LANES + a];
        }
        for (int a = 0; a < axes; ++a) z[i * axes + a] = sum[a];
    }
}

int kde_project(const ipl_kde_job *job, float factor, double reach, kde_matrix *m,
                float *z)
{
    const int64_t d = job->d;
    const int     axes = KDE_AXES(d);
    double centre[KDE_NARROW], vectors[KDE_NARROW * KDE_NARROW];
    float  mean[KDE_NARROW], v[KDE_NARROW * LANES] = {0};
    if (!find_axes(job, centre, vectors)) return 0;
    for (int64_t u = 0; u < d; ++u) {
        mean[u] = (float)centre[u];
        for (int a = 0; a < axes; ++a)
            v[u * LANES + a] = factor * (float)vectors[(d - 1 - a) * d + u];
    }
    project(job, axes, mean, v, z);
    const double off = sqrt(axes) * (double)(d + 3) * 0x1p-24 * reach;
    const double most = sqrt((double)m->cut) * (1.0 + 1e-5) + 2.0 * off;
    m->near_cut = (float)(most * most);
    return 1;
}
