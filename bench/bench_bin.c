/*
 * bench_bin.c - the discrete estimator beside numpy, and its hash beside memcpy.
 *
 *   bench_bin [device] [threads]     "cpu" and 1 unless given; numpy has one thread
 *
 * Every line is one layer: n x d activations of ten classes, binned by a width, and
 * I(X;T) and I(T;Y) from it. Ours is one call of ipl_mi_estimate: check for NaN,
 * bins, cells, counts, entropies. numpy does what the published code does: floor,
 * unique rows through a void view, counts; once for all rows and once for each class
 * (bench/peer_bin.py). Before timing, both must give the same bits within 1e-9.
 * The last columns are the part that bins and hashes the layer, beside memcpy of as
 * much; only for the CPU, and where rows are too wide for keys without a hash.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cpu/bin.h" /* for the hash alone */
#include "ipl_data.h"
#include "random.h"
#include "turns.h"

enum { CLASSES = 10 };

static void check(ipl_status st)
{
    if (st == IPL_OK) return;
    fprintf(stderr, "bench_bin: %s\n", ipl_last_error());
    exit(1);
}

typedef struct {
    ipl_device    *dev;
    ipl_mi_options options;
    ipl_mi_job     job;
    void          *scratch, *copy;
    size_t         scratch_bytes;
    bin_map        map;
    bin_key       *key;
} layer_case;

static void estimate(void *user)
{
    layer_case *c = user;
    check(ipl_mi_estimate(c->dev, 1, &c->options, 1, &c->job, c->scratch,
                          c->scratch_bytes));
}

static void hash(void *user)
{
    layer_case *c = user;
    const ipl_mat t = c->job.t;
    bin_kernels_of(c->dev->state)->row_keys(&c->map, t.rows, t.at, c->key);
}

static void copy(void *user)
{
    layer_case *c = user;
    const ipl_mat t = c->job.t;
    memcpy(c->copy, t.at, (size_t)(t.rows * t.cols) * sizeof *t.at);
}

static void fill(int64_t n, int64_t d, float *t, int32_t *y)
{
    const ipl_random centre = {1, 1}, value = {1, 2}, label = {1, 3};
    for (int64_t i = 0; i < n; ++i) {
        y[i] = (int32_t)ipl_random_below(label, (uint64_t)i, CLASSES);
        for (int64_t k = 0; k < d; ++k) {
            const double mean = ipl_random_uniform(centre, (uint64_t)(y[i] * d + k));
            const double noise = ipl_random_uniform(value, (uint64_t)(i * d + k));
            t[i * d + k] = (float)tanh(4.0 * (mean - 0.5) + 1.7 * (noise - 0.5));
        }
    }
}

/* The peer's milliseconds, and its results in bits. */
static double peer_ms(const char *folder, double width, double bits[2])
{
    char command[600];
    double ms = NAN;
    snprintf(command, sizeof command,
             "OPENBLAS_NUM_THREADS=1 /usr/bin/python3 bench/peer_bin.py %s %.17g",
             folder, width);
    FILE *pipe = popen(command, "r");
    if (!pipe || fscanf(pipe, "%lf %lf %lf", &ms, &bits[0], &bits[1]) != 3) ms = NAN;
    if (pipe) pclose(pipe);
    return ms;
}

