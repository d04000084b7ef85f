/*
 * test_places.c - one run on several devices: the bytes of one device, come what may.
 *
 * The CPU is opened several times; of GPUs a second one is needed, which the emulator
 * has under CUDAEMU_DEVICES=2.
 */
#include "plane_case.h"

#include "ipl_places.h"

static char folder[FILES_PATH];

static const char *dir_of(const char *name) { return files_path(folder, name); }

static ipl_config small_config(ipl_device *dev, const char *layers, const char *policy)
{
    char line[96];
    static const char *const lines[] = {
        "train.batch=64", "train.learning_rate=0.01", "train.replicas=2",
        "data.limit=256", "measure.subset=64", "measure.loss_rows=50",
        "measure.every=1", "measure.delta=0.05", "run.checkpoint_s=0", NULL};
    ipl_config c = config_of(lines);
    snprintf(line, sizeof line, "net.layers=%s", layers);
    CHECK_OK(ipl_config_set(&c, line));
    snprintf(line, sizeof line, "train.epochs=%d", (int)check_size(dev, 24, 3));
    CHECK_OK(ipl_config_set(&c, line));
    snprintf(line, sizeof line, "measure.policy=%s", policy);
    CHECK_OK(ipl_config_set(&c, line));
    return c;
}

static void same_results(const char *a, const char *b)
{
    same_file(a, b, "plane.csv");
    same_file(a, b, "plane_details.csv");
    same_file(a, b, "training.csv");
    same_file(a, b, "compression.csv");
    same_file(a, b, "summary.csv");
}

/* The device and others of its model, up to `count`; fewer: there are no more. */
static int others_of(ipl_device *dev, int count, ipl_device **device)
{
    int found = 1;
    char name[32];
    device[0] = dev;
    if (ipl_device_about(dev)->is_host) {
        for (; found < count; ++found)
            CHECK_OK(ipl_device_open_again(dev, &device[found]));
        return found;
    }
    for (int d = 0; d < ipl_device_count() && found < count; ++d)
        if (ipl_device_name(d, name, sizeof name) == IPL_OK &&
            !strncmp(name, "cuda", 4) && strcmp(name, ipl_device_about(dev)->name))
            CHECK_OK(ipl_device_open(name, NULL, &device[found++]));
    return found;
}

static void close_others(int count, ipl_device **device)
{
    while (count > 1) ipl_device_close(device[--count]);
}

static void several_devices_give_the_bytes_of_one(void **state)
{
    static const char *const layers[] = {"12, 6-tanh, 4-relu, 2",
                                         "12, 200-tanh, 70-relu, 2"};
    static const char *const policy[] = {"every", "delta-exact"};
    ipl_device *dev = check_device(state), *device[3];
    const int count = others_of(dev, 3, device);
    if (count < 2) skip();
    for (int k = 0; k < 2; ++k) {
        files_make_folder(folder);
        const ipl_config c = small_config(dev, layers[k], policy[k]);
        CHECK_OK(ipl_run(dev, &c, dir_of("one"), NULL, NULL, NULL));
        for (int d = 2; d <= count; ++d) {
            char name[32];
            ipl_progress at;
            const ipl_places on = {.devices = d, .device = device};
            snprintf(name, sizeof name, "on-%d", d);
            CHECK_OK(ipl_run_on(&on, &c, dir_of(name), NULL, NULL, &at));
            CHECK(at.workers >= d && !at.lost);
            same_results(dir_of("one"), dir_of(name));
            char path[64];
            snprintf(path, sizeof path, "%s/run.json", name);
            json_t *json = json_of(folder, path);
            CHECK(json_array_size(json_object_get(json, "further_devices")) ==
                  (size_t)(d - 1));
            CHECK(!json_object_get(json, "lost"));
            json_decref(json);
        }
        files_remove_folder(folder);
    }
    close_others(count, device);
}

/* Each of them has done something: a run where only the first works is no test. */
static void all_devices_take_part(void **state)
{
    ipl_device *dev = check_device(state), *device[2];
    const int count = others_of(dev, 2, device);
    if (count < 2) skip();
    files_make_folder(folder);
    const ipl_config c = small_config(dev, "12, 6-tanh, 4-relu, 2", "every");
    const ipl_places on = {.devices = count, .device = device};
    CHECK_OK(ipl_run_on(&on, &c, dir_of("run"), NULL, NULL, NULL));
    json_t *json = json_of(folder, "run/run.json");
    const json_t *share =
        json_object_get(json_object_get(json, "utilisation"), "measure");
    CHECK(json_array_size(share) >= 2);
    CHECK(json_real_value(json_array_get(share, json_array_size(share) - 1)) > 0 ||
          json_real_value(json_array_get(share, json_array_size(share) - 2)) > 0);
    json_decref(json);
    files_remove_folder(folder);
    close_others(count, device);
}

