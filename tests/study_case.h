/*
 * study_case.h - studies from text, and what they are.
 */
#ifndef STUDY_CASE_H
#define STUDY_CASE_H

#include "check.h"
#include "files.h"
#include "ipl_study.h"

/* Reads the text as f/study.ini, with further sets, of which NULL is the last. */
static inline ipl_status read_study(const char *f, const char *text, ipl_study **out,
                                    ...)
{
    const char *sets[16];
    int count = 0;
    va_list more;
    va_start(more, out);
    while ((sets[count] = va_arg(more, const char *))) ++count;
    va_end(more);
    files_write(files_path(f, "study.ini"), strlen(text), text);
    return ipl_study_read(files_path(f, "study.ini"), sets, count, out);
}

/* A line of each run: its name, and "<N" where it measures what run N kept, or what it
 * keeps for others. The caller's to free. */
static inline char *runs_of(const ipl_study *s)
{
    static const char *const keeps[] = {"", " measured", " all"};
    const size_t room = (size_t)ipl_study_runs(s) * (IPL_STUDY_NAME + 40) + 1;
    char *text = calloc(room, 1), *at = text;
    for (int64_t r = 0; r < ipl_study_runs(s); ++r) {
        const ipl_study_run *run = ipl_study_run_at(s, r);
        at += sprintf(at, "%s%s", run->name, keeps[run->keep]);
        if (run->kept_by >= 0) at += sprintf(at, " <%lld", (long long)run->kept_by);
        at += sprintf(at, "\n");
    }
    return text;
}

/* The runs of a study must be these lines. */
static inline void expect_runs(const char *text, const char *want)
{
    char f[FILES_PATH];
    ipl_study *s;
    files_make_folder(f);
    CHECK_OK(read_study(f, text, &s, NULL));
    char *got = runs_of(s);
    if (strcmp(got, want)) fail_msg("of %s\ngot\n%swant\n%s", text, got, want);
    free(got);
    ipl_study_free(s);
    files_remove_folder(f);
}

#endif
