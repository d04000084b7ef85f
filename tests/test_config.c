/*
 * test_config.c - configurations: what is read, refused, explained and written.
 */
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include "files.h"
#include "plane/policy.h"

/* Writes text to a file of its own, whose name is then in path[64]. */
static void write_file(const char *text, char *path)
{
    strcpy(path, "/tmp/ipl-config-XXXXXX");
    const int fd = mkstemp(path);
    CHECK(fd >= 0);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static ipl_status read_text(const char *text, ipl_config *config)
{
    char path[64];
    write_file(text, path);
    const ipl_status st = ipl_config_read(path, config);
    unlink(path);
    return st;
}

/* The values of all keys, as text, must agree. */
static void check_equal(const ipl_config *a, const ipl_config *b)
{
    for (int k = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key x, y;
        CHECK_OK(ipl_config_key_at(a, k, &x));
        CHECK_OK(ipl_config_key_at(b, k, &y));
        if (strcmp(x.value, y.value))
            fail_msg("[%s] %s is '%s' and '%s'", x.section, x.key, x.value, y.value);
    }
}

static void defaults_are_the_values_of_an_empty_file(void **state)
{
    (void)state;
    ipl_config defaults, empty;
    ipl_config_defaults(&defaults);
    CHECK_OK(read_text("", &empty));
    check_equal(&defaults, &empty);
    CHECK_OK(ipl_config_check(&empty));
    CHECK(empty.epochs == 8000 && empty.train.batch == 512 && empty.seed == 1);
    CHECK(empty.train.optimizer == IPL_ADAM && empty.train.learning_rate == 4e-4);
    CHECK(empty.mi[IPL_MI_KDE].noise_var == 0.05 &&
          empty.mi[IPL_MI_BIN].bin_edges == 30);
    CHECK(empty.delta == 0.02);
    CHECK(empty.estimators == 3 && empty.replicas == 1);
    CHECK(empty.rows == 1u << IPL_ROWS_ALL);
}

static void keys_are_unique_and_explained(void **state)
{
    (void)state;
    ipl_config config;
    ipl_config_defaults(&config);
    for (int a = 0; a < ipl_config_keys(); ++a) {
        ipl_config_key x, y;
        CHECK_OK(ipl_config_key_at(&config, a, &x));
        CHECK(x.expected[0] && strlen(x.expected) < sizeof x.expected - 1);
        CHECK(*x.help || strcmp(x.section, "kde"));
        for (int b = 0; b < a; ++b) {
            CHECK_OK(ipl_config_key_at(&config, b, &y));
            CHECK(strcmp(x.section, y.section) || strcmp(x.key, y.key));
        }
    }
    CHECK_FAILS(ipl_config_key_at(&config, ipl_config_keys(), &(ipl_config_key){0}),
                IPL_E_ARGUMENT, "key");
}

static void written_config_reads_back_the_same(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "train.learning_rate=0.1", "kde.noise_var=1.2345678901234567e-7",
        "bin.range=-0.30000000000000004, 1e9", "train.seed=9007199254740991",
        "measure.estimators=kde", "data.path=/a folder/with = signs # and all",
        "net.layers=784, 1024-leaky-relu, 10", "measure.list=0:19, 20:99:5",
        "bin.form=quantiles", "train.shuffle=no", "measure.tick=step",
    };
    char path[64];
    ipl_config config, again;
    ipl_config_defaults(&config);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; ++s)
        CHECK_OK(ipl_config_set(&config, sets[s]));
    write_file("", path);
    CHECK_OK(ipl_config_write(&config, path));
    CHECK_OK(ipl_config_read(path, &again));
    unlink(path);
    check_equal(&config, &again);
    char *text;
    size_t bytes;
    ipl_config parsed;
    CHECK_OK(ipl_config_text(&config, &text, &bytes));
    CHECK_OK(ipl_config_parse("what was sent", text, bytes, &parsed));
    check_equal(&config, &parsed);
    text[bytes - 2] = '!'; /* a value's last byte */
    CHECK_FAILS(ipl_config_parse("what was sent", text, bytes, &parsed), IPL_E_FORMAT,
                "what was sent:");
    free(text);
    CHECK(again.mi[IPL_MI_BIN].bin_lo == -0.30000000000000004);
    CHECK(again.mi[IPL_MI_KDE].noise_var == 1.2345678901234567e-7);
}

