/*
 * accuracy.c - how far off each estimator is where the truth is known.
 *
 *     accuracy [--table] [SEEDS]
 *
 * Draws samples of each case, estimates them on the CPU and prints truth, estimate
 * (mean and deviation over the seeds) and error, in nats, one line a figure; --table
 * prints the estimates of the families of neighbours alone, for README. Lines begin
 * with `ok` or `not ok` where something is claimed: that the figure agrees with what an
 * independent implementation gave on samples of the same kind (three seeds, whose
 * deviation was 0.02 or more), within four standard errors of both means; or with the
 * truth within 0.05 and 5 %; or that it bounds the truth. All others begin with `-`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "accuracy_cases.h"
#include "ipl_mi.h"

enum { N = 1000, SEEDS = 10, SEEDS_MAX = 32, REFERENCE_SEEDS = 3 };

/* -- What is estimated ------------------------------------------------------------*/

static const struct {
    ipl_mi_estimator family;
    const char      *option, *name;
    int              point;
} columns[] = {
    {IPL_MI_KSG, "k=5", "ksg1", 0},  {IPL_MI_KSG, "k=5", "ksg2", 1},
    {IPL_MI_MIXED, "k=5", "mixed", 0}, {IPL_MI_MS, "k=5", "ms", 0},
    {IPL_MI_ROSS, "k=5", "ross", 0}, {IPL_MI_KL, "k=5", "kl", 0},
    {IPL_MI_LNN, "k=5", "lnn", 0},   {IPL_MI_LNN, "k=10", "lnn", 0},
    {IPL_MI_LGA, "k=10", "lga", 0},  {IPL_MI_LGA, "k=20", "lga", 0},
    {IPL_MI_LGA, "k=40", "lga", 0},  {IPL_MI_BIN, "form=exact", "bin", 0},
    {IPL_MI_BIN, "form=exact;correction=miller-madow", "bin", 0},
    {IPL_MI_KDE, "noise_var=0.05", "kde-upper", 0},
    {IPL_MI_KDE, "noise_var=0.05", "kde-lower", 1},
    {IPL_MI_RENYI, "alpha=1", "renyi", 0},
};
enum { KSG1, KSG2, MIXED, MS, ROSS, KL, LNN5, LNN10, LGA10, LGA20, LGA40, BIN, BIN_MM,
       KDE_UPPER, KDE_LOWER, RENYI, COLUMNS = sizeof columns / sizeof *columns,
       TABLE_COLUMNS = BIN /* those behind are estimated where they claim something */
};

/* What is claimed: REF: agrees with reference[]; BAR: with the truth; ABOVE, BELOW: a
 * bound of it. */
enum { NONE, BAR, REF, ABOVE, BELOW };

typedef struct {
    accuracy_case of;
    int           claim[COLUMNS];
    double        reference[COLUMNS];
} row;

/* Of ksg1, kl, lnn k = 5 and 10, lga k = 10, 20, 40. */
#define GIVEN(ksg, kl, lnn5, lnn10, lga10, lga20, lga40)                              \
    .claim = {[KSG1] = REF, [KL] = REF, [LNN5] = REF, [LNN10] = REF, [LGA10] = REF,    \
              [LGA20] = REF, [LGA40] = REF},                                           \
    .reference = {[KSG1] = ksg, [KL] = kl, [LNN5] = lnn5, [LNN10] = lnn10,             \
                  [LGA10] = lga10, [LGA20] = lga20, [LGA40] = lga40}
#define OF(ways, wanted, inputs, width, parameter)                                     \
    .want = wanted, .dx = inputs, .dt = width, .a = parameter, .draw = draw_##ways,    \
    .truth = truth_##ways

