/*
 * idx_case.h - IDX files of known images and labels, for tests of their reader.
 */
#ifndef IDX_CASE_H
#define IDX_CASE_H

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

/* One pair of files: `count` images of height x width, pixel k of image i being
 * (i + k) % 251, and labels i % classes. NAME is as "train", "emnist-a-test". */
static inline void write_pair(const char *name, int gzip, uint32_t count,
                              uint32_t height, uint32_t width, uint32_t classes)
{
    char file[FILES_PATH];
    const size_t pixels = (size_t)height * width;
    unsigned char *content = malloc(16 + count * pixels);
    unsigned char *bytes = malloc(count * pixels);
    const uint32_t size[3] = {count, height, width};
    assert_non_null(content);
    assert_non_null(bytes);
    for (size_t i = 0; i < count; ++i)
        for (size_t k = 0; k < pixels; ++k)
            bytes[i * pixels + k] = (unsigned char)((i + k) % 251);
    size_t length = files_idx(0x803, 3, size, count * pixels, bytes, content);
    snprintf(file, sizeof file, "%s-images-idx3-ubyte%s", name, gzip ? ".gz" : "");
    (gzip ? files_write_gzip : files_write)(files_path(folder, file), length, content);

    for (size_t i = 0; i < count; ++i) bytes[i] = (unsigned char)(i % classes);
    length = files_idx(0x801, 1, size, count, bytes, content);
    snprintf(file, sizeof file, "%s-labels-idx1-ubyte%s", name, gzip ? ".gz" : "");
    (gzip ? files_write_gzip : files_write)(files_path(folder, file), length, content);
    free(content);
    free(bytes);
}

static inline ipl_data_options options_of(const char *path)
{
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_IDX;
    options.path = path;
    options.scale = IPL_SCALE_NONE;
    return options;
}

static inline void check_pair(const ipl_dataset *d, int64_t start, int64_t count,
                              uint32_t classes)
{
    for (int64_t i = 0; i < count; ++i) {
        CHECK(d->y[start + i] == (int32_t)(i % classes));
        for (int32_t k = 0; k < d->inputs; ++k)
            CHECK(d->x[(start + i) * d->inputs + k] == (float)((i + k) % 251));
    }
}

#endif
