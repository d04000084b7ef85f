/*
 * gnuplot.c - runs gnuplot on a script.
 *
 * The script is a file and not a pipe, so that a gnuplot that stops early cannot
 * block or kill the writer; its standard error is read back for the message. It draws
 * to a file without a name, so that nobody can meet half a picture, not even one by a
 * gnuplot whose parent was killed.
 */
#include "plot/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

extern char **environ;

enum { PICTURE_FD = 3 }; /* as gnuplot has it */
enum { PNG_SIDE = 32767 / 2 }; /* in points: cairo's largest, at two pixels a point */

static const char *temporary(void)
{
    const char *dir = getenv("TMPDIR");
    return dir && *dir && strlen(dir) < 32 ? dir : "/tmp";
}

static ipl_status open_temporary(char *path, size_t size, int *fd)
{
    snprintf(path, size, "%s/infoplane-XXXXXX", temporary());
    *fd = mkstemp(path);
    if (*fd < 0) return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    fcntl(*fd, F_SETFD, FD_CLOEXEC);
    return IPL_OK;
}

/* A file without a name, to be read back. */
static ipl_status open_nameless(int *fd)
{
    char path[64];
    IPL_TRY(open_temporary(path, sizeof path, fd));
    unlink(path);
    return IPL_OK;
}

static int ends_in(const char *file, const char *ending)
{
    const size_t length = strlen(file), tail = strlen(ending);
    return length > tail && !strcasecmp(file + length - tail, ending);
}

ipl_status ipl_gnuplot_start(const char *file, int width, int height, ipl_gnuplot *out)
{
    const int svg = ends_in(file, ".svg"), png = ends_in(file, ".png");
    IPL_REQUIRE(svg || png, "picture '%s': expected a name that ends in .svg or .png",
                file);
    IPL_REQUIRE(svg || (width <= PNG_SIDE && height <= PNG_SIDE),
                "picture '%s': %d x %d points are too large for PNG; SVG has no limit",
                file, width, height);
    IPL_REQUIRE(strlen(file) < sizeof out->file, "picture: a name of %zu characters",
                strlen(file));
    *out = (ipl_gnuplot){0};
    snprintf(out->file, sizeof out->file, "%s", file);
    int fd = -1;
    IPL_TRY(open_nameless(&out->picture));
    ipl_status st = open_temporary(out->script_path, sizeof out->script_path, &fd);
    if (st == IPL_OK && !(out->script = fdopen(fd, "w"))) {
        st = IPL_FAIL(IPL_E_IO, "%s: %s", out->script_path, strerror(errno));
        close(fd);
        unlink(out->script_path);
    }
    if (st != IPL_OK) {
        close(out->picture);
        return st;
    }
    if (svg)
        fprintf(out->script, "set terminal svg size %d,%d enhanced background "
                "'#ffffff' font 'DejaVu Sans,12'\nS = 0.62\n", width, height);
    else
        /* Its fonts are in points of 4/3 pixel, those of the SVG in pixels. */
        fprintf(out->script, "set terminal pngcairo size %d,%d enhanced font "
                "'DejaVu Sans,12' fontscale 1.5 linewidth 2 pointscale 2\nS = 1\n",
                2 * width, 2 * height);
    fprintf(out->script, "set output '/dev/fd/%d'\n", PICTURE_FD);
    return IPL_OK;
}

/* What gnuplot complained about: it repeats the command and points below it, then
 * says why in the last line. */
static void last_words(int fd, char *out, size_t size)
{
    char text[1024];
    lseek(fd, 0, SEEK_SET);
    const ssize_t length = read(fd, text, sizeof text - 1);
    text[length > 0 ? length : 0] = 0;
    const char *best = "";
    char *rest;
    for (char *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest))
        if (strspn(line, " ^\t") < strlen(line)) best = line + strspn(line, " \t");
    snprintf(out, size, "%s", best);
}

/* gnuplot says nothing of a disk that filled up; a whole picture has its end. */
static int is_whole(const char *text, size_t size)
{
    const size_t from = size > 32 ? size - 32 : 0;
    for (size_t k = from; k + 4 <= size; ++k)
        if (!memcmp(text + k, "IEND", 4) || !memcmp(text + k, "/svg", 4)) return 1;
    return 0;
}

/* Puts the picture in its place. */
static ipl_status keep(const ipl_gnuplot *g)
{
    char path[32], *text;
    int64_t size;
    snprintf(path, sizeof path, "/dev/fd/%d", g->picture);
    IPL_TRY(ipl_file_read(path, &text, &size));
    const ipl_file_part all = {text, (size_t)size};
    const ipl_status st =
        is_whole(text, (size_t)size)
            ? ipl_file_replace(g->file, 1, &all)
            : IPL_FAIL(IPL_E_IO, "%s: gnuplot failed: the picture is not whole (disk "
                       "full?)", g->file);
    free(text);
    return st;
}

static ipl_status draw(const ipl_gnuplot *g, int errors)
{
    char *const argv[] = {(char *)"gnuplot", (char *)g->script_path, NULL};
    char words[256];
    int status;
    pid_t child;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return IPL_FAIL(IPL_E_MEMORY, "starting gnuplot");
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, errors, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
    posix_spawn_file_actions_adddup2(&actions, g->picture, PICTURE_FD);
    const int failed = posix_spawnp(&child, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT)
        return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: gnuplot is not installed (Debian: "
                        "gnuplot-nox)", g->file);
    if (failed) return IPL_FAIL(IPL_E_IO, "gnuplot: %s", strerror(failed));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return IPL_FAIL(IPL_E_IO, "gnuplot: %s", strerror(errno));
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: gnuplot cannot be run (Debian: "
                        "gnuplot-nox)", g->file);
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        last_words(errors, words, sizeof words);
        return IPL_FAIL(IPL_E_IO, "%s: gnuplot failed: %s", g->file,
                        *words ? words : "it was killed");
    }
    return IPL_OK;
}

ipl_status ipl_gnuplot_finish(ipl_gnuplot *g)
{
    int errors = -1;
    ipl_status st = IPL_OK;
    fprintf(g->script, "\nunset output\n");
    const int torn = ferror(g->script);
    if (fclose(g->script) || torn)
        st = IPL_FAIL(IPL_E_IO, "%s: %s", g->script_path, strerror(errno));
    if (st == IPL_OK) st = open_nameless(&errors);
    if (st == IPL_OK) st = draw(g, errors);
    if (st == IPL_OK) st = keep(g);
    if (errors >= 0) close(errors);
    close(g->picture);
    unlink(g->script_path);
    return st;
}

const char *ipl_gnuplot_plain(const char *text, char *out, size_t size)
{
    size_t used = 0;
    for (; *text && used + 3 < size; ++text) {
        if (strchr("_^{}@&~\\", *text)) out[used++] = '\\';
        if (*text == '\'') out[used++] = '\'';
        out[used++] = *text;
    }
    out[used] = 0;
    return out;
}
