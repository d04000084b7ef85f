/*
 * densities_kernel.c - the mathematics of local_gauss.h, for one instruction set.
 *
 * Its loops run along rows of triangles and have a fixed order, so that the compiler's
 * vectors change no bit.
 */
#include "cpu/densities.h"
#include "cpu/simd.h"
#include "local_gauss.h"

void KERNELS(density_solve)(ipl_density density, int64_t d, int64_t others,
                            const double *moments, double *work, double *value,
                            int32_t *status)
{
    ipl_local_status is;
    const local_team alone = {1};
    *value = local_gauss(alone, density, d, others, moments, work, &is);
    *status = (int32_t)is;
}
