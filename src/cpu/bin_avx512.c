/*
 * bin_avx512.c - bin_kernel.h for AVX-512.
 */
#if defined(IPL_AVX512)
#include "cpu/bin_kernel.h"
#else
typedef int bin_avx512_is_empty_here;
#endif