static int stop_soon(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured - now->known >= 1;
}

static void a_run_goes_on_with_more_devices_or_fewer(void **state)
{
    ipl_device *dev = check_device(state), *device[2];
    const int count = others_of(dev, 2, device);
    if (count < 2) skip();
    files_make_folder(folder);
    const ipl_config c = small_config(dev, "12, 6-tanh, 4-relu, 2", "delta-exact");
    CHECK_OK(ipl_run(dev, &c, dir_of("whole"), NULL, NULL, NULL));
    for (int first = 1; first <= 2; ++first) {
        char name[32];
        ipl_places on = {.devices = first, .device = device};
        snprintf(name, sizeof name, "on-%d", first);
        ipl_status st = ipl_run_on(&on, &c, dir_of(name), stop_soon, NULL, NULL);
        while (st == IPL_E_STOPPED) {
            on.devices = 3 - on.devices;
            st = ipl_resume_on(&on, dir_of(name), stop_soon, NULL, NULL);
        }
        CHECK_OK(st);
        same_results(dir_of("whole"), dir_of(name));
    }
    files_remove_folder(folder);
    close_others(count, device);
}

static void further_sets_are_measured_everywhere_too(void **state)
{
    ipl_device *dev = check_device(state), *device[2];
    if (check_size(dev, 0, 1)) skip(); /* the same workers, and long under emulation */
    const int count = others_of(dev, 2, device);
    if (count < 2) skip();
    files_make_folder(folder);
    ipl_config c = small_config(dev, "12, 6-tanh, 4-relu, 2", "every");
    CHECK_OK(ipl_config_set(&c, "measure.rows=train, test"));
    CHECK_OK(ipl_config_set(&c, "measure.subset=0")); /* no copy on the first device */
    CHECK_OK(ipl_config_set(&c, "measure.estimators=bin, ksg"));
    CHECK_OK(ipl_config_set(&c, "measure.x=inputs"));
    const ipl_places on = {.devices = count, .device = device};
    CHECK_OK(ipl_run(dev, &c, dir_of("one"), NULL, NULL, NULL));
    CHECK_OK(ipl_run_on(&on, &c, dir_of("two"), NULL, NULL, NULL));
    same_results(dir_of("one"), dir_of("two"));
    same_results(dir_of("one/test"), dir_of("two/test"));
    files_remove_folder(folder);
    close_others(count, device);
}

static void devices_that_differ_are_refused(void **state)
{
    ipl_device *dev = check_device(state), *other = NULL;
    char name[32];
    files_make_folder(folder);
    const ipl_config c = small_config(dev, "12, 6-tanh, 4-relu, 2", "every");
    ipl_device *twice[2] = {dev, dev};
    ipl_places on = {.devices = 2, .device = twice};
    CHECK_FAILS(ipl_run_on(&on, &c, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "is there twice");
    on.devices = 0;
    CHECK_FAILS(ipl_run_on(&on, &c, dir_of("run"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "no device");
    const int is_host = ipl_device_about(dev)->is_host;
    for (int d = 0; !other && d < ipl_device_count(); ++d)
        if (ipl_device_name(d, name, sizeof name) == IPL_OK &&
            strcmp(name, ipl_device_about(dev)->name) &&
            (is_host || !strncmp(name, "cpu", 3)))
            ipl_device_open(name, NULL, &other);
    if (other) {
        twice[1] = other;
        on.devices = 2;
        CHECK_FAILS(ipl_run_on(&on, &c, dir_of("run"), NULL, NULL, NULL),
                    IPL_E_ARGUMENT, "one kind and model");
        CHECK(strstr(ipl_last_error(), ipl_device_about(other)->name));
    }
    CHECK(access(dir_of("run"), F_OK) != 0);
    ipl_device_close(other);
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(several_devices_give_the_bytes_of_one),
    CHECK_TEST(all_devices_take_part),
    CHECK_TEST(a_run_goes_on_with_more_devices_or_fewer),
    CHECK_TEST(further_sets_are_measured_everywhere_too),
    CHECK_TEST(devices_that_differ_are_refused),
};

CHECK_MAIN("places", tests, 1)
