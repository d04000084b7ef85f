/*
 * test_run_json.c - each number of run.json.
 *
 * What depends on the time is compared with what ipl_run gave to its caller.
 */
#include <time.h>
#include <zlib.h>

#include "json_case.h"

/* -- What ran ---------------------------------------------------------------------*/

static void data_layers_and_seeds_are_those_of_the_run(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("measure.rows=train", "measure.subset=33",
                                           "measure.loss_rows=70", NULL);
    json_t *all = run_into(check_device(state), f, &config, NULL);
    expect_text(all, "data.name", "ib");
    expect_whole(all, "data.rows", 100);
    expect_whole(all, "data.train_rows", 80);
    expect_whole(all, "data.measured_rows", 33);
    expect_whole(all, "data.loss_rows", 70);
    expect_whole(all, "data.inputs", 12);
    expect_whole(all, "data.classes", 3);
    expect_list(all, "layers", "[\"5-tanh\", \"4-relu\", \"3-softmax\"]");
    expect_list(all, "seeds", "[4, 5, 6]");
    expect_text(all, "tick", "epoch");
    expect_text(all, "status", "done");
    CHECK(!json_object_get(all, "error"));
    json_decref(all);
    files_remove_folder(f);
}

static void program_device_and_libraries_are_named(void **state)
{
    const ipl_device_info *about = ipl_device_about(check_device(state));
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("train.epochs=1", NULL);
    const char *started, *compiler, *zlib, *matio, *jansson;
    int part[6], used = 0;
    const time_t before = time(NULL);
    json_t *all = run_into(check_device(state), f, &config, NULL);
    CHECK(!json_unpack(all, "{s:s, s:s, s:{s:s, s:s, s:s}}", "started", &started,
                       "compiler", &compiler, "libraries", "zlib", &zlib, "matio",
                       &matio, "jansson", &jansson));
    expect_text(all, "infoplane", ipl_version());
    expect_text(all, "device.name", about->name);
    expect_text(all, "device.description", about->description);
    expect_text(all, "device.libraries", about->libraries);
    expect_whole(all, "device.threads", about->threads);
    expect_whole(all, "device.memory_bytes", about->memory_bytes);
    CHECK(!strcmp(zlib, zlibVersion()) && !strcmp(jansson, jansson_version_str()));
    CHECK(sscanf(matio, "%d.%d.%d", part, part + 1, part + 2) == 3);
    CHECK(!strncmp(compiler, "gcc ", 4) || !strncmp(compiler, "clang ", 6));
    CHECK(sscanf(started, "%4d-%2d-%2dT%2d:%2d:%2dZ%n", part, part + 1, part + 2,
                 part + 3, part + 4, part + 5, &used) == 6 && !started[used]);
    struct tm utc = {.tm_year = part[0] - 1900, .tm_mon = part[1] - 1,
                     .tm_mday = part[2], .tm_hour = part[3], .tm_min = part[4],
                     .tm_sec = part[5]};
    CHECK(timegm(&utc) >= before && timegm(&utc) <= time(NULL));
    json_decref(all);
    files_remove_folder(f);
}

/* Entries of "estimators" as JSON text, with the options that the test varies. */
#define BIN(description, form, range)                                          \
    "{\"name\": \"bin\", \"points\": [\"bin\"], \"description\": \"" description \
    "\", \"options\": {\"form\": \"" form "\", \"edges\": 30, \"range\": " range \
    ", \"width\": 0.070000000000000007, \"count\": 17, \"quantiles\": 19, "       \
    "\"correction\": \"none\"}}"
#define KDE(description, var, relative)                                        \
    "{\"name\": \"kde\", \"points\": [\"kde-upper\", \"kde-lower\"], "          \
    "\"description\": \"" description "\", \"options\": {\"noise_var\": " var   \
    ", \"noise_relative\": \"" relative "\"}}"

