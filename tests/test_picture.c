/*
 * test_picture.c - what the curves of a picture stand for.
 *
 * The tables of a run are made up here: each number is another, so that no column can
 * stand for its neighbour.
 */
#include "picture_case.h"
#include "random.h"

enum { SEEDS = 3, LAYERS = 3, ESTIMATORS = 3, TICKS = 5, VALUES = 4 + 3 * LAYERS };
enum { X, Y };
enum { LOSS_TRAIN, LOSS_TEST, ACCURACY_TRAIN, ACCURACY_TEST, LAYER_VALUES };
enum { NORM, MEAN, DEVIATION };

static const int64_t tick_of[TICKS] = {0, 1, 2, 10, 40};
static const char *const estimator_name[ESTIMATORS] = {"bin", "kde-upper",
                                                       "kde-lower"};
static const char *const title_of[ESTIMATORS] = {
    "bin: 30 edges over [-1, 1]", "kde upper bound: noise variance 0.05",
    "kde lower bound: noise variance 0.05"};
static const char *const axis_name[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};
static const char *const colour_of[LAYERS] = {"#0072B2", "#D55E00", "#009E73"};
static const int shape_of[LAYERS] = {7, 5, 9};

/* -- Made-up tables ---------------------------------------------------------------*/

/* Another number for each place; some of the last estimator's I(T;Y) are negative. */
static double information(int seed, int tick, int layer, int estimator, int axis)
{
    const uint64_t at = (uint64_t)(((seed * TICKS + tick) * LAYERS + layer) * 8 +
                                   estimator * 2 + axis);
    const double u = ipl_random_uniform((ipl_random){check_seed(), 1}, at);
    if (axis == Y && estimator == 2) return 0.2 - 0.7 * u;
    return axis == X ? 1.0 + 4.0 * u + 0.5 * layer : 0.3 + 0.6 * u;
}

/* Gradients are empty at tick 0. */
static double training(int seed, int tick, int value)
{
    const uint64_t at = (uint64_t)((seed * TICKS + tick) * 32 + value);
    const double u = ipl_random_uniform((ipl_random){check_seed(), 2}, at);
    if (value >= LAYER_VALUES + LAYERS && !tick) return NAN;
    return value < LAYER_VALUES ? 0.1 + 0.8 * u : exp(8.0 * u - 5.0);
}

static void write_plane(const char *path)
{
    FILE *out = fopen(path, "w");
    CHECK(out && fprintf(out, "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n") > 0);
    for (int t = 0; t < TICKS; ++t)
        for (int s = 0; s < SEEDS; ++s)
            for (int l = 0; l < LAYERS; ++l)
                for (int e = 0; e < ESTIMATORS; ++e)
                    fprintf(out, "%d,%d,%d,%s,%.9g,%.9g\n", 7 + s, (int)tick_of[t],
                            l + 1, estimator_name[e], information(s, t, l, e, X),
                            information(s, t, l, e, Y));
    CHECK(!fclose(out));
}

static void write_training(const char *path)
{
    static const char *const name[] = {"weight_norm", "gradient_mean",
                                       "gradient_deviation"};
    FILE *out = fopen(path, "w");
    CHECK(out && fprintf(out, "seed,epoch,loss_train_nats,loss_test_nats,"
                         "accuracy_train,accuracy_test") > 0);
    for (int v = 0; v < 3 * LAYERS; ++v)
        fprintf(out, ",%s_%d", name[v / LAYERS], v % LAYERS + 1);
    for (int t = 0; t < TICKS; ++t)
        for (int s = 0; s < SEEDS; ++s) {
            fprintf(out, "\n%d,%d", 7 + s, (int)tick_of[t]);
            for (int v = 0; v < VALUES; ++v)
                if (isnan(training(s, t, v))) fprintf(out, ",");
                else fprintf(out, ",%.9g", training(s, t, v));
        }
    fprintf(out, "\n");
    CHECK(!fclose(out));
}

