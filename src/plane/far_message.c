/*
 * far_message.c - messages between a run and its helpers, whole or refused.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "plane/far.h"

typedef struct {
    uint64_t magic;
    uint32_t kind, crc; /* of all but itself                                     */
    uint64_t session, number, size;
} message_head;

static const uint64_t magic = 0x3130726166707069; /* "ippfar01" */

static uint32_t crc_of(const message_head *head, const void *payload)
{
    message_head plain = *head;
    plain.crc = 0;
    const uLong crc = crc32_z(0, (const Bytef *)&plain, sizeof plain);
    /* No payload may be NULL, for which zlib begins anew. */
    return (uint32_t)(head->size ? crc32_z(crc, payload, head->size) : crc);
}

ipl_status far_send(const ipl_link *link, far_kind kind, uint64_t session,
                    uint64_t number, int parts, const far_part *part)
{
    message_head head = {.magic = magic, .kind = (uint32_t)kind, .session = session,
                         .number = number};
    for (int p = 0; p < parts; ++p) head.size += part[p].bytes;
    char *text = malloc(sizeof head + head.size), *to = text;
    if (!text)
        return IPL_FAIL(IPL_E_MEMORY, "a message of %llu bytes",
                        (unsigned long long)head.size);
    to += sizeof head;
    for (int p = 0; p < parts; ++p) {
        memcpy(to, part[p].at, part[p].bytes);
        to += part[p].bytes;
    }
    head.crc = crc_of(&head, text + sizeof head);
    memcpy(text, &head, sizeof head);
    const ipl_status st = link->send(link->user, text, sizeof head + head.size);
    free(text);
    return st;
}

static ipl_status check(const void *bytes, size_t size, message_head *head)
{
    if (size < sizeof *head)
        return IPL_FAIL(IPL_E_FORMAT, "a message of %zu bytes: expected %zu or more",
                        size, sizeof *head);
    memcpy(head, bytes, sizeof *head);
    if (head->magic != magic)
        return IPL_FAIL(IPL_E_FORMAT, "a message that is none of infoplane's, or of "
                        "another version or byte order");
    if (head->size != size - sizeof *head)
        return IPL_FAIL(IPL_E_FORMAT, "a message of %zu bytes: expected %llu", size,
                        (unsigned long long)(head->size + sizeof *head));
    if (head->crc != crc_of(head, (const char *)bytes + sizeof *head))
        return IPL_FAIL(IPL_E_FORMAT, "a message is damaged: its checksum differs");
    if (head->kind < FAR_HELLO || head->kind > FAR_BYE)
        return IPL_FAIL(IPL_E_FORMAT, "a message of kind %u: expected %d to %d",
                        (unsigned)head->kind, FAR_HELLO, FAR_BYE);
    return IPL_OK;
}

ipl_status far_receive(const ipl_link *link, int wait_ms, far_message *out)
{
    void *bytes = NULL;
    size_t size = 0;
    message_head head;
    *out = (far_message){0};
    IPL_TRY(link->receive(link->user, wait_ms, &bytes, &size));
    if (!bytes) return IPL_OK;
    const ipl_status st = check(bytes, size, &head);
    if (st != IPL_OK) {
        free(bytes);
        return st;
    }
    *out = (far_message){.kind = (far_kind)head.kind, .session = head.session,
                         .number = head.number, .bytes = bytes,
                         .payload = (const char *)bytes + sizeof head,
                         .size = (size_t)head.size};
    return IPL_OK;
}
