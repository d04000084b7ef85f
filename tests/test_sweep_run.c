/*
 * test_sweep_run.c - runs with lists of values: tables, journal, configuration.
 */
#include "plane_case.h"

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

/* -- Runs ---------------------------------------------------------------------------*/

static ipl_config small_config(const char *first, ...)
{
    static const char *const lines[] = {
        "net.layers=12, 5-tanh, 3-tanh, 2", "train.batch=64", "train.epochs=12",
        "train.learning_rate=0.01", "train.replicas=2", "data.limit=256",
        "measure.subset=64", "measure.loss_rows=50", "measure.policy=every",
        "measure.every=4", "pool.windows=11:12", "pool.controls=no",
        "run.keep=measured", "run.checkpoint_s=0", NULL};
    va_list more;
    va_start(more, first);
    const ipl_config c = config_with(lines, first, more);
    va_end(more);
    return c;
}

/* The lines of a table of `all` whose points are of this setting, without the setting,
 * are the table of `one`. */
static void same_lines(const char *all, const char *setting, const char *one,
                       const char *name)
{
    char mark[32];
    snprintf(mark, sizeof mark, "@%s,", setting);
    char *from = files_text(dir_of(all), name), *want = files_text(dir_of(one), name);
    char *got = calloc(1, strlen(from) + 1), *to = got;
    for (char *line = from; *line; line += strcspn(line, "\n") + 1) {
        const size_t length = strcspn(line, "\n") + 1;
        const char *at = strstr(line, mark);
        if (line != from && (!at || at > line + length)) continue;
        if (line == from) at = line + length;
        const size_t head = (size_t)(at - line);
        memcpy(to, line, head);
        to += head;
        if (line == from) continue;
        memcpy(to, at + strlen(mark) - 1, length - head - strlen(mark) + 1);
        to += length - head - strlen(mark) + 1;
    }
    if (strcmp(got, want)) fail_msg("%s of %s, setting %s:\n%s\nwant %s", name, all,
                                    setting, got, want);
    free(from);
    free(want);
    free(got);
}

static void same_tables(const char *all, const char *setting, const char *one)
{
    static const char *const names[] = {"plane.csv", "plane_details.csv",
                                        "compression.csv", "pool.csv"};
    for (size_t k = 0; k < sizeof names / sizeof *names; ++k)
        same_lines(all, setting, one, names[k]);
    same_file(dir_of(all), dir_of(one), "training.csv");
}

static void a_run_with_lists_has_the_bytes_of_a_run_each(void **state)
{
    ipl_device *dev = check_device(state);
    static const char *const edges[] = {"10", "4", "30"}, *const var[] = {"1e-3", ".5"};
    files_make_folder(folder);
    ipl_config c = small_config("bin.edges=10, 4, 30", "kde.noise_var=1e-3, .5",
                                "run.keep=all", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("all"), NULL, NULL, NULL));
    for (int k = 0; k < 5; ++k) {
        char set[40];
        snprintf(set, sizeof set, k < 3 ? "bin.edges=%s" : "kde.noise_var=%s",
                 k < 3 ? edges[k] : var[k - 3]);
        c = small_config(set, k < 3 ? "measure.estimators=bin"
                                    : "measure.estimators=kde", "run.keep=all", NULL);
        CHECK_OK(ipl_run(dev, &c, dir_of(set), NULL, NULL, NULL));
        same_tables("all", k < 3 ? edges[k] : var[k - 3], set);
    }
    /* The kept networks, measured with the same lists. */
    c = small_config("bin.edges=10, 4, 30", "kde.noise_var=1e-3, .5", "run.keep=none",
                     "measure.policy=kept", NULL);
    char text[FILES_PATH + 32];
    snprintf(text, sizeof text, "run.networks=%s", dir_of("all"));
    CHECK_OK(ipl_config_set(&c, text));
    CHECK_OK(ipl_run(dev, &c, dir_of("again"), NULL, NULL, NULL));
    same_file(dir_of("again"), dir_of("all"), "pool.csv");
    char *few = files_text(dir_of("all"), "plane.csv");
    char *more = files_text(dir_of("again"), "plane.csv");
    for (char *line = few; *line; line += strcspn(line, "\n") + 1) {
        char one[128];
        snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n") + 1, line);
        if (!strstr(more, one)) fail_msg("measured anew, there is no %s", one);
    }
    free(few);
    free(more);
    files_remove_folder(folder);
}

static int after_some(void *user, const ipl_progress *now)
{
    return now->measured >= *(int *)user || now->pooled >= *(int *)user;
}

