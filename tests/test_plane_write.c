/*
 * test_plane_write.c - run directories of points that come from elsewhere.
 */
#include <signal.h>
#include <sys/resource.h>

#include "plane_case.h"

enum { N = 64, LAYERS = 2, PER_LAYER = 3 }; /* bin, kde-upper, kde-lower */

static const int64_t     width[LAYERS] = {3, 2};
static const char *const names[LAYERS] = {"fc1", "out"};

/* Points of two layers of any network, by bin and kde. */
typedef struct {
    ipl_device    *dev; /* the CPU                                               */
    ipl_mi_options options[2];
    float          t[LAYERS][N * 3];
    int32_t        y[N];
    ipl_plane_row  row[64];
    int64_t        rows;
} points_case;

static void begin(points_case *c)
{
    *c = (points_case){
        .options = {ipl_mi_defaults(IPL_MI_BIN), ipl_mi_defaults(IPL_MI_KDE)}};
    CHECK_OK(ipl_device_open("cpu", NULL, &c->dev));
    for (int i = 0; i < N; ++i) c->y[i] = i % 2;
}

static void draw(points_case *c, int64_t number)
{
    for (int l = 0; l < LAYERS; ++l)
        for (int i = 0; i < N * 3; ++i)
            c->t[l][i] = (float)((i * 37 + (int)number * 11 + l * 5) % 101) / 50.0f - 1;
}

/* Measures the network of this seed at this tick. */
static void measure(points_case *c, int64_t seed, int64_t tick)
{
    draw(c, 100 * seed + tick);
    ipl_mi_layer layer[LAYERS] = {{.d = width[0], .t = c->t[0]},
                                  {.d = width[1], .t = c->t[1]}};
    const ipl_mi_samples samples = {.n = N, .y = c->y};
    CHECK_OK(ipl_mi_estimate_host(c->dev, 2, c->options, &samples, LAYERS, layer));
    for (int l = 0; l < LAYERS; ++l) {
        CHECK(layer[l].points == PER_LAYER);
        for (int p = 0; p < PER_LAYER; ++p)
            c->row[c->rows++] = (ipl_plane_row){seed, tick, l + 1, layer[l].point[p]};
    }
}

static ipl_plane plane_of(const points_case *c)
{
    return (ipl_plane){.source = "digits", .samples = N, .h_x = log(N), .h_y = log(2),
                       .layers = LAYERS, .layer_name = names, .width = width,
                       .estimators = 2, .options = c->options, .rows = c->rows,
                       .row = c->row};
}

/* -- The same as a folder's -------------------------------------------------------*/

static void write_layers(const char *f, points_case *c, int64_t tick)
{
    char name[64];
    draw(c, tick);
    for (int l = 0; l < LAYERS; ++l) {
        snprintf(name, sizeof name, "epoch_%lld_layer_%s.npy", (long long)tick,
                 names[l]);
        CHECK_OK(ipl_npy_write_float32(files_path(f, name), N, width[l], c->t[l]));
    }
}

/* What has no times in it. */
static void same_value(const char *f, const char *key)
{
    json_t *a = json_of(f, "folder/run.json"), *b = json_of(f, "plane/run.json");
    char *left = json_dumps(json_object_get(a, key), JSON_ENCODE_ANY | JSON_SORT_KEYS);
    char *right = json_dumps(json_object_get(b, key), JSON_ENCODE_ANY | JSON_SORT_KEYS);
    if (!left || !right || strcmp(left, right))
        fail_msg("%s: %s, and %s of the folder", key, right, left);
    free(left);
    free(right);
    json_decref(a);
    json_decref(b);
}

