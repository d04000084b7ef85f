/* net_avx2.c - network kernels for AVX2 and FMA; see net_kernel.h. */
#if defined(IPL_AVX2)
#include "cpu/net_kernel.h"
#else
typedef int net_avx2_is_empty;
#endif
