/*
 * file.c - whole files: read, replaced in one step, locked.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
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

static ipl_status read_all(int fd, const char *path, char **text, int64_t *size)
{
    struct stat about;
    if (fstat(fd, &about)) return failed(path, "stat");
    char *at = malloc((size_t)about.st_size + 1);
    if (!at)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %lld bytes", path, (long long)about.st_size);
    int64_t got = 0;
    while (got < about.st_size) {
        const ssize_t n = read(fd, at + got, (size_t)(about.st_size - got));
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

ipl_status ipl_file_read(const char *path, char **text, int64_t *size)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed(path, "open");
    const ipl_status st = read_all(fd, path, text, size);
    close(fd);
    return st;
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

/* The entry of a renamed file is only safe once its directory is on disk. */
static ipl_status sync_directory(const char *path)
{
    char dir[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash - path) + 1 : 1,
             slash ? path : ".");
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed(dir, "open");
    /* Some file systems do not sync directories, and say so with EINVAL. */
    const int bad = fsync(fd) && errno != EINVAL;
    const ipl_status st = bad ? failed(dir, "sync") : IPL_OK;
    close(fd);
    return st;
}

ipl_status ipl_file_replace(const char *path, int parts, const ipl_file_part *part)
{
    char beside[PATH_BYTES];
    const int length = snprintf(beside, sizeof beside, "%s.new", path);
    IPL_REQUIRE(length > 0 && length < PATH_BYTES, "file name of %d characters",
                length);
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return failed(beside, "open");
    ipl_status st = IPL_OK;
    int64_t at = 0;
    for (int p = 0; p < parts && st == IPL_OK; at += (int64_t)part[p++].bytes)
        st = ipl_file_write_at(fd, beside, part[p].at, part[p].bytes, at);
    if (st == IPL_OK && fsync(fd)) st = failed(beside, "sync");
    if (close(fd) && st == IPL_OK) st = failed(beside, "close");
    if (st == IPL_OK && rename(beside, path)) st = failed(beside, "rename");
    if (st != IPL_OK) {
        unlink(beside);
        return st;
    }
    return sync_directory(path);
}

ipl_status ipl_file_lock(const char *path, int *fd)
{
    char who[32] = "";
    const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0) return failed(path, "open");
    if (flock(lock, LOCK_EX | LOCK_NB)) {
        const int why = errno;
        const ssize_t n = pread(lock, who, sizeof who - 1, 0);
        close(lock);
        who[n > 0 ? strcspn(who, "\n") : 0] = 0;
        if (why == EWOULDBLOCK)
            return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: in use by process %s", path, who);
        errno = why;
        return failed(path, "lock");
    }
    const int length = snprintf(who, sizeof who, "%ld\n", (long)getpid());
    ipl_status st = ftruncate(lock, 0) ? failed(path, "write") : IPL_OK;
    if (st == IPL_OK) st = ipl_file_write_at(lock, path, who, (size_t)length, 0);
    if (st != IPL_OK) {
        close(lock);
        return st;
    }
    *fd = lock;
    return IPL_OK;
}
