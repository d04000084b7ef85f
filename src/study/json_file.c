/*
 * json_file.c - study.json: keys and values, and how each run is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "study/study.h"
#include "study/tables.h"

static const char *const state_name[] = {
    [IPL_STUDY_OPEN] = "open", [IPL_STUDY_WORKING] = "open", [IPL_STUDY_DONE] = "done",
    [IPL_STUDY_FAILED] = "failed", [IPL_STUDY_ELSEWHERE] = "elsewhere"};

static json_t *keys_of(const ipl_study *study)
{
    json_t *keys = json_array();
    for (int k = 0; k < ipl_study_keys(study); ++k) {
        const ipl_study_key key = ipl_study_key_at(study, k);
        json_t *one = json_object(), *values = json_array(), *words = json_array();
        for (int v = 0; v < key.values; ++v) {
            ipl_json_append(&values, ipl_json_text(ipl_study_value(study, k, v)));
            ipl_json_append(&words, ipl_json_text(ipl_study_word(study, k, v)));
        }
        ipl_json_set(&one, "key", json_sprintf("%s.%s", key.section, key.key));
        ipl_json_set(&one, "name", json_string(key.name));
        ipl_json_set(&one, "values", values);
        ipl_json_set(&one, "words", words); /* of tables, and in names of runs */
        ipl_json_set(&one, "only_measures", json_boolean(key.only_measures));
        ipl_json_append(&keys, one);
    }
    return keys;
}

static json_t *run_of(const study_jobs *jobs, int64_t r)
{
    const ipl_study_run *run = ipl_study_run_at(jobs->study, r);
    json_t *one = json_object();
    ipl_json_set(&one, "name", json_string(run->name));
    ipl_json_set(&one, "state", json_string(state_name[jobs->job[r].state]));
    ipl_json_set(&one, "first_seed", json_integer(run->first_seed));
    ipl_json_set(&one, "seeds", json_integer(run->seeds));
    if (run->kept_by >= 0)
        ipl_json_set(&one, "networks_of",
                     json_string(ipl_study_run_at(jobs->study, run->kept_by)->name));
    if (jobs->job[r].state == IPL_STUDY_FAILED && jobs->job[r].text)
        ipl_json_set(&one, "why", ipl_json_text(jobs->job[r].text));
    return one;
}

/* What all runs that are done have alike in their run.json: NULL where they differ. */
typedef struct {
    const char *key;
    json_t     *value;
    int         differs;
} shared;

static void take_shared(shared *s, const json_t *run)
{
    json_t *value = json_object_get(run, s->key);
    if (!s->value) s->value = json_incref(value);
    else if (!json_equal(s->value, value)) s->differs = 1;
}

static ipl_status take_runs(const study_jobs *jobs, int count, shared *of)
{
    char path[STUDY_PATH], file[STUDY_PATH + 16];
    for (int64_t r = 0; r < jobs->count; ++r) {
        json_t *run;
        if (jobs->job[r].state != IPL_STUDY_DONE) continue;
        snprintf(file, sizeof file, "%s/run.json", study_path(jobs, r, path));
        IPL_TRY(ipl_json_read(IPL_FILE_PATH, file, &run));
        for (int k = 0; k < count; ++k) take_shared(of + k, run);
        json_decref(run);
    }
    return IPL_OK;
}

/* The file does not depend on when and where which run was done. */
static json_t *all_of(const study_jobs *jobs, int count, const shared *of)
{
    json_t *all = json_object(), *runs = json_array();
    const char *path = jobs->study->path, *file = strrchr(path, '/');
    for (int64_t r = 0; r < jobs->count; ++r) ipl_json_append(&runs, run_of(jobs, r));
    ipl_json_set(&all, "infoplane", json_string(ipl_version()));
    ipl_json_set(&all, "study", ipl_json_text(file ? file + 1 : path));
    ipl_json_set(&all, "keys", keys_of(jobs->study));
    for (int k = 0; k < count; ++k)
        if (of[k].value && !of[k].differs)
            ipl_json_set(&all, of[k].key, json_incref(of[k].value));
    ipl_json_set(&all, "runs", runs);
    return all;
}

static ipl_status write_json(const char *path, json_t *all)
{
    char *text = ipl_json_dump(all, JSON_INDENT(1) | JSON_REAL_PRECISION(17));
    json_decref(all);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to write it", path);
    const ipl_file_part parts[] = {{text, strlen(text)}, {"\n", 1}};
    const ipl_status st = ipl_file_replace(IPL_FILE_PATH, path, 2, parts);
    free(text);
    return st;
}

ipl_status study_json_write(const study_jobs *jobs)
{
    char path[STUDY_PATH + 16];
    shared of[] = {{"layers", NULL, 0}, {"ceilings", NULL, 0}, {"tick", NULL, 0},
                   {"estimators", NULL, 0}};
    enum { SHARED = sizeof of / sizeof *of };
    snprintf(path, sizeof path, "%s/study.json", jobs->dir);
    ipl_status st = take_runs(jobs, SHARED, of);
    if (st == IPL_OK) st = write_json(path, all_of(jobs, SHARED, of));
    for (int k = 0; k < SHARED; ++k) json_decref(of[k].value);
    return st;
}
