/*
 * cpu.h - what the files of the CPU backend share.
 *
 * Code that depends on the instruction set is written once, in *_kernel.c, on
 * the vector type of simd.h. The Makefile compiles each of these files once for
 * each set of the machine, and each time one table of functions is filled, whose
 * name ends in the set's. The set is chosen when the device is opened;
 * cpu_state.isa then selects the table.
 */
#ifndef IPL_CPU_H
#define IPL_CPU_H

#include "backend.h"

typedef enum { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_ISA_COUNT } cpu_isa;

typedef struct {
    cpu_isa isa;
    int     threads; /* that the caller wants; cpu_threads has what it gets     */
    int     most_threads; /* that it wanted when the device was opened          */
    double  timer_ms; /* when ipl_timer_start was called                          */
    int     weak_hashes; /* IPL_TEST_WEAK_HASHES: unequal rows of bins collide  */
    ipl_meter *meter; /* of the pass that is made now: own                        */
    ipl_meter  own;
} cpu_state;

/* backend_cpu.c: how many threads a parallel region may have now. Every region asks: a
 * child that was forked after a region has one. */
int cpu_threads(const cpu_state *state);

/* waiting.c: from now on idle threads of OpenMP sleep, in teams of `threads` or more;
 * and OpenBLAS has none of its own. */
void cpu_wait_asleep(int threads);
void cpu_use_one_blas_thread(void);

/* blas_room.c: so many threads can call OpenBLAS at once, or E_MEMORY. */
ipl_status cpu_reserve_blas(int threads);

/* kde.c, kde_plan.c */
size_t     cpu_kde_scratch_bytes(void *state, int jobs, const ipl_kde_job *job);
ipl_status cpu_kde_sums(void *state, int jobs, ipl_kde_job *job, int full_sums,
                        void *scratch);

/* ceilings.c */
ipl_status cpu_ceilings(void *state, ipl_ceilings *out);
ipl_status cpu_timer_start(void *state);
ipl_status cpu_timer_stop(void *state, double *wall_ms);

/* range.c, quantiles.c */
size_t     cpu_range_scratch_bytes(void *state, int jobs, const ipl_range_job *job);
ipl_status cpu_value_range(void *state, int jobs, ipl_range_job *job, void *scratch);
size_t     cpu_quantile_scratch_bytes(void *state, int jobs,
                                      const ipl_quantile_job *job);
ipl_status cpu_value_quantiles(void *state, int jobs, const ipl_quantile_job *job,
                               void *scratch);

/* round_values.c */
ipl_status cpu_round_values(void *state, int jobs, const ipl_round_job *job);

/* bin.c, bin_counts.c */
size_t     cpu_bin_scratch_bytes(void *state, int jobs, const ipl_bin_job *job);
ipl_status cpu_bin_cells(void *state, int jobs, ipl_bin_job *job, void *scratch);
size_t     cpu_count_scratch_bytes(void *state, int jobs, const ipl_count_job *job);
ipl_status cpu_cell_counts(void *state, int jobs, ipl_count_job *job, void *scratch);

/* neighbours.c */
size_t     cpu_neighbour_scratch_bytes(void *state, int jobs,
                                       const ipl_neighbour_job *job);
ipl_status cpu_nearest_neighbours(void *state, int jobs, ipl_neighbour_job *job,
                                  void *scratch);
size_t     cpu_radius_scratch_bytes(void *state, int jobs, const ipl_radius_job *job);
ipl_status cpu_radius_counts(void *state, int jobs, ipl_radius_job *job, void *scratch);

/* densities.c */
size_t     cpu_density_scratch_bytes(void *state, int jobs, const ipl_density_job *job);
ipl_status cpu_local_densities(void *state, int jobs, ipl_density_job *job,
                               void *scratch);

enum { CPU_ALIGN = 64 }; /* of every ipl_alloc: a cache line and the widest vector */

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

#endif
