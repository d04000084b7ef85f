/*
 * test_backends.c - every device places a layer where the portable host code does.
 *
 * Counts and cells are integers, so BIN must agree bit for bit. KDE sums are in float,
 * in another order on each device: 1e-5 bits, a thousandth of what a plane shows.
 */
#include "check.h"
#include "layers.h"

static const double kde_bits = 1e-5;

static const struct {
    int64_t n, d;
    int32_t classes;
    double  spread;
} shape[] = {{2, 1, 2, 0.5},    {129, 3, 1, 0.5},  {300, 10, 10, 0.3},
             {257, 20, 200, 0.3}, {200, 33, 3, 0.3}, {190, 130, 5, 0.1},
             {70, 1030, 2, 0.02}};
enum { SHAPES = sizeof shape / sizeof *shape };

typedef struct {
    float   *t;
    int32_t *y, *cell[2];
} made;

static made make(int s)
{
    const size_t cells = (size_t)shape[s].n * sizeof(int32_t);
    return (made){layer_make(shape[s].n, shape[s].d, 12, shape[s].spread, check_seed()),
                  layer_labels(shape[s].n, shape[s].classes, check_seed()),
                  {test_malloc(cells), test_malloc(cells)}};
}

static void drop(made m)
{
    test_free(m.t);
    test_free(m.y);
    test_free(m.cell[0]);
    test_free(m.cell[1]);
}

static ipl_device *host(void)
{
    ipl_device *dev;
    CHECK_OK(ipl_device_open("cpu:portable", NULL, &dev));
    return dev;
}

/* The layer's points on the tested device and on the host. */
static void both(ipl_device *dev, ipl_device *other, const ipl_mi_options *o, int s,
                 const made *m, ipl_mi_job job[2])
{
    for (int on = 0; on < 2; ++on)
        job[on] = layer_points(on ? other : dev, o, shape[s].n, shape[s].d, m->t,
                               shape[s].classes, m->y, m->cell[on]);
}

static void bins_and_their_points_are_the_same_bits(void **state)
{
    ipl_device *other = host();
    for (int s = 0; s < SHAPES; ++s)
        for (int f = 0; f < IPL_BIN_FORM_COUNT; ++f) {
            made m = make(s);
            ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
            ipl_mi_job job[2];
            o.bin_form = (ipl_bin_form)f;
            both(check_device(state), other, &o, s, &m, job);
            const ipl_mi_point *p = job[0].point, *q = job[1].point;
            CHECK(p->i_xt == q->i_xt && p->i_ty == q->i_ty && p->h_t == q->h_t);
            CHECK(p->cells == q->cells && p->flags == q->flags);
            CHECK(p->outside_share == q->outside_share);
            assert_memory_equal(m.cell[0], m.cell[1],
                                (size_t)shape[s].n * sizeof *m.cell[0]);
            drop(m);
        }
    ipl_device_close(other);
}

static void kde_points_agree_to_1e_5_bits(void **state)
{
    static const double var[] = {1e-3, 0.05, 2.0};
    ipl_device *other = host();
    for (int s = 0; s < SHAPES; ++s)
        for (size_t v = 0; v < sizeof var / sizeof *var; ++v) {
            made m = make(s);
            ipl_mi_options o = ipl_mi_defaults(IPL_MI_KDE);
            ipl_mi_job job[2];
            o.noise_var = var[v];
            both(check_device(state), other, &o, s, &m, job);
            for (int b = 0; b < 2; ++b) {
                const ipl_mi_point *p = job[0].point + b, *q = job[1].point + b;
                const double got[2] = {p->i_xt / log(2.0), p->i_ty / log(2.0)};
                const double want[2] = {q->i_xt / log(2.0), q->i_ty / log(2.0)};
                const double bound[2] = {kde_bits, kde_bits};
                check_within("I(X;T), I(T;Y) in bits", 2, got, want, bound);
            }
            drop(m);
        }
    ipl_device_close(other);
}

static const check_test tests[] = {
    CHECK_TEST(bins_and_their_points_are_the_same_bits),
    CHECK_TEST(kde_points_agree_to_1e_5_bits),
};

CHECK_MAIN("backends", tests, 1)
