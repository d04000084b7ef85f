/*
 * kde_table.h - the table of bench_kde: a row's figures, printed and as JSON.
 */
#ifndef KDE_TABLE_H
#define KDE_TABLE_H

#include "kde_ways.h"
#include "peer.h"

enum { PEERS_MAX = 4, WITH_DENSE = 1, WITH_SGEMM = 2, WITH_PLAIN = 4 };

typedef struct {
    ipl_device *one, *all; /* one thread to measure, all to train               */
    FILE       *json;
    const char *only;
    char        folder[40]; /* what peers read                                   */
    int         peers;
    peer_choice choice[PEERS_MAX];
    double      fma_gflop_per_s;
} bench;

/* A row of a table, or the sum of some. NaN: not there. */
typedef struct {
    char    name[48];
    int64_t n, d;
    unsigned with;
    int     runs;
    double  near, dense, ours, sgemm, plain, off, sgemm_off;
    double  peer[PEERS_MAX], apart[PEERS_MAX];
} figures;

static inline void print_number(int width, int digits, double value)
{
    if (isnan(value)) printf(" %*s", width, "-");
    else printf(" %*.*f", width, digits, value);
}

static inline void print_small(double value)
{
    if (isnan(value)) printf(" %7s", "-");
    else printf(" %7.0e", value);
}

static inline void print_head(const bench *b, const char *title, unsigned with)
{
    printf("\n# %s\n%-20s %6s %5s %6s %9s", title, "layer", "n", "d", "near %",
           "ours ms");
    if (with & WITH_DENSE) printf(" %9s %6s %6s", "dense ms", "x", "of FMA");
    if (with & WITH_SGEMM) printf(" %9s %6s", "sgemm ms", "x");
    if (with & WITH_PLAIN) printf(" %9s %6s", "plain ms", "x");
    for (int p = 0; p < b->peers; ++p)
        printf(" %9.9s %6s %7s", b->choice[p].name, "x", "apart");
    printf(" %7s", "off");
    if (with & WITH_SGEMM) printf(" %7s", "sgemm's");
    printf(" %5s\n", "turns");
}

static inline void print_time(double ms, const figures *f)
{
    print_number(9, 2, ms);
    print_number(6, 2, ms / f->ours);
}

static inline void print_figures(const bench *b, const figures *f)
{
    const double pairs = 0.5 * (double)f->n * (double)(f->n - 1);
    const double gflop = 2.0 * (double)f->d * pairs * 1e-6;
    printf("%-20s %6lld", f->name, (long long)f->n);
    if (f->d) printf(" %5lld", (long long)f->d);
    else printf(" %5s", "all");
    print_number(6, 1, f->near);
    print_number(9, 2, f->ours);
    if (f->with & WITH_DENSE) {
        print_time(f->dense, f);
        print_number(6, 2, f->d ? gflop / f->dense / b->fma_gflop_per_s : NAN);
    }
    if (f->with & WITH_SGEMM) print_time(f->sgemm, f);
    if (f->with & WITH_PLAIN) print_time(f->plain, f);
    for (int p = 0; p < b->peers; ++p) {
        print_time(f->peer[p], f);
        print_small(f->apart[p]);
    }
    print_small(f->off);
    if (f->with & WITH_SGEMM) print_small(f->sgemm_off);
    printf(" %5d\n", f->runs);
    fflush(stdout);
}

static inline void json_number(FILE *json, const char *name, double value)
{
    if (!isnan(value)) fprintf(json, ", \"%s\": %.6g", name, value);
}

static inline void write_figures(const bench *b, const figures *f)
{
    fprintf(b->json, "{\"layer\": \"%s\", \"n\": %lld, \"d\": %lld, \"turns\": %d",
            f->name, (long long)f->n, (long long)f->d, f->runs);
    json_number(b->json, "near_percent", f->near);
    json_number(b->json, "dense_ms", f->dense);
    json_number(b->json, "ours_ms", f->ours);
    json_number(b->json, "sgemm_ms", f->sgemm);
    json_number(b->json, "plain_ms", f->plain);
    json_number(b->json, "off_bits", f->off);
    json_number(b->json, "sgemm_off_bits", f->sgemm_off);
    for (int p = 0; p < b->peers; ++p) {
        char name[80];
        snprintf(name, sizeof name, "%s_ms", b->choice[p].name);
        json_number(b->json, name, f->peer[p]);
    }
    fprintf(b->json, "}\n");
    fflush(b->json);
}

static inline figures no_figures(const char *name, int64_t n, int64_t d,
                                 unsigned with)
{
    figures f = {.n = n, .d = d, .with = with, .near = NAN, .dense = NAN,
                 .sgemm = NAN, .plain = NAN, .sgemm_off = NAN};
    snprintf(f.name, sizeof f.name, "%s", name);
    for (int p = 0; p < PEERS_MAX; ++p) f.peer[p] = f.apart[p] = NAN;
    return f;
}

#endif
