/* net_portable.c - network kernels for any processor; see net_kernel.h. */
#include "net_kernel.h"
