/*
 * bench_near.c - nearest neighbours and counts within a radius, alone and in turns.
 *
 *   bench_near [--peer COMMAND] [--threads T] [N]
 *
 * First a complete Kraskov estimate (k = 5 neighbours in the max norm of both spaces,
 * then the strictly nearer rows in each) of N pairs of correlated normal rows, in turns
 * with the same by scipy's trees (bench/peer_near.py) or scikit-learn's
 * (bench/peer_sklearn.py). Both must agree before times are given. Then how many pairs
 * of rows a thread and second each entry gets through: n^2 pairs, whether their
 * distances had to be computed or not.
 */
#include "backend.h"
#include "ipl_data.h"
#include "peer.h"
#include "random.h"

enum { K = 5 };

static void check(ipl_status st)
{
    if (st == IPL_OK) return;
    fprintf(stderr, "bench_near: %s\n", ipl_last_error());
    exit(1);
}

static double normal(uint64_t stream, int64_t index)
{
    const ipl_random r = {1, stream};
    const double radius =
        sqrt(-2.0 * log(1.0 - ipl_random_uniform(r, 2 * (uint64_t)index)));
    return radius * cos(6.283185307179586 *
                        ipl_random_uniform(r, 2 * (uint64_t)index + 1));
}

/* Rows of x and of t, whose units correlate by 0.6. */
typedef struct {
    ipl_device *dev;
    int64_t     n, d;
    float      *space[2];
    float      *distance, *radius;
    int32_t    *neighbour, *count[2];
    double      i_xt;
} estimate;

static void *must(void *at)
{
    if (!at) perror("bench_near"), exit(1);
    return at;
}

static void *device_array(ipl_device *dev, int64_t entries)
{
    void *at;
    check(ipl_alloc(dev, (size_t)entries * sizeof(float), &at));
    return at;
}

static estimate estimate_open(ipl_device *dev, int64_t n, int64_t d)
{
    estimate e = {.dev = dev, .n = n, .d = d};
    for (int s = 0; s < 2; ++s) {
        e.space[s] = device_array(dev, n * d);
        for (int64_t at = 0; at < n * d; ++at)
            e.space[s][at] = (float)(s ? 0.6 * (double)e.space[0][at] +
                                             0.8 * normal(2, at) : normal(1, at));
        e.count[s] = device_array(dev, n);
    }
    e.distance = device_array(dev, n * K);
    e.neighbour = device_array(dev, n * K);
    e.radius = device_array(dev, n);
    return e;
}

static void estimate_close(estimate *e)
{
    for (int s = 0; s < 2; ++s) {
        ipl_free(e->dev, e->space[s]);
        ipl_free(e->dev, e->count[s]);
    }
    ipl_free(e->dev, e->distance);
    ipl_free(e->dev, e->neighbour);
    ipl_free(e->dev, e->radius);
}

/* Space 0 or 1, or both with s == 2. */
static ipl_pairs pairs_of(const estimate *e, int s, ipl_norm norm)
{
    ipl_pairs p = {.n = e->n, .spaces = s == 2 ? 2 : 1, .norm = norm, .unit = 1.0f};
    for (int at = 0; at < p.spaces; ++at)
        p.space[at] = (ipl_space){e->d, e->space[s == 2 ? at : s], 0};
    return p;
}

static void find_neighbours(const estimate *e, int s, ipl_norm norm)
{
    const ipl_backend *b = e->dev->backend;
    ipl_neighbour_job job = {pairs_of(e, s, norm), K, e->distance, e->neighbour};
    void *scratch;
    check(ipl_alloc(e->dev, b->neighbour_scratch_bytes(e->dev->state, 1, &job),
                    &scratch));
    check(b->nearest_neighbours(e->dev->state, 1, &job, scratch));
    ipl_free(e->dev, scratch);
}

static void count_within(const estimate *e, int s, ipl_norm norm)
{
    const ipl_backend *b = e->dev->backend;
    ipl_radius_job job = {pairs_of(e, s, norm), e->radius, e->count[s % 2]};
    void *scratch;
    check(ipl_alloc(e->dev, b->radius_scratch_bytes(e->dev->state, 1, &job), &scratch));
    check(b->radius_counts(e->dev->state, 1, &job, scratch));
    ipl_free(e->dev, scratch);
}

static double digamma(double x)
{
    double below = 0.0;
    for (; x < 10.0; x += 1.0) below += 1.0 / x;
    const double y = 1.0 / (x * x);
    return log(x) - 0.5 / x - y * (1.0 / 12 - y * (1.0 / 120 - y / 252)) - below;
}

static void kraskov(estimate *e)
{
    double sum = 0.0;
    find_neighbours(e, 2, IPL_NORM_MAX);
    for (int64_t i = 0; i < e->n; ++i)
        e->radius[i] = nextafterf(e->distance[i * K + K - 1], -INFINITY);
    for (int s = 0; s < 2; ++s) count_within(e, s, IPL_NORM_MAX);
    for (int64_t i = 0; i < e->n; ++i)
        sum += digamma(e->count[0][i] + 1) + digamma(e->count[1][i] + 1);
    e->i_xt = digamma(K) + digamma((double)e->n) - sum / (double)e->n;
}

