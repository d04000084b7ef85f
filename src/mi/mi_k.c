/*
 * mi_k.c - the option k of families of k nearest neighbours.
 */
#include <stddef.h>
#include <stdio.h>

#include "mi/mi.h"

const ipl_option mi_k_option = {
    .key = "k", .type = IPL_OPTION_INTEGER, .offset = offsetof(ipl_mi_options, k),
    .min = 1, .max = IPL_MI_K_MAX, .fallback = "5", .help = "neighbours of a row",
    .flag = "--k", .value = "K"};

ipl_status mi_k_check(const ipl_mi_options *options)
{
    const ipl_mi_family *family = ipl_mi_family_of(options->estimator);
    const ipl_option *k = family->option;
    IPL_REQUIRE((double)options->k >= k->min && (double)options->k <= k->max,
                "%s: k is %lld: expected %.0f to %.0f", family->name,
                (long long)options->k, k->min, k->max);
    return IPL_OK;
}

void mi_k_describe(const ipl_mi_options *options, char *text, size_t size)
{
    snprintf(text, size, "k = %lld", (long long)options->k);
}
