/*
 * run_identity.c - what a run is, and which one it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "file.h"
#include "plane/records.h"
#include "plane/run.h"
#include "plane/run_sets.h"

/* -- What the run is --------------------------------------------------------------*/

/* Lines of "name value": whatever the results depend on. */
static char *describe(const run *r, size_t *bytes)
{
    ipl_buffer text = {0};
    const uint32_t networks = r->e.kept ? ipl_networks_crc(r->e.kept) : 0;
    ipl_experiment_describe(&r->e, ipl_device_about(r->e.dev)->name,
                            r->e.kept ? &networks : NULL, &r->e.config, &text);
    *bytes = text.used;
    return text.at;
}

/* A line of what the run is that is another now. */
static ipl_status differs(const run *r, const char *was, int was_line, const char *now,
                          int now_line)
{
    if (was_line > 5 && !strncmp(was, "data ", 5))
        return IPL_FAIL(IPL_E_ARGUMENT, "%s: cannot go on: the data are not those that "
                        "the run began with: put the former files back, or begin "
                        "another run", ipl_rundir_folder(r->dir));
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: cannot go on: the run began with '%.*s', and "
                    "this is '%.*s'", ipl_rundir_folder(r->dir), was_line, was,
                    now_line, now);
}

/* Compares what the run was with what it would be now, line by line. */
ipl_status run_compare(const run *r, const char *was, size_t was_size)
{
    size_t now_size;
    char *text = describe(r, &now_size);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "the description of a run");
    const char *now = text;
    ipl_status st = IPL_OK;
    if (ipl_describe_differ(&was, &was_size, &now, &now_size))
        st = differs(r, was, ipl_describe_line(was, was_size), now,
                     ipl_describe_line(now, now_size));
    free(text);
    return st;
}

ipl_status run_begin_journal(run *r)
{
    size_t size;
    if (r->described) return IPL_OK;
    char *text = describe(r, &size);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "the description of a run");
    ipl_status st = ipl_journal_append(r->journal, RECORD_IDENTITY, 0, text, size);
    free(text);
    /* So that a machine that loses power leaves what can be resumed. */
    return st == IPL_OK ? ipl_journal_sync(r->journal) : st;
}

/* -- Which run it is --------------------------------------------------------------*/

static const char number_line[] = "; run ";

static ipl_status find_digest(run *r)
{
    size_t size;
    char *text = describe(r, &size);
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "the description of a run");
    r->of.digest = ipl_identity_digest(text, size);
    free(text);
    return IPL_OK;
}

ipl_status run_begin_config(run *r)
{
    char *text, first[64], number[IPL_IDENTITY_TEXT];
    size_t bytes;
    IPL_TRY(find_digest(r));
    IPL_TRY(ipl_identity_draw(&r->of));
    IPL_TRY(ipl_config_text(&r->e.config, &text, &bytes));
    const int length = snprintf(first, sizeof first, "%s%s\n", number_line,
                                ipl_identity_print(&r->of, number));
    const ipl_file_part part[] = {{first, (size_t)length}, {text, bytes}};
    const ipl_status st = ipl_file_replace(
        ipl_rundir_fd(r->dir), ipl_rundir_path(r->dir, "config.ini"), 2, part);
    free(text);
    r->config_whole = 1;
    return st;
}

ipl_status ipl_run_number(ipl_rundir *dir, ipl_identity *out)
{
    char *text;
    int64_t size;
    const size_t begin = sizeof number_line - 1;
    IPL_TRY(ipl_file_read(ipl_rundir_fd(dir), ipl_rundir_path(dir, "config.ini"), &text,
                          &size));
    *out = (ipl_identity){{0, 0}, 0};
    if (!strncmp(text, number_line, begin)) {
        text[begin + strcspn(text + begin, "\r\n")] = 0;
        ipl_identity_parse(text + begin, out);
    }
    free(text);
    return IPL_OK;
}

/* 1 if it has a run's number and as many keys as a run writes. */
static int is_whole(const char *text)
{
    int keys = 0;
    if (strncmp(text, number_line, sizeof number_line - 1)) return 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += strspn(line, "\n");
        keys += *line != ';' && memchr(line, '=', strcspn(line, "\n")) != NULL;
    }
    return keys >= ipl_config_keys();
}

ipl_status run_read_number(run *r)
{
    char *text;
    int64_t size;
    IPL_TRY(ipl_run_number(r->dir, &r->of));
    IPL_TRY(ipl_file_read(ipl_rundir_fd(r->dir), ipl_rundir_path(r->dir, "config.ini"),
                          &text, &size));
    r->config_whole = is_whole(text);
    free(text);
    return find_digest(r);
}

ipl_status run_must_be_known(const run *r)
{
    if (r->described || r->config_whole) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: not all that a run writes there, and no "
                    "points.log that tells what the run was: nothing was kept; begin "
                    "another run", ipl_rundir_path(r->dir, "config.ini"));
}
