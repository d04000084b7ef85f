/*
 * rank_files.c - the files of a run, from a rank with a folder of its own to rank 0.
 *
 * They go in pieces with a checksum each, to a folder beside the run directory, which
 * gets its name when all are there.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"
#include "folder.h"
#include "study/rank_files.h"

enum { PIECE = 1 << 20, NAME = 200 };

/* Before the bytes of a piece. */
typedef struct {
    int64_t  run, at, bytes; /* of the file: where the piece begins, and its length */
    uint32_t crc, unused;    /* of what follows the name                            */
    char     name[NAME];     /* in the run directory, "test/plane.csv"              */
} piece_head;

static uint32_t crc_of(const unsigned char *at, size_t bytes)
{
    return (uint32_t)crc32_z(0, at, bytes);
}

static ipl_status failed(const char *path, const char *what)
{
    return IPL_FAIL(IPL_E_IO, "%s: %s: %s", path, what, strerror(errno));
}

/* -- Each file of a run directory, and of those in it -----------------------------*/

typedef ipl_status (*file_call)(void *user, const char *path, const char *name);

static ipl_status each_file(const char *dir, const char *within, int depth,
                            file_call call, void *user)
{
    const char *next;
    ipl_status st = IPL_OK;
    DIR *folder = opendir(dir);
    if (!folder) return failed(dir, "open");
    while (st == IPL_OK && (next = ipl_folder_next(folder, dir, &st))) {
        char path[STUDY_PATH + NAME], name[NAME];
        struct stat about;
        snprintf(path, sizeof path, "%s/%s", dir, next);
        const int length = snprintf(name, sizeof name, "%s%s", within, next);
        if (length >= NAME || lstat(path, &about)) st = failed(path, "stat");
        else if (S_ISREG(about.st_mode)) st = call(user, path, name);
        else if (S_ISDIR(about.st_mode) && depth < 1) {
            snprintf(name, sizeof name, "%.*s/", NAME - 2, next);
            st = each_file(path, name, depth + 1, call, user);
        }
    }
    closedir(folder);
    return st;
}

static ipl_status remove_one(void *user, const char *path, const char *name)
{
    (void)user, (void)name;
    ipl_file_remove(IPL_FILE_PATH, path);
    return IPL_OK;
}

static ipl_status remove_folders(const char *dir)
{
    const char *next;
    ipl_status st = IPL_OK;
    DIR *folder = opendir(dir);
    if (!folder) return IPL_OK;
    while (st == IPL_OK && (next = ipl_folder_next(folder, dir, &st))) {
        char path[STUDY_PATH + NAME];
        snprintf(path, sizeof path, "%s/%s", dir, next);
        rmdir(path);
    }
    closedir(folder);
    rmdir(dir);
    return st;
}

void study_files_remove(const char *dir)
{
    if (access(dir, F_OK)) return;
    (void)each_file(dir, "", 0, remove_one, NULL);
    (void)remove_folders(dir); /* what is left stays, and is no harm */
}

/* -- Sending ----------------------------------------------------------------------*/

typedef struct {
    ipl_team      *team;
    int            tag;
    double         patience_s;
    int64_t        run;
    unsigned char *block;
    study_sent    *sent;
} sending;

