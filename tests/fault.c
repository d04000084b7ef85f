/*
 * fault.c - a library to be preloaded, in which calls fail that hardly ever do.
 *
 *   IPL_TEST_FAULT=NAME:N              the N-th call of NAME fails, from 1, once
 *   IPL_TEST_FAULT=NAME:N:ERROR        with this error (errno) instead of the usual one
 *   IPL_TEST_FAULT=NAME:N:ERROR:lost   and so does each later call of NAME
 *   IPL_TEST_FAULT_LOG=FILE            how often each NAME was called, at the end
 *
 * NAME is a kind of call to the C library, or a function of CUDA (fault_cuda.c):
 *
 *   malloc   all that gives memory        sync     fsync
 *   json     the same, within Jansson     close    of a descriptor or a stream
 *   open     files, folders, streams      rename   and unlink, rmdir
 *   read     and what looks at a file     thread   and what threads wait for, processes
 *   write    and ftruncate                short    moves half of the bytes, fails not
 *
 * Calls count where infoplane's own code makes them, or a library that hands the fault
 * on to it (`watched`); what the C library, OpenBLAS or libgomp do for themselves does
 * not. Streams are made anew on descriptors, so that a fault comes when bytes move, as
 * it does on a full disk, and the stream remembers it. Processes started get no faults.
 */
#define _GNU_SOURCE
#include "fault.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <locale.h>
#include <pthread.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAMES = 80, RANGES = 16, STREAMS = 64 };

/* Their returns are ours to check. */
static const char jansson[] = "/libjansson.";
static const char *const watched[] = {jansson, "/libinih.", "/libz.", "/libmatio."};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct { const char *name; long long calls; } counts[NAMES];
/* Of whom calls count. */
static struct { uintptr_t from, to; int is_json; } code[RANGES];
static int       ranges;
static char      wanted[64], log_path[4096];
static long long wanted_call;
static int       wanted_error, wanted_lost;

static int find_code(struct dl_phdr_info *of, size_t size, void *user)
{
    int *first = user, is_ours = *first;
    (void)size;
    *first = 0; /* the program comes first */
    for (size_t w = 0; w < sizeof watched / sizeof *watched; ++w)
        if (strstr(of->dlpi_name, watched[w])) is_ours = 1;
    for (int p = 0; is_ours && p < of->dlpi_phnum && ranges < RANGES; ++p) {
        if (of->dlpi_phdr[p].p_type != PT_LOAD || !(of->dlpi_phdr[p].p_flags & PF_X))
            continue;
        code[ranges].from = of->dlpi_addr + of->dlpi_phdr[p].p_vaddr;
        code[ranges].to = code[ranges].from + of->dlpi_phdr[p].p_memsz;
        code[ranges].is_json = strstr(of->dlpi_name, jansson) != NULL;
        ++ranges;
    }
    return 0;
}

static FILE *stream_on(int fd, const char *mode);

__attribute__((constructor)) static void begin(void)
{
    const char *text = getenv("IPL_TEST_FAULT"), *path = getenv("IPL_TEST_FAULT_LOG");
    char end[8] = "";
    int first = 1;
    if (path) snprintf(log_path, sizeof log_path, "%s", path);
    if (text && (sscanf(text, "%63[^:]:%lld:%d:%7s", wanted, &wanted_call,
                        &wanted_error, end) < 2 ||
                 (*end && strcmp(end, "lost")))) {
        fprintf(stderr, "fault: IPL_TEST_FAULT=%s\n", text);
        abort();
    }
    wanted_lost = *end != 0;
    unsetenv("IPL_TEST_FAULT");
    unsetenv("IPL_TEST_FAULT_LOG");
    unsetenv("LD_PRELOAD");
    stdout = stream_on(STDOUT_FILENO, "w");
    void *frame[1];
    backtrace(frame, 1); /* it takes memory at its first call */
    /* Now, since dlsym within a dlopen or a dlerror would free what those hold. */
    void *volatile first_calls = realloc(calloc(1, 1), 2);
    free(first_calls);
    dl_iterate_phdr(find_code, &first);
}

__attribute__((destructor)) static void write_log(void)
{
    ranges = 0;
    FILE *file = *log_path ? fopen(log_path, "w") : NULL;
    if (!file) return;
    for (int n = 0; n < NAMES && counts[n].name; ++n)
        fprintf(file, "%s %lld\n", counts[n].name, counts[n].calls);
    fclose(file);
}