/* In the order of plane.csv. */
static void estimators_tell_their_options(void **state)
{
    static const struct { const char *set, *other, *want; } cases[] = {
        {"measure.estimators=bin, kde", "kde.noise_var=0.125",
         "[" BIN("30 edges over [-1, 1]", "edges", "[-1.0, 1.0]") ", "
         KDE("noise variance 0.125", "0.125", "no") "]"},
        {"measure.estimators=bin", "bin.range=-0.5, 2",
         "[" BIN("30 edges over [-0.5, 2]", "edges", "[-0.5, 2.0]") "]"},
        {"measure.estimators=kde", "kde.noise_relative=yes",
         "[" KDE("variance 0.05 × mean square", "0.050000000000000003", "yes") "]"},
        {"measure.estimators=bin", "bin.form=width",
         "[" BIN("width 0.07", "width", "[-1.0, 1.0]") "]"},
        {"measure.estimators=bin", "bin.form=count",
         "[" BIN("17 equal bins", "count", "[-1.0, 1.0]") "]"},
        {"measure.estimators=bin", "bin.form=quantiles",
         "[" BIN("19 quantiles", "quantiles", "[-1.0, 1.0]") "]"},
    };
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        char f[FILES_PATH];
        files_make_folder(f);
        const ipl_config config = small_config("train.epochs=1", "train.replicas=1",
                                               "bin.count=17", "bin.quantiles=19",
                                               cases[k].set, cases[k].other, NULL);
        json_t *all = run_into(check_device(state), f, &config, NULL);
        expect_list(all, "estimators", cases[k].want);
        json_decref(all);
        files_remove_folder(f);
    }
}

/* log2 of the measured rows, and the entropy of their labels, in bits. */
static void ceilings_are_log_n_and_the_entropy_of_the_labels(void **state)
{
    static const char *const rows[] = {"all", "train", "test"};
    for (int k = 0; k < 3; ++k) {
        char f[FILES_PATH];
        files_make_folder(f);
        char set[32];
        snprintf(set, sizeof set, "measure.rows=%s", rows[k]);
        const ipl_config config = small_config("train.epochs=1", set, NULL);
        json_t *all = run_into(check_device(state), f, &config, NULL);
        ipl_dataset data;
        CHECK_OK(ipl_dataset_load(&config.data, &data));
        const int64_t begin = k == 2 ? data.train_rows : 0;
        const int64_t end = k == 1 ? data.train_rows : data.rows;
        double p = 0.0; /* of class 1 */
        for (int64_t i = begin; i < end; ++i) p += data.y[data.split[i]];
        p /= (double)(end - begin);
        const double h_y = -p * log2(p) - (1.0 - p) * log2(1.0 - p);
        expect_real(all, "ceilings.i_xt_bits", log2((double)(end - begin)));
        expect_real(all, "ceilings.i_ty_bits", h_y);
        ipl_dataset_free(&data);
        json_decref(all);
        files_remove_folder(f);
    }
}

/* -- Counts and times -------------------------------------------------------------*/

/* Ticks 0, 3, 6 and 8 of 8 are measured: three seeds, layers and points each. */
static void counts_are_those_of_the_tables(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config(NULL);
    json_t *all = run_into(check_device(state), f, &config, NULL);
    expect_whole(all, "counts.last_tick", 8);
    expect_whole(all, "counts.ticks_trained", 8);
    expect_whole(all, "counts.ticks_measured", 4);
    expect_whole(all, "counts.ticks_skipped", 5);
    expect_whole(all, "counts.ticks_remeasured", 0);
    expect_whole(all, "counts.ticks_of_earlier_sessions", 0);
    expect_whole(all, "counts.points", 4 * 3 * 3 * 3);
    expect_whole(all, "states_saved", 0);
    char *plane = files_text(f, "r/plane.csv");
    CHECK(lines_of(plane) == 1 + 4 * 3 * 3 * 3);
    free(plane);
    json_decref(all);
    files_remove_folder(f);
}

static int stop_after_two(void *user, const ipl_progress *now)
{
    int64_t *measured = user;
    *measured = now->measured;
    return now->measured >= 2;
}

/* 12 epochs of three steps, all to be measured, stopped after two or more. */
enum { LAST_STEP = 12 * 3 };
static void stopped_run(ipl_device *dev, const char *f, int64_t *seen)
{
    const ipl_config config = small_config("measure.tick=step", "measure.every=1",
                                           "train.epochs=12", NULL);
    CHECK_FAILS(ipl_run(dev, &config, files_path(f, "r"), stop_after_two, seen, NULL),
                IPL_E_STOPPED, "stopped");
}

