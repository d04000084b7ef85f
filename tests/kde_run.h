/*
 * kde_run.h - layers for tests of pair sums, and running a backend between guards.
 */
#ifndef KDE_RUN_H
#define KDE_RUN_H

#include "check.h"
#include "backend.h"
#include "random.h"

enum { GUARD = 4096, GUARD_BYTE = 0x5a };

/* -- Layers -------------------------------------------------------------------- */

typedef struct {
    int64_t  n, d;
    int32_t  classes;
    float   *t; /* [n][d], host */
    int32_t *y; /* [n], host    */
} layer;

/* What a layer's activations look like; the spread within a class is the last factor.
 * SPREAD and after: tanh in its linear range, tanh at its ends, ReLU with norms large
 * against the spread (where |a|^2 + |b|^2 - 2ab fails), tanh collapsed to its class. */
typedef enum { NORMAL, SPREAD, SATURATED, RELU, COLLAPSED, FAMILIES } family;
static const char *const family_name[] = {"normal", "tanh spread", "tanh saturated",
                                          "relu with large norms", "tanh collapsed"};

static inline double normal(uint64_t stream, uint64_t index)
{
    const ipl_random r = {check_seed(), 1000 + stream};
    const double radius = sqrt(-2.0 * log(1.0 - ipl_random_uniform(r, 2 * index)));
    return radius * cos(6.283185307179586 * ipl_random_uniform(r, 2 * index + 1));
}

static inline double activation(family f, double centre, double z)
{
    switch (f) {
    case SPREAD:    return tanh(0.8 * centre + 0.5 * z);
    case SATURATED: return tanh(4.0 * centre + z);
    case RELU:      return fmax(0.0, 30.0 * centre + 0.02 * z);
    case COLLAPSED: return tanh(3.0 * centre + 0.05 * z);
    default:        return z;
    }
}

static inline layer layer_make(family f, int64_t n, int64_t d, int32_t classes)
{
    layer l = {n, d, classes, malloc((size_t)(n * d) * sizeof(float)),
               malloc((size_t)n * sizeof(int32_t))};
    const ipl_random r = {check_seed(), 2000 + (uint64_t)(n * 31 + d)};
    for (int64_t i = 0; i < n; ++i) {
        l.y[i] = (int32_t)ipl_random_below(r, (uint64_t)i, (uint64_t)classes);
        for (int64_t k = 0; k < d; ++k)
            l.t[i * d + k] = (float)activation(f, normal(f, (uint64_t)(l.y[i] * d + k)),
                                               normal(100 + f, (uint64_t)(i * d + k)));
    }
    return l;
}

static inline void layer_free(layer l)
{
    free(l.t);
    free(l.y);
}

/* A variance at which similarities are neither all 0 nor all 1. */
static inline double fitting_var(int64_t d) { return (double)d / 4.0; }

/* -- Running a backend between guard bands ------------------------------------- */

typedef struct {
    ipl_kde_job job;
    ipl_labels  y;
    char       *sums; /* device: band, sum[0], band, sum[1], ... band */
    int64_t    *sum;  /* host, [4][n] */
} run;

static inline size_t sum_stride(int64_t n)
{
    return ((size_t)n * sizeof(int64_t) + 63) / 64 * 64 + GUARD;
}

static inline char *guarded_alloc(ipl_device *dev, size_t bytes)
{
    void *at;
    char *fill = malloc(bytes);
    memset(fill, GUARD_BYTE, bytes);
    CHECK_OK(ipl_alloc(dev, bytes, &at));
    CHECK_OK(ipl_upload(dev, fill, bytes, at));
    free(fill);
    return at;
}

static inline void check_band(const char *at, size_t bytes)
{
    for (size_t b = 0; b < bytes; ++b) CHECK(at[b] == GUARD_BYTE);
}

/* block: 0, or the layer stays in host memory and is brought in blocks of so many
 * rows. */
static inline run run_open_block(ipl_device *dev, const layer *l, double noise_var,
                                 int64_t block)
{
    void *t = l->t;
    const size_t bytes = (size_t)(l->n * l->d) * sizeof(float);
    run r = {.sum = malloc((size_t)l->n * 4 * sizeof(int64_t))};
    CHECK_OK(ipl_labels_create(dev, l->n, l->classes, l->y, &r.y));
    if (!block) {
        CHECK_OK(ipl_alloc(dev, bytes, &t));
        CHECK_OK(ipl_upload(dev, l->t, bytes, t));
    }
    r.sums = guarded_alloc(dev, 4 * sum_stride(l->n) + GUARD);
    r.job = (ipl_kde_job){
        .n = l->n, .d = l->d, .t = t, .block = block, .noise_var = noise_var};
    for (int k = 0; k < 4; ++k)
        r.job.sum[k] =
            (int64_t *)(void *)(r.sums + (size_t)k * sum_stride(l->n) + GUARD);
    return r;
}

static inline run run_open(ipl_device *dev, const layer *l, double noise_var)
{
    return run_open_block(dev, l, noise_var, 0);
}

/* Reads the sums back, and sees that nothing else was written. */
static inline void run_read(ipl_device *dev, run *r)
{
    const size_t stride = sum_stride(r->job.n), bytes = 4 * stride + GUARD;
    const size_t used = (size_t)r->job.n * sizeof(int64_t);
    char *all = malloc(bytes);
    CHECK_OK(ipl_download(dev, r->sums, bytes, all));
    for (size_t k = 0; k < 4; ++k) {
        check_band(all + k * stride, GUARD);
        memcpy(r->sum + k * (size_t)r->job.n, all + k * stride + GUARD, used);
        check_band(all + k * stride + GUARD + used, stride - GUARD - used);
    }
    check_band(all + 4 * stride, GUARD);
    free(all);
}

static inline void run_close(ipl_device *dev, run *r)
{
    ipl_labels_free(dev, &r->y);
    if (!r->job.block) ipl_free(dev, (void *)r->job.t);
    ipl_free(dev, r->sums);
    free(r->sum);
}

/* All jobs in one call, with scratch of exactly the promised size between bands. */
static inline void run_all(ipl_device *dev, int count, run *r, int full_sums)
{
    ipl_kde_job *job = malloc((size_t)count * sizeof *job);
    for (int j = 0; j < count; ++j) {
        job[j] = r[j].job;
        job[j].y = &r[j].y;
    }
    const size_t bytes = dev->backend->kde_scratch_bytes(dev->state, count, job);
    char *scratch = guarded_alloc(dev, bytes + 2 * GUARD), band[GUARD];
    CHECK_OK(
        dev->backend->kde_sums(dev->state, count, job, full_sums, scratch + GUARD));
    CHECK_OK(ipl_download(dev, scratch, GUARD, band));
    check_band(band, GUARD);
    CHECK_OK(ipl_download(dev, scratch + GUARD + bytes, GUARD, band));
    check_band(band, GUARD);
    ipl_free(dev, scratch);
    for (int j = 0; j < count; ++j) {
        memcpy(r[j].job.mean_log, job[j].mean_log, sizeof job[j].mean_log);
        run_read(dev, &r[j]);
    }
    free(job);
}

static inline void check_same(const run *a, const run *b)
{
    CHECK(!memcmp(a->sum, b->sum, (size_t)a->job.n * 4 * sizeof(int64_t)));
    CHECK(!memcmp(a->job.mean_log, b->job.mean_log, sizeof a->job.mean_log));
}

static inline run run_one(ipl_device *dev, const layer *l, double noise_var,
                          int full_sums)
{
    run r = run_open(dev, l, noise_var);
    run_all(dev, 1, &r, full_sums);
    return r;
}

#endif
