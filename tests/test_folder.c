/*
 * test_folder.c - planes from activations that another program has written.
 */
#include "plane_case.h"
#include "random.h"

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
                                 &(ipl_activations){
                                     .folder = f, .labels = files_path(f, "y.npy")},
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
    char f[FILES_PATH], out[2 * FILES_PATH];
    files_make_folder(f);
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_BIN);
    snprintf(out, sizeof out, "%s", files_path(f, "never"));
    ipl_activations from = {.folder = f}, nowhere = {.folder = "/no/such"};
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "no file of activations");
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &nowhere, out, NULL, NULL, NULL),
                IPL_E_IO, "/no/such");
    write_bits(f, 0, 1, 4);
    write_bits(f, 0, 2, 4);
    write_bits(f, 1, 2, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "layer 1 of epoch 1 is missing");
    write_bits(f, 1, 1, 4);
    write_bits(f, 1, 3, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "layer 3 of epoch 1 is unexpected");
    unlink(files_path(f, "epoch_1_layer_3.npy"));
    write_bits(f, 2, 1, 4);
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "layer 2 of epoch 2 is missing");
    unlink(files_path(f, "epoch_2_layer_1.npy"));
    CHECK_OK(ipl_npy_write_int32(files_path(f, "y.npy"), 3, (int32_t[]){0, 1, 0}));
    from.labels = files_path(f, "y.npy");
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, out, NULL, NULL, NULL),
                IPL_E_FORMAT, "256 rows");
    CHECK(access(out, F_OK));
    files_remove_folder(f);
}

static void write_named(const char *f, const char *name, int bits)
{
    write_bits(f, 99, 99, bits);
    CHECK(!rename(files_path(f, "epoch_99_layer_99.npy"), files_path(f, name)));
}

/* Names, and numbers from 0, stand beside the place. */
static void layers_keep_their_names(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    write_named(f, "epoch_03_layer_fc2.npy", 4);
    write_named(f, "epoch_3_layer_fc10.npy", 8);
    const ipl_activations from = {.folder = f};
    CHECK_OK(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                 files_path(f, "run"), NULL, NULL, NULL));
    char *text = files_text(f, "run/plane.csv");
    CHECK(!strcmp(text, "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits,layer_name\n"
                        "0,3,1,bin,4,,fc2\n0,3,2,bin,8,,fc10\n"));
    free(text);
    text = files_text(f, "run/plane_details.csv");
    CHECK(strstr(text, ",refused,layer_name\n") && strstr(text, ",,fc2\n"));
    free(text);
    text = files_text(f, "run/summary.csv");
    CHECK(!strncmp(text, "epoch,layer,estimator,quantity,mean,deviation,n,layer_name\n"
                         "3,1,bin,i_xt_bits,4,,1,fc2\n", 85));
    free(text);
    text = files_text(f, "run/run.json");
    CHECK(strstr(text, "\"fc2 (4)\"") && strstr(text, "\"fc10 (8)\""));
    CHECK(strstr(text, "\"layer_names\""));
    free(text);
    files_remove_folder(f);
}

/* Chosen layers stand in the order of the choice, and keep what they are called. */
static void chosen_layers_are_measured_alone(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    for (int epoch = 0; epoch < 2; ++epoch)
        for (int layer = 1; layer <= 3; ++layer) write_bits(f, epoch, layer, 2 * layer);
    ipl_activations from = {.folder = f, .layers = "3,2"};
    CHECK_OK(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                 files_path(f, "run"), NULL, NULL, NULL));
    char *text = files_text(f, "run/plane.csv");
    CHECK(strstr(text, ",layer_name\n0,0,1,bin,6,,3\n0,0,2,bin,4,,2\n"
                       "0,1,1,bin,6,,3\n0,1,2,bin,4,,2\n"));
    free(text);
    from.layers = "4";
    CHECK_FAILS(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                    files_path(f, "none"), NULL, NULL, NULL),
                IPL_E_ARGUMENT, "no layer 4: epoch 0 has 1, 2, 3");
    CHECK(access(files_path(f, "none"), F_OK));
    files_remove_folder(f);
}

static int keep_notes(void *user, const ipl_progress *now)
{
    snprintf(user, 256, "%s", now->notes ? now->notes : "");
    return 0;
}