int fault_of_call(const char *name, int otherwise, int *lost)
{
    int error = 0, n = 0;
    pthread_mutex_lock(&lock);
    while (n < NAMES - 1 && counts[n].name && strcmp(counts[n].name, name)) ++n;
    counts[n].name = name;
    const long long call = ++counts[n].calls;
    if (!strcmp(name, wanted)) {
        *lost = wanted_lost;
        if (call == wanted_call) error = wanted_error ? wanted_error : otherwise;
    }
    pthread_mutex_unlock(&lock);
    return error;
}

void *fault_next(const char *name)
{
    void *at = dlsym(RTLD_NEXT, name);
    if (at) return at;
    fprintf(stderr, "fault: no %s\n", name);
    abort();
}

/* Whose code this is in; `ranges` if nobody's. */
static int range_of(const void *from)
{
    const uintptr_t at = (uintptr_t)from;
    int r = 0;
    while (r < ranges && !(at >= code[r].from && at < code[r].to)) ++r;
    return r;
}

/* 1: Jansson asks for memory, by itself or through src/json.c. */
static int is_for_json(void)
{
    void *frame[6];
    const int frames = backtrace(frame, 6);
    for (int f = 0; f < frames; ++f) {
        const int r = range_of(frame[f]);
        if (r < ranges && code[r].is_json) return 1;
    }
    return 0;
}

/* 1: the call from here fails, and errno says why. */
static int fails(const void *from, const char *kind, int otherwise)
{
    static int is_lost;
    int lost = 0;
    if (range_of(from) == ranges) return 0;
    if (!strcmp(kind, "malloc") && is_for_json()) kind = "json";
    const int why = errno, error = fault_of_call(kind, otherwise, &lost);
    if (error && lost) __atomic_store_n(&is_lost, error, __ATOMIC_RELAXED);
    const int later = lost ? __atomic_load_n(&is_lost, __ATOMIC_RELAXED) : 0;
    errno = error ? error : later ? later : why;
    return error || later;
}

