/*
 * bench_runs.c - times whole runs, as `infoplane run` makes them, from data to tables.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/bench_timing.h"
#include "cli/bench_trained.h"
#include "cli/cli.h"
#include "cli/scratch.h"
#include "ipl_plane.h"

enum { IB_TANH = 0, FASHION_TANH = 2, SETTINGS = 6, IMAGES = 60000, SIDE = 28 };

/* A CPU makes fewer epochs of what takes it minutes. Predicted: the seconds of an H100,
 * by the counts of its work and the card's rates; no GPU has shown them yet. */
static const struct {
    const char *name;
    int         preset;
    int64_t     epochs, cpu_epochs;
    double      predicted_s;
    const char *settings[SETTINGS];
} cases[BENCH_RUNS] = {
    {"ib-tanh", IB_TANH, 8000, 8000, 0.9, {NULL}},
    {"ib-tanh 50 replicas", IB_TANH, 8000, 2000, 1.5, {"train.replicas=50", NULL}},
    {"images n=60000", FASHION_TANH, 100, 2, 5.0,
     {"measure.rows=train", "measure.policy=every", "measure.every=1", NULL}},
};

/* -- Images where there are none -------------------------------------------------- */

static double square(double x) { return x * x; }

/* Ten classes, each with four blobs at its places, which every image moves a little. */
static void draw_images(unsigned char *x, unsigned char *y)
{
    enum { CLASSES = 10, BLOBS = 4 };
    double place[CLASSES][BLOBS][2];
    uint64_t state = 3;
    for (int c = 0; c < CLASSES; ++c)
        for (int b = 0; b < BLOBS; ++b)
            for (int k = 0; k < 2; ++k)
                place[c][b][k] = 6.0 + 16.0 * bench_uniform(&state);
    for (int64_t i = 0; i < IMAGES; ++i) {
        const int c = (int)(i % CLASSES);
        double at[BLOBS][2];
        for (int b = 0; b < BLOBS; ++b)
            for (int k = 0; k < 2; ++k)
                at[b][k] = place[c][b][k] + 4.0 * bench_uniform(&state) - 2.0;
        y[i] = (unsigned char)c;
        for (int p = 0; p < SIDE * SIDE; ++p) {
            double ink = 0.0;
            for (int b = 0; b < BLOBS; ++b) {
                const double far = square(p / SIDE - at[b][0]) +
                                   square(p % SIDE - at[b][1]);
                ink += exp(-far / 8.0);
            }
            x[i * SIDE * SIDE + p] = (unsigned char)(ink < 1.0 ? 255.0 * ink : 255.0);
        }
    }
}

static ipl_status write_npy(const char *folder, const char *name, int64_t columns,
                            const unsigned char *values)
{
    char path[256], shape[32] = "", head[128];
    const size_t bytes = (size_t)(IMAGES * columns);
    if (columns > 1) snprintf(shape, sizeof shape, " %lld", (long long)columns);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    const int length = snprintf(head, sizeof head, "{'descr': '|u1', 'fortran_order': "
                                "False, 'shape': (%d,%s), }", IMAGES, shape);
    FILE *to = fopen(path, "wb");
    if (!to) return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, to); /* a header of 118 bytes */
    fprintf(to, "%s%*s\n", head, 117 - length, "");
    const size_t written = fwrite(values, 1, bytes, to);
    const int bad = ferror(to);
    if (fclose(to) || bad || written < bytes)
        return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    return IPL_OK;
}

static ipl_status make_images(const char *folder)
{
    unsigned char *x = malloc((size_t)IMAGES * SIDE * SIDE), *y = malloc(IMAGES);
    ipl_status st = IPL_OK;
    if (!x || !y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d images", IMAGES);
    } else {
        draw_images(x, y);
        st = write_npy(folder, "X.npy", SIDE * SIDE, x);
        if (st == IPL_OK) st = write_npy(folder, "y.npy", 1, y);
    }
    free(x);
    free(y);
    return st;
}

/* -- Runs ------------------------------------------------------------------------- */

static int is_image_case(int k) { return cases[k].preset == FASHION_TANH; }

/* The images are Fashion-MNIST's, or made in the folder. */
static ipl_status config_of(const bench_context *context, int k, const char *folder,
                            int64_t epochs, ipl_config *out)
{
    char text[320];
    IPL_TRY(trained_config(cases[k].preset, out));
    for (int s = 0; cases[k].settings[s]; ++s)
        IPL_TRY(ipl_config_set(out, cases[k].settings[s]));
    snprintf(text, sizeof text, "train.epochs=%lld", (long long)epochs);
    IPL_TRY(ipl_config_set(out, text));
    if (context->small) {
        IPL_TRY(ipl_config_set(out, "data.limit=256"));
        IPL_TRY(ipl_config_set(out, "measure.subset=32"));
    }
    if (!is_image_case(k) || !access(out->data_path, R_OK)) return IPL_OK;
    IPL_TRY(make_images(folder));
    IPL_TRY(ipl_config_set(out, "data.set=npy"));
    IPL_TRY(ipl_config_set(out, "data.train_fraction=1"));
    snprintf(text, sizeof text, "data.path=%s", folder);
    return ipl_config_set(out, text);
}

static ipl_status run_case(bench_context *context, int k, const char *folder)
{
    char dir[256];
    ipl_config config;
    ipl_progress done = {0};
    const int is_host = ipl_device_about(context->dev)->is_host;
    const int64_t epochs = context->small ? 2
                           : is_host      ? cases[k].cpu_epochs
                                          : cases[k].epochs;
    IPL_TRY(config_of(context, k, folder, epochs, &config));
    snprintf(dir, sizeof dir, "%s/run", folder);
    IPL_TRY(ipl_run(context->dev, &config, dir, NULL, NULL, &done));
    bench_run_row row = {
        .name = cases[k].name, .epochs = epochs, .measured = done.measured,
        .replicas = (int)config.replicas, .wall_s = done.wall_s,
        .train_s = done.train_s, .measure_s = done.measure_s,
        .epoch_ms = 1e3 * done.wall_s / (double)epochs,
        .predicted_s = is_host ? NAN : cases[k].predicted_s,
        .cpu_epoch_ms = is_host ? NAN : context->cpu_epoch_ms[k]};
    if (is_host) context->cpu_epoch_ms[k] = row.epoch_ms;
    context->report_run(context->user, &row);
    return IPL_OK;
}

ipl_status bench_runs(bench_context *context)
{
    const int count = context->small ? 2 : BENCH_RUNS;
    for (int k = 0; k < count; ++k) {
        char folder[SCRATCH_PATH];
        IPL_TRY(cli_scratch_make(folder));
        const ipl_status st = run_case(context, k, folder);
        cli_scratch_remove(folder);
        IPL_TRY(st);
    }
    return IPL_OK;
}
