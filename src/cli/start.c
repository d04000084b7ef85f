/*
 * start.c - what the process inherits: streams, signals, limits.
 */
#include "cli/start.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void cli_own_streams(void)
{
    /* A file that reaches its size limit is then an error like a full disk, and a
     * reader that went away a failed write. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    /* open takes the lowest number that is free. Opened the wrong way round, so that
     * nobody takes what is lost for printed, or nothing for an empty file. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(1); /* there is nobody to tell */
}

/* When it is loaded, OpenBLAS starts a thread for each processor, and a thread that
 * finds no address space for its buffer asks again for ever. Nothing here uses these
 * threads (src/cpu/waiting.c). So where the space is limited the program begins once
 * more, with the variable by which OpenBLAS starts none. */
static void begin_again_without_threads(int argc, char **argv, char **environment)
{
    static char one[] = "OPENBLAS_NUM_THREADS=1", path[4096];
    const size_t name = strlen(one) - 1;
    struct rlimit space;
    int count = 0, kept = 0;
    (void)argc;
    if (getrlimit(RLIMIT_AS, &space) || space.rlim_cur == RLIM_INFINITY) return;
    const ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0) return;
    while (environment[count])
        if (!strcmp(environment[count++], one)) return;
    char *with[count + 2];
    for (int k = 0; k < count; ++k)
        if (strncmp(environment[k], one, name)) with[kept++] = environment[k];
    with[kept++] = one;
    with[kept] = NULL;
    execve(path, argv, with);
}

/* Called before what libraries do when they are loaded. */
__attribute__((section(".preinit_array"), used))
static void (*const before_libraries)(int, char **, char **) =
    begin_again_without_threads;
