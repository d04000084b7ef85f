/*
 * plane_case.h - run directories of tests: made, read and removed.
 */
#ifndef PLANE_CASE_H
#define PLANE_CASE_H

#include <dirent.h>
#include <jansson.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "ipl_plane.h"

/* -- Directories and files --------------------------------------------------------*/

typedef struct {
    char path[64];
} folder;

static inline folder make_folder(void)
{
    folder f = {"/tmp/ipl-plane-XXXXXX"};
    CHECK(mkdtemp(f.path));
    return f;
}

static inline const char *inside(folder f, const char *name)
{
    static char paths[4][512];
    static int  next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", f.path, name);
    return path;
}

static inline void remove_all(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        unlink(path);
        return;
    }
    for (struct dirent *d; (d = readdir(dir));) {
        char inner[1024];
        const int length = snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
        if (length < (int)sizeof inner) remove_all(inner);
    }
    closedir(dir);
    rmdir(path);
}

/* The whole file as a text, to be freed. */
static inline char *text_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s cannot be read", path);
    char  *text = NULL;
    size_t used = 0, got;
    do {
        text = realloc(text, used + 65537);
        CHECK(text);
        used += got = fread(text + used, 1, 65536, file);
    } while (got);
    fclose(file);
    text[used] = 0;
    return text;
}

static inline int64_t lines_of(const char *text)
{
    int64_t lines = 0;
    for (; *text; ++text) lines += *text == '\n';
    return lines;
}

static inline json_t *json_of(const char *path)
{
    json_error_t error;
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
