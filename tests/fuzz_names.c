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
        "epoch_x_layer_1.npy", "labels.npy", "epoch_012.npz", "layer_1", "fc10 fc2"};
    const char *corpus = fuzz_corpus(*argc, *argv);
    for (int k = 0; corpus && k < (int)(sizeof name / sizeof *name); ++k) {
        char seed[16];
        snprintf(seed, sizeof seed, "seed-%d", k);
        files_write(files_path(corpus, seed), strlen(name[k]), name[k]);
    }
    return 0;
}

/* A name that fits says what a plain name of the same epoch and layer says. */
static void check_name(const char *given)
{
    char name[512], layer[FOLDER_NAME_BYTES], again[FOLDER_NAME_BYTES];
    int64_t epoch, same;
    const int fits = folder_parse(given, &epoch, layer);
    if (fits < 1) return;
    if (epoch < 0) abort();
    if (fits == 2) {
        snprintf(name, sizeof name, "epoch_%lld.npz", (long long)epoch);
        if (folder_parse(name, &same, again) != 2 || same != epoch) abort();
        return;
    }
    if (!*layer || strpbrk(layer, ",/\n\"\\: ")) abort();
    snprintf(name, sizeof name, "epoch_%lld_layer_%s.npy", (long long)epoch, layer);
    if (folder_parse(name, &same, again) != 1) abort();
    if (same != epoch || strcmp(layer, again)) abort();
}

/* An array's name that is a layer's stays what it is. */
static void check_layer(const char *name)
{
    char layer[FOLDER_NAME_BYTES], again[FOLDER_NAME_BYTES];
    if (!folder_layer(name, strlen(name), layer)) return;
    if (!*layer || strpbrk(layer, ",/\n\"\\: ")) abort();
    if (!folder_layer(layer, strlen(layer), again) || strcmp(layer, again)) abort();
}

static int sign(int order) { return (order > 0) - (order < 0); }

/* The order of "A B C" is one: neither of two is before the other both ways, and what
 * is before the second is before the third. */
static void check_order(char *text)
{
    char *rest, *a = strtok_r(text, " ", &rest), *b = strtok_r(NULL, " ", &rest);
    char *c = strtok_r(NULL, " ", &rest);
    if (!a || !b) return;
    const int ab = sign(folder_compare(a, b));
    if (ab != -sign(folder_compare(b, a)) || folder_compare(a, a)) abort();
    if (!c) return;
    const int bc = sign(folder_compare(b, c)), ac = sign(folder_compare(a, c));
    if (ab == bc ? ac != ab : !ab ? ac != bc : !bc ? ac != ab : 0) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char name[512];
    snprintf(name, sizeof name, "%.*s", (int)(bytes < 400 ? bytes : 400),
             (const char *)data);
    check_name(name);
    check_layer(name);
    check_order(name);
    return 0;
}
