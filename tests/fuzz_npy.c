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
        "{'descr': '<V2', 'fortran_order': True, 'shape': (3, 2, 2)}",
        "{'descr': 'bfloat16', 'fortran_order': False, 'shape': (12,)}",
        "{'descr': '<f1', 'fortran_order': False, 'shape': (2, 3, 2, 2)}",
        "{'descr': '<U2', 'fortran_order': False, 'shape': (3,)}",
        "{'descr': '|S4', 'fortran_order': False, 'shape': (6, 1)}",
        "{'descr': '<f12', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': ()}",
    };
    static const float values[6] = {1.0f, 2.0f, 0.5f};
    const char *corpus = fuzz_corpus(*argc, *argv);
    const int headers = (int)(sizeof header / sizeof *header);
    for (int h = 0; corpus && h < headers; ++h) {
        unsigned char content[256];
        char name[16];
        snprintf(name, sizeof name, "seed-%d", h);
        files_write(files_path(corpus, name),
                    files_npy(1 + h % 3, header[h], sizeof values, values, content),
                    content);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64];
    ipl_array a = {0};
    const int at = fuzz_file(data, bytes, path);
    fuzz_check_array(ipl_array_read(path, &a), &a);
    fuzz_check_array(ipl_array_read_labels(path, &a), &a);
    close(at);
    return 0;
}
