/*
 * tables.c - study.csv: the points of all runs that are done.
 */
#include "study/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "file.h"
#include "json.h"

/* -- study.csv --------------------------------------------------------------------*/

typedef struct {
    const study_jobs *jobs;
    study_file        file;
    int64_t           run;
    int               has_head;
} joining;

static ipl_status begin_head(joining *j, const study_points *p)
{
    if (j->has_head) return IPL_OK;
    j->has_head = 1;
    ipl_buffer_add(&j->file.text, "run,");
    study_file_keys(&j->file, j->jobs->study);
    ipl_buffer_add(&j->file.text, "rows,%s,%s\n", p->plane_head, p->details_head);
    return IPL_OK;
}

static ipl_status add_rows(joining *j, study_points *p, const char *rows)
{
    const char *name = ipl_study_run_at(j->jobs->study, j->run)->name;
    ipl_buffer *to = &j->file.text;
    study_row row;
    int is_row;
    IPL_TRY(begin_head(j, p));
    for (;;) {
        IPL_TRY(study_points_next(p, &row, &is_row));
        if (!is_row) return IPL_OK;
        ipl_buffer_add(to, "\"%s\",", name);
        study_file_values(&j->file, j->jobs->study, j->run);
        ipl_buffer_add(to, "%s,%s,%s,%s,%s,%s,%s\n", rows, row.seed, row.epoch,
                       row.layer, row.estimator, row.plane, row.details);
        IPL_TRY(study_file_flush(&j->file));
    }
}

static ipl_status add_set(void *user, const char *dir, const char *rows)
{
    study_points p;
    ipl_status st = study_points_open(&p, dir);
    if (st == IPL_OK) st = add_rows(user, &p, rows);
    study_points_close(&p);
    return st;
}

static ipl_status add_runs(joining *j)
{
    char path[STUDY_PATH];
    for (j->run = 0; j->run < j->jobs->count; ++j->run)
        if (j->jobs->job[j->run].state == IPL_STUDY_DONE)
            IPL_TRY(study_each_set(study_path(j->jobs, j->run, path), add_set, j));
    return IPL_OK;
}

ipl_status study_csv_write(const study_jobs *jobs)
{
    joining j = {.jobs = jobs};
    ipl_status st = study_file_begin(&j.file, jobs->dir, "study.csv");
    if (st == IPL_OK) st = add_runs(&j);
    return study_file_end(&j.file, st);
}

/* -- All of them ------------------------------------------------------------------*/

/* Another process writes the tables for some moments only. */
static ipl_status take_lock(const char *dir, int *fd)
{
    const struct timespec moment = {0, 50000000};
    char path[STUDY_PATH + 16];
    ipl_status st = IPL_E_UNSUPPORTED;
    snprintf(path, sizeof path, "%s/study.lock", dir);
    for (int k = 0; k < 1200 && st == IPL_E_UNSUPPORTED; ++k) {
        if (k) nanosleep(&moment, NULL);
        st = ipl_file_lock(IPL_FILE_PATH, path, fd);
    }
    return st;
}

ipl_status study_begin_folder(const ipl_study *study, const char *dir)
{
    char path[STUDY_PATH + 16], *text;
    size_t bytes;
    int fd = -1;
    IPL_TRY(ipl_study_text(study, &text, &bytes));
    ipl_status st = take_lock(dir, &fd);
    snprintf(path, sizeof path, "%s/study.ini", dir);
    if (st == IPL_OK)
        st = ipl_file_replace(IPL_FILE_PATH, path, 1, &(ipl_file_part){text, bytes});
    ipl_file_unlock(fd);
    free(text);
    return st;
}

/* -- Runs that are damaged --------------------------------------------------------*/

static ipl_status read_set(void *user, const char *dir, const char *rows)
{
    study_points p;
    study_row row;
    int is_row = 1;
    (void)user, (void)rows;
    ipl_status st = study_points_open(&p, dir);
    while (st == IPL_OK && is_row) st = study_points_next(&p, &row, &is_row);
    study_points_close(&p);
    return st;
}

/* What is done, but cannot be read, fails by itself: the tables are of all others. */
static void look_for_damage(study_jobs *jobs)
{
    for (int64_t r = 0; r < jobs->count; ++r) {
        char path[STUDY_PATH], file[STUDY_PATH + 16], why[640];
        json_t *json = NULL;
        if (jobs->job[r].state != IPL_STUDY_DONE) continue;
        ipl_status st = study_each_set(study_path(jobs, r, path), read_set, NULL);
        snprintf(file, sizeof file, "%s/run.json", path);
        if (st == IPL_OK) st = ipl_json_read(IPL_FILE_PATH, file, &json);
        json_decref(json);
        if (st == IPL_OK || st == IPL_E_MEMORY) continue;
        snprintf(why, sizeof why, "%s; remove its folder, and it is done again",
                 ipl_last_error_text());
        study_jobs_end(jobs, r, IPL_STUDY_FAILED, why);
    }
}

/* Who writes last has seen all that was done before. */
ipl_status study_tables_write(study_jobs *jobs)
{
    int fd = -1;
    IPL_TRY(take_lock(jobs->dir, &fd));
    study_jobs_look_again(jobs);
    look_for_damage(jobs);
    ipl_status st = study_csv_write(jobs);
    if (st == IPL_OK) st = study_summary_write(jobs);
    if (st == IPL_OK) st = study_json_write(jobs);
    ipl_file_unlock(fd);
    return st;
}
