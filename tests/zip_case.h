/*
 * zip_case.h - zip files written byte by byte, and the lies they may tell.
 *
 * For tests and for fuzz targets, which include files.h first.
 */
#ifndef ZIP_CASE_H
#define ZIP_CASE_H

typedef struct {
    const char *name;
    size_t      bytes;
    const void *content;
    int         deflated;
    int         zip64;        /* sizes and place stand in extra fields                */
    uint32_t    crc_off;      /* what the directory says, off by this                 */
    int64_t     bytes_off, packed_off, header_off;
    unsigned    method, flags;/* other than 0: instead of the right one               */
} zip_part;

static inline unsigned char *zip_put(unsigned char *at, int bytes, uint64_t value)
{
    for (int b = 0; b < bytes; ++b) *at++ = (unsigned char)(value >> 8 * b);
    return at;
}

/* The fields that a local header and an entry of the directory have alike. */
static inline unsigned char *zip_common(unsigned char *at, const zip_part *p,
                                        size_t packed, uint32_t crc, int extra)
{
    const unsigned method = p->method ? p->method : p->deflated ? 8 : 0;
    at = zip_put(at, 2, p->zip64 ? 45 : 20);
    at = zip_put(at, 2, p->flags);
    at = zip_put(at, 2, method);
    at = zip_put(at, 4, 0x21 << 16); /* 1980-01-01                                   */
    at = zip_put(at, 4, crc + p->crc_off);
    at = zip_put(at, 4, p->zip64 ? UINT32_MAX : packed + (uint64_t)p->packed_off);
    at = zip_put(at, 4, p->zip64 ? UINT32_MAX : p->bytes + (uint64_t)p->bytes_off);
    at = zip_put(at, 2, strlen(p->name));
    return zip_put(at, 2, (uint64_t)extra);
}

static inline size_t zip_pack(const zip_part *p, unsigned char *at)
{
    if (!p->deflated) {
        memcpy(at, p->content, p->bytes);
        return p->bytes;
    }
    z_stream z = {0};
    z.next_in = (void *)(uintptr_t)p->content;
    z.avail_in = (uInt)p->bytes;
    z.next_out = at;
    z.avail_out = 1 << 20;
    if (deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        FILES_FAIL("deflate");
    deflateEnd(&z);
    return z.total_out;
}

/* The file into `at`; returns its length. end64: with the records of zip64. */
static inline size_t zip_make(int parts, const zip_part *part, int end64,
                              const char *comment, unsigned char *start)
{
    unsigned char *at = start;
    size_t place[16], packed[16];
    uint32_t crc[16];
    for (int p = 0; p < parts; ++p) {
        const zip_part *m = &part[p];
        const int extra = m->zip64 ? 20 : 0;
        place[p] = (size_t)(at - start);
        unsigned char *header = at;
        at += 30 + strlen(m->name) + (size_t)extra;
        packed[p] = zip_pack(m, at);
        at += packed[p];
        crc[p] = (uint32_t)crc32(0, m->content, (uInt)m->bytes);
        header = zip_put(header, 4, 0x04034b50);
        header = zip_common(header, m, packed[p], crc[p], extra);
        memcpy(header, m->name, strlen(m->name));
        header += strlen(m->name);
        if (!extra) continue;
        header = zip_put(zip_put(header, 2, 1), 2, 16);
        zip_put(zip_put(header, 8, m->bytes), 8, packed[p]);
    }
    const size_t directory = (size_t)(at - start);
    for (int p = 0; p < parts; ++p) {
        const zip_part *m = &part[p];
        const uint64_t header = place[p] + (uint64_t)m->header_off;
        at = zip_put(zip_put(at, 4, 0x02014b50), 2, 0x031e);
        at = zip_common(at, m, packed[p], crc[p], m->zip64 ? 32 : 0);
        at = zip_put(zip_put(zip_put(at, 6, 0), 4, 0), 4,
                     m->zip64 ? UINT32_MAX : header);
        memcpy(at, m->name, strlen(m->name));
        at += strlen(m->name);
        if (!m->zip64) continue; /* another field goes first                          */
        at = zip_put(zip_put(zip_put(at, 2, 0x5455), 2, 0), 2, 1);
        at = zip_put(zip_put(at, 2, 24), 8, m->bytes + (uint64_t)m->bytes_off);
        at = zip_put(zip_put(at, 8, packed[p] + (uint64_t)m->packed_off), 8, header);
    }
    const size_t bytes = (size_t)(at - start) - directory, end = (size_t)(at - start);
    const uint64_t count = (uint64_t)parts;
    if (end64) {
        at = zip_put(zip_put(zip_put(at, 4, 0x06064b50), 8, 44), 4, 45 | 45 << 16);
        at = zip_put(zip_put(zip_put(at, 8, 0), 8, count), 8, count);
        at = zip_put(zip_put(at, 8, bytes), 8, directory);
        at = zip_put(zip_put(zip_put(zip_put(at, 4, 0x07064b50), 4, 0), 8, end), 4, 1);
    }
    at = zip_put(zip_put(at, 4, 0x06054b50), 4, 0);
    at = zip_put(at, 2, end64 ? 0xffff : count);
    at = zip_put(at, 2, end64 ? 0xffff : count);
    at = zip_put(at, 4, end64 ? UINT32_MAX : bytes);
    at = zip_put(at, 4, end64 ? UINT32_MAX : directory);
    at = zip_put(at, 2, strlen(comment));
    memcpy(at, comment, strlen(comment));
    return (size_t)(at - start) + strlen(comment);
}

#endif