/* FAULTY(type, result if it fails, kind, error, name, parameters, arguments) */
#define FAULTY(type, failed, kind, error, name, parameters, arguments)         \
    type name parameters                                                       \
    {                                                                          \
        static __typeof__(name) *real;                                         \
        if (fails(__builtin_return_address(0), kind, error)) return failed;    \
        if (!real) *(void **)&real = fault_next(#name);                        \
        return real arguments;                                                 \
    }
/* The same for calls that return their error. */
#define RETURNS(kind, error, name, parameters, arguments)                      \
    FAULTY(int, errno, kind, error, name, parameters, arguments)

/* -- Memory ----------------------------------------------------------------------- */

FAULTY(void *, NULL, "malloc", ENOMEM, malloc, (size_t bytes), (bytes))
FAULTY(void *, NULL, "malloc", ENOMEM, calloc, (size_t count, size_t bytes),
       (count, bytes))
FAULTY(void *, NULL, "malloc", ENOMEM, realloc, (void *at, size_t bytes), (at, bytes))
FAULTY(void *, NULL, "malloc", ENOMEM, aligned_alloc, (size_t align, size_t bytes),
       (align, bytes))
RETURNS("malloc", ENOMEM, posix_memalign, (void **at, size_t align, size_t bytes),
        (at, align, bytes))
FAULTY(char *, NULL, "malloc", ENOMEM, strdup, (const char *text), (text))
FAULTY(char *, NULL, "malloc", ENOMEM, strndup, (const char *text, size_t bytes),
       (text, bytes))
FAULTY(ssize_t, -1, "malloc", ENOMEM, getline, (char **line, size_t *size, FILE *from),
       (line, size, from))
FAULTY(locale_t, (locale_t)0, "malloc", ENOMEM, newlocale,
       (int mask, const char *name, locale_t base), (mask, name, base))
FAULTY(int, -1, "malloc", ENOMEM, scandir,
       (const char *dir, struct dirent ***list, int (*takes)(const struct dirent *),
        int (*compare)(const struct dirent **, const struct dirent **)),
       (dir, list, takes, compare))
RETURNS("malloc", ENOMEM, posix_spawn_file_actions_init,
        (posix_spawn_file_actions_t *actions), (actions))
RETURNS("malloc", ENOMEM, posix_spawn_file_actions_addopen,
        (posix_spawn_file_actions_t *actions, int fd, const char *path, int flags,
         mode_t mode), (actions, fd, path, flags, mode))
RETURNS("malloc", ENOMEM, posix_spawn_file_actions_adddup2,
        (posix_spawn_file_actions_t *actions, int from, int to), (actions, from, to))

/* -- Files ------------------------------------------------------------------------ */

int open(const char *path, int flags, ...)
{
    static __typeof__(open) *real;
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (fails(__builtin_return_address(0), "open", EMFILE)) return -1;
    if (!real) *(void **)&real = fault_next("open");
    return real(path, flags, mode);
}

int openat(int dir, const char *path, int flags, ...)
{
    static __typeof__(openat) *real;
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (fails(__builtin_return_address(0), "open", EMFILE)) return -1;
    if (!real) *(void **)&real = fault_next("openat");
    return real(dir, path, flags, mode);
}

/* Of what it does only a second descriptor counts. */
int fcntl(int fd, int what, ...)
{
    static __typeof__(fcntl) *real;
    va_list more;
    va_start(more, what);
    void *with = va_arg(more, void *); /* a number or an address, or not there */
    va_end(more);
    if (what == F_DUPFD_CLOEXEC && fails(__builtin_return_address(0), "open", EMFILE))
        return -1;
    if (!real) *(void **)&real = fault_next("fcntl");
    return real(fd, what, with);
}

FAULTY(DIR *, NULL, "open", EMFILE, opendir, (const char *path), (path))
FAULTY(DIR *, NULL, "open", EMFILE, fdopendir, (int fd), (fd))
FAULTY(int, -1, "open", EMFILE, memfd_create, (const char *name, unsigned flags),
       (name, flags))
FAULTY(int, -1, "open", ENOSPC, mkdir, (const char *path, mode_t mode), (path, mode))
FAULTY(int, -1, "open", ENOSPC, mkdirat, (int in, const char *path, mode_t mode),
       (in, path, mode))
FAULTY(int, -1, "open", EIO, flock, (int fd, int how), (fd, how))
FAULTY(int, -1, "read", EIO, fstat, (int fd, struct stat *out), (fd, out))
FAULTY(int, -1, "read", EIO, fstatat,
       (int in, const char *path, struct stat *out, int flags), (in, path, out, flags))
FAULTY(int, -1, "read", EIO, faccessat, (int in, const char *path, int what, int flags),
       (in, path, what, flags))
FAULTY(int, -1, "write", ENOSPC, ftruncate, (int fd, off_t size), (fd, size))
FAULTY(int, -1, "sync", EIO, fsync, (int fd), (fd))
FAULTY(int, -1, "rename", EIO, rename, (const char *from, const char *to), (from, to))
FAULTY(int, -1, "rename", EIO, renameat,
       (int in, const char *from, int into, const char *to), (in, from, into, to))
FAULTY(int, -1, "rename", EIO, unlink, (const char *path), (path))
FAULTY(int, -1, "rename", EIO, unlinkat, (int in, const char *path, int flags),
       (in, path, flags))
FAULTY(int, -1, "rename", EIO, rmdir, (const char *path), (path))

#define MOVES(kind, error, name, parameters, arguments)                        \
    ssize_t name parameters                                                    \
    {                                                                          \
        static __typeof__(name) *real;                                         \
        if (fails(__builtin_return_address(0), kind, error)) return -1;        \
        if (bytes > 1 && fails(__builtin_return_address(0), "short", EINTR))   \
            bytes /= 2;                                                        \
        if (!real) *(void **)&real = fault_next(#name);                        \
        return real arguments;                                                 \
    }
MOVES("read", EIO, read, (int fd, void *to, size_t bytes), (fd, to, bytes))
MOVES("read", EIO, pread, (int fd, void *to, size_t bytes, off_t at),
      (fd, to, bytes, at))
MOVES("write", ENOSPC, write, (int fd, const void *from, size_t bytes),
      (fd, from, bytes))
MOVES("write", ENOSPC, pwrite, (int fd, const void *from, size_t bytes, off_t at),
      (fd, from, bytes, at))

/* The same bytes each time, so that files of two runs can be compared. */
ssize_t getrandom(void *to, size_t bytes, unsigned flags)
{
    (void)flags;
    if (fails(__builtin_return_address(0), "read", ENOSYS)) return -1;
    memset(to, 1, bytes);
    return (ssize_t)bytes;
}

struct dirent *readdir(DIR *dir)
{
    static __typeof__(readdir) *real;
    if (fails(__builtin_return_address(0), "read", EIO)) return NULL;
    if (!real) *(void **)&real = fault_next("readdir");
    return real(dir);
}

/* What fails to close is closed all the same. */
int close(int fd)
{
    static __typeof__(close) *real;
    const int bad = fails(__builtin_return_address(0), "close", EIO), why = errno;
    if (!real) *(void **)&real = fault_next("close");
    const int st = real(fd);
    if (bad) errno = why;
    return bad ? -1 : st;
}

/* -- Streams ---------------------------------------------------------------------- */

/* Of a stream, its descriptor; the address inside this program's code lets its reads
 * and writes count. */
static struct { FILE *stream; int fd; } streams[STREAMS];

static const void *ours(void) { return (const void *)code[0].from; }

static int fd_of(void *cookie) { return (int)(intptr_t)cookie; }

static ssize_t stream_read(void *cookie, char *to, size_t bytes)
{
    if (fails(ours(), "read", EIO)) return -1;
    if (bytes > 1 && fails(ours(), "short", EINTR)) bytes /= 2;
    return read(fd_of(cookie), to, bytes);
}

/* Of fewer bytes a stream of this kind does not write the rest; -1 is not allowed. */
static ssize_t stream_write(void *cookie, const char *from, size_t bytes)
{
    if (fails(ours(), "write", ENOSPC)) return 0;
    const ssize_t n = write(fd_of(cookie), from, bytes);
    return n < 0 ? 0 : n;
}

static int stream_seek(void *cookie, off64_t *at, int whence)
{
    const off_t to = lseek(fd_of(cookie), *at, whence);
    if (to < 0) return -1;
    *at = to;
    return 0;
}

static int stream_close(void *cookie) { return close(fd_of(cookie)); }

static FILE *stream_on(int fd, const char *mode)
{
    FILE *made = fopencookie((void *)(intptr_t)fd, mode,
                             (cookie_io_functions_t){stream_read, stream_write,
                                                     stream_seek, stream_close});
    pthread_mutex_lock(&lock);
    for (int s = 0; made && s < STREAMS; ++s)
        if (!streams[s].stream) {
            streams[s].stream = made;
            streams[s].fd = fd;
            break;
        }
    pthread_mutex_unlock(&lock);
    return made;
}

static FILE *stream_of(const void *from, const char *path, const char *mode)
{
    const int flags = *mode == 'r' ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    if (fails(from, "open", EMFILE)) return NULL;
    const int fd = open(path, flags | O_CLOEXEC, 0666);
    return fd < 0 ? NULL : stream_on(fd, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    return stream_of(__builtin_return_address(0), path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return stream_of(__builtin_return_address(0), path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
    if (fails(__builtin_return_address(0), "open", ENOMEM)) return NULL;
    return stream_on(fd, mode);
}

int fileno(FILE *stream)
{
    static __typeof__(fileno) *real;
    for (int s = 0; s < STREAMS; ++s)
        if (stream && streams[s].stream == stream) return streams[s].fd;
    if (!real) *(void **)&real = fault_next("fileno");
    return real(stream);
}

int fclose(FILE *stream)
{
    static __typeof__(fclose) *real;
    const int bad = fails(__builtin_return_address(0), "close", EIO), why = errno;
    pthread_mutex_lock(&lock);
    for (int s = 0; s < STREAMS; ++s)
        if (streams[s].stream == stream) streams[s].stream = NULL;
    pthread_mutex_unlock(&lock);
    if (!real) *(void **)&real = fault_next("fclose");
    const int st = real(stream);
    if (bad) errno = why;
    return bad ? EOF : st;
}

/* -- Threads and processes -------------------------------------------------------- */

RETURNS("thread", EAGAIN, pthread_create,
        (pthread_t *out, const pthread_attr_t *how, void *(*work)(void *), void *user),
        (out, how, work, user))
RETURNS("thread", ENOMEM, pthread_mutex_init,
        (pthread_mutex_t *out, const pthread_mutexattr_t *how), (out, how))
RETURNS("thread", ENOMEM, pthread_cond_init,
        (pthread_cond_t *out, const pthread_condattr_t *how), (out, how))
FAULTY(int, -1, "thread", ENOSPC, sem_init, (sem_t *out, int shared, unsigned value),
       (out, shared, value))
RETURNS("thread", EAGAIN, posix_spawnp,
        (pid_t *child, const char *file, const posix_spawn_file_actions_t *actions,
         const posix_spawnattr_t *how, char *const argv[], char *const env[]),
        (child, file, actions, how, argv, env))
