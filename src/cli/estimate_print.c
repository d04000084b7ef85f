/*
 * estimate_print.c - points on stdout, as a table or as JSON.
 */
#include "cli/estimate_print.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "ipl_text.h"

static double nats_in(const char *units)
{
    return strcmp(units, "bits") ? 1.0 : log(2.0);
}

/* -- JSON -------------------------------------------------------------------------*/

/* A name in a file may have any byte. NULL: no memory. */
static char *text_json(const char *text)
{
    char *valid = ipl_text_utf8(text);
    json_t *name = valid ? json_string(valid) : NULL;
    char *out = name ? json_dumps(name, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
    json_decref(name);
    free(valid);
    return out;
}

/* ,"key":number, or null where it is not defined. */
static void print_field(const char *key, double value)
{
    char text[IPL_MI_VALUE_TEXT];
    printf(",\"%s\":%s", key, isfinite(value) ? ipl_mi_print(value, text) : "null");
}

/* Of the fields that a family may leave undefined only those that it has. */
static void print_json(const estimate_print *how, const ipl_mi_point *p)
{
    const double unit = nats_in(how->units);
    const char *refused = ipl_mi_refusal_text(p->refusal), *before = "";
    printf("{\"estimator\":\"%s\"", p->name);
    if (p->bound) printf(",\"bound\":\"%s\"", p->bound);
    printf(",\"n\":%lld,\"d\":%lld", (long long)how->n, (long long)how->d);
    if (how->t_json) printf(",\"t\":%s", how->t_json);
    print_field("i_xt", p->i_xt / unit);
    print_field("i_ty", p->i_ty / unit);
    print_field("h_t", p->h_t / unit);
    if (how->errors) {
        print_field("se_x", p->se_x / unit);
        print_field("se_y", p->se_y / unit);
    }
    printf(",\"units\":\"%s\"", how->units);
    if (isfinite(p->noise_var)) print_field("noise_var", p->noise_var);
    if (p->cells >= 0) printf(",\"cells\":%lld", (long long)p->cells);
    if (isfinite(p->outside_share)) print_field("outside_share", p->outside_share);
    if (how->merged)
        printf(",\"values_beyond_float32\":%lld", (long long)how->merged);
    if (how->rounded)
        printf(",\"values_beyond_float64\":%lld", (long long)how->rounded);
    if (refused) printf(",\"refused\":\"%s\"", refused);
    printf(",\"flags\":[");
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f)
        if (p->flags & 1u << f && ipl_mi_flag_name(f)) {
            printf("%s\"%s\"", before, ipl_mi_flag_name(f));
            before = ",";
        }
    printf("]}\n");
}

/* -- The table --------------------------------------------------------------------*/

/* With six digits behind the point; "-" where it is not defined. */
static void print_value(int width, double value)
{
    char text[32];
    snprintf(text, sizeof text, isfinite(value) ? "%.6f" : "-", value);
    printf(" %*s", width, text);
}

static void print_error(const estimate_print *how, double value)
{
    char text[32] = "";
    if (!how->errors) return;
    if (isfinite(value)) snprintf(text, sizeof text, "+- %.6f", value);
    printf(" %-11s", text);
}

/* A flag in a row, after what stands there. */
static void print_flag(const ipl_mi_point *p, int f, const char *before)
{
    const unsigned flag = p->flags & 1u << f;
    if (!flag || !ipl_mi_flag_name(f)) return;
    if (flag == IPL_MI_OUTSIDE)
        printf("%s%.3g %% of values outside the range", before,
               100.0 * p->outside_share);
    else
        printf("%s%s", before, ipl_mi_flag_name(f));
    if (flag == IPL_MI_SATURATED && p->cells >= 0)
        printf(": no two samples share a cell");
    if (flag == IPL_MI_REFUSED) printf(": %s", ipl_mi_refusal_text(p->refusal));
}

static void print_row(const estimate_print *how, const ipl_mi_point *p)
{
    const double unit = nats_in(how->units);
    const char *before = "  ";
    printf("%-*s", how->name_width, p->name);
    print_value(12, p->i_xt / unit);
    print_error(how, p->se_x / unit);
    print_value(12, p->i_ty / unit);
    print_error(how, p->se_y / unit);
    print_value(14, p->h_t / unit);
    if (isfinite(p->noise_var)) {
        printf("%snoise variance %.6g", before, p->noise_var);
        before = ", ";
    }
    if (p->cells >= 0) {
        printf("%s%lld cells", before, (long long)p->cells);
        before = ", ";
    }
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f) {
        print_flag(p, f, before);
        if (p->flags & 1u << f && ipl_mi_flag_name(f)) before = ", ";
    }
    printf("\n");
}

static void print_head(const estimate_print *how)
{
    const char *error = how->errors ? "            " : "";
    cli_print(stdout, "%s", how->t);
    printf(": %lld samples of %lld values, in %s\n%-*s %12s%s %12s%s %14s\n",
           (long long)how->n, (long long)how->d, how->units, how->name_width,
           "estimator", "I(X;T)", error, "I(T;Y)", error, "H(T)");
}

ipl_status estimate_print_points(const estimate_print *how, int points,
                                 const ipl_mi_point *point)
{
    char *t = how->json && how->member ? text_json(how->t) : NULL;
    estimate_print with = *how;
    if (how->json && how->member && !t)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its name", how->t);
    with.t_json = t;
    with.name_width = 10;
    for (int p = 0; p < points; ++p)
        if ((int)strlen(point[p].name) > with.name_width)
            with.name_width = (int)strlen(point[p].name);
    if (!how->json) print_head(&with);
    for (int p = 0; p < points; ++p)
        (how->json ? print_json : print_row)(&with, &point[p]);
    free(t);
    return IPL_OK;
}

void estimate_print_lost(const char *path, int64_t merged, int64_t rounded,
                         int64_t values)
{
    if (merged)
        cli_say("%s: %lld of %lld values differ only beyond float32", path,
                (long long)merged, (long long)values);
    if (rounded)
        cli_say("%s: %lld of %lld values are rounded to float64", path,
                (long long)rounded, (long long)values);
}
