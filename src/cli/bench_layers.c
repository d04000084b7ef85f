/*
 * bench_layers.c - times the estimators on single layers.
 *
 * Layers rotate through several copies, so that a repeat does not find its data in
 * the last-level cache.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/bench_timing.h"
#include "ipl_mi.h"

enum { COPIES_MAX = 32, CHECK_ROWS = 256 };
static const int64_t ROTATE_BYTES = (int64_t)256 << 20;

typedef struct {
    bench_context *context;
    ipl_mi_options options;
    ipl_mi_job     job[COPIES_MAX];
    int            copies;
    ipl_labels     y;
    void          *scratch;
    size_t         scratch_bytes;
} layer_case;

static ipl_status estimate_once(void *user, int turn)
{
    layer_case *c = user;
    return ipl_mi_estimate(c->context->dev, &c->options, 1, &c->job[turn % c->copies],
                           c->scratch, c->scratch_bytes);
}

static void close_case(layer_case *c)
{
    ipl_device *dev = c->context->dev;
    for (int k = 0; k < c->copies; ++k) ipl_free(dev, c->job[k].t.at);
    ipl_free(dev, c->scratch);
    ipl_labels_free(dev, &c->y);
}

static ipl_status open_case(layer_case *c, int64_t n, int64_t d, int copies,
                            const float *t, const int32_t *y)
{
    ipl_device *dev = c->context->dev;
    const size_t bytes = (size_t)(n * d) * sizeof *t;
    IPL_TRY(ipl_labels_create(dev, n, 10, y, &c->y));
    while (c->copies < copies) {
        ipl_mi_job *job = &c->job[c->copies];
        *job = (ipl_mi_job){.y = &c->y};
        IPL_TRY(ipl_mat_alloc(dev, n, d, &job->t));
        ++c->copies;
        IPL_TRY(ipl_upload(dev, t, bytes, job->t.at));
    }
    IPL_TRY(ipl_mi_scratch_bytes(dev, &c->options, 1, c->job, &c->scratch_bytes));
    return ipl_alloc(dev, c->scratch_bytes, &c->scratch);
}

/* I(X;T) in nats of the first rows by two plain loops in float64. */
static double plain_kde(int64_t n, int64_t d, const float *t, double scale)
{
    double sum_log = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; ++j) {
            double squares = 0.0;
            for (int64_t k = 0; k < d; ++k) {
                const double diff = (double)t[i * d + k] - (double)t[j * d + k];
                squares += diff * diff;
            }
            sum += exp(-squares / scale);
        }
        sum_log += log(sum / (double)n);
    }
    return -sum_log / (double)n;
}

static double plain_bin(int64_t n, int64_t d, const float *t, float width)
{
    double sum_log = 0.0;
    for (int64_t i = 0; i < n; ++i) {
        int64_t same = 0;
        for (int64_t j = 0; j < n; ++j) {
            int64_t k = 0;
            while (k < d && floorf(t[i * d + k] / width) == floorf(t[j * d + k] / width))
                ++k;
            same += k == d;
        }
        sum_log += log((double)same / (double)n);
    }
    return -sum_log / (double)n;
}

/* The device must give what plain loops give on the first rows: 1e-5 bits. */
static ipl_status check_case(bench_context *context, const ipl_mi_options *options,
                             int64_t n, int64_t d, const float *t, const int32_t *y)
{
    layer_case c = {.context = context, .options = *options};
    if (n > CHECK_ROWS) n = CHECK_ROWS;
    ipl_status st = open_case(&c, n, d, 1, t, y);
    if (st == IPL_OK) st = estimate_once(&c, 0);
    for (int p = 0; st == IPL_OK && p < c.job[0].points; ++p) {
        const ipl_mi_point *point = &c.job[0].point[p];
        const double want =
            options->estimator == IPL_MI_BIN
                ? plain_bin(n, d, t, (float)options->bin_width)
                : plain_kde(n, d, t, (p == 0 ? 2.0 : 8.0) * options->noise_var);
        if (!(fabs(point->i_xt - want) <= 1e-5 * log(2.0)))
            st = IPL_FAIL(IPL_E_NUMERIC,
                          "%s of %lld x %lld: I(X;T) is %.9g nats, plain loops give %.9g",
                          point->name, (long long)n, (long long)d, point->i_xt, want);
    }
    close_case(&c);
    return st;
}

