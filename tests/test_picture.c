/*
 * test_picture.c - what the curves of a picture stand for.
 */
#include "tables_case.h"

static void blocks_hold_means_and_deviations_over_the_seeds(void **state)
{
    (void)state;
    char *script = made_up_script(), name[32];
    for (int e = 0; e < ESTIMATORS; ++e)
        for (int l = 0; l < LAYERS; ++l) {
            snprintf(name, sizeof name, "$plane%d", e);
            const block *b = block_of(script, name, l);
            CHECK(b->rows == TICKS + 1);
            for (int t = 0; t < TICKS; ++t) {
                CHECK(b->columns[t] == 10 && b->value[t][0] == drawn_tick(t));
                for (int a = X; a <= Y; ++a) {
                    check_near("mean", b->value[t][1 + 2 * a], mean_of(t, l, e, a));
                    check_near("deviation", b->value[t][2 + 2 * a],
                               deviation_of(t, l, e, a));
                }
                CHECK(b->value[t][5] == 1); /* few points: each has its bars */
                CHECK(b->value[t][6] == 0); /* no doubt is known of */
            }
        }
    const block *b = block_of(script, "$training", -1);
    CHECK(b->rows == TICKS);
    for (int t = 0; t < TICKS; ++t) {
        CHECK(b->columns[t] == 1 + VALUES && b->value[t][0] == drawn_tick(t));
        for (int v = 0; v < VALUES; ++v)
            check_near("training", b->value[t][1 + v], mean_training(t, v));
    }
    free(script);
}

static void planes_place_the_means_and_their_deviations(void **state)
{
    (void)state;
    char *script = made_up_script(), way[64], source[32];
    for (int e = 0; e < ESTIMATORS; ++e) {
        panel p = panel_named(script, title_of[e], axis_name[X], axis_name[Y]);
        snprintf(source, sizeof source, "$plane%d", e);
        CHECK(p.curves == 5 * LAYERS);
        for (int k = 0; k < p.curves; ++k) CHECK(!strcmp(p.curve[k].source, source));
        for (int l = 0; l < LAYERS; ++l) {
            const curve *line = &p.curve[LAYERS - 1 - l]; /* from the last layer on */
            const curve *bars = line + LAYERS;
            snprintf(way, sizeof way, "pt %d ps variable lc", shape_of[l]);
            const curve *rim = only_curve(&p, way, l);
            const curve *white = rim + 1, *filled = rim + 2;
            snprintf(way, sizeof way, "with points pt %d ", shape_of[l]);
            CHECK(strstr(line->style, "with lines"));
            CHECK(strstr(bars->style, "with xyerrorbars"));
            CHECK(strstr(white->style, way) && strstr(white->style, "#ffffff"));
            CHECK(strstr(filled->style, way) && strstr(filled->style, "lc palette z"));
            CHECK(curve_entries(bars) == 4 && curve_entries(filled) == 3);
            const curve *all[] = {line, bars, rim, white, filled};
            for (int k = 0; k < 5; ++k) CHECK(all[k]->index == l);
            const block *b = rows_of(script, line);
            for (int t = 0; t < TICKS; ++t) {
                for (int a = X; a <= Y; ++a) {
                    const double mean = mean_of(t, l, e, a);
                    const double off = a == X ? NAN : mean;
                    check_near("line", curve_value(line, 1 + a, b->value[t]), mean);
                    check_near("bars", curve_value(bars, 1 + a, b->value[t]), mean);
                    check_near("length of a bar", curve_value(bars, 3 + a, b->value[t]),
                               deviation_of(t, l, e, a));
                    check_near("rim", curve_value(rim, 1 + a, b->value[t]), mean);
                    check_near("tick 0", curve_value(white, 1 + a, b->value[t]),
                               t ? off : mean);
                    check_near("point", curve_value(filled, 1 + a, b->value[t]),
                               t ? mean : off);
                }
                CHECK(curve_value(filled, 3, b->value[t]) == drawn_tick(t));
                check_near("rim", curve_size(rim, b->value[t]),
                           1.15 + 0.38 * b->value[t][9]);
            }
        }
        free(p.text);
    }
    free(script);
}

