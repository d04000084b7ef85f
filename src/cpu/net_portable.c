/* net_portable.c - network kernels for any processor; see net_kernel.h. */
#include "cpu/net_kernel.h"
