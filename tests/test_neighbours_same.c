/*
 * test_neighbours_same.c - neighbours and counts depend on the rows alone: not on the
 * company of jobs, on threads, on the order of the rows, or on where the rows lie.
 */
#include "near_run.h"

/* Lists, then counts within the last distance of each list, all runs in one call. */
static void run_both(ipl_device *dev, int runs, near_run *r)
{
    near_lists(dev, runs, r);
    for (int q = 0; q < runs; ++q) near_radii_of(&r[q], r[q].k - 1, q % 2);
    near_counts(dev, runs, r);
}

static void check_same_runs(const near_run *a, const near_run *b)
{
    near_same_lists(a, b);
    near_same_counts(a, b);
}

/* -- Company and threads --------------------------------------------------------- */

enum { COMPANY = 8 };

static void company_make(ipl_device *dev, cloud c[COMPANY], near_run r[COMPANY])
{
    static const struct { int64_t n, d0, d1, k; int32_t classes; } of[COMPANY] = {
        {500, 3, 0, 5, 0}, {77, 20, 1, 64, 0}, {2, 5, 0, 3, 0},   {270, 140, 9, 2, 3},
        {1, 1, 0, 1, 0},   {200, 40, 0, 5, 4}, {300, 1, 1, 16, 0}, {130, 3, 0, 5, 2}};
    for (int q = 0; q < COMPANY; ++q) {
        c[q] = cloud_make(of[q].n, of[q].d0, of[q].d1, of[q].classes,
                          q % 3 ? IPL_NORM_MAX : IPL_NORM_EUCLID);
        r[q] = near_open(dev, &c[q], of[q].k, 0);
    }
}

static void company_end(ipl_device *dev, cloud c[COMPANY], near_run r[COMPANY])
{
    for (int q = 0; q < COMPANY; ++q) {
        near_close(dev, &r[q]);
        cloud_free(&c[q]);
    }
}

static void company_and_repetition_change_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    cloud c[COMPANY];
    near_run r[COMPANY];
    company_make(dev, c, r);
    run_both(dev, COMPANY, r);
    for (int q = 0; q < COMPANY; ++q)
        for (int again = 0; again < 2; ++again) {
            near_run alone = near_open(dev, &c[q], r[q].k, 0);
            near_lists(dev, 1, &alone);
            near_radii_of(&alone, alone.k - 1, q % 2);
            near_counts(dev, 1, &alone);
            check_same_runs(&r[q], &alone);
            near_close(dev, &alone);
        }
    company_end(dev, c, r);
}

static void number_of_threads_changes_no_bit(void **state)
{
    ipl_device *dev = check_device(state);
    cloud c[COMPANY];
    near_run given[COMPANY];
    company_make(dev, c, given);
    run_both(dev, COMPANY, given);
    for (int threads = 1; threads <= 3; ++threads) {
        const ipl_device_options options = {.threads = threads};
        ipl_device *other;
        cloud again[COMPANY];
        near_run r[COMPANY];
        CHECK_OK(ipl_device_open(ipl_device_about(dev)->name, &options, &other));
        company_make(other, again, r);
        run_both(other, COMPANY, r);
        for (int q = 0; q < COMPANY; ++q) check_same_runs(&given[q], &r[q]);
        company_end(other, again, r);
        ipl_device_close(other);
    }
    company_end(dev, c, given);
}

/* -- Order of the rows ----------------------------------------------------------- */

/* Row i of the result is row order[i] of the rows. */
static cloud permuted(const cloud *c, const int32_t *order)
{
    cloud p = cloud_make(c->n, c->d[0], c->d[1], c->classes, c->norm);
    for (int64_t i = 0; i < c->n; ++i) {
        if (c->y) p.y[i] = c->y[order[i]];
        for (int s = 0; s < c->spaces; ++s)
            memcpy(p.t[s] + i * c->d[s], c->t[s] + order[i] * c->d[s],
                   (size_t)c->d[s] * sizeof(float));
    }
    return p;
}

