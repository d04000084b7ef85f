/*
 * test_families.c - the table of estimators: whatever it says appears wherever people
 * and programs look.
 */
#include <unistd.h>

#include "ipl_mi.h"
#include "near_case.h"
#include "plane_case.h"

/* Every row: its number in the table as k, and itself. */
static const ipl_mi_family *family_at(int k)
{
    const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)k);
    CHECK(family);
    return family;
}

/* What the program of this build prints, to be freed. */
static char *printed(const char *arguments)
{
    char self[512], command[1200];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    CHECK(length > 0);
    self[length] = 0;
    *strrchr(self, '/') = 0; /* BUILD/tests */
    *strrchr(self, '/') = 0;
    char f[FILES_PATH];
    files_make_folder(f);
    snprintf(command, sizeof command, "%s/infoplane %s >%s 2>&1", self, arguments,
             files_path(f, "out"));
    const int status = system(command);
    char *text = files_text(f, "out");
    if (status) fail_msg("%s: %s", command, text);
    files_remove_folder(f);
    return text;
}

/* The section "[name]" of the keys that are printed, up to the next one. */
static char *section_of(char *keys, const char *name)
{
    char head[64];
    snprintf(head, sizeof head, "\n[%s]\n", name);
    char *begin = strstr(keys, head);
    if (!begin) fail_msg("no section [%s]", name);
    char *end = strstr(begin + 1, "\n[");
    if (end) *end = 0;
    return begin;
}

static void rows_are_whole(void **state)
{
    (void)state;
    int points = 0, standard = 0;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *f = family_at(k);
        const ipl_mi_options made = ipl_mi_defaults((ipl_mi_estimator)k);
        char text[IPL_OPTION_TEXT_MAX] = "";
        CHECK(f->name && *f->name && f->summary && *f->summary && f->rows_max >= 2);
        CHECK(f->points >= 1 && f->points <= IPL_MI_POINTS_MAX);
        CHECK(ipl_mi_family_named(f->name) == k && f->options >= 1);
        CHECK_OK(ipl_mi_options_check(&made));
        ipl_mi_describe(&made, text, sizeof text);
        CHECK(*text);
        standard += f->standard;
        for (int p = 0; p < f->points; ++p, ++points) {
            ipl_mi_estimator is;
            const char *title = NULL;
            CHECK(!strcmp(ipl_mi_point_name(points), f->point[p].name));
            CHECK_OK(ipl_mi_point_named(f->point[p].name, &is, &title));
            CHECK(is == (ipl_mi_estimator)k && !strcmp(title, f->point[p].title));
            CHECK(!strncmp(f->point[p].name, f->name, strlen(f->name)));
        }
    }
    CHECK(!ipl_mi_point_name(points) && !ipl_mi_point_name(-1) && standard >= 1);
    CHECK(!ipl_mi_family_of(IPL_MI_ESTIMATOR_COUNT) && ipl_mi_family_named("x") == -1);
    CHECK_FAILS(ipl_mi_point_named("kde-middle", NULL, NULL), IPL_E_ARGUMENT,
                "kde-middle");
}

/* Text sets each option, and each option prints what sets it again. */
static void options_are_set_by_their_keys(void **state)
{
    (void)state;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *f = family_at(k);
        ipl_mi_options made = ipl_mi_defaults((ipl_mi_estimator)k);
        for (int o = 0; o < f->options; ++o) {
            const ipl_option *option = &f->option[o];
            char text[2 * IPL_OPTION_TEXT_MAX], value[IPL_OPTION_TEXT_MAX];
            CHECK(option->help && *option->help && option->fallback);
            CHECK(!option->form || option->flag);
            /* The last choice, or the upper end of the range. */
            if (option->type == IPL_OPTION_CHOICE) {
                int last = 0;
                while (ipl_option_choice(option, last + 1)) ++last;
                snprintf(value, sizeof value, "%s", ipl_option_choice(option, last));
            } else if (option->type == IPL_OPTION_RANGE) {
                snprintf(value, sizeof value, "0.25, 0.5");
            } else {
                const int whole = option->type == IPL_OPTION_INTEGER;
                snprintf(value, sizeof value, whole ? "%.0f" : "%.17g", option->max);
            }
            snprintf(text, sizeof text, "%s=%s", option->key, value);
            CHECK_OK(ipl_mi_options_set(&made, text));
            char again[IPL_OPTION_TEXT_MAX];
            ipl_option_print(option, &made, again, sizeof again);
            CHECK_OK(ipl_mi_options_set(&made, text));
            snprintf(text, sizeof text, "%s=%s", option->key, again);
            CHECK_OK(ipl_mi_options_set(&made, text));
            snprintf(text, sizeof text, "%s=no such thing", option->key);
            CHECK_FAILS(ipl_mi_options_set(&made, text), IPL_E_ARGUMENT, option->key);
            ipl_option_print(option, &made, value, sizeof value);
            CHECK(!strcmp(value, again));
        }
        CHECK_FAILS(ipl_mi_options_set(&made, "speed=3"), IPL_E_ARGUMENT,
                    f->option[0].key);
        CHECK_FAILS(ipl_mi_options_set(&made, "speed"), IPL_E_ARGUMENT, "key=value");
    }
}

