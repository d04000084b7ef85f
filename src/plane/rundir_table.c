/*
 * rundir_table.c - a table of a run directory, which grows by whole flushes.
 */
#include "plane/rundir_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "ipl_mi.h"

enum { PATH_BYTES = 4200 };

static const char *path_of(const rundir_table *t, const char *ending,
                           char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%s/%s%s", t->folder, t->name, ending);
    return path;
}

ipl_status table_add(rundir_table *t, const char *format, ...)
{
    for (;;) {
        va_list args;
        va_start(args, format);
        const size_t room = t->size - t->used;
        const int length = vsnprintf(t->text ? t->text + t->used : NULL, room, format,
                                     args);
        va_end(args);
        if (length < 0) return IPL_FAIL(IPL_E_FORMAT, "%s: format %s", t->name, format);
        if ((size_t)length < room) {
            t->used += (size_t)length;
            return IPL_OK;
        }
        const size_t size = 2 * t->size + (size_t)length + 4096;
        char *more = realloc(t->text, size);
        if (!more) return IPL_FAIL(IPL_E_MEMORY, "%s: %zu bytes", t->name, size);
        t->text = more;
        t->size = size;
    }
}

ipl_status table_add_real(rundir_table *t, double value)
{
    char text[IPL_MI_VALUE_TEXT];
    return table_add(t, ",%s", ipl_mi_print(value, text));
}

ipl_status table_open(rundir_table *t)
{
    char path[PATH_BYTES];
    struct stat old;
    t->before = fstatat(t->dir, t->name, &old, AT_SYMLINK_NOFOLLOW) ||
                        !S_ISREG(old.st_mode) ? 0 : (int64_t)old.st_size;
    return ipl_file_make(t->dir, path_of(t, ".new", path), &t->fd);
}

static ipl_status take_place(rundir_table *t)
{
    char from[PATH_BYTES], path[PATH_BYTES];
    path_of(t, ".new", from);
    path_of(t, "", path);
    /* Else a power loss might leave the name, and nothing in the file. */
    if (t->before > 0 && fsync(t->fd))
        return IPL_FAIL(IPL_E_IO, "%s: sync: %s", from, strerror(errno));
    IPL_TRY(ipl_file_rename(t->dir, from, path, t->fd));
    t->before = -1;
    return IPL_OK;
}

ipl_status table_flush(rundir_table *t, int is_whole)
{
    char path[PATH_BYTES];
    const ipl_status st =
        ipl_file_write_at(t->fd, path_of(t, "", path), t->text, t->used, t->good);
    if (st != IPL_OK) {
        /* A torn row would make the whole file unreadable. */
        const int torn = ftruncate(t->fd, t->good);
        return IPL_FAIL(st, "%s; %s", ipl_last_error_text(),
                        torn ? "its last row is torn" : "the rows until here are kept");
    }
    t->good += (int64_t)t->used;
    t->used = 0;
    const int may = is_whole && t->before >= 0 && t->good >= t->before;
    return may ? take_place(t) : IPL_OK;
}

ipl_status table_settle(rundir_table *t)
{
    char path[PATH_BYTES];
    if (t->before >= 0) IPL_TRY(take_place(t));
    if (!fsync(t->fd)) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: sync: %s", path_of(t, "", path), strerror(errno));
}

void table_close(rundir_table *t)
{
    char path[PATH_BYTES];
    if (t->fd >= 0 && t->before >= 0)
        ipl_file_remove(t->dir, path_of(t, ".new", path));
    if (t->fd >= 0) close(t->fd);
    free(t->text);
    t->fd = -1;
    t->text = NULL;
}