/* A run that was stopped says so; after resuming, what is from before is counted. */
static void sessions_are_told_apart(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const int64_t last = LAST_STEP;
    int64_t seen = 0;
    ipl_progress at;
    ipl_run_info info;
    stopped_run(dev, f, &seen);
    CHECK(seen >= 2 && seen <= last);
    json_t *all = json_of(f, "r/run.json");
    expect_text(all, "status", "stopped");
    expect_text(all, "error", ipl_last_error_text());
    expect_text(all, "tick", "step");
    expect_whole(all, "counts.last_tick", last);
    const int64_t measured = json_integer_value(value_at(all, "counts.ticks_measured"));
    const int64_t trained = json_integer_value(value_at(all, "counts.ticks_trained"));
    CHECK(measured >= seen && trained <= last);
    expect_whole(all, "counts.ticks_skipped", trained + 1 - measured);
    expect_whole(all, "counts.points", measured * 27);
    json_decref(all);

    CHECK_OK(ipl_resume(dev, files_path(f, "r"), NULL, NULL, &at));
    all = json_of(f, "r/run.json");
    CHECK(at.known == measured && at.measured == last + 1 && at.last == last);
    expect_whole(all, "counts.ticks_of_earlier_sessions", measured);
    expect_whole(all, "counts.ticks_measured", last + 1);
    expect_whole(all, "counts.ticks_remeasured", 0);
    expect_whole(all, "counts.ticks_skipped", 0);
    CHECK_OK(ipl_run_about(files_path(f, "r"), &info));
    CHECK(info.done && info.last == last && info.measured == last + 1);
    CHECK(!strcmp(info.tick, "step"));
    CHECK(!strcmp(info.device, ipl_device_about(dev)->name));
    json_decref(all);
    files_remove_folder(f);
}

static int stop_at_once(void *user, const ipl_progress *now)
{
    (void)user;
    (void)now;
    return 1;
}

/* Stopped before its first tick, a run knows how far it had to go. */
static void a_run_that_never_began_tells_its_last_tick(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config(NULL);
    CHECK_FAILS(ipl_run(check_device(state), &config, files_path(f, "r"), stop_at_once,
                        NULL, NULL), IPL_E_STOPPED, "stopped");
    json_t *all = json_of(f, "r/run.json");
    expect_text(all, "status", "stopped");
    expect_whole(all, "counts.last_tick", 8);
    expect_whole(all, "counts.ticks_trained", 0);
    expect_whole(all, "counts.ticks_measured", 0);
    expect_whole(all, "counts.points", 0);
    json_decref(all);
    files_remove_folder(f);
}

/* A record of the log that was not written to its end is dropped. */
static void a_torn_record_is_told(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    int64_t seen = 0;
    stopped_run(dev, f, &seen);
    FILE *log = fopen(files_path(f, "r/points.log"), "ab");
    CHECK(log && fputs("a torn record", log) >= 0 && !fclose(log));
    CHECK_OK(ipl_resume(dev, files_path(f, "r"), NULL, NULL, NULL));
    json_t *all = json_of(f, "r/run.json");
    expect_whole(all, "counts.ticks_remeasured", 1);
    expect_whole(all, "counts.ticks_measured", LAST_STEP + 1);
    json_decref(all);
    files_remove_folder(f);
}

static void times_and_shares_are_those_of_the_run(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("run.lanes=1", NULL);
    ipl_progress at;
    json_t *all = run_into(dev, f, &config, &at);
    const double load = json_number_value(value_at(all, "seconds.load"));
    const double wall = at.wall_s - load;
    const double cores = json_number_value(value_at(all, "utilisation.cores"));
    const int is_host = ipl_device_about(dev)->is_host;
    const int threads = is_host ? ipl_device_about(dev)->threads : 2;
    expect_real(all, "seconds.wall", at.wall_s);
    expect_real(all, "seconds.train", at.train_s);
    expect_real(all, "seconds.measure", at.measure_s);
    expect_real(all, "seconds.write", at.write_s);
    expect_real(all, "seconds.pool", at.pool_s);
    CHECK(load > 0.0 && wall > 0.0 && at.train_s > 0.0 && at.measure_s > 0.0);
    expect_real(all, "utilisation.train", at.train_s / wall);
    const json_t *workers = value_at(all, "utilisation.measure");
    CHECK(json_array_size(workers) == 1);
    const double worker = json_number_value(json_array_get(workers, 0));
    CHECK(fabs(worker - at.measure_s / wall) <= 1e-9 * worker);
    expect_whole(all, "utilisation.core_count", threads);
    /* Each worker has at least one core and at most all of them. */
    CHECK(cores >= (at.train_s + at.measure_s) / (wall * threads) * (1.0 - 1e-9));
    CHECK(cores <= 1.0 + 1e-9);
    json_decref(all);
    files_remove_folder(f);
}

