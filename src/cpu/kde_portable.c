/*
 * kde_portable.c - kde_kernel.h for the portable instruction set.
 */
#include "kde_kernel.h"
