/*
 * mat_none.c - stands in for mat.c in a build with MAT=0, without libmatio.
 */
#include "data/data.h"
#include "mat_library.h"

void ipl_mat_library(size_t size, char *version)
{
    if (size) version[0] = 0;
}

ipl_status ipl_load_mat(const ipl_data_options *options, ipl_raw_set *out)
{
    (void)out;
    return IPL_FAIL(IPL_E_UNSUPPORTED, "%s: this build reads no MATLAB files: install "
                    "libmatio-dev and libhdf5-dev, and build with MAT=1",
                    options->path);
}
