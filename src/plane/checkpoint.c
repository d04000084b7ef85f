/*
 * checkpoint.c - the file that holds the state of a training.
 */
#include "plane/checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "file.h"

typedef struct {
    char     title[16];
    uint32_t crc; /* of all that follows, and of the values                     */
    uint32_t digest;
    uint64_t number[2]; /* with the digest: of which run                        */
    int64_t  tick, steps, journal_bytes, kept_bytes, floats;
} header;

static const char title[16] = "infoplane net 3\n";

static uint32_t crc_of(const header *head, const void *values)
{
    const size_t skip = offsetof(header, digest);
    const uLong crc = crc32_z(0, (const Bytef *)head + skip, sizeof *head - skip);
    return (uint32_t)crc32_z(crc, values, (z_size_t)head->floats * sizeof(float));
}

ipl_status ipl_checkpoint_write(int dir, const char *path, const ipl_checkpoint *from)
{
    header head = {.digest = from->of.digest, .tick = from->tick, .steps = from->steps,
                   .journal_bytes = from->journal_bytes,
                   .kept_bytes = from->kept_bytes, .floats = from->floats};
    memcpy(head.title, title, sizeof title);
    memcpy(head.number, from->of.number, sizeof head.number);
    head.crc = crc_of(&head, from->values);
    const ipl_file_part part[2] = {
        {&head, sizeof head}, {from->values, (size_t)from->floats * sizeof(float)}};
    return ipl_file_replace(dir, path, 2, part);
}

static ipl_status check_run(const char *path, const header *head,
                            const ipl_identity *of)
{
    ipl_identity was = {{0, 0}, head->digest};
    char its[IPL_IDENTITY_TEXT], own[IPL_IDENTITY_TEXT];
    memcpy(was.number, head->number, sizeof head->number);
    if (was.digest == of->digest && !memcmp(was.number, of->number, sizeof was.number))
        return IPL_OK;
    return IPL_FAIL(IPL_E_ARGUMENT, "%s: of another run (its number is %s, its digest "
                    "%08x; this run's %s, %08x): remove it, and the training is "
                    "repeated", path, ipl_identity_print(&was, its),
                    (unsigned)was.digest, ipl_identity_print(of, own),
                    (unsigned)of->digest);
}

ipl_status ipl_checkpoint_read(int dir, const char *path, ipl_checkpoint *out)
{
    if (!ipl_file_is_there(dir, path)) {
        out->tick = -1;
        return IPL_OK;
    }
    ipl_status st = IPL_OK;
    char   *text = NULL;
    int64_t size;
    header  head;
    IPL_TRY(ipl_file_read(dir, path, &text, &size));
    if (size < (int64_t)sizeof head || memcmp(text, title, sizeof title)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: not a training state of this version: remove "
                      "it, and the training is repeated", path);
        goto done;
    }
    memcpy(&head, text, sizeof head);
    if (head.floats < 0 || head.floats > size / (int64_t)sizeof(float) ||
        size != (int64_t)sizeof head + head.floats * (int64_t)sizeof(float) ||
        head.crc != crc_of(&head, text + sizeof head)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: damaged (its checksum does not fit): remove "
                      "it, and the training is repeated", path);
        goto done;
    }
    IPL_TRY_DONE(check_run(path, &head, &out->of));
    if (head.floats != out->floats) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %lld values: expected %lld", path,
                      (long long)head.floats, (long long)out->floats);
        goto done;
    }
    memcpy(out->values, text + sizeof head, (size_t)size - sizeof head);
    out->tick = head.tick;
    out->steps = head.steps;
    out->journal_bytes = head.journal_bytes;
    out->kept_bytes = head.kept_bytes;
done:
    free(text);
    return st;
}
