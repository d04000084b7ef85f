/*
 * run_about.c - what run.json and the journal tell of a run.
 *
 * While there is a journal, it knows better: run.json may be of another run, torn by
 * hand, or say what is not true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"
#include "json.h"
#include "plane/records.h"
#include "plane/run_sets.h"

static void copy_text(const json_t *from, size_t size, char *to)
{
    const char *text = json_string_value(from);
    if (text) snprintf(to, size, "%s", text);
}

/* -- The journal ------------------------------------------------------------------*/

typedef struct {
    int  is_there, is_done;
    char device[32]; /* that the run began on; "": not known                    */
} journal_about;

static ipl_status look_at(void *user, uint32_t type, int64_t tick, const void *payload,
                          size_t bytes)
{
    journal_about *at = user;
    (void)tick;
    at->is_done = type == RECORD_DONE;
    if (type != RECORD_IDENTITY) return IPL_OK;
    char *text = strndup(payload, bytes); /* lines of "name value" */
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of a log", bytes);
    const char *line = strstr(text, "\ndevice ");
    if (line) sscanf(line, " device %31[^\n]", at->device);
    free(text);
    return IPL_OK;
}

static ipl_status read_journal(ipl_rundir *r, journal_about *out)
{
    const int fd = ipl_rundir_fd(r);
    const char *path = ipl_rundir_path(r, "points.log");
    ipl_journal *j;
    *out = (journal_about){0, 0, ""};
    if (!ipl_file_is_there(fd, path)) return IPL_OK;
    IPL_TRY(ipl_journal_open(fd, path, NULL, &j));
    out->is_there = 1;
    const ipl_status st = ipl_journal_read(j, look_at, out);
    ipl_journal_close(j);
    return st;
}

/* -- run.json ---------------------------------------------------------------------*/

/* An empty object where there is none. */
static ipl_status read_json(ipl_rundir *r, json_t **out)
{
    const char *path = ipl_rundir_path(r, "run.json");
    if (!ipl_file_is_there(ipl_rundir_fd(r), path)) {
        *out = json_object();
        return *out ? IPL_OK : IPL_FAIL(IPL_E_MEMORY, "%s", path);
    }
    return ipl_json_read(ipl_rundir_fd(r), path, out);
}

/* 1 if it is of the run of config.ini, as far as both say. */
static int is_own(const json_t *json, const ipl_identity *of)
{
    ipl_identity its;
    const char *number =
        json_string_value(json_object_get(json_object_get(json, "identity"), "number"));
    ipl_identity_parse(number ? number : "", &its);
    return !ipl_identity_differs(&its, of);
}

static void take(const json_t *json, ipl_run_info *out, uint32_t *digest)
{
    const char *its =
        json_string_value(json_object_get(json_object_get(json, "identity"), "digest"));
    *digest = its ? (uint32_t)strtoul(its, NULL, 16) : 0;
    const json_t *counts = json_object_get(json, "counts");
    const char *status = json_string_value(json_object_get(json, "status"));
    out->done = status && !strcmp(status, "done");
    copy_text(json_object_get(json_object_get(json, "device"), "name"),
              sizeof out->device, out->device);
    copy_text(json_object_get(json, "tick"), sizeof out->tick, out->tick);
    out->last = json_integer_value(json_object_get(counts, "last_tick"));
    out->measured = json_integer_value(json_object_get(counts, "ticks_measured"));
}

static ipl_status find_about(ipl_rundir *r, ipl_run_info *out, uint32_t *digest)
{
    journal_about log;
    ipl_identity of;
    IPL_TRY(ipl_run_number(r, &of));
    IPL_TRY(read_journal(r, &log));
    json_t *json = NULL;
    ipl_status st = read_json(r, &json);
    if (st == IPL_OK && !is_own(json, &of))
        st = IPL_FAIL(IPL_E_FORMAT, "%s: of another run than config.ini: put the run's "
                      "own back", ipl_rundir_path(r, "run.json"));
    if (st == IPL_OK) take(json, out, digest);
    json_decref(json);
    if (!log.is_there) {
        /* What is done has no state any more: the log was lost. */
        if (ipl_file_is_there(ipl_rundir_fd(r), "state.bin")) out->done = 0;
        else if (st == IPL_E_FORMAT)
            st = IPL_FAIL(st, "%s, or begin another run: there is no points.log that "
                          "would tell what was kept", ipl_last_error_text());
        return st;
    }
    out->done = out->done && log.is_done;
    if (*log.device) snprintf(out->device, sizeof out->device, "%s", log.device);
    return IPL_OK;
}

ipl_status ipl_sets_about_open(ipl_rundir *r, ipl_run_info *out, uint32_t *digest)
{
    uint32_t found = 0;
    ipl_run_info info = {.device = "auto", .tick = "epoch"};
    IPL_TRY(find_about(r, &info, &found));
    *out = info;
    if (digest) *digest = found;
    return IPL_OK;
}

ipl_status ipl_sets_about_first(const char *dir, ipl_run_info *out, uint32_t *digest)
{
    IPL_REQUIRE(dir && out, "directory or result is NULL");
    ipl_rundir *r;
    IPL_TRY(ipl_rundir_open(dir, &r));
    const ipl_status st = ipl_sets_about_open(r, out, digest);
    ipl_rundir_close(r);
    return st;
}
