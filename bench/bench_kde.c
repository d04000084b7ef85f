/*
 * bench_kde.c - the KDE pair sums against other ways to compute them.
 *
 *   bench_kde [--processor-time] [--json FILE] [--numpy SCRIPT] [N ...]
 *
 * Contenders, all with one thread unless said, all for both bounds and the class
 * split: ours without and with early exit and with two threads; a product of 512
 * rows at a time by OpenBLAS with a vectorised exponential on its result; the plain
 * loops in C (on 64 of the rows, scaled); the published formulas in numpy. Ours is
 * checked against double before it is timed. Times are medians of runs in turns.
 */
#include <cblas.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"
#include "oracle_kde.h"
#include "random.h"
#include "turns.h"
#if defined(__AVX512F__)
#define IPL_AVX512
#elif defined(__AVX2__)
#define IPL_AVX2
#endif
#include "cpu/simd.h"

enum { CLASSES = 10, BLOCK = 512, NAIVE_ROWS = 64, CHECKED_ROWS = 8 };
static const double noise_var = 0.1;

/* A layer with its rows sorted by class, as the composition wants them. */
typedef struct {
    int64_t    n, d;
    float     *t;
    int32_t   *y;
    ipl_labels labels;
    double     mean_log[4]; /* of the contender that ran last                   */
    float     *norm, *product;
} layer;

typedef enum { SPREAD, SATURATED, RELU, COLLAPSED, FAMILIES } family;
static const char *const family_name[] = {"tanh spread", "tanh saturated", "relu",
                                          "tanh collapsed"};

/* A sum of four uniform numbers: near enough to normal for a benchmark. */
static float noise(uint64_t stream, uint64_t index)
{
    const ipl_random r = {7, 5000 + stream};
    double sum = -2.0;
    for (uint64_t u = 0; u < 4; ++u) sum += ipl_random_uniform(r, 4 * index + u);
    return (float)(sum * 1.7320508);
}

static float activation(family f, float centre, float z)
{
    switch (f) {
    case SATURATED: return tanhf(4.0f * centre + z);
    case RELU:      return fmaxf(0.0f, 6.0f * centre + 2.0f * z);
    case COLLAPSED: return tanhf(3.0f * centre + 0.05f * z);
    default:        return tanhf(0.8f * centre + 0.5f * z);
    }
}

static void *must(void *made)
{
    if (!made) fprintf(stderr, "bench_kde: out of memory\n"), exit(1);
    return made;
}

static void must_do(ipl_status status)
{
    if (status != IPL_OK) fprintf(stderr, "bench_kde: %s\n", ipl_last_error()), exit(1);
}

static layer layer_make(ipl_device *dev, family f, int64_t n, int64_t d)
{
    layer l = {.n = n, .d = d};
    l.t = must(aligned_alloc(64, (size_t)(n * d + 16) / 16 * 64));
    l.y = must(malloc((size_t)n * sizeof *l.y));
    l.norm = must(malloc((size_t)(n + 16) * sizeof *l.norm));
    l.product = must(aligned_alloc(64, (size_t)(BLOCK * (n + 16)) / 16 * 64));
    for (int64_t i = 0; i < n; ++i) {
        l.y[i] = (int32_t)(i * CLASSES / n);
        for (int64_t k = 0; k < d; ++k)
            l.t[i * d + k] = activation(f, noise(f, (uint64_t)(l.y[i] * d + k)),
                                        noise(10 + f, (uint64_t)(i * d + k)));
    }
    must_do(ipl_labels_create(dev, n, CLASSES, l.y, &l.labels));
    return l;
}

static void layer_free(ipl_device *dev, layer *l)
{
    ipl_labels_free(dev, &l->labels);
    free(l->t);
    free(l->y);
    free(l->norm);
    free(l->product);
}

/* -- Ours ---------------------------------------------------------------------- */

typedef struct {
    ipl_device *dev;
    layer      *on;
    ipl_kde_job job;
    int         full_sums;
    void       *scratch;
} ours;