/* Also where means are negative, as differences of two bounds can be. */
static void axes_reach_from_the_least_to_the_largest_mean(void **state)
{
    (void)state;
    char *script = made_up_script();
    double lo[2], hi[2];
    for (int k = 0; k < 3 * ESTIMATORS; ++k) { /* plane, I(X;T), I(T;Y) */
        const int e = k / 3, kind = k % 3;
        panel p = panel_named(script, title_of[e], kind ? "epoch" : axis_name[X],
                              axis_name[kind == 1 ? X : Y]);
        panel_range(&p, kind == 1 ? "yrange" : "xrange", &lo[X], &hi[X]);
        panel_range(&p, "yrange", &lo[Y], &hi[Y]);
        for (int a = kind == 2 ? Y : X; a <= (kind == 1 ? X : Y); ++a)
            for (int t = 0; t < TICKS; ++t)
                for (int l = 0; l < LAYERS; ++l)
                    CHECK(lo[a] < mean_of(t, l, e, a) && mean_of(t, l, e, a) < hi[a]);
        free(p.text);
    }
    free(script);
}

/* A band reaches from one deviation below the mean to one above it. */
static void bands_are_one_deviation_to_each_side(void **state)
{
    (void)state;
    char *script = made_up_script(), way[64];
    for (int e = 0; e < ESTIMATORS; ++e)
        for (int a = X; a <= Y; ++a) {
            panel p = panel_named(script, title_of[e], "epoch", axis_name[a]);
            CHECK(p.curves == 1 + 2 * LAYERS);
            for (int l = 0; l < LAYERS; ++l) {
                snprintf(way, sizeof way, "with linespoints lw 1.8 pt %d", shape_of[l]);
                const curve *line = only_curve(&p, way, l);
                const curve *band = only_curve(&p, "with filledcurves", l);
                CHECK(line->source[6] - '0' == e && band->source[6] - '0' == e);
                CHECK(line->index == l && band->index == l);
                CHECK(curve_entries(line) == 3 && curve_entries(band) == 3);
                const block *b = rows_of(script, line);
                for (int t = 0; t < TICKS; ++t) {
                    const double *row = b->value[t], mean = mean_of(t, l, e, a);
                    const double deviation = deviation_of(t, l, e, a);
                    CHECK(curve_value(line, 1, row) == drawn_tick(t));
                    CHECK(curve_value(band, 1, row) == drawn_tick(t));
                    check_near("line", curve_value(line, 2, row), mean);
                    check_near("point", curve_size(line, row), 0.45 + 0.3 * row[7 + a]);
                    check_near("band", curve_value(band, 2, row), mean - deviation);
                    check_near("band", curve_value(band, 3, row), mean + deviation);
                }
            }
            free(p.text);
        }
    free(script);
}

/* Each measured tick has a mark at the foot, of some length and no width. */
static void marks_stand_at_the_measured_ticks(void **state)
{
    (void)state;
    char *script = made_up_script();
    for (int k = 0; k < 2 * ESTIMATORS; ++k) {
        panel p = panel_named(script, title_of[k / 2], "epoch", axis_name[k % 2]);
        const curve *marks = &p.curve[0];
        double lo, hi;
        panel_range(&p, "yrange", &lo, &hi);
        CHECK(!strcmp(marks->source, "$measured"));
        CHECK(strstr(marks->style, "with vectors nohead"));
        const block *b = block_of(script, "$measured", -1);
        CHECK(b->rows == TICKS && curve_entries(marks) == 4);
        for (int t = 0; t < TICKS; ++t) {
            const double *row = b->value[t];
            CHECK(curve_value(marks, 1, row) == drawn_tick(t));
            check_near("foot", curve_value(marks, 2, row), lo);
            CHECK(curve_value(marks, 3, row) == 0.0);
            CHECK(curve_value(marks, 4, row) > 0.0);
            CHECK(curve_value(marks, 4, row) < 0.1 * (hi - lo));
        }
        free(p.text);
    }
    free(script);
}

static const check_test tests[] = {
    CHECK_TEST(blocks_hold_means_and_deviations_over_the_seeds),
    CHECK_TEST(planes_place_the_means_and_their_deviations),
    CHECK_TEST(axes_reach_from_the_least_to_the_largest_mean),
    CHECK_TEST(bands_are_one_deviation_to_each_side),
    CHECK_TEST(marks_stand_at_the_measured_ticks),
};

CHECK_MAIN("picture", tests, 0)
