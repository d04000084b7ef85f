/*
 * fuzz_npy.c - any bytes as a NumPy file: read, or refused with one line.
 */
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const header[] = {
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }",
        "{'descr': '<f8', 'fortran_order': True, 'shape': (3, 1), }\n",
        "{\"shape\": (24L,), 'descr': '|u1', 'fortran_order': False}",
        "{'descr': '<i8', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '>f4', 'fortran_order': False, 'shape': (6,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}",
    };
    static const float values[6] = {1.0f, 2.0f, 0.5f};
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (int h = 0; corpus && h < 6; ++h) {
        unsigned char content[256];
        char name[16];
        snprintf(name, sizeof name, "seed-%d", h);
        files_write(files_path(corpus, name),
                    files_npy(1 + h % 3, header[h], sizeof values, values, content),
                    content);
    }
    return 0;
}

static void check_array(ipl_status st, ipl_array *a)
{
    if (st == IPL_OK) {
        if (a->rows < 1 || a->cols < 1 || (a->dims == 1 && a->cols != 1)) abort();
        volatile int64_t sum = 0; /* reads every value, so that ASan sees it         */
        for (int64_t i = 0; i < a->rows * a->cols; ++i)
            sum = sum + (a->integers ? a->integers[i] & 1
                         : a->values ? a->values[i] > 0.0f
                                     : a->wide[i] > 0.0);
    } else {
        fuzz_check_refusal(a->values ? (void *)a->values
                           : a->wide ? (void *)a->wide
                                     : (void *)a->integers);
    }
    ipl_array_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    ipl_array a = {0};
    const int at = fuzz_file(data, bytes, path);
    check_array(ipl_array_read(path, &a), &a);
    check_array(ipl_array_read_labels(path, &a), &a);
    close(at);
    return 0;
}