/* Images are one activation a row, which is said once for all layers. */
static void more_than_two_axes_are_noted(void **state)
{
    char f[FILES_PATH], notes[256] = "", want[512];
    float t[2 * 3 * 4];
    unsigned char file[512];
    files_make_folder(f);
    const ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    for (int i = 0; i < 24; ++i) t[i] = (float)i;
    const size_t bytes = files_npy(1, "{'descr': '<f4', 'fortran_order': False, "
                                   "'shape': (2, 3, 4)}", sizeof t, t, file);
    for (int epoch = 0; epoch < 2; ++epoch) {
        char name[64];
        for (int l = 1; l <= 2; ++l) {
            snprintf(name, sizeof name, "epoch_%d_layer_conv%d.npy", epoch, l);
            files_write(files_path(f, name), bytes, file);
        }
        snprintf(name, sizeof name, "epoch_%d_layer_out.npy", epoch);
        CHECK_OK(ipl_npy_write_float32(files_path(f, name), 2, 3, t));
    }
    const ipl_activations from = {.folder = f};
    CHECK_OK(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                 files_path(f, "run"), keep_notes, notes, NULL));
    snprintf(want, sizeof want, "%s: all values of a row are one activation in layer "
             "conv1 (2, 3, 4), conv2 (2, 3, 4)\n", f);
    assert_string_equal(notes, want);
    char *text = files_text(f, "run/run.json");
    CHECK(strstr(text, "\"conv1 (12)\"") && strstr(text, "conv2 (2, 3, 4)"));
    free(text);
    files_remove_folder(f);
}

/* An epoch that fails leaves the ones before; the first one leaves nothing. */
static void what_was_measured_stays(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    const ipl_activations from = {.folder = f};
    write_bits(f, 0, 1, 4);
    write_bits(f, 1, 1, 4);
    files_write(files_path(f, "epoch_2_layer_1.npy"), 4, "none");
    CHECK_FAILS(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                    files_path(f, "run"), NULL, NULL, NULL),
                IPL_E_FORMAT, "2 of 3 epochs are in");
    CHECK(strstr(ipl_last_error(), "epoch_2_layer_1.npy"));
    CHECK(strstr(ipl_last_error(), "give another --out"));
    char *text = files_text(f, "run/plane.csv");
    CHECK(!strcmp(first_row(text), "0,0,1,bin,4,\n0,1,1,bin,4,\n"));
    free(text);
    files_write(files_path(f, "epoch_0_layer_1.npy"), 4, "none");
    CHECK_FAILS(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                    files_path(f, "other"), NULL, NULL, NULL),
                IPL_E_FORMAT, "epoch_0_layer_1.npy");
    CHECK(access(files_path(f, "other"), F_OK));
    CHECK_FAILS(ipl_estimate_folder(check_device(state), 1, &options, &from,
                                    files_path(f, "run"), NULL, NULL, NULL),
                IPL_E_ARGUMENT, "exists already"); /* before the bad file is read */
    files_remove_folder(f);
}

/* -- Inputs and errors ------------------------------------------------------------*/

enum { N = 60 };

/* Three epochs of two layers that say more and more of the inputs. */
static void write_layers(const char *f, float t[3][2][N], float x[N])
{
    const ipl_random from = {check_seed(), 40};
    for (int i = 0; i < N; ++i) x[i] = (float)ipl_random_uniform(from, (uint64_t)i);
    for (int e = 0; e < 3; ++e)
        for (int l = 0; l < 2; ++l) {
            char name[64];
            for (int i = 0; i < N; ++i) {
                const uint64_t at = (uint64_t)(1000 + (2 * e + l) * N + i);
                t[e][l][i] = x[i] * (float)(e + 1) +
                             0.3f * (float)ipl_random_uniform(from, at);
            }
            snprintf(name, sizeof name, "epoch_%d_layer_%d.npy", e, l + 1);
            CHECK_OK(ipl_npy_write_float32(files_path(f, name), N, 1, t[e][l]));
        }
    CHECK_OK(ipl_npy_write_float32(files_path(f, "x.npy"), N, 1, x));
}

/* What H(X) is known to be from epoch to epoch changes nothing: each epoch has the
 * points of a call of its own. */
