/*
 * bin_avx2.c - bin_kernel.h for AVX2 with FMA.
 */
#if defined(IPL_AVX2)
#include "cpu/bin_kernel.h"
#else
typedef int bin_avx2_is_empty_here;
#endif
