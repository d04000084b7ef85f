/*
 * test_study_data.c - what runs of a study could not do with their data is said before
 * any begins, in the words of the run itself.
 */
#include "plane_case.h"
#include "study_case.h"

#define BASE "limit = 200\n[net]\nlayers = 12, 6-tanh, 2\n[train]\nepochs = 5\n"

/* The last error without its code and place. */
static const char *words(void)
{
    const char *text = strstr(ipl_last_error(), "): ");
    CHECK(text != NULL);
    return text + 3;
}

static void write_sets(const char *f)
{
    static const float x[4] = {0, 1, 2, 3}, flat[4] = {2, 2, 2, 2};
    static const double beyond_float[4] = {1, 1e300, -1e300, 2};
    char far[128 + sizeof beyond_float];
    memset(far, ' ', 127);
    memcpy(far, "\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, "
                "'shape': (4, 1), }", 69);
    far[127] = '\n';
    memcpy(far + 128, beyond_float, sizeof beyond_float);
    static const int32_t y[4] = {0, 0, 1, 0};
    CHECK(!mkdir(files_path(f, "set"), 0777));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "set/X.npy"), 4, 1, x));
    CHECK_OK(ipl_npy_write_int32(files_path(f, "set/y.npy"), 4, y));
    CHECK(!mkdir(files_path(f, "same"), 0777));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "same/X.npy"), 2, 1, x));
    CHECK_OK(ipl_npy_write_int32(files_path(f, "same/y.npy"), 2, y));
    CHECK(!mkdir(files_path(f, "flat"), 0777));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "flat/X.npy"), 4, 1, flat));
    CHECK_OK(ipl_npy_write_int32(files_path(f, "flat/y.npy"), 4, y));
    CHECK(!mkdir(files_path(f, "far"), 0777));
    files_write(files_path(f, "far/X.npy"), sizeof far, far);
    CHECK_OK(ipl_npy_write_int32(files_path(f, "far/y.npy"), 4, y));
}

typedef struct {
    const char *lines, *run, *says; /* of the first run that does not fit; NULL  */
    const char *set;                /* over the base                             */
} unfit_case;

static const unfit_case unfit[] = {
    {"measure.subset = 20, 201\n", "subset=201",
     "[measure] subset: 201 of the 200 rows of set 'all': expected 2 to", NULL},
    {"measure.subset = 40, 41\nmeasure.rows = all | train, test\n",
     "subset=41,rows=train-test", "41 of the 40 rows of set 'test'", NULL},
    {"data.train_fraction = 0.5, 1\nmeasure.rows = all | test\n",
     "train_fraction=1,rows=test", "subset: 0 of the 0 rows of set 'test'", NULL},
    {"data.limit = 200, 9\ndata.train_fraction = 0.1, 0.04\n",
     "limit=9,train_fraction=0.04", "train_fraction 0.04 of the 9 rows of 'ib' leaves",
     NULL},
    {"net.layers = 12, 2 | 11, 2\n", "layers=11-2", "start with 11 inputs", NULL},
    {"pool.windows = 0:5 | 0:6\n", "windows=0-6",
     "'0:6' is beyond the run, which has epochs 0 to 5", NULL},
    {"pool.windows = 0:15 | 0:16\ntrain.batch = 64, 53\n", "windows=0-16,batch=64",
     "has steps 0 to 15", "measure.tick=step"},
    {"pool.k = 5, 6\n", "k=6", "only 5 networks", "pool.windows=1:5"},
    {"data.path = set, sat\n", "path=sat", "sat' is no folder", "net.layers=1, 2"},
    {"data.path = set, same\ndata.label_noise = 0, 0.5\n",
     "path=same,label_noise=0.5",
     "label_noise 0.5 of the set 'same', which has one class only", "net.layers=1, 2"},
    {"data.limit = 2, 3\ndata.path = set, same\n", NULL, NULL, "net.layers=1, 2"},
    {"data.path = set, flat\ndata.scale = none, standard\n", "path=flat,scale=standard",
     "cannot be scaled", "net.layers=1, 2"},
    {"data.path = far\ndata.scale = unit, symmetric, standard\n", NULL, NULL,
     "net.layers=1, 2"},
    {"data.path = far\ndata.scale = unit, none\n", "path=far,scale=none",
     "above the 3.4e+38 that float32 can hold", "net.layers=1, 2"},
    {"data.path = set\nnet.layers = 2, 2 | 1, 2\n", "path=set,layers=2-2",
     "the data set set has 1 and 2", NULL},
};

