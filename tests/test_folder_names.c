/*
 * test_folder_names.c - which layer and epoch a file of activations is, by its name.
 */
#include "check.h"
#include "files.h"
#include "ipl_data.h"
#include "ipl_plane.h"
#include "plane/folder_names.h"
#include "zip_case.h"

static char folder[FILES_PATH];

static void names_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int         fits;
        int64_t     epoch;
        const char *layer;
    } names[] = {
        {"epoch_0_layer_1.npy", 1, 0, "1"},
        {"epoch_01_layer_002.npy", 1, 1, "2"},
        {"epoch_0005_layer_0.npy", 1, 5, "0"},
        {"epoch_000_layer_00.npy.gz", 1, 0, "0"},
        {"epoch_7_layer_fc1.npy", 1, 7, "fc1"},
        {"epoch_7_layer_block.2.conv-1_b.npy", 1, 7, "block.2.conv-1_b"},
        {"epoch_7_layer_a.npy.npy", 1, 7, "a.npy"},
        {"epoch_999999999999999999_layer_1.npy", 1, 999999999999999999, "1"},
        {"epoch_9999999999999999999_layer_1.npy", -1, 0, ""},
        {"epoch_-1_layer_1.npy", -1, 0, ""},
        {"epoch_1.5_layer_1.npy", -1, 0, ""},
        {"epoch__layer_1.npy", -1, 0, ""},
        {"epoch_1_layer_.npy", -1, 0, ""},
        {"epoch_1_layr_1.npy", -1, 0, ""},
        {"epoch_1_layer_fc 1.npy", -1, 0, ""},
        {"epoch_1_layer_fc,1.npy", -1, 0, ""},
        {"epoch_1_layer_\033[31m.npy", -1, 0, ""},
        {"epoch_1.npy", -1, 0, ""},
        {"epoch_0010.npz", 2, 10, ""},
        {"epoch_1_layer_1.npz", -1, 0, ""},
        {"epoch_.npz", -1, 0, ""},
        {"epoch_1x.npz", -1, 0, ""},
        {"epoch_1_layer_0000000000000000000000007.npy", 1, 1, "7"},
        {"epoch_1_layer_9999999999999999999.npy", -1, 0, ""},
        {"epoch_1_layer_1.txt", 0, 0, ""},
        {"epoch_16_weights_2.npy", 0, 0, ""}, /* of `export` */
        {"epoch_16_biases_1.npy", 0, 0, ""},
        {"epoch_16_weight_2.npy", -1, 0, ""},
        {"labels.npy", 0, 0, ""},
        {"Epoch_1_layer_1.npy", 0, 0, ""},
        {".npy", 0, 0, ""},
    };
    for (size_t k = 0; k < sizeof names / sizeof *names; ++k) {
        char layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        const int fits = folder_parse(names[k].name, &epoch, layer);
        if (fits != names[k].fits) fail_msg("%s: %d", names[k].name, fits);
        if (fits < 1) continue;
        CHECK(epoch == names[k].epoch);
        if (fits == 1) assert_string_equal(layer, names[k].layer);
    }
}

