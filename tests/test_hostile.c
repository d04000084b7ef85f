/*
 * test_hostile.c - no text of a run directory is taken for a command, a comment or
 * another text: each byte, and hostile words, in every text of every file.
 */
#include "hostile_case.h"
#include "ipl_text.h"
#include "picture_case.h"
#include "plot/gnuplot.h"

/* Many small files: not on a disk that each has to be waited for. */
static void in_memory(void)
{
    if (!access("/dev/shm", W_OK)) setenv("TMPDIR", "/dev/shm", 0);
}

/* -- Characters -------------------------------------------------------------------*/

static void characters_are_told_from_bytes_and_commands(void **state)
{
    (void)state;
    static const struct { const char *text; size_t bytes; int is_utf8; } cases[] = {
        {"a", 1, 1}, {" ", 1, 1}, {"\x7f", 0, 1}, {"\x1b", 0, 1}, {"\n", 0, 1},
        {"\xc2\x80", 0, 1}, {"\xc2\x9b", 0, 1}, {"\xc2\xa0", 2, 1},
        {"\xc3\xa9", 2, 1}, {"\xe2\x82\xac", 3, 1}, {"\xf0\x9f\x98\x80", 4, 1},
        {"\xef\xbf\xbd", 3, 1}, {"\xef\xbf\xbe", 0, 1}, {"\xef\xbf\xbf", 0, 1},
        {"\xf4\x8f\xbf\xbf", 4, 1}, {"\xf4\x90\x80\x80", 0, 0}, {"\x80", 0, 0},
        {"\xc0\xaf", 0, 0}, {"\xe0\x9f\xbf", 0, 0}, {"\xf0\x8f\xbf\xbf", 0, 0},
        {"\xed\xa0\x80", 0, 0}, {"\xed\xbf\xbf", 0, 0}, {"\xff", 0, 0},
        {"\xe2\x82", 0, 0}, {"\xc3", 0, 0}, {"\xc3z", 0, 0},
        {"\xf8\x88\x80\x80", 0, 0},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        const char *text = cases[k].text;
        assert_int_equal(ipl_text_visible(text, strlen(text)), cases[k].bytes);
        char *valid = ipl_text_utf8(text), want[32] = "";
        for (size_t b = 0; !cases[k].is_utf8 && text[b]; ++b)
            snprintf(want + strlen(want), sizeof want - strlen(want),
                     text[b] == 'z' ? "z" : "\\x%02x", (unsigned char)text[b]);
        assert_string_equal(valid, cases[k].is_utf8 ? text : want);
        free(valid);
    }
    CHECK(!ipl_text_visible("\xc3\xa9", 1));
}

/* -- config.ini -------------------------------------------------------------------*/

/* Keys of text whose values nothing but ipl_config_check reads. */
static const char *const free_keys[] = {"data.no_label", "data.mat_x", "data.mat_y",
                                        "net.layers", "measure.list", "pool.windows",
                                        "pool.k"};
enum { KEYS = sizeof free_keys / sizeof *free_keys };

/* Writes what was set, and reads it back. */
static void check_back(const ipl_config *config, const char *file)
{
    ipl_config again;
    CHECK_OK(ipl_config_write(config, file));
    CHECK_OK(ipl_config_read(file, &again));
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key was, is;
        CHECK_OK(ipl_config_key_at(config, k, &was));
        CHECK_OK(ipl_config_key_at(&again, k, &is));
        if (strcmp(was.value, is.value))
            fail_msg("%s = '%s' came back as '%s'", was.key, was.value, is.value);
    }
}

static void texts_come_back_from_config_ini_or_are_refused(void **state)
{
    (void)state;
    static const char *const form[] = {"%s=%cab", "%s=a%cb", "%s=ab%c", "%s=a %cb",
                                       "%s=a%c;b"};
    enum { FORMS = sizeof form / sizeof *form };
    char f[FILES_PATH], text[64];
    ipl_config config;
    int taken = 0, refused = 0;
    in_memory();
    files_make_folder(f);
    const char *file = files_path(f, "config.ini");
    ipl_config_defaults(&config);
    for (int k = 0; k < 255 * FORMS; ++k) {
        snprintf(text, sizeof text, form[k % FORMS], free_keys[taken % KEYS],
                 1 + k / FORMS);
        const ipl_status st = ipl_config_set(&config, text);
        if (st != IPL_OK) ++refused;
        else if (++taken % KEYS == 0) check_back(&config, file);
        CHECK(st == IPL_OK || strstr(ipl_last_error(), IPL_OPTION_LINE));
    }
    check_back(&config, file);
    CHECK(refused > 20 && refused < 60); /* blanks at ends, ends of lines, comments */
    files_remove_folder(f);
}

