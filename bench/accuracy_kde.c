/*
 * accuracy_kde.c - how far the KDE's information is off, in bits: the gate.
 *
 *   accuracy_kde
 *
 * Complete pair sums of ROWS rows in double beside ours, of made-up layers by width and
 * noise and of each trained layer of the presets at its own noise (its first rows): the
 * largest error of a mean logarithm, upper and lower bound, all rows and the own class,
 * which is what I(X;T) and the entropies of classes are made of. More than the PROMISED
 * bits end with 1. The worst case is printed last.
 */
#include "kde_ways.h"

enum { ROWS = 1100 }; /* enough for wide layers to be screened */
static const double PROMISED = 1e-6;

typedef struct {
    ipl_device *dev;
    int         cases, above; /* what is promised                               */
    double      worst;
    char        worst_name[120];
} gate;

static double bits_off(ipl_device *dev, const bench_layer *l)
{
    double *value = must(malloc((size_t)l->n * 8 * sizeof *value));
    double *allowed = value + 4 * l->n, mean[4], mean_allowed[4];
    ipl_kde_job job = kde_sums_of(dev, l, 0);
    oracle_kde(l->n, l->d, l->t, l->y, l->noise_var, 0, value, allowed);
    oracle_mean_log(l->n, value, allowed, mean, mean_allowed);
    const double off = bits_apart(mean, job.mean_log);
    kde_sums_free(&job);
    free(value);
    return off;
}

static void check(gate *g, bench_layer *l)
{
    const double off = bits_off(g->dev, l);
    printf("%-7s %-20s d = %4lld, noise %-5g  %.1e bits\n",
           off <= PROMISED ? "ok" : "not ok", l->name, (long long)l->d, l->noise_var,
           off);
    fflush(stdout);
    ++g->cases;
    g->above += !(off <= PROMISED);
    if (!(off <= g->worst)) {
        g->worst = off;
        snprintf(g->worst_name, sizeof g->worst_name, "%s, d = %lld, noise %g", l->name,
                 (long long)l->d, l->noise_var);
    }
    bench_layer_free(g->dev, l);
}

static void made_up(gate *g)
{
    static const int64_t width[] = {2, 3, 10, 20, 64, 128, 784, 1024};
    static const double noise[] = {0.1, 1e-3};
    for (int f = 0; f < FAMILIES; ++f)
        for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
            for (int v = 0; v < 2; ++v) {
                bench_layer l = made_up_layer(g->dev, (family)f, ROWS, width[w],
                                              noise[v]);
                check(g, &l);
            }
}

static void really_trained(gate *g)
{
    for (int k = 0; k < TRAINED_PRESETS; ++k) {
        trained net;
        if (!trained_is_there(g->dev, k, &net)) continue;
        for (int e = 0; e < TRAINED_EPOCHS; ++e) {
            must_do(trained_until(&net, trained_presets[k].epoch[e]));
            must_do(trained_layers(&net, TRAINED_MEASURED));
            for (int layer = 1; layer <= net.shape.layers; ++layer) {
                bench_layer l = trained_layer(g->dev, &net, trained_presets[k].name,
                                              layer, ROWS);
                check(g, &l);
            }
        }
        trained_close(&net);
    }
}

int main(void)
{
    gate g = {0};
    must_do(ipl_device_open("cpu", NULL, &g.dev));
    made_up(&g);
    really_trained(&g);
    printf("worst of %d: %.1e bits, %s; %d above the promise of %.0e\n", g.cases,
           g.worst, g.worst_name, g.above, PROMISED);
    ipl_device_close(g.dev);
    return g.above > 0;
}
