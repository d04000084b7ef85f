/*
 * plot_pool_data.c - pool.csv, read back and averaged over its seeds.
 */
#include "plot/plot_pool_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plot/plot_table.h"

static const char header[] =
    "seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,i_ty_bits,h_t_bits,"
    "h_t_given_x_bits,ceiling_bits,flags,control";

/* -- Rows -------------------------------------------------------------------------*/

/* A row, with what belongs to its window and its estimator. */
typedef struct {
    pool_point point; /* its window still by number                              */
    int64_t    number, first, last;
    double     ceiling;
} pool_row;

/* The field at *at, which is moved past its comma. */
static size_t take_text(char **at, const char **out)
{
    const size_t length = strcspn(*at, ",");
    *out = *at;
    *at += length + ((*at)[length] == ',');
    return length;
}

static int take_control(char **at)
{
    static const char *const name[] = {"none", "frozen", "walk", "shuffled"};
    const char *text;
    const size_t length = take_text(at, &text);
    for (int c = 0; c < POOL_CONTROLS; ++c)
        if (strlen(name[c]) == length && !strncmp(text, name[c], length)) return c;
    return -1;
}

static int take_row(plot_data *d, char *at, pool_row *r)
{
    enum { COMMAS = 13 };
    pool_point *p = &r->point;
    int64_t seed, layer;
    double entropy;
    const char *text;
    if (ipl_plot_commas(at) != COMMAS) return 0;
    if (!ipl_plot_whole(&at, &seed) || !ipl_plot_whole(&at, &r->number) ||
        !ipl_plot_whole(&at, &r->first) || !ipl_plot_whole(&at, &r->last) ||
        !ipl_plot_whole(&at, &p->k) || !ipl_plot_whole(&at, &layer))
        return 0;
    if (r->number < 1 || r->first < 0 || r->last < r->first || p->k < 1 || layer < 1 ||
        layer > d->layers)
        return 0;
    p->layer = (int)layer;
    const size_t length = take_text(&at, &text);
    p->estimator = ipl_plot_estimator(d, text, length);
    if (!ipl_plot_real(&at, &p->mean[PLOT_X]) ||
        !ipl_plot_real(&at, &p->mean[PLOT_Y]) || !ipl_plot_real(&at, &entropy) ||
        !ipl_plot_real(&at, &entropy) || !ipl_plot_real(&at, &r->ceiling))
        return 0;
    const size_t flags = take_text(&at, &text);
    const char *saturated = strstr(text, "saturated");
    p->saturated = saturated && saturated < text + flags;
    p->rows = 1;
    p->control = take_control(&at);
    return p->estimator >= 0 && p->control >= 0 && !*at;
}

/* All rows of a window have its ticks, all of an estimator its ceiling: a panel draws
 * them once. */
static ipl_status keep_row(const plot_table *t, plot_pool *pool, pool_row *r)
{
    char expected[128];
    double *ceiling = &pool->ceiling[r->point.estimator];
    if (r->number > POOL_WINDOWS_MAX) {
        snprintf(expected, sizeof expected, "a window from 1 to %d", POOL_WINDOWS_MAX);
        return ipl_plot_table_bad(t, expected);
    }
    pool_window *w = &pool->window[r->number - 1];
    if (!w->number) *w = (pool_window){(int)r->number, r->first, r->last};
    if (w->first != r->first || w->last != r->last) {
        snprintf(expected, sizeof expected, "ticks %lld to %lld, as window %d has "
                 "above", (long long)w->first, (long long)w->last, w->number);
        return ipl_plot_table_bad(t, expected);
    }
    if (isnan(*ceiling)) *ceiling = r->ceiling;
    if (!isnan(r->ceiling) && *ceiling != r->ceiling) {
        snprintf(expected, sizeof expected, "ceiling_bits %.9g, as its estimator has "
                 "above", *ceiling);
        return ipl_plot_table_bad(t, expected);
    }
    r->point.window = (int)r->number - 1;
    pool->has[r->point.control] = 1;
    pool->point[pool->points++] = r->point;
    return IPL_OK;
}

