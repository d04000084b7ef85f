/*
 * test_pool_picture.c - what the pictures of pooled snapshots show.
 */
#include "pool_case.h"

static const char *const axis_name[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};
static const char *const title_of[] = {"bin: 30 edges over [-1, 1]",
                                       "kde upper bound: noise variance 0.05",
                                       "kde lower bound: noise variance 0.05"};
static const char *const window_title[] = {"epochs 0 to 1", "epochs 2 to 4", "epoch 6"};
static const int shape_of[] = {7, 5, 9};
static const char *const style_of[] = {"lw 2.2 dt 1", "lw 1.2 dt (2,5)",
                                       "lw 1.2 dt (18,8)", "lw 1.2 dt (12,5,2,5)"};

/* -- What is wanted ---------------------------------------------------------------*/

static double mean_of(int window, int k, int layer, int estimator, int control,
                      int axis)
{
    double all = 0.0;
    for (int s = 0; s < POOL_SEEDS; ++s)
        all += pool_value(s, window, k, layer, estimator, control, axis);
    return all / POOL_SEEDS;
}

/* Of a sample: with n - 1. */
static double deviation_of(int window, int k, int layer, int estimator, int axis)
{
    const double mean = mean_of(window, k, layer, estimator, 0, axis);
    double squares = 0.0;
    for (int s = 0; s < POOL_SEEDS; ++s)
        squares += pow(pool_value(s, window, k, layer, estimator, 0, axis) - mean, 2);
    return sqrt(squares / (POOL_SEEDS - 1));
}

/* Blocks have six digits. */
static void check_near(const char *what, double got, double want)
{
    if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 5e-5 * (fabs(want) + 0.1)))
        fail_msg("%s: %.9g, want %.9g", what, got, want);
}

/* The rows that a curve draws, and one that parts them from others. */
static const block *rows_of(const char *script, const curve *c, int rows)
{
    const block *b = block_of(script, c->source, c->index);
    CHECK(b->rows == rows + 1 && isnan(b->value[rows][1]));
    return b;
}

/* Two rows of panels for each estimator, a column for each window. */
static panel pool_panel(const char *script, int estimator, int axis, int window)
{
    return panel_at(script, 1 + (estimator * 2 + axis) * POOL_WINDOWS + window);
}

/* -- Over K -----------------------------------------------------------------------*/

/* The network and each control, of each layer, over the K of the window. */
static void curves_are_means_over_the_seeds(void **state)
{
    char *script = pool_script(IPL_PLOT_POOL, POOL_SEEDS);
    (void)state;
    CHECK(panels_of(script) == 1 + POOL_ESTIMATORS * 2 * POOL_WINDOWS);
    for (int k = 0; k < POOL_ESTIMATORS * 2 * POOL_WINDOWS; ++k) {
        const int e = k / (2 * POOL_WINDOWS), a = k / POOL_WINDOWS % 2;
        const int w = k % POOL_WINDOWS;
        panel p = pool_panel(script, e, a, w);
        CHECK(!strcmp(p.title, window_title[w]) && !strcmp(p.y_label, axis_name[a]));
        CHECK(!strcmp(p.x_label, "snapshots pooled, K"));
        CHECK(p.curves == (e == 1 ? 6 : 5) * POOL_LAYERS);
        for (int l = 0; l < POOL_LAYERS; ++l)
            for (int c = 0; c < POOL_CONTROLS; ++c) {
                char shape[16], way[64];
                snprintf(way, sizeof way, "with %s %s ", c ? "lines" : "linespoints",
                         style_of[c]);
                const curve *line = only_curve(&p, way, l);
                const block *b = rows_of(script, line, pool_ks[w]);
                snprintf(shape, sizeof shape, " pt %d ", shape_of[l]);
                CHECK(!!strstr(line->style, shape) == !c);
                CHECK(line->source[5] - '0' == e && curve_entries(line) == 2 + !c);
                for (int row = 0; row < pool_ks[w]; ++row) {
                    CHECK(curve_value(line, 1, b->value[row]) == pool_k[row]);
                    check_near("value", curve_value(line, 2, b->value[row]),
                               mean_of(w, row, l, e, c, a));
                }
            }
        free(p.text);
    }
    free(script);
}

