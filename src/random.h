/*
 * random.h - counter-based random numbers (Philox4x32-10).
 *
 * A draw is a function of (seed, stream, index), so the same numbers come out on
 * every device, at any number of threads, and after a resume, and nothing has to
 * be saved. Source: J. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3,
 * SC 2011, section 3.3. Known answers are in tests/test_random.c.
 */
#ifndef IPL_RANDOM_H
#define IPL_RANDOM_H

#include <stdint.h>

/* Who draws: streams of one seed never meet. Values are part of what a seed means:
 * append only. */
enum {
    IPL_STREAM_INIT,    /* first weights; plus layer                            */
    IPL_STREAM_ORDER = 64, /* order of rows in an epoch; sub-stream: the epoch  */
    IPL_STREAM_SPLIT,
    IPL_STREAM_LABEL_NOISE,
    IPL_STREAM_RANDOM_LABELS,
    IPL_STREAM_SUBSET,
    IPL_STREAM_ROW_HASH, /* multipliers of the binned rows' hashes, seed 0     */
    IPL_STREAM_WALK,    /* of pooled networks; sub-stream: the window           */
    IPL_STREAM_SHUFFLE, /* of pooled samples; sub-stream: snapshot and window   */
    IPL_STREAM_LOSS_ROWS
};

typedef struct {
    uint64_t seed;
    uint64_t stream; /* IPL_STREAM_...; upper bits free for a sub-stream          */
} ipl_random;

/* The index-th block of four 32-bit words. */
void ipl_random_block(ipl_random r, uint64_t index, uint32_t word[4]);

/* The index-th 64-bit word, and the index-th double in [0, 1) with 53 bits. */
uint64_t ipl_random_word(ipl_random r, uint64_t index);
double   ipl_random_uniform(ipl_random r, uint64_t index);

/* An unbiased integer in [0, bound) from draws index, index + 2^40, ... */
uint64_t ipl_random_below(ipl_random r, uint64_t index, uint64_t bound);

/* Fisher-Yates permutation of order[count], which it fills with 0 .. count-1. */
void ipl_random_permutation(ipl_random r, int64_t count, int32_t *order);

#endif
