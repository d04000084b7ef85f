/*
 * config_check.c - what a configuration means: keys against each other.
 */
#include "config/config_pool.h"
#include "config/config_table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One entry of measure.list: "7", "3:9" or "0:2000:20". */
static int read_section(const char *text, size_t length, int64_t *first, int64_t *last,
                        int64_t *step)
{
    char word[64], *end;
    if (length >= sizeof word) return 0;
    memcpy(word, text, length);
    word[length] = 0;
    *first = *last = strtoll(word, &end, 10);
    *step = 1;
    if (end == word) return 0;
    for (int part = 0; part < 2 && *end == ':'; ++part) {
        char *begin = end + 1;
        *(part ? step : last) = strtoll(begin, &end, 10);
        if (end == begin) return 0;
    }
    end += strspn(end, " \t");
    return !*end && *first >= 0 && *last >= *first && *step >= 1;
}

/* Ticks of measure.list up to `last`, in made[size]; *count may exceed the size,
 * which then tells how much is needed. */
static ipl_status list_ticks(const char *text, int64_t last, int64_t size,
                             int64_t *made, int64_t *count)
{
    char where[CONFIG_ENTRY];
    int64_t before = -1;
    *count = 0;
    for (const char *at = *text ? text : NULL; at;) {
        int64_t first, final, step;
        at += strspn(at, " \t");
        const size_t length = strcspn(at, ",");
        if (!read_section(at, length, &first, &final, &step) || first <= before)
            return IPL_FAIL(IPL_E_ARGUMENT, "[measure] list = '%s': %s expected a "
                            "tick, first:last or first:last:step, above %lld", text,
                            config_entry(at, (int)length, where), (long long)before);
        before = final;
        for (int64_t t = first; t <= final && t <= last; t += step, ++*count)
            if (*count < size) made[*count] = t;
        at = at[length] == ',' ? at + length + 1 : NULL;
    }
    return IPL_OK;
}

ipl_status ipl_config_list(const ipl_config *config, int64_t last, int64_t **tick,
                           int64_t *count)
{
    IPL_REQUIRE(config && tick && count, "configuration or result is NULL");
    int64_t needed;
    IPL_TRY(list_ticks(config->list, last, 0, NULL, &needed));
    int64_t *made = malloc((size_t)(needed + 1) * sizeof *made);
    if (!made) return IPL_FAIL(IPL_E_MEMORY, "list of %lld", (long long)needed);
    list_ticks(config->list, last, needed, made, &needed);
    *tick = made;
    *count = needed;
    return IPL_OK;
}

/* Whether the estimator whose change decides is one that is measured. */
static int decider_measured(const ipl_config *config)
{
    ipl_mi_estimator which;
    if (!config->delta_estimator) return 1;
    const char *name = ipl_mi_point_name(config->delta_estimator - 1);
    return name && ipl_mi_point_named(name, &which, NULL) == IPL_OK &&
           config->estimators & 1u << which;
}

ipl_status config_estimators(const ipl_config *config,
                             ipl_mi_options options[IPL_MI_SETTINGS_MAX], int *count)
{
    *count = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        int made = 0;
        if (!(config->estimators & 1u << k)) continue;
        ipl_status st = ipl_mi_sweep_options(&config->mi[k], &config->sweep[k],
                                             IPL_MI_SETTINGS_MAX - *count,
                                             options + *count, &made);
        for (int e = 0; e < made && st == IPL_OK; ++e)
            st = ipl_mi_options_check(&options[*count + e]);
        if (st != IPL_OK)
            return IPL_FAIL(IPL_E_ARGUMENT, "[%s] %s", ipl_mi_family_name(k),
                            ipl_last_error_text());
        *count += made;
    }
    return IPL_OK;
}

ipl_status ipl_config_net(const ipl_config *config, ipl_net_shape *out)
{
    ipl_net_shape shape;
    if (ipl_net_parse(config->layers, &shape) != IPL_OK)
        return IPL_FAIL(IPL_E_ARGUMENT, "[net] %s", ipl_last_error_text());
    for (int l = 1; l < shape.layers && config->activation; ++l)
        shape.act[l] = (ipl_act)(config->activation - 1);
    *out = shape;
    return IPL_OK;
}

ipl_status ipl_config_check(const ipl_config *config)
{
    ipl_net_shape shape;
    int64_t count;
    IPL_TRY(ipl_config_net(config, &shape));
    const int arrays = config->data.set == IPL_DATA_ARRAYS;
    const int both = config->data_x[0] && config->data_y[0];
    IPL_REQUIRE(config->data.set == IPL_DATA_IB || arrays || config->data_path[0],
                "[data] path is empty, but only set = ib needs none");
    IPL_REQUIRE(!arrays || config->data_path[0] || both,
                "[data] set = arrays needs x and y, or a path");
    IPL_REQUIRE(arrays || (!config->data_x[0] && !config->data_y[0]),
                "[data] x and y go with set = arrays");
    IPL_REQUIRE(config->policy != IPL_POLICY_LIST || config->list[0],
                "[measure] policy = list needs list");
    IPL_TRY(list_ticks(config->list, -1, 0, NULL, &count)); /* the form alone */
    IPL_TRY(config_check_pool(config));
    IPL_REQUIRE(config->policy != IPL_POLICY_KEPT || config->networks[0],
                "[measure] policy = kept, but [run] networks names no run with kept "
                "ticks: infoplane measure DIR does");
    IPL_REQUIRE(config->keep == IPL_KEEP_NONE || !config->networks[0],
                "[run] keep: the networks of '%s' are kept there", config->networks);
    IPL_REQUIRE(decider_measured(config),
                "[measure] delta_estimator is not among the estimators");
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
    int estimators;
    return config_estimators(config, options, &estimators);
}