static ours ours_make(ipl_device *dev, layer *l, int full_sums)
{
    ours o = {.dev = dev, .on = l, .full_sums = full_sums};
    o.job = (ipl_kde_job){.n = l->n, .d = l->d, .t = l->t, .y = &l->labels,
                          .noise_var = noise_var};
    for (int k = 0; k < 4; ++k)
        o.job.sum[k] = must(malloc((size_t)l->n * sizeof(int64_t)));
    must_do(ipl_alloc(dev, dev->backend->kde_scratch_bytes(dev->state, 1, &o.job),
                      &o.scratch));
    return o;
}

static void ours_free(ours *o)
{
    for (int k = 0; k < 4; ++k) free(o->job.sum[k]);
    ipl_free(o->dev, o->scratch);
}

static void ours_run(void *on)
{
    ours *o = on;
    must_do(o->dev->backend->kde_sums(o->dev->state, 1, &o->job, o->full_sums,
                                      o->scratch));
    memcpy(o->on->mean_log, o->job.mean_log, sizeof o->job.mean_log);
}

static void ours_check(ours *o)
{
    const layer *l = o->on;
    ours_run(o);
    for (int c = 0; c < CHECKED_ROWS; ++c) {
        const int64_t i = c * (l->n - 1) / (CHECKED_ROWS - 1);
        double value[4], allowed[4];
        oracle_kde_row(l->n, l->d, l->t, l->y, noise_var, o->full_sums, i, value,
                       allowed);
        for (int k = 0; k < 4; ++k) {
            const double got = (double)o->job.sum[k][i] / (double)IPL_KDE_ONE;
            if (fabs(got - value[k]) <= allowed[k]) continue;
            fprintf(stderr, "bench_kde: sum[%d][%lld] is %.9g, not %.9g\n", k,
                    (long long)i, got, value[k]);
            exit(1);
        }
    }
}

/* -- A product and a vectorised exponential ------------------------------------ */

/* Adds the similarities of columns [from, to) to sum: upper, lower. */
static void add_row(const float *product, const float *norm, float own, float scale,
                    int64_t from, int64_t to, double sum[2])
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

static void composition_run(void *on)
{
    layer *l = on;
    const float scale = (float)(1.4426950408889634 / (8.0 * noise_var));
    for (int64_t i = 0; i < l->n; ++i)
        l->norm[i] = cblas_sdot((int)l->d, l->t + i * l->d, 1, l->t + i * l->d, 1);
    memset(l->mean_log, 0, sizeof l->mean_log);
    for (int64_t i0 = 0; i0 < l->n; i0 += BLOCK) {
        const int64_t rows = l->n - i0 < BLOCK ? l->n - i0 : BLOCK;
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)l->n,
                    (int)l->d, 1.0f, l->t + i0 * l->d, (int)l->d, l->t, (int)l->d, 0.0f,
                    l->product, (int)l->n);
        for (int64_t r = 0; r < rows; ++r) {
            const float *row = l->product + r * l->n, own_norm = l->norm[i0 + r];
            const int64_t from = l->labels.start[l->y[i0 + r]];
            const int64_t to = l->labels.start[l->y[i0 + r] + 1];
            double own[2] = {0}, all[2] = {0};
            add_row(row, l->norm, own_norm, scale, from, to, own);
            add_row(row, l->norm, own_norm, scale, 0, from, all);
            add_row(row, l->norm, own_norm, scale, to, l->n, all);
            for (int k = 0; k < 2; ++k) {
                l->mean_log[2 * k] += log(own[k] + all[k]) / (double)l->n;
                l->mean_log[2 * k + 1] += log(own[k]) / (double)l->n;
            }
        }
    }
}

/* -- Plain loops ---------------------------------------------------------------- */

static void naive_run(void *on)
{
    layer *l = on;
    const float c = (float)(-1.0 / (8.0 * noise_var));
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
}

/* -- Tables --------------------------------------------------------------------- */

typedef struct {
    turns_clock clock;
    FILE        *json;
    const char  *numpy, *comma;
    ipl_device  *one, *two;
    double       fma_gflop_per_s;
} bench;

