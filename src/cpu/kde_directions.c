/*
 * kde_directions.c - the axes on which kde_screen.c tests all pairs.
 *
 * Subspace iteration on some rows: directions that span about their first principal
 * components. The tests need them orthonormal and nothing else; how near they come to
 * the components only decides how many pairs pass.
 */
#include "cpu/kde_screen.h"

#include <math.h>
#include <string.h>

#include <cblas.h>

/* LAPACK, which OpenBLAS contains. */
extern void sgeqrf_(const int *m, const int *n, float *a, const int *lda, float *tau,
                    float *work, const int *lwork, int *info);
extern void sorgqr_(const int *m, const int *n, const int *k, float *a, const int *lda,
                    const float *tau, float *work, const int *lwork, int *info);

enum { ITERATIONS = 3, DIRECTIONS = SCREEN_AXES - 1 };

/* Rows spread evenly over the layer, less their mean. */
static void take_sample(const float *t, kde_screen *s, float *sample)
{
    const int64_t d = s->d;
    float *low = s->directions, *high = low + d; /* room that is free until later */
    memset(s->mean, 0, (size_t)s->stride * sizeof *s->mean);
    memset(s->centre, 0, (size_t)s->stride * sizeof *s->centre);
    for (int64_t i = 0; i < SCREEN_SAMPLE; ++i) {
        const float *row = t + i * s->n / SCREEN_SAMPLE * d;
        float *to = sample + i * d;
        for (int64_t u = 0; u < d; ++u) {
            to[u] = row[u];
            s->mean[u] += to[u];
            low[u] = i && low[u] < to[u] ? low[u] : to[u];
            high[u] = i && high[u] > to[u] ? high[u] : to[u];
        }
    }
    for (int64_t u = 0; u < d; ++u) {
        s->mean[u] *= 1.0f / SCREEN_SAMPLE;
        s->centre[u] = 0.5f * low[u] + 0.5f * high[u];
    }
    for (int64_t i = 0; i < SCREEN_SAMPLE; ++i)
        for (int64_t u = 0; u < d; ++u) sample[i * d + u] -= s->mean[u];
}

/* Rows of v become orthonormal; returns 0 if they cannot. */
static int orthonormal(float *v, int d)
{
    enum { BLOCK = 32 };
    const int k = DIRECTIONS, lwork = DIRECTIONS * BLOCK;
    int info = 0;
    float tau[DIRECTIONS], work[DIRECTIONS * BLOCK];
    sgeqrf_(&d, &k, v, &d, tau, work, &lwork, &info);
    if (!info) sorgqr_(&d, &k, &k, v, &d, tau, work, &lwork, &info);
    return !info;
}

/* |V V' - 1|, the products in double. */
static double excess_of(const float *v, int64_t d)
{
    double sum = 0.0;
    for (int a = 0; a < DIRECTIONS; ++a)
        for (int b = 0; b <= a; ++b) {
            const double product = cblas_dsdot((int)d, v + a * d, 1, v + b * d, 1);
            const double off = product - (a == b);
            sum += off * off * (a == b ? 1.0 : 2.0);
        }
    return sqrt(sum) + 1e-12;
}

int screen_directions(const float *t, kde_screen *s, float *room)
{
    const int d = (int)s->d;
    float *sample = room, *v = s->directions;
    float y[SCREEN_SAMPLE * DIRECTIONS];
    take_sample(t, s, sample);
    for (int a = 0; a < DIRECTIONS; ++a) /* start: rows of the sample, spread */
        memcpy(v + a * s->d, sample + a * SCREEN_SAMPLE / DIRECTIONS * s->d,
               (size_t)d * sizeof *v);
    for (int p = 0; p < ITERATIONS; ++p) {
        if (!orthonormal(v, d)) return 0;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SCREEN_SAMPLE, DIRECTIONS,
                    d, 1.0f, sample, d, v, d, 0.0f, y, DIRECTIONS);
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, DIRECTIONS, d,
                    SCREEN_SAMPLE, 1.0f, y, DIRECTIONS, sample, d, 0.0f, v, d);
    }
    if (!orthonormal(v, d)) return 0;
    s->excess = excess_of(v, d);
    return s->excess < 0.01;
}
