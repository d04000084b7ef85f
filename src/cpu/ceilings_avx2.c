/*
 * ceilings_avx2.c - ceilings_kernel.h for the avx2 instruction set.
 */
#ifdef IPL_AVX2
#include "cpu/ceilings_kernel.h"
#else
typedef int ipl_no_ceilings_avx2; /* this machine has no such instructions */
#endif
