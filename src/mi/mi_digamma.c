/*
 * mi_digamma.c - the digamma function for positive arguments.
 */
#include <math.h>

#include "mi/mi.h"

/* psi(x) = psi(x + 1) - 1/x leads to x >= 16, where five terms of the asymptotic
 * series log x - 1/(2x) - sum_m B_2m / (2m x^2m) leave less than 1e-16. Source:
 * Abramowitz and Stegun 6.3.5, 6.3.18. The small terms are added first. */
double mi_digamma(double x)
{
    static const double over[] = {12, -120, 252, -240, 132};
    double steps = 0.0, series = 0.0;
    for (; x < 16.0; x += 1.0) steps += 1.0 / x;
    const double y = 1.0 / (x * x);
    for (int m = 4; m >= 0; --m) series = y * (1.0 / over[m] + series);
    return log(x) - (steps + (0.5 / x + series));
}
