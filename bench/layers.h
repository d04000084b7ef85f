/*
 * layers.h - layers that are timed and checked: trained ones and made-up ones.
 */
#ifndef BENCH_LAYERS_H
#define BENCH_LAYERS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_trained.h"
#include "random.h"

enum { MADE_UP_CLASSES = 10 };

typedef struct {
    char       name[48]; /* "fashion-tanh e4 l1", or the family                 */
    int64_t    n, d;
    float     *t;        /* [n][d], aligned: host memory, which is the CPU's     */
    int32_t   *y;
    ipl_labels labels;
    double     noise_var;
} bench_layer;

static inline void *must(void *made)
{
    if (!made) fprintf(stderr, "bench: out of memory\n"), exit(1);
    return made;
}

static inline void must_do(ipl_status status)
{
    if (status != IPL_OK) fprintf(stderr, "bench: %s\n", ipl_last_error()), exit(1);
}

static inline bench_layer bench_layer_room(int64_t n, int64_t d, double noise_var)
{
    bench_layer l = {.n = n, .d = d, .noise_var = noise_var};
    l.t = must(aligned_alloc(64, (size_t)(n * d + 16) / 16 * 64));
    l.y = must(malloc((size_t)n * sizeof *l.y));
    return l;
}

static inline void bench_layer_free(ipl_device *dev, bench_layer *l)
{
    ipl_labels_free(dev, &l->labels);
    free(l->t);
    free(l->y);
}

/* What peers read: t.npy and y.npy of a folder, and that gone again. */
static inline void bench_layer_save(const bench_layer *l, const char *folder)
{
    char path[80];
    snprintf(path, sizeof path, "%s/t.npy", folder);
    must_do(ipl_npy_write_float32(path, l->n, l->d, l->t));
    snprintf(path, sizeof path, "%s/y.npy", folder);
    must_do(ipl_npy_write_int32(path, l->n, l->y));
}

static inline void bench_layer_forget(const char *folder)
{
    char path[80];
    for (int k = 0; k < 2; ++k) {
        snprintf(path, sizeof path, "%s/%c.npy", folder, "ty"[k]);
        unlink(path);
    }
    rmdir(folder);
}

/* -- Made up ----------------------------------------------------------------- */

/* Rows lie around centres of ten classes, in class order. The first four have the
 * spread that layers had in early benchmarks; the last two are tight and far out, where
 * distances by expansion lose all digits. */
typedef enum { SPREAD, SATURATED, RELU, COLLAPSED, RELU_6, RELU_30, FAMILIES } family;
static const char *const family_name[] = {"tanh spread",    "tanh saturated",
                                          "relu",           "tanh collapsed",
                                          "relu 6 tight",   "relu 30 tight"};

/* A sum of four uniform numbers: near enough to normal for a benchmark. */
static inline double made_up_noise(uint64_t stream, uint64_t index)
{
    const ipl_random r = {7, 5000 + stream};
    double sum = -2.0;
    for (uint64_t u = 0; u < 4; ++u) sum += ipl_random_uniform(r, 4 * index + u);
    return sum * 1.7320508;
}

/* A value of a unit whose class has `centre`; z is the row's own. */
static inline double made_up_value(family f, double centre, double z, double tight)
{
    switch (f) {
    case SATURATED: return tanh(4.0 * centre + z);
    case RELU:      return fmax(0.0, 6.0 * centre + 2.0 * z);
    case COLLAPSED: return tanh(3.0 * centre + 0.05 * z);
    case RELU_6:    return centre > 0.0 ? 6.0 * centre + tight * z : 0.0;
    case RELU_30:   return centre > 0.0 ? 30.0 * centre + tight * z : 0.0;
    default:        return tanh(0.8 * centre + 0.5 * z);
    }
}

static inline bench_layer made_up_layer(ipl_device *dev, family f, int64_t n, int64_t d,
                                      double noise_var)
{
    bench_layer l = bench_layer_room(n, d, noise_var);
    /* Rows of a class are then a few deviations of the noise apart at any width. */
    const double tight = 1.4 * sqrt(1.5 * noise_var / (double)d);
    snprintf(l.name, sizeof l.name, "%s", family_name[f]);
    for (int64_t i = 0; i < n; ++i) {
        l.y[i] = (int32_t)(i * MADE_UP_CLASSES / n);
        for (int64_t k = 0; k < d; ++k) {
            const double centre = made_up_noise(f, (uint64_t)(l.y[i] * d + k));
            const double z = made_up_noise(10 + f, (uint64_t)(i * d + k));
            l.t[i * d + k] = (float)made_up_value(f, centre, z, tight);
        }
    }
    must_do(ipl_labels_create(dev, n, MADE_UP_CLASSES, l.y, &l.labels));
    return l;
}

/* -- Trained ----------------------------------------------------------------- */

/* A layer (from 1) of a trained network: its first rows, up to `most` (0: all). */
static inline bench_layer trained_layer(ipl_device *dev, const trained *net,
                                        const char *preset, int layer, int64_t most)
{
    const ipl_mat t = net->t[layer - 1];
    const int64_t n = most && most < t.rows ? most : t.rows;
    bench_layer l = bench_layer_room(n, t.cols, net->config.mi[IPL_MI_KDE].noise_var);
    snprintf(l.name, sizeof l.name, "%s e%lld l%d", preset, (long long)net->epoch,
             layer);
    memcpy(l.t, t.at, (size_t)(n * l.d) * sizeof *l.t);
    memcpy(l.y, net->y, (size_t)n * sizeof *l.y);
    must_do(ipl_labels_create(dev, n, net->labels.classes, l.y, &l.labels));
    return l;
}

/* Opens a preset; 0, with one line, where its data set is not installed. */
static inline int trained_is_there(ipl_device *dev, int preset, trained *net)
{
    const ipl_status st = trained_open(dev, preset, 0, net);
    if (st == IPL_OK) return 1;
    if (st != IPL_E_IO) must_do(st);
    printf("# %s is left out: %s\n", trained_presets[preset].name, ipl_last_error());
    return 0;
}

#endif
