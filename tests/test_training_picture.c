/*
 * test_training_picture.c - what the panels of gradients, loss and accuracy show.
 */
#include "tables_case.h"

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
    CHECK_TEST(gradients_are_shares_of_the_weights),
    CHECK_TEST(signal_to_noise_is_mean_over_deviation),
    CHECK_TEST(loss_and_accuracy_have_their_own_axes),
};

CHECK_MAIN("training_picture", tests, 0)
