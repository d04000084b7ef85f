/*
 * spread.c - mean and deviation as columns of a table.
 */
#include "spread.h"

#include <math.h>

static void print_real(ipl_buffer *to, double value)
{
    if (isnan(value)) ipl_buffer_add(to, ",");
    else ipl_buffer_add(to, ",%.9g", value == 0.0 ? 0.0 : value);
}

void ipl_spread_print(ipl_buffer *to, int64_t n, const double *value)
{
    double sum = 0.0, squares = 0.0;
    for (int64_t k = 0; k < n; ++k) sum += value[k];
    const double mean = n ? sum / (double)n : NAN;
    for (int64_t k = 0; k < n; ++k) squares += (value[k] - mean) * (value[k] - mean);
    print_real(to, mean);
    print_real(to, n > 1 ? sqrt(squares / (double)(n - 1)) : NAN);
    ipl_buffer_add(to, ",%lld", (long long)n);
}
