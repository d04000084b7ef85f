/*
 * file.c - files: read whole, made, opened, replaced in one step, locked.
 */
#include "file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4200 };

static ipl_status failed(const char *path, const char *what)
{
    return IPL_FAIL(IPL_E_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* What a path is called in its folder. */
static const char *name_in(int dir, const char *path)
{
    const char *slash = dir == IPL_FILE_PATH ? NULL : strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* -- Reading ----------------------------------------------------------------------*/

ipl_status ipl_file_read_open(int fd, const char *path, char **text, int64_t *size)
{
    struct stat about;
    if (fstat(fd, &about)) return failed(path, "stat");
    char *at = malloc((size_t)about.st_size + 1);
    if (!at)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %lld bytes", path, (long long)about.st_size);
    int64_t got = 0;
    while (got < about.st_size) {
        const ssize_t n = pread(fd, at + got, (size_t)(about.st_size - got), got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            free(at);
            return failed(path, "read");
        }
        if (n == 0) break;
        got += n;
    }
    at[got] = 0;
    *text = at;
    *size = got;
    return IPL_OK;
}

/* -- Opening to read --------------------------------------------------------------*/

int ipl_file_above_streams(int fd)
{
    if (fd < 0 || fd > STDERR_FILENO) return fd;
    const int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), why = errno;
    close(fd);
    errno = why;
    return moved;
}

static const char *kind_of(const struct stat *about)
{
    return S_ISDIR(about->st_mode)    ? "a directory"
           : S_ISFIFO(about->st_mode) ? "a pipe"
           : S_ISSOCK(about->st_mode) ? "a socket"
                                      : "a device";
}

static ipl_status open_to_read(int dir, const char *path, int pipes, int *out)
{
    struct stat about;
    const char *name = name_in(dir, path);
    /* A pipe without a writer, and some devices, would keep an open that waits. */
    const int fd = ipl_file_above_streams(
        openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (fd < 0) {
        const int socket = errno == ENXIO && !fstatat(dir, name, &about, 0);
        return socket ? IPL_FAIL(IPL_E_IO, "%s: %s: expected a regular file", path,
                                 kind_of(&about))
                      : IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    }
    ipl_status st = IPL_OK;
    if (fstat(fd, &about))
        st = failed(path, "stat");
    else if (!S_ISREG(about.st_mode) && !(pipes && S_ISFIFO(about.st_mode)))
        st = IPL_FAIL(IPL_E_IO, "%s: %s: expected a regular file", path,
                      kind_of(&about));
    else if (S_ISFIFO(about.st_mode) && fcntl(fd, F_SETFL, 0))
        st = failed(path, "open");
    if (st == IPL_OK) *out = fd;
    else close(fd);
    return st;
}

ipl_status ipl_file_open_read(int dir, const char *path, int *fd)
{
    return open_to_read(dir, path, 0, fd);
}

static ipl_status open_stream(const char *path, int pipes, FILE **out)
{
    int fd = -1;
    IPL_TRY(open_to_read(IPL_FILE_PATH, path, pipes, &fd));
    *out = fdopen(fd, "rb");
    if (*out) return IPL_OK;
    close(fd);
    return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
}

ipl_status ipl_file_stream(const char *path, FILE **out)
{
    return open_stream(path, 0, out);
}

ipl_status ipl_file_stream_or_pipe(const char *path, FILE **out)
{
    struct stat about;
    FILE *file = NULL;
    IPL_TRY(open_stream(path, 1, &file));
    if (!fstat(fileno(file), &about) && S_ISFIFO(about.st_mode)) {
        const int first = fgetc(file);
        if (first == EOF) {
            fclose(file);
            return IPL_FAIL(IPL_E_FORMAT, "%s: a pipe that nobody wrote to", path);
        }
        ungetc(first, file);
    }
    *out = file;
    return IPL_OK;
}

ipl_status ipl_file_read(int dir, const char *path, char **text, int64_t *size)
{
    int fd = -1;
    IPL_TRY(open_to_read(dir, path, 0, &fd));
    const ipl_status st = ipl_file_read_open(fd, path, text, size);
    close(fd);
    return st;
}

int ipl_file_is_there(int dir, const char *path)
{
    struct stat about;
    return !fstatat(dir, name_in(dir, path), &about, AT_SYMLINK_NOFOLLOW);
}

void ipl_file_remove(int dir, const char *path)
{
    unlinkat(dir, name_in(dir, path), 0);
}

/* -- Opening to write -------------------------------------------------------------*/

/* What this process must not write into, or NULL. */
static const char *not_ours(const struct stat *about)
{
    if (!S_ISREG(about->st_mode)) return "is not a file";
    return about->st_nlink > 1 ? "has another name too (a hard link)" : NULL;
}

ipl_status ipl_file_open(int dir, const char *path, int flags, int *fd)
{
    struct stat about;
    const int made = ipl_file_above_streams(
        openat(dir, name_in(dir, path), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
               0666));
    if (made < 0 && errno == ELOOP)
        return IPL_FAIL(IPL_E_IO, "%s is a symbolic link, which is not written "
                        "through: put the file itself there", path);
    if (made < 0) return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    ipl_status st = IPL_OK;
    if (fstat(made, &about)) st = failed(path, "stat");
    else if (not_ours(&about))
        st = IPL_FAIL(IPL_E_IO, "%s %s and is not written into: put a copy there", path,
                      not_ours(&about));
    if (st == IPL_OK) *fd = made;
    else close(made);
    return st;
}

ipl_status ipl_file_make(int dir, const char *path, int *fd)
{
    ipl_file_remove(dir, path); /* what cannot go is told by the next line */
    *fd = ipl_file_above_streams(
        openat(dir, name_in(dir, path),
               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    return *fd < 0 ? failed(path, "open") : IPL_OK;
}

ipl_status ipl_file_write_at(int fd, const char *path, const void *from, size_t bytes,
                             int64_t at)
{
    const char *next = from;
    while (bytes) {
        const ssize_t n = pwrite(fd, next, bytes, (off_t)at);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(path, "write");
        next += n;
        at += n;
        bytes -= (size_t)n;
    }
    return IPL_OK;
}

/* -- Replacing --------------------------------------------------------------------*/

/* 1 if this is what has the name. */
static int has_name(int dir, const char *path, int fd)
{
    struct stat a, b;
    return !fstat(fd, &a) &&
           !fstatat(dir, name_in(dir, path), &b, AT_SYMLINK_NOFOLLOW) &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

ipl_status ipl_file_rename(int dir, const char *from, const char *path, int fd)
{
    if (!has_name(dir, from, fd))
        return IPL_FAIL(IPL_E_IO, "%s: another process replaced it meanwhile", from);
    if (!renameat(dir, name_in(dir, from), dir, name_in(dir, path))) return IPL_OK;
    const int why = errno;
    /* A server's answer may be lost after it did what it was asked for. */
    if (has_name(dir, path, fd)) return IPL_OK;
    errno = why;
    return failed(from, "rename");
}

/* The entry of a renamed file is only safe once its directory is on disk. */
static ipl_status sync_directory(int dir, const char *path)
{
    char name[PATH_BYTES] = ".";
    const char *slash = dir == IPL_FILE_PATH ? strrchr(path, '/') : NULL;
    if (slash) snprintf(name, sizeof name, "%.*s", (int)(slash - path) + 1, path);
    const int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed(name, "open");
    /* Some file systems do not sync directories, and say so with EINVAL. */
    const int bad = fsync(fd) && errno != EINVAL;
    const ipl_status st = bad ? failed(name, "sync") : IPL_OK;
    close(fd);
    return st;
}

ipl_status ipl_file_replace(int dir, const char *path, int parts,
                            const ipl_file_part *part)
{
    char beside[PATH_BYTES];
    int fd;
    const int length = snprintf(beside, sizeof beside, "%s.new", path);
    IPL_REQUIRE(length > 0 && length < PATH_BYTES, "file name of %d characters",
                length);
    IPL_TRY(ipl_file_make(dir, beside, &fd));
    ipl_status st = IPL_OK;
    int64_t at = 0;
    for (int p = 0; p < parts && st == IPL_OK; at += (int64_t)part[p++].bytes)
        st = ipl_file_write_at(fd, beside, part[p].at, part[p].bytes, at);
    if (st == IPL_OK && fsync(fd)) st = failed(beside, "sync");
    if (st == IPL_OK) st = ipl_file_rename(dir, beside, path, fd);
    if (st != IPL_OK && has_name(dir, beside, fd)) ipl_file_remove(dir, beside);
    close(fd); /* the sync has told what there is to tell */
    return st == IPL_OK ? sync_directory(dir, path) : st;
}

/* -- Locks ------------------------------------------------------------------------*/

/* Who has a lock: what the file says in one line. `boot` is of the running system:
 * within it a lock is seen by all, whatever they call their host. */
typedef struct {
    long process;
    char host[65], boot[65];
} holder;

static holder this_process(void)
{
    holder h = {(long)getpid(), "?", "?"};
    gethostname(h.host, sizeof h.host - 1);
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (!file) return h;
    if (fscanf(file, "%64s", h.boot) != 1) strcpy(h.boot, "?");
    fclose(file);
    return h;
}

static int read_holder(int fd, holder *out)
{
    char line[256];
    const ssize_t n = pread(fd, line, sizeof line - 1, 0);
    line[n > 0 ? n : 0] = 0;
    return sscanf(line, "process %ld of %64s since boot %64s", &out->process, out->host,
                  out->boot) == 3;
}

static ipl_status in_use(const char *path, const holder *by)
{
    if (!by) return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: in use by another process", path);
    return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: in use by process %ld of %s", path,
                    by->process, by->host);
}

/* Writes who has it, once it is known that nobody else has. */
static ipl_status take_lock(int lock, const char *path)
{
    const holder own = this_process();
    holder other;
    char line[256];
    if (read_holder(lock, &other) && strcmp(other.host, own.host) &&
        strcmp(other.boot, own.boot))
        return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: process %ld of the host %s has not "
                        "given it back: if it is not running there any more, remove %s",
                        path, other.process, other.host, path);
    const int length = snprintf(line, sizeof line, "process %ld of %s since boot %s\n",
                                own.process, own.host, own.boot);
    if (ftruncate(lock, 0)) return failed(path, "write");
    return ipl_file_write_at(lock, path, line, (size_t)length, 0);
}

ipl_status ipl_file_lock(int dir, const char *path, int *fd)
{
    int lock;
    holder other;
    IPL_TRY(ipl_file_open(dir, path, O_RDWR | O_CREAT, &lock));
    ipl_status st;
    if (!flock(lock, LOCK_EX | LOCK_NB)) st = take_lock(lock, path);
    else if (errno != EWOULDBLOCK) st = failed(path, "lock");
    else st = in_use(path, read_holder(lock, &other) ? &other : NULL);
    if (st == IPL_OK) *fd = lock;
    else close(lock);
    return st;
}

void ipl_file_unlock(int fd)
{
    if (fd < 0) return;
    const int stays = ftruncate(fd, 0); /* then it keeps other hosts out, no more */
    (void)stays;
    close(fd);
}
