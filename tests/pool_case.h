/*
 * pool_case.h - a made-up pool.csv: each number is another.
 *
 * Rows come in no order, as seeds and windows that are done at once write them.
 */
#ifndef POOL_CASE_H
#define POOL_CASE_H

#include "picture_case.h"
#include "random.h"

enum { POOL_SEEDS = 3, POOL_WINDOWS = 3, POOL_KS = 3, POOL_LAYERS = 3 };
enum { POOL_ESTIMATORS = 3, POOL_CONTROLS = 4, POOL_X = 0, POOL_Y = 1 };

#define POOL_HEADER                                                                 \
    "seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,i_ty_bits,"       \
    "h_t_bits,h_t_given_x_bits,ceiling_bits,flags,control\n"

/* The last window has one tick, and K = 1 alone. */
static const int pool_first[POOL_WINDOWS] = {0, 2, 6}, pool_last[] = {1, 4, 6};
static const int pool_k[POOL_KS] = {1, 2, 5}, pool_ks[POOL_WINDOWS] = {2, 3, 1};
static const char *const pool_estimator[] = {"bin", "kde-upper", "kde-lower"};
static const char *const pool_control[] = {"none", "frozen", "walk", "shuffled"};

/* Another number for each place; some of the last estimator's I(T;Y) are negative, and
 * shuffled samples have none of it at all. */
static inline double pool_value(int seed, int window, int k, int layer, int estimator,
                                int control, int axis)
{
    int at = (seed * POOL_WINDOWS + window) * POOL_KS + k;
    at = ((at * POOL_LAYERS + layer) * POOL_ESTIMATORS + estimator) * POOL_CONTROLS;
    const double u = ipl_random_uniform((ipl_random){check_seed(), 3},
                                        (uint64_t)(2 * (at + control) + axis));
    if (axis == POOL_Y && control == 3) return NAN;
    if (axis == POOL_Y) return estimator == 2 ? 0.2 - 0.7 * u : 0.3 + 0.6 * u;
    return 0.5 + 4.5 * u + 0.2 * layer;
}

/* Of one estimator, window, K and layer, two seeds; and their controls. */
static inline int pool_saturated(int seed, int window, int k, int layer, int estimator)
{
    return estimator == 1 && window == 0 && k == 1 && layer == 1 && seed < 2;
}

static inline void pool_write(const char *path, int seeds)
{
    FILE *out = fopen(path, "w");
    CHECK(out && fputs(POOL_HEADER, out) >= 0);
    for (int e = 0; e < POOL_ESTIMATORS; ++e)
        for (int c = POOL_CONTROLS - 1; c >= 0; --c)
            for (int w = POOL_WINDOWS - 1; w >= 0; --w)
                for (int k = pool_ks[w] - 1; k >= 0; --k)
                    for (int s = 0; s < seeds; ++s)
                        for (int l = POOL_LAYERS - 1; l >= 0; --l) {
                            const double y = pool_value(s, w, k, l, e, c, POOL_Y);
                            fprintf(out, "%d,%d,%d,%d,%d,%d,%s,%.9g,", 7 + s, w + 1,
                                    pool_first[w], pool_last[w], pool_k[k], l + 1,
                                    pool_estimator[e],
                                    pool_value(s, w, k, l, e, c, POOL_X));
                            if (!isnan(y)) fprintf(out, "%.9g", y);
                            fprintf(out, ",91,92,%s,%s,%s\n", e ? "" : "6",
                                    pool_saturated(s, w, k, l, e) ? "ties|saturated"
                                                                  : "ties",
                                    pool_control[c]);
                        }
    CHECK(!fclose(out));
}

/* The picture of a run of three seeds, of which so many were pooled; to be freed. */
static inline char *pool_script(ipl_plot_what what, int seeds)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, "train.seed=7", NULL);
    pool_write(files_path(f, "r/pool.csv"), seeds);
    char *script = draw(f, what);
    files_remove_folder(f);
    return script;
}

#endif
