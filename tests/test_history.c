/*
 * test_history.c - how far two measured ticks are apart.
 */
#include "check.h"
#include "plane/history.h"

enum { LAYERS = 2, POINTS = 2 };

/* Two layers with a bin and a kde-upper point each; i_xt of all is `x`, i_ty `y`. */
static void add(ipl_history *h, int64_t tick, double x, double y)
{
    ipl_layer layer[LAYERS];
    for (int l = 0; l < LAYERS; ++l)
        layer[l] = (ipl_layer){
            .points = POINTS,
            .point = {{.name = "bin", .i_xt = x, .i_ty = y},
                      {.name = "kde-upper", .i_xt = x + l, .i_ty = y}}};
    CHECK_OK(ipl_history_add(h, tick, layer));
}

static void distance_is_the_largest_change_as_a_share(void **state)
{
    (void)state;
    ipl_history *h;
    CHECK_OK(ipl_history_create(LAYERS, NULL, 8.0, 0.5, &h));
    add(h, 0, 4.0, 0.25);
    add(h, 7, 2.0, 0.25);  /* X: 2 / 8 */
    add(h, 3, 4.0, 0.0);   /* Y: 0.25 / 0.5 */
    CHECK(ipl_history_distance(h, 0, 7) == 0.25);
    CHECK(ipl_history_distance(h, 7, 0) == 0.25);
    CHECK(ipl_history_distance(h, 0, 3) == 0.5 && ipl_history_distance(h, 3, 3) == 0.0);
    ipl_history_destroy(h);
}

/* A policy must not skip for want of values: a NaN is large, unless the value is never
 * defined and another one is. */
static void undefined_values_are_not_small_changes(void **state)
{
    (void)state;
    ipl_history *h;
    CHECK_OK(ipl_history_create(LAYERS, NULL, 1.0, 1.0, &h));
    add(h, 0, 1.0, NAN);
    add(h, 1, 1.5, NAN);
    add(h, 2, 1.0, 0.5);
    add(h, 3, NAN, NAN);
    add(h, 4, NAN, NAN);
    CHECK(ipl_history_distance(h, 0, 1) == 0.5);
    CHECK(ipl_history_distance(h, 0, 2) == INFINITY);
    CHECK(ipl_history_distance(h, 2, 3) == INFINITY);
    CHECK(ipl_history_distance(h, 3, 4) == INFINITY);
    ipl_history_destroy(h);
}

static void one_class_leaves_the_input_to_decide(void **state)
{
    (void)state;
    ipl_history *h;
    CHECK_OK(ipl_history_create(LAYERS, NULL, 2.0, 0.0, &h));
    add(h, 0, 1.0, 0.0);
    add(h, 1, 2.0, 0.0);
    CHECK(ipl_history_distance(h, 0, 1) == 0.5);
    ipl_history_destroy(h);
}

/* Of a list of values every setting decides, and no other points do. */
static void a_decider_stands_for_all_its_settings(void **state)
{
    static ipl_layer layer[2];
    (void)state;
    for (int t = 0; t < 2; ++t)
        layer[t] = (ipl_layer){.points = 4,
                               .point = {{.name = "kde-upper@0.1", .i_xt = t},
                                         {.name = "kde-upper@1e-2", .i_xt = 2 * t},
                                         {.name = "kde-lower@0.1", .i_xt = 9 * t},
                                         {.name = "kde-upper-2", .i_xt = 9 * t}}};
    ipl_history *h;
    CHECK_OK(ipl_history_create(1, "kde-upper", 1.0, 1.0, &h));
    for (int t = 0; t < 2; ++t) CHECK_OK(ipl_history_add(h, t, &layer[t]));
    CHECK(ipl_history_distance(h, 0, 1) == 2.0);
    ipl_history_destroy(h);
}

static const check_test tests[] = {
    CHECK_TEST(distance_is_the_largest_change_as_a_share),
    CHECK_TEST(undefined_values_are_not_small_changes),
    CHECK_TEST(one_class_leaves_the_input_to_decide),
    CHECK_TEST(a_decider_stands_for_all_its_settings),
};

CHECK_MAIN("history", tests, 0)