/* With every tick measured by changes of all settings, stopped twice. */
static void an_interrupted_run_with_lists_goes_on_to_the_same_bytes(void **state)
{
    ipl_device *dev = check_device(state);
    static const char *const names[] = {"plane.csv", "plane_details.csv", "pool.csv",
                                        "compression.csv", "training.csv"};
    files_make_folder(folder);
    const ipl_config c = small_config(
        "bin.form=count", "bin.count=9, 3", "kde.noise_var=1e-3, .5",
        "measure.policy=delta-exact", "measure.delta_estimator=bin",
        "measure.delta=0.05", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("one"), NULL, NULL, NULL));
    int turns = 0, most = 2;
    ipl_status st = ipl_run(dev, &c, dir_of("two"), after_some, &most, NULL);
    for (; st == IPL_E_STOPPED; ++turns) {
        most = turns ? 1000 : 4;
        st = ipl_resume(dev, dir_of("two"), after_some, &most, NULL);
    }
    CHECK_OK(st);
    printf("# %d stops\n", turns);
    CHECK(turns >= 2);
    for (size_t k = 0; k < sizeof names / sizeof *names; ++k)
        same_file(dir_of("one"), dir_of("two"), names[k]);
    files_remove_folder(folder);
}

/* run.json tells each setting, with its points; config.ini the lists, as typed. */
static void a_run_tells_its_lists(void **state)
{
    ipl_device *dev = check_device(state);
    files_make_folder(folder);
    ipl_config again, c = small_config("kde.noise_var=1e-2,  0.1", "pool.windows=",
                                       "measure.estimators=kde", NULL);
    CHECK_OK(ipl_run(dev, &c, dir_of("r"), NULL, NULL, NULL));
    json_t *about = json_of(folder, "r/run.json");
    const json_t *all = json_object_get(about, "estimators");
    CHECK(json_array_size(all) == 2);
    for (size_t s = 0; s < 2; ++s) {
        const json_t *one = json_array_get(all, s);
        const json_t *point = json_array_get(json_object_get(one, "points"), 1);
        const json_t *var = json_object_get(json_object_get(one, "options"),
                                            "noise_var");
        assert_string_equal(json_string_value(json_object_get(one, "name")), "kde");
        assert_string_equal(json_string_value(json_object_get(one, "description")),
                            s ? "noise variance 0.1" : "noise variance 0.01");
        assert_string_equal(json_string_value(point),
                            s ? "kde-lower@0.1" : "kde-lower@1e-2");
        CHECK(json_real_value(var) == (s ? 0.1 : 0.01));
    }
    const json_t *kde = json_object_get(json_object_get(about, "config"), "kde");
    assert_string_equal(json_string_value(json_object_get(kde, "noise_var")),
                        "1e-2,  0.1");
    CHECK_OK(ipl_config_read(dir_of("r/config.ini"), &again));
    assert_string_equal(again.sweep[IPL_MI_KDE].values, "1e-2,  0.1");
    json_decref(about);
    files_remove_folder(folder);
}

/* -- Configurations -----------------------------------------------------------------*/

static void configurations_check_their_lists(void **state)
{
    (void)state;
    ipl_mi_options made[IPL_MI_SETTINGS_MAX];
    ipl_config c;
    ipl_config_defaults(&c);
    CHECK_OK(ipl_config_set(&c, "bin.width=0.1, 0.2"));
    CHECK_FAILS(ipl_config_check(&c), IPL_E_ARGUMENT,
                "[bin] width has a list of values, but form is edges: set form "
                "= width");
    CHECK(ipl_config_estimators(&c, made) == 0);
    CHECK_OK(ipl_config_set(&c, "bin.form=width"));
    CHECK_OK(ipl_config_check(&c));
    CHECK(ipl_config_estimators(&c, made) == 3 && made[1].bin_width == 0.2);
    CHECK_FAILS(ipl_config_set(&c, "bin.edges=4, 5"), IPL_E_ARGUMENT,
                "[bin] edges = '4, 5': width has a list already (0.1, 0.2)");
    CHECK_FAILS(ipl_config_set(&c, "train.epochs=4, 5"), IPL_E_ARGUMENT, "epochs");
    char list[IPL_OPTION_TEXT_MAX + 32] = "kde.noise_var=1";
    for (int v = 2; v <= IPL_MI_SETTINGS_MAX - 1; ++v)
        snprintf(list + strlen(list), sizeof list - strlen(list), ", %d", v);
    CHECK_OK(ipl_config_set(&c, list));
    CHECK_FAILS(ipl_config_check(&c), IPL_E_ARGUMENT,
                "more than 32 settings in all: shorten the list");
    CHECK_OK(ipl_config_set(&c, "bin.width=0.1")); /* the advice: 1 + 31 */
    CHECK_OK(ipl_config_check(&c));
    CHECK(ipl_config_estimators(&c, made) == IPL_MI_SETTINGS_MAX);
}

static const check_test tests[] = {
    CHECK_TEST(a_run_with_lists_has_the_bytes_of_a_run_each),
    CHECK_TEST(an_interrupted_run_with_lists_goes_on_to_the_same_bytes),
    CHECK_TEST(a_run_tells_its_lists),
    CHECK_TEST(configurations_check_their_lists),
};

CHECK_MAIN("sweep_run", tests, 1)
