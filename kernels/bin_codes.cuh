/*
 * bin_codes.cuh - a layer to be binned, as the kernels of bin.cu and bin_blocks.cu see
 * it, its bins, and the keys of its rows.
 */
#ifndef IPL_BIN_CODES_CUH
#define IPL_BIN_CODES_CUH

#include "common.cuh"
#include "reduce.cuh"

enum { BIN_ROWS = 8, BIN_THREADS = 32 * BIN_ROWS }; /* of a block: a warp a row */

/* The arrays without a comment of their place are the job's part of the scratch. */
struct bin_layer {
    int64_t n, d, length;
    const float *t;         /* [n][d]; nullptr: in host memory                     */
    const float *threshold; /* [thresholds]                                        */
    int64_t  thresholds;
    float    width;
    int      exact, wrap, look_outside;
    int      weak;          /* ipl_cuda.weak_hashes                                */
    uint64_t mask;          /* slots of the table - 1                              */
    const uint32_t *mix;    /* [2][padded d]: words of the two hashes              */
    int64_t  mix_words;     /* padded d                                            */
    ulonglong2 *key;        /* [n]                                                 */
    uint32_t *place;        /* [n]: slot of each row                               */
    uint32_t *owner;        /* [slots]: a row of the cell + 1, 0 where free; in the
                               end the cell's number                               */
    uint32_t *early;        /* [slots]: n - the cell's first row                   */
    unsigned long long *outside;
    unsigned long long *differing; /* rows that left a cell, in all rounds         */
    int64_t  *block_count, *total;
    int32_t  *cell;

    __device__ bool marked(int64_t i) const { return early[place[i]] == n - i; }
    __device__ void ranked(int64_t i, int64_t rank)
    {
        owner[place[i]] = (uint32_t)rank;
    }
};

static __device__ __forceinline__ uint32_t code_of(const bin_layer &l, float t)
{
    if (!l.thresholds) /* adding 0 makes -0 and +0 one code */
        return __float_as_uint((l.exact ? t : floorf(__fdiv_rn(t, l.width))) + 0.0f);
    const float *at = l.threshold;
    for (int64_t left = l.thresholds; left > 0;) {
        const int64_t half = (left + 1) / 2;
        at += __ldg(at + half - 1) <= t ? half : 0;
        left -= half;
    }
    const uint32_t code = (uint32_t)(at - l.threshold);
    return l.wrap && code == 0 ? (uint32_t)l.thresholds : code;
}

static __device__ __forceinline__ int is_outside(const bin_layer &l, float t)
{
    return t < l.threshold[0] || t > l.threshold[l.thresholds - 1];
}

/* A key of the first round has 127 bits of hash. The key of a row that differs from the
 * first row of its cell has this bit, the round in which it differs, and less hash, so
 * that keys of different rounds are never equal (bin_blocks.cu). */
static const unsigned long long KEY_LATER = 1ull << 63;

static __device__ __forceinline__ uint32_t round_of(ulonglong2 key)
{
    return key.y & KEY_LATER ? (uint32_t)(key.y >> 32) & 0x7fffffffu : 0;
}

/* key[i] from row i, and its values outside. For a whole warp. */
static __device__ __forceinline__ void make_key(const bin_layer &l, const float *row,
                                                int64_t i)
{
    const int lane = threadIdx.x % 32;
    const uint32_t *mix = l.mix, *other = l.mix + l.mix_words;
    unsigned long long a = 0, b = 0, outside = 0;
    for (int64_t k = lane; k < l.d; k += 64) {
        const bool two = k + 32 < l.d;
        const float t = row[k], u = two ? row[k + 32] : 0.0f;
        const uint32_t c = code_of(l, t), e = two ? code_of(l, u) : 0;
        a += (unsigned long long)(c + mix[k]) * (e + mix[k + 32]);
        b += (unsigned long long)(c + other[k]) * (e + other[k + 32]);
        if (l.look_outside) outside += is_outside(l, t) + (two && is_outside(l, u));
    }
    a = warp_sum<32>(a);
    b = warp_sum<32>(b);
    if (l.look_outside) outside = warp_sum<32>(outside);
    if (lane) return;
    l.key[i] = l.weak ? make_ulonglong2(a & 3, 0) : make_ulonglong2(a, b & ~KEY_LATER);
    if (outside) atomicAdd(l.outside, outside);
}

/* bin.cu: cells of the rows whose keys are of this round, for `layer_count` layers of
 * at most n_max rows; layers on the device. */
ipl_status ipl_cuda_bin_find(ipl_cuda *dev, const bin_layer *layers, int layer_count,
                             int64_t n_max, uint32_t round);

/* A layer in host memory, and its room in the scratch. */
struct bin_blocks {
    const ipl_bin_job *job;
    const bin_layer   *layer; /* device                                            */
    unsigned long long *differing; /* device                                       */
    int64_t  room;            /* rows a block                                      */
    float   *rows;            /* device, [2][room][d]: of the block, of others     */
    int32_t *with;            /* device, [room]                                    */
};

static inline int64_t bin_room(const ipl_bin_job *job)
{
    return job->block < job->n ? job->block : job->n;
}

/* bin_blocks.cu: the keys of all rows; and, once they have cells by their keys, what
 * bin.cu does at once for rows on the device: rows of unequal codes part. */
ipl_status ipl_cuda_bin_keys(ipl_cuda *dev, const bin_blocks *b);
ipl_status ipl_cuda_bin_part(ipl_cuda *dev, const bin_blocks *b);

#endif