/* The whole picture of the made-up tables; to be freed. */
static char *made_up_script(void)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, "train.seed=7", NULL);
    write_plane(files_path(f, "r/plane.csv"));
    CHECK(!remove(files_path(f, "r/plane_details.csv")));
    write_training(files_path(f, "r/training.csv"));
    char *script = draw(f, IPL_PLOT_ALL);
    files_remove_folder(f);
    return script;
}

/* -- What is wanted ---------------------------------------------------------------*/

static double drawn_tick(int tick) { return tick ? (double)tick_of[tick] : 0.5; }

static double mean_of(int tick, int layer, int estimator, int axis)
{
    double all = 0.0;
    for (int s = 0; s < SEEDS; ++s) all += information(s, tick, layer, estimator, axis);
    return all / SEEDS;
}

/* Of a sample: with n - 1. */
static double deviation_of(int tick, int layer, int estimator, int axis)
{
    const double mean = mean_of(tick, layer, estimator, axis);
    double squares = 0.0;
    for (int s = 0; s < SEEDS; ++s)
        squares += pow(information(s, tick, layer, estimator, axis) - mean, 2);
    return sqrt(squares / (SEEDS - 1));
}

static double mean_training(int tick, int value)
{
    double all = 0.0;
    for (int s = 0; s < SEEDS; ++s) all += training(s, tick, value);
    return all / SEEDS;
}

static double of_layer(int tick, int which, int layer)
{
    return mean_training(tick, LAYER_VALUES + which * LAYERS + layer);
}

/* Blocks have six digits. */
static void check_near(const char *what, double got, double want)
{
    if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 5e-5 * (fabs(want) + 0.1)))
        fail_msg("%s: %.9g, want %.9g", what, got, want);
}

/* The curve of a panel that is drawn in this way, in the layer's colour (-1: any). */
static const curve *only_curve(const panel *p, const char *way, int layer)
{
    const curve *found = NULL;
    for (int k = 0; k < p->curves; ++k) {
        if (!strstr(p->curve[k].style, way) ||
            (layer >= 0 && !strstr(p->curve[k].style, colour_of[layer])))
            continue;
        if (found)
            fail_msg("%s: two curves '%s' of layer %d", p->title, way, layer + 1);
        found = &p->curve[k];
    }
    if (!found) fail_msg("%s: no curve '%s' of layer %d", p->title, way, layer + 1);
    return found;
}

/* The rows that the curve draws, one a tick; the one that may follow parts layers. */
static const block *rows_of(const char *script, const curve *c)
{
    const block *b = block_of(script, c->source, c->index);
    CHECK(b->rows == TICKS || (b->rows == TICKS + 1 && isnan(b->value[TICKS][0])));
    return b;
}

