/*
 * kde_ways.h - the pair sums of a layer in different ways, all with one thread, both
 * bounds and the class split.
 */
#ifndef KDE_WAYS_H
#define KDE_WAYS_H

#include <cblas.h>

#include "backend.h"
#include "layers.h"
#include "oracle_kde.h"
#if defined(__AVX512F__)
#define IPL_AVX512
#elif defined(__AVX2__)
#define IPL_AVX2
#endif
#include "cpu/simd.h"
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

enum { BLOCK = 512, NAIVE_ROWS = 64, ORACLE_ROWS = 16, SAMPLED_PAIRS = 40000 };

/* Per cent of the pairs whose similarity is above what the sums may drop:
 * 2^-(ceil(log2 n) + 24) of the lower bound. Sampled. */
static inline double near_percent(const bench_layer *l)
{
    const ipl_random r = {3, 5900};
    const double cut = ceil(log2((double)l->n)) + 24.0;
    const double most = cut * log(2.0) * 8.0 * l->noise_var;
    int64_t near = 0;
    for (uint64_t p = 0; p < SAMPLED_PAIRS; ++p) {
        const int64_t i = (int64_t)ipl_random_below(r, 2 * p, (uint64_t)l->n);
        const uint64_t step = ipl_random_below(r, 2 * p + 1, (uint64_t)(l->n - 1));
        const int64_t j = (i + 1 + (int64_t)step) % l->n;
        double distance = 0.0;
        for (int64_t k = 0; k < l->d && distance <= most; ++k) {
            const double by = (double)l->t[i * l->d + k] - (double)l->t[j * l->d + k];
            distance += by * by;
        }
        near += distance <= most;
    }
    return 100.0 * (double)near / SAMPLED_PAIRS;
}

/* -- Ours: what `infoplane estimate` calls for a layer ----------------------- */

typedef struct {
    ipl_device    *dev;
    ipl_mi_options options;
    ipl_mi_job     job;
    void          *scratch;
    size_t         scratch_bytes;
} ours;

/* dense: every similarity of every pair. */
static inline ours ours_make(ipl_device *dev, const bench_layer *l, int dense)
{
    ours o = {.dev = dev, .options = ipl_mi_defaults(IPL_MI_KDE)};
    o.options.noise_var = l->noise_var;
    o.options.full_sums = dense;
    o.job = (ipl_mi_job){.t = {l->t, l->n, l->d}, .y = &l->labels};
    must_do(ipl_mi_scratch_bytes(dev, 1, &o.options, 1, &o.job, &o.scratch_bytes));
    must_do(ipl_alloc(dev, o.scratch_bytes, &o.scratch));
    return o;
}

static inline void ours_run(void *on)
{
    ours *o = on;
    must_do(ipl_mi_estimate(o->dev, 1, &o->options, 1, &o->job, o->scratch,
                            o->scratch_bytes));
}

/* The sums themselves, and the means of their logarithms. The caller frees them. */
static inline ipl_kde_job kde_sums_of(ipl_device *dev, const bench_layer *l, int dense)
{
    ipl_kde_job job = {.n = l->n, .d = l->d, .t = l->t, .y = &l->labels,
                       .noise_var = l->noise_var};
    void *scratch;
    for (int k = 0; k < 4; ++k)
        job.sum[k] = must(malloc((size_t)l->n * sizeof(int64_t)));
    must_do(ipl_alloc(dev, dev->backend->kde_scratch_bytes(dev->state, 1, &job),
                      &scratch));
    must_do(dev->backend->kde_sums(dev->state, 1, &job, dense, scratch));
    ipl_free(dev, scratch);
    return job;
}

static inline void kde_sums_free(ipl_kde_job *job)
{
    for (int k = 0; k < 4; ++k) free(job->sum[k]);
}

/* Bits that the mean logarithms are off by, on evenly spaced rows, the worst of the
 * four sums; ends the program where a sum is outside its proven bound. */
static inline double bits_off_sampled(const bench_layer *l, const ipl_kde_job *job,
                                      int dense)
{
    double off[4] = {0}, worst = 0.0;
    for (int c = 0; c < ORACLE_ROWS; ++c) {
        const int64_t i = c * (l->n - 1) / (ORACLE_ROWS - 1);
        double value[4], allowed[4];
        oracle_kde_row(l->n, l->d, l->t, l->y, l->noise_var, dense, i, value, allowed);
        for (int k = 0; k < 4; ++k) {
            const double got = (double)job->sum[k][i] / (double)IPL_KDE_ONE;
            off[k] += log2(got / value[k]) / ORACLE_ROWS;
            if (fabs(got - value[k]) <= allowed[k]) continue;
            fprintf(stderr, "bench_kde: %s: sum[%d][%lld] is %.9g, not %.9g\n", l->name,
                    k, (long long)i, got, value[k]);
            exit(1);
        }
    }
    for (int k = 0; k < 4; ++k) worst = fmax(worst, fabs(off[k]));
    return worst;
}

static inline double bits_apart(const double *a, const double *b)
{
    double worst = 0.0;
    for (int k = 0; k < 4; ++k) worst = fmax(worst, fabs(a[k] - b[k]) / log(2.0));
    return worst;
}

/* -- A product by OpenBLAS, 512 rows at a time, and a vectorised exponential - */