static ipl_status time_case(bench_context *context, const ipl_mi_options *options,
                            int64_t n, int64_t d, bench_row *row)
{
    ipl_status st = IPL_OK;
    layer_case c = {.context = context, .options = *options};
    const int64_t bytes = n * d * (int64_t)sizeof(float);
    const int64_t wanted = context->small ? 1 : 1 + ROTATE_BYTES / bytes;
    float *t = malloc((size_t)bytes);
    int32_t *y = malloc((size_t)n * sizeof *y);
    if (!t || !y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld x %lld activations", (long long)n, (long long)d);
        goto done;
    }
    bench_activations(n, d, t, y);
    IPL_TRY_DONE(check_case(context, options, n, d, t, y));
    IPL_TRY_DONE(open_case(&c, n, d, (int)(wanted < COPIES_MAX ? wanted : COPIES_MAX), t, y));
    IPL_TRY_DONE(bench_time(context, estimate_once, &c, row));
    row->n = n;
    row->d = d;
done:
    close_case(&c);
    free(t);
    free(y);
    return st;
}

static const int64_t rows_large[] = {4096, 10000}, rows_small[] = {256, 512};
static const int64_t widths_large[] = {2, 3, 5, 10, 20, 128, 784, 1024};
static const int64_t widths_small[] = {2, 3, 10, 64};

/* Calls `one` for each n and d that the device can carry. */
static ipl_status sweep(bench_context *context,
                        ipl_status (*one)(bench_context *, int64_t n, int64_t d))
{
    const int64_t *rows = context->small ? rows_small : rows_large;
    const int64_t *widths = context->small ? widths_small : widths_large;
    const size_t width_count = context->small ? sizeof widths_small / sizeof *widths_small
                                              : sizeof widths_large / sizeof *widths_large;
    for (int r = 0; r < 2; ++r)
        for (size_t w = 0; w < width_count; ++w)
            IPL_TRY(one(context, rows[r], widths[w]));
    return IPL_OK;
}

/* Full sums are compared with the ceiling of multiply-adds: d of them a pair. With
 * early exit the time depends on the data, and no ceiling applies. */
static ipl_status kde_row(bench_context *context, int64_t n, int64_t d)
{
    ipl_mi_options options = ipl_mi_defaults(IPL_MI_KDE);
    options.noise_var = 0.1; /* as the MNIST planes of Saxe et al. (2018) */
    for (options.full_sums = 1; options.full_sums >= 0; --options.full_sums) {
        bench_row row = {.what = options.full_sums ? "kde-full" : "kde", .ceiling = ""};
        IPL_TRY(time_case(context, &options, n, d, &row));
        const double pairs = 0.5 * (double)n * (double)(n - 1);
        if (options.full_sums) {
            row.gflop_per_s = pairs * 2.0 * (double)d / row.median_ms * 1e-6;
            row.ceiling = "fma";
            row.share_of_ceiling = row.gflop_per_s / context->ceilings.fma_gflop_per_s;
        }
        context->report(context->user, &row);
    }
    return IPL_OK;
}

/* Binning reads the layer once: the copy ceiling counts reading and writing. */
static ipl_status bin_row(bench_context *context, int64_t n, int64_t d)
{
    ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    options.bin_form = IPL_BIN_WIDTH;
    options.bin_width = d <= 20 ? 0.07 : 0.5; /* wide layers: else all rows differ */
    bench_row row = {.what = "bin", .ceiling = "copy"};
    IPL_TRY(time_case(context, &options, n, d, &row));
    row.gb_per_s = (double)(n * d) * sizeof(float) / row.median_ms * 1e-6;
    row.share_of_ceiling = row.gb_per_s / context->ceilings.copy_gb_per_s;
    context->report(context->user, &row);
    return IPL_OK;
}

ipl_status bench_kde(bench_context *context) { return sweep(context, kde_row); }
ipl_status bench_bin(bench_context *context) { return sweep(context, bin_row); }
