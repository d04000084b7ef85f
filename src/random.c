/*
 * random.c - Philox4x32-10 and what is drawn from it.
 */
#include "random.h"

void ipl_random_block(ipl_random r, uint64_t index, uint32_t word[4])
{
    uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32);
    uint32_t c2 = (uint32_t)r.stream, c3 = (uint32_t)(r.stream >> 32);
    uint32_t k0 = (uint32_t)r.seed, k1 = (uint32_t)(r.seed >> 32);
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        const uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        const uint32_t n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c0 = n0, c1 = (uint32_t)p1, c2 = n2, c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    }
    word[0] = c0, word[1] = c1, word[2] = c2, word[3] = c3;
}

uint64_t ipl_random_word(ipl_random r, uint64_t index)
{
    uint32_t word[4];
    ipl_random_block(r, index >> 1, word);
    const int at = (int)(index & 1) * 2;
    return (uint64_t)word[at + 1] << 32 | word[at];
}

double ipl_random_uniform(ipl_random r, uint64_t index)
{
    return (double)(ipl_random_word(r, index) >> 11) * 0x1p-53;
}

uint64_t ipl_random_below(ipl_random r, uint64_t index, uint64_t bound)
{
    /* The largest multiple of bound below 2^64 divides evenly; draws above it are
     * rejected. (0 - bound) % bound is 2^64 mod bound. */
    const uint64_t excess = (0 - bound) % bound;
    for (uint64_t draw = index;; draw += (uint64_t)1 << 40) {
        const uint64_t word = ipl_random_word(r, draw);
        if (word <= UINT64_MAX - excess) return word % bound;
    }
}

void ipl_random_permutation(ipl_random r, int64_t count, int32_t *order)
{
    for (int64_t i = 0; i < count; ++i) order[i] = (int32_t)i;
    for (int64_t i = count - 1; i > 0; --i) {
        const int64_t j = (int64_t)ipl_random_below(r, (uint64_t)i, (uint64_t)i + 1);
        const int32_t keep = order[i];
        order[i] = order[j];
        order[j] = keep;
    }
}
