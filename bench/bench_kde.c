/*
 * bench_kde.c - the KDE pair sums against other ways to compute them.
 *
 *   bench_kde [--json FILE] [--only PATTERN] [--peer NAME=COMMAND]... [TABLE...]
 *
 *   real      each layer of the shipped presets, trained here for a few epochs, at the
 *             preset's noise, with sums over the network
 *   large     the same with the 60,000 rows that train Fashion-MNIST, after epoch 4
 *   families  made-up layers, 128 and 1024 units wide: the worst case
 *   widths    one of these families by width, with plain loops in C
 *
 * Without a word: real, families and widths. Columns: near, the share of pairs that
 * the sums may not drop; ours, as `infoplane` estimates the layer; then others, with
 * how many times ours their time is: dense, every similarity of every pair, and its
 * share of the multiply-add peak; sgemm, a product of 512 rows at a time by OpenBLAS
 * with a vectorised exponential on its result; plain loops; each peer (peer.h), and by
 * how many bits its result is apart. off: ours against double on 16 rows, in bits.
 * --only: layers whose name matches, as "fashion* e4 *".
 *
 * Every time is this process' processor time, of one thread, a median of turns (their
 * number is the last column; 1: a turn takes so long that there is only one).
 */
#include <fnmatch.h>
#include <unistd.h>

#include "kde_table.h"

/* -- Measuring --------------------------------------------------------------- */

static double apart(const ours *o, const peer *p)
{
    double worst = 0.0;
    for (int k = 0; k < PEER_VALUES; ++k) {
        const ipl_mi_point *point = &o->job.point[k / 2];
        const double nats = k % 2 ? point->i_ty : point->i_xt;
        worst = fmax(worst, fabs(p->value[k] - nats / log(2.0)));
    }
    return isnan(p->ms) ? NAN : worst;
}

/* The contenders of a layer in turns. */
static figures measure(const bench *b, bench_layer *l, unsigned with)
{
    figures f = no_figures(l->name, l->n, l->d, with);
    ipl_kde_job sums = kde_sums_of(b->one, l, 0);
    ours shipped = ours_make(b->one, l, 0), dense = {0};
    composition product = {0};
    peer other[PEERS_MAX];
    contender c[TURNS_CONTENDERS] = {{.run = ours_run, .on = &shipped}};
    double *ms[TURNS_CONTENDERS] = {&f.ours};
    int count = 1;
    if (with & WITH_DENSE) {
        dense = ours_make(b->one, l, 1);
        ms[count] = &f.dense;
        c[count++] = (contender){.run = ours_run, .on = &dense};
    }
    if (with & WITH_SGEMM) {
        product = composition_make(l);
        ms[count] = &f.sgemm;
        c[count++] = (contender){.run = composition_run, .on = &product};
    }
    if (with & WITH_PLAIN) {
        ms[count] = &f.plain;
        c[count++] = (contender){.run = naive_run, .on = l};
    }
    if (b->peers) bench_layer_save(l, b->folder);
    for (int p = 0; p < b->peers; ++p) {
        char options[60];
        snprintf(options, sizeof options, "kde;noise_var=%.9g", l->noise_var);
        other[p] = peer_open(b->choice[p].command, b->folder, options, TURNS_PROCESSOR);
        ms[count] = &f.peer[p];
        c[count++] = (contender){.run = peer_run, .on = &other[p],
                                 .told_ms = &other[p].ms};
    }
    time_in_turns(count, c, 600.0);
    for (int k = 0; k < count; ++k) *ms[k] = c[k].median_ms;
    f.runs = c[0].runs;
    f.near = near_percent(l);
    f.off = bits_off_sampled(l, &sums, 0);
    if (with & WITH_SGEMM) f.sgemm_off = bits_apart(product.mean_log, sums.mean_log);
    if (with & WITH_PLAIN) f.plain *= (double)l->n / NAIVE_ROWS;
    for (int p = 0; p < b->peers; ++p) {
        f.apart[p] = apart(&shipped, &other[p]);
        peer_close(&other[p]);
    }
    ipl_free(b->one, shipped.scratch);
    ipl_free(b->one, dense.scratch);
    composition_free(&product);
    kde_sums_free(&sums);
    return f;
}

