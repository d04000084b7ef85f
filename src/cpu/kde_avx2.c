/*
 * kde_avx2.c - kde_kernel.h for the avx2 instruction set.
 */
#ifdef IPL_AVX2
#include "cpu/kde_kernel.h"
#else
typedef int ipl_no_kde_avx2; /* this machine has no such instructions */
#endif