/* A path of a file is seen from the file's folder, and is written whole. */
static void paths_are_relative_to_their_file(void **state)
{
    (void)state;
    static const char text[] = "[data]\npath = sets/../x\n[run]\nnetworks = runs/a\n";
    char f[FILES_PATH], here[PATH_MAX], want[PATH_MAX + 16];
    ipl_config config;
    files_make_folder(f);
    const char *file = files_path(f, "a.ini"), *again = files_path(f, "b.ini");
    files_write(file, strlen(text), text);
    CHECK_OK(ipl_config_read(file, &config));
    CHECK(!strcmp(config.data_path, files_path(f, "sets/../x")));
    CHECK(!strcmp(config.networks, files_path(f, "runs/a")));
    CHECK(getcwd(here, sizeof here) && !chdir(f));
    CHECK_OK(ipl_config_read("a.ini", &config));
    CHECK(!strcmp(config.data_path, "sets/../x"));
    CHECK(!mkdir("sets", 0777) && !mkdir("x", 0777)); /* what is there has one name */
    CHECK_OK(ipl_config_set(&config, "run.networks=/runs/b"));
    CHECK_OK(ipl_config_write(&config, "b.ini"));
    CHECK(!chdir(here));
    CHECK(!strcmp(config.data_path, "sets/../x"));
    CHECK_OK(ipl_config_read(again, &config));
    CHECK(realpath(f, here));
    snprintf(want, sizeof want, "%s/x", here);
    CHECK(!strcmp(config.data_path, want) && !strcmp(config.networks, "/runs/b"));
    files_remove_folder(f);
}

static void a_path_that_its_folder_makes_too_long_is_refused(void **state)
{
    (void)state;
    char f[FILES_PATH], text[IPL_CONFIG_TEXT + 32];
    ipl_config config;
    files_make_folder(f);
    const int room = IPL_CONFIG_TEXT - 1 - (int)strlen(f) - 1;
    for (int more = 0; more < 2; ++more) {
        snprintf(text, sizeof text, "[data]\npath = %0*d\n", room + more, 0);
        files_write(files_path(f, "a.ini"), strlen(text), text);
        if (!more) CHECK_OK(ipl_config_read(files_path(f, "a.ini"), &config));
        else
            CHECK_FAILS(ipl_config_read(files_path(f, "a.ini"), &config),
                        IPL_E_ARGUMENT, "expected at most 175 characters, its folder");
    }
    files_remove_folder(f);
}

