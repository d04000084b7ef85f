/*
 * test_run_config.c - the configuration of a run, as its directory tells it.
 */
#include "json_case.h"

/* Every key, none with its default, as run.json and config.ini have it. */
static void each_key_is_told_in_both_files(void **state)
{
    static const char *const sets[] = {
        "data.set=ib", "data.path=/nowhere", "data.x=", "data.y=", "data.no_label=7",
        "data.y_bins=7", "data.split=shuffled",
        "data.train_fraction=0.7", "data.parts=test", "data.mat_x=s.X",
        "data.mat_y=labels", "data.mat_rows=last", "data.scale=symmetric",
        "data.label_noise=0.05", "data.random_labels=yes", "data.limit=90",
        "data.seed=12", "net.layers=12, 3-elu, 2",
        "net.activation=tanh", "net.init=glorot-normal",
        "net.quantise=7",
        "train.optimizer=momentum", "train.learning_rate=0.012345678901",
        "train.momentum=0.8", "train.beta1=0.85", "train.beta2=0.99",
        "train.epsilon=1e-07", "train.weight_decay=0.001", "train.batch=31",
        "train.epochs=3", "train.seed=9", "train.replicas=2", "train.shuffle=no",
        "measure.estimators=bin", "measure.policy=list", "measure.tick=step",
        "measure.rows=train", "measure.subset=40", "measure.x=none",
        "measure.error=jackknife", "measure.every=7",
        "measure.log_dense=3", "measure.log_per_decade=11", "measure.list=0:2, 4",
        "measure.delta=0.031", "measure.skip_max=77", "measure.multiplier=1.5",
        "measure.halve=yes", "measure.delta_scaled=no", "measure.delta_estimator=bin",
        "measure.training_log=every", "measure.loss_rows=17",
        "bin.form=quantiles", "bin.edges=29", "bin.range=-0.1, 0.30000000000000004",
        "bin.width=0.0712", "bin.count=28",
        "bin.quantiles=27", "bin.correction=miller-madow", "kde.noise_var=0.0123",
        "kde.noise_relative=yes", "ksg.k=3", "mixed.k=4", "ms.k=6", "ross.k=7",
        "kl.k=8", "lnn.k=9", "lga.k=10",
        "renyi.alpha=1.5", "renyi.width=0.3", "renyi.rows=30",
        "pool.windows=1, last", "pool.over=replicas", "pool.k=1, 2",
        "pool.controls=no", "run.keep=measured", "run.networks=", "run.lanes=1",
        "run.device_mib=700",
        "run.snapshot_device_mib=33", "run.snapshot_mib=22", "run.checkpoint_s=11.5"};
    enum { SETS = sizeof sets / sizeof *sets };
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config;
    ipl_config_defaults(&config);
    CHECK(SETS == ipl_config_keys());
    for (int s = 0; s < SETS; ++s) CHECK_OK(ipl_config_set(&config, sets[s]));
    json_t *all = run_into(check_device(state), f, &config, NULL);
    char *text = files_text(f, "r/config.ini"), line[256], path[64];
    const char *at = text;
    for (int s = 0; s < SETS; ++s) {
        const int section = (int)strcspn(sets[s], ".");
        const int key = (int)strcspn(sets[s] + section + 1, "=");
        const char *name = sets[s] + section + 1;
        const char *value = strchr(sets[s], '=') + 1;
        snprintf(line, sizeof line, "[%.*s]\n", section, sets[s]);
        if (!s || strncmp(sets[s], sets[s - 1], (size_t)section + 1)) {
            at = strstr(at, line); /* sections come in their order */
            if (!at) fail_msg("config.ini has no %s", line);
            at += strlen(line);
        }
        snprintf(line, sizeof line, "%.*s =%s%s\n", key, name, *value ? " " : "",
                 value);
        if (strncmp(at, line, strlen(line)))
            fail_msg("config.ini: %.60s, want %s", at, line);
        at += strlen(line) + (at[strlen(line)] == '\n');
        snprintf(path, sizeof path, "config.%.*s.%.*s", section, sets[s], key, name);
        expect_text(all, path, value);
    }
    CHECK(!*at);
    free(text);
    json_decref(all);
    files_remove_folder(f);
}

/* A batch of 0 is all rows that train: the files have their number. */
static void a_whole_batch_is_told_in_rows(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("train.batch=0", NULL);
    ipl_config again;
    json_t *all = run_into(check_device(state), f, &config, NULL);
    expect_text(all, "config.train.batch", "80");
    CHECK_OK(ipl_config_read(files_path(f, "r/config.ini"), &again));
    CHECK(again.train.batch == 80);
    json_decref(all);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(each_key_is_told_in_both_files),
    CHECK_TEST(a_whole_batch_is_told_in_rows),
};

CHECK_MAIN("run_config", tests, 1)