static figures row(const bench *b, bench_layer *l, unsigned with)
{
    const figures f = measure(b, l, with);
    print_figures(b, &f);
    write_figures(b, &f);
    bench_layer_free(b->one, l);
    return f;
}

/* -- Tables ------------------------------------------------------------------ */

static void add(figures *sum, const figures *f, int peers)
{
    sum->dense += f->dense;
    sum->ours += f->ours;
    sum->sgemm += f->sgemm;
    sum->off = fmax(sum->off, f->off);
    sum->sgemm_off = fmax(sum->sgemm_off, f->sgemm_off);
    sum->runs = sum->runs && sum->runs < f->runs ? sum->runs : f->runs;
    for (int p = 0; p < peers; ++p) {
        sum->peer[p] += f->peer[p];
        sum->apart[p] = fmax(sum->apart[p], f->apart[p]);
    }
}

static int is_wanted(const bench *b, const char *preset, int64_t epoch, int layer)
{
    char name[48];
    snprintf(name, sizeof name, "%s e%lld l%d", preset, (long long)epoch, layer);
    return !b->only || !fnmatch(b->only, name, 0);
}

/* The epoch's number in the preset that is the last to be trained; -1: none. */
static int last_wanted(const bench *b, int preset)
{
    const trained_preset *p = &trained_presets[preset];
    for (int e = TRAINED_EPOCHS - 1; e >= 0; --e)
        for (int layer = 1; layer <= IPL_NET_LAYERS_MAX; ++layer)
            if (is_wanted(b, p->name, p->epoch[e], layer)) return e;
    return -1;
}

/* The layers of a network as it stands, and their sum. */
static void network(const bench *b, trained *net, const char *preset,
                    trained_rows which, unsigned with)
{
    char name[48];
    int rows = 0;
    figures sum;
    must_do(trained_layers(net, which));
    snprintf(name, sizeof name, "%s e%lld", preset, (long long)net->epoch);
    sum = no_figures(name, net->rows, 0, with);
    sum.dense = sum.sgemm = 0.0;
    for (int p = 0; p < b->peers; ++p) sum.peer[p] = 0.0;
    for (int layer = 1; layer <= net->shape.layers; ++layer) {
        if (!is_wanted(b, preset, net->epoch, layer)) continue;
        bench_layer l = trained_layer(b->one, net, preset, layer, 0);
        const figures f = row(b, &l, with);
        add(&sum, &f, b->peers);
        ++rows;
    }
    if (rows < 2) return;
    print_figures(b, &sum);
    write_figures(b, &sum);
}

static void table_real(const bench *b)
{
    print_head(b, "trained layers, the rows that the preset measures",
               WITH_DENSE | WITH_SGEMM);
    for (int k = 0; k < TRAINED_PRESETS; ++k) {
        const trained_preset *preset = &trained_presets[k];
        const int last = last_wanted(b, k);
        trained net;
        if (last < 0 || !trained_is_there(b->all, k, &net)) continue;
        for (int e = 0; e <= last; ++e) {
            must_do(trained_until(&net, preset->epoch[e]));
            network(b, &net, preset->name, TRAINED_MEASURED, WITH_DENSE | WITH_SGEMM);
        }
        trained_close(&net);
    }
}

static void table_large(const bench *b)
{
    print_head(b, "trained layers, 60,000 rows", 0);
    for (int k = 2; k < TRAINED_PRESETS; ++k) {
        const trained_preset *preset = &trained_presets[k];
        const int last = TRAINED_EPOCHS - 1;
        trained net;
        if (last_wanted(b, k) < last || !trained_is_there(b->all, k, &net)) continue;
        must_do(trained_until(&net, preset->epoch[last]));
        network(b, &net, preset->name, TRAINED_TRAINING, 0);
        trained_close(&net);
    }
}