static void blanks_comments_and_line_ends_do_not_matter(void **state)
{
    (void)state;
    ipl_config config;
    CHECK_OK(read_text("\xef\xbb\xbf# a comment\r\n[train]\r\n  epochs=7 ; inline\r\n"
                       "\tbatch =  64  \r\n\r\n; more\r\n[measure]\r\n"
                       "estimators = kde ,bin\r\n[train]\r\nseed = 3", &config));
    CHECK(config.epochs == 7 && config.train.batch == 64 && config.seed == 3);
    CHECK(config.estimators == 3);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } bad[] = {
        {"[train]\nepoch = 7\n", ":2: no key 'epoch' in section [train]; is [train] "
                                 "epochs meant?"},
        {"[data]\nepochs = 7\n", ":2: no key 'epochs' in section [data]; is [train] "
                                 "epochs meant?"},
        {"[train]\nzebra = 7\n", ":2: no key 'zebra' in section [train], which has "
                                 "optimizer"},
        {"[tarin]\nepochs = 7\n", ":1: no section [tarin]"},
        {"[nothing]\n", ":1: no section [nothing]"},
        {"epochs = 7\n", ":1: no key 'epochs' in section []; is [train] epochs meant?"},
        {"[train]\n\nseed = 1\nseed = 2\n", ":4: [train] seed = '2': already set in "
                                            "line 3"},
        {"[train]\nepochs = 7x\n", ":2: [train] epochs = '7x': expected a whole number "
                                   "from 1 to 1000000000"},
        {"[train]\nepochs = 7.5\n", "'7.5': expected a whole number"},
        {"[train]\nepochs = 0\n", "'0': expected a whole number from 1"},
        {"[train]\nepochs =\n", "epochs = '': expected a whole number"},
        {"[train]\nepochs = 99999999999999999999\n", "expected a whole number"},
        {"[train]\nlearning_rate = 0\n", "expected a number above 0 to"},
        {"[train]\nlearning_rate = nan\n", "'nan': expected a number"},
        {"[train]\nlearning_rate = inf\n", "'inf': expected a number"},
        {"[train]\nlearning_rate = 1e-3 0\n", "'1e-3 0': expected a number"},
        {"[train]\noptimizer = adm\n", "'adm': expected sgd, momentum or adam"},
        {"[train]\nshuffle = true\n", "'true': expected no or yes"},
        {"[measure]\npolicy = every 10\n", "'every 10': expected every, log, list, "
                                           "kept, delta-approx or delta-exact"},
        {"[measure]\nestimators = bin, bin\n", "expected any of bin"},
        {"[measure]\nestimators = \n", "expected any of"},
        {"[bin]\nrange = 1, -1\n", "'1, -1': expected two numbers"},
        {"[bin]\nrange = 1\n", "expected two numbers"},
        {"[bin]\nrange = -1, 0, 1\n", "expected two numbers"},
        {"[bin]\nwidth = -0.1\n", "'-0.1': expected a number above 0"},
        {"[kde]\nnoise_var = 0\n", "'0': expected a number above 0"},
        {"[train]\n[sweep]\n", ":2: section [sweep]: this is a study, and no "
                               "configuration of one run: infoplane sweep runs it"},
        {"[train]\nepochs\n", ":2: expected [section] or key = value"},
        {"[train\nepochs = 1\n", ":1: expected [section] or key = value"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        ipl_config config;
        CHECK_FAILS(read_text(bad[b].text, &config), IPL_E_FORMAT, bad[b].words);
    }
    ipl_config config;
    CHECK_FAILS(ipl_config_read("/no/such.ini", &config), IPL_E_IO, "/no/such.ini");
    CHECK_FAILS(ipl_config_read("/tmp", &config), IPL_E_IO, "/tmp");
}

/* What a section of somebody else's gave, as "line key=value;". */
static ipl_status note_key(void *user, ipl_config *config, int line, const char *key,
                           const char *value)
{
    char *text = user;
    CHECK(config->epochs == 70); /* of the lines before */
    sprintf(text + strlen(text), "%d %s=%s;", line, key, value);
    if (!strcmp(key, "bad")) return IPL_FAIL(IPL_E_FORMAT, "line %d is bad", line);
    return IPL_OK;
}

static void a_section_more_goes_to_its_reader(void **state)
{
    (void)state;
    static const char text[] = "[train]\nepochs = 70\n[more]\na.b = 1 = 2\n a.b =\n"
                               "[train]\nseed = 5\n";
    char seen[200] = "", path[64];
    ipl_config config;
    write_file(text, path);
    CHECK_OK(ipl_config_read_more(path, "more", note_key, seen, &config));
    assert_string_equal(seen, "4 a.b=1 = 2;5 a.b=;");
    CHECK(config.epochs == 70 && config.seed == 5);
    CHECK_FAILS(ipl_config_read(path, &config), IPL_E_FORMAT, ":3: no section [more]");
    CHECK_FAILS(ipl_config_read_more(path, "train", note_key, seen, &config),
                IPL_E_ARGUMENT, "section [train]");
    unlink(path);
    write_file("[train]\nepochs = 70\n[more]\nbad = 1\n[nothing]\n", path);
    CHECK_FAILS(ipl_config_read_more(path, "more", note_key, seen, &config),
                IPL_E_FORMAT, "line 4 is bad");
    unlink(path);
}

/* Of `text`, a section [more]: what its reader got. */
static void expect_more(const char *text, const char *want)
{
    char whole[700], seen[500] = "", path[64];
    ipl_config config;
    snprintf(whole, sizeof whole, "[train]\nepochs = 70\n[more]\n%s", text);
    write_file(whole, path);
    CHECK_OK(ipl_config_read_more(path, "more", note_key, seen, &config));
    assert_string_equal(seen, want);
    unlink(path);
}