static ipl_status send_piece(sending *s, int fd, const char *path, piece_head *head)
{
    const size_t left = (size_t)(head->bytes - head->at);
    size_t bytes = left < PIECE ? left : PIECE, used = 0;
    unsigned char *to = s->block + sizeof *head;
    while (used < bytes) {
        const ssize_t n =
            pread(fd, to + used, bytes - used, (off_t)(head->at + (int64_t)used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return failed(path, "read");
        if (!n) return IPL_FAIL(IPL_E_IO, "%s: it became shorter", path);
        used += (size_t)n;
    }
    head->crc = crc_of(to, bytes);
    memcpy(s->block, head, sizeof *head);
    IPL_TRY(ipl_team_send(s->team, 0, s->tag, s->block, sizeof *head + bytes,
                          s->patience_s));
    head->at += (int64_t)bytes;
    return IPL_OK;
}

static ipl_status send_file(void *user, const char *path, const char *name)
{
    sending *s = user;
    struct stat about;
    int fd;
    if (!strcmp(name, "lock")) return IPL_OK; /* of a process here */
    IPL_TRY(ipl_file_open_read(IPL_FILE_PATH, path, &fd));
    piece_head head = {.run = s->run};
    snprintf(head.name, sizeof head.name, "%s", name);
    ipl_status st = fstat(fd, &about) ? failed(path, "stat") : IPL_OK;
    head.bytes = st == IPL_OK ? (int64_t)about.st_size : 0;
    int is_first = 1; /* of an empty file the only one */
    for (; st == IPL_OK && (is_first || head.at < head.bytes); is_first = 0)
        st = send_piece(s, fd, path, &head);
    close(fd);
    ++s->sent->files;
    s->sent->bytes += head.bytes;
    return st;
}

ipl_status study_files_send(ipl_team *team, int tag, double patience_s, int64_t run,
                            const char *dir, study_sent *sent)
{
    sending s = {team, tag, patience_s, run, malloc(sizeof(piece_head) + PIECE), sent};
    if (!s.block) return IPL_FAIL(IPL_E_MEMORY, "a piece of a file");
    *sent = (study_sent){0, 0};
    const ipl_status st = each_file(dir, "", 0, send_file, &s);
    free(s.block);
    return st;
}

/* -- Taking -----------------------------------------------------------------------*/

/* "plane.csv" or "test/plane.csv": nothing that leads elsewhere. */
static int is_name(const char *name)
{
    int slashes = 0;
    if (!memchr(name, 0, NAME) || !*name) return 0;
    for (const char *at = name; *at; ++at) {
        slashes += *at == '/';
        if ((at == name || at[-1] == '/') && (*at == '.' || *at == '/')) return 0;
    }
    return slashes <= 1 && name[strlen(name) - 1] != '/';
}

static ipl_status make_folders(const char *dir, const char *name)
{
    char path[STUDY_PATH + NAME];
    const char *slash = strchr(name, '/');
    if (mkdir(dir, 0777) && errno != EEXIST) return failed(dir, "make");
    if (!slash) return IPL_OK;
    snprintf(path, sizeof path, "%s/%.*s", dir, (int)(slash - name), name);
    if (mkdir(path, 0777) && errno != EEXIST) return failed(path, "make");
    return IPL_OK;
}

int64_t study_piece_run(const ipl_team_message *m)
{
    piece_head head;
    if (m->bytes < sizeof head) return -1;
    memcpy(&head, m->at, sizeof head);
    return head.run;
}

ipl_status study_piece_take(const ipl_team_message *m, const char *dir, study_sent *got)
{
    char path[STUDY_PATH + NAME];
    piece_head head;
    int fd;
    memcpy(&head, m->at, sizeof head);
    const unsigned char *from = m->at + sizeof head;
    const size_t bytes = m->bytes - sizeof head;
    if (!is_name(head.name) || head.at < 0 || head.bytes < 0 ||
        head.at + (int64_t)bytes > head.bytes || head.crc != crc_of(from, bytes))
        return IPL_FAIL(IPL_E_IO, "a piece of a file came damaged from rank %d",
                        m->rank);
    if (!got->files) study_files_remove(dir); /* of an attempt before */
    IPL_TRY(make_folders(dir, head.name));
    snprintf(path, sizeof path, "%s/%s", dir, head.name);
    if (head.at) IPL_TRY(ipl_file_open(IPL_FILE_PATH, path, O_RDWR, &fd));
    else IPL_TRY(ipl_file_make(IPL_FILE_PATH, path, &fd));
    ipl_status st = ipl_file_write_at(fd, path, from, bytes, head.at);
    const int is_whole = head.at + (int64_t)bytes == head.bytes;
    if (st == IPL_OK && is_whole && fsync(fd)) st = failed(path, "sync");
    close(fd);
    got->files += !head.at;
    got->bytes += (int64_t)bytes;
    return st;
}

ipl_status study_files_settle(const char *made, const char *dir, const study_sent *sent,
                              const study_sent *got)
{
    if (sent->files != got->files || sent->bytes != got->bytes)
        return IPL_FAIL(IPL_E_IO, "%s: of %lld files and %lld bytes %lld and %lld came",
                        dir, (long long)sent->files, (long long)sent->bytes,
                        (long long)got->files, (long long)got->bytes);
    return rename(made, dir) ? failed(made, "rename") : IPL_OK;
}
