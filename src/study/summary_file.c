/*
 * summary_file.c - study_summary.csv: mean and deviation over all seeds of the same
 * settings, which may lie in several runs.
 *
 * As summary.csv of a run: from the nine digits of the tables, of finite values, in the
 * order of the seeds.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "spread.h"
#include "study/tables.h"

enum { QUANTITIES = 4 };
static const char *const quantity[QUANTITIES] = {"i_xt_bits", "i_ty_bits", "h_t_bits",
                                                 "i_t_next_bits"};

/* A point of one seed. */
typedef struct {
    int64_t epoch, seed;
    int     set, layer, estimator; /* set of rows; the estimator's number   */
    int     has_cells;
    double  value[QUANTITIES];
} seen;

typedef struct {
    const study_jobs *jobs;
    study_file        file;
    seen             *row;
    int64_t           rows, room;
    char            (*name)[IPL_MI_NAME_TEXT]; /* estimators, as they came         */
    int               names;
    int               set;
    double           *value;                   /* [rows]: of one quantity          */
} summing;

/* -- Points -----------------------------------------------------------------------*/

static ipl_status number_of(summing *s, const char *name, int *number)
{
    for (*number = 0; *number < s->names; ++*number)
        if (!strcmp(s->name[*number], name)) return IPL_OK;
    void *more = realloc(s->name, (size_t)(s->names + 1) * sizeof *s->name);
    if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d estimators", s->names + 1);
    s->name = more;
    snprintf(s->name[s->names++], sizeof *s->name, "%s", name);
    return IPL_OK;
}

/* The next field as a number, NaN if it is empty. */
static double take(char **at)
{
    char *end;
    const char *field = strsep(at, ",");
    return field && *field ? ipl_number_read(field, &end) : NAN;
}

static ipl_status add_row(summing *s, study_row *from)
{
    if (s->rows == s->room) {
        const int64_t room = 2 * s->room + 4096;
        void *more = realloc(s->row, (size_t)room * sizeof *s->row);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%lld points", (long long)room);
        s->row = more;
        s->room = room;
    }
    seen *to = s->row + s->rows++;
    *to = (seen){.epoch = strtoll(from->epoch, NULL, 10), .set = s->set,
                 .seed = strtoll(from->seed, NULL, 10),
                 .layer = (int)strtol(from->layer, NULL, 10)};
    to->value[0] = take(&from->plane);
    to->value[1] = take(&from->plane);
    to->value[2] = take(&from->details);
    to->value[3] = take(&from->details);
    to->has_cells = !isnan(take(&from->details));
    return number_of(s, from->estimator, &to->estimator);
}

static ipl_status add_set(void *user, const char *dir, const char *rows)
{
    summing *s = user;
    study_points p;
    study_row row;
    int is_row = 1;
    for (s->set = 0; strcmp(ipl_rows_name((ipl_measured_rows)s->set), rows);) ++s->set;
    ipl_status st = study_points_open(&p, dir);
    while (st == IPL_OK && is_row) {
        st = study_points_next(&p, &row, &is_row);
        if (st == IPL_OK && is_row) st = add_row(s, &row);
    }
    study_points_close(&p);
    return st;
}

/* -- Means ------------------------------------------------------------------------*/

static int compare(int64_t a, int64_t b) { return a < b ? -1 : a > b; }

static int by_point(const void *a, const void *b)
{
    const seen *l = a, *r = b;
    int order = compare(l->set, r->set);
    if (!order) order = compare(l->epoch, r->epoch);
    if (!order) order = compare(l->layer, r->layer);
    if (!order) order = compare(l->estimator, r->estimator);
    return order ? order : compare(l->seed, r->seed);
}

static int is_same(const seen *a, const seen *b)
{
    return a->set == b->set && a->epoch == b->epoch && a->layer == b->layer &&
           a->estimator == b->estimator;
}

/* The rows of one point, row[seeds]. */
static void print_point(summing *s, int64_t run, const seen *row, int64_t seeds)
{
    for (int q = 0; q < QUANTITIES; ++q) {
        int64_t n = 0;
        /* I(T;T') lies between cells: other points do not have it. */
        if (q == QUANTITIES - 1 && !row->has_cells) continue;
        for (int64_t k = 0; k < seeds; ++k)
            if (isfinite(row[k].value[q])) s->value[n++] = row[k].value[q];
        study_file_values(&s->file, s->jobs->study, run);
        ipl_buffer_add(&s->file.text, "%s,%lld,%d,%s,%s",
                       ipl_rows_name((ipl_measured_rows)row->set),
                       (long long)row->epoch, row->layer, s->name[row->estimator],
                       quantity[q]);
        ipl_spread_print(&s->file.text, n, s->value);
        ipl_buffer_add(&s->file.text, "\n");
    }
}

static ipl_status print_settings(summing *s, int64_t run)
{
    if (!s->rows) return IPL_OK;
    qsort(s->row, (size_t)s->rows, sizeof *s->row, by_point);
    s->value = malloc((size_t)s->rows * sizeof *s->value);
    if (!s->value)
        return IPL_FAIL(IPL_E_MEMORY, "%lld points", (long long)s->rows);
    ipl_status st = IPL_OK;
    for (int64_t k = 0, next; k < s->rows && st == IPL_OK; k = next) {
        for (next = k + 1; next < s->rows; ++next)
            if (!is_same(s->row + k, s->row + next)) break;
        print_point(s, run, s->row + k, next - k);
        st = study_file_flush(&s->file);
    }
    free(s->value);
    s->value = NULL;
    s->rows = 0;
    return st;
}

/* 1 if two runs differ in their seeds alone. */
static int same_settings(const ipl_study *study, int64_t a, int64_t b)
{
    for (int k = 0; k < ipl_study_keys(study); ++k) {
        const ipl_study_key key = ipl_study_key_at(study, k);
        if (!strcmp(key.section, "train") && !strcmp(key.key, "seed")) continue;
        if (ipl_study_value_of(study, a, k) != ipl_study_value_of(study, b, k))
            return 0;
    }
    return 1;
}

static ipl_status print_all(summing *s)
{
    IPL_C_LOCALE;
    char path[STUDY_PATH];
    int64_t first = 0;
    study_file_keys(&s->file, s->jobs->study);
    ipl_buffer_add(&s->file.text,
                   "rows,epoch,layer,estimator,quantity,mean,deviation,n\n");
    for (int64_t r = 0; r < s->jobs->count; ++r) {
        if (!same_settings(s->jobs->study, first, r)) {
            IPL_TRY(print_settings(s, first));
            first = r;
        }
        if (s->jobs->job[r].state == IPL_STUDY_DONE)
            IPL_TRY(study_each_set(study_path(s->jobs, r, path), add_set, s));
    }
    return print_settings(s, first);
}

ipl_status study_summary_write(const study_jobs *jobs)
{
    summing s = {.jobs = jobs};
    ipl_status st = study_file_begin(&s.file, jobs->dir, "study_summary.csv");
    if (st == IPL_OK) st = print_all(&s);
    st = study_file_end(&s.file, st);
    free(s.row);
    free(s.name);
    return st;
}
