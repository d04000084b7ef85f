/*
 * tables_case.h - a run whose tables are made up: each number is another, so that no
 * column can stand for its neighbour.
 */
#ifndef TABLES_CASE_H
#define TABLES_CASE_H

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
static const int shape_of[LAYERS] = {7, 5, 9};

/* -- Made-up tables ---------------------------------------------------------------*/

/* Another number for each place; some of the last estimator's I(T;Y) are negative. */
static inline double information(int seed, int tick, int layer, int estimator, int axis)
{
    const uint64_t at = (uint64_t)(((seed * TICKS + tick) * LAYERS + layer) * 8 +
                                   estimator * 2 + axis);
    const double u = ipl_random_uniform((ipl_random){check_seed(), 1}, at);
    if (axis == Y && estimator == 2) return 0.2 - 0.7 * u;
    return axis == X ? 1.0 + 4.0 * u + 0.5 * layer : 0.3 + 0.6 * u;
}

/* Gradients are empty at tick 0. */
static inline double training(int seed, int tick, int value)
{
    const uint64_t at = (uint64_t)((seed * TICKS + tick) * 32 + value);
    const double u = ipl_random_uniform((ipl_random){check_seed(), 2}, at);
    if (value >= LAYER_VALUES + LAYERS && !tick) return NAN;
    return value < LAYER_VALUES ? 0.1 + 0.8 * u : exp(8.0 * u - 5.0);
}

static inline void write_plane(const char *path)
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

static inline void write_training(const char *path)
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
static inline char *made_up_script(void)
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

static inline double drawn_tick(int tick) { return tick ? (double)tick_of[tick] : 0.5; }

static inline double mean_of(int tick, int layer, int estimator, int axis)
{
    double all = 0.0;
    for (int s = 0; s < SEEDS; ++s) all += information(s, tick, layer, estimator, axis);
    return all / SEEDS;
}

/* Of a sample: with n - 1. */
static inline double deviation_of(int tick, int layer, int estimator, int axis)
{
    const double mean = mean_of(tick, layer, estimator, axis);
    double squares = 0.0;
    for (int s = 0; s < SEEDS; ++s)
        squares += pow(information(s, tick, layer, estimator, axis) - mean, 2);
    return sqrt(squares / (SEEDS - 1));
}

static inline double mean_training(int tick, int value)
{
    double all = 0.0;
    for (int s = 0; s < SEEDS; ++s) all += training(s, tick, value);
    return all / SEEDS;
}

static inline double of_layer(int tick, int which, int layer)
{
    return mean_training(tick, LAYER_VALUES + which * LAYERS + layer);
}

/* Blocks have six digits. */
static inline void check_near(const char *what, double got, double want)
{
    if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= 5e-5 * (fabs(want) + 0.1)))
        fail_msg("%s: %.9g, want %.9g", what, got, want);
}

/* The rows that the curve draws, one a tick; the one that may follow parts layers. */
static inline const block *rows_of(const char *script, const curve *c)
{
    const block *b = block_of(script, c->source, c->index);
    CHECK(b->rows == TICKS || (b->rows == TICKS + 1 && isnan(b->value[TICKS][0])));
    return b;
}

#endif
