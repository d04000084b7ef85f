/*
 * gnuplot.c - runs gnuplot on a script.
 *
 * The script is a file and not a pipe, so that a gnuplot that stops early cannot
 * block or kill the writer; its standard error is read back for the message. It draws
 * to a file too, so that nobody can meet half a picture, not even one by a gnuplot
 * whose parent was killed. These files are in memory: whoever is killed leaves none.
 *
 * Up to version 6 gnuplot has no switch that takes `!`, system and pipes from a script,
 * so nothing of a run directory may become part of a command: numbers are printed
 * here, data stand in blocks of numbers, and texts pass through ipl_gnuplot_plain into
 * strings in single quotes, where it leaves no quote and no end of a line. -d keeps
 * gnuplot from commands of other files (~/.gnuplot).
 */
#define _GNU_SOURCE /* memfd_create */
#include "plot/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"
#include "ipl_text.h"

extern char **environ;

enum { PICTURE_FD = 3, SCRIPT_FD = 4 }; /* as gnuplot has them */
enum { PNG_SIDE = 32767 }; /* cairo's largest, in pixels */
enum { SVG, PNG, PDF, GIF, FORMATS };

static const char *const ending_of[FORMATS] = {".svg", ".png", ".pdf", ".gif"};

/* A file in memory, behind those that gnuplot gets. */
static ipl_status open_in_memory(int *fd)
{
    const int low = memfd_create("infoplane", MFD_CLOEXEC);
    *fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, SCRIPT_FD + 1);
    const int why = errno;
    if (low >= 0) close(low);
    return *fd < 0 ? IPL_FAIL(IPL_E_IO, "a file in memory: %s", strerror(why)) : IPL_OK;
}

static int ends_in(const char *file, const char *ending)
{
    const size_t length = strlen(file), tail = strlen(ending);
    return length > tail && !strcasecmp(file + length - tail, ending);
}

int ipl_gnuplot_is_movie(const char *file) { return ends_in(file, ending_of[GIF]); }

/* Before anything is drawn: whether the picture can have its place. */
static ipl_status check_place(const char *file)
{
    struct stat about;
    char folder[sizeof((ipl_gnuplot *)0)->file] = ".";
    const char *slash = strrchr(file, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", slash > file ? (int)(slash - file) : 1,
                 file);
    const int unseen = stat(folder, &about);
    if (unseen && errno == ENOENT)
        return IPL_FAIL(IPL_E_IO, "picture '%s': the folder '%s' does not exist: make "
                        "it first", file, folder);
    if (!unseen && !S_ISDIR(about.st_mode))
        return IPL_FAIL(IPL_E_IO, "picture '%s': '%s' is no folder", file, folder);
    if (unseen || access(folder, W_OK | X_OK))
        return IPL_FAIL(IPL_E_IO, "picture '%s': the folder '%s': %s", file, folder,
                        strerror(errno));
    if (!stat(file, &about) && S_ISDIR(about.st_mode))
        return IPL_FAIL(IPL_E_IO, "picture '%s' is a folder: expected the name of a "
                        "file", file);
    return IPL_OK;
}

/* Pixels a unit. */
static double pixels_of(int format, const ipl_gnuplot_page *page)
{
    const double inches = page->unit_pt / 72.0;
    if (format == PNG) return page->is_physical ? 300.0 * inches : 2.0 * page->unit_pt;
    return page->is_physical ? 96.0 * inches : page->unit_pt;
}

static void set_terminal(FILE *to, int format, const ipl_gnuplot_page *page)
{
    const double k = pixels_of(format, page), pt = page->unit_pt;
    const long   w = lround(k * page->width), h = lround(k * page->height);
    const char  *font = page->font ? page->font : "DejaVu Sans";
    switch (format) {
    case SVG:
        fprintf(to, "set terminal svg size %ld,%ld enhanced background '#ffffff' font "
                "'%s,12' fontscale %.4g linewidth %.4g\nS = %.4g\n", w, h, font, k, k,
                0.62 * k);
        break;
    case PNG: /* its fonts are in points of 4/3 pixel, those of the SVG in pixels */
        fprintf(to, "set terminal pngcairo size %ld,%ld enhanced font '%s,12' "
                "fontscale %.4g linewidth %.4g pointscale %.4g\nS = 1\n", w, h, font,
                0.75 * k, k, k);
        break;
    case PDF: /* fonts as in a PNG; its lines are half a point wide */
        fprintf(to, "set terminal pdfcairo size %.6gin,%.6gin enhanced font '%s,12' "
                "fontscale %.4g linewidth %.4g\nS = %.4g\n", page->width * pt / 72.0,
                page->height * pt / 72.0, font, 0.75 * pt, 2.0 * pt, pt);
        break;
    default:
        fprintf(to, "set terminal gif animate optimize delay 15 loop 0 size %ld,%ld "
                "enhanced background '#ffffff' font '%s,12' fontscale %.4g "
                "linewidth %.4g\nS = %.4g\n", w, h, font, 0.75 * k, k, 0.8 * k);
    }
}

