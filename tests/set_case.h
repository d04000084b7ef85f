/*
 * set_case.h - small data sets in files, and options that read them.
 */
#ifndef SET_CASE_H
#define SET_CASE_H

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

static inline ipl_dataset load(const ipl_data_options *options)
{
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(options, &d));
    return d;
}

/* X.npy and y.npy in the folder, and options that read them. */
static inline ipl_data_options npy_set(int64_t rows, int64_t cols, const float *x,
                                       const int32_t *y)
{
    ipl_data_options options = ipl_data_defaults();
    CHECK_OK(ipl_npy_write_float32(files_path(folder, "X.npy"), rows, cols, x));
    CHECK_OK(ipl_npy_write_int32(files_path(folder, "y.npy"), rows, y));
    options.set = IPL_DATA_NPY;
    options.path = folder;
    return options;
}

/* IDX files of one-pixel images: pixel = 10 * row number, label = row % 3. */
static inline ipl_data_options idx_set(uint32_t train, uint32_t test)
{
    const uint32_t rows[2] = {train, test};
    ipl_data_options options = ipl_data_defaults();
    for (int p = 0; p < 2; ++p) {
        unsigned char pixel[8], label[8], content[64];
        const uint32_t size[3] = {rows[p], 1, 1};
        for (uint32_t i = 0; i < rows[p]; ++i) {
            pixel[i] = (unsigned char)(10 * (p ? i + train : i));
            label[i] = (unsigned char)(i % 3);
        }
        files_write(files_path(folder, p ? "t10k-images-idx3-ubyte"
                                         : "train-images-idx3-ubyte"),
                    files_idx(0x803, 3, size, rows[p], pixel, content), content);
        files_write(files_path(folder, p ? "t10k-labels-idx1-ubyte"
                                         : "train-labels-idx1-ubyte"),
                    files_idx(0x801, 1, size, rows[p], label, content), content);
    }
    options.set = IPL_DATA_IDX;
    options.path = folder;
    return options;
}

#endif
