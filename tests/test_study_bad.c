/*
 * test_study_bad.c - studies that are refused, and the largest that is not.
 */
#include <sys/resource.h>

#include "study_case.h"

static void bad_studies_are_named(void **state)
{
    (void)state;
    static const struct { const char *text, *words; } bad[] = {
        {"[train]\nepochs = 5\n", "study.ini: no section [sweep] that has a key"},
        {"[sweep]\n", "no section [sweep] that has a key"},
        {"[sweep]\ntogether = 3\n", ":2: [sweep] together = '3': no key is swept"},
        {"[train]\nepochs = x\n[sweep]\n", ":2: [train] epochs = 'x'"},
        {"[sweep]\nactivation = tanh\n", ":2: [sweep] activation = 'tanh': expected "
                                         "section.key, zip, skip or together"},
        {"[sweep]\nnet.activatoin = tanh\n", ":2: 'net.activatoin': no key "
                                             "'activatoin' in section [net]; is [net] "
                                             "activation meant?"},
        {"[sweep]\nzz.qwertz = 1\n", ":2: 'zz.qwertz': no section [zz]: expected data"},
        {"[sweep]\nrun.lanes = 1, 2\n", ":2: [sweep] run.lanes = '1, 2': keys of [run] "
                                        "change no result"},
        {"[sweep]\ntrain.replicas = 1, 2\n", ":2: [sweep] train.replicas = '1, 2': "
                                             "sweep train.seed instead"},
        {"[train]\nreplicas = 3\n[sweep]\ntrain.seed = 1, 2\n",
         "[train] replicas = 3: [sweep] train.seed has all seeds"},
        {"[run]\nnetworks = /a\n[sweep]\ntrain.seed = 1, 2\n",
         "[run] networks = '/a': a study trains its networks"},
        {"[measure]\npolicy = kept\n[sweep]\nbin.edges = 7, 8\n",
         "run edges=7: [measure] policy = kept, but [run] networks names no run"},
        {"[sweep]\ntrain.seed = 1\n\ntrain.seed = 2\n",
         ":4: [sweep] train.seed = '2': already set in line 2"},
        {"[sweep]\ntogether = 2\ntogether = 2\n", ":3: [sweep] together = '2': "
                                                  "already set in line 2"},
        {"[sweep]\nnet.activation = tanh, rleu\n",
         ":2: [net] activation = 'rleu': expected nothing, linear, tanh, relu"},
        {"[sweep]\nnet.activation = tanh,\n", ":2: [sweep] net.activation = 'tanh,': "
                                              "an empty value"},
        {"[sweep]\ntrain.epochs =\n", ":2: [sweep] train.epochs = '': an empty value"},
        {"[sweep]\nbin.range = -1, 1\n", ":2: [bin] range = '-1': expected two numbers "
                                         "'low, high' with low < high ('|' goes "
                                         "between values that have commas)"},
        {"[sweep]\ntrain.seed = 5:1\n", ":2: [sweep] train.seed = '5:1': expected "
                                        "FROM:TO or FROM:TO:STEP, upwards"},
        {"[sweep]\ntrain.seed = 1:5:0\n", "with a step of 1 or more"},
        {"[sweep]\ntrain.seed = 1:5:-1\n", "with a step of 1 or more"},
        {"[sweep]\ntrain.seed = 1:5:1:1\n", "expected FROM:TO or"},
        {"[sweep]\ntrain.seed = 1:5:x\n", "expected FROM:TO or"},
        {"[sweep]\ntrain.seed = 1:\n", ":2: [train] seed = '': expected a whole"},
        {"[sweep]\ntrain.seed = -2:5\n", ":2: [train] seed = '-2': expected a whole"},
        {"[sweep]\ntrain.seed = 1:9223372036854775808\n",
         "[train] seed = '9223372036854775808': expected a whole number from 0"},
        {"[sweep]\ntrain.seed = 0:9007199254740991\n", ":2: [sweep] train.seed = "
         "'0:9007199254740991': more than 1000000 values"},
        {"[sweep]\ntrain.learning_rate = 1:3\n", ":2: [train] learning_rate = '1:3'"},
        {"[sweep]\ntrain.seed = 0:600000, 700000:1200000\n", "more than 1000000"},
        {"[sweep]\ntrain.epochs = 1:1000\nbin.edges = 2:1002\n",
         "study.ini: [sweep] has 1001000 runs, before what skip leaves out: expected "
         "at most 1000000"},
        {"[sweep]\ntrain.seed = 2:2000000:2\ntrain.batch = 1, 2\n",
         "[sweep] has 2000000 runs: expected at most 1000000"},
        {"[sweep]\ntrain.epochs = 1:1000000\nbin.edges = 2:65536\nksg.k = 1:64\n"
         "train.batch = 1:1000000\nmeasure.every = 1:1000000\n",
         "runs, before what skip leaves out"},
        {"[sweep]\ntogether = 0\ntrain.seed = 1\n", ":2: [sweep] together = '0': "
                                                    "expected a whole number from 1 to "
                                                    "4096"},
        {"[sweep]\ntogether = 5000\ntrain.seed = 1\n", "from 1 to 4096"},
        {"[sweep]\ntogether = 3x\ntrain.seed = 1\n", "from 1 to 4096"},
        {"[sweep]\ntrain.seed = 1\nzip = train.seed, bin.edges\n",
         ":3: [sweep] zip = 'train.seed, bin.edges': 'bin.edges' is not swept"},
        {"[sweep]\ntrain.seed = 1\nzip = train.seed\n", "one key alone"},
        {"[sweep]\ntrain.seed = 1\nzip = train.seed, train.seed\n", "is zipped twice"},
        {"[sweep]\ntrain.seed = 1:3\nbin.edges = 4, 5\nzip = train.seed, bin.edges\n",
         ":4: [sweep] zip = 'train.seed, bin.edges': train.seed has 3 values and "
         "bin.edges 2: expected as many"},
        {"[sweep]\ntrain.seed = 1\nskip = bin.edges = 3\n", ":3: [sweep] skip = "
         "'bin.edges = 3': 'bin.edges' is not swept"},
        {"[sweep]\ntrain.seed = 1\nskip = train.seed\n", "'train.seed': expected "
                                                         "section.key = value"},
        {"[sweep]\ntrain.seed = 1\nskip = train.seed = 2\n", "train.seed does not have "
                                                             "the value '2' here"},
        {"[sweep]\ntrain.seed = 1\nskip = train.seed = x\n", "does not have the value"},
        {"[sweep]\ntrain.seed = 1, 2\nskip = train.seed = 1 & train.seed = 2\n",
         ":3: [sweep] skip = 'train.seed = 1 & train.seed = 2': a condition that no "
         "product meets"},
        {"[sweep]\ntrain.batch = 1, 2\nskip = train.batch = 1 & train.batch = 2\n",
         "a condition that no product meets"},
        {"[sweep]\ntrain.batch = 1\nskip = train.batch = 1\n", "skip leaves no run"},
        {"[sweep]\nnet.layers = 12, 7-tanh, 2\n", "run layers=12: [net] layers: '12' "
                                                  "is one entry"},
        {"[pool]\nwindows = 3\nover = replicas\n[sweep]\ntrain.seed = 1:10\n"
         "net.activation = tanh, relu\nskip = train.seed = 3 & net.activation = relu, "
         "train.seed = 1 & net.activation = relu\n",
         "run activation=relu,seed=2: [pool] over = replicas: one network"},
    };
    char f[FILES_PATH];
    files_make_folder(f);
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        ipl_study *s = NULL;
        CHECK_FAILS(read_study(f, bad[b].text, &s, NULL), IPL_E_FORMAT, bad[b].words);
        CHECK(!s && !strchr(ipl_last_error(), '\n'));
    }
    ipl_study *s;
    CHECK_FAILS(ipl_study_read("/no/such.ini", NULL, 0, &s), IPL_E_IO, "/no/such.ini");
    files_remove_folder(f);
}

