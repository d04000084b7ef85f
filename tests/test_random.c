/*
 * test_random.c - the counter-based generator against its published answers.
 */
#include "check.h"
#include "random.h"

static void philox_gives_the_published_words(void **state)
{
    (void)state;
    /* Known-answer vectors of Philox4x32-10 (Salmon et al. 2011, Random123):
     * counter 0..3, key 0..1, words 0..3. */
    static const struct { uint64_t seed, stream, index; uint32_t want[4]; } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t k = 0; k < sizeof known / sizeof *known; ++k) {
        uint32_t word[4];
        ipl_random_block((ipl_random){known[k].seed, known[k].stream},
                         known[k].index, word);
        for (int w = 0; w < 4; ++w) assert_int_equal(word[w], known[k].want[w]);
    }
}

static void permutations_hold_every_row_once(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    int32_t *order = test_malloc(COUNT * sizeof *order);
    char *seen = test_calloc(COUNT, 1);
    ipl_random_permutation((ipl_random){check_seed(), 3}, COUNT, order);
    int64_t moved = 0;
    for (int i = 0; i < COUNT; ++i) {
        assert_in_range(order[i], 0, COUNT - 1);
        assert_false(seen[order[i]]);
        seen[order[i]] = 1;
        moved += order[i] != i;
    }
    CHECK(moved > COUNT - 20); /* a random permutation has one fixed point */
    test_free(order);
    test_free(seen);
}

static void integers_below_a_bound_are_uniform(void **state)
{
    (void)state;
    enum { DRAWS = 60000, BOUND = 6 };
    int64_t seen[BOUND] = {0};
    for (uint64_t i = 0; i < DRAWS; ++i)
        ++seen[ipl_random_below((ipl_random){check_seed(), 9}, i, BOUND)];
    double chi2 = 0.0;
    for (int b = 0; b < BOUND; ++b) {
        const double off = (double)seen[b] - (double)DRAWS / BOUND;
        chi2 += off * off * BOUND / DRAWS;
    }
    CHECK(chi2 < 30.0); /* 5 degrees of freedom: exceeded with p = 1.5e-5 */
}

static const check_test tests[] = {
    CHECK_TEST(philox_gives_the_published_words),
    CHECK_TEST(permutations_hold_every_row_once),
    CHECK_TEST(integers_below_a_bound_are_uniform),
};

CHECK_MAIN("random", tests, 0)