static void values_of_a_section_more_go_on_behind_a_separator(void **state)
{
    (void)state;
    expect_more("a = 1,\n  2\nb = 3\n", "4 a=1, 2;6 b=3;");
    expect_more("a = 1 |\n2 | \n\t3 &\n4\n b = 3\n", "4 a=1 | 2 | 3 & 4;8 b=3;");
    expect_more("a = 1, ; one\n# two\n\n; three\n2, ; four\n3;4\nb = 3\n",
                "4 a=1, 2, 3;4;10 b=3;");
    expect_more("a = 1,\nb = 2\n", "4 a=1, b = 2;"); /* which its reader refuses */
    expect_more("a = 1,", "4 a=1,;");
    expect_more("a = 1,\n[train]\nseed = 5\n", "4 a=1,;");
    expect_more("a = 1,\n\n", "4 a=1,;");
    expect_more("a = 1,2\n  b = 3\n", "4 a=1,2;5 b=3;");
    expect_more("a =\nb = 3\n", "4 a=;5 b=3;");
    char text[500], path[64], seen[600] = "";
    ipl_config config;
    snprintf(text, sizeof text, "[train]\nepochs = 70\n[more]\na = 1,\n%0197d\n", 7);
    write_file(text, path);
    CHECK_OK(ipl_config_read_more(path, "more", note_key, seen, &config));
    CHECK(strlen(seen) == 4 + 2 + 1 + 197 + 1);
    unlink(path);
    snprintf(text, sizeof text, "[train]\nepochs = 70\n[more]\na = 1,\n%0198d\n", 7);
    write_file(text, path);
    CHECK_FAILS(ipl_config_read_more(path, "more", note_key, seen, &config),
                IPL_E_FORMAT, ":5: longer than 197 characters");
    unlink(path);
    /* Sections of a configuration have lines of their own. */
    snprintf(text, sizeof text, "[measure]\nestimators = bin,\nkde\n");
    CHECK_FAILS(read_text(text, &config), IPL_E_FORMAT, ":");
}

static void keys_are_found_and_set_by_number(void **state)
{
    (void)state;
    int at;
    const char *section;
    ipl_config config;
    ipl_config_defaults(&config);
    CHECK_OK(ipl_config_find("bin.edges", &at));
    CHECK(!strcmp(ipl_config_option(at, &section)->key, "edges"));
    CHECK(!strcmp(section, "bin") && !ipl_config_option(-1, NULL) &&
          !ipl_config_option(ipl_config_keys(), NULL));
    CHECK_OK(ipl_config_set_at(&config, at, " 17", NULL));
    CHECK(config.mi[IPL_MI_BIN].bin_edges == 17);
    CHECK_FAILS(ipl_config_set_at(&config, at, "x", NULL), IPL_E_ARGUMENT,
                "[bin] edges = 'x': expected a whole number");
    CHECK_FAILS(ipl_config_find("bin.edge", &at), IPL_E_ARGUMENT,
                "'bin.edge': no key 'edge' in section [bin]; is [bin] edges meant?");
    CHECK_FAILS(ipl_config_find("edges", &at), IPL_E_ARGUMENT, "expected section.key");
    CHECK_OK(ipl_config_find("data.path", &at));
    CHECK_OK(ipl_config_set_at(&config, at, "set", "some/study.ini"));
    assert_string_equal(config.data_path, "some/set");
    CHECK_OK(ipl_config_set_at(&config, at, "set", NULL));
    assert_string_equal(config.data_path, "set");
}

static void overlong_lines_are_refused_and_not_split(void **state)
{
    (void)state;
    char text[400] = "[data]\npath = ";
    ipl_config config;
    memset(text + strlen(text), 'x', 250);
    CHECK_FAILS(read_text(text, &config), IPL_E_FORMAT, ":2: longer than");
    memset(text, 0, sizeof text);
    strcpy(text, "data.path=");
    memset(text + strlen(text), 'x', IPL_CONFIG_TEXT);
    ipl_config_defaults(&config);
    CHECK_FAILS(ipl_config_set(&config, text), IPL_E_ARGUMENT,
                "at most 175 characters");
}