/* -- Tests ------------------------------------------------------------------------*/

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
                CHECK(b->columns[t] == 7 && b->value[t][0] == drawn_tick(t));
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
            snprintf(way, sizeof way, "pt %d ps 1.15*S lc", shape_of[l]);
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
                CHECK(curve_entries(line) == 2 && curve_entries(band) == 3);
                const block *b = rows_of(script, line);
                for (int t = 0; t < TICKS; ++t) {
                    const double *row = b->value[t], mean = mean_of(t, l, e, a);
                    const double deviation = deviation_of(t, l, e, a);
                    CHECK(curve_value(line, 1, row) == drawn_tick(t));
                    CHECK(curve_value(band, 1, row) == drawn_tick(t));
                    check_near("line", curve_value(line, 2, row), mean);
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

/* Gradients as shares of the weights' norm: the mean solid, the deviation dashed. */
static void gradients_are_shares_of_the_weights(void **state)
{
    (void)state;
    char *script = made_up_script();
    panel p = panel_named(script, "gradients: mean (solid), deviation (dashed)",
                          "epoch", "norm / norm of the weights");
    CHECK(p.curves == 2 * LAYERS);
    for (int l = 0; l < LAYERS; ++l) {
        const curve *mean = only_curve(&p, "dt 1 ", l);
        const curve *spread = only_curve(&p, "dt 2 ", l);
        CHECK(!strcmp(mean->source, "$training"));
        CHECK(!strcmp(spread->source, "$training"));
        const block *b = rows_of(script, mean);
        for (int t = 0; t < TICKS; ++t) {
            CHECK(curve_value(mean, 1, b->value[t]) == drawn_tick(t));
            CHECK(curve_value(spread, 1, b->value[t]) == drawn_tick(t));
            check_near("mean", curve_value(mean, 2, b->value[t]),
                       of_layer(t, MEAN, l) / of_layer(t, NORM, l));
            check_near("deviation", curve_value(spread, 2, b->value[t]),
                       of_layer(t, DEVIATION, l) / of_layer(t, NORM, l));
        }
    }
    free(p.text);
    free(script);
}

/* Signal above noise: mean over deviation. */
static void signal_to_noise_is_mean_over_deviation(void **state)
{
    (void)state;
    char *script = made_up_script();
    panel p = panel_named(script, "gradients: signal-to-noise ratio", "epoch",
                          "mean / deviation");
    double lo, hi;
    panel_range(&p, "yrange", &lo, &hi);
    CHECK(p.curves == LAYERS && panel_says(&p, "set logscale y"));
    for (int l = 0; l < LAYERS; ++l) {
        const curve *ratio = only_curve(&p, "with lines", l);
        const block *b = rows_of(script, ratio);
        for (int t = 0; t < TICKS; ++t) {
            const double want = of_layer(t, MEAN, l) / of_layer(t, DEVIATION, l);
            CHECK(curve_value(ratio, 1, b->value[t]) == drawn_tick(t));
            check_near("ratio", curve_value(ratio, 2, b->value[t]), want);
            CHECK(isnan(want) || (lo < want && want < hi));
        }
    }
    free(p.text);
    free(script);
}

static void loss_and_accuracy_have_their_own_axes(void **state)
{
    static const char *const way[] = {"axes x1y1 with lines lw 2 dt 1 lc '#D55E00'",
                                      "axes x1y1 with lines lw 2 dt 2 lc '#D55E00'",
                                      "axes x1y2 with lines lw 2 dt 1 lc '#0072B2'",
                                      "axes x1y2 with lines lw 2 dt 2 lc '#0072B2'"};
    (void)state;
    char *script = made_up_script();
    panel p = panel_named(script, "loss and accuracy: train (solid), test (dashed)",
                          "epoch", "loss [nats]");
    double lo, hi;
    CHECK(p.curves == 4 && panel_says(&p, "set y2label 'accuracy'"));
    for (int v = LOSS_TRAIN; v <= ACCURACY_TEST; ++v) {
        const curve *c = only_curve(&p, way[v], -1);
        const block *b = rows_of(script, c);
        panel_range(&p, v < ACCURACY_TRAIN ? "yrange" : "y2range", &lo, &hi);
        CHECK(lo == 0.0);
        for (int t = 0; t < TICKS; ++t) {
            CHECK(curve_value(c, 1, b->value[t]) == drawn_tick(t));
            check_near("training", curve_value(c, 2, b->value[t]), mean_training(t, v));
            CHECK(mean_training(t, v) <= hi && hi <= 1.1);
        }
    }
    free(p.text);
    free(script);
}

static const check_test tests[] = {
    CHECK_TEST(blocks_hold_means_and_deviations_over_the_seeds),
    CHECK_TEST(planes_place_the_means_and_their_deviations),
    CHECK_TEST(axes_reach_from_the_least_to_the_largest_mean),
    CHECK_TEST(bands_are_one_deviation_to_each_side),
    CHECK_TEST(marks_stand_at_the_measured_ticks),
    CHECK_TEST(gradients_are_shares_of_the_weights),
    CHECK_TEST(signal_to_noise_is_mean_over_deviation),
    CHECK_TEST(loss_and_accuracy_have_their_own_axes),
};

CHECK_MAIN("picture", tests, 0)