/* Their folder is a part of them. */
static void paths_of_a_hostile_folder_are_refused_before_a_run(void **state)
{
    (void)state;
    char f[FILES_PATH], here[4096];
    ipl_config config;
    files_make_folder(f);
    const char *folder = files_path(f, "a\nb"), *out = files_path(f, "run");
    CHECK(!mkdir(folder, 0777) && getcwd(here, sizeof here) && !chdir(folder));
    ipl_config_defaults(&config);
    CHECK_OK(ipl_config_set(&config, "run.networks=x"));
    CHECK_FAILS(ipl_config_write(&config, out), IPL_E_ARGUMENT,
                "rename it, or its folder: expected " IPL_OPTION_LINE);
    ipl_config_defaults(&config);
    snprintf(config.data_no_label, sizeof config.data_no_label, "a\n[train]");
    CHECK_FAILS(ipl_config_write(&config, out), IPL_E_ARGUMENT,
                "[data] no_label = 'a\n[train]': expected " IPL_OPTION_LINE);
    CHECK(access(out, F_OK) && !chdir(here));
    files_remove_folder(f);
}

/* -- gnuplot ----------------------------------------------------------------------*/

/* Strings in single quotes are the only place of text; gives how often it stands. */
static int check_script(const char *script)
{
    int inside = 0, texts = 0;
    size_t left = strlen(script), bytes;
    for (const char *at = script; left; at += bytes, left -= bytes) {
        bytes = *at == '\n' ? 1 : ipl_text_visible(at, left);
        if (!bytes || (inside && *at == '\n'))
            fail_msg("byte \\x%02x at %.60s", (unsigned char)*at, at);
        if (*at == '\'') inside = !inside;
        const int here = !strncmp(at, HOSTILE, strlen(HOSTILE));
        texts += here;
        if (!inside && (here || strchr("!`|\"\\", *at)))
            fail_msg("outside of a string: %.60s", at);
    }
    CHECK(!inside);
    return texts;
}

static void no_byte_ends_a_string_however_it_is_cut(void **state)
{
    (void)state;
    char text[HOSTILE_BYTES], plain[4 * HOSTILE_BYTES], script[5 * HOSTILE_BYTES];
    for (int k = 0; k < HOSTILE_TEXTS; ++k) {
        const char *of = hostile_text(k, text);
        for (size_t size = 1; size < sizeof plain; size += size < 64 ? 1 : 61) {
            ipl_gnuplot_plain(of, plain, size);
            CHECK(strlen(plain) < size && !strchr(plain, '\''));
            snprintf(script, sizeof script, "set label '%s'\n", plain);
            check_script(script);
        }
        CHECK(strlen(plain) >= strlen(of)); /* nothing is left out */
    }
}

/* Texts in a picture of a directory, or of two. */
static int texts_of(const char *dir, const char *other, int overlay, ipl_plot_what what,
                    const char *file)
{
    const char *dirs[] = {dir, other};
    ipl_plot_options how = ipl_plot_defaults();
    how.what = what;
    how.overlay = overlay;
    char *script = picture_of(other ? 2 : 1, dirs, &how, file);
    const int texts = check_script(script);
    free(script);
    return texts;
}

static void texts_stand_in_strings_in_every_picture(void **state)
{
    static const ipl_plot_what pictures[] = {IPL_PLOT_ALL, IPL_PLOT_POOL,
                                             IPL_PLOT_POOLED_PLANE, IPL_PLOT_AUDIT};
    (void)state;
    char f[FILES_PATH], text[HOSTILE_BYTES], name[256];
    in_memory();
    files_make_folder(f);
    char *plain = strdup(files_path(f, "plain"));
    char *file = strdup(files_path(f, "a.svg"));
    CHECK(!mkdir(plain, 0777));
    hostile_run(plain, "plain");
    for (int k = 0; k < HOSTILE_TEXTS; ++k) {
        const char *of = hostile_text(k, text);
        size_t used = 0;
        for (const char *at = of; *at && used + 1 < sizeof name; ++at)
            if (*at != '/') name[used++] = *at;
        name[used] = 0;
        char *dir = strdup(files_path(f, name));
        CHECK(!mkdir(dir, 0777));
        hostile_run(dir, of);
        for (size_t w = 0; w < sizeof pictures / sizeof *pictures; ++w)
            CHECK(texts_of(dir, NULL, 0, pictures[w], file) > 1);
        CHECK(texts_of(dir, plain, 1, IPL_PLOT_PLANE, file) > 1);
        CHECK(texts_of(plain, dir, 1, IPL_PLOT_EPOCHS, file) > 1);
        CHECK(texts_of(dir, plain, 0, IPL_PLOT_ALL, file) > 1);
        free(dir);
    }
    free(plain);
    free(file);
    files_remove_folder(f);
}