static void keys_and_flags_have_every_option(void **state)
{
    (void)state;
    char *keys = printed("run --keys"), *help = printed("estimate --help");
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *f = family_at(k);
        char *copy = strdup(keys), *section = section_of(copy, f->name);
        CHECK(strstr(help, f->name));
        for (int o = 0; o < f->options; ++o) {
            char line[300], expected[256];
            snprintf(line, sizeof line, "\n%s = %s\n    %s\n", f->option[o].key,
                     f->option[o].fallback, f->option[o].help);
            ipl_option_expected(&f->option[o], expected, sizeof expected);
            if (!strstr(section, line)) fail_msg("--keys lacks %s", line);
            CHECK(strstr(section, expected));
            if (!f->option[o].flag) continue;
            snprintf(line, sizeof line, "\n  %s ", f->option[o].flag);
            if (!strstr(help, line)) fail_msg("estimate --help lacks %s", line);
            const char *words = f->option[o].flag_help;
            CHECK(strstr(help, words ? words : f->option[o].help));
        }
        free(copy);
    }
    free(keys);
    free(help);
}

/* Each word of these keys stands below its key, with what it means. */
static void keys_tell_what_words_mean(void **state)
{
    (void)state;
    static const char *const keys[][2] = {{"data", "scale"}, {"net", "init"}};
    char *all = printed("run --keys");
    ipl_config config;
    ipl_config_defaults(&config);
    for (int k = 0, seen = 0; k < ipl_config_keys(); ++k) {
        ipl_config_key key;
        CHECK_OK(ipl_config_key_at(&config, k, &key));
        for (int w = 0; w < 2; ++w) {
            if (strcmp(key.section, keys[w][0]) || strcmp(key.key, keys[w][1]))
                continue;
            char words[sizeof key.expected], *rest, line[64];
            snprintf(words, sizeof words, "%s", key.expected);
            char *at = strstr(words, " or ");
            memcpy(at, ",   ", 4);
            for (at = strtok_r(words, ", ", &rest); at;
                 at = strtok_r(NULL, ", ", &rest)) {
                snprintf(line, sizeof line, "\n      %-22s  ", at);
                const char *found = strstr(all, line);
                if (!found || found[strlen(line)] == '\n')
                    fail_msg("--keys does not say what %s means", at);
            }
            ++seen;
        }
        CHECK(k + 1 < ipl_config_keys() || seen == 2);
    }
    for (int a = 0; ipl_act_name((ipl_act)a); ++a) {
        char line[64];
        snprintf(line, sizeof line, "\n      %-22s  ", ipl_act_name((ipl_act)a));
        if (!strstr(all, line)) fail_msg("--keys lacks %s", line);
    }
    CHECK(strstr(all, "\n      leaky-relu              max(z, 0.01 z)\n"));
    free(all);
}

/* The JSON value, written as text, sets the option to what it is. */
static void check_value(const json_t *value, const ipl_option *option,
                        const ipl_mi_options *options)
{
    ipl_mi_options again = *options;
    char want[IPL_OPTION_TEXT_MAX], got[IPL_OPTION_TEXT_MAX];
    ipl_option_print(option, options, want, sizeof want);
    if (json_is_array(value))
        snprintf(got, sizeof got, "%.17g, %.17g",
                 json_number_value(json_array_get(value, 0)),
                 json_number_value(json_array_get(value, 1)));
    else if (json_is_number(value))
        snprintf(got, sizeof got, "%.17g", json_number_value(value));
    else
        snprintf(got, sizeof got, "%s", json_string_value(value));
    CHECK(json_is_string(value) == (option->type == IPL_OPTION_CHOICE));
    CHECK_OK(ipl_option_set(option, got, &again));
    ipl_option_print(option, &again, got, sizeof got);
    CHECK(!strcmp(got, want));
}

