/*
 * zip.c - the directory of a zip file, with zip64.
 *
 * A zip file is read from its end: a record of 22 bytes and a comment says where the
 * directory is, and a record of zip64 before it says so in 64 bits. An entry of the
 * directory says where a member's own header is; its content follows that. Source:
 * PKWARE, APPNOTE.TXT 6.3.10, 4.3 and 4.5.3. Split and encrypted files are refused.
 */
#include "data/zip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

enum {
    END_BYTES = 22,
    COMMENT_MAX = 65535,
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    ENTRY_BYTES = 46,
    LOCAL_BYTES = 30
};

typedef struct {
    const char *path;
    FILE       *file;
    uint64_t    bytes;
} zip_file;

static uint64_t number(const unsigned char *at, int bytes)
{
    uint64_t value = 0;
    while (bytes--) value = value << 8 | at[bytes];
    return value;
}

static ipl_status damaged(const char *path, const char *what)
{
    return IPL_FAIL(IPL_E_FORMAT, "%s: a damaged zip file: %s", path, what);
}

static ipl_status open_zip(const char *path, zip_file *out)
{
    *out = (zip_file){.path = path};
    IPL_TRY(ipl_file_stream(path, &out->file));
    if (fseeko(out->file, 0, SEEK_END))
        return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    out->bytes = (uint64_t)ftello(out->file);
    return IPL_OK;
}

static void close_zip(zip_file *z)
{
    if (z->file) fclose(z->file);
}

static ipl_status read_at(zip_file *z, uint64_t at, size_t bytes, void *out,
                          const char *what)
{
    if (at > z->bytes || bytes > z->bytes - at) return damaged(z->path, what);
    if (fseeko(z->file, (off_t)at, SEEK_SET) ||
        fread(out, 1, bytes, z->file) != bytes)
        return IPL_FAIL(IPL_E_IO, "%s: %s", z->path, strerror(errno));
    return IPL_OK;
}

/* -- The directory ----------------------------------------------------------------*/

typedef struct {
    uint64_t count, bytes, start;
} zip_place;

/* In place of a record at `end` that 16 or 32 bits may be too few for. */
static ipl_status read_end64(zip_file *z, uint64_t end, zip_place *out)
{
    unsigned char locator[LOCATOR_BYTES] = {0}, record[END64_BYTES];
    if (end >= LOCATOR_BYTES)
        IPL_TRY(read_at(z, end - LOCATOR_BYTES, LOCATOR_BYTES, locator, "its end"));
    if (number(locator, 4) != 0x07064b50) {
        /* A directory may have 65535 entries and need no zip64. */
        if (out->bytes < UINT32_MAX && out->start < UINT32_MAX) return IPL_OK;
        return damaged(z->path, "no record of zip64");
    }
    IPL_TRY(read_at(z, number(locator + 8, 8), END64_BYTES, record,
                    "no record of zip64"));
    if (number(record, 4) != 0x06064b50) return damaged(z->path, "no record of zip64");
    *out = (zip_place){number(record + 32, 8), number(record + 40, 8),
                       number(record + 48, 8)};
    return IPL_OK;
}

/* The last record whose comment ends where the file does. */
static ipl_status find_directory(zip_file *z, zip_place *out)
{
    const size_t most = END_BYTES + COMMENT_MAX;
    const size_t bytes = z->bytes < most ? (size_t)z->bytes : most;
    unsigned char *tail = malloc(bytes + 1);
    if (!tail) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", z->path);
    ipl_status st = read_at(z, z->bytes - bytes, bytes, tail, "its end");
    size_t at = bytes < END_BYTES ? 0 : bytes - END_BYTES + 1;
    while (st == IPL_OK && at--)
        if (number(tail + at, 4) == 0x06054b50 &&
            at + END_BYTES + number(tail + at + 20, 2) == bytes)
            break;
    if (st == IPL_OK && at == SIZE_MAX)
        st = IPL_FAIL(IPL_E_FORMAT, "%s: a zip file that is cut off: its directory is "
                      "missing at the end", z->path);
    if (st == IPL_OK) {
        const unsigned char *end = tail + at;
        *out = (zip_place){number(end + 10, 2), number(end + 12, 4),
                           number(end + 16, 4)};
        if (out->count == 0xffff || out->bytes == UINT32_MAX ||
            out->start == UINT32_MAX)
            st = read_end64(z, z->bytes - bytes + at, out);
    }
    free(tail);
    if (st == IPL_OK && out->count > out->bytes / ENTRY_BYTES)
        st = damaged(z->path, "its directory is shorter than its entries");
    return st;
}

