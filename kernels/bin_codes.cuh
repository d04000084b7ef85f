/*
 * bin_codes.cuh - a layer to be binned, as the kernels of bin.cu see it, and its bins.
 */
#ifndef IPL_BIN_CODES_CUH
#define IPL_BIN_CODES_CUH

#include "common.cuh"

/* The arrays without a comment of their place are the job's part of the scratch. */
struct bin_layer {
    int64_t n, d, length;
    const float *t;         /* [n][d]                                              */
    const float *threshold; /* [thresholds]                                        */
    int64_t  thresholds;
    float    width;
    int      wrap, look_outside;
    int      weak;          /* IPL_TEST_WEAK_HASHES: tests make unequal rows collide */
    uint64_t mask;          /* slots of the table - 1                              */
    const uint32_t *mix;    /* [2][padded d]: words of the two hashes              */
    int64_t  mix_words;     /* padded d                                            */
    ulonglong2 *key;        /* [n]                                                 */
    uint32_t *place;        /* [n]: slot of each row                               */
    uint32_t *owner;        /* [slots]: a row of the cell + 1, 0 where free; in the
                               end the cell's number                               */
    uint32_t *early;        /* [slots]: n - the cell's first row                   */
    unsigned long long *outside;
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
        return __float_as_uint(floorf(__fdiv_rn(t, l.width)) + 0.0f);
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

#endif