/* Of the network alone: with those of the controls nothing could be seen. */
static void bands_are_one_deviation_to_each_side(void **state)
{
    char *script = pool_script(IPL_PLOT_POOL, POOL_SEEDS);
    (void)state;
    for (int k = 0; k < 2 * POOL_WINDOWS; ++k) {
        const int a = k / POOL_WINDOWS, w = k % POOL_WINDOWS;
        panel p = pool_panel(script, 1, a, w);
        for (int l = 0; l < POOL_LAYERS; ++l) {
            const curve *band = only_curve(&p, "with filledcurves", l);
            const block *b = rows_of(script, band, pool_ks[w]);
            CHECK(curve_entries(band) == 3);
            for (int row = 0; row < pool_ks[w]; ++row) {
                const double mean = mean_of(w, row, l, 1, 0, a);
                const double deviation = deviation_of(w, row, l, 1, a);
                CHECK(curve_value(band, 1, b->value[row]) == pool_k[row]);
                check_near("below", curve_value(band, 2, b->value[row]),
                           mean - deviation);
                check_near("above", curve_value(band, 3, b->value[row]),
                           mean + deviation);
            }
        }
        free(p.text);
    }
    free(script);
}

/* White middles; controls have none and do not count. */
static void saturated_networks_are_hollow(void **state)
{
    static const char text[] = "set label 'hollow: 2 of 54 points saturated' at ";
    (void)state;
    for (int plane = 0; plane < 2; ++plane) {
        char *script = pool_script(plane ? IPL_PLOT_POOLED_PLANE : IPL_PLOT_POOL,
                                   POOL_SEEDS);
        panel p = plane ? panel_at(script, 4) : pool_panel(script, 1, 0, 0);
        int holes = 0;
        CHECK(panel_says(&p, text) == 1);
        for (int k = 0; k < p.curves; ++k) {
            const curve *c = &p.curve[k];
            const block *b = block_of(script, c->source, c->index);
            if (!strstr(c->style, "lc '#ffffff'")) continue;
            /* the second layer's second K, which is the first window's largest */
            const int layer = plane ? c->index : holes;
            ++holes;
            for (int row = 0; row + 1 < b->rows; ++row) {
                const int is_it = layer == 1 && row == (plane ? 0 : 1);
                check_near("hole", curve_value(c, plane ? 1 : 2, b->value[row]),
                           is_it ? b->value[row][1] : NAN);
            }
        }
        CHECK(holes == POOL_LAYERS);
        free(p.text);
        const char *note = strstr(script, "hollow");
        if (!plane) CHECK(!strstr(note + 1, "hollow")); /* nowhere else */
        free(script);
    }
}

static void one_seed_has_no_bands(void **state)
{
    char *script = pool_script(IPL_PLOT_POOL, 1);
    panel legend = panel_at(script, 0), p = pool_panel(script, 0, 0, 1);
    (void)state;
    CHECK(panel_says(&legend, "64 samples measured'"));
    CHECK(!strstr(script, "filledcurves") && p.curves == 4 * POOL_LAYERS);
    free(p.text);
    free(legend.text);
    free(script);
}

