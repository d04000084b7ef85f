/*
 * doubt_print.c - points that cannot be trusted, a line a kind, after the results.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

/* "1-4, 6" */
static const char *layers_text(uint64_t layers, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int l = 1; l <= 64 && used < size; ++l) {
        if (!(layers & (uint64_t)1 << (l - 1))) continue;
        int last = l;
        while (last < 64 && layers & (uint64_t)1 << last) ++last;
        used += (size_t)snprintf(text + used, size - used,
                                 last > l ? "%s%d-%d" : "%s%d", used ? ", " : "", l,
                                 last);
        l = last;
    }
    return text;
}

/* "fc1, out" */
static const char *names_text(uint64_t layers, int count, char (*name)[64], char *text,
                              size_t size)
{
    size_t used = 0;
    *text = 0;
    for (int l = 0; l < count && used < size; ++l)
        if (layers & (uint64_t)1 << l)
            used += (size_t)snprintf(text + used, size - used, "%s%s",
                                     used ? ", " : "", name[l]);
    return text;
}

/* The family of points of this name, which may end in @VALUE. */
static const ipl_mi_family *family_of(const char *estimator)
{
    char name[IPL_DOUBT_NAME];
    ipl_mi_estimator which;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(estimator, "@"), estimator);
    return ipl_mi_point_named(name, &which, NULL) == IPL_OK ? ipl_mi_family_of(which)
                                                            : NULL;
}

/* 1: no point of kde is saturated too. */
static int kde_says_more(int64_t count, const ipl_doubt *doubt)
{
    for (int64_t k = 0; k < count; ++k)
        if (1u << doubt[k].flag == IPL_MI_SATURATED &&
            family_of(doubt[k].estimator) == ipl_mi_family_of(IPL_MI_KDE))
            return 0;
    return 1;
}

/* What brings I(X;T) below its ceiling. */
static void unsaturate(const char *estimator, int kde, char *text, size_t size)
{
    const ipl_mi_family *f = family_of(estimator);
    const int cells = f && f->needs & IPL_MI_NEEDS_CELLS;
    snprintf(text, size, "more samples%s%s%s", f && f->coarser ? " or " : "",
             f && f->coarser ? f->coarser : "", cells && kde ? "; kde says more" : "");
}

/* What a flag says of a point, and what mends it. A new flag has its name alone. */
static void words_of(const ipl_doubt *d, int kde, char *what, char *mend, size_t size)
{
    snprintf(what, size, "%s", ipl_mi_flag_name(d->flag));
    *mend = 0;
    switch (1u << d->flag) {
    case IPL_MI_SATURATED:
        unsaturate(d->estimator, kde, mend, size);
        break;
    case IPL_MI_OUTSIDE:
        snprintf(what, size, "with up to %.3g %% of the values outside the edges",
                 100.0 * d->outside_share);
        snprintf(mend, size, "a wider range, or bins of form count");
        break;
    case IPL_MI_TIES:
        snprintf(what, size, "with ties among distances");
        snprintf(mend, size, "ms allows for them");
        break;
    case IPL_MI_NEGATIVE:
        snprintf(what, size, "with a value below 0");
        snprintf(mend, size, "less than the estimate can tell from 0; more samples");
        break;
    case IPL_MI_SINGLETONS:
        snprintf(what, size, "without their classes of one row");
        snprintf(mend, size, "more samples");
        break;
    case IPL_MI_REFUSED:
        snprintf(mend, size, "%s", ipl_mi_refusal_text(d->refusal));
        break;
    case IPL_MI_DIMENSION:
        snprintf(what, size, "without a bias constant");
        snprintf(mend, size, "there is none beyond 10 dimensions");
        break;
    case IPL_MI_UNCONVERGED:
        snprintf(what, size, "with rows whose best fit was not found");
        snprintf(mend, size, "a larger k");
        break;
    case IPL_MI_UNCORRECTED:
        snprintf(mend, size, "the correction would pass the ceiling; more samples or "
                             "coarser bins");
        break;
    }
}

static void print_doubt(const ipl_doubt *d, const char *rows, int kde, int names,
                        char (*name)[64])
{
    char layers[256], what[128], mend[128], of[96] = "";
    words_of(d, kde, what, mend, sizeof what);
    const int many = (d->layers & (d->layers - 1)) != 0;
    if (d->all > 1)
        snprintf(of, sizeof of, "%lld of %lld points ", (long long)d->points,
                 (long long)d->all);
    cli_print(stderr, "%s%s%s%s: %s%s", d->estimator, rows ? ", " : "",
              rows ? rows : "", d->pooled ? ", pooled" : "", of, what);
    if (d->all > 1)
        cli_print(stderr, " in layer%s %s", many ? "s" : "",
                  names ? names_text(d->layers, names, name, layers, sizeof layers)
                        : layers_text(d->layers, layers, sizeof layers));
    fprintf(stderr, "%s%s\n", *mend ? ": " : "", mend);
}

static void print_doubts(const char *rows, int64_t count, const ipl_doubt *doubt,
                         int names, char (*name)[64])
{
    const int kde = kde_says_more(count, doubt);
    fflush(stdout); /* what they are about comes first, also in one file */
    for (int64_t k = 0; k < count; ++k) print_doubt(doubt + k, rows, kde, names, name);
}

void cli_print_doubts(const char *rows, int64_t count, const ipl_doubt *doubt)
{
    print_doubts(rows, count, doubt, 0, NULL);
}

int cli_print_run_doubts(const char *dir, const char *rows)
{
    ipl_doubt *doubt;
    int64_t count;
    char (*name)[64];
    int names;
    if (ipl_run_layer_names(dir, &name, &names) != IPL_OK) return cli_failed();
    if (ipl_run_doubts(dir, &doubt, &count) != IPL_OK) {
        free(name);
        return cli_failed();
    }
    print_doubts(rows, count, doubt, names, name);
    free(doubt);
    free(name);
    return CLI_DONE;
}
