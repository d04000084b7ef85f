/*
 * audit_words.c - an audit in words: one paragraph a layer.
 */
#include "cli/audit_words.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { WIDTH = 88, INDENT = 4, PARAGRAPH = 2048 };

typedef struct {
    char   text[PARAGRAPH];
    size_t used;
} words;

__attribute__((format(printf, 2, 3)))
static void say(words *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(w->text + w->used, PARAGRAPH - w->used, format, args);
    va_end(args);
    w->used += (size_t)length;
    if (w->used >= PARAGRAPH) w->used = PARAGRAPH - 1;
}

/* In lines of WIDTH, all but the first one indented. */
static void print_wrapped(const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at;) {
        const size_t blank = *at == ' ', length = strcspn(at + blank, " ");
        if (column && column + blank + length > WIDTH) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
            at += blank;
        } else if (blank) {
            putchar(' ');
            ++column, ++at;
        }
        cli_print(stdout, "%.*s", (int)length, at);
        column += length;
        at += length;
    }
    putchar('\n');
}

static double bits(double nats) { return nats / log(2.0) + 0.0; }

static const char *plural(int64_t count, const char *one, const char *many)
{
    return count == 1 ? one : many;
}

/* -- Who meets --------------------------------------------------------------------*/

/* "12 pairs meet in double (rank 8, activation 4)" */
static void say_pairs(words *w, const char *where, const int64_t *count,
                      const char *const *cause, int causes)
{
    int64_t all = 0;
    int kinds = 0;
    for (int c = 0; c < causes; ++c) all += count[c], kinds += count[c] > 0;
    say(w, "%lld %s in %s (", (long long)all,
        plural(all, "pair of inputs meets", "pairs of inputs meet"), where);
    const char *before = "";
    for (int c = 0; c < causes; ++c) {
        if (!count[c]) continue;
        if (kinds > 1) say(w, "%s%s %lld", before, cause[c], (long long)count[c]);
        else say(w, "%s", cause[c]);
        before = ", ";
    }
    say(w, ")");
}

static void say_double(words *w, const ipl_audit_report *r, const ipl_audit_layer *a)
{
    static const char *const cause[] = {"rank", "activation"};
    if (a->double_out < a->double_in) {
        say_pairs(w, "double", a->double_pairs, cause, 2);
        say(w, ": %lld values become %lld", (long long)a->double_in,
            (long long)a->double_out);
    } else if (a->double_in < r->inputs) {
        say(w, "injective in double on the %lld %s that the layers before have left",
            (long long)a->double_in, plural(a->double_in, "value", "values"));
    } else {
        say(w, "injective on the %lld inputs in double", (long long)r->inputs);
    }
}

static void say_float(words *w, const ipl_audit_report *r, const ipl_audit_layer *a)
{
    static const char *const cause[] = {"rank", "activation", "saturation", "rounding"};
    const int64_t *met = a->float_pairs;
    const int64_t count[] = {met[IPL_CAUSE_RANK], met[IPL_CAUSE_ACTIVATION],
                             a->saturated_pairs,
                             met[IPL_CAUSE_ROUNDING] - a->saturated_pairs};
    const int any = count[0] + count[1] + count[2] + count[3] > 0;
    if (any) {
        say(w, "; ");
        say_pairs(w, "float32", count, cause, 4);
    } else if (a->float_in == r->inputs) {
        say(w, " and in float32");
    } else {
        say(w, "; float32 loses nothing more of the %lld %s before",
            (long long)a->float_in, plural(a->float_in, "value", "values"));
    }
}

/* -- A paragraph ------------------------------------------------------------------*/

static void say_units(words *w, const ipl_audit_layer *a)
{
    const int count[] = {a->dead, a->constant, a->saturated};
    static const char *const state[] = {"dead", "constant", "saturated"};
    const char *before = "";
    if (a->dead + a->constant + a->saturated == 0) return;
    say(w, " Of %d %s ", a->units, plural(a->units, "unit", "units"));
    for (int k = 0; k < 3; ++k) {
        if (!count[k]) continue;
        say(w, "%s%d %s %s", before, count[k], plural(count[k], "is", "are"), state[k]);
        before = ", ";
    }
    say(w, ".");
}

static void say_matrix(words *w, const ipl_audit_layer *a)
{
    const int full = a->inputs < a->units ? a->inputs : a->units;
    say(w, " W %d x %d has %srank %d", a->inputs, a->units,
        a->rank == full ? "full " : "", a->rank);
    if (a->rank < full) say(w, " of %d", full);
    if (isfinite(a->condition)) say(w, ", condition %.3g.", a->condition);
    else say(w, ".");
}

static void say_resolution(words *w, const ipl_audit_layer *a)
{
    if (a->float_out < 2) return; /* nothing that rounding could join */
    say(w, " What float32 tells apart takes %d %s of mantissa", a->mantissa_bits,
        plural(a->mantissa_bits, "bit", "bits"));
    if (isfinite(a->bin_width)) say(w, " or bins of %.2g", a->bin_width);
    if (isfinite(a->mark_bin)) say(w, "; bin has %.2g", a->mark_bin);
    if (isfinite(a->mark_noise)) say(w, "; the noise of kde %.2g", a->mark_noise);
    say(w, ".");
}

static void say_layer(const ipl_audit_report *r, int l)
{
    words w = {.used = 0};
    const ipl_audit_layer *a = &r->layer[l - 1];
    say(&w, "layer %d, %s: ", l, a->name);
    say_double(&w, r, a);
    say_float(&w, r, a);
    say(&w, ". H(X|T) = %.4g of %.4g bits.", bits(a->h_x_given_t), bits(r->h_x));
    say_matrix(&w, a);
    say_units(&w, a);
    say_resolution(&w, a);
    if (a->examples) {
        const ipl_audit_pair *e = &a->example[0];
        say(&w, " For example rows %lld and %lld, %.3g apart in X (%s).",
            (long long)e->row[0], (long long)e->row[1], e->distance,
            ipl_audit_cause_name(e->cause));
    }
    print_wrapped(w.text);
}

void audit_words(const ipl_audit_report *r)
{
    words w = {.used = 0};
    say(&w, "%s: %lld rows, %lld distinct %s, H(X) = %.6g bits", r->source,
        (long long)r->rows, (long long)r->inputs, plural(r->inputs, "input", "inputs"),
        bits(r->h_x));
    if (r->tick >= 0)
        say(&w, "; network of seed %lld, tick %lld", (long long)r->seed,
            (long long)r->tick);
    print_wrapped(w.text);
    for (int l = 1; l <= r->layers; ++l) say_layer(r, l);
}
