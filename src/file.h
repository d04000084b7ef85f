/*
 * file.h - whole files: read, replaced in one step, locked.
 */
#ifndef IPL_FILE_H
#define IPL_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

/* The whole file; *text has a zero byte after its `size` and is the caller's to
 * free. E_IO: the text names the file and the system's reason; E_MEMORY. */
ipl_status ipl_file_read(const char *path, char **text, int64_t *size);

/* Writes all of it at this byte of an open file; `path` is for the message. E_IO. */
ipl_status ipl_file_write_at(int fd, const char *path, const void *from, size_t bytes,
                             int64_t at);

/* A piece of a file's content. */
typedef struct {
    const void *at;
    size_t      bytes;
} ipl_file_part;

/* Replaces the file by these parts, one after the other, so that whatever happens
 * either the old or the new content is there: written beside it, synced, renamed,
 * and the directory synced. After E_IO the old one is there. */
ipl_status ipl_file_replace(const char *path, int parts, const ipl_file_part *part);

/* Takes the lock file, which is made if missing and goes with the process, whatever
 * ends it; *fd is closed to give it back. E_UNSUPPORTED: another process has it;
 * the text names that process. */
ipl_status ipl_file_lock(const char *path, int *fd);

#endif
