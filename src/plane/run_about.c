/*
 * run_about.c - what run.json tells of a run.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "plane/run_sets.h"
#include "plane/rundir.h"

static void copy_text(const json_t *from, size_t size, char *to)
{
    const char *text = json_string_value(from);
    if (text) snprintf(to, size, "%s", text);
}

ipl_status ipl_sets_about_first(const char *dir, ipl_run_info *out)
{
    IPL_REQUIRE(dir && out, "directory or result is NULL");
    ipl_rundir *r;
    IPL_TRY(ipl_rundir_open(dir, &r));
    ipl_status st = IPL_OK;
    ipl_run_info info = {.device = "auto", .tick = "epoch"};
    const char *path = ipl_rundir_path(r, "run.json");
    json_error_t why;
    json_t *json = access(path, F_OK) ? json_object() : json_load_file(path, 0, &why);
    if (!json) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: line %d: %s", path, why.line, why.text);
    } else {
        const json_t *counts = json_object_get(json, "counts");
        const char *status = json_string_value(json_object_get(json, "status"));
        info.done = status && !strcmp(status, "done");
        copy_text(json_object_get(json_object_get(json, "device"), "name"),
                  sizeof info.device, info.device);
        copy_text(json_object_get(json, "tick"), sizeof info.tick, info.tick);
        info.last = json_integer_value(json_object_get(counts, "last_tick"));
        info.measured = json_integer_value(json_object_get(counts, "ticks_measured"));
        *out = info;
    }
    json_decref(json);
    ipl_rundir_close(r);
    return st;
}
