/*
 * test_locale.c - the library in a program whose numbers have a decimal comma.
 */
#include <locale.h>

#include "ipl_audit.h"
#include "ipl_data.h"
#include "ipl_plot.h"
#include "plane_case.h"

/* LC_NUMERIC of such a locale as glibc has it on disk, for machines that have none. */
static const unsigned char comma[] =
    "\x14\x11\x03\x20\x06\0\0\0\x20\0\0\0\x22\0\0\0\x24\0\0\0\x28\0\0\0\x2c\0\0\0"
    "\x30\0\0\0,\0.\0\x03\x03\0\0,\0\0\0.\0\0\0UTF-8";

static void with_comma(const char *folder)
{
    char text[16];
    CHECK(!mkdir(files_path(folder, "comma"), 0777));
    files_write(files_path(folder, "comma/LC_NUMERIC"), sizeof comma, comma);
    CHECK(!setenv("LOCPATH", folder, 1));
    CHECK(setlocale(LC_NUMERIC, "comma"));
    snprintf(text, sizeof text, "%.1f", 0.5);
    assert_string_equal(text, "0,5");
}

static void without_comma(void)
{
    CHECK(setlocale(LC_NUMERIC, "C"));
    unsetenv("LOCPATH");
}

static const char *const settings[] = {
    "data.limit=100", "net.layers=12, 4-tanh, 2", "train.epochs=6",
    "train.learning_rate=0.0125", "measure.estimators=bin, kde, renyi",
    "kde.noise_var=0.05, 0.125", NULL};

/* A run, its audit and its picture. */
static void run_into(ipl_device *dev, const char *dir)
{
    char picture[2 * FILES_PATH];
    const ipl_config config = config_of(settings);
    CHECK_OK(ipl_run(dev, &config, dir, NULL, NULL, NULL));
    snprintf(picture, sizeof picture, "%s/plane.svg", dir);
    CHECK_OK(ipl_plot(dir, IPL_PLOT_ALL, picture));
}

static void files_of_a_run_have_points(void **state)
{
    (void)state;
    static const char *const written[] = {
        "plane.csv", "summary.csv", "plane_details.csv", "training.csv", "plane.svg"};
    char f[FILES_PATH], point[FILES_PATH], other[FILES_PATH];
    files_make_folder(f);
    snprintf(point, sizeof point, "%.200s/point", f);
    snprintf(other, sizeof other, "%.200s/other", f);
    ipl_device *dev;
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    run_into(dev, point);
    with_comma(f);
    run_into(dev, other);
    ipl_device_close(dev);
    without_comma();
    for (size_t k = 0; k < sizeof written / sizeof *written; ++k)
        same_file(point, other, written[k]);
    char *with = files_text(point, "config.ini");
    char *without = files_text(other, "config.ini");
    CHECK(!strcmp(strchr(with, '['), strchr(without, '['))); /* behind its number */
    free(with);
    free(without);
    json_t *a = json_of(point, "run.json"), *b = json_of(other, "run.json");
    CHECK(json_equal(json_object_get(a, "config"), json_object_get(b, "config")));
    CHECK(json_equal(json_object_get(a, "estimators"),
                     json_object_get(b, "estimators")));
    json_decref(a);
    json_decref(b);
    files_remove_folder(f);
}

static void numbers_of_files_are_read(void **state)
{
    static const char table[] = "0.5,1.25\n2,-5e-1\n";
    static const char config_text[] = "[train]\nlearning_rate = 0.0125\n";
    (void)state;
    char f[FILES_PATH];
    ipl_array t = {0};
    ipl_config config;
    files_make_folder(f);
    files_write(files_path(f, "t.csv"), strlen(table), table);
    files_write(files_path(f, "c.ini"), strlen(config_text), config_text);
    with_comma(f);
    CHECK_OK(ipl_array_read(files_path(f, "t.csv"), &t));
    CHECK_OK(ipl_config_read(files_path(f, "c.ini"), &config));
    without_comma();
    CHECK(t.rows == 2 && t.cols == 2 && t.values[0] == 0.5f && t.values[1] == 1.25f &&
          t.values[3] == -0.5f);
    CHECK(config.train.learning_rate == 0.0125);
    ipl_array_free(&t);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(files_of_a_run_have_points),
    CHECK_TEST(numbers_of_files_are_read),
};
CHECK_MAIN("locale", tests, 0)