/* -- All of them ------------------------------------------------------------------*/

/* Windows that are there move to the front, and points with them. */
static void close_gaps(plot_pool *pool)
{
    int at[POOL_WINDOWS_MAX];
    for (int w = 0; w < POOL_WINDOWS_MAX; ++w) {
        at[w] = pool->windows;
        if (pool->window[w].number) pool->window[pool->windows++] = pool->window[w];
    }
    for (int64_t k = 0; k < pool->points; ++k)
        pool->point[k].window = at[pool->point[k].window];
}

static int by_place(const void *a, const void *b)
{
    const pool_point *x = a, *y = b;
    if (x->estimator != y->estimator) return x->estimator - y->estimator;
    if (x->window != y->window) return x->window - y->window;
    if (x->layer != y->layer) return x->layer - y->layer;
    if (x->control != y->control) return x->control - y->control;
    return (x->k > y->k) - (x->k < y->k);
}

/* Points of equal place become one. */
static void average(plot_pool *pool)
{
    int64_t kept = 0;
    qsort(pool->point, (size_t)pool->points, sizeof *pool->point, by_place);
    for (int64_t first = 0, end; first < pool->points; first = end) {
        pool_point p = pool->point[first];
        for (end = first; end < pool->points && !by_place(&p, &pool->point[end]);)
            ++end;
        for (int s = 0; s < 2; ++s)
            ipl_plot_average(&pool->point[first].mean[s], sizeof p, end - first,
                             &p.mean[s], &p.bar[s]);
        for (int64_t k = first + 1; k < end; ++k) {
            p.saturated += pool->point[k].saturated;
            ++p.rows;
        }
        if (end - first > pool->seeds) pool->seeds = (int)(end - first);
        if (!pool->estimators ||
            pool->estimator[pool->estimators - 1] != p.estimator)
            pool->estimator[pool->estimators++] = p.estimator;
        pool->point[kept++] = p;
    }
    pool->points = kept;
}

static ipl_status read_rows(plot_table *t, plot_data *d, plot_pool *pool)
{
    int64_t size = 0;
    char *line = ipl_plot_table_line(t);
    if (!line || strcmp(line, header)) return ipl_plot_table_bad(t, header);
    while ((line = ipl_plot_table_line(t))) {
        pool_row r = {.ceiling = NAN};
        pool_point *more =
            ipl_plot_room(pool->point, pool->points, &size, sizeof *more);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld points", (long long)size);
        pool->point = more;
        if (!take_row(d, line, &r)) return ipl_plot_table_bad(t, header);
        IPL_TRY(keep_row(t, pool, &r));
    }
    if (!pool->points) return IPL_FAIL(IPL_E_FORMAT, "%s: no points yet", t->path);
    return IPL_OK;
}

ipl_status ipl_plot_pool_read(const char *dir, plot_data *d, plot_pool *out)
{
    plot_pool made = {0};
    plot_table t;
    for (int e = 0; e < PLOT_ESTIMATORS_MAX; ++e) made.ceiling[e] = NAN;
    ipl_status st = ipl_plot_table_open(&t, dir, "pool.csv");
    if (st == IPL_OK) st = read_rows(&t, d, &made);
    else if (access(t.path, F_OK))
        st = IPL_FAIL(IPL_E_FORMAT, "%s has no pool.csv: run it with pool.windows set",
                      dir);
    if (st == IPL_OK) {
        close_gaps(&made);
        average(&made);
        *out = made;
    } else ipl_plot_pool_free(&made);
    ipl_plot_table_close(&t);
    return st;
}

void ipl_plot_pool_free(plot_pool *pool)
{
    free(pool->point);
    *pool = (plot_pool){0};
}
