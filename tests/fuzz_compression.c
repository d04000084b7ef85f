/*
 * fuzz_compression.c - any text as compression.csv: read, or refused with one line.
 */
#include "fuzz_run.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    ipl_compression_row *row = NULL;
    int64_t rows;
    fuzz_put("compression.csv", data, bytes);
    if (ipl_run_compression(fuzz_folder(), &row, &rows) != IPL_OK) {
        fuzz_check_refusal(row);
        return 0;
    }
    for (int64_t k = 0; k < rows; ++k)
        if (row[k].layer < 1 || row[k].layer > IPL_NET_LAYERS_MAX ||
            !*row[k].estimator || row[k].tick_of_max < -1)
            abort();
    free(row);
    return 0;
}
