/*
 * test_study_runs.c - runs of a study have the points of runs by themselves.
 */
#include "study_case.h"
#include "small_run.h"

/* The sets that a run's values stand for, over the study's [data], [train], .. */
static ipl_config alone(const ipl_study *s, int64_t r)
{
    char set[200];
    const ipl_study_run *run = ipl_study_run_at(s, r);
    ipl_config config = small_config("train.epochs=3", NULL);
    config.seed = run->first_seed;
    config.replicas = run->seeds;
    for (int k = 0; k < ipl_study_keys(s); ++k) {
        const ipl_study_key key = ipl_study_key_at(s, k);
        const int value = ipl_study_value_of(s, r, k);
        if (value < 0) continue;
        snprintf(set, sizeof set, "%s.%s=%s", key.section, key.key,
                 ipl_study_value(s, k, value));
        CHECK_OK(ipl_config_set(&config, set));
    }
    return config;
}

/* small_config as a file, with these lines of [sweep]. */
static ipl_study *small_study(const char *f, const char *sweep)
{
    char text[2000];
    ipl_study *s;
    snprintf(text, sizeof text,
             "[net]\nlayers = 12, 6-tanh, 4-relu, 2\n[train]\nepochs = 3\nbatch = 32\n"
             "learning_rate = 0.01\n[measure]\npolicy = every\nevery = 2\n"
             "estimators = bin, kde\n[data]\nlimit = 256\nsplit = shuffled\n"
             "[sweep]\n%s", sweep);
    CHECK_OK(read_study(f, text, &s, NULL));
    return s;
}

/* Runs the study, and each of its runs by itself; gives how many trained. */
static int compare(ipl_device *dev, const char *sweep)
{
    char f[FILES_PATH], study[FILES_PATH + 8], single[FILES_PATH + 200];
    char dir[FILES_PATH + IPL_STUDY_NAME + 16];
    int trained = 0;
    files_make_folder(f);
    ipl_study *s = small_study(f, sweep);
    snprintf(study, sizeof study, "%s/s", f);
    CHECK(mkdir(study, 0777) == 0);
    for (int64_t r = 0; r < ipl_study_runs(s); ++r) {
        const ipl_study_run *run = ipl_study_run_at(s, r);
        ipl_config config;
        ipl_config by_itself = alone(s, r);
        CHECK_OK(ipl_study_config(s, r, study, &config));
        CHECK(!config.networks[0] == (run->kept_by < 0));
        snprintf(dir, sizeof dir, "%s/%s", study, run->name);
        snprintf(single, sizeof single, "%s/%lld", f, (long long)r);
        CHECK_OK(ipl_run(dev, &config, dir, NULL, NULL, NULL));
        CHECK_OK(ipl_run(dev, &by_itself, single, NULL, NULL, NULL));
        same_file(dir, single, "plane.csv");
        same_file(dir, single, "plane_details.csv");
        same_file(dir, single, "training.csv");
        trained += run->kept_by < 0;
    }
    ipl_study_free(s);
    files_remove_folder(f);
    return trained;
}

static void points_are_those_of_runs_by_themselves(void **state)
{
    ipl_device *dev = check_device(state);
    assert_int_equal(compare(dev, "bin.edges = 5, 9\nnet.activation = relu, tanh\n"
                                  "train.seed = 3:5\ntogether = 2\n"), 4);
}

/* Ticks that the first run does not measure, and a policy that follows the values. */
static void other_ticks_are_those_of_a_run_too(void **state)
{
    ipl_device *dev = check_device(state);
    assert_int_equal(compare(dev, "measure.policy = every, list, delta-exact, log\n"
                                  "measure.list = 1\n"), 1);
    assert_int_equal(compare(dev, "measure.rows = train, test, all\n"
                                  "measure.training_log = log, every\n"), 2);
}

/* An activation of all layers is that of the layers written out. */
static void an_activation_is_the_layers_written_out(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    char *key = plane_of(dev, f, "key", small_config("net.activation=elu", NULL));
    char *text = plane_of(dev, f, "text",
                          small_config("net.layers=12, 6-elu, 4-elu, 2", NULL));
    char *other = plane_of(dev, f, "other", small_config(NULL));
    CHECK(!strcmp(key, text) && strcmp(key, other));
    free(key);
    free(text);
    free(other);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(points_are_those_of_runs_by_themselves),
    CHECK_TEST(other_ticks_are_those_of_a_run_too),
    CHECK_TEST(an_activation_is_the_layers_written_out),
};

CHECK_MAIN("study_runs", tests, 1)
