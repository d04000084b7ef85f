/*
 * near_run.h - made-up rows for tests of pairs by their distance, and a backend's
 * nearest_neighbours and radius_counts between guards.
 */
#ifndef NEAR_RUN_H
#define NEAR_RUN_H

#include "check.h"
#include "kde_run.h"
#include "oracle_near.h"

/* -- Rows ------------------------------------------------------------------------ */

/* d1 == 0: one space; classes == 0: no classes. */
static inline cloud cloud_make(int64_t n, int64_t d0, int64_t d1, int32_t classes,
                               ipl_norm norm)
{
    cloud c = {.n = n, .spaces = 1 + (d1 > 0), .d = {d0, d1}, .classes = classes,
               .norm = norm, .unit = 1.0f, .every = 1};
    for (int s = 0; s < c.spaces; ++s) {
        const layer l = layer_make(s ? SPREAD : NORMAL, n, c.d[s],
                                   classes ? classes : 1);
        c.t[s] = l.t;
        if (!s && classes) c.y = l.y;
        else free(l.y);
    }
    return c;
}

/* The values become integers in [0, below): few of them make many ties. */
static inline void cloud_integers(cloud *c, uint64_t below)
{
    for (int s = 0; s < c->spaces; ++s)
        for (int64_t e = 0; e < c->n * c->d[s]; ++e)
            c->t[s][e] = (float)ipl_random_below(
                (ipl_random){check_seed(), 3000 + (uint64_t)s}, (uint64_t)e, below);
}

static inline void cloud_times(cloud *c, float factor)
{
    for (int s = 0; s < c->spaces; ++s)
        for (int64_t e = 0; e < c->n * c->d[s]; ++e) c->t[s][e] *= factor;
}

static inline void cloud_free(cloud *c)
{
    free(c->t[0]);
    free(c->t[1]);
    free(c->y);
}

/* -- Running a backend between guard bands --------------------------------------- */

typedef struct {
    const cloud *of;
    ipl_pairs    pairs;
    ipl_labels   y;
    int64_t      k;
    float       *distance;  /* host, [n][k]: out                                */
    int32_t     *neighbour; /* host, [n][k]: out                                */
    float       *radius;    /* host, [n]: in                                    */
    int32_t     *count;     /* host, [n]: out                                   */
} near_run;

/* block: 0, or the rows stay in host memory and are brought in blocks of so many. */
static inline near_run near_open(ipl_device *dev, const cloud *c, int64_t k,
                                 int64_t block)
{
    const size_t n = (size_t)c->n, entries = n * (size_t)k;
    near_run r = {.of = c, .k = k, .distance = malloc(entries * sizeof(float)),
                  .neighbour = malloc(entries * sizeof(int32_t)),
                  .radius = calloc(n, sizeof(float)),
                  .count = malloc(n * sizeof(int32_t))};
    r.pairs = (ipl_pairs){.n = c->n, .spaces = c->spaces, .norm = c->norm,
                          .unit = c->unit, .block = block};
    if (c->y) CHECK_OK(ipl_labels_create(dev, c->n, c->classes, c->y, &r.y));
    for (int s = 0; s < c->spaces; ++s) {
        const size_t bytes = n * (size_t)c->d[s] * sizeof(float);
        void *t = c->t[s];
        if (!block) {
            CHECK_OK(ipl_alloc(dev, bytes, &t));
            CHECK_OK(ipl_upload(dev, c->t[s], bytes, t));
        }
        r.pairs.space[s] = (ipl_space){c->d[s], t, block != 0};
    }
    return r;
}

static inline void near_close(ipl_device *dev, near_run *r)
{
    for (int s = 0; s < r->pairs.spaces; ++s)
        if (!r->pairs.space[s].on_host) ipl_free(dev, (void *)r->pairs.space[s].t);
    if (r->of->y) ipl_labels_free(dev, &r->y);
    free(r->distance);
    free(r->neighbour);
    free(r->radius);
    free(r->count);
}

static inline const ipl_labels *near_labels(const near_run *r)
{
    return r->of->y ? &r->y : NULL;
}

static inline void near_read(ipl_device *dev, char *output, size_t bytes, void *to)
{
    char *all = malloc(bytes + 2 * GUARD);
    CHECK_OK(ipl_download(dev, output, bytes + 2 * GUARD, all));
    check_band(all, GUARD);
    check_band(all + GUARD + bytes, GUARD);
    memcpy(to, all + GUARD, bytes);
    free(all);
    ipl_free(dev, output);
}