static void run(ipl_device *dev, const char *folder, int64_t n, int64_t d)
{
    const double width = d <= 20 ? 0.07 : 0.5;
    char path[500];
    ipl_labels labels;
    layer_case c = {.dev = dev, .options = ipl_mi_defaults(IPL_MI_BIN)};
    const size_t values = (size_t)(n * d);
    float *t = malloc(values * sizeof *t);
    int32_t *y = malloc((size_t)n * sizeof *y);
    fill(n, d, t, y);
    snprintf(path, sizeof path, "%s/t.npy", folder);
    check(ipl_npy_write_float32(path, n, d, t));
    snprintf(path, sizeof path, "%s/y.npy", folder);
    check(ipl_npy_write_int32(path, n, y));

    c.options.bin_form = IPL_BIN_WIDTH;
    c.options.bin_width = width;
    c.copy = malloc(values * sizeof *t);
    check(ipl_mat_alloc(dev, n, d, &c.job.t));
    check(ipl_upload(dev, t, values * sizeof *t, c.job.t.at));
    check(ipl_labels_create(dev, n, CLASSES, y, &labels));
    c.job.y = &labels;
    check(ipl_mi_scratch_bytes(dev, 1, &c.options, 1, &c.job, &c.scratch_bytes));
    check(ipl_alloc(dev, c.scratch_bytes, &c.scratch));
    const double ours = time_alone(estimate, &c, 300.0);

    uint32_t *mix = malloc(2 * (size_t)bin_padded(d) * sizeof *mix);
    for (int64_t w = 0; w < 2 * bin_padded(d); ++w)
        mix[w] = (uint32_t)ipl_random_word((ipl_random){1, 4}, (uint64_t)w);
    c.map = (bin_map){.width = (float)width, .d = d, .mix = mix, .bits = 32};
    c.key = malloc((size_t)n * sizeof *c.key);
    const int hashed = d >= 128 && !strncmp(ipl_device_about(dev)->name, "cpu", 3);
    const double hash_ms = hashed ? time_alone(hash, &c, 200.0) : NAN;
    const double copy_ms = hashed ? time_alone(copy, &c, 200.0) : NAN;

    double bits[2] = {NAN, NAN};
    const double peer = peer_ms(folder, width, bits);
    const ipl_mi_point *p = &c.job.point[0];
    if (fabs(p->i_xt / log(2.0) - bits[0]) > 1e-9 ||
        fabs(p->i_ty / log(2.0) - bits[1]) > 1e-9) {
        fprintf(stderr, "bench_bin: %lld x %lld: numpy gives %.12g and %.12g bits, "
                        "not %.12g and %.12g\n", (long long)n, (long long)d, bits[0],
                bits[1], p->i_xt / log(2.0), p->i_ty / log(2.0));
        exit(1);
    }
    printf("%6lld %5lld %9lld %9.3f %9.2f %8.1f %9.2f %9.2f %6.2f\n", (long long)n,
           (long long)d, (long long)p->cells, ours, peer, peer / ours,
           (double)(values * sizeof *t) / hash_ms * 1e-6,
           (double)(values * sizeof *t) / copy_ms * 1e-6, copy_ms / hash_ms);
    fflush(stdout);
    ipl_free(dev, c.scratch);
    ipl_free(dev, c.job.t.at);
    ipl_labels_free(dev, &labels);
    free(c.copy);
    free(c.key);
    free(mix);
    free(t);
    free(y);
}

int main(int argc, char **argv)
{
    static const int64_t rows[] = {4096, 10000, 60000};
    static const int64_t widths[] = {2, 3, 5, 10, 20, 128, 1024};
    char folder[] = "/tmp/bench_bin.XXXXXX", path[64];
    ipl_device *dev;
    const ipl_device_options options = {.threads = argc > 2 ? atoi(argv[2]) : 1};
    check(ipl_device_open(argc > 1 ? argv[1] : "cpu", &options, &dev));
    if (!mkdtemp(folder)) return perror("bench_bin"), 1;
    printf("# %s, %s, %d threads\n", ipl_device_about(dev)->name,
           ipl_device_about(dev)->description, ipl_device_about(dev)->threads);
    printf("%6s %5s %9s %9s %9s %8s %9s %9s %6s\n", "n", "d", "cells", "ours_ms",
           "numpy_ms", "x", "hash_GB/s", "copy_GB/s", "share");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; ++r)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w)
            run(dev, folder, rows[r], widths[w]);
    ipl_device_close(dev);
    snprintf(path, sizeof path, "%s/t.npy", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/y.npy", folder);
    unlink(path);
    rmdir(folder);
    return 0;
}
