/*
 * fake_cuda.c - a CUDA backend of one GPU that cannot be opened, for test_plugin.sh.
 */
#include <stdio.h>

#include "backend.h"

static ipl_status variant_name(int index, char *name, size_t size)
{
    IPL_REQUIRE(index == 0, "GPU %d of 1", index);
    snprintf(name, size, "%d", index);
    return IPL_OK;
}

static ipl_status open_it(const char *variant, const ipl_device_options *options,
                          ipl_device_info *about, void **out)
{
    (void)options, (void)about, (void)out;
    return IPL_FAIL(IPL_E_DEVICE, "device 'cuda%s%s': it is %d %% asleep",
                    variant ? ":" : "", variant ? variant : "", 100);
}

extern const ipl_backend ipl_backend_cuda;
const ipl_backend ipl_backend_cuda = {
    .name = "cuda",
    .variant_name = variant_name,
    .open = open_it,
};
