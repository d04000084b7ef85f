/*
 * test_neighbours.c - nearest neighbours and counts within a radius: against double,
 * exact cases, and that both entries of a backend agree on every pair.
 */
#include "near_run.h"

/* The counts within r's radii, each within what rounding allows. */
static void check_counts(ipl_device *dev, near_run *r, const oracle_distance *d)
{
    const cloud *c = r->of;
    near_counts(dev, 1, r);
    for (int64_t i = 0; i < c->n; i += c->every) {
        int32_t want[2];
        oracle_count(c, i, d + i / c->every * c->n, r->radius[i], want);
        if (r->count[i] < want[0] || r->count[i] > want[1])
            fail_msg("n %lld d %lld+%lld norm %d row %lld: %d within %.9g, want %d to "
                     "%d (seed %llu)", (long long)c->n, (long long)c->d[0],
                     (long long)c->d[1], c->norm, (long long)i, r->count[i],
                     (double)r->radius[i], want[0], want[1],
                     (unsigned long long)check_seed());
    }
}

/* The pair at place m is within its own distance and not within the float below, so at
 * least m + 1 are within the one and at most m within the other. */
static void check_thresholds(ipl_device *dev, near_run *r, int64_t m,
                             const oracle_distance *d)
{
    for (int below = 0; below < 2; ++below) {
        near_radii_of(r, m, below);
        check_counts(dev, r, d);
        for (int64_t i = 0; i < r->of->n; ++i) {
            if (r->neighbour[i * r->k + m] < 0) continue;
            if (below ? r->count[i] > m : r->count[i] <= m)
                fail_msg("n %lld d %lld+%lld norm %d row %lld: %d %s distance %lld, "
                         "%.9g (seed %llu)", (long long)r->of->n,
                         (long long)r->of->d[0], (long long)r->of->d[1], r->of->norm,
                         (long long)i, r->count[i], below ? "below" : "within",
                         (long long)m, (double)r->distance[i * r->k + m],
                         (unsigned long long)check_seed());
        }
    }
}

/* Lists, and counts within the first and the last distance of each list. */
static void check_near(ipl_device *dev, const cloud *c, int64_t k, int exact)
{
    oracle_distance *d = oracle_pairs(c, exact);
    near_run r = near_open(dev, c, k, 0);
    near_lists(dev, 1, &r);
    for (int64_t i = 0; i < c->n; i += c->every) {
        const char *wrong = oracle_check_list(c, i, k, d + i / c->every * c->n,
                                              r.distance + i * k, r.neighbour + i * k);
        if (wrong)
            fail_msg("n %lld d %lld+%lld norm %d k %lld row %lld: %s (seed %llu)",
                     (long long)c->n, (long long)c->d[0], (long long)c->d[1], c->norm,
                     (long long)k, (long long)i, wrong,
                     (unsigned long long)check_seed());
    }
    check_thresholds(dev, &r, k - 1, d);
    if (k > 1) check_thresholds(dev, &r, 0, d);
    free(d);
    near_close(dev, &r);
}

/* In both norms, and then with small integers, whose distances are exact and tie. */
static void check_shape(ipl_device *dev, int64_t n, int64_t d0, int64_t d1,
                        int32_t classes, int64_t k)
{
    for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
        cloud c = cloud_make(n, d0, d1, classes, (ipl_norm)norm);
        check_near(dev, &c, k, 0);
        cloud_integers(&c, 4);
        check_near(dev, &c, k, 1);
        cloud_free(&c);
    }
}

/* -- Shapes ---------------------------------------------------------------------- */

static void lists_and_counts_are_right_at_every_height(void **state)
{
    static const int64_t edge[] = {48, 64, 128, 256, 384};
    for (int64_t n = 1; n <= 33; ++n) check_shape(check_device(state), n, 3, 0, 0, 3);
    for (size_t e = 0; e < sizeof edge / sizeof *edge; ++e)
        for (int64_t n = edge[e] - 1; n <= edge[e] + 1; ++n)
            check_shape(check_device(state), n, 3, 0, 0, 4);
}

static void lists_and_counts_are_right_at_every_width(void **state)
{
    static const int64_t wide[] = {63, 64, 65, 127, 128, 129, 200, 255, 256, 257, 300};
    for (int64_t d = 1; d <= 40; ++d)
        check_shape(check_device(state), 83, d, 0, 0, 5);
    for (size_t e = 0; e < sizeof wide / sizeof *wide; ++e)
        check_shape(check_device(state), 83, wide[e], 0, 0, 5);
}

static void lists_and_counts_are_right_in_two_spaces(void **state)
{
    static const int64_t width[][2] = {{1, 1},  {1, 2},   {2, 5},     {8, 8},
                                       {3, 30}, {31, 2},  {64, 65},   {127, 1},
                                       {1, 128}, {128, 128}, {130, 200}, {300, 7}};
    for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
        for (int32_t classes = 0; classes < 4; classes += 3)
            check_shape(check_device(state), 75, width[w][0], width[w][1], classes, 5);
}