typedef struct {
    int64_t  n, d;
    double   noise_var;
    float   *t;            /* rows sorted by class                              */
    int64_t *from, *to;    /* [n]: where the row's class begins and ends        */
    float   *norm, *product;
    double   mean_log[4];
} composition;

static inline composition composition_make(const bench_layer *l)
{
    const int64_t n = l->n, d = l->d;
    composition c = {.n = n, .d = d, .noise_var = l->noise_var};
    c.t = must(aligned_alloc(64, (size_t)(n * d + 16) / 16 * 64));
    c.from = must(malloc((size_t)n * sizeof *c.from));
    c.to = must(malloc((size_t)n * sizeof *c.to));
    c.norm = must(malloc((size_t)(n + 16) * sizeof *c.norm));
    c.product = must(aligned_alloc(64, (size_t)(BLOCK * (n + 16)) / 16 * 64));
    for (int64_t r = 0; r < n; ++r) {
        const int64_t i = l->labels.order[r];
        memcpy(c.t + r * d, l->t + i * d, (size_t)d * sizeof *c.t);
        c.from[r] = l->labels.start[l->y[i]];
        c.to[r] = l->labels.start[l->y[i] + 1];
    }
    return c;
}

static inline void composition_free(composition *c)
{
    free(c->t);
    free(c->from);
    free(c->to);
    free(c->norm);
    free(c->product);
}

/* Adds the similarities of columns [from, to) to sum: upper, lower. */
static inline void add_row(const float *product, const float *norm, float own,
                           float scale, int64_t from, int64_t to, double sum[2])
{
    vf lower = vf_set(0.0f), upper = lower;
    int64_t j = from;
    for (; j + VF <= to; j += VF) {
        const vf both = vf_add(vf_set(own), vf_loadu(norm + j));
        const vf distance = vf_fnma(vf_set(2.0f), vf_loadu(product + j), both);
        const vf e = vf_exp2(vf_mul(vf_max(distance, vf_set(0.0f)), vf_set(-scale)));
        const vf e2 = vf_mul(e, e);
        lower = vf_add(lower, e);
        upper = vf_fma(e2, e2, upper);
    }
    for (; j < to; ++j) {
        const float distance = fmaxf(0.0f, own + norm[j] - 2.0f * product[j]);
        const float e = exp2f(-scale * distance);
        sum[1] += e;
        sum[0] += e * e * e * e;
    }
    sum[0] += vf_sum(upper);
    sum[1] += vf_sum(lower);
}

/* Similarities of far rows underflow: a serious rival flushes them, as operations on
 * denormals are ten times slower. */
static inline void flush_denormals(int flush)
{
#if defined(__SSE__)
    _MM_SET_FLUSH_ZERO_MODE(flush ? _MM_FLUSH_ZERO_ON : _MM_FLUSH_ZERO_OFF);
#else
    (void)flush;
#endif
}

static inline void composition_run(void *on)
{
    composition *c = on;
    const float scale = (float)(1.4426950408889634 / (8.0 * c->noise_var));
    flush_denormals(1);
    for (int64_t i = 0; i < c->n; ++i)
        c->norm[i] = cblas_sdot((int)c->d, c->t + i * c->d, 1, c->t + i * c->d, 1);
    memset(c->mean_log, 0, sizeof c->mean_log);
    for (int64_t i0 = 0; i0 < c->n; i0 += BLOCK) {
        const int64_t rows = c->n - i0 < BLOCK ? c->n - i0 : BLOCK;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)c->n,
                    (int)c->d, 1.0f, c->t + i0 * c->d, (int)c->d, c->t, (int)c->d, 0.0f,
                    c->product, (int)c->n);
        for (int64_t r = 0; r < rows; ++r) {
            const float *row = c->product + r * c->n, norm = c->norm[i0 + r];
            const int64_t from = c->from[i0 + r], to = c->to[i0 + r];
            double own[2] = {0}, all[2] = {0};
            add_row(row, c->norm, norm, scale, from, to, own);
            add_row(row, c->norm, norm, scale, 0, from, all);
            add_row(row, c->norm, norm, scale, to, c->n, all);
            for (int k = 0; k < 2; ++k) {
                c->mean_log[2 * k] += log(own[k] + all[k]) / (double)c->n;
                c->mean_log[2 * k + 1] += log(own[k]) / (double)c->n;
            }
        }
    }
    flush_denormals(0);
}

/* -- Plain loops, of 64 rows against all ------------------------------------- */

static inline void naive_run(void *on)
{
    const bench_layer *l = on;
    flush_denormals(1);
    const float c = (float)(-1.0 / (8.0 * l->noise_var));
    volatile float keep = 0.0f;
    for (int64_t i = 0; i < NAIVE_ROWS; ++i) {
        float sum[4] = {0};
        for (int64_t j = 0; j < l->n; ++j) {
            float distance = 0.0f;
            for (int64_t k = 0; k < l->d; ++k) {
                const float difference = l->t[i * l->d + k] - l->t[j * l->d + k];
                distance += difference * difference;
            }
            const float lower = expf(c * distance), upper = expf(4.0f * c * distance);
            sum[0] += upper, sum[2] += lower;
            if (l->y[i] == l->y[j]) sum[1] += upper, sum[3] += lower;
        }
        keep = keep + sum[0] + sum[1] + sum[2] + sum[3];
    }
    flush_denormals(0);
}

#endif
