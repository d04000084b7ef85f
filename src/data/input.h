/*
 * input.h - the bytes of a file, plain or gzip, read once from front to back.
 *
 * Every failure names the file, where it happened and what was expected there, so
 * that readers of formats only have to say what they are reading.
 */
#ifndef IPL_INPUT_H
#define IPL_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct ipl_input ipl_input;

/* Opens a regular file. `gzip` says what the content must be: 1 gzip, 0 not gzip.
 * E_IO: the system's reason; E_FORMAT: empty, or the other kind; E_MEMORY. The
 * path must outlive the input. */
ipl_status ipl_input_open(const char *path, int gzip, ipl_input **out);
void       ipl_input_close(ipl_input *in);

/* Reads exactly `bytes`. E_FORMAT: the content ends before, inside `what`, or the
 * compressed data is damaged; E_IO. */
ipl_status ipl_input_read(ipl_input *in, const char *what, size_t bytes, void *at);

/* E_FORMAT unless everything was read. For gzip this also checks the checksum. */
ipl_status ipl_input_end(ipl_input *in);

/* Length of the file, compressed or not. */
uint64_t ipl_input_bytes(const ipl_input *in);

/* E_FORMAT unless the content can be `bytes` long: exact for plain files; for gzip
 * an upper bound, since deflate shrinks by 1032 at most. Ask before allocating what
 * a header claims. `what` describes the claim, "60000 images of 28 x 28". */
ipl_status ipl_input_expect(const ipl_input *in, uint64_t bytes, const char *what);

#endif