/* A layer's name has room for 63 bytes. */
static void long_names_are_refused(void **state)
{
    (void)state;
    for (int length = 62; length <= 65; ++length) {
        char name[128], layer[FOLDER_NAME_BYTES];
        int64_t epoch;
        snprintf(name, sizeof name, "epoch_1_layer_%.*s.npy", length,
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        CHECK(folder_parse(name, &epoch, layer) == (length <= 63 ? 1 : -1));
    }
}

/* "epoch_1.npz:fc1,fc2": an npz file with these arrays. */
static void make_npz(const char *name)
{
    static unsigned char content[4096];
    char file[256], member[8][80];
    zip_part part[8];
    int parts = 0;
    const char *at = strchr(name, ':') + 1;
    snprintf(file, sizeof file, "%.*s", (int)(at - name - 1), name);
    for (; *at; at += strcspn(at, ","), at += *at == ',') {
        snprintf(member[parts], sizeof member[0], "%.*s.npy", (int)strcspn(at, ","),
                 at);
        part[parts] = (zip_part){.name = member[parts], .bytes = 1, .content = "x"};
        ++parts;
    }
    files_write(files_path(folder, file), zip_make(parts, part, 0, "", content),
                content);
}

static void make(const char *const *name)
{
    files_make_folder(folder);
    for (; *name; ++name)
        if (strchr(*name, ':')) make_npz(*name);
        else files_write(files_path(folder, *name), 1, "x");
}

#define FILES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check_chosen(const char *const *file, const char *choice, int named,
                         const char *layers)
{
    char text[256] = "";
    folder_names names;
    make(file);
    CHECK_OK(folder_list(folder, choice, &names));
    CHECK(names.named == named);
    for (int l = 0; l < names.layers; ++l)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", l ? " " : "",
                 names.layer[l]);
    assert_string_equal(text, layers);
    CHECK(names.count % names.layers == 0);
    for (int64_t k = 0; k < names.count; ++k) {
        const folder_file *at = &names.file[k];
        assert_string_equal(at->layer, names.layer[k % names.layers]);
        if (k % names.layers) CHECK(at->epoch == at[-1].epoch);
        else if (k) CHECK(at->epoch > at[-1].epoch);
    }
    folder_free(&names);
    files_remove_folder(folder);
}

static void check_layers(const char *const *file, int named, const char *layers)
{
    check_chosen(file, NULL, named, layers);
}

static void layers_have_their_order(void **state)
{
    (void)state;
    check_layers(FILES("epoch_0_layer_1.npy", "epoch_0_layer_2.npy"), 0, "1 2");
    check_layers(FILES("epoch_00_layer_02.npy", "epoch_00_layer_01.npy",
                       "epoch_10_layer_1.npy", "epoch_10_layer_2.npy.gz",
                       "epoch_9_layer_001.npy", "epoch_9_layer_2.npy"), 0, "1 2");
    check_layers(FILES("epoch_0_layer_0.npy", "epoch_0_layer_1.npy"), 1, "0 1");
    check_layers(FILES("epoch_3_layer_fc10.npy", "epoch_3_layer_fc2.npy",
                       "epoch_3_layer_conv1.npy", "epoch_3_layer_out.npy"), 1,
                 "conv1 fc2 fc10 out");
    check_layers(FILES("epoch_0_layer_out.npy", "epoch_0_layer_1.npy",
                       "epoch_0_layer_2.npy"), 1, "1 2 out");
    check_layers(FILES("epoch_0_layer_b1.npy", "epoch_0_layer_b01.npy",
                       "epoch_1_layer_b1.npy", "epoch_1_layer_b01.npy"), 1, "b01 b1");
    check_layers(FILES("epoch_0_layer_0.npy", "epoch_0_layer_a.npy",
                       "epoch_0_layer_1.npy"), 1, "0 1 a");
}

/* An array of epoch_E.npz is a layer as a file is; both may be in one folder. */
static void arrays_of_an_epoch_are_layers(void **state)
{
    (void)state;
    check_layers(FILES("epoch_0.npz:layer_2,layer_1", "epoch_10.npz:layer_01,layer_2",
                       "epoch_9.npz:1,2"), 0, "1 2");
    check_layers(FILES("epoch_00.npz:fc10,fc2,conv.1", "epoch_1.npz:conv.1,fc2,fc10"),
                 1, "conv.1 fc2 fc10");
    check_layers(FILES("epoch_0.npz:arr_0,arr_1"), 1, "arr_0 arr_1");
    check_layers(FILES("epoch_0.npz:layer_1", "epoch_0_layer_2.npy",
                       "epoch_1_layer_1.npy", "epoch_1_layer_2.npy"), 0, "1 2");
}

