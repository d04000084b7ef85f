/*
 * mi_table.c - the table of families, and options by their keys.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mi/mi.h"
#include "number.h"

static const mi_estimator *const table[] = {
    [IPL_MI_BIN] = &mi_bin,
    [IPL_MI_KDE] = &mi_kde,
    [IPL_MI_KSG] = &mi_ksg,
    [IPL_MI_MIXED] = &mi_mixed,
    [IPL_MI_MS] = &mi_ms,
    [IPL_MI_ROSS] = &mi_ross,
    [IPL_MI_KL] = &mi_kl,
    [IPL_MI_LNN] = &mi_lnn,
    [IPL_MI_LGA] = &mi_lga,
    [IPL_MI_RENYI] = &mi_renyi,
};
static_assert(sizeof table / sizeof *table == IPL_MI_ESTIMATOR_COUNT,
              "each family has a row");

const mi_estimator *mi_estimator_of(ipl_mi_estimator estimator)
{
    return (unsigned)estimator < IPL_MI_ESTIMATOR_COUNT ? table[estimator] : NULL;
}

const ipl_mi_family *ipl_mi_family_of(ipl_mi_estimator estimator)
{
    const mi_estimator *how = mi_estimator_of(estimator);
    return how ? &how->family : NULL;
}

const char *ipl_mi_family_name(int number)
{
    const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)number);
    return family ? family->name : NULL;
}

int ipl_mi_family_named(const char *name)
{
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        if (!strcmp(table[k]->family.name, name)) return k;
    return -1;
}

void ipl_mi_standard(char *text, size_t size)
{
    size_t used = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT && used < size; ++k)
        if (table[k]->family.standard)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     table[k]->family.name);
}

const char *ipl_mi_point_name(int number)
{
    if (number < 0) return NULL;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *family = &table[k]->family;
        if (number < family->points) return family->point[number].name;
        number -= family->points;
    }
    return NULL;
}

const char *ipl_mi_name_point(const ipl_mi_options *options, int point,
                              char text[IPL_MI_NAME_TEXT])
{
    snprintf(text, IPL_MI_NAME_TEXT, "%s%s%s",
             table[options->estimator]->family.point[point].name,
             *options->setting ? "@" : "", options->setting);
    return text;
}

int ipl_mi_is_point(const char *point, const char *name)
{
    const size_t length = strlen(name);
    return !strncmp(point, name, length) &&
           (!point[length] || (point[length] == '@' && point[length + 1]));
}

/* What tables can have in a name. */
static int is_setting(const char *text)
{
    const size_t length = strnlen(text, IPL_MI_SETTING_TEXT);
    return length < IPL_MI_SETTING_TEXT &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "+-.") == length;
}

ipl_status ipl_mi_point_named(const char *name, ipl_mi_estimator *estimator,
                              const char **title)
{
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        for (int p = 0; p < table[k]->family.points; ++p)
            if (ipl_mi_is_point(name, table[k]->family.point[p].name)) {
                if (estimator) *estimator = (ipl_mi_estimator)k;
                if (title) *title = table[k]->family.point[p].title;
                return IPL_OK;
            }
    return IPL_FAIL(IPL_E_ARGUMENT, "no estimator has points '%s'", name);
}

const char *ipl_mi_flag_name(int number)
{
    static const char *const names[] = {"saturated", "outside", NULL, "ties",
                                        "negative", "singletons", "refused",
                                        "dimension", "unconverged", "uncorrected"};
    static_assert(sizeof names / sizeof *names == IPL_MI_FLAG_COUNT, "a name each");
    return number >= 0 && number < IPL_MI_FLAG_COUNT ? names[number] : NULL;
}

const char *ipl_mi_refusal_text(ipl_mi_refusal why)
{
    static const char *const texts[] = {
        [IPL_MI_NOT_REFUSED] = NULL,
        [IPL_MI_FEW_ROWS] = "a row has fewer than k others",
        [IPL_MI_SMALL_CLASS] = "a class has k rows or fewer",
        [IPL_MI_EQUAL_ROWS] = "a row equals its k nearest neighbours",
        [IPL_MI_CONSTANT] = "a column is constant",
        [IPL_MI_FLAT] = "neighbours of a row lie in fewer dimensions than the row",
        [IPL_MI_ONE_SIDED] = "neighbours of a row lie far to one side of it",
    };
    static_assert(sizeof texts / sizeof *texts == IPL_MI_REFUSAL_COUNT, "a text each");
    return (unsigned)why < IPL_MI_REFUSAL_COUNT ? texts[why] : NULL;
}

