/*
 * cpu.h - what the files of the CPU backend share.
 *
 * Code that depends on the instruction set is written once, in *_kernel.h, on
 * the vector type of simd.h, and compiled three times: *_portable.c, *_avx2.c
 * and *_avx512.c each fill one table of functions. The set is chosen when the
 * device is opened; cpu_state.isa then selects the table.
 */
#ifndef IPL_CPU_H
#define IPL_CPU_H

#include "ipl_backend.h"

typedef enum { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_ISA_COUNT } cpu_isa;

typedef struct {
    cpu_isa isa;
    int     threads;
    double  timer_ms; /* when ipl_timer_start was called                          */
} cpu_state;

/* cpu_ceilings.c */
ipl_status cpu_ceilings(void *state, ipl_ceilings *out);
ipl_status cpu_timer_start(void *state);
ipl_status cpu_timer_stop(void *state, double *wall_ms);

enum { CPU_ALIGN = 64 }; /* of every ipl_alloc: a cache line and the widest vector */

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

#endif
