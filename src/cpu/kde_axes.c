/*
 * kde_axes.c - the coordinates by which the rows of a narrow layer are put in order.
 *
 * Layers spread along few directions. On the principal axes of some rows boxes of 16
 * rows leave fewer pairs than on the units (ib-tanh, 177 ticks: 2 to 8 % fewer of 3 to
 * 7 units, as many of 10; 20 units of a trained network: as many), and a row is tested
 * in fewer coordinates. An axis along which the variance of the rows is less than an
 * eighth of the cut hardly tells near from far, and is left out.
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
#include <string.h>

/* LAPACK, which OpenBLAS contains. */
extern void dsyev_(const char *job, const char *part, const int *n, double *a,
                   const int *lda, double *value, double *work, const int *lwork,
                   int *info);

enum { SAMPLE = 256, CUT_PARTS = 8 };

/* Of SAMPLE rows, spread evenly: the mean, and v[d][d], row by row the eigenvectors
 * of their covariance, least eigenvalue first, with variance[d] along them. Returns 0
 * where there are none. */
static int find_axes(const ipl_kde_job *job, double *mean, double *v, double *variance)
{
    const int64_t d = job->d, rows = job->n < SAMPLE ? job->n : SAMPLE;
    const int     order = (int)d, size = 3 * KDE_NARROW;
    double        work[3 * KDE_NARROW];
    int           info = 0;
    for (int64_t u = 0; u < d; ++u) mean[u] = 0.0;
    for (int64_t e = 0; e < d * d; ++e) v[e] = 0.0;
    for (int64_t i = 0; i < rows; ++i) {
        const float *x = job->t + i * job->n / rows * d;
        for (int64_t u = 0; u < d; ++u) mean[u] += (double)x[u];
    }
    for (int64_t u = 0; u < d; ++u) mean[u] /= (double)rows;
    for (int64_t i = 0; i < rows; ++i) {
        const float *x = job->t + i * job->n / rows * d;
        for (int64_t u = 0; u < d; ++u)
            for (int64_t w = 0; w <= u; ++w)
                v[w * d + u] += ((double)x[u] - mean[u]) * ((double)x[w] - mean[w]);
    }
    dsyev_("V", "L", &order, v, &order, variance, work, &size, &info);
    for (int64_t u = 0; u < d; ++u) variance[u] /= (double)rows;
    return !info;
}

/* z[n][lanes] of all rows, with v[d][lanes]; lanes is a constant. */
static inline __attribute__((always_inline)) void
project(const ipl_kde_job *job, const float *mean, const float *v, const int lanes,
        float *z)
{
    for (int64_t i = 0; i < job->n; ++i) {
        const float *x = job->t + i * job->d;
        float sum[KDE_AXES_MAX] = {0};
        for (int64_t u = 0; u < job->d; ++u) {
            const float off = x[u] - mean[u];
            for (int a = 0; a < lanes; ++a) sum[a] += off * v[u * lanes + a];
        }
        memcpy(z + i * lanes, sum, (size_t)lanes * sizeof *z);
    }
}

int kde_project(const ipl_kde_job *job, float factor, double reach, float *room,
                kde_matrix *m, kde_places *places)
{
    const int64_t d = job->d;
    const int most = d < KDE_AXES_MAX ? (int)d : KDE_AXES_MAX;
    double centre[KDE_NARROW], vectors[KDE_NARROW * KDE_NARROW], variance[KDE_NARROW];
    float  mean[KDE_NARROW], v[KDE_NARROW * KDE_AXES_MAX] = {0};
    if (!find_axes(job, centre, vectors, variance)) return 0;
    int dims = 1;
    const double least = (double)m->cut / ((double)factor * factor * CUT_PARTS);
    while (dims < most && variance[d - 1 - dims] > least) ++dims;
    const int lanes = KDE_AXES_ROOM(dims);
    for (int64_t u = 0; u < d; ++u) {
        mean[u] = (float)centre[u];
        for (int a = 0; a < dims; ++a)
            v[u * lanes + a] = factor * (float)vectors[(d - 1 - a) * d + u];
    }
    if (lanes == KDE_AXES_MAX) project(job, mean, v, KDE_AXES_MAX, room);
    else project(job, mean, v, KDE_AXES_MAX / 2, room);
    const double off = sqrt(dims) * (double)(d + 3) * 0x1p-24 * reach;
    const double reached = sqrt((double)m->cut) * (1.0 + 1e-5) + 2.0 * off;
    m->near_cut = (float)(reached * reached);
    m->dims = dims;
    *places = (kde_places){room, lanes, dims, 1.0f};
    return 1;
}
