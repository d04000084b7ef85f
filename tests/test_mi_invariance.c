/*
 * test_mi_invariance.c - KL, LNN and LGA when rows or units move, and known entropies.
 */
#include "check.h"
#include "entropy_case.h"

enum { ROWS = 150 };

static entropy_case labelled(void)
{
    entropy_case c = case_curved(ROWS, 2, 3, check_seed());
    case_label(&c, 3, check_seed());
    return c;
}

static void check_same(const ipl_mi_point *got, const ipl_mi_point *want, double h_more,
                       double bound)
{
    const double is[3] = {got->h_t, got->i_xt, got->i_ty};
    const double should[3] = {want->h_t + h_more, want->i_xt, want->i_ty};
    const double bounds[3] = {bound, bound, bound};
    CHECK(!got->refusal && !want->refusal);
    check_within("point", 3, is, should, bounds);
}

/* Powers of two move no bit of a distance: H(T) grows by d log a. */
static void scaling_adds_its_logarithm(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f)
        for (int power = -100; power <= 100; power += 50) {
            const ipl_mi_options o = ipl_mi_defaults(families[f]);
            entropy_case c = labelled();
            const ipl_mi_point before = case_point(dev, &o, &c);
            for (int64_t v = 0; v < ROWS * c.d; ++v) c.t[v] = ldexpf(c.t[v], power);
            for (int64_t v = 0; v < ROWS * c.d_x; ++v) c.x[v] = ldexpf(c.x[v], power);
            const ipl_mi_point after = case_point(dev, &o, &c);
            check_same(&after, &before, (double)c.d * power * log(2.0), 1e-11);
            case_free(c);
        }
}

static void shifts_change_nothing(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = ipl_mi_defaults(families[f]);
        entropy_case c = labelled();
        /* Multiples of 2^-16: the sums are exact. */
        for (int64_t v = 0; v < ROWS * c.d; ++v)
            c.t[v] = nearbyintf(ldexpf(c.t[v], 16)) * 0x1p-16f;
        const ipl_mi_point before = case_point(dev, &o, &c);
        for (int64_t v = 0; v < ROWS * c.d; ++v) c.t[v] += (float)(v % c.d * 3);
        const ipl_mi_point after = case_point(dev, &o, &c);
        check_same(&after, &before, 0.0, 1e-11);
        case_free(c);
    }
}

static void the_order_of_rows_does_not_matter(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = ipl_mi_defaults(families[f]);
        entropy_case c = labelled(), moved = labelled();
        int32_t order[ROWS];
        ipl_random_permutation((ipl_random){check_seed(), 960}, ROWS, order);
        for (int64_t i = 0; i < ROWS; ++i) {
            for (int64_t u = 0; u < c.d; ++u)
                moved.t[i * c.d + u] = c.t[order[i] * c.d + u];
            for (int64_t u = 0; u < c.d_x; ++u)
                moved.x[i * c.d_x + u] = c.x[order[i] * c.d_x + u];
            moved.y[i] = c.y[order[i]];
        }
        const ipl_mi_point before = case_point(dev, &o, &c);
        const ipl_mi_point after = case_point(dev, &o, &moved);
        check_same(&after, &before, 0.0, 1e-7);
        case_free(c);
        case_free(moved);
    }
}

static void rotations_change_nothing(void **state)
{
    ipl_device *dev = check_device(state);
    for (int f = 0; f < families_on(dev); ++f) {
        const ipl_mi_options o = ipl_mi_defaults(families[f]);
        entropy_case c = labelled();
        const ipl_mi_point before = case_point(dev, &o, &c);
        const double cosine = cos(0.7), sine = sin(0.7);
        for (int64_t i = 0; i < ROWS; ++i) { /* in the plane of units 0 and 2 */
            float *t = c.t + i * c.d;
            const double a = (double)t[0], b = (double)t[2];
            t[0] = (float)(cosine * a - sine * b);
            t[2] = (float)(sine * a + cosine * b);
        }
        const ipl_mi_point after = case_point(dev, &o, &c);
        check_same(&after, &before, 0.0, 1e-4);
        case_free(c);
    }
}

/* Gaussians with variances 4^c, and uniform cubes of edge 3; nats. Near the faces of a
 * cube local Gaussians do not fit. */
static void entropies_of_known_densities(void **state)
{
    ipl_device *dev = check_device(state);
    const int64_t n = check_size(dev, 1200, 200);
    for (int f = 0; f < families_on(dev); ++f)
        for (int64_t d = 1; d <= 3; ++d) {
            const ipl_mi_options o = ipl_mi_defaults(families[f]);
            entropy_case c = case_normals(n, 1, d, 0.0, check_seed());
            for (int64_t v = 0; v < n * d; ++v) c.t[v] = ldexpf(c.t[v], (int)(v % d));
            const double nd = (double)d;
            const double normal = 0.5 * nd * log(17.079468445347132) +
                                  0.5 * nd * (nd - 1.0) * log(2.0);
            const double uniform = nd * log(3.0);
            const double spread = 5.0 * sqrt(nd / (double)n), faces = spread + 0.1 * nd;
            double got = case_point(dev, &o, &c).h_t;
            check_within("normal", 1, &got, &normal, &spread);
            for (int64_t v = 0; v < n * d; ++v)
                c.t[v] = (float)(3.0 * case_uniform(check_seed(), (uint64_t)v));
            got = case_point(dev, &o, &c).h_t;
            check_within("uniform", 1, &got, &uniform, &faces);
            case_free(c);
        }
}

static const check_test tests[] = {
    CHECK_TEST(scaling_adds_its_logarithm),
    CHECK_TEST(shifts_change_nothing),
    CHECK_TEST(the_order_of_rows_does_not_matter),
    CHECK_TEST(rotations_change_nothing),
    CHECK_TEST(entropies_of_known_densities),
};

CHECK_MAIN("mi_invariance", tests, 1)
