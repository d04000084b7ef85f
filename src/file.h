/*
 * file.h - files: read whole, made, opened, replaced in one step, locked.
 *
 * What is written is never written through a name that somebody else may have put
 * there: not through a symbolic link, not into a FIFO or a device, not into a file that
 * has another name too. `dir` is an open folder, in which the last name of `path` is
 * looked up; the whole path is then only for messages, and the folder may be renamed
 * meanwhile. With IPL_FILE_PATH the path says where.
 */
#ifndef IPL_FILE_H
#define IPL_FILE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ipl_status.h"

enum { IPL_FILE_PATH = AT_FDCWD };

/* A descriptor, or -1 with errno, as open gives it; below 3 it is moved to 3 or above:
 * a program that was started without its streams prints to 0 to 2. */
int ipl_file_above_streams(int fd);

/* The whole file; *text has a zero byte after its `size` and is the caller's to
 * free. E_IO: the text names the file and the system's reason; E_MEMORY. */
ipl_status ipl_file_read(int dir, const char *path, char **text, int64_t *size);

/* Opens a regular file to be read. Whatever else has the name is not waited for. E_IO:
 * the text says what it is, or the system's reason. */
ipl_status ipl_file_open_read(int dir, const char *path, int *fd);

/* The same of a path, as a stream. E_IO; E_MEMORY. */
ipl_status ipl_file_stream(const char *path, FILE **out);

/* The same, or a pipe, such as /dev/stdin or a shell's <(..), for a reader that never
 * goes back. E_FORMAT: nobody writes to the pipe, or its writer failed before. */
ipl_status ipl_file_stream_or_pipe(const char *path, FILE **out);

/* The whole of an open file. */
ipl_status ipl_file_read_open(int fd, const char *path, char **text, int64_t *size);

/* 1 if there is something of that name. */
int ipl_file_is_there(int dir, const char *path);

/* Removes it, if it is there and can be. */
void ipl_file_remove(int dir, const char *path);

/* Opens a file to be written, with open's flags: O_RDWR, O_RDWR | O_CREAT. E_IO: also
 * what is a link, or no file. */
ipl_status ipl_file_open(int dir, const char *path, int flags, int *fd);

/* Makes an empty file instead of what has that name, to be read and written. E_IO. */
ipl_status ipl_file_make(int dir, const char *path, int *fd);

/* Gives the open file `from`, which ipl_file_make made, the name `path`, instead of
 * what has it. What is an error only by a network's word is none: the file that has the
 * name then counts. E_IO. */
ipl_status ipl_file_rename(int dir, const char *from, const char *path, int fd);

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
ipl_status ipl_file_replace(int dir, const char *path, int parts,
                            const ipl_file_part *part);

/* Takes the lock file, which is made if missing and goes with the process, whatever
 * ends it; the file says who has it. E_UNSUPPORTED: another process of this host has
 * it, or one of another host has not given it back, which a network folder need not
 * know of; the text names that process. */
ipl_status ipl_file_lock(int dir, const char *path, int *fd);

/* Gives the lock back; -1: there is none. */
void ipl_file_unlock(int fd);

#endif