static void files_are_those_of_a_folder(void **state)
{
    (void)state;
    static const char *const tables[] = {"plane.csv", "plane_details.csv",
                                         "summary.csv", "compression.csv"};
    static const char *const keys[] = {"status", "device", "layers", "layer_names",
                                       "seeds", "tick", "estimators", "ceilings",
                                       "counts", "doubts", "config", "networks"};
    char f[FILES_PATH], a[2 * FILES_PATH];
    points_case c;
    files_make_folder(f);
    begin(&c);
    for (int64_t tick = 0; tick < 3; ++tick) write_layers(f, &c, 4 * tick);
    CHECK_OK(ipl_npy_write_int32(files_path(f, "y.npy"), N, c.y));
    const ipl_activations from = {.folder = f, .layers = "fc1, out",
                                  .labels = files_path(f, "y.npy")};
    CHECK_OK(ipl_estimate_folder(c.dev, 2, c.options, &from,
                                 files_path(f, "folder"), NULL, NULL, NULL));
    for (int64_t tick = 0; tick < 3; ++tick)
        measure(&c, 0, 4 * tick);
    const ipl_plane plane = plane_of(&c);
    CHECK_OK(ipl_plane_write(c.dev, &plane, files_path(f, "plane")));
    snprintf(a, sizeof a, "%s", files_path(f, "folder"));
    for (size_t t = 0; t < sizeof tables / sizeof *tables; ++t)
        same_file(a, files_path(f, "plane"), tables[t]);
    for (size_t k = 0; k < sizeof keys / sizeof *keys; ++k) same_value(f, keys[k]);
    CHECK(access(files_path(f, "plane/training.csv"), F_OK));
    ipl_device_close(c.dev);
    files_remove_folder(f);
}

/* -- Seeds and training -----------------------------------------------------------*/

/* A seed may begin later, and have ticks of its own. */
static void seeds_have_ticks_of_their_own(void **state)
{
    (void)state;
    static const ipl_plane_training training[] = {{7, 0, 2.5, NAN, 0.25, NAN},
                                                  {3, 2, 1.0, 1.25, 0.5, 0.75}};
    char f[FILES_PATH];
    points_case c;
    files_make_folder(f);
    begin(&c);
    measure(&c, 7, 0);
    measure(&c, 3, 2);
    measure(&c, 7, 2);
    ipl_plane plane = plane_of(&c);
    plane.layer_name = NULL;
    plane.trained = 2;
    plane.training = training;
    plane.tick = IPL_TICK_STEP;
    plane.notes = "first\nsecond\n";
    CHECK_OK(ipl_plane_write(c.dev, &plane, files_path(f, "run")));
    char *text = files_text(f, "run/training.csv");
    CHECK(strstr(text, ",weight_norm_1,weight_norm_2,"));
    CHECK(strstr(text, "\n7,0,2.5,,0.25,,,,,,,\n3,2,1,1.25,0.5,0.75,,,,,,\n"));
    free(text);
    text = files_text(f, "run/plane.csv");
    CHECK(lines_of(text) == 19 && !strncmp(first_row(text), "7,0,1,bin,", 10));
    CHECK(strstr(text, "\n3,2,1,bin,") < strstr(text, "\n7,2,1,bin,"));
    free(text);
    text = files_text(f, "run/compression.csv");
    CHECK(strstr(text, "\n3,1,bin,") < strstr(text, "\n7,1,bin,"));
    free(text);
    text = files_text(f, "run/summary.csv"); /* 0: one seed, 2: both */
    const char *one = strstr(text, "\n0,1,bin,i_xt_bits,");
    const char *both = strstr(text, "\n2,1,bin,i_xt_bits,");
    CHECK(one && both && strchr(one + 1, '\n')[-1] == '1');
    CHECK(strchr(both + 1, '\n')[-1] == '2');
    free(text);
    json_t *about = json_of(f, "run/run.json");
    json_t *seeds = json_object_get(about, "seeds");
    CHECK(json_array_size(seeds) == 2);
    CHECK(json_integer_value(json_array_get(seeds, 0)) == 3);
    CHECK(json_integer_value(json_array_get(seeds, 1)) == 7);
    CHECK(!strcmp(json_string_value(json_object_get(about, "tick")), "step"));
    const json_t *counts = json_object_get(about, "counts");
    CHECK(json_integer_value(json_object_get(counts, "ticks_measured")) == 2);
    CHECK(json_integer_value(json_object_get(counts, "points")) == 18);
    const json_t *notes = json_object_get(json_object_get(about, "data"), "notes");
    CHECK(json_array_size(notes) == 2);
    json_decref(about);
    ipl_device_close(c.dev);
    files_remove_folder(f);
}

/* -- What is refused --------------------------------------------------------------*/

static void refuse(const points_case *c, const ipl_plane *plane, const char *words)
{
    char f[FILES_PATH];
    files_make_folder(f);
    CHECK_FAILS(ipl_plane_write(c->dev, plane, files_path(f, "run")),
                IPL_E_ARGUMENT, words);
    CHECK(files_count(f) == 0);
    files_remove_folder(f);
}

