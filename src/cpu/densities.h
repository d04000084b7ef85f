/*
 * densities.h - the local density of rows whose moments are known (local_gauss.h),
 * compiled for each instruction set, with the same bits in all of them.
 */
#ifndef DENSITIES_H
#define DENSITIES_H

#include "cpu/cpu.h"

/* value[0], status[0] of a row of d units and `others` others; work: doubles as
 * local_gauss.h says. */
typedef void density_solve(ipl_density density, int64_t d, int64_t others,
                           const double *moments, double *work, double *value,
                           int32_t *status);

density_solve density_solve_portable, density_solve_avx2, density_solve_avx512;

#endif
