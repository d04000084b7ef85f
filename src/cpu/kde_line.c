/*
 * kde_line.c - Gaussian pair sums of rows that lie on a line, without pairs.
 *
 * One unit, or two whose sum is the same in all rows: the softmax of two classes. With
 * x along the line and nodes g on it, STEPS to a deviation of the noise,
 *
 *     sum_j k(x_i - x_j) = sum_g w_g(x_i) sum_h k(g - h) sum_j w_h(x_j)
 *
 * where w(x) are the weights of the polynomial of degree ORDER - 1 through the nodes
 * around x: weights are spread to the nodes class by class, the nodes are convolved
 * with both kernels, and the rows read their sums off again.
 *
 * Traffic   2 ORDER additions for each row and about 330 for each class and node,
 *           in place of n / 2 pairs for each row.
 * Numerics  In double. The polynomial is off by at most max|k^(10)| / 10! times
 *           (0.5 1.5 2.5 3.5 4.5)^2 node distances^10: 2.1e-10 for the upper
 *           bound's kernel, and 10^-3 of that for the lower's; twice, and once
 *           times the sum of the weights' absolute values (2.2): 7e-10 of a
 *           pair at most. Beyond the cut pairs are dropped as everywhere. What
 *           the second unit adds to a squared distance is below 2e-9 variances.
 *           Plain C with one order of all sums: the same bits on all sets.
 * Limits    Up to NODES nodes; and only where that costs less than the pairs.
 */
#include "cpu/kde.h"

#include <math.h>
#include <string.h>

enum {
    ORDER = 10,
    BEFORE = ORDER / 2 - 1, /* nodes of a row that stand before its own         */
    STEPS = 8,              /* nodes to one deviation of the noise              */
    NODES = 4096,
    REACH = 160 /* nodes to the cut at most: sqrt(512 ln 2 (21 + 46))           */
};

struct kde_line {
    double  least, nodes_per_unit; /* of x                                      */
    int64_t nodes;
    double  kernel[2][2 * REACH + 1]; /* upper, lower; [REACH]: distance 0      */
    int64_t reach[2];                 /* nodes to each one's cut                */
    double  spread[NODES];            /* weights of one class                   */
    double  own[2][NODES], all[2][NODES];
    struct {
        double  weight[ORDER];
        int64_t first; /* of the nodes                                          */
    } row[]; /* [n]                                                             */
};

size_t kde_line_bytes(int64_t n)
{
    return sizeof(kde_line) + (size_t)n * sizeof(((kde_line *)NULL)->row[0]);
}

static double along(const ipl_kde_job *job, int64_t row)
{
    const float *t = job->t + row * job->d;
    return job->d == 1 ? (double)t[0] : ((double)t[0] - (double)t[1]) * sqrt(0.5);
}

int kde_is_line(const ipl_kde_job *job, kde_line *line)
{
    double least = INFINITY, most = -INFINITY, low = INFINITY, high = -INFINITY;
    if (job->d > 2 || job->n < 512) return 0;
    for (int64_t i = 0; i < job->n; ++i) {
        const float *t = job->t + i * job->d;
        const double x = along(job, i);
        const double sum = job->d == 1 ? 0.0 : (double)t[0] + (double)t[1];
        least = fmin(least, x), most = fmax(most, x);
        low = fmin(low, sum), high = fmax(high, sum);
    }
    const double deviation = sqrt(job->noise_var);
    const double nodes = (most - least) / deviation * STEPS + ORDER + 1;
    const double n = (double)job->n, sets = 1.0 + (double)job->y->classes;
    if (most == least || !(high - low <= 6e-5 * deviation)) return 0;
    if (!(nodes <= NODES)) return 0;
    /* A node takes the time of 2500 pairs for each set of sums, a row that of 600. */
    if ((4.0 * sets * nodes + n) * 4.0 * REACH > n * n) return 0;
    *line = (kde_line){.least = least, .nodes_per_unit = STEPS / deviation};
    line->nodes = (int64_t)nodes;
    return 1;
}

