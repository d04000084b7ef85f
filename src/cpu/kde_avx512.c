/*
 * kde_avx512.c - kde_kernel.h for the avx512 instruction set.
 */
#ifdef IPL_AVX512
#include "cpu/kde_kernel.h"
#else
typedef int ipl_no_kde_avx512; /* this machine has no such instructions */
#endif