/* Windows of a row can be compared: all have the axes that hold all of them. */
static void a_row_has_one_scale(void **state)
{
    char *script = pool_script(IPL_PLOT_POOL, POOL_SEEDS);
    (void)state;
    for (int e = 0; e < POOL_ESTIMATORS; ++e)
        for (int a = 0; a < 2; ++a) {
            double first[2] = {0}, lo, hi;
            for (int w = 0; w < POOL_WINDOWS; ++w) {
                panel p = pool_panel(script, e, a, w);
                panel_range(&p, "yrange", &lo, &hi);
                if (!w) first[0] = lo, first[1] = hi;
                CHECK(lo == first[0] && hi == first[1]);
                panel_range(&p, "xrange", &lo, &hi);
                CHECK(0.8 < lo && lo < 1.0 && 5.0 < hi && hi < 6.0);
                CHECK(panel_says(&p, "set logscale x;"));
                CHECK(panel_says(&p, "set xtics ('1' 1, '2' 2, '5' 5)\n"));
                for (int l = 0; l < POOL_LAYERS; ++l) {
                    const double mean = mean_of(w, 0, l, e, 0, a);
                    const double deviation = deviation_of(w, 0, l, e, a);
                    CHECK(first[0] < mean - deviation && mean + deviation < first[1]);
                }
                free(p.text);
            }
        }
    free(script);
}

/* Of I(X;T) as pool.csv has them (kde has none here), of I(T;Y) from run.json. */
static void ceilings_are_drawn_and_named(void **state)
{
    char *script = pool_script(IPL_PLOT_POOL, POOL_SEEDS);
    (void)state;
    for (int k = 0; k < POOL_ESTIMATORS * 2; ++k) {
        panel p = pool_panel(script, k / 2, k % 2, 1);
        const int ceiling = panel_says(&p, "from graph 0,first 6 to graph 1,first 6 ");
        const int named = panel_says(&p, "set label 'log_2 n = 6' at graph 1,first 6 ");
        CHECK(ceiling == (k == 0) && named == (k == 0));
        CHECK(panel_says(&p, "set label 'H(Y) = ") == k % 2);
        CHECK(panel_says(&p, "set arrow ") == (k == 0) + k % 2);
        free(p.text);
    }
    free(script);
}

static void captions_name_estimators_layers_and_controls(void **state)
{
    static const char *const means[] = {"the network", "frozen: one snapshot K times",
                                        "walk: Gaussian steps",
                                        "shuffled: samples exchanged", "ceiling"};
    char *script = pool_script(IPL_PLOT_POOL, POOL_SEEDS), text[128];
    panel legend = panel_at(script, 0);
    (void)state;
    CHECK(panel_says(&legend, "set label '{/:Bold ib}  –  64 samples measured, "
                              "mean of 3 seeds, ± one deviation'"));
    CHECK(legend.curves == POOL_LAYERS && panel_says(&legend, "set arrow ") == 5);
    const char *at = legend.text;
    for (int k = 0; k < 5; ++k) { /* a piece of line, drawn as in the panels */
        CHECK((at = strstr(at + 1, "set arrow ")));
        const char *style = strstr(at, " lw ");
        snprintf(text, sizeof text, "%s\nset label '%s'",
                 k < 4 ? style_of[k] : "lw 1 dt 2", means[k]);
        CHECK(style && !strncmp(style + 1, text, strlen(text)));
    }
    for (int e = 0; e < POOL_ESTIMATORS; ++e) { /* above the first of its panels */
        panel p = pool_panel(script, e, 0, 0), other = pool_panel(script, e, 1, 0);
        snprintf(text, sizeof text, "set label '{/:Bold %s}' at screen 0.5,",
                 title_of[e]);
        CHECK(panel_says(&p, text) == 1 && !panel_says(&other, "{/:Bold"));
        free(p.text);
        free(other.text);
    }
    free(legend.text);
    free(script);
}

/* -- The pooled plane -------------------------------------------------------------*/

