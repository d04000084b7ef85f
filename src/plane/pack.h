/*
 * pack.h - parameters of networks in fewer bytes, without a change of a bit.
 *
 * The floats are split into four planes of bytes. Signs and exponents lie together and
 * compress (zlib, level 1); the low bits of weights are noise, and such a plane is kept
 * as it is. A packed snapshot is four times: plane bytes (8 bytes), the plane.
 */
#ifndef IPL_PACK_H
#define IPL_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

/* The most bytes that ipl_pack writes for so many floats. */
size_t ipl_pack_bound(int64_t floats);

/* Packs value[floats] to out[ipl_pack_bound(floats)]; *bytes of it are used.
 * E_MEMORY. */
ipl_status ipl_pack(int64_t floats, const float *value, void *out, size_t *bytes);

/* E_FORMAT: not `floats` floats, packed in so many bytes; the text says no more.
 * E_MEMORY. */
ipl_status ipl_unpack(int64_t floats, const void *from, size_t bytes, float *value);

#endif