unsigned ipl_mi_needs(int estimators, const ipl_mi_options *options)
{
    unsigned needs = 0;
    for (int e = 0; e < estimators; ++e)
        needs |= table[options[e].estimator]->family.needs;
    return needs;
}

int ipl_mi_partitions(int estimators, const ipl_mi_options *options)
{
    int count = 0;
    for (int e = 0; e < estimators; ++e)
        count += (ipl_mi_needs(1, options + e) & IPL_MI_NEEDS_CELLS) != 0;
    return count;
}

/* -- Options ----------------------------------------------------------------------*/

ipl_mi_options ipl_mi_defaults(ipl_mi_estimator estimator)
{
    ipl_mi_options made = {.estimator = estimator};
    const ipl_mi_family *family = ipl_mi_family_of(estimator);
    for (int o = 0; family && o < family->options; ++o)
        ipl_option_set(&family->option[o], family->option[o].fallback, &made);
    return made;
}

static ipl_status unknown_key(const ipl_mi_family *family, const char *text,
                              size_t length)
{
    char keys[256] = "";
    size_t used = 0;
    for (int o = 0; o < family->options && used < sizeof keys; ++o)
        used += (size_t)snprintf(keys + used, sizeof keys - used, "%s%s", o ? ", " : "",
                                 family->option[o].key);
    return IPL_FAIL(IPL_E_ARGUMENT, "%s has no option '%.*s': expected %s",
                    family->name, (int)length, text, keys);
}

ipl_status ipl_mi_options_set(ipl_mi_options *options, const char *text)
{
    IPL_REQUIRE(options && text, "options or text is NULL");
    const ipl_mi_family *family = ipl_mi_family_of(options->estimator);
    IPL_REQUIRE(family, "estimator %d", (int)options->estimator);
    const char *equal = strchr(text, '=');
    IPL_REQUIRE(equal, "'%s': expected key=value", text);
    size_t length = (size_t)(equal - text);
    while (length && text[length - 1] == ' ') --length;
    for (int o = 0; o < family->options; ++o) {
        const ipl_option *option = &family->option[o];
        if (strlen(option->key) == length && !strncmp(option->key, text, length))
            return ipl_option_set(option, equal + 1, options);
    }
    return unknown_key(family, text, length);
}

ipl_status ipl_mi_options_check(const ipl_mi_options *options)
{
    IPL_REQUIRE(options, "options are NULL");
    const mi_estimator *how = mi_estimator_of(options->estimator);
    IPL_REQUIRE(how, "estimator %d", (int)options->estimator);
    IPL_REQUIRE(is_setting(options->setting), "%s: setting '%.*s': expected "
                "letters, digits, +, - and .", how->family.name, IPL_MI_SETTING_TEXT,
                options->setting);
    return how->check(options);
}

void ipl_mi_describe(const ipl_mi_options *options, char *text, size_t size)
{
    IPL_C_LOCALE;
    const mi_estimator *how = mi_estimator_of(options->estimator);
    if (how) how->describe(options, text, size);
    else if (size) *text = 0;
}

ipl_status ipl_mi_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                        int64_t d, const float *t, int point, double *i_xt,
                        double *i_ty)
{
    IPL_TRY(ipl_mi_options_check(options));
    const mi_estimator *how = mi_estimator_of(options->estimator);
    IPL_REQUIRE(samples && t && i_xt && i_ty && samples->n >= 2 && d >= 1 &&
                    point >= 0 && point < how->family.points,
                "%s: point %d of %lld units", how->family.name, point, (long long)d);
    return how->plain(options, samples, d, t, point, i_xt, i_ty);
}

const char *ipl_mi_print(double value, char text[IPL_MI_VALUE_TEXT])
{
    IPL_C_LOCALE;
    *text = 0;
    if (!isnan(value))
        snprintf(text, IPL_MI_VALUE_TEXT, "%.9g", value == 0.0 ? 0.0 : value);
    return text;
}

ipl_mi_point mi_point_empty(void)
{
    return (ipl_mi_point){.h_t = NAN, .i_xt = NAN, .i_ty = NAN, .noise_var = NAN,
                          .cells = -1, .outside_share = NAN, .se_x = NAN,
                          .se_y = NAN, .i_next = NAN};
}
