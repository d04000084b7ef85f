/*
 * config_data.c - a configuration against its data: what a run says before it begins.
 */
#include <stdlib.h>

#include "ipl_config.h"

int64_t ipl_rows_of(const ipl_dataset *data, ipl_measured_rows set)
{
    if (set == IPL_ROWS_TRAIN) return data->train_rows;
    return set == IPL_ROWS_TEST ? data->rows - data->train_rows : data->rows;
}

static ipl_status check_layers(const ipl_config *config, const ipl_dataset *data)
{
    ipl_net_shape shape;
    IPL_TRY(ipl_config_net(config, &shape));
    const int32_t inputs = shape.width[0], classes = shape.width[shape.layers];
    IPL_REQUIRE(data->inputs == inputs && data->classes <= classes,
                "[net] layers start with %d inputs and end with %d classes: the data "
                "set %s has %d and %d: expected layers = %d, .., %d", inputs, classes,
                data->name, data->inputs, data->classes, data->inputs,
                data->classes);
    return IPL_OK;
}

/* *most: measured rows of the largest set. */
static ipl_status check_subset(const ipl_config *config, const ipl_dataset *data,
                               int64_t *most)
{
    *most = 0;
    for (int set = IPL_ROWS_COUNT - 1; set >= 0; --set) {
        if (!(config->rows & 1u << set)) continue;
        const int64_t rows = ipl_rows_of(data, (ipl_measured_rows)set);
        const int64_t subset = config->subset ? config->subset : rows;
        IPL_REQUIRE(subset <= rows && subset >= 2,
                    "[measure] subset: %lld of the %lld rows of set '%s': expected 2 "
                    "to as many as there are", (long long)subset, (long long)rows,
                    ipl_rows_name((ipl_measured_rows)set));
        if (subset > *most) *most = subset;
    }
    return IPL_OK;
}

/* The tick that a run ends with. */
static int64_t last_of(const ipl_config *config, const ipl_dataset *data)
{
    const int64_t rows = data->train_rows, wanted = config->train.batch;
    const int64_t batch = wanted && wanted < rows ? wanted : rows;
    return config->epochs *
           (config->tick == IPL_TICK_STEP ? (rows + batch - 1) / batch : 1);
}

static ipl_status check_window(const ipl_config *config, const ipl_window *window,
                               int64_t rows)
{
    const int64_t ticks = window->last - window->first + 1;
    int64_t *k;
    int sizes;
    IPL_TRY(ipl_config_pool_sizes(
        config, config->pool_over == IPL_POOL_TICKS ? ticks : config->replicas, &k,
        &sizes));
    const int64_t networks = k[sizes - 1];
    free(k);
    IPL_REQUIRE(networks <= INT32_MAX / rows, "[pool] %lld networks of %lld rows: "
                "expected at most %d rows in all", (long long)networks, (long long)rows,
                INT32_MAX);
    return IPL_OK;
}

ipl_status ipl_config_check_data(const ipl_config *config, const ipl_dataset *data)
{
    int count;
    int64_t rows;
    ipl_window *window;
    ipl_status st = IPL_OK;
    IPL_REQUIRE(config && data, "configuration or data are NULL");
    IPL_TRY(check_layers(config, data));
    IPL_TRY(check_subset(config, data, &rows));
    IPL_TRY(ipl_config_windows(config, last_of(config, data), &window, &count));
    for (int w = 0; w < count && st == IPL_OK; ++w)
        st = check_window(config, window + w, rows);
    free(window);
    return st;
}