static void what_a_run_would_say_is_said_before(void **state)
{
    (void)state;
    char f[FILES_PATH], text[600], head[FILES_PATH + 100];
    ipl_device *dev;
    files_make_folder(f);
    write_sets(f);
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    for (size_t c = 0; c < sizeof unfit / sizeof *unfit; ++c) {
        ipl_study *s;
        ipl_config config;
        int64_t run = 0;
        const char *npy = strstr(unfit[c].lines, "path") ? "set = npy\n" : "";
        snprintf(text, sizeof text, "[data]\n%s" BASE "[sweep]\n%s", npy,
                 unfit[c].lines);
        CHECK_OK(read_study(f, text, &s, unfit[c].set, NULL));
        const ipl_status st = ipl_study_check(s);
        char *said = strdup(st == IPL_OK ? "" : words());
        if (!unfit[c].run) {
            if (st != IPL_OK) fail_msg("%s: %s", unfit[c].lines, said);
        } else {
            while (run < ipl_study_runs(s) - 1 &&
                   strcmp(ipl_study_run_at(s, run)->name, unfit[c].run))
                ++run;
            snprintf(head, sizeof head, "%s: run %s: ", files_path(f, "study.ini"),
                     unfit[c].run);
            CHECK_OK(ipl_study_config(s, run, f, &config));
            config.networks[0] = 0;
            CHECK(ipl_run(dev, &config, files_path(f, "run"), NULL, NULL, NULL) == st);
            if (strncmp(said, head, strlen(head)) ||
                strcmp(said + strlen(head), words()) || !strstr(said, unfit[c].says))
                fail_msg("the study says '%s', the run '%s'", said, words());
        }
        free(said);
        ipl_study_free(s);
    }
    ipl_device_close(dev);
    files_remove_folder(f);
}

static ipl_status execute(const ipl_study *s, const char *dir, ipl_study_progress *at)
{
    static const char *const cpu[] = {"cpu"};
    const ipl_study_options options = {.dir = dir, .device = cpu, .devices = 1,
                                       .threads = 1};
    return ipl_study_execute(s, &options, NULL, NULL, at);
}

static void data_are_needed_by_runs_that_are_not_done(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    ipl_study_progress at;
    static const char base[] = "[data]\nset = npy\npath = set\n[net]\nlayers = 1, "
        "3-tanh, 2\n[train]\nepochs = 2\n[sweep]\nbin.edges = 10, 30\n";
    files_make_folder(f);
    write_sets(f);
    CHECK_OK(read_study(f, base, &s, NULL));
    CHECK_OK(execute(s, files_path(f, "out"), &at));
    CHECK(at.done == 2);
    files_remove_folder(files_path(f, "set"));
    CHECK_OK(execute(s, files_path(f, "out"), &at));
    CHECK(at.done == 2);
    ipl_study_free(s);
    CHECK_OK(read_study(f, base, &s, "sweep.bin.edges=10,30,50", NULL));
    CHECK_FAILS(execute(s, files_path(f, "out"), &at), IPL_E_IO, "run edges=50: ");
    CHECK_FAILS(execute(s, files_path(f, "new"), &at), IPL_E_IO, "run edges=10: ");
    CHECK(access(files_path(f, "new"), F_OK));
    ipl_study_free(s);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(what_a_run_would_say_is_said_before),
    CHECK_TEST(data_are_needed_by_runs_that_are_not_done),
};

CHECK_MAIN("study_data", tests, 0)
