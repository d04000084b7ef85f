/*
 * test_folder.c - planes from activations that another program has written.
 */
#include "plane_case.h"

/* T = the first b bits of 8: the plug-in I(X;T) is b bits, and I(T;Y) is 1 where Y is
 * the first of them. */
static void write_bits(const char *f, int64_t epoch, int layer, int bits)
{
    float t[256 * 8];
    char  name[64];
    for (int i = 0; i < 256; ++i)
        for (int b = 0; b < bits; ++b)
            t[i * bits + b] = (float)(i >> (7 - b) & 1);
    snprintf(name, sizeof name, "epoch_%lld_layer_%d.npy", (long long)epoch, layer);
    CHECK_OK(ipl_npy_write_float32(files_path(f, name), 256, bits, t));
}

static void write_labels(const char *f)
{
    int32_t y[256];
    for (int i = 0; i < 256; ++i) y[i] = i >> 7;
    CHECK_OK(ipl_npy_write_int32(files_path(f, "y.npy"), 256, y));
}

static void folder_of_bits_gives_bits(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    ipl_progress at;
    /* Epoch 10 sorts behind epoch 9 as a number, before it as a text. */
    for (int layer = 1; layer <= 2; ++layer) {
        write_bits(f, 0, layer, 4 * layer);
        write_bits(f, 9, layer, 4 * layer);
        write_bits(f, 10, layer, 4 * layer);
    }
    write_labels(f);
    CHECK_OK(ipl_estimate_folder(check_device(state), 1, &options,
                                 &(ipl_activations){f, files_path(f, "y.npy"), 0, 0},
                                 files_path(f, "run"), NULL, NULL, &at));
    CHECK(at.measured == 3 && at.last == 10);
    char *text = files_text(f, "run/plane.csv");
    CHECK(!strcmp(first_row(text), "0,0,1,bin,4,1\n0,0,2,bin,8,1\n0,9,1,bin,4,1\n"
                                   "0,9,2,bin,8,1\n0,10,1,bin,4,1\n0,10,2,bin,8,1\n"));
    free(text);
    CHECK_OK(ipl_estimate_folder(check_device(state), 1, &options,
                                 &(ipl_activations){.folder = f},
                                 files_path(f, "free"), NULL, NULL, NULL));
    text = files_text(f, "free/plane.csv");
    CHECK(!strncmp(first_row(text), "0,0,1,bin,4,\n0,0,2,bin,8,\n", 26));
    free(text);
    files_remove_folder(f);
}

static void folder_with_gaps_is_refused(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    const char *out = "/tmp/ipl-plane-never";
    ipl_activations from = {.folder = f}, nowhere = {.folder = "/no/such"};
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "no file epoch_E_layer_L.npy");
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &nowhere, out, NULL, NULL, NULL),
                IPL_E_IO, "/no/such");
    write_bits(f, 0, 1, 4);
    write_bits(f, 0, 2, 4);
    write_bits(f, 1, 2, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "epoch_1_layer_1.npy: missing");
    write_bits(f, 1, 1, 4);
    write_bits(f, 1, 3, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "epoch_1_layer_3.npy: unexpected");
    unlink(files_path(f, "epoch_1_layer_3.npy"));
    write_bits(f, 2, 1, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "epoch_2_layer_2.npy: missing");
    unlink(files_path(f, "epoch_2_layer_1.npy"));
    CHECK_OK(ipl_npy_write_int32(files_path(f, "y.npy"), 3, (int32_t[]){0, 1, 0}));
    from.labels = files_path(f, "y.npy");
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "256 rows");
    CHECK(access(out, F_OK));
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(folder_of_bits_gives_bits),
    CHECK_TEST(folder_with_gaps_is_refused),
};

CHECK_MAIN("folder", tests, 1)