/* Some of them more than there are others. */
static void lists_are_right_for_every_k(void **state)
{
    static const int64_t n[] = {1, 2, 5, 40, 64, 65, 66, 150};
    static const int64_t k[] = {1, 2, 4, 8, 15, 16, 17, 31, 32, 33, 63, IPL_MI_K_MAX};
    for (size_t a = 0; a < sizeof n / sizeof *n; ++a)
        for (size_t b = 0; b < sizeof k / sizeof *k; ++b)
            check_shape(check_device(state), n[a], 2, 0, 0, k[b]);
}

/* One class, every row a class of its own, classes that no row has, one row alone, and
 * classes smaller than k. */
static void only_rows_of_the_class_are_others(void **state)
{
    for (int kind = 0; kind < 6; ++kind)
        for (int64_t n = 30; n <= 230; n += 100)
            for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
                cloud c = cloud_make(n, 2, n % 3, 3, (ipl_norm)norm);
                for (int64_t i = 0; i < n; ++i)
                    switch (kind) {
                    case 0: c.y[i] = 0, c.classes = 1; break;
                    case 1: c.y[i] = c.y[i] == 1 ? 3 : c.y[i], c.classes = 6; break;
                    case 2:
                        c.y[i] = (int32_t)(n - 1 - i), c.classes = (int32_t)n;
                        break;
                    case 3: c.y[i] = (int32_t)(i / 5), c.classes = (int32_t)n; break;
                    case 4: c.y[i] = i == n / 2, c.classes = 2; break;
                    case 5: c.y[i] = (int32_t)(i % 7), c.classes = 7; break;
                    }
                check_near(check_device(state), &c, 6, 0);
                cloud_integers(&c, 3);
                check_near(check_device(state), &c, 6, 1);
                cloud_free(&c);
            }
}

/* -- Data ------------------------------------------------------------------------ */

static void ties_are_listed_by_their_row_numbers(void **state)
{
    static const int64_t width[][2] = {{1, 0}, {2, 0}, {7, 0},
                                       {1, 1}, {3, 4}, {64, 65}};
    for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
        for (uint64_t below = 1; below <= 3; ++below)
            for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
                cloud c = cloud_make(150, width[w][0], width[w][1], 0, (ipl_norm)norm);
                cloud_integers(&c, below);
                check_near(check_device(state), &c, 9, 1);
                cloud_free(&c);
            }
}

static void duplicates_are_at_distance_zero(void **state)
{
    for (int64_t d = 1; d <= 133; d += 66)
        for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
            cloud c = cloud_make(200, d, 0, 0, (ipl_norm)norm);
            for (int64_t i = 0; i < c.n; i += 3)
                memcpy(c.t[0] + i * d, c.t[0] + i / 9 * 9 * d,
                       (size_t)d * sizeof(float));
            check_near(check_device(state), &c, 3, 0);
            near_run r = near_open(check_device(state), &c, 1, 0);
            near_radii(&r, 0.0f);
            near_counts(check_device(state), 1, &r);
            CHECK(r.count[0] == 2 && r.count[1] == 0 && r.count[2] == 0);
            near_close(check_device(state), &r);
            cloud_free(&c);
        }
}

/* Clusters with few rows between them, in one dimension to many: where boxes of rows
 * can be left out, and where the nearest rows lie on a far side of a box. */
static void clusters_and_outliers_hide_no_neighbour(void **state)
{
    static const int64_t width[] = {1, 2, 3, 8, 20, 130};
    ipl_device *dev = check_device(state);
    for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
        for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
            const int64_t n = check_size(dev, 700, 300), d = width[w];
            cloud c = cloud_make(n, d, 2, 0, (ipl_norm)norm);
            for (int64_t i = 0; i < n; ++i)
                for (int64_t k = 0; k < d; ++k)
                    c.t[0][i * d + k] = i % 50 == 0
                        ? 100.0f * c.t[0][i * d + k]
                        : 0.01f * c.t[0][i * d + k] + (float)(i % 7 * (k % 3));
            check_near(dev, &c, 5, 0);
            cloud_free(&c);
        }
}

/* More rows than boxes of tiles are looked at together, in few units and in many. */
static void many_rows_are_right(void **state)
{
    static const int64_t width[][2] = {{1, 0}, {1, 1}, {3, 3}, {17, 30}};
    ipl_device *dev = check_device(state);
    for (size_t w = 0; w < sizeof width / sizeof *width; ++w)
        for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm)
            for (int32_t classes = 0; classes < 4; classes += 3) {
                const int64_t n = check_size(dev, 4001, 601);
                cloud c =
                    cloud_make(n, width[w][0], width[w][1], classes, (ipl_norm)norm);
                c.every = n / 20;
                check_near(dev, &c, 5, 0);
                cloud_integers(&c, 40);
                check_near(dev, &c, 5, 1);
                cloud_free(&c);
            }
}

