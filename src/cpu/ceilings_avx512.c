/*
 * ceilings_avx512.c - ceilings_kernel.h for the avx512 instruction set.
 */
#ifdef IPL_AVX512
#include "cpu/ceilings_kernel.h"
#else
typedef int ipl_no_ceilings_avx512; /* this machine has no such instructions */
#endif