static inline void near_end_scratch(ipl_device *dev, char *scratch, size_t bytes)
{
    char band[GUARD];
    CHECK_OK(ipl_download(dev, scratch, GUARD, band));
    check_band(band, GUARD);
    CHECK_OK(ipl_download(dev, scratch + GUARD + bytes, GUARD, band));
    check_band(band, GUARD);
    ipl_free(dev, scratch);
}

enum { NEAR_RUNS_MAX = 16 };

/* The neighbours of all runs in one call. */
static inline void near_lists(ipl_device *dev, int runs, near_run *r)
{
    ipl_neighbour_job job[NEAR_RUNS_MAX];
    char *distance[NEAR_RUNS_MAX], *neighbour[NEAR_RUNS_MAX];
    size_t bytes[NEAR_RUNS_MAX];
    for (int q = 0; q < runs; ++q) {
        bytes[q] = (size_t)(r[q].of->n * r[q].k) * sizeof(float);
        distance[q] = guarded_alloc(dev, bytes[q] + 2 * GUARD);
        neighbour[q] = guarded_alloc(dev, bytes[q] + 2 * GUARD);
        job[q] = (ipl_neighbour_job){r[q].pairs, (int32_t)r[q].k,
                                     (float *)(void *)(distance[q] + GUARD),
                                     (int32_t *)(void *)(neighbour[q] + GUARD)};
        job[q].pairs.y = near_labels(&r[q]);
    }
    const size_t needed = dev->backend->neighbour_scratch_bytes(dev->state, runs, job);
    char *scratch = guarded_alloc(dev, needed + 2 * GUARD);
    CHECK_OK(dev->backend->nearest_neighbours(dev->state, runs, job, scratch + GUARD));
    near_end_scratch(dev, scratch, needed);
    for (int q = 0; q < runs; ++q) {
        near_read(dev, distance[q], bytes[q], r[q].distance);
        near_read(dev, neighbour[q], bytes[q], r[q].neighbour);
    }
}

/* The counts within r->radius of all runs in one call. */
static inline void near_counts(ipl_device *dev, int runs, near_run *r)
{
    ipl_radius_job job[NEAR_RUNS_MAX];
    void *radius[NEAR_RUNS_MAX];
    char *count[NEAR_RUNS_MAX];
    for (int q = 0; q < runs; ++q) {
        const size_t bytes = (size_t)r[q].of->n * sizeof(float);
        CHECK_OK(ipl_alloc(dev, bytes, &radius[q]));
        CHECK_OK(ipl_upload(dev, r[q].radius, bytes, radius[q]));
        count[q] = guarded_alloc(dev, bytes + 2 * GUARD);
        job[q] = (ipl_radius_job){r[q].pairs, radius[q],
                                  (int32_t *)(void *)(count[q] + GUARD)};
        job[q].pairs.y = near_labels(&r[q]);
    }
    const size_t needed = dev->backend->radius_scratch_bytes(dev->state, runs, job);
    char *scratch = guarded_alloc(dev, needed + 2 * GUARD);
    CHECK_OK(dev->backend->radius_counts(dev->state, runs, job, scratch + GUARD));
    near_end_scratch(dev, scratch, needed);
    for (int q = 0; q < runs; ++q) {
        near_read(dev, count[q], (size_t)r[q].of->n * sizeof(int32_t), r[q].count);
        ipl_free(dev, radius[q]);
    }
}

static inline void near_radii(near_run *r, float radius)
{
    for (int64_t i = 0; i < r->of->n; ++i) r->radius[i] = radius;
}

/* Each row's radius becomes its m-th distance, or the float below it. */
static inline void near_radii_of(near_run *r, int64_t m, int below)
{
    for (int64_t i = 0; i < r->of->n; ++i) {
        const float distance = r->distance[i * r->k + m];
        r->radius[i] = below ? nextafterf(distance, -INFINITY) : distance;
    }
}

static inline void near_same_lists(const near_run *a, const near_run *b)
{
    const size_t bytes = (size_t)(a->of->n * a->k) * sizeof(float);
    CHECK(!memcmp(a->distance, b->distance, bytes));
    CHECK(!memcmp(a->neighbour, b->neighbour, bytes));
}

static inline void near_same_counts(const near_run *a, const near_run *b)
{
    CHECK(!memcmp(a->count, b->count, (size_t)a->of->n * sizeof(int32_t)));
}

#endif