/* exp(-(m / STEPS)^2 / 2) and its fourth root up to the cut. */
static void fill_kernels(const ipl_kde_job *job, kde_line *line)
{
    const double bits = ceil(log2((double)job->n)) + KDE_DROP_BITS;
    for (int bound = 0; bound < 2; ++bound)
        for (int m = 0; m <= REACH; ++m) {
            const double lower = -m * m / (8.0 * STEPS * STEPS);
            const double exponent = bound ? lower : 4.0 * lower;
            const double k = exponent < -bits * log(2.0) ? 0.0 : exp(exponent);
            line->kernel[bound][REACH + m] = line->kernel[bound][REACH - m] = k;
            if (k > 0.0) line->reach[bound] = m;
        }
}

/* Weights of the nodes from the returned one on for a row at x. */
static int64_t weigh(const kde_line *line, double x, double weight[ORDER])
{
    /* 1 / prod_{k != j} (j - k) */
    static const double scale[ORDER] = {
        -1.0 / 362880, 1.0 / 40320, -1.0 / 10080, 1.0 / 4320, -1.0 / 2880,
        1.0 / 2880,    -1.0 / 4320, 1.0 / 10080,  -1.0 / 40320, 1.0 / 362880};
    const double at = (x - line->least) * line->nodes_per_unit;
    const double node = floor(at), offset = at - node + BEFORE;
    double product = 1.0;
    for (int j = 0; j < ORDER; ++j) {
        weight[j] = product * scale[j];
        product *= offset - j;
    }
    product = 1.0;
    for (int j = ORDER - 1; j >= 0; --j) {
        weight[j] *= product;
        product *= offset - j;
    }
    return (int64_t)node; /* nodes are counted from BEFORE nodes before the least x */
}

static void convolve(kde_line *line)
{
    memset(line->own, 0, sizeof line->own);
    for (int64_t h = 0; h < line->nodes; ++h) {
        const double w = line->spread[h];
        if (w == 0.0) continue;
        for (int bound = 0; bound < 2; ++bound) {
            const int64_t reach = line->reach[bound], end = h + reach + 1;
            const int64_t from = h > reach ? h - reach : 0;
            const int64_t to = end < line->nodes ? end : line->nodes;
            const double *k = line->kernel[bound] + REACH - h;
            for (int64_t g = from; g < to; ++g) line->own[bound][g] += w * k[g];
        }
    }
    for (int bound = 0; bound < 2; ++bound)
        for (int64_t g = 0; g < line->nodes; ++g)
            line->all[bound][g] += line->own[bound][g];
}

/* Row i counts itself once; rounding makes no sum smaller than that. */
static void read_sums(const kde_line *line, const ipl_kde_job *job, int32_t row,
                      double (*nodes)[NODES], int own)
{
    const double *weight = line->row[row].weight;
    const int64_t first = line->row[row].first;
    for (int bound = 0; bound < 2; ++bound) {
        double sum = 0.0;
        for (int j = 0; j < ORDER; ++j) sum += weight[j] * nodes[bound][first + j];
        const int64_t fixed = llrint(sum * (double)IPL_KDE_ONE);
        const int64_t least = own ? IPL_KDE_ONE : job->sum[2 * bound + 1][row];
        job->sum[2 * bound + own][row] = fixed > least ? fixed : least;
    }
}

void kde_line_sums(kde_line *line, ipl_kde_job *job)
{
    const ipl_labels *y = job->y;
    fill_kernels(job, line);
    for (int32_t c = 0; c < y->classes; ++c) {
        const int64_t from = y->start[c], to = y->start[c + 1];
        if (from == to) continue;
        memset(line->spread, 0, sizeof line->spread);
        for (int64_t i = from; i < to; ++i) {
            const int32_t row = y->order[i];
            double *weight = line->row[row].weight;
            const int64_t first = weigh(line, along(job, row), weight);
            line->row[row].first = first;
            for (int j = 0; j < ORDER; ++j) line->spread[first + j] += weight[j];
        }
        convolve(line);
        for (int64_t i = from; i < to; ++i)
            read_sums(line, job, y->order[i], line->own, 1);
    }
    for (int32_t i = 0; i < job->n; ++i) read_sums(line, job, i, line->all, 0);
}