static void folder_of_inputs_has_the_points_of_calls(void **state)
{
    char f[FILES_PATH], want[4096] = "";
    float t[3][2][N], x[N];
    ipl_device *dev = check_device(state);
    const ipl_mi_options o[2] = {ipl_mi_defaults(IPL_MI_MIXED),
                                 ipl_mi_defaults(IPL_MI_KL)};
    files_make_folder(f);
    write_layers(f, t, x);
    const ipl_activations from = {.folder = f, .inputs = files_path(f, "x.npy"),
                                  .error = IPL_MI_ERROR_JACKKNIFE};
    CHECK_OK(ipl_estimate_folder(dev, 2, o, &from, files_path(f, "r"), NULL, NULL,
                                 NULL));
    for (int e = 0; e < 3; ++e) {
        const ipl_mi_samples samples = {.n = N, .inputs_d = 1, .inputs = x,
                                        .error = IPL_MI_ERROR_JACKKNIFE};
        ipl_mi_layer layer[2] = {{.d = 1, .t = t[e][0]}, {.d = 1, .t = t[e][1]}};
        CHECK_OK(ipl_mi_estimate_host(dev, 2, o, &samples, 2, layer));
        for (int l = 0; l < 2; ++l) {
            const ipl_mi_point *p = layer[l].point; /* mixed: defined by both */
            CHECK(p->se_x > 0);
            snprintf(want + strlen(want), sizeof want - strlen(want),
                     "0,%d,%d,mixed,,,,,,%s,%.9g,,\n", e, l + 1,
                     p->flags & IPL_MI_NEGATIVE ? "negative" : "",
                     p->se_x / log(2.0));
        }
    }
    char *text = files_text(f, "r/plane_details.csv"), *at = want;
    for (char *row = text; (row = strstr(row, "\n0,")); ++row) {
        char *end = strchr(row + 1, '\n');
        if (!strstr(row, ",mixed,") || strstr(row, ",mixed,") > end) continue;
        const size_t length = strcspn(at, "\n");
        if ((size_t)(end - row - 1) != length || strncmp(row + 1, at, length))
            fail_msg("%.*s, expected %.*s", (int)(end - row - 1), row + 1, (int)length,
                     at);
        at += length + 1;
    }
    CHECK(!*at);
    free(text);
    json_t *json = json_of(f, "r/run.json");
    const json_t *data = json_object_get(json, "data");
    CHECK(!strcmp(json_string_value(json_object_get(data, "inputs_file")),
                  from.inputs));
    CHECK(!strcmp(json_string_value(json_object_get(data, "error")), "jackknife"));
    json_decref(json);
    files_remove_folder(f);
}

static void wrong_inputs_of_a_folder_are_named(void **state)
{
    char f[FILES_PATH];
    float t[3][2][N], x[N];
    ipl_device *dev = check_device(state);
    const ipl_mi_options o = ipl_mi_defaults(IPL_MI_MIXED);
    files_make_folder(f);
    write_layers(f, t, x);
    ipl_activations from = {.folder = f, .inputs = files_path(f, "short.npy")};
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, files_path(f, "r"), NULL, NULL,
                                    NULL), IPL_E_IO, "short.npy");
    CHECK_OK(ipl_npy_write_float32(from.inputs, N - 1, 1, x));
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, files_path(f, "r"), NULL, NULL,
                                    NULL), IPL_E_FORMAT, "short.npy has 59 rows");
    x[4] = NAN;
    x[5] = INFINITY;
    CHECK_OK(ipl_npy_write_float32(from.inputs, N, 1, x));
    CHECK_FAILS(ipl_estimate_folder(dev, 1, &o, &from, files_path(f, "r"), NULL, NULL,
                                    NULL), IPL_E_NUMERIC,
                "short.npy: 2 of 60 values are NaN or infinite");
    CHECK(access(files_path(f, "r"), F_OK));
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(folder_of_bits_gives_bits),
    CHECK_TEST(folder_with_gaps_is_refused),
    CHECK_TEST(layers_keep_their_names),
    CHECK_TEST(chosen_layers_are_measured_alone),
    CHECK_TEST(more_than_two_axes_are_noted),
    CHECK_TEST(what_was_measured_stays),
    CHECK_TEST(folder_of_inputs_has_the_points_of_calls),
    CHECK_TEST(wrong_inputs_of_a_folder_are_named),
};

CHECK_MAIN("folder", tests, 1)