/* A small run with every family: its tables have every point, run.json every option. */
static void runs_have_every_point_and_option(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_device *dev;
    ipl_config config;
    ipl_config_defaults(&config);
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_config_set(&config, "net.layers=12, 3-tanh, 2"));
    CHECK_OK(ipl_config_set(&config, "train.epochs=1"));
    CHECK_OK(ipl_config_set(&config, "data.limit=200"));
    config.estimators = (1u << IPL_MI_ESTIMATOR_COUNT) - 1;
    CHECK_OK(ipl_run(dev, &config, files_path(f, "run"), NULL, NULL, NULL));
    ipl_device_close(dev);

    char *plane = files_text(f, "run/plane.csv");
    char *details = files_text(f, "run/plane_details.csv");
    json_t *json = json_of(f, "run/run.json");
    const json_t *all = json_object_get(json, "estimators");
    CHECK(json_array_size(all) == IPL_MI_ESTIMATOR_COUNT);
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *family = family_at(k);
        const json_t *one = json_array_get(all, (size_t)k);
        const json_t *points = json_object_get(one, "points");
        const json_t *options = json_object_get(one, "options");
        char text[IPL_OPTION_TEXT_MAX];
        CHECK(!strcmp(json_string_value(json_object_get(one, "name")), family->name));
        ipl_mi_describe(&config.mi[k], text, sizeof text);
        CHECK(!strcmp(json_string_value(json_object_get(one, "description")), text));
        CHECK(json_array_size(points) == (size_t)family->points);
        for (int p = 0; p < family->points; ++p) {
            snprintf(text, sizeof text, ",%s,", family->point[p].name);
            CHECK(strstr(plane, text) && strstr(details, text));
            CHECK(!strcmp(json_string_value(json_array_get(points, (size_t)p)),
                          family->point[p].name));
        }
        CHECK(json_object_size(options) == (size_t)family->options);
        for (int o = 0; o < family->options; ++o) {
            check_value(json_object_get(options, family->option[o].key),
                        &family->option[o], &config.mi[k]);
        }
    }
    json_decref(json);
    free(plane);
    free(details);
    files_remove_folder(f);
}

/* What plain loops give: where they have no I(T;Y), the device may have one. */
static void check_plain(const ipl_mi_options *o, const near_case *c,
                        const ipl_mi_job *job)
{
    const ipl_mi_samples samples = {
        .n = c->n, .y = c->y, .inputs_d = c->dx, .inputs = c->x};
    for (int p = 0; p < job->points; ++p) {
        double i_xt, i_ty;
        const ipl_mi_point *got = &job->point[p];
        CHECK_OK(ipl_mi_plain(o, &samples, c->d, c->t, p, &i_xt, &i_ty));
        near_close_to(got->name, got->i_xt, i_xt, 1e-6);
        if (!isnan(i_ty)) near_close_to(got->name, got->i_ty, i_ty, 1e-6);
    }
}

/* What a family says of itself in plain loops is what the devices compute, with inputs
 * and labels, and without. */
static void plain_loops_are_the_definition(void **state)
{
    enum { N = 120, D = 3 };
    (void)state;
    ipl_device *dev;
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    near_case all = near_make(NEAR_TANH, N, 2, D, 3), none = all;
    none.x = NULL;
    none.y = NULL;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_option *first = &family_at(k)->option[0];
        const char *form;
        int c = 0;
        do { /* in each form that it has */
            char text[64];
            ipl_mi_options o = ipl_mi_defaults((ipl_mi_estimator)k);
            form = strcmp(first->key, "form") ? NULL : ipl_option_choice(first, c++);
            snprintf(text, sizeof text, "form=%s", form ? form : "");
            if (form) CHECK_OK(ipl_mi_options_set(&o, text));
            ipl_mi_job job;
            near_points_of(dev, &o, &all, &job);
            check_plain(&o, &all, &job);
            near_points_of(dev, &o, &none, &job);
            check_plain(&o, &none, &job);
        } while (form && ipl_option_choice(first, c));
    }
    ipl_device_close(dev);
    near_free(&all);
}

/* Each type that a public header defines has a size that bindings can ask for;
 * ipl_plot.h has an enum alone. */
static void public_types_tell_their_size(void **state)
{
    (void)state;
    int types = 0;
    DIR *dir = opendir("include");
    CHECK(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        if (!strstr(d->d_name, ".h") || !strcmp(d->d_name, "ipl_plot.h")) continue;
        char *text = files_text("include", d->d_name), name[64];
        for (char *at = text; (at = strchr(at, '}')); ++at)
            if (sscanf(at, "} %63[a-z_];", name) == 1 && !strncmp(name, "ipl_", 4)) {
                if (!ipl_sizeof(name)) fail_msg("%s: no size of %s", d->d_name, name);
                ++types;
            }
        free(text);
    }
    closedir(dir);
    CHECK(types > 30 && !ipl_sizeof("ipl_nothing") && !ipl_sizeof(NULL));
    CHECK(ipl_sizeof("ipl_mi_point") == sizeof(ipl_mi_point));
    CHECK(ipl_sizeof("ipl_config") == sizeof(ipl_config));
}

static const check_test tests[] = {
    CHECK_TEST(rows_are_whole),
    CHECK_TEST(options_are_set_by_their_keys),
    CHECK_TEST(keys_and_flags_have_every_option),
    CHECK_TEST(keys_tell_what_words_mean),
    CHECK_TEST(runs_have_every_point_and_option),
    CHECK_TEST(plain_loops_are_the_definition),
    CHECK_TEST(public_types_tell_their_size),
};

CHECK_MAIN("families", tests, 0)