/* The largest K of each window, in the order of time, and nothing of the controls. */
static void windows_are_joined_at_their_largest_k(void **state)
{
    char *script = pool_script(IPL_PLOT_POOLED_PLANE, POOL_SEEDS), way[64];
    (void)state;
    CHECK(panels_of(script) == 1 + 2 * POOL_ESTIMATORS);
    for (int e = 0; e < POOL_ESTIMATORS; ++e) {
        panel plane = panel_named(script, title_of[e], axis_name[0], axis_name[1]);
        panel p = panel_at(script, 2 + 2 * e);
        CHECK(!strcmp(plane.curve[0].source, e ? e > 1 ? "$plane2" : "$plane1"
                                               : "$plane0"));
        CHECK(!strcmp(p.title, "the same, windows pooled: K = 1 to 5"));
        CHECK(p.curves == (e == 1 ? 5 : 4) * POOL_LAYERS);
        for (int l = 0; l < POOL_LAYERS; ++l) {
            snprintf(way, sizeof way, "with points pt %d ps variable", shape_of[l]);
            const curve *line = only_curve(&p, "with lines ", l);
            const curve *rim = only_curve(&p, way, l), *fill = rim + 1;
            const curve *bars = &p.curve[POOL_LAYERS + l];
            CHECK(strstr(bars->style, "with xyerrorbars") && bars->index == l);
            CHECK(strstr(fill->style, "lc palette z") && fill->index == l);
            CHECK(curve_entries(bars) == 4 && curve_entries(fill) == 3);
            const block *b = rows_of(script, line, POOL_WINDOWS);
            CHECK(line->source[7] - '0' == e);
            for (int w = 0; w < POOL_WINDOWS; ++w) {
                const double *row = b->value[w];
                for (int a = 0; a < 2; ++a) {
                    const double mean = mean_of(w, pool_ks[w] - 1, l, e, 0, a);
                    check_near("line", curve_value(line, 1 + a, row), mean);
                    check_near("rim", curve_value(rim, 1 + a, row), mean);
                    check_near("mark", curve_value(fill, 1 + a, row), mean);
                    check_near("bars", curve_value(bars, 1 + a, row), mean);
                    check_near("length of a bar", curve_value(bars, 3 + a, row),
                               deviation_of(w, pool_ks[w] - 1, l, e, a));
                }
                check_near("colour", curve_value(fill, 3, row),
                           0.5 * (pool_first[w] + pool_last[w]));
            }
        }
        free(plane.text);
        free(p.text);
    }
    free(script);
}

/* Both planes have the same axes, which hold the values of both. */
static void planes_side_by_side_have_one_scale(void **state)
{
    static const char *const axis[] = {"xrange", "yrange"};
    char *script = pool_script(IPL_PLOT_POOLED_PLANE, POOL_SEEDS);
    double lo, hi, low, high;
    (void)state;
    for (int e = 0; e < POOL_ESTIMATORS; ++e) {
        panel left = panel_at(script, 1 + 2 * e), right = panel_at(script, 2 + 2 * e);
        for (int a = 0; a < 2; ++a) {
            panel_range(&left, axis[a], &lo, &hi);
            panel_range(&right, axis[a], &low, &high);
            CHECK(lo == low && hi == high);
            for (int w = 0; w < POOL_WINDOWS; ++w)
                for (int l = 0; l < POOL_LAYERS; ++l) {
                    const double mean = mean_of(w, pool_ks[w] - 1, l, e, 0, a);
                    CHECK(lo < mean && mean < hi);
                }
        }
        CHECK(!panel_says(&left, "set colorbox "));
        CHECK(panel_says(&right, "set colorbox "));
        CHECK(panel_says(&right, "log_2 n = 6") == !e); /* as pool.csv has it */
        free(left.text);
        free(right.text);
    }
    free(script);
}

static const check_test tests[] = {
    CHECK_TEST(curves_are_means_over_the_seeds),
    CHECK_TEST(bands_are_one_deviation_to_each_side),
    CHECK_TEST(saturated_networks_are_hollow),
    CHECK_TEST(one_seed_has_no_bands),
    CHECK_TEST(a_row_has_one_scale),
    CHECK_TEST(ceilings_are_drawn_and_named),
    CHECK_TEST(captions_name_estimators_layers_and_controls),
    CHECK_TEST(windows_are_joined_at_their_largest_k),
    CHECK_TEST(planes_side_by_side_have_one_scale),
};

CHECK_MAIN("pool_picture", tests, 0)