static void table_families(const bench *b)
{
    print_head(b, "made-up layers", WITH_DENSE | WITH_SGEMM);
    for (int64_t d = 128; d <= 1024; d += 896)
        for (int f = 0; f < FAMILIES; ++f) {
            if (b->only && fnmatch(b->only, family_name[f], 0)) continue;
            bench_layer l = made_up_layer(b->one, (family)f, 4096, d, 0.1);
            row(b, &l, WITH_DENSE | WITH_SGEMM);
        }
}

static void table_widths(const bench *b)
{
    static const int64_t widths[] = {2, 3, 5, 10, 20, 128, 784, 1024};
    print_head(b, "made-up layers by width", WITH_DENSE | WITH_SGEMM | WITH_PLAIN);
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w) {
        bench_layer l = made_up_layer(b->one, SPREAD, 4096, widths[w], 0.1);
        row(b, &l, WITH_DENSE | WITH_SGEMM | WITH_PLAIN);
    }
}

static const struct {
    const char *name;
    void      (*run)(const bench *b);
    int         standard;
} tables[] = {{"real", table_real, 1},
              {"families", table_families, 1},
              {"widths", table_widths, 1},
              {"large", table_large, 0}};
enum { TABLES = sizeof tables / sizeof *tables };

/* Read before main, hence the second start: OpenBLAS takes processors with AVX-512 that
 * it does not know for older ones, and its threads would add to what one can do. */
static void choose_environment(char **argv)
{
    if (getenv("OPENBLAS_NUM_THREADS")) return;
    setenv("OPENBLAS_NUM_THREADS", "1", 1);
#if defined(__AVX512F__)
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
    execv("/proc/self/exe", argv);
}

static void open_bench(bench *b, const char *json)
{
    static const ipl_device_options single = {.threads = 1};
    ipl_ceilings core;
    snprintf(b->folder, sizeof b->folder, "/tmp/bench_kde.XXXXXX");
    must(mkdtemp(b->folder));
    if (!(b->json = fopen(json, "w"))) perror(json), exit(1);
    must_do(ipl_device_open("cpu", &single, &b->one));
    must_do(ipl_device_open("cpu", NULL, &b->all));
    must_do(ipl_device_ceilings(b->one, &core));
    b->fma_gflop_per_s = core.fma_gflop_per_s;
    printf("# %s, %s: FMA %.1f GFLOP/s, exp2 %.2f G/s, OpenBLAS for %s, processor time "
           "of one thread\n", ipl_device_about(b->one)->name,
           ipl_device_about(b->one)->description, core.fma_gflop_per_s,
           core.exp2_g_per_s, openblas_get_corename());
    fprintf(b->json, "{\"device\": \"%s\", \"fma_gflop_per_s\": %.2f, "
            "\"exp2_g_per_s\": %.3f, \"blas\": \"%s\"}\n",
            ipl_device_about(b->one)->name, core.fma_gflop_per_s, core.exp2_g_per_s,
            openblas_get_corename());
}

static void close_bench(bench *b)
{
    bench_layer_forget(b->folder);
    fclose(b->json);
    ipl_device_close(b->one);
    ipl_device_close(b->all);
}

int main(int argc, char **argv)
{
    const char *json = "bench_kde.json";
    int chosen[TABLES] = {0}, any = 0;
    bench b = {0};
    choose_environment(argv);
    for (int a = 1; a < argc; ++a) {
        int t = 0;
        while (t < TABLES && strcmp(argv[a], tables[t].name)) ++t;
        if (t < TABLES) chosen[t] = any = 1;
        else if (!strcmp(argv[a], "--json") && a + 1 < argc) json = argv[++a];
        else if (!strcmp(argv[a], "--only") && a + 1 < argc) b.only = argv[++a];
        else if (!strcmp(argv[a], "--peer") && a + 1 < argc && b.peers < PEERS_MAX &&
                 peer_choose(argv[a + 1], &b.choice[b.peers])) ++a, ++b.peers;
        else return fprintf(stderr, "bench_kde: what is '%s'?\n", argv[a]), 2;
    }
    open_bench(&b, json);
    for (int t = 0; t < TABLES; ++t)
        if (any ? chosen[t] : tables[t].standard) tables[t].run(&b);
    close_bench(&b);
    return 0;
}