static void failed_reading_leaves_the_config(void **state)
{
    (void)state;
    ipl_config config, before;
    ipl_config_defaults(&config);
    CHECK_OK(ipl_config_set(&config, "train.epochs=5"));
    before = config;
    CHECK_FAILS(read_text("[train]\nseed = 9\nepochs = x\n", &config), IPL_E_FORMAT,
                "epochs = 'x'");
    check_equal(&before, &config);
}

static void set_names_its_argument(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } bad[] = {
        {"train.epochs", "'train.epochs': expected section.key=value"},
        {"epochs=7", "'epochs=7': expected section.key=value"},
        {"train.epoch=7", "'train.epoch=7': no key 'epoch'"},
        {"train.epochs=seven", "'train.epochs=seven': [train] epochs = 'seven'"},
        {"data.path=a ;b", "no ';' at its start or behind a blank"},
        {"measure.estimators=bin,", "estimators = 'bin,'"},
        {"bin.range=0, 1,", "range = '0, 1,'"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        ipl_config config;
        ipl_config_defaults(&config);
        CHECK_FAILS(ipl_config_set(&config, bad[b].text), IPL_E_ARGUMENT, bad[b].words);
    }
}

static void keys_must_fit_each_other(void **state)
{
    (void)state;
    static const struct { const char *set, *words; } bad[] = {
        {"net.layers=12, 10-tahn, 2", "[net] layers:"},
        {"data.set=idx", "[data] path is empty"},
        {"measure.policy=list", "needs list"},
        {"measure.list=3, 2", "at '2'"},
        {"measure.list=3:1", "expected a tick"},
        {"measure.list=3,", "at an empty entry expected a tick"},
        {"measure.list=,3", "at an empty entry expected a tick"},
        {"measure.list=3,,5", "at an empty entry expected a tick"},
        {"pool.windows=0:4,", "at an empty entry expected first:last"},
        {"pool.windows=0:4, 7, 0:4", "'0:4' is there twice"},
        {"pool.windows=last:3, last:3", "'last:3' is there twice"},
        {"pool.k=1, 2,", "at an empty entry expected a whole number above 2"},
        {"net.layers=12", "[net] layers: '12' is one entry"},
        {"measure.list=1 2", "expected a tick"},
        {"measure.list=0:9999999999999:0", "expected a tick"},
    };
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        ipl_config config;
        ipl_config_defaults(&config);
        CHECK_OK(ipl_config_set(&config, bad[b].set));
        CHECK_FAILS(ipl_config_check(&config), IPL_E_ARGUMENT, bad[b].words);
    }
    ipl_config config;
    ipl_config_defaults(&config);
    CHECK_OK(ipl_config_set(&config, "measure.estimators=kde"));
    CHECK_OK(ipl_config_set(&config, "measure.delta_estimator=bin"));
    CHECK_FAILS(ipl_config_check(&config), IPL_E_ARGUMENT, "delta_estimator");
}

static void an_activation_is_of_all_hidden_layers(void **state)
{
    (void)state;
    ipl_config config;
    ipl_net_shape shape;
    CHECK_OK(read_text("[net]\nlayers = 9, 5-tanh, 4-relu, 2\n"
                       "activation = leaky-relu\n", &config));
    CHECK_OK(ipl_config_net(&config, &shape));
    CHECK(shape.layers == 3 && shape.width[1] == 5 && shape.width[2] == 4);
    CHECK(shape.act[1] == IPL_ACT_LEAKY_RELU && shape.act[2] == IPL_ACT_LEAKY_RELU &&
          shape.act[3] == IPL_ACT_SOFTMAX);
    CHECK_OK(ipl_config_set(&config, "net.activation="));
    CHECK_OK(ipl_config_net(&config, &shape));
    CHECK(shape.act[1] == IPL_ACT_TANH && shape.act[2] == IPL_ACT_RELU);
    CHECK_FAILS(ipl_config_set(&config, "net.activation=softmax"), IPL_E_ARGUMENT,
                "[net] activation = 'softmax': expected nothing, linear, tanh, relu, "
                "leaky-relu, sigmoid, elu or softplus");
}