static void chosen_layers_have_the_order_of_the_choice(void **state)
{
    (void)state;
    static const char *const named[] = {
        "epoch_0_layer_fc2.npy", "epoch_0_layer_fc10.npy", "epoch_0_layer_out.npy",
        "epoch_1_layer_fc2.npy", "epoch_1_layer_fc10.npy", "epoch_1_layer_out.npy",
        "epoch_1_layer_late.npy", NULL};
    check_chosen(named, "out,fc2,fc10", 1, "out fc2 fc10");
    check_chosen(named, " out , fc2", 1, "out fc2");
    check_chosen(named, "fc10,", 1, "fc10");
    static const char *const counted[] = {
        "epoch_0.npz:layer_1,layer_2,layer_3",
        "epoch_5_layer_01.npy", "epoch_5_layer_02.npy", "epoch_5_layer_03.npy", NULL};
    check_chosen(counted, "1,2", 0, "1 2"); /* they keep their numbers */
    check_chosen(counted, "1,2,03", 0, "1 2 3");
    check_chosen(counted, "2,1", 1, "2 1"); /* numbers that are no places are names */
    check_chosen(counted, "3", 1, "3");
}

static void wrong_choices_are_told(void **state)
{
    (void)state;
    static const struct { const char *choice; ipl_status st; const char *words; }
        bad[] = {
        {"fc3", IPL_E_ARGUMENT, "no layer fc3: epoch 0 has fc2, out"},
        {"1", IPL_E_ARGUMENT, "no layer 1: epoch 0 has fc2, out"},
        {"late", IPL_E_ARGUMENT, "no layer late: epoch 0 has fc2, out"},
        {"fc2,fc2", IPL_E_ARGUMENT, "layers 'fc2,fc2': fc2 twice"},
        {"fc2,,out", IPL_E_ARGUMENT, "layers 'fc2,,out': expected names of layers"},
        {"fc2 out", IPL_E_ARGUMENT, "expected names of layers with ',' between"},
        {"", IPL_E_ARGUMENT, "layers '': expected names"},
        {"fc2", IPL_E_FORMAT, "layer fc2 of epoch 2 is missing: each epoch needs the "
         "layers fc2, as epoch 0 has them"},
        {"out,fc2", IPL_E_FORMAT, "layer fc2 of epoch 2 is missing"},
    };
    make(FILES("epoch_0_layer_fc2.npy", "epoch_0_layer_out.npy",
               "epoch_1_layer_fc2.npy", "epoch_1_layer_out.npy",
               "epoch_2_layer_late.npy", "epoch_2_layer_out.npy"));
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        folder_names names = {0};
        CHECK_FAILS(folder_list(folder, bad[b].choice, &names), bad[b].st,
                    bad[b].words);
        CHECK(!names.file);
    }
    files_remove_folder(folder);
}

