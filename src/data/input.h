/*
 * input.h - the bytes of a file, plain or packed, read once from front to back.
 *
 * Every failure names the file, where it happened and what was expected there, so
 * that readers of formats only have to say what they are reading.
 */
#ifndef IPL_INPUT_H
#define IPL_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

enum { INPUT_PEEK_BYTES = 64 };

typedef struct ipl_input ipl_input;

/* A part of a file with its own content: a member of a zip file. */
typedef struct {
    uint64_t start, packed_bytes; /* where it is in the file                        */
    uint64_t bytes;               /* of the content                                 */
    uint32_t crc;                 /* CRC-32 of the content                          */
    int      deflated;            /* 0: packed_bytes is bytes                       */
} ipl_input_part;

/* Opens a regular file, which is unpacked if its content is gzip, whatever its name.
 * E_IO: the system's reason; E_FORMAT: empty; E_MEMORY. The path must outlive the
 * input. */
ipl_status ipl_input_open(const char *path, ipl_input **out);

/* Opens a part of a file; messages call it `name`, which must outlive the input. */
ipl_status ipl_input_open_part(const char *path, const char *name,
                               const ipl_input_part *part, ipl_input **out);
void       ipl_input_close(ipl_input *in);

/* Reads exactly `bytes`. E_FORMAT: the content ends before, inside `what`, or the
 * compressed data is damaged; E_IO. */
ipl_status ipl_input_read(ipl_input *in, const char *what, size_t bytes, void *at);

/* Reads up to `bytes`; fewer only at the end of the content. */
ipl_status ipl_input_some(ipl_input *in, size_t bytes, void *at, size_t *got);

/* The first bytes of the content, which are read again afterwards. */
ipl_status ipl_input_peek(ipl_input *in, unsigned char at[INPUT_PEEK_BYTES],
                          size_t *got);

/* E_FORMAT unless everything was read. This also checks the checksum, if there is
 * one. */
ipl_status ipl_input_end(ipl_input *in);

/* Length of the file or the part, packed or not; whether it is gzip. */
uint64_t ipl_input_bytes(const ipl_input *in);
int      ipl_input_is_gzip(const ipl_input *in);

/* E_FORMAT unless the content can be `bytes` long: exact for plain files and parts;
 * for gzip an upper bound, since deflate shrinks by 1032 at most. Ask before
 * allocating what a header claims. `what` describes the claim, "60000 images of
 * 28 x 28". */
ipl_status ipl_input_expect(const ipl_input *in, uint64_t bytes, const char *what);

#endif