static void list_gives_its_ticks_up_to_the_last(void **state)
{
    (void)state;
    ipl_config config;
    ipl_policy_options options;
    int64_t *list;
    ipl_config_defaults(&config);
    CHECK_OK(ipl_config_set(&config, "measure.policy=list"));
    CHECK_OK(ipl_config_set(&config,
                            "measure.list=0:19, 20:99:5, 100:1999:20, 2000:10000:100"));
    CHECK_OK(ipl_policy_of(&config, 10000, &options, &list));
    CHECK(options.kind == IPL_POLICY_LIST && options.list_count == 20 + 16 + 95 + 81);
    CHECK(list[19] == 19 && list[20] == 20 && list[21] == 25 && list[36] == 100 &&
          list[131] == 2000 && list[211] == 10000);
    free(list);
    CHECK_OK(ipl_policy_of(&config, 22, &options, &list));
    CHECK(options.list_count == 21 && list[20] == 20);
    free(list);
}

static void sections_of_estimators_hold_their_options(void **state)
{
    (void)state;
    ipl_config config;
    ipl_mi_options made[IPL_MI_SETTINGS_MAX];
    CHECK_OK(read_text("[bin]\nform = count\nedges = 31\ncount = 32\nquantiles = 33\n"
                       "width = 0.5\nrange = -2, 3\n[kde]\nnoise_var = 0.25\n"
                       "[measure]\nestimators = kde, bin\n", &config));
    assert_int_equal(ipl_config_estimators(&config, made), 2);
    CHECK(made[0].estimator == IPL_MI_BIN && made[1].estimator == IPL_MI_KDE);
    CHECK(made[0].bin_form == IPL_BIN_COUNT && made[0].bin_edges == 31);
    CHECK(made[0].bin_count == 32 && made[0].bin_quantiles == 33);
    CHECK(made[0].bin_width == 0.5 && made[0].bin_lo == -2.0 && made[0].bin_hi == 3.0);
    CHECK(made[1].noise_var == 0.25 && !made[1].noise_relative);
    CHECK_OK(ipl_config_set(&config, "measure.estimators=kde"));
    assert_int_equal(ipl_config_estimators(&config, made), 1);
    CHECK(made[0].estimator == IPL_MI_KDE);
}

static void shipped_configs_are_valid(void **state)
{
    (void)state;
    int count = 0;
    DIR *dir = opendir("configs");
    CHECK(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        char path[320];
        ipl_config config;
        if (!strstr(d->d_name, ".ini")) continue;
        snprintf(path, sizeof path, "configs/%s", d->d_name);
        CHECK_OK(ipl_config_read(path, &config));
        CHECK_OK(ipl_config_check(&config));
        ++count;
    }
    closedir(dir);
    CHECK(count >= 6);
}

static const check_test tests[] = {
    CHECK_TEST(defaults_are_the_values_of_an_empty_file),
    CHECK_TEST(keys_are_unique_and_explained),
    CHECK_TEST(written_config_reads_back_the_same),
    CHECK_TEST(paths_are_relative_to_their_file),
    CHECK_TEST(a_path_that_its_folder_makes_too_long_is_refused),
    CHECK_TEST(blanks_comments_and_line_ends_do_not_matter),
    CHECK_TEST(bad_lines_are_named),
    CHECK_TEST(a_section_more_goes_to_its_reader),
    CHECK_TEST(values_of_a_section_more_go_on_behind_a_separator),
    CHECK_TEST(keys_are_found_and_set_by_number),
    CHECK_TEST(overlong_lines_are_refused_and_not_split),
    CHECK_TEST(failed_reading_leaves_the_config),
    CHECK_TEST(set_names_its_argument),
    CHECK_TEST(keys_must_fit_each_other),
    CHECK_TEST(an_activation_is_of_all_hidden_layers),
    CHECK_TEST(list_gives_its_ticks_up_to_the_last),
    CHECK_TEST(sections_of_estimators_hold_their_options),
    CHECK_TEST(shipped_configs_are_valid),
};

CHECK_MAIN("config", tests, 0)