/* Its name stands in the script and in an SVG as it is. */
static int is_font(const char *name)
{
    size_t left = strlen(name), bytes = 1;
    for (; left && bytes; name += bytes, left -= bytes)
        bytes = strchr("'\",\\{}<>&", *name) ? 0 : ipl_text_visible(name, left);
    return !left;
}

ipl_status ipl_gnuplot_start(const char *file, const ipl_gnuplot_page *page,
                             ipl_gnuplot *out)
{
    int format = 0;
    while (format < FORMATS && !ends_in(file, ending_of[format])) ++format;
    IPL_REQUIRE(format < FORMATS, "picture '%s': expected a name that ends in .svg, "
                ".png, .pdf or .gif", file);
    const double k = pixels_of(format, page);
    IPL_REQUIRE(format != PNG || (k * page->width <= PNG_SIDE &&
                                  k * page->height <= PNG_SIDE),
                "picture '%s': %d x %d points are too large for PNG; SVG has no limit",
                file, page->width, page->height);
    IPL_REQUIRE(strlen(file) < sizeof out->file, "picture: a name of %zu characters",
                strlen(file));
    const char *font = page->font ? page->font : "";
    IPL_REQUIRE(strlen(font) < 64 && is_font(font),
                "font '%s': expected a name like Times", font);
    IPL_TRY(check_place(file));
    *out = (ipl_gnuplot){0};
    snprintf(out->file, sizeof out->file, "%s", file);
    int fd = -1;
    IPL_TRY(open_in_memory(&out->picture));
    ipl_status st = open_in_memory(&fd);
    if (st == IPL_OK && !(out->script = fdopen(fd, "w"))) {
        st = IPL_FAIL(IPL_E_IO, "%s: %s", out->file, strerror(errno));
        close(fd);
    }
    if (st != IPL_OK) {
        close(out->picture);
        return st;
    }
    set_terminal(out->script, format, page);
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
        if (!memcmp(text + k, "IEND", 4) || !memcmp(text + k, "/svg", 4) ||
            !memcmp(text + k, "%EOF", 4))
            return 1;
    return size > 6 && !memcmp(text, "GIF8", 4) && text[size - 1] == ';';
}

/* Puts the picture in its place. */
static ipl_status keep(const ipl_gnuplot *g)
{
    char *text;
    int64_t size;
    IPL_TRY(ipl_file_read_open(g->picture, g->file, &text, &size));
    const ipl_file_part all = {text, (size_t)size};
    const ipl_status st =
        is_whole(text, (size_t)size)
            ? ipl_file_replace(IPL_FILE_PATH, g->file, 1, &all)
            : IPL_FAIL(IPL_E_IO, "%s: gnuplot failed: the picture is not whole (disk "
                       "full?)", g->file);
    free(text);
    return st;
}

static ipl_status draw(const ipl_gnuplot *g, int errors)
{
    char script[32], words[256];
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", script, NULL};
    snprintf(script, sizeof script, "/dev/fd/%d", SCRIPT_FD);
    int status;
    pid_t child;
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions))
        return IPL_FAIL(IPL_E_MEMORY, "starting gnuplot");
    int failed = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                                  O_RDONLY, 0);
    const int to[][2] = {{errors, STDOUT_FILENO}, {errors, STDERR_FILENO},
                         {g->picture, PICTURE_FD}, {fileno(g->script), SCRIPT_FD}};
    for (int k = 0; k < 4 && !failed; ++k)
        failed = posix_spawn_file_actions_adddup2(&actions, to[k][0], to[k][1]);
    if (!failed)
        failed = posix_spawnp(&child, "gnuplot", &actions, NULL, argv, environ);
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
        if (strstr(words, "terminal type"))
            return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: this gnuplot cannot draw %s; one "
                            "that can is Debian's gnuplot-nox", g->file,
                            strrchr(g->file, '.'));
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
    if (fflush(g->script) || ferror(g->script))
        st = IPL_FAIL(IPL_E_IO, "%s: the script for gnuplot: %s", g->file,
                      strerror(errno));
    if (st == IPL_OK) st = open_in_memory(&errors);
    if (st == IPL_OK) st = draw(g, errors);
    if (st == IPL_OK) st = keep(g);
    if (errors >= 0) close(errors);
    fclose(g->script);
    close(g->picture);
    return st;
}

void ipl_gnuplot_give_up(ipl_gnuplot *g)
{
    fclose(g->script);
    close(g->picture);
}

const char *ipl_gnuplot_plain(const char *text, char *out, size_t size)
{
    enum { LONGEST = 5 }; /* bytes of "\\047", and more than of a character       */
    size_t used = 0, left = strlen(text);
    for (size_t bytes; left && used + LONGEST < size; text += bytes, left -= bytes) {
        const char *put = text;
        size_t length = bytes = ipl_text_visible(text, left);
        if (!bytes) put = "\xef\xbf\xbd", bytes = 1, length = 3; /* U+FFFD */
        else if (*text == '\'') put = "\\047", length = 4;
        else if (strchr("_^{}@&~\\", *text)) out[used++] = '\\';
        memcpy(out + used, put, length);
        used += length;
    }
    out[used] = 0;
    return out;
}