static void nothing_is_dropped(void **state)
{
    (void)state;
    static const struct { const char *file[6], *words; } bad[] = {
        {{"epoch_1_layer_1.npy", "epoch_01_layer_1.npy"},
         "epoch_01_layer_1.npy and epoch_1_layer_1.npy are one layer of one epoch"},
        {{"epoch_1_layer_1.npy", "epoch_1_layer_1.npy.gz"}, "are one layer"},
        {{"epoch_1_layer_1.npy", "epoch_1_layer_3.npy"}, "layer 2 of epoch 1 is miss"},
        {{"epoch_1_layer_2.npy"}, "layer 1 of epoch 1 is missing"},
        {{"epoch_0_layer_0.npy", "epoch_0_layer_2.npy"}, "layer 1 of epoch 0"},
        {{"epoch_0_layer_1.npy", "epoch_0_layer_2.npy", "epoch_1_layer_1.npy"},
         "layer 2 of epoch 1 is missing: each epoch needs the layers 1 to 2"},
        {{"epoch_0_layer_1.npy", "epoch_1_layer_1.npy", "epoch_1_layer_2.npy"},
         "layer 2 of epoch 1 is unexpected"},
        {{"epoch_0_layer_a.npy", "epoch_0_layer_c.npy", "epoch_1_layer_b.npy",
          "epoch_1_layer_c.npy"}, "layer a of epoch 1 is missing: each epoch needs the "
         "layers a, c, as epoch 0 has them"},
        {{"epoch_0_layer_a.npy", "epoch_0_layer_c.npy", "epoch_1_layer_a.npy",
          "epoch_1_layer_b.npy", "epoch_1_layer_c.npy"}, "layer b of epoch 1 is unexp"},
        {{"epoch_1_layer_1.npy", "epoch_1_layr_2.npy"}, "epoch_1_layr_2.npy: expected"},
        {{"labels.npy"}, "no file of activations"},
        {{"epoch_0.npz:layer_1", "epoch_0_layer_01.npy"},
         "epoch_0.npz:layer_1 and epoch_0_layer_01.npy are one layer"},
        {{"epoch_0.npz:1,layer_01"}, "are one layer of one epoch"},
        {{"epoch_0.npz:fc1,fc2", "epoch_1.npz:fc1"}, "layer fc2 of epoch 1 is missing"},
        {{"epoch_0.npz:fc1", "epoch_1.npz:"},
         "epoch_1.npz: a zip file that holds nothing"},
        {{"epoch_0.npz:a b"}, "epoch_0.npz: the array 'a b' is no layer"},
        {{"epoch_0.npz:layer_"}, "the array 'layer_' is no layer"},
        {{"epoch_0.npz"}, "epoch_0.npz"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        folder_names names = {0};
        make(bad[b].file);
        CHECK_FAILS(folder_list(folder, NULL, &names), IPL_E_FORMAT, bad[b].words);
        CHECK(!names.file);
        files_remove_folder(folder);
    }
}

static void too_many_layers_are_told(void **state)
{
    (void)state;
    folder_names names;
    files_make_folder(folder);
    for (int l = 1; l <= IPL_NET_LAYERS_MAX + 1; ++l) {
        char name[64];
        snprintf(name, sizeof name, "epoch_0_layer_%d.npy", l);
        files_write(files_path(folder, name), 1, "x");
    }
    CHECK_FAILS(folder_list(folder, NULL, &names), IPL_E_ARGUMENT, "33 layers: expect");
    CHECK_OK(folder_list(folder, "33,1", &names)); /* which is the way out */
    folder_free(&names);
    files_remove_folder(folder);
}

static void what_is_left_out_is_named(void **state)
{
    (void)state;
    char text[32];
    int64_t count;
    make(FILES("epoch_0_layer_1.npy", "labels.npy", ".hidden"));
    CHECK_OK(ipl_folder_left_out(folder, sizeof text, text, &count));
    CHECK(count == 1);
    assert_string_equal(text, "labels.npy");
    files_write(files_path(folder, "a-name-that-is-longer-than-the-text.npy"), 1, "x");
    CHECK_OK(ipl_folder_left_out(folder, sizeof text, text, &count));
    CHECK(count == 2);
    assert_string_equal(text, "labels.npy");
    CHECK_FAILS(ipl_folder_left_out("/no/such", sizeof text, text, &count), IPL_E_IO,
                "/no/such");
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(names_are_read),
    CHECK_TEST(long_names_are_refused),
    CHECK_TEST(layers_have_their_order),
    CHECK_TEST(arrays_of_an_epoch_are_layers),
    CHECK_TEST(chosen_layers_have_the_order_of_the_choice),
    CHECK_TEST(wrong_choices_are_told),
    CHECK_TEST(nothing_is_dropped),
    CHECK_TEST(too_many_layers_are_told),
    CHECK_TEST(what_is_left_out_is_named),
};

int main(int argc, char **argv)
{
    return check_main("folder_names", tests, sizeof tests / sizeof *tests, 0, argc,
                      argv);
}
