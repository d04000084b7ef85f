/* net_avx512.c - network kernels for AVX-512; see net_kernel.h. */
#if defined(IPL_AVX512)
#include "cpu/net_kernel.h"
#else
typedef int net_avx512_is_empty;
#endif