/* Milliseconds of the numpy program, 0 where it cannot run. */
static double numpy_ms(const char *script, int64_t n, int64_t d)
{
    char line[512];
    double ms = 0.0;
    snprintf(line, sizeof line,
             "OPENBLAS_NUM_THREADS=1 /usr/bin/python3 '%s' %lld %lld 2>&1", script,
             (long long)n, (long long)d);
    FILE *pipe = popen(line, "r");
    if (!pipe) return 0.0;
    while (fgets(line, sizeof line, pipe)) {
        const char *at = strstr(line, "\"ms\": ");
        if (at) ms = strtod(at + 6, NULL);
    }
    pclose(pipe);
    return ms;
}

static double bits_apart(const double *a, const double *b)
{
    double worst = 0.0;
    for (int k = 0; k < 4; ++k) worst = fmax(worst, fabs(a[k] - b[k]) / log(2.0));
    return worst;
}

static void row_of_widths(bench *b, int64_t n, int64_t d)
{
    layer l = layer_make(b->one, SPREAD, n, d);
    ours full = ours_make(b->one, &l, 1), cut = ours_make(b->one, &l, 0);
    ours full_two = ours_make(b->two, &l, 1), wall_one = full;
    ours_check(&full);
    ours_check(&cut);
    composition_run(&l);
    const double deviates = bits_apart(l.mean_log, full.job.mean_log);
    contender c[] = {{ours_run, &full, b->clock, 0, 0, 0},
                     {ours_run, &cut, b->clock, 0, 0, 0},
                     {composition_run, &l, b->clock, 0, 0, 0},
                     {naive_run, &l, b->clock, 0, 0, 0},
                     {ours_run, &wall_one, TURNS_WALL, 0, 0, 0},
                     {ours_run, &full_two, TURNS_WALL, 0, 0, 0}};
    time_in_turns(sizeof c / sizeof *c, c, 1500.0);
    const double ms = c[0].median_ms, numpy = b->numpy && n <= 4096
                                                  ? numpy_ms(b->numpy, n, d) : 0.0;
    const double naive = c[3].median_ms * (double)n / NAIVE_ROWS;
    const double pairs = 0.5 * (double)n * (double)(n - 1);
    const double share = 2.0 * (double)d * pairs / (ms * 1e6) / b->fma_gflop_per_s;
    printf("%6lld %5lld %9.2f %9.2f %6.2f %7.2f %8.2f %8.0f %8.0f %9.2f %9.0e\n",
           (long long)n, (long long)d, ms, c[1].median_ms, share,
           ms / c[1].median_ms, c[2].median_ms / ms, naive / ms,
           numpy / c[1].median_ms, c[4].median_ms / c[5].median_ms, deviates);
    fprintf(b->json,
            "%s\n  {\"n\": %lld, \"d\": %lld, \"full_ms\": %.4f, "
            "\"full_best_ms\": %.4f, \"exit_ms\": %.4f, \"two_threads_ms\": %.4f, "
            "\"composition_ms\": %.4f, "
            "\"naive_ms\": %.1f, \"numpy_ms\": %.1f, \"share_of_fma\": %.4f, "
            "\"composition_deviates_bits\": %.3g}",
            b->comma, (long long)n, (long long)d, ms, c[0].best_ms, c[1].median_ms,
            c[5].median_ms, c[2].median_ms, naive, numpy, share, deviates);
    b->comma = ",";
    fflush(stdout);
    ours_free(&full);
    ours_free(&cut);
    ours_free(&full_two);
    layer_free(b->one, &l);
}