/* The unit brings values near 1, whose squares then neither overflow nor vanish. */
static void unit_of_the_values_does_not_matter(void **state)
{
    static const float power[] = {0x1p-100f, 0x1p-60f, 0x1p-3f, 0x1p60f, 0x1p120f};
    for (size_t p = 0; p < sizeof power / sizeof *power; ++p)
        for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
            cloud c = cloud_make(90, 6, 3, 0, (ipl_norm)norm);
            near_run plain = near_open(check_device(state), &c, 4, 0);
            near_lists(check_device(state), 1, &plain);
            cloud scaled = cloud_make(90, 6, 3, 0, (ipl_norm)norm);
            cloud_times(&scaled, power[p]);
            scaled.unit = 1.0f / power[p];
            check_near(check_device(state), &scaled, 4, 0);
            near_run r = near_open(check_device(state), &scaled, 4, 0);
            near_lists(check_device(state), 1, &r);
            near_same_lists(&r, &plain);
            near_close(check_device(state), &plain);
            near_close(check_device(state), &r);
            cloud_free(&c);
            cloud_free(&scaled);
        }
}

/* Values so small that their squares are denormal numbers or lost. */
static void small_squares_stay_in_order(void **state)
{
    cloud c = cloud_make(120, 3, 0, 0, IPL_NORM_EUCLID);
    for (int e = 0; e < 2; ++e) {
        cloud_times(&c, e ? 0x1p-5f : 0x1p-66f);
        check_near(check_device(state), &c, 5, 0);
    }
    c.norm = IPL_NORM_MAX;
    cloud_times(&c, 0x1p-70f);
    check_near(check_device(state), &c, 5, 0);
    cloud_free(&c);
}

static void any_radius_is_right(void **state)
{
    static const float radius[] = {-INFINITY, -1.0f, -0x1p-149f, -0.0f, 0.0f,
                                   0x1p-149f, 1.0f,  2.0f,       1e30f, INFINITY};
    for (int classes = 0; classes < 5; classes += 4)
        for (int norm = IPL_NORM_MAX; norm <= IPL_NORM_EUCLID; ++norm) {
            cloud c = cloud_make(140, 2, 0, classes, (ipl_norm)norm);
            cloud_integers(&c, 5);
            oracle_distance *d = oracle_pairs(&c, 1);
            near_run r = near_open(check_device(state), &c, 1, 0);
            for (size_t e = 0; e < sizeof radius / sizeof *radius; ++e) {
                near_radii(&r, radius[e]);
                check_counts(check_device(state), &r, d);
                CHECK(radius[e] != INFINITY || r.count[0] == oracle_others(&c, 0));
            }
            for (int64_t i = 0; i < c.n; ++i) r.radius[i] = radius[i % 10];
            check_counts(check_device(state), &r, d);
            free(d);
            near_close(check_device(state), &r);
            cloud_free(&c);
        }
}

static void distances_alone_are_the_same_bits(void **state)
{
    ipl_device *dev = check_device(state);
    cloud c = cloud_make(100, 5, 2, 3, IPL_NORM_MAX);
    near_run r = near_open(dev, &c, 3, 0);
    near_lists(dev, 1, &r);
    ipl_neighbour_job job = {r.pairs, 3, NULL, NULL};
    job.pairs.y = near_labels(&r);
    void *scratch, *distance;
    float alone[300];
    CHECK_OK(ipl_alloc(dev, sizeof alone, &distance));
    CHECK_OK(ipl_alloc(dev, dev->backend->neighbour_scratch_bytes(dev->state, 1, &job),
                       &scratch));
    job.distance = distance;
    CHECK_OK(dev->backend->nearest_neighbours(dev->state, 1, &job, scratch));
    CHECK_OK(ipl_download(dev, distance, sizeof alone, alone));
    CHECK(!memcmp(alone, r.distance, sizeof alone));
    ipl_free(dev, scratch);
    ipl_free(dev, distance);
    near_close(dev, &r);
    cloud_free(&c);
}

static const check_test tests[] = {
    CHECK_TEST(lists_and_counts_are_right_at_every_height),
    CHECK_TEST(lists_and_counts_are_right_at_every_width),
    CHECK_TEST(lists_and_counts_are_right_in_two_spaces),
    CHECK_TEST(lists_are_right_for_every_k),
    CHECK_TEST(only_rows_of_the_class_are_others),
    CHECK_TEST(ties_are_listed_by_their_row_numbers),
    CHECK_TEST(duplicates_are_at_distance_zero),
    CHECK_TEST(clusters_and_outliers_hide_no_neighbour),
    CHECK_TEST(many_rows_are_right),
    CHECK_TEST(unit_of_the_values_does_not_matter),
    CHECK_TEST(small_squares_stay_in_order),
    CHECK_TEST(any_radius_is_right),
    CHECK_TEST(distances_alone_are_the_same_bits),
};

CHECK_MAIN("neighbours", tests, 1)
