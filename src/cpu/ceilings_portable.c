/*
 * ceilings_portable.c - ceilings_kernel.h for the portable instruction set.
 */
#include "cpu/ceilings_kernel.h"
