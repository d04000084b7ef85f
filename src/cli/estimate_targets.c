/*
 * estimate_targets.c - what Y is: classes, or real values in bins or as they are.
 */
#include "cli/estimate_targets.h"

#include <float.h>
#include <stdio.h>

void estimate_targets_list(estimate_targets *flags, cli_option *option)
{
    option[0] = (cli_option){
        "--y-bins", "N", "Y are real values: N classes of equal counts; H(Y) is theirs",
        CLI_WHOLE, &flags->bins, 2, 65536, 0};
    option[1] = (cli_option){
        "--y-width", "W", "Y are real values: classes floor(y / W)", CLI_REAL,
        &flags->width, 0, DBL_MAX, 1};
    option[2] = (cli_option){
        "--y-values", NULL, "Y are real values, for estimators that compare values",
        CLI_SWITCH, &flags->values, 0, 0, 0};
}

/* The families that have, or have not, I(T;Y) of values. */
static void list_families(int estimators, const ipl_mi_options *options, int comparing,
                          const char *between, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int e = 0; e < estimators && used < size; ++e) {
        const ipl_mi_family *family = ipl_mi_family_of(
            options ? options[e].estimator : (ipl_mi_estimator)e);
        if (options && e && options[e].estimator == options[e - 1].estimator) continue;
        const int compares = (family->needs & IPL_MI_NEEDS_INPUTS) != 0;
        if (compares == comparing)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used ? between : "", family->name);
    }
}

static int check_values(int quiet, int estimators, const ipl_mi_options *options)
{
    char families[96];
    list_families(estimators, options, 1, ", ", families, sizeof families);
    if (!*families) {
        list_families(IPL_MI_ESTIMATOR_COUNT, NULL, 1, " or ", families,
                      sizeof families);
        return cli_misused(&cli_estimate, "--y-values needs --estimator %s", families);
    }
    list_families(estimators, options, 0, ", ", families, sizeof families);
    if (*families && !quiet)
        fprintf(stderr, "infoplane: I(T;Y) of %s needs classes: --y-bins N\n",
                families);
    return CLI_GO_ON;
}

int estimate_targets_read(const estimate_targets *flags, const char *path, int quiet,
                          int estimators, const ipl_mi_options *options,
                          ipl_target_options *out)
{
    const char *given = flags->bins         ? "--y-bins"
                        : flags->width > 0  ? "--y-width"
                        : flags->values     ? "--y-values"
                                            : NULL;
    *out = (ipl_target_options){.bins = flags->bins, .width = flags->width,
                                .no_label = out->no_label};
    if (!given) return CLI_GO_ON;
    if (out->no_label && flags->values)
        return cli_misused(&cli_estimate, "--no-label goes with classes, and "
                           "--y-values compares real values");
    if (!path) return cli_misused(&cli_estimate, "%s needs --y Y.npy", given);
    if ((flags->bins != 0) + (flags->width > 0) + flags->values > 1)
        return cli_misused(&cli_estimate, "%s and %s exclude each other", given,
                           flags->values ? "--y-values" : "--y-width");
    out->form = flags->bins        ? IPL_TARGET_BINS
                : flags->width > 0 ? IPL_TARGET_WIDTH
                                   : IPL_TARGET_VALUES;
    return flags->values ? check_values(quiet, estimators, options) : CLI_GO_ON;
}