static const row rows[] = {
    {{"rho 0, 1+1", OF(pairs, WANT_X, 1, 1, 0.0)},
     GIVEN(-0.015, 0.024, -0.036, -0.012, 0.040, 0.024, 0.016)},
    {{"rho .9, 1+1", OF(pairs, WANT_X, 1, 1, 0.9)},
     GIVEN(0.831, 0.856, 0.795, 0.795, 0.830, 0.818, 0.819)},
    {{"rho .9999, 1+1", OF(pairs, WANT_X, 1, 1, 0.9999)},
     GIVEN(4.055, 4.080, 4.035, 4.130, 4.145, 4.184, 4.209)},
    {{"X + .2 U", OF(edge, WANT_X, 1, 1, 0.2)},
     GIVEN(1.641, 1.601, 1.593, 1.569, 1.591, 1.534, 1.519)},
    {{"X + .01 U", OF(edge, WANT_X, 1, 1, 0.01)},
     GIVEN(4.280, 4.270, 4.310, 4.384, 4.394, 4.431, 4.463)},
    {{"rho 0, 2+2", OF(pairs, WANT_X, 2, 2, 0.0)},
     GIVEN(-0.001, 0.013, 0.000, 0.010, -0.097, -0.057, -0.035)},
    {{"dense, 2+2", OF(dense, WANT_X, 2, 2, 0.5)},
     GIVEN(0.266, 0.317, 0.273, 0.286, 0.189, 0.244, 0.275)},
    {{"rho .9, 3+3", OF(pairs, WANT_X, 3, 3, 0.9)},
     GIVEN(2.057, 2.126, 2.492, 2.479, 2.392, 2.430, 2.448)},
    {{"dense, 3+3", OF(dense, WANT_X, 3, 3, 0.5)},
     GIVEN(0.391, 0.351, 0.465, 0.437, 0.354, 0.386, 0.400)},
    {{"half-cube .8, 3+3", OF(stretched, WANT_X, 3, 3, 0.8)},
     GIVEN(1.130, 1.115, 1.258, 1.160, 1.031, 1.037, 1.074)},
    {{"rho 0, 5+5", OF(pairs, WANT_X, 5, 5, 0.0)},
     GIVEN(-0.014, -0.301, 0.028, 0.014, -0.012, -0.005, -0.003)},
    {{"rho .9, 5+5", OF(pairs, WANT_X, 5, 5, 0.9)},
     GIVEN(2.412, 2.557, 4.109, 4.104, 4.079, 4.090, 4.097)},
    {{"dense, 5+5", OF(dense, WANT_X, 5, 5, 0.5)},
     GIVEN(0.508, 0.192, 0.597, 0.584, 0.560, 0.566, 0.568)},
    {{"lattice, rho .6", OF(lattice, WANT_X, 1, 1, 0.6)}, .claim = {[MS] = BAR}},
    {{"steps, 5 values", OF(steps, WANT_X, 1, 1, 5.0)}, .claim = {[MIXED] = BAR}},
    {{"zeros and Poisson", OF(poisson, WANT_X, 1, 1, 0.15)},
     .claim = {[MIXED] = BAR, [MS] = BAR}},
    {{"H, normal, d = 1", OF(normals, WANT_H, 0, 1, 3.0)},
     .claim = {[KL] = BAR, [LNN5] = BAR, [LGA20] = BAR}},
    {{"H, normal, d = 5", OF(normals, WANT_H, 0, 5, 0.5)},
     .claim = {[LNN5] = BAR, [LGA20] = BAR}},
    {{"H, cube, d = 2", OF(cube, WANT_H, 0, 2, 2.0)}, .claim = {[KL] = BAR}},
    {{"classes, d = 1", OF(two, WANT_Y, 0, 1, 1.0)},
     .claim = {[MIXED] = BAR, [ROSS] = BAR, [KL] = BAR, [LNN5] = BAR, [LGA20] = BAR}},
    {{"classes, d = 5", OF(two, WANT_Y, 0, 5, 1.0)}, .claim = {[LNN5] = BAR}},
    {{"steps, 5 classes", OF(steps, WANT_Y, 0, 1, 5.0)},
     .claim = {[MIXED] = BAR, [ROSS] = BAR}},
    {{"H, 60 symbols", OF(symbols, WANT_H, 0, 1, 60.0)},
     .claim = {[BIN] = BELOW, [BIN_MM] = BAR}},
    {{"H, normal + noise", OF(noisy, WANT_H, 0, 1, 1.0)},
     .claim = {[KDE_UPPER] = ABOVE, [KDE_LOWER] = BELOW}},
    {{"classes far apart", OF(two, WANT_Y, 0, 1, 50.0)},
     .claim = {[RENYI] = BAR, [ROSS] = BAR}},
};
enum { ROWS = sizeof rows / sizeof *rows };

/* -- Estimating -------------------------------------------------------------------*/

static void must(ipl_status st)
{
    if (st == IPL_OK) return;
    fprintf(stderr, "accuracy: %s\n", ipl_last_error());
    exit(2);
}

typedef struct {
    float   x[N * 8], t[N * 8];
    int32_t y[N];
} sample;

static void draw(const accuracy_case *c, uint64_t seed, int number, sample *s)
{
    draws r = {{seed, 1000 + (uint64_t)number}, 0};
    for (int i = 0; i < N; ++i) {
        double x[8] = {0}, t[8] = {0};
        int y = 0;
        c->draw(c, &r, x, t, &y);
        for (int k = 0; k < c->dx; ++k) s->x[i * c->dx + k] = (float)x[k];
        for (int k = 0; k < c->dt; ++k) s->t[i * c->dt + k] = (float)t[k];
        s->y[i] = y;
    }
}

/* "form=exact;correction=none": one option after the other. */
static void set_options(const char *text, ipl_mi_options *options)
{
    char one[64];
    for (; *text; text += strspn(text, ";")) {
        const size_t length = strcspn(text, ";");
        snprintf(one, sizeof one, "%.*s", (int)length, text);
        must(ipl_mi_options_set(options, one));
        text += length;
    }
}

