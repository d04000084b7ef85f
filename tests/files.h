/*
 * files.h - temporary folders, and the files that are written and read in them.
 *
 * For tests, which include check.h first, and for fuzz targets, which have no cmocka.
 */
#ifndef FILES_H
#define FILES_H

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#ifdef CHECK_H
#define FILES_FAIL(path) fail_msg("%s: %s", path, strerror(errno))
#else
#define FILES_FAIL(path) (perror(path), exit(1))
#endif

enum { FILES_PATH = 256 };

/* A new folder; its name goes to `folder`. */
static inline void files_make_folder(char folder[FILES_PATH])
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, FILES_PATH, "%s/ipl-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(folder)) FILES_FAIL(folder);
}

static inline const char *files_path(const char *folder, const char *name)
{
    static char path[8][2 * FILES_PATH]; /* so that one call may use several */
    static int next;
    char *at = path[next++ % 8];
    snprintf(at, sizeof path[0], "%s/%s", folder, name);
    return at;
}

static inline int files_count(const char *folder)
{
    int count = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += entry->d_name[0] != '.';
    if (dir) closedir(dir);
    return count;
}

/* Removes a folder and all in it. */
static inline void files_remove_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        char path[4 * FILES_PATH];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        snprintf(path, sizeof path, "%.700s/%s", folder, entry->d_name);
        if (unlink(path)) files_remove_folder(path);
    }
    if (dir) closedir(dir);
    rmdir(folder);
}

static inline void files_write(const char *path, size_t bytes, const void *content)
{
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(content, 1, bytes, f) != bytes || fclose(f)) FILES_FAIL(path);
}

/* The whole file with a zero after it, to be freed. */
static inline unsigned char *files_read(const char *path, size_t *bytes)
{
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END)) FILES_FAIL(path);
    *bytes = (size_t)ftell(f);
    rewind(f);
    unsigned char *content = malloc(*bytes + 1);
    if (!content || fread(content, 1, *bytes, f) != *bytes) FILES_FAIL(path);
    fclose(f);
    content[*bytes] = 0;
    return content;
}

/* A file of a folder as a text, to be freed. */
static inline char *files_text(const char *folder, const char *name)
{
    char path[4 * FILES_PATH];
    size_t bytes;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return (char *)files_read(path, &bytes);
}

static inline void files_write_gzip(const char *path, size_t bytes, const void *content)
{
    gzFile f = gzopen(path, "wb1");
    if (!f || gzwrite(f, content, (unsigned)bytes) != (int)bytes ||
        gzclose(f) != Z_OK)
        FILES_FAIL(path);
}

/* IDX content into `at`: magic number, `dims` sizes, bytes. Returns its length. */
static inline size_t files_idx(uint32_t magic, int dims, const uint32_t *size,
                               size_t bytes, const void *content, unsigned char *at)
{
    for (int w = -1; w < dims; ++w) {
        const uint32_t word = w < 0 ? magic : size[w];
        for (int b = 0; b < 4; ++b) *at++ = (unsigned char)(word >> (24 - 8 * b));
    }
    memcpy(at, content, bytes);
    return 4 + 4 * (size_t)dims + bytes;
}

/* NPY content into `at`: magic, version, header text as it is given, values. */
static inline size_t files_npy(int version, const char *header, size_t bytes,
                               const void *content, unsigned char *at)
{
    const uint32_t length = (uint32_t)strlen(header);
    const size_t start = version == 1 ? 10 : 12;
    memcpy(at, "\x93NUMPY", 6);
    at[6] = (unsigned char)version;
    at[7] = 0;
    for (size_t b = 8; b < start; ++b) at[b] = (unsigned char)(length >> 8 * (b - 8));
    memcpy(at + start, header, length);
    memcpy(at + start + length, content, bytes);
    return start + length + bytes;
}

#endif