/* The one text that is a word of ours. */
static void ticks_are_epochs_or_steps(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    hostile_run(f, "plain");
    json_t *run = json_of(f, "run.json");
    json_object_set_new(run, "tick", json_string("epoch'\n!touch " HOSTILE));
    hostile_save(f, "run.json", run);
    CHECK_FAILS(ipl_plot(f, IPL_PLOT_PLANE, files_path(f, "x.svg")), IPL_E_FORMAT,
                "tick epoch or step");
    files_remove_folder(f);
}

static void fonts_are_names(void **state)
{
    (void)state;
    static const char bad[] = "'\",\\{}<>&\n\t\x1b\x7f\x80\xff";
    for (const char *at = bad; *at; ++at) {
        const char font[] = {'T', *at, 'm', 0};
        ipl_gnuplot_page page = {100, 100, 1.0, 0, font};
        CHECK_FAILS(ipl_gnuplot_start("a.svg", &page, &(ipl_gnuplot){0}),
                    IPL_E_ARGUMENT, "expected a name like Times");
    }
    ipl_gnuplot_page page = {100, 100, 1.0, 0, "Noto Sans Ünï-1|=;!`$%#"};
    ipl_gnuplot g;
    CHECK_OK(ipl_gnuplot_start("a.svg", &page, &g));
    ipl_gnuplot_give_up(&g);
}

/* -- run.json ---------------------------------------------------------------------*/

/* JSON has them as \xNN, config.ini the bytes: the run can be resumed. */
static void paths_that_are_not_utf8_leave_valid_json(void **state)
{
    static const float x[] = {0, 1, 2, 3, 4, 5, 6, 7};
    static const int32_t y[] = {0, 1, 0, 1, 1, 0, 1, 0};
    char f[FILES_PATH], set[512];
    ipl_device *dev;
    (void)state;
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    files_make_folder(f);
    char *folder = strdup(files_path(f, "d\xe9\xc3"));
    char *out = strdup(files_path(f, "r\xff"));
    char *path_x = strdup(files_path(folder, "x\xc3\xa9\x80.npy"));
    char *path_y = strdup(files_path(folder, "y.npy"));
    CHECK(!mkdir(folder, 0777));
    CHECK_OK(ipl_npy_write_float32(path_x, 8, 1, x));
    CHECK_OK(ipl_npy_write_int32(path_y, 8, y));
    ipl_config config, again;
    ipl_config_defaults(&config);
    const char *const sets[] = {"net.layers=1, 2-tanh, 2", "train.epochs=2",
                                "data.set=arrays", "measure.estimators=bin"};
    for (size_t s = 0; s < sizeof sets / sizeof *sets; ++s)
        CHECK_OK(ipl_config_set(&config, sets[s]));
    snprintf(set, sizeof set, "data.x=%s", path_x);
    CHECK_OK(ipl_config_set(&config, set));
    snprintf(set, sizeof set, "data.y=%s", path_y);
    CHECK_OK(ipl_config_set(&config, set));
    CHECK_OK(ipl_run(dev, &config, out, NULL, NULL, NULL));
    json_t *run = json_of(out, "run.json");
    const char *name = json_string_value(json_object_get(json_object_get(
        json_object_get(run, "config"), "data"), "x"));
    CHECK(name && strstr(name, "/d\\xe9\\xc3/x\xc3\xa9\\x80.npy"));
    name = json_string_value(json_object_get(json_object_get(run, "data"), "name"));
    CHECK(name && strstr(name, "\\x80"));
    json_decref(run);
    CHECK_OK(ipl_config_read(files_path(out, "config.ini"), &again));
    CHECK(!strcmp(again.data_x, path_x));
    CHECK_OK(ipl_resume(dev, out, NULL, NULL, NULL));
    ipl_device_close(dev);
    free(folder);
    free(out);
    free(path_x);
    free(path_y);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(characters_are_told_from_bytes_and_commands),
    CHECK_TEST(texts_come_back_from_config_ini_or_are_refused),
    CHECK_TEST(paths_of_a_hostile_folder_are_refused_before_a_run),
    CHECK_TEST(no_byte_ends_a_string_however_it_is_cut),
    CHECK_TEST(texts_stand_in_strings_in_every_picture),
    CHECK_TEST(ticks_are_epochs_or_steps),
    CHECK_TEST(fonts_are_names),
    CHECK_TEST(paths_that_are_not_utf8_leave_valid_json),
};

CHECK_MAIN("hostile", tests, 0)
