/*
 * ceilings.h - loops that do one thing as fast as the core can.
 */
#ifndef IPL_CPU_CEILINGS_H
#define IPL_CPU_CEILINGS_H

#include <stdint.h>

typedef struct {
    /* Runs `rounds` of independent multiply-adds (exponentials) and returns how many
     * results it made; *sink keeps the compiler from dropping them. */
    int64_t (*fma)(int64_t rounds, float *sink);
    int64_t (*exp2)(int64_t rounds, float *sink);
} ceiling_kernels;

extern const ceiling_kernels ceiling_kernels_portable, ceiling_kernels_avx2,
    ceiling_kernels_avx512;

#endif
