/*
 * checkpoint.c - the file that holds the state of a training.
 */
#include "plane/checkpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "file.h"

typedef struct {
    char     title[16];
    uint32_t crc; /* of all that follows, and of the values                     */
    uint32_t unused;
    int64_t  tick, steps, journal_bytes, kept_bytes, floats;
} header;

static const char title[16] = "infoplane net 2\n";

static uint32_t crc_of(const header *head, const void *values)
{
    const size_t skip = offsetof(header, unused);
    const uLong crc = crc32_z(0, (const Bytef *)head + skip, sizeof *head - skip);
    return (uint32_t)crc32_z(crc, values, (z_size_t)head->floats * sizeof(float));
}

ipl_status ipl_checkpoint_write(const char *path, const ipl_checkpoint *from)
{
    header head = {.tick = from->tick, .steps = from->steps,
                   .journal_bytes = from->journal_bytes,
                   .kept_bytes = from->kept_bytes, .floats = from->floats};
    memcpy(head.title, title, sizeof title);
    head.crc = crc_of(&head, from->values);
    const ipl_file_part part[2] = {
        {&head, sizeof head}, {from->values, (size_t)from->floats * sizeof(float)}};
    return ipl_file_replace(path, 2, part);
}

ipl_status ipl_checkpoint_read(const char *path, ipl_checkpoint *out)
{
    if (access(path, F_OK)) {
        out->tick = -1;
        return IPL_OK;
    }
    ipl_status st = IPL_OK;
    char   *text = NULL;
    int64_t size;
    header  head;
    IPL_TRY(ipl_file_read(path, &text, &size));
    const int64_t want = (int64_t)sizeof head + out->floats * (int64_t)sizeof(float);
    if (size < (int64_t)sizeof head || memcmp(text, title, sizeof title)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: not a training state of this version", path);
        goto done;
    }
    memcpy(&head, text, sizeof head);
    if (size != want || head.floats != out->floats) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %lld bytes with %lld values: expected %lld "
                      "with %lld", path, (long long)size, (long long)head.floats,
                      (long long)want, (long long)out->floats);
        goto done;
    }
    if (head.crc != crc_of(&head, text + sizeof head)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: damaged (its checksum does not fit)", path);
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