/* -- Beside a peer ----------------------------------------------------------- */

static void save(const estimate *e, const char *folder)
{
    char path[300];
    for (int s = 0; s < 2; ++s) {
        snprintf(path, sizeof path, "%s/%c.npy", folder, "xt"[s]);
        check(ipl_npy_write_float32(path, e->n, e->d, e->space[s]));
    }
}

static void kraskov_run(void *on) { kraskov(on); }

static void beside_peer(ipl_device *dev, const char *command, const char *folder,
                        int64_t n, int64_t d)
{
    estimate e = estimate_open(dev, n, d);
    save(&e, folder);
    peer p = peer_open(command, folder, "", TURNS_PROCESSOR);
    contender c[2] = {{.run = kraskov_run, .on = &e},
                      {.run = peer_run, .on = &p, .told_ms = &p.ms}};
    time_in_turns(2, c, 3000.0);
    if (fabs(e.i_xt - p.value[0]) > 1e-3) {
        fprintf(stderr, "bench_near: the peer gives %.9g nats, not %.9g\n", p.value[0],
                e.i_xt);
        exit(1);
    }
    peer_close(&p);
    printf("%7lld %4lld+%-4lld %10.2f %11.1f %8.1f %9.4f %9.4f\n", (long long)n,
           (long long)d, (long long)d, c[0].median_ms, c[1].median_ms,
           c[1].median_ms / c[0].median_ms, e.i_xt, p.value[0]);
    fflush(stdout);
    estimate_close(&e);
}

/* -- Rates ------------------------------------------------------------------- */

typedef struct {
    const estimate *of;
    ipl_norm norm;
} rate_case;

static void run_neighbours(void *on)
{
    const rate_case *c = on;
    find_neighbours(c->of, 0, c->norm);
}

static void run_counts(void *on)
{
    const rate_case *c = on;
    count_within(c->of, 0, c->norm);
}

static void rates(ipl_device *dev, int64_t n, int64_t d)
{
    estimate e = estimate_open(dev, n, d);
    rate_case on[2] = {{&e, IPL_NORM_MAX}, {&e, IPL_NORM_EUCLID}};
    printf("%7lld %9lld", (long long)n, (long long)d);
    for (int norm = 0; norm < 2; ++norm) {
        find_neighbours(&e, 0, (ipl_norm)norm);
        for (int64_t i = 0; i < n; ++i) e.radius[i] = e.distance[i * K + K - 1];
        contender c[2] = {{.run = run_neighbours, .on = &on[norm]},
                          {.run = run_counts, .on = &on[norm]}};
        time_in_turns(2, c, 1000.0);
        for (int q = 0; q < 2; ++q)
            printf(" %9.2f %7.2f", c[q].median_ms,
                   (double)n * (double)n / c[q].median_ms * 1e-6);
    }
    printf("\n");
    fflush(stdout);
    estimate_close(&e);
}

int main(int argc, char **argv)
{
    static const int64_t beside[] = {1, 3, 5, 10, 20};
    static const int64_t widths[] = {2, 10, 20, 200, 1024};
    char folder[] = "/tmp/bench_near.XXXXXX", path[64];
    const char *command = NULL;
    int64_t n = 10000;
    ipl_device_options options = {.threads = 1};
    ipl_device *dev;
    for (int a = 1; a < argc; ++a) {
        if (!strcmp(argv[a], "--peer") && a + 1 < argc) command = argv[++a];
        else if (!strcmp(argv[a], "--threads") && a + 1 < argc)
            options.threads = atoi(argv[++a]);
        else if (atoll(argv[a]) > K) n = atoll(argv[a]);
        else return fprintf(stderr, "bench_near: what is '%s'?\n", argv[a]), 2;
    }
    must(mkdtemp(folder));
    check(ipl_device_open("cpu", &options, &dev));
    printf("# %s, %s, %d threads, processor time\n", ipl_device_about(dev)->name,
           ipl_device_about(dev)->description, options.threads);
    if (command) printf("%7s %9s %10s %11s %8s %9s %9s\n", "n", "d", "ours_ms",
                       "peer_ms", "x", "ours_nat", "peer_nat");
    for (size_t w = 0; command && w < sizeof beside / sizeof *beside; ++w)
        beside_peer(dev, command, folder, n, beside[w]);
    printf("\n%17s %35s %35s\n%7s %9s", "", "max norm: k = 5, counts", "Euclid: same",
           "n", "d");
    for (int c = 0; c < 4; ++c) printf(" %9s %7s", "ms", "Gpair/s");
    printf("\n");
    for (size_t w = 0; w < sizeof widths / sizeof *widths; ++w)
        rates(dev, n, widths[w]);
    ipl_device_close(dev);
    for (int s = 0; s < 2; ++s) {
        snprintf(path, sizeof path, "%s/%c.npy", folder, "xt"[s]);
        unlink(path);
    }
    rmdir(folder);
    return 0;
}