/* -- Memory -----------------------------------------------------------------------*/

static void memory_is_what_was_planned(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("run.device_mib=512", "measure.subset=50",
                                           NULL);
    ipl_memory m;
    CHECK_OK(ipl_memory_plan(dev, &config, &m));
    json_t *all = run_into(dev, f, &config, NULL);
    expect_whole(all, "memory.free_bytes", (int64_t)512 << 20);
    expect_whole(all, "memory.data_bytes", m.data_bytes);
    expect_whole(all, "memory.training_bytes", m.training_bytes);
    expect_whole(all, "memory.measuring_bytes", m.measuring_bytes);
    expect_whole(all, "memory.snapshot_bytes", m.snapshot_bytes);
    expect_whole(all, "memory.measuring_lanes", m.workers);
    expect_whole(all, "memory.ticks_at_once", m.ticks);
    expect_whole(all, "memory.networks_at_once", m.nets);
    expect_whole(all, "memory.block_rows", m.block_rows);
    /* 100 rows of 12 inputs, a class and a place in the order; 50 of them once more */
    CHECK(m.data_bytes == 150 * (12 * 4 + 2 * 4));
    CHECK(m.total_bytes == m.data_bytes + m.training_bytes + m.measuring_bytes);
    json_decref(all);
    files_remove_folder(f);
}

/* All snapshots of a run in host memory, in the file, or on a GPU. */
static void snapshots_are_counted_where_they_are(void **state)
{
    ipl_device *dev = check_device(state);
    const int is_host = ipl_device_about(dev)->is_host;
    const int64_t each = 3 * 4 * ((12 + 1) * 5 + (5 + 1) * 4 + (4 + 1) * 3);
    for (int in_file = 0; in_file < 2; ++in_file) {
        char f[FILES_PATH];
        files_make_folder(f);
        ipl_config config = small_config(NULL);
        if (in_file) config.snapshot_mib = config.snapshot_device_mib = 0;
        json_t *all = run_into(dev, f, &config, NULL);
        const int64_t held =
            json_integer_value(value_at(all, "snapshots.held_at_most"));
        CHECK(held >= 1 && held <= 4);
        expect_whole(all, "snapshots.spilled", in_file ? 4 : 0);
        expect_whole(all, "snapshots.kept_on_device", in_file || is_host ? 0 : 4);
        expect_whole(all, "snapshots.memory_peak_bytes",
                     in_file || !is_host ? 0 : held * each);
        expect_whole(all, "snapshots.device_peak_bytes",
                     in_file || is_host ? 0 : held * each);
        CHECK((json_integer_value(value_at(all, "snapshots.file_peak_bytes")) > 0) ==
              in_file);
        json_decref(all);
        files_remove_folder(f);
    }
}

static const check_test tests[] = {
    CHECK_TEST(data_layers_and_seeds_are_those_of_the_run),
    CHECK_TEST(program_device_and_libraries_are_named),
    CHECK_TEST(estimators_tell_their_options),
    CHECK_TEST(ceilings_are_log_n_and_the_entropy_of_the_labels),
    CHECK_TEST(counts_are_those_of_the_tables),
    CHECK_TEST(sessions_are_told_apart),
    CHECK_TEST(a_run_that_never_began_tells_its_last_tick),
    CHECK_TEST(a_torn_record_is_told),
    CHECK_TEST(times_and_shares_are_those_of_the_run),
    CHECK_TEST(memory_is_what_was_planned),
    CHECK_TEST(snapshots_are_counted_where_they_are),
};

CHECK_MAIN("run_json", tests, 1)