/* The extra field 1 holds, in this order, what 32 bits cannot. */
static int read_zip64(const unsigned char *extra, size_t bytes, zip_member *m)
{
    uint64_t *const large[3] = {&m->bytes, &m->packed_bytes, &m->header};
    int missing = 0;
    for (int k = 0; k < 3; ++k) missing += *large[k] == UINT32_MAX;
    for (size_t at = 0; missing && at + 4 <= bytes;) {
        const size_t id = number(extra + at, 2), size = number(extra + at + 2, 2);
        at += 4;
        if (size > bytes - at) return 0;
        size_t used = 0;
        for (int k = 0; k < 3 && id == 1; ++k)
            if (*large[k] == UINT32_MAX && used + 8 <= size) {
                *large[k] = number(extra + at + used, 8);
                used += 8;
                --missing;
            }
        if (id == 1) break;
        at += size;
    }
    return !missing;
}

/* One entry at `at`; `end` is where the directory ends. NULL: damaged. */
static const unsigned char *read_entry(const unsigned char *at,
                                       const unsigned char *end, char **names,
                                       zip_member *m)
{
    if (end - at < ENTRY_BYTES || number(at, 4) != 0x02014b50) return NULL;
    const size_t name = number(at + 28, 2), extra = number(at + 30, 2);
    const size_t comment = number(at + 32, 2);
    const unsigned char *from = at + ENTRY_BYTES;
    if ((size_t)(end - from) < name + extra + comment) return NULL;
    *m = (zip_member){.name = *names, .header = number(at + 42, 4),
                      .packed_bytes = number(at + 20, 4), .bytes = number(at + 24, 4),
                      .crc = (uint32_t)number(at + 16, 4),
                      .method = (unsigned)number(at + 10, 2),
                      .flags = (unsigned)number(at + 8, 2)};
    if (!name || memchr(from, 0, name) || !read_zip64(from + name, extra, m))
        return NULL;
    memcpy(*names, from, name);
    (*names)[name] = 0;
    *names += name + 1;
    return from + name + extra + comment;
}

ipl_status ipl_zip_read(const char *path, zip_directory *out)
{
    zip_file z = {0};
    zip_place place = {0, 0, 0};
    zip_directory made = {0};
    unsigned char *directory = NULL;
    ipl_status st = IPL_OK;
    IPL_TRY_DONE(open_zip(path, &z));
    IPL_TRY_DONE(find_directory(&z, &place));
    if (place.bytes > z.bytes) {
        st = damaged(path, "its directory is longer than the file");
        goto done;
    }
    directory = malloc((size_t)place.bytes + 1);
    made.names = malloc((size_t)place.bytes + 1);
    made.member = malloc(((size_t)place.count + 1) * sizeof *made.member);
    if (!directory || !made.names || !made.member) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its directory", path);
        goto done;
    }
    IPL_TRY_DONE(read_at(&z, place.start, (size_t)place.bytes, directory,
                         "its directory lies outside of the file"));
    char *names = made.names;
    const unsigned char *at = directory, *end = directory + place.bytes;
    for (; (uint64_t)made.count < place.count; ++made.count) {
        at = read_entry(at, end, &names, &made.member[made.count]);
        if (!at) {
            st = damaged(path, "an entry of its directory");
            goto done;
        }
    }
    *out = made;
done:
    free(directory);
    close_zip(&z);
    if (st != IPL_OK) ipl_zip_free(&made);
    return st;
}

void ipl_zip_free(zip_directory *zip)
{
    free(zip->member);
    free(zip->names);
    *zip = (zip_directory){0};
}

/* -- A member ---------------------------------------------------------------------*/

ipl_status ipl_zip_locate(const char *path, const zip_member *member,
                          ipl_input_part *out)
{
    unsigned char local[LOCAL_BYTES];
    zip_file z = {0};
    ipl_status st = IPL_OK;
    if (member->flags & 1)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is encrypted: expected a zip file that "
                        "is not", path, member->name);
    if (member->method != 0 && member->method != 8)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is packed by method %u: expected "
                        "deflate: save it by numpy.savez_compressed", path,
                        member->name, member->method);
    IPL_TRY_DONE(open_zip(path, &z));
    IPL_TRY_DONE(read_at(&z, member->header, LOCAL_BYTES, local,
                         "a member lies outside of it"));
    if (number(local, 4) != 0x04034b50 ||
        number(local + 26, 2) != strlen(member->name)) {
        st = damaged(path, "a member is not where its directory says");
        goto done;
    }
    *out = (ipl_input_part){
        .start = member->header + LOCAL_BYTES + number(local + 26, 2) +
                 number(local + 28, 2),
        .packed_bytes = member->packed_bytes, .bytes = member->bytes,
        .crc = member->crc, .deflated = member->method == 8};
done:
    close_zip(&z);
    return st;
}
