/*
 * no_label.c - labels that mean none: a list, and what is said of the rows left out.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "data/classes.h"

void ipl_classes_note(ipl_classes *out, const char *format, ...)
{
    va_list more;
    const size_t used = strlen(out->note);
    va_start(more, format);
    vsnprintf(out->note + used, sizeof out->note - used, format, more);
    va_end(more);
}

int ipl_no_label_has(const char *no_label, const char *text)
{
    const size_t length = strlen(text);
    for (const char *at = no_label; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strcspn(at, ",") == length && !strncmp(at, text, length)) return 1;
    }
    return 0;
}

int ipl_no_label_has_number(const char *no_label, double value)
{
    char text[32] = "nan";
    if (!no_label || !*no_label) return 0;
    if (!isnan(value) && !(fabs(value) <= 0x1p53 && floor(value) == value)) return 0;
    if (!isnan(value)) snprintf(text, sizeof text, "%" PRId64, (int64_t)value);
    return ipl_no_label_has(no_label, text);
}

void ipl_no_label_note(ipl_classes *made, const char *no_label)
{
    const char *between = *made->note ? "; " : "";
    const char *or = no_label && strchr(no_label, ',') ? "one of " : "";
    if (!no_label || !*no_label) return;
    if (made->unlabelled)
        ipl_classes_note(made, "%s%" PRId64 " of %" PRId64 " rows are labelled %s%s "
                         "and left out", between, made->unlabelled, made->rows, or,
                         no_label);
    else
        ipl_classes_note(made, "%sno row is labelled %s%s", between, or, no_label);
}
