/*
 * density_run.h - layers for tests of local densities, and running a backend between
 * guards.
 */
#ifndef DENSITY_RUN_H
#define DENSITY_RUN_H

#include "backend.h"
#include "check.h"
#include "oracle_density.h"
#include "random.h"

enum { GUARD = 4096, GUARD_BYTE = 0x5a };

/* A layer in host memory, with as many classes; 0: no classes. */
typedef struct {
    int64_t  n, d[2];
    int32_t  classes;
    float    unit;    /* of the jobs; `square` is in that of the values         */
    float   *t[2], *square;
    int32_t *y;
} layer;

static inline double normal(uint64_t stream, uint64_t index)
{
    const ipl_random r = {check_seed(), 3000 + stream};
    const double radius = sqrt(-2.0 * log(1.0 - ipl_random_uniform(r, 2 * index)));
    return radius * cos(6.283185307179586 * ipl_random_uniform(r, 2 * index + 1));
}

/* Normal rows, each unit with an eighth of the next one's in it; bandwidths such that
 * some weights are near 1 and some are not: h^2 is d / 4 to d. */
static inline layer layer_make(int64_t n, int64_t d, int64_t second, int32_t classes)
{
    layer l = {.n = n, .d = {d, second}, .classes = classes, .unit = 1.0f};
    const uint64_t stream = (uint64_t)(64 * n + 8 * d + second);
    const ipl_random r = {check_seed(), 4000 + stream};
    l.square = malloc((size_t)n * sizeof *l.square);
    l.y = malloc((size_t)n * sizeof *l.y);
    for (int s = 0; s < 2; ++s) {
        const int64_t count = n * l.d[s];
        l.t[s] = malloc((size_t)(count + 1) * sizeof(float));
        for (int64_t e = 0; e < count; ++e)
            l.t[s][e] = (float)(normal(2 * stream + (uint64_t)s, (uint64_t)e) +
                                normal(2 * stream + (uint64_t)s, (uint64_t)e + 1) / 8);
    }
    for (int64_t i = 0; i < n; ++i) {
        const double part = 0.25 + 0.75 * ipl_random_uniform(r, (uint64_t)i);
        l.square[i] = (float)(part * (double)(d + second));
        l.y[i] = classes ? (int32_t)ipl_random_below(r, (uint64_t)(n + i),
                                                     (uint64_t)classes) : 0;
    }
    return l;
}

static inline void layer_free(layer l)
{
    free(l.t[0]);
    free(l.t[1]);
    free(l.square);
    free(l.y);
}

static inline oracle_layer layer_oracle(const layer *l)
{
    return (oracle_layer){l->n, {l->d[0], l->d[1]}, {l->t[0], l->t[1]},
                          l->classes ? l->y : NULL, l->square};
}

/* -- Running a backend between guard bands ----------------------------------------*/

/* A job of a layer, with what it owns on the device, and its results on the host. */
typedef struct {
    ipl_density_job job;
    ipl_labels      y;
    void           *t[2], *square;
    char           *value_at, *status_at; /* between bands */
    double         *value;
    int32_t        *status;
} run;

static inline void *to_device(ipl_device *dev, const void *from, size_t bytes)
{
    void *at;
    CHECK_OK(ipl_alloc(dev, bytes, &at));
    CHECK_OK(ipl_upload(dev, from, bytes, at));
    return at;
}

static inline char *guarded_alloc(ipl_device *dev, size_t bytes)
{
    char *fill = malloc(bytes + 2 * GUARD);
    memset(fill, GUARD_BYTE, bytes + 2 * GUARD);
    char *at = to_device(dev, fill, bytes + 2 * GUARD);
    free(fill);
    return at;
}

/* The bytes between the bands, which must be whole. */
static inline void guarded_read(ipl_device *dev, const char *at, size_t bytes, void *to)
{
    char *all = malloc(bytes + 2 * GUARD);
    CHECK_OK(ipl_download(dev, at, bytes + 2 * GUARD, all));
    for (size_t b = 0; b < GUARD; ++b)
        CHECK(all[b] == GUARD_BYTE && all[GUARD + bytes + b] == GUARD_BYTE);
    memcpy(to, all + GUARD, bytes);
    free(all);
}

