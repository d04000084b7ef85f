/*
 * table_file.c - the tables of runs, read line by line, and those of a study.
 */
#include "study/table_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"

enum { PIECE = 1 << 20 }; /* bytes that are written at once */

/* -- Writing ----------------------------------------------------------------------*/

ipl_status study_file_begin(study_file *f, const char *dir, const char *name)
{
    *f = (study_file){.fd = -1};
    snprintf(f->path, sizeof f->path, "%s/%s", dir, name);
    snprintf(f->made, sizeof f->made, "%s.new", f->path);
    return ipl_file_make(IPL_FILE_PATH, f->made, &f->fd);
}

static ipl_status write_out(study_file *f)
{
    if (f->text.is_lost)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to write it", f->path);
    if (!f->text.used) return IPL_OK;
    IPL_TRY(ipl_file_write_at(f->fd, f->made, f->text.at, f->text.used, f->bytes));
    f->bytes += (int64_t)f->text.used;
    f->text.used = 0;
    return IPL_OK;
}

ipl_status study_file_flush(study_file *f)
{
    return f->text.used < PIECE && !f->text.is_lost ? IPL_OK : write_out(f);
}

ipl_status study_file_end(study_file *f, ipl_status st)
{
    if (f->fd < 0) return st;
    if (st == IPL_OK) st = write_out(f);
    if (st == IPL_OK)
        st = ipl_file_rename(IPL_FILE_PATH, f->made, f->path, f->fd);
    close(f->fd);
    if (st != IPL_OK) ipl_file_remove(IPL_FILE_PATH, f->made);
    free(f->text.at);
    return st;
}

static int is_column(const ipl_study_key *key)
{
    return strcmp(key->section, "train") || strcmp(key->key, "seed");
}

void study_file_keys(study_file *f, const ipl_study *study)
{
    for (int k = 0; k < ipl_study_keys(study); ++k) {
        const ipl_study_key key = ipl_study_key_at(study, k);
        if (is_column(&key))
            ipl_buffer_add(&f->text, "%s.%s,", key.section, key.key);
    }
}

/* As words, which have no commas within. */
void study_file_values(study_file *f, const ipl_study *study, int64_t run)
{
    for (int k = 0; k < ipl_study_keys(study); ++k) {
        const ipl_study_key key = ipl_study_key_at(study, k);
        if (is_column(&key))
            ipl_buffer_add(&f->text, "%s,",
                           ipl_study_word(study, k, ipl_study_value_of(study, run, k)));
    }
}

/* -- Reading ----------------------------------------------------------------------*/

static ipl_status read_one(study_points *p, const char *dir, const char *name,
                           const char *begins, char **text, char **head)
{
    int64_t size;
    snprintf(p->path, sizeof p->path, "%s/%s", dir, name);
    IPL_TRY(ipl_file_read(IPL_FILE_PATH, p->path, text, &size));
    *head = *text;
    if (strncmp(*text, begins, strlen(begins)) || !strchr(*text, '\n'))
        return IPL_FAIL(IPL_E_FORMAT, "%s:1: expected %s..", p->path, begins);
    return IPL_OK;
}

static const char columns[] = "seed,epoch,layer,estimator,";

ipl_status study_points_open(study_points *p, const char *dir)
{
    *p = (study_points){.line = 1};
    IPL_TRY(read_one(p, dir, "plane_details.csv", columns, &p->details,
                     &p->details_head));
    IPL_TRY(read_one(p, dir, "plane.csv", columns, &p->plane, &p->plane_head));
    p->plane_at = p->plane;
    p->details_at = p->details;
    strsep(&p->plane_at, "\n");
    strsep(&p->details_at, "\n");
    p->details_head += strlen(columns);
    return IPL_OK;
}

void study_points_close(study_points *p)
{
    free(p->plane);
    free(p->details);
    *p = (study_points){0};
}

/* A whole line without its end, or NULL. */
static char *take_line(char **at)
{
    return *at && strchr(*at, '\n') ? strsep(at, "\n") : NULL;
}

ipl_status study_points_next(study_points *p, study_row *row, int *is_row)
{
    char *plane = take_line(&p->plane_at), *details = take_line(&p->details_at);
    ++p->line;
    *is_row = plane != NULL;
    const int torn = (p->plane_at && !plane && *p->plane_at) || !plane != !details;
    if (!torn && !plane) return IPL_OK;
    char *const both = plane;
    size_t same = 0;
    if (!torn) {
        row->seed = strsep(&plane, ",");
        row->epoch = strsep(&plane, ",");
        row->layer = strsep(&plane, ",");
        row->estimator = strsep(&plane, ",");
        row->plane = plane;
        /* The four columns of both lines are the same, where commas are now ends. */
        same = plane ? (size_t)(plane - both) : 0;
        for (size_t k = 0; k < same && same; ++k)
            if (details[k] != (both[k] ? both[k] : ',')) same = 0;
    }
    if (!same)
        return IPL_FAIL(IPL_E_FORMAT, "%s:%lld: not the row of plane_details.csv there",
                        p->path, (long long)p->line);
    row->details = details + same;
    return IPL_OK;
}

ipl_status study_each_set(const char *dir, study_set_call call, void *user)
{
    ipl_measured_rows first;
    unsigned further;
    char path[STUDY_PATH];
    IPL_TRY(ipl_run_sets(dir, &first, &further));
    IPL_TRY(call(user, dir, ipl_rows_name(first)));
    for (int set = 0; set < IPL_ROWS_COUNT; ++set) {
        if (!(further & 1u << set)) continue;
        const char *rows = ipl_rows_name((ipl_measured_rows)set);
        snprintf(path, sizeof path, "%s/%s", dir, rows);
        IPL_TRY(call(user, path, rows));
    }
    return IPL_OK;
}
