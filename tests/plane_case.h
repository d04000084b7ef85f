/*
 * plane_case.h - small runs, and what is in their directories, for tests.
 */
#ifndef PLANE_CASE_H
#define PLANE_CASE_H

#include <jansson.h>

#include "check.h"
#include "files.h"
#include "ipl_plane.h"

/* The defaults with these settings, "section.key=value", of which NULL is the last. */
static inline ipl_config config_of(const char *const *set)
{
    ipl_config config;
    ipl_config_defaults(&config);
    for (; *set; ++set) CHECK_OK(ipl_config_set(&config, *set));
    return config;
}

/* The same, then those of `more`, of which NULL is the last too. */
static inline ipl_config config_with(const char *const *set, const char *first,
                                     va_list more)
{
    ipl_config config = config_of(set);
    for (const char *text = first; text; text = va_arg(more, const char *))
        CHECK_OK(ipl_config_set(&config, text));
    return config;
}

/* Two run directories have the same file. */
static inline void same_file(const char *a, const char *b, const char *name)
{
    char *left = files_text(a, name), *right = files_text(b, name);
    if (strcmp(left, right)) fail_msg("%s differs between %s and %s", name, a, b);
    free(left);
    free(right);
}

static inline int64_t lines_of(const char *text)
{
    int64_t lines = 0;
    for (; *text; ++text) lines += *text == '\n';
    return lines;
}

static inline json_t *json_of(const char *folder, const char *name)
{
    json_error_t error;
    const char *path = files_path(folder, name);
    json_t *json = json_load_file(path, 0, &error);
    if (!json) fail_msg("%s:%d: %s", path, error.line, error.text);
    return json;
}

static inline const char *first_row(const char *text)
{
    static const char header[] = "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n";
    CHECK(!strncmp(text, header, sizeof header - 1));
    return text + sizeof header - 1;
}

#endif
