/*
 * kde_portable.c - kde_kernel.h for the portable instruction set.
 */
#include "cpu/kde_kernel.h"
