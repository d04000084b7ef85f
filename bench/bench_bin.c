/*
 * bench_bin.c - the discrete estimator beside others, and its hash beside memcpy.
 *
 *   bench_bin [--peer NAME=COMMAND]...
 *
 * Every line is one layer, made up or of a trained preset, in bins of one width, and
 * I(X;T) and I(T;Y) from it. Ours is one call of ipl_mi_estimate: check for NaN, bins,
 * cells, counts, entropies. Peers (peer.h) do the same in turns: bench/peer_bin.py what
 * published code does in numpy: floor, unique rows through a void view, counts; once
 * for all rows and once for each class. They must give the same bits within 1e-9. The
 * last columns are the part that bins and hashes the layer, beside memcpy of as much;
 * only where rows are too wide for keys without a hash. All in processor time of one
 * thread.
 */
#include "cpu/bin.h" /* for the hash alone */
#include "ipl_mi.h"
#include "layers.h"
#include "peer.h"

enum { PEERS_MAX = 2, NARROW = 20, WIDE = 128 };

typedef struct {
    ipl_device *one, *all; /* one thread to measure, all to train               */
    char        folder[40];
    int         peers;
    peer_choice choice[PEERS_MAX];
} bench;

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
    must_do(ipl_mi_estimate(c->dev, 1, &c->options, 1, &c->job, c->scratch,
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

static void must_agree(const bench_layer *l, const char *name, const peer *p,
                       const ipl_mi_point *point)
{
    const double i_xt = point->i_xt / log(2.0), i_ty = point->i_ty / log(2.0);
    if (isnan(p->ms)) return;
    if (fabs(i_xt - p->value[0]) <= 1e-9 && fabs(i_ty - p->value[1]) <= 1e-9) return;
    fprintf(stderr, "bench_bin: %s: %s gives %.12g and %.12g bits, not %.12g and "
                    "%.12g\n", l->name, name, p->value[0], p->value[1], i_xt, i_ty);
    exit(1);
}

/* The hash and memcpy of a wide layer, in bytes a nanosecond. */
static void print_hash(layer_case *c, double width)
{
    const int64_t n = c->job.t.rows, d = c->job.t.cols;
    const double bytes = (double)(n * d) * sizeof(float);
    uint32_t *mix = must(malloc(2 * (size_t)bin_padded(d) * sizeof *mix));
    for (int64_t w = 0; w < 2 * bin_padded(d); ++w)
        mix[w] = (uint32_t)ipl_random_word((ipl_random){1, 4}, (uint64_t)w);
    c->map = (bin_map){.width = (float)width, .d = d, .mix = mix, .bits = 32};
    c->key = must(malloc((size_t)n * sizeof *c->key));
    c->copy = must(malloc((size_t)bytes));
    contender of[2] = {{.run = hash, .on = c}, {.run = copy, .on = c}};
    time_in_turns(2, of, 300.0);
    printf(" %9.2f %9.2f %6.2f", bytes / of[0].median_ms * 1e-6,
           bytes / of[1].median_ms * 1e-6, of[1].median_ms / of[0].median_ms);
    free(mix);
    free(c->key);
    free(c->copy);
}

static void row(const bench *b, bench_layer *l)
{
    const double width = l->d <= NARROW ? 0.07 : 0.5;
    layer_case c = {.dev = b->one, .options = ipl_mi_defaults(IPL_MI_BIN)};
    contender turn[1 + PEERS_MAX] = {{.run = estimate, .on = &c}};
    peer other[PEERS_MAX];
    char text[60];
    c.options.bin_form = IPL_BIN_WIDTH;
    c.options.bin_width = width;
    c.job = (ipl_mi_job){.t = {l->t, l->n, l->d}, .y = &l->labels};
    must_do(ipl_mi_scratch_bytes(b->one, 1, &c.options, 1, &c.job, &c.scratch_bytes));
    must_do(ipl_alloc(b->one, c.scratch_bytes, &c.scratch));
    snprintf(text, sizeof text, "bin;form=width;width=%.9g", width);
    if (b->peers) bench_layer_save(l, b->folder);
    for (int p = 0; p < b->peers; ++p) {
        other[p] = peer_open(b->choice[p].command, b->folder, text, TURNS_PROCESSOR);
        turn[1 + p] = (contender){.run = peer_run, .on = &other[p],
                                  .told_ms = &other[p].ms};
    }
    time_in_turns(1 + b->peers, turn, 300.0);
    printf("%-20s %6lld %5lld %9lld %9.3f", l->name, (long long)l->n, (long long)l->d,
           (long long)c.job.point[0].cells, turn[0].median_ms);
    for (int p = 0; p < b->peers; ++p) {
        must_agree(l, b->choice[p].name, &other[p], &c.job.point[0]);
        peer_close(&other[p]);
        printf(" %9.2f %6.1f", turn[1 + p].median_ms,
               turn[1 + p].median_ms / turn[0].median_ms);
    }
    if (l->d >= WIDE) print_hash(&c, width);
    printf("\n");
    fflush(stdout);
    ipl_free(b->one, c.scratch);
    bench_layer_free(b->one, l);
}

static void made_up_rows(const bench *b, int64_t n)
{
    static const int64_t widths[] = {2, 3, 5, 10, 20, 128, 1024};
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w) {
        bench_layer l = made_up_layer(b->one, SPREAD, n, widths[w], 0.1);
        row(b, &l);
    }
}

/* The layers of each preset after its last epoch; of one also the training rows. */
static void trained_networks(const bench *b)
{
    for (int k = 0; k < TRAINED_PRESETS; ++k) {
        const trained_preset *preset = &trained_presets[k];
        const int whichs = strcmp(preset->name, "fashion-tanh") ? 1 : 2;
        trained net;
        if (!trained_is_there(b->all, k, &net)) continue;
        must_do(trained_until(&net, preset->epoch[TRAINED_EPOCHS - 1]));
        for (int which = 0; which < whichs; ++which) {
            must_do(trained_layers(&net, which ? TRAINED_TRAINING : TRAINED_MEASURED));
            for (int layer = 1; layer <= net.shape.layers; ++layer) {
                bench_layer l = trained_layer(b->one, &net, preset->name, layer, 0);
                row(b, &l);
            }
        }
        trained_close(&net);
    }
}

int main(int argc, char **argv)
{
    static const ipl_device_options single = {.threads = 1};
    bench b = {.folder = "/tmp/bench_bin.XXXXXX"};
    for (int a = 1; a < argc; ++a)
        if (!strcmp(argv[a], "--peer") && a + 1 < argc && b.peers < PEERS_MAX &&
            peer_choose(argv[a + 1], &b.choice[b.peers])) ++a, ++b.peers;
        else return fprintf(stderr, "bench_bin: what is '%s'?\n", argv[a]), 2;
    must_do(ipl_device_open("cpu", &single, &b.one));
    must_do(ipl_device_open("cpu", NULL, &b.all));
    must(mkdtemp(b.folder));
    printf("# %s, %s, processor time of one thread\n%-20s %6s %5s %9s %9s",
           ipl_device_about(b.one)->name, ipl_device_about(b.one)->description, "layer",
           "n", "d", "cells", "ours ms");
    for (int p = 0; p < b.peers; ++p) printf(" %9.9s %6s", b.choice[p].name, "x");
    printf(" %9s %9s %6s\n", "hash GB/s", "copy GB/s", "share");
    made_up_rows(&b, 10000);
    trained_networks(&b);
    bench_layer_forget(b.folder);
    ipl_device_close(b.one);
    ipl_device_close(b.all);
    return 0;
}