/* Distances and counts bit for bit; a neighbour is the same row unless it ties. */
static void permuted_rows_have_the_permuted_results(void **state)
{
    enum { N = 333, K = 6 };
    ipl_device *dev = check_device(state);
    int32_t order[N];
    ipl_random_permutation((ipl_random){check_seed(), 9}, N, order);
    for (int kind = 0; kind < 6; ++kind) {
        cloud c = cloud_make(N, kind < 4 ? 3 : 70, kind % 2 * 5, kind / 2 % 2 * 4,
                             kind % 3 ? IPL_NORM_MAX : IPL_NORM_EUCLID);
        cloud p = permuted(&c, order);
        near_run a = near_open(dev, &c, K, 0), b = near_open(dev, &p, K, 0);
        run_both(dev, 1, &a);
        run_both(dev, 1, &b);
        for (int64_t i = 0; i < N; ++i) {
            const int64_t of = order[i];
            const float *distance = a.distance + of * K;
            CHECK(a.count[of] == b.count[i]);
            CHECK(!memcmp(distance, b.distance + i * K, K * sizeof(float)));
            for (int m = 0; m + 1 < K; ++m) {
                const int32_t j = b.neighbour[i * K + m];
                if (j < 0 || distance[m] == distance[m + 1]) continue;
                if (m && distance[m] == distance[m - 1]) continue;
                CHECK(order[j] == a.neighbour[of * K + m]);
            }
        }
        near_close(dev, &a);
        near_close(dev, &b);
        cloud_free(&c);
        cloud_free(&p);
    }
}

/* -- Rows in host memory --------------------------------------------------------- */

enum { ROWS = IPL_MI_BLOCK_ROWS };

static void blocks_change_no_bit(void **state)
{
    static const struct { int64_t n, d0, d1; int32_t classes; } of[] = {
        {1025, 1, 1, 0}, {2100, 3, 0, 5}, {1100, 20, 2, 0}, {1100, 3, 33, 3}};
    ipl_device *dev = check_device(state);
    for (int s = 0; s < 4; ++s) {
        cloud c = cloud_make(of[s].n, of[s].d0, of[s].d1, of[s].classes,
                             s % 2 ? IPL_NORM_EUCLID : IPL_NORM_MAX);
        near_run whole = near_open(dev, &c, 5, 0);
        run_both(dev, 1, &whole);
        for (int64_t block = ROWS; block <= 2 * ROWS; block += ROWS) {
            near_run r = near_open(dev, &c, 5, block);
            run_both(dev, 1, &r);
            check_same_runs(&r, &whole);
            near_close(dev, &r);
        }
        near_close(dev, &whole);
        cloud_free(&c);
    }
}

/* One space on the device and one in host memory, and jobs of both kinds in a call. */
static void either_space_may_lie_in_host_memory(void **state)
{
    ipl_device *dev = check_device(state);
    cloud c = cloud_make(1100, 4, 7, 0, IPL_NORM_MAX);
    near_run r[4];
    for (int q = 0; q < 4; ++q) {
        r[q] = near_open(dev, &c, 3, 0);
        r[q].pairs.block = q ? ROWS : 0;
    }
    for (int q = 1; q < 4; ++q)
        for (int s = 0; s < 2; ++s)
            if (q & (1 << s)) {
                ipl_free(dev, (void *)r[q].pairs.space[s].t);
                r[q].pairs.space[s] = (ipl_space){c.d[s], c.t[s], 1};
            }
    near_lists(dev, 4, r);
    for (int q = 0; q < 4; ++q) near_radii_of(&r[q], 2, 1);
    near_counts(dev, 4, r);
    for (int q = 1; q < 4; ++q) check_same_runs(&r[q], &r[0]);
    for (int q = 0; q < 4; ++q) near_close(dev, &r[q]);
    cloud_free(&c);
}

/* -- Windows of launches ----------------------------------------------------------- */

static void length_of_launches_changes_no_bit(void **state)
{
    ipl_device *dev = check_device(state), *small = check_small_launches(dev);
    cloud c[COMPANY], again[COMPANY];
    near_run r[COMPANY], given[COMPANY];
    company_make(dev, c, given);
    company_make(small, again, r);
    run_both(dev, COMPANY, given);
    run_both(small, COMPANY, r);
    for (int q = 0; q < COMPANY; ++q) check_same_runs(&given[q], &r[q]);
    company_end(small, again, r);
    company_end(dev, c, given);

    cloud high = cloud_make(1100, 3, 2, 2, IPL_NORM_MAX);
    near_run whole = near_open(dev, &high, 3, 0);
    near_run block = near_open(small, &high, 3, ROWS);
    run_both(dev, 1, &whole);
    run_both(small, 1, &block);
    check_same_runs(&whole, &block);
    near_close(small, &block);
    near_close(dev, &whole);
    cloud_free(&high);
    ipl_device_close(small);
}

static const check_test tests[] = {
    CHECK_TEST(company_and_repetition_change_no_bit),
    CHECK_TEST(number_of_threads_changes_no_bit),
    CHECK_TEST(permuted_rows_have_the_permuted_results),
    CHECK_TEST(blocks_change_no_bit),
    CHECK_TEST(either_space_may_lie_in_host_memory),
    CHECK_TEST(length_of_launches_changes_no_bit),
};

CHECK_MAIN("neighbours_same", tests, 1)
