/*
 * bin_portable.c - bin_kernel.h for any processor.
 */
#include "bin_kernel.h"
