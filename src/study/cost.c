/*
 * cost.c - about how much work a run is, before anything is loaded.
 */
#include "ipl_study.h"

#include <math.h>

#include "ipl_net.h"

/* Work below these is over before a second core has begun with it. */
static const double STEP_LARGE = 1e7, TICK_LARGE = 2e9;

/* Rows of the data set, which is not loaded for this. */
static double rows_of(const ipl_config *config)
{
    double rows = config->data.set == IPL_DATA_IB    ? 4096.0
                  : config->data.set == IPL_DATA_IDX ? 70000.0
                                                     : 10000.0;
    if (config->data.limit) rows = fmin(rows, (double)config->data.limit);
    return rows;
}

static double train_rows_of(const ipl_config *config)
{
    const double share = config->data.train_fraction;
    return rows_of(config) * (share > 0.0 ? share : 0.8);
}

static double measured_rows_of(const ipl_config *config)
{
    double rows = 0.0;
    if (config->rows & 1u << IPL_ROWS_ALL) rows += rows_of(config);
    if (config->rows & 1u << IPL_ROWS_TRAIN) rows += train_rows_of(config);
    if (config->rows & 1u << IPL_ROWS_TEST)
        rows += rows_of(config) - train_rows_of(config);
    if (config->subset) rows = fmin(rows, (double)config->subset);
    return rows;
}

/* Of one estimator for layers of so many units and squares of units: cells are looked
 * up, neighbours and similarities are of pairs, and local Gaussians have a covariance
 * for each sample. */
static double estimate(const ipl_mi_options *options, double n, double d, double d2)
{
    switch (options->estimator) {
    case IPL_MI_BIN: return 20.0 * n * d;
    case IPL_MI_LNN:
    case IPL_MI_LGA: return 0.5 * n * n * d + 100.0 * n * d2;
    case IPL_MI_RENYI: return n * n * n / 3.0;
    default: return 0.5 * n * n * (d + 10.0);
    }
}

static ipl_status measured_tick(const ipl_config *config, const ipl_net_shape *shape,
                                double *cost)
{
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
    const double n = measured_rows_of(config);
    double d = 0.0, d2 = 0.0;
    for (int l = 1; l <= shape->layers; ++l) {
        d += shape->width[l];
        d2 += (double)shape->width[l] * shape->width[l];
    }
    *cost = n * (double)ipl_net_parameters(shape);
    const int count = ipl_config_estimators(config, options);
    for (int k = 0; k < count; ++k) *cost += estimate(options + k, n, d, d2);
    return IPL_OK;
}

ipl_status ipl_study_work_of(const ipl_study *study, int64_t run, const char *dir,
                             ipl_study_work *out)
{
    ipl_config config;
    ipl_net_shape shape;
    double tick = 0.0;
    IPL_REQUIRE(study && out, "study or result is NULL");
    *out = (ipl_study_work){0};
    IPL_TRY(ipl_study_config(study, run, dir, &config));
    IPL_TRY(ipl_config_net(&config, &shape));
    IPL_TRY(measured_tick(&config, &shape, &tick));
    const double rows = train_rows_of(&config), networks = (double)config.replicas;
    const double parameters = (double)ipl_net_parameters(&shape);
    const double batch = config.train.batch ? fmin(rows, (double)config.train.batch)
                                            : rows;
    double last = (double)config.epochs, training = 0.0;
    if (config.tick == IPL_TICK_STEP) last *= ceil(rows / batch);
    last = fmin(last, 1e9);
    IPL_TRY(ipl_ticks_planned(&config, (int64_t)last, &out->ticks, &out->is_guess));
    if (!config.networks[0]) training = 6.0 * parameters * rows * (double)config.epochs;
    out->cost = networks * (training + (double)out->ticks * tick);
    out->is_large = (training > 0.0 &&
                     6.0 * parameters * batch * networks > STEP_LARGE) ||
                    tick > TICK_LARGE;
    if (config.keep != IPL_KEEP_NONE) {
        const double kept = config.keep == IPL_KEEP_ALL ? last + 1.0
                                                        : (double)out->ticks;
        out->kept_bytes = (int64_t)(4.0 * kept * networks * parameters);
    }
    return IPL_OK;
}
