/*
 * fuzz_npz.c - any bytes as an npz file: its names and arrays, or one line.
 */
#include "fuzz.h"
#include "zip_case.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char header[] = "{'descr': '<V2', 'fortran_order': True, 'shape': (3, "
                                 "2)}";
    static const float values[3] = {1.0f, 2.0f, 0.5f};
    const char *corpus = fuzz_corpus(*argc, *argv);
    unsigned char npy[256];
    const size_t bytes = files_npy(1, header, sizeof values, values, npy);
    for (int kind = 0; corpus && kind < 8; ++kind) {
        unsigned char *content = malloc(1 << 20);
        char name[32];
        const zip_part part[2] = {
            {.name = "a.npy", .bytes = bytes, .content = npy, .deflated = kind & 1,
             .zip64 = kind >> 1 & 1},
            {.name = "b/data.npy", .bytes = bytes, .content = npy, .flags = 8}};
        if (!content) abort();
        snprintf(name, sizeof name, "seed-%d", kind);
        files_write(files_path(corpus, name),
                    zip_make(1 + (kind & 1), part, kind >> 2, kind & 2 ? "comment" : "",
                             content), content);
        free(content);
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[64], **name = NULL;
    int count = 0;
    ipl_array a = {0};
    const int at = fuzz_file(data, bytes, path);
    fuzz_check_array(ipl_array_read(path, &a), &a);
    if (ipl_npz_members(path, &name, &count) != IPL_OK) fuzz_check_refusal(name);
    for (int m = 0; m < count; ++m) {
        char member[4096];
        const int length = snprintf(member, sizeof member, "%s:%s", path, name[m]);
        if (length >= (int)sizeof member) continue;
        fuzz_check_array(ipl_array_read_labels(member, &a), &a);
    }
    free(name);
    close(at);
    return 0;
}
