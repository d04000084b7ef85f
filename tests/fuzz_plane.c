/*
 * fuzz_plane.c - any text as plane.csv, plane_details.csv and training.csv, parted by
 * lines "==": read for a picture, or refused with one line.
 */
#include "fuzz_run.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (corpus)
        files_write(files_path(corpus, "plain"), strlen(fuzz_plane_csv),
                    fuzz_plane_csv);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char *const names[] = {"plane.csv", "plane_details.csv",
                                        "training.csv"};
    fuzz_put_plain("run.json", fuzz_run_json);
    for (int k = 0; k < 3; ++k) {
        size_t rest = 0;
        unlink(files_path(fuzz_folder(), names[k]));
        if (bytes || !k) fuzz_put(names[k], data, fuzz_split(data, bytes, &rest));
        data += rest, bytes -= rest;
    }
    fuzz_read_run();
    return 0;
}