/* block: 0, or space 0 (bit 0 of hosts) and 1 (bit 1) stay in host memory. */
static inline run run_open(ipl_device *dev, const layer *l, ipl_density density,
                           int64_t block, int hosts)
{
    run r = {.job = {.density = density}};
    ipl_pairs *p = &r.job.pairs;
    *p = (ipl_pairs){.n = l->n, .spaces = l->d[1] ? 2 : 1, .norm = IPL_NORM_EUCLID,
                     .unit = l->unit, .block = block};
    for (int s = 0; s < p->spaces; ++s) {
        const size_t bytes = (size_t)(l->n * l->d[s]) * sizeof(float);
        r.t[s] = to_device(dev, l->t[s], bytes);
        p->space[s] = (ipl_space){l->d[s], r.t[s], block && (hosts >> s & 1)};
        if (p->space[s].on_host) p->space[s].t = l->t[s];
    }
    if (l->classes) {
        CHECK_OK(ipl_labels_create(dev, l->n, l->classes, l->y, &r.y));
    }
    float *square = malloc((size_t)l->n * sizeof *square);
    for (int64_t i = 0; i < l->n; ++i) square[i] = l->square[i] * l->unit * l->unit;
    r.square = to_device(dev, square, (size_t)l->n * sizeof *square);
    free(square);
    r.value_at = guarded_alloc(dev, (size_t)l->n * sizeof *r.value);
    r.status_at = guarded_alloc(dev, (size_t)l->n * sizeof *r.status);
    r.job.square = r.square;
    r.job.value = (double *)(void *)(r.value_at + GUARD);
    r.job.status = (int32_t *)(void *)(r.status_at + GUARD);
    r.value = malloc((size_t)l->n * sizeof *r.value);
    r.status = malloc((size_t)l->n * sizeof *r.status);
    return r;
}

/* All runs in one call, with just as much scratch as it asks for. */
static inline void run_all(ipl_device *dev, int runs, run *r)
{
    ipl_density_job job[8];
    CHECK(runs <= 8);
    for (int q = 0; q < runs; ++q) {
        job[q] = r[q].job;
        if (r[q].y.rows) job[q].pairs.y = &r[q].y;
    }
    const size_t bytes = dev->backend->density_scratch_bytes(dev->state, runs, job);
    char *scratch = guarded_alloc(dev, bytes), *after = malloc(bytes);
    CHECK_OK(dev->backend->local_densities(dev->state, runs, job, scratch + GUARD));
    guarded_read(dev, scratch, bytes, after);
    for (int q = 0; q < runs; ++q) {
        const size_t n = (size_t)job[q].pairs.n;
        guarded_read(dev, r[q].value_at, n * sizeof *r[q].value, r[q].value);
        guarded_read(dev, r[q].status_at, n * sizeof *r[q].status, r[q].status);
    }
    ipl_free(dev, scratch);
    free(after);
}

static inline void run_close(ipl_device *dev, run *r)
{
    ipl_free(dev, r->t[0]);
    ipl_free(dev, r->t[1]);
    ipl_free(dev, r->square);
    ipl_free(dev, r->value_at);
    ipl_free(dev, r->status_at);
    ipl_labels_free(dev, &r->y);
    free(r->value);
    free(r->status);
}

static inline run run_one(ipl_device *dev, const layer *l, ipl_density density)
{
    run r = run_open(dev, l, density, 0, 0);
    run_all(dev, 1, &r);
    return r;
}

/* The same bits, whatever NaN. */
static inline void check_same(int64_t n, const run *a, const run *b)
{
    CHECK(!memcmp(a->value, b->value, (size_t)n * sizeof *a->value));
    CHECK(!memcmp(a->status, b->status, (size_t)n * sizeof *a->status));
}

#endif
