/*
 * fuzz_names.c - any bytes as the name of a file in a folder of activations.
 */
#include "fuzz.h"
#include "plane/folder_names.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static const char *const name[] = {
        "epoch_0_layer_1.npy", "epoch_0005_layer_fc1.npy.gz", "epoch_12_layer_00.npy",
        "epoch_1_layer_block.2.conv-1.npy", "epoch_999999999999999999_layer_3.npy",
        "epoch_x_layer_1.npy", "labels.npy"};
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (int k = 0; corpus && k < (int)(sizeof name / sizeof *name); ++k) {
        char seed[16];
        snprintf(seed, sizeof seed, "seed-%d", k);
        files_write(files_path(corpus, seed), strlen(name[k]), name[k]);
    }
    return 0;
}

/* A name that fits says what a plain name of the same epoch and layer says. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char name[512], layer[FOLDER_NAME_BYTES], again[FOLDER_NAME_BYTES];
    int64_t epoch, same;
    snprintf(name, sizeof name, "%.*s", (int)(bytes < 400 ? bytes : 400),
             (const char *)data);
    if (folder_parse(name, &epoch, layer) != 1) return 0;
    if (epoch < 0 || !*layer || strpbrk(layer, ",/\n\"\\ ")) abort();
    snprintf(name, sizeof name, "epoch_%lld_layer_%s.npy", (long long)epoch, layer);
    if (folder_parse(name, &same, again) != 1) abort();
    if (same != epoch || strcmp(layer, again)) abort();
    return 0;
}
