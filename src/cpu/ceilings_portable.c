/*
 * ceilings_portable.c - ceilings_kernel.h for the portable instruction set.
 */
#include "ceilings_kernel.h"