/* As many runs as there may be, in time and in memory. */
static void a_million_runs_are_read_in_seconds(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    struct rusage before, after;
    files_make_folder(f);
    getrusage(RUSAGE_SELF, &before);
    CHECK_OK(read_study(f, "[sweep]\ntrain.batch = 1:1000\nbin.edges = 2:101\n"
                        "train.seed = 2:20:2\n", &s, NULL));
    getrusage(RUSAGE_SELF, &after);
    CHECK(ipl_study_runs(s) == 1000000 && ipl_study_products(s) == 1000000);
    assert_string_equal(ipl_study_run_at(s, 999999)->name,
                        "batch=1000,edges=101,seed=20");
    CHECK(ipl_study_run_at(s, 999999)->kept_by == 999009);
    ipl_study_free(s);
    CHECK_OK(read_study(f, "[sweep]\ntrain.batch = 1:1000000\n", &s, NULL));
    CHECK(ipl_study_runs(s) == 1000000);
    ipl_study_free(s);
    CHECK_OK(read_study(f, "[sweep]\ntrain.seed = 1:1000000\ntogether = 1\n", &s,
                        NULL));
    CHECK(ipl_study_runs(s) == 1000000);
    ipl_study_free(s);
    printf("# %ld MB\n", (after.ru_maxrss - before.ru_maxrss) / 1024);
    CHECK(after.ru_maxrss - before.ru_maxrss < 500000);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(bad_studies_are_named),
    CHECK_TEST(a_million_runs_are_read_in_seconds),
};

CHECK_MAIN("study_bad", tests, 0)