static void row_of_families(bench *b, int64_t n, int64_t d, family f)
{
    layer l = layer_make(b->one, f, n, d);
    ours full = ours_make(b->one, &l, 1), cut = ours_make(b->one, &l, 0);
    ours_check(&full);
    ours_check(&cut);
    contender c[] = {{ours_run, &full, b->clock, 0, 0, 0},
                     {ours_run, &cut, b->clock, 0, 0, 0}};
    time_in_turns(2, c, 1000.0);
    const double lost = bits_apart(full.job.mean_log, cut.job.mean_log);
    printf("%6lld %5lld  %-15s %9.2f %9.2f %8.2f %9.0e\n", (long long)n, (long long)d,
           family_name[f], c[0].median_ms, c[1].median_ms,
           c[0].median_ms / c[1].median_ms, lost);
    fprintf(b->json,
            "%s\n  {\"n\": %lld, \"d\": %lld, \"family\": \"%s\", \"full_ms\": %.4f, "
            "\"exit_ms\": %.4f, \"lost_bits\": %.3g}",
            b->comma, (long long)n, (long long)d, family_name[f], c[0].median_ms,
            c[1].median_ms, lost);
    b->comma = ",";
    fflush(stdout);
    ours_free(&full);
    ours_free(&cut);
    layer_free(b->one, &l);
}

/* Both are read before main, hence the second start. OpenBLAS takes processors with
 * AVX-512 that it does not know for older ones; threads that wait for work in a loop
 * would take the processor from the contender that runs alone. */
static void choose_environment(char **argv)
{
    if (getenv("OMP_WAIT_POLICY")) return;
    setenv("OMP_WAIT_POLICY", "passive", 1);
#if defined(__AVX512F__)
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    static const int64_t widths[] = {2, 3, 5, 10, 20, 128, 784, 1024};
    static const ipl_device_options single = {.threads = 1}, pair = {.threads = 2};
    const char *json = "bench_kde.json";
    int64_t n[8] = {4096, 10000};
    int heights = 0;
    bench b = {.comma = ""};
    choose_environment(argv);
    for (int a = 1; a < argc; ++a) {
        if (!strcmp(argv[a], "--processor-time")) b.clock = TURNS_PROCESSOR;
        else if (!strcmp(argv[a], "--json") && a + 1 < argc) json = argv[++a];
        else if (!strcmp(argv[a], "--numpy") && a + 1 < argc) b.numpy = argv[++a];
        else if (atoll(argv[a]) > 0 && heights < 8) n[heights++] = atoll(argv[a]);
        else return fprintf(stderr, "bench_kde: what is '%s'?\n", argv[a]), 2;
    }
    if (!heights) heights = 2;
    b.json = must(fopen(json, "w"));
    must_do(ipl_device_open("cpu", &single, &b.one));
    must_do(ipl_device_open("cpu", &pair, &b.two));

    ipl_ceilings core;
    must_do(ipl_device_ceilings(b.one, &core));
    b.fma_gflop_per_s = core.fma_gflop_per_s;
    printf("%s, %s: FMA %.1f GFLOP/s, exp2 %.2f G/s, OpenBLAS for %s, %s\n\n",
           ipl_device_about(b.one)->name, ipl_device_about(b.one)->description,
           b.fma_gflop_per_s, core.exp2_g_per_s, openblas_get_corename(),
           b.clock == TURNS_WALL ? "wall time" : "processor time");
    fprintf(b.json, "{\"device\": \"%s\", \"fma_gflop_per_s\": %.2f, "
            "\"exp2_g_per_s\": %.3f, \"blas\": \"%s\", \"rows\": [",
            ipl_device_about(b.one)->name, b.fma_gflop_per_s, core.exp2_g_per_s,
            openblas_get_corename());
    printf("     n     d   full ms   exit ms  share    exit    sgemm    plain    numpy "
           "2 threads   sgemm's\n"
           "                               of FMA   gains    /full    /full    /exit   "
           "  gain    bits off\n");
    for (int h = 0; h < heights; ++h)
        for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w)
            row_of_widths(&b, n[h], widths[w]);
    printf("\n     n     d  data              full ms   exit ms    gains bits lost\n");
    for (int64_t d = 128; d <= 1024; d += 896)
        for (int f = 0; f < FAMILIES; ++f) row_of_families(&b, n[0], d, f);
    fprintf(b.json, "\n]}\n");
    fclose(b.json);
    ipl_device_close(b.one);
    ipl_device_close(b.two);
    return 0;
}