static void rows_out_of_place_are_refused(void **state)
{
    (void)state;
    points_case c, changed;
    begin(&c);
    measure(&c, 0, 1);
    measure(&c, 1, 1);
    changed = c;
    ipl_plane plane = plane_of(&changed);
    plane.rows -= 1;
    refuse(&c, &plane, "11 rows: expected 6 for each network");
    plane.rows += 1;
    changed.row[4].point = c.row[5].point;
    refuse(&c, &plane, "row 4 is layer 2, kde-lower: expected layer 2, kde-upper");
    changed = c;
    changed.row[3].layer = 1;
    refuse(&c, &plane, "row 3 is layer 1, bin: expected layer 2, bin");
    changed = c;
    changed.row[2].seed = 1;
    refuse(&c, &plane, "row 2 is seed 1, tick 1, after seed 0, tick 1");
    changed = c;
    for (int k = 6; k < 12; ++k) changed.row[k].seed = 0;
    refuse(&c, &plane, "row 6 is seed 0, tick 1, after seed 0, tick 1");
    for (int k = 6; k < 12; ++k) changed.row[k].tick = 0;
    refuse(&c, &plane, "sorted by tick, then seed");
    changed = c;
    changed.row[0].seed = -1;
    refuse(&c, &plane, "row 0 is seed -1");
    changed = c;
    const ipl_plane_training twice[] = {{0, 1, 0, 0, 0, 0}, {0, 1, 0, 0, 0, 0}};
    plane.trained = 2;
    plane.training = twice;
    refuse(&c, &plane, "training row 1 is seed 0, tick 1, after seed 0, tick 1");
    ipl_device_close(c.dev);
}

static void names_that_no_table_can_have_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a,b", "a\"b", "a\nb"};
    const char *name[LAYERS] = {"fc1", NULL};
    points_case c;
    begin(&c);
    measure(&c, 0, 0);
    ipl_plane plane = plane_of(&c);
    plane.layer_name = name;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        name[1] = bad[k];
        refuse(&c, &plane, "expected 1 to 63 bytes without comma");
    }
    name[1] = "0123456789012345678901234567890123456789012345678901234567890123";
    refuse(&c, &plane, "expected 1 to 63 bytes without comma");
    name[1] = "fc1";
    refuse(&c, &plane, "layers 1 and 2 are both called 'fc1'");
    plane.layers = 33;
    refuse(&c, &plane, "33 layers: expected 1 to 32");
    ipl_device_close(c.dev);
}

static void what_is_there_stays(void **state)
{
    (void)state;
    char f[FILES_PATH];
    points_case c;
    files_make_folder(f);
    begin(&c);
    measure(&c, 0, 0);
    const ipl_plane plane = plane_of(&c);
    const char *dir = files_path(f, "run");
    CHECK_OK(ipl_plane_write(c.dev, &plane, dir));
    char *before = files_text(f, "run/run.json");
    CHECK_FAILS(ipl_plane_write(c.dev, &plane, dir), IPL_E_ARGUMENT,
                "exists already: give another directory, or remove it");
    char *after = files_text(f, "run/run.json");
    CHECK(!strcmp(before, after));
    free(before);
    free(after);
    CHECK_FAILS(ipl_plane_write(c.dev, &plane, files_path(f, "run/run.json/in")),
                IPL_E_IO, "run.json/in: Not a directory");
    ipl_device_close(c.dev);
    files_remove_folder(f);
}

/* A disk that is full, of which files of 200 bytes are what fits. */
static void a_failed_write_leaves_nothing(void **state)
{
    (void)state;
    char f[FILES_PATH];
    points_case c;
    struct rlimit whole, little;
    files_make_folder(f);
    begin(&c);
    measure(&c, 0, 0);
    const ipl_plane plane = plane_of(&c);
    getrlimit(RLIMIT_FSIZE, &whole);
    little = whole;
    little.rlim_cur = 200;
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &little);
    const ipl_status st = ipl_plane_write(c.dev, &plane, files_path(f, "run"));
    setrlimit(RLIMIT_FSIZE, &whole);
    signal(SIGXFSZ, before);
    CHECK(st == IPL_E_IO && strstr(ipl_last_error_text(), "run/"));
    CHECK(files_count(f) == 0);
    ipl_device_close(c.dev);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(files_are_those_of_a_folder),
    CHECK_TEST(seeds_have_ticks_of_their_own),
    CHECK_TEST(rows_out_of_place_are_refused),
    CHECK_TEST(names_that_no_table_can_have_are_refused),
    CHECK_TEST(what_is_there_stays),
    CHECK_TEST(a_failed_write_leaves_nothing),
};

CHECK_MAIN("plane_write", tests, 0)
