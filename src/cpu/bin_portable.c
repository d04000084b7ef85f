/*
 * bin_portable.c - bin_kernel.h for any processor.
 */
#include "cpu/bin_kernel.h"
