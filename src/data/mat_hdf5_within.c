/*
 * mat_hdf5_within.c - what of an HDF5 file leads out of it, which is not followed.
 *
 * An HDF5 file can name any other file for HDF5 to read: by a link, as the place of a
 * dataset's bytes, or as the source of a virtual dataset. And filters beyond HDF5's own
 * are loaded as code. A file that somebody sent must do none of these.
 */
#include "data/mat_hdf5.h"

static herr_t refuse(const char *parent, const char *group, const char *file,
                     const char *object, unsigned *flags, hid_t how, void *data)
{
    (void)parent, (void)group, (void)file, (void)object;
    (void)flags, (void)how, (void)data;
    return -1;
}

hid_t ipl_mat_within(void)
{
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS); /* for links as well         */
    H5Pset_elink_cb(access, refuse, NULL);
    return access;
}

int ipl_mat_is_within(hid_t set)
{
    const hid_t made = H5Dget_create_plist(set);
    const int within = H5Pget_layout(made) != H5D_VIRTUAL &&
                       H5Pget_external_count(made) == 0;
    H5Pclose(made);
    return within;
}

int ipl_mat_foreign_filter(hid_t set)
{
    int foreign = 0;
    const hid_t made = H5Dget_create_plist(set);
    const int count = H5Pget_nfilters(made);
    for (int k = 0; k < count && !foreign; ++k) {
        unsigned flags, config;
        size_t values = 0;
        const H5Z_filter_t filter =
            H5Pget_filter2(made, (unsigned)k, &flags, &values, NULL, 0, NULL, &config);
        if (filter < 0 || filter >= H5Z_FILTER_RESERVED) foreign = filter;
    }
    H5Pclose(made);
    return foreign;
}