/* The wanted value of each column; NaN: not defined. */
static void estimate(ipl_device *dev, const row *of, const sample *s,
                     double value[COLUMNS])
{
    const accuracy_case *c = &of->of;
    const ipl_mi_samples samples = {.n = N, .y = c->want == WANT_Y ? s->y : NULL,
                                    .inputs_d = c->dx, .inputs = c->dx ? s->x : NULL};
    for (int k = 0; k < COLUMNS; ++k) {
        ipl_mi_layer layer = {.d = c->dt, .t = s->t};
        ipl_mi_options options = ipl_mi_defaults(columns[k].family);
        value[k] = NAN;
        if (k >= TABLE_COLUMNS && of->claim[k] == NONE) continue;
        set_options(columns[k].option, &options);
        must(ipl_mi_estimate_host(dev, 1, &options, &samples, 1, &layer));
        const ipl_mi_point *p = &layer.point[columns[k].point];
        value[k] = c->want == WANT_X ? p->i_xt : c->want == WANT_Y ? p->i_ty : p->h_t;
    }
}

/* -- Judging ----------------------------------------------------------------------*/

typedef struct {
    double mean, deviation;
} figure;

static figure figure_of(int count, double (*value)[COLUMNS], int column)
{
    figure f = {0};
    for (int s = 0; s < count; ++s) f.mean += value[s][column] / count;
    for (int s = 0; s < count; ++s)
        f.deviation += pow(value[s][column] - f.mean, 2) / (count - 1);
    f.deviation = sqrt(f.deviation);
    return f;
}

/* The reference's figures have three digits. */
static int is_right(const row *r, int column, double truth, figure f, int seeds)
{
    const double other = fmax(f.deviation, 0.02);
    const double spread = sqrt(f.deviation * f.deviation / seeds +
                               other * other / REFERENCE_SEEDS);
    if (r->claim[column] == REF)
        return fabs(f.mean - r->reference[column]) <= 4.0 * spread + 0.0005;
    if (r->claim[column] == ABOVE) return f.mean >= truth;
    if (r->claim[column] == BELOW) return f.mean <= truth;
    return fabs(f.mean - truth) <= 0.05 + 0.05 * truth;
}

typedef struct {
    int passed, failed;
} counts;

static void print_case(const row *r, int seeds, double (*value)[COLUMNS], counts *all)
{
    static const char *const wanted[] = {"I(X;T)", "I(T;Y)", "H(T)"};
    const double truth = r->of.truth(&r->of) + 0.0; /* no -0 */
    static const char *const claims[] = {"", "within .05 + 5 %", "reference",
                                         "at least", "at most"};
    for (int k = 0; k < COLUMNS; ++k) {
        const figure f = figure_of(seeds, value, k);
        const int claim = r->claim[k];
        if (isnan(f.mean) && claim == NONE) continue;
        const int right = claim == NONE || is_right(r, k, truth, f, seeds);
        printf("%-6s  %-18s %-6s %-9s %-4s  truth %8.4f  estimate %8.4f +- %.4f  "
               "error %+8.4f  %s", claim == NONE ? "-" : right ? "ok" : "not ok",
               r->of.name, wanted[r->of.want], columns[k].name, columns[k].option,
               truth, f.mean, f.deviation, f.mean - truth, claims[claim]);
        if (claim == REF) printf(" %7.3f", r->reference[k]);
        printf("\n");
        all->passed += claim != NONE && right;
        all->failed += !right;
    }
}

static void print_table_head(void)
{
    printf("| case | truth |");
    for (int k = 0; k < TABLE_COLUMNS; ++k)
        printf(" %s %s |", columns[k].name, columns[k].option);
    printf("\n|---|---|");
    for (int k = 0; k < TABLE_COLUMNS; ++k) printf("---|");
    printf("\n");
}

static void print_table_row(const row *r, int seeds, double (*value)[COLUMNS])
{
    int any = 0;
    for (int k = 0; k < TABLE_COLUMNS; ++k) any |= r->claim[k] != NONE;
    if (!any) return; /* a case of the other families */
    printf("| %s | %.3f |", r->of.name, r->of.truth(&r->of) + 0.0); /* no -0 */
    for (int k = 0; k < TABLE_COLUMNS; ++k) {
        const figure f = figure_of(seeds, value, k);
        if (isnan(f.mean)) printf(" |");
        else printf(" %.3f |", f.mean);
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    const int table = argc > 1 && !strcmp(argv[1], "--table");
    int seeds = argc > 1 + table ? atoi(argv[1 + table]) : SEEDS;
    counts all = {0};
    static sample s;
    static double value[SEEDS_MAX][COLUMNS];
    ipl_device *dev = NULL;
    if (seeds < 2 || seeds > SEEDS_MAX) seeds = SEEDS;
    must(ipl_device_open("cpu", NULL, &dev));
    if (table) print_table_head();
    for (int k = 0; k < ROWS; ++k) {
        for (int seed = 0; seed < seeds; ++seed) {
            draw(&rows[k].of, (uint64_t)seed + 1, k, &s);
            estimate(dev, &rows[k], &s, value[seed]);
        }
        if (table) print_table_row(&rows[k], seeds, value);
        else print_case(&rows[k], seeds, value, &all);
    }
    ipl_device_close(dev);
    if (!table) printf("%d passed, %d failed, 0 skipped\n", all.passed, all.failed);
    return all.failed > 0;
}
