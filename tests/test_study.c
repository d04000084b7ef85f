/*
 * test_study.c - studies: which runs they have, under which names.
 */
#include "study_case.h"

/* -- Products ---------------------------------------------------------------------*/

static void products_have_the_order_of_the_file(void **state)
{
    (void)state;
    expect_runs("[sweep]\nnet.activation = tanh, relu\ntrain.learning_rate = 1e-3, .1\n"
                "data.label_noise = 0, 5e-1\n",
                "activation=tanh,learning_rate=0.001,label_noise=0\n"
                "activation=tanh,learning_rate=0.001,label_noise=0.5\n"
                "activation=tanh,learning_rate=0.1,label_noise=0\n"
                "activation=tanh,learning_rate=0.1,label_noise=0.5\n"
                "activation=relu,learning_rate=0.001,label_noise=0\n"
                "activation=relu,learning_rate=0.001,label_noise=0.5\n"
                "activation=relu,learning_rate=0.1,label_noise=0\n"
                "activation=relu,learning_rate=0.1,label_noise=0.5\n");
}

static void seeds_are_runs_of_those_that_follow_each_other(void **state)
{
    (void)state;
    expect_runs("[sweep]\ntrain.seed = 1:23\n", "seed=1-10\nseed=11-20\nseed=21-23\n");
    expect_runs("[sweep]\ntrain.seed = 1:8\ntogether=3\n",
                "seed=1-3\nseed=4-6\nseed=7-8\n");
    expect_runs("[sweep]\ntrain.seed = 7, 5, 6, 4, 20:26:2, 30:31\n",
                "seed=7\nseed=5-6\nseed=4\nseed=20\nseed=22\nseed=24\nseed=26\n"
                "seed=30-31\n");
    /* Innermost, wherever the line is. */
    expect_runs("[sweep]\ntrain.seed = 1:11\nnet.activation = tanh, relu\n",
                "activation=tanh,seed=1-10\nactivation=tanh,seed=11\n"
                "activation=relu,seed=1-10\nactivation=relu,seed=11\n");
}

static void without_seeds_a_run_has_those_of_the_configuration(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    files_make_folder(f);
    CHECK_OK(read_study(f, "[train]\nseed = 7\nreplicas = 3\n[sweep]\n"
                        "train.batch = 4, 5\n", &s, NULL));
    const ipl_study_run *run = ipl_study_run_at(s, 1);
    CHECK(ipl_study_runs(s) == 2 && ipl_study_products(s) == 6);
    CHECK(!strcmp(run->name, "batch=5") && run->first_seed == 7 && run->seeds == 3);
    CHECK(ipl_study_value_of(s, 1, 0) == 1 && !strcmp(ipl_study_value(s, 0, 1), "5"));
    ipl_study_free(s);
    files_remove_folder(f);
}

static void keys_are_told_with_their_values(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    files_make_folder(f);
    CHECK_OK(read_study(f, "[sweep]\ndata.seed = 3, 4\ntrain.seed = 1:12\n"
                        "bin.edges = 10:30:10\nnet.activation = relu, tanh, relu\n"
                        "train.batch = 1, 1, 2\nzip = train.batch, net.activation\n"
                        "measure.loss_rows = 5\n", &s, NULL));
    static const ipl_study_key want[] = {
        {"data", "seed", "data.seed", 2, 0, 0},
        {"train", "seed", "train.seed", 12, 4, 0},
        {"bin", "edges", "edges", 3, 1, 1},
        {"net", "activation", "activation", 2, 2, 0},
        {"train", "batch", "batch", 2, 2, 0},
        {"measure", "loss_rows", "loss_rows", 1, 3, 0}};
    assert_int_equal(ipl_study_keys(s), 6);
    for (int k = 0; k < 6; ++k) {
        const ipl_study_key got = ipl_study_key_at(s, k);
        CHECK(!strcmp(got.section, want[k].section) && !strcmp(got.key, want[k].key));
        CHECK(!strcmp(got.name, want[k].name) && got.values == want[k].values);
        CHECK(got.axis == want[k].axis && got.only_measures == want[k].only_measures);
    }
    CHECK(!strcmp(ipl_study_value(s, 2, 2), "30"));
    CHECK(ipl_study_runs(s) == 2 * 3 * 3 * 2 && ipl_study_products(s) == 18 * 12);
    /* Run 2 (9 d + 3 e + z) + c: data.seed d, edges e, position z of the zipped. */
    const int zipped[3][2] = {{0, 0}, {1, 0}, {0, 1}};
    for (int r = 0; r < 36; ++r) {
        CHECK(ipl_study_value_of(s, r, 0) == r / 18);
        CHECK(ipl_study_value_of(s, r, 1) == -1);
        CHECK(ipl_study_value_of(s, r, 2) == r / 6 % 3);
        CHECK(ipl_study_value_of(s, r, 3) == zipped[r / 2 % 3][0]);
        CHECK(ipl_study_value_of(s, r, 4) == zipped[r / 2 % 3][1]);
        CHECK(ipl_study_run_at(s, r)->first_seed == (r % 2 ? 11 : 1));
    }
    assert_string_equal(ipl_study_run_at(s, 35)->name,
                        "data.seed=4,edges=30,activation=relu,batch=2,loss_rows=5,"
                        "train.seed=11-12");
    ipl_study_free(s);
    files_remove_folder(f);
}

static void zipped_keys_go_side_by_side(void **state)
{
    (void)state;
    expect_runs("[sweep]\nnet.activation = tanh, relu\nmeasure.subset = 7, 8\n"
                "train.learning_rate = 1e-3, 1e-4\nzip = net.activation, "
                "train.learning_rate\n",
                "activation=tanh,subset=7,learning_rate=0.001 measured\n"
                "activation=tanh,subset=8,learning_rate=0.001 <0\n"
                "activation=relu,subset=7,learning_rate=0.0001 measured\n"
                "activation=relu,subset=8,learning_rate=0.0001 <2\n");
    expect_runs("[sweep]\ntrain.seed = 1, 2\ndata.seed = 4, 4\ntrain.batch = 1, 2\n"
                "train.epochs = 5, 6\nzip = train.seed, data.seed | train.batch, "
                "train.epochs\n",
                "train.seed=1,data.seed=4,batch=1,epochs=5\n"
                "train.seed=1,data.seed=4,batch=2,epochs=6\n"
                "train.seed=2,data.seed=4,batch=1,epochs=5\n"
                "train.seed=2,data.seed=4,batch=2,epochs=6\n");
}

static void products_that_meet_a_condition_are_left_out(void **state)
{
    (void)state;
    expect_runs("[sweep]\nnet.activation = tanh, relu\ntrain.batch = 1, 2, 3\n"
                "skip = net.activation = relu & train.batch = 02, train.batch = 1\n"
                "skip = net.activation=tanh & train.batch = 3\n",
                "activation=tanh,batch=2\nactivation=relu,batch=3\n");
    expect_runs("[sweep]\nnet.layers = 12, 7-tanh, 2 | 12, 5-tanh, 2\n"
                "train.batch = 1, 2\n"
                "skip = net.layers = 12, 5-tanh, 2 & train.batch = 1 | "
                "train.batch = 2\n",
                "layers=12-7-tanh-2,batch=1\n");
    /* Of seeds: the other runs stay as they are without. */
    expect_runs("[sweep]\ntrain.seed = 1:14\nnet.activation = tanh, relu\n"
                "skip = train.seed = 3 & net.activation = relu, train.seed = 14\n",
                "activation=tanh,seed=1-10\nactivation=tanh,seed=11-13\n"
                "activation=relu,seed=1-2\nactivation=relu,seed=4-10\n"
                "activation=relu,seed=11-13\n");
    expect_runs("[sweep]\ntrain.seed = 1:9, 12:14\ntogether = 4\n"
                "skip = train.seed = 4, train.seed = 5, train.seed = 13\n",
                "seed=1-3\nseed=6-8\nseed=9\nseed=12\nseed=14\n");
}

static void sets_stand_over_the_file(void **state)
{
    (void)state;
    char f[FILES_PATH], dir[FILES_PATH + 8];
    ipl_study *s;
    ipl_config config;
    files_make_folder(f);
    snprintf(dir, sizeof dir, "%s/out", f);
    CHECK_OK(read_study(f, "[train]\nepochs = 9\n[sweep]\ntrain.seed = 1:50\n", &s,
                        "train.epochs=5", "sweep.train.seed=1:3",
                        "sweep.train.seed=4:6", "sweep.bin.edges=7", NULL));
    CHECK(ipl_study_runs(s) == 1);
    assert_string_equal(ipl_study_run_at(s, 0)->name, "edges=7,seed=4-6");
    CHECK_OK(ipl_study_config(s, 0, dir, &config));
    CHECK(config.epochs == 5 && config.seed == 4 && config.replicas == 3 &&
          config.mi[IPL_MI_BIN].bin_edges == 7);
    ipl_study_free(s);
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.seed = 1:50\n", &s, "train.seed=4", NULL),
                IPL_E_ARGUMENT, "'train.seed=4': train.seed is swept (");
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.seed = 1:50\n", &s, "sweep.train.seed=x",
                           NULL), IPL_E_ARGUMENT,
                "'sweep.train.seed=x': [train] seed = 'x': expected a whole number");
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.seed = 1:50\n", &s, "train.epoch=3",
                           NULL), IPL_E_ARGUMENT, "is [train] epochs meant?");
    files_remove_folder(f);
}

/* As text it is the same study, in lines that the reader takes. */
static void expect_same_as_text(const ipl_study *s, const char *f)
{
    char *text, *again;
    size_t bytes, its;
    ipl_study *read;
    CHECK_OK(ipl_study_text(s, &text, &bytes));
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1)
        CHECK(strcspn(at, "\n") <= 197);
    files_write(files_path(f, "again.ini"), bytes, text);
    CHECK_OK(ipl_study_read(files_path(f, "again.ini"), NULL, 0, &read));
    CHECK_OK(ipl_study_text(read, &again, &its));
    assert_string_equal(text, again);
    CHECK(ipl_study_runs(read) == ipl_study_runs(s));
    for (int64_t r = 0; r < ipl_study_runs(s); ++r)
        assert_string_equal(ipl_study_run_at(s, r)->name,
                            ipl_study_run_at(read, r)->name);
    ipl_study_free(read);
    free(text);
    free(again);
}

static void lists_may_have_several_lines(void **state)
{
    (void)state;
    char f[FILES_PATH], text[4000] = "[sweep]\ntrain.batch = 1", set[4000];
    ipl_study *s;
    files_make_folder(f);
    for (int b = 2; b <= 300; ++b)
        sprintf(text + strlen(text), ",%s%d", b % 20 ? "" : "\n", b);
    strcpy(set, "sweep.bin.edges=3");
    for (int b = 4; b <= 500; ++b) sprintf(set + strlen(set), ",%d", b);
    strcat(text, "\nnet.layers = 12, 5-tanh, 4-tanh, 2 |\n  12, 3-tanh, 4-tanh, "
                 "5-tanh, 6-tanh, 7-tanh,\n 2 | 12, 7-tanh, 2\nskip = train.batch = 7 &"
                 "\nnet.layers = 12, 7-tanh, 2 | train.batch = 8 & net.layers = 12, "
                 "7-tanh, 2 |\ntrain.batch = 9\ndata.set = npy\ndata.path = a long "
                 "name of a folder with blanks | another of them & more |\nc | d\n");
    CHECK_OK(read_study(f, text, &s, NULL));
    CHECK(ipl_study_runs(s) == (300 * 3 - 1 - 1 - 3) * 4);
    assert_string_equal(ipl_study_value(s, 1, 1),
                        "12, 3-tanh, 4-tanh, 5-tanh, 6-tanh, 7-tanh, 2");
    expect_same_as_text(s, f);
    ipl_study_free(s);
    /* First values, conditions and paths that fill a line. */
    CHECK_OK(read_study(f, "[data]\nset = npy\n[sweep]\nnet.layers = 12, 10-tanh, "
                        "9-tanh, 8-tanh, 7-tanh, 6-tanh, 5-tanh, 4-tanh, 3-tanh, "
                        "3-tanh, 2 | 12, 5-tanh, 2\ndata.path = /a-name-of-forty-"
                        "characters-or-a-few-more/another-one-of-forty-characters/x, "
                        "y\ntrain.batch = 11, 12\nskip = net.layers = 12, 5-tanh, 2 &"
                        "\ndata.path = /a-name-of-forty-characters-or-a-few-more/"
                        "another-one-of-forty-characters/x &\ntrain.batch = 11 |\n"
                        "train.batch = 12 & net.layers = 12, 5-tanh, 2\n", &s, NULL));
    CHECK(ipl_study_runs(s) == 8 - 1 - 2);
    expect_same_as_text(s, f);
    ipl_study_free(s);
    CHECK_OK(read_study(f, "[sweep]\ntrain.batch = 1\n", &s, set, NULL));
    CHECK(ipl_study_runs(s) == 498);
    expect_same_as_text(s, f);
    ipl_study_free(s);
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.batch = 1,\n2,\ntrain.seed = 3\n", &s,
                           NULL), IPL_E_FORMAT, "study.ini:2: [train] batch = "
                "'train.seed = 3': expected a whole number");
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.batch = 1,\n2,\n", &s, NULL),
                IPL_E_FORMAT, "study.ini:2: [sweep] train.batch = '1, 2,': an empty");
    files_remove_folder(f);
}

/* -- Names ------------------------------------------------------------------------*/

static void names_are_of_plain_characters(void **state)
{
    (void)state;
    expect_runs("[sweep]\nbin.range = -1, 1 | 0, 1 | -1, 1e+30\n",
                "range=-1-1 measured\nrange=0-1 <0\nrange=-1-1e+30 <0\n");
    expect_runs("[data]\nset = npy\n[sweep]\ndata.path = ../a b/c, /a:b:c, "
                "../a b//c, %\n",
                "path=..-a-b-c\npath=a-b-c\npath=..-a-b-c-3\npath=none\n");
    /* Too long for a word: the value's number. */
    expect_runs("[sweep]\nnet.layers = 12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, "
                "2 | 12, 5-tanh, 2 | 12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 4-tanh, "
                "3-tanh, 2\n",
                "layers=12-10-tanh-7-tanh-5-tanh-4-tanh-3-tanh-2\n"
                "layers=12-5-tanh-2\nlayers=3\n");
    /* Too long together: the longest words become numbers. */
    expect_runs("[sweep]\nnet.layers = 12, 9-leaky-relu, 7-leaky-relu, 2 | "
                "12, 8-leaky-relu, 2\nnet.activation = leaky-relu\n"
                "train.learning_rate = 0.00012345678\n"
                "data.train_fraction = .12345\nnet.init = truncated-normal-units\n",
                "layers=1,activation=leaky-relu,learning_rate=0.00012345678,"
                "train_fraction=0.12345,init=1\n"
                "layers=2,activation=leaky-relu,learning_rate=0.00012345678,"
                "train_fraction=0.12345,init=1\n");
    /* Values of a word that another's number would be. */
    expect_runs("[data]\nset = npy\n[sweep]\ndata.path = 2, aaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaa\n", "path=2\npath=2-2\n");
}

static void a_value_is_the_same_however_written(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    files_make_folder(f);
    CHECK_FAILS(read_study(f, "[sweep]\ndata.train_fraction = .05, .1, 5e-2\n", &s,
                           NULL), IPL_E_FORMAT,
                "study.ini:2: [sweep] data.train_fraction = '.05, .1, 5e-2': the value "
                "'0.05' is there twice");
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.seed = 1:9, 5\n", &s, NULL), IPL_E_FORMAT,
                "the value '5' is there twice");
    CHECK_FAILS(read_study(f, "[sweep]\ntrain.batch = 1, 2, 1\ntrain.epochs = 3, 4, 3\n"
                           "zip = train.batch, train.epochs\n", &s, NULL), IPL_E_FORMAT,
                "the value '1' is there twice, with the same of the keys zipped with");
    files_remove_folder(f);
}

/* -- Networks that are shared -----------------------------------------------------*/

static void what_only_measures_is_trained_once(void **state)
{
    (void)state;
    expect_runs("[sweep]\nbin.edges = 10, 30\ntrain.seed = 1:12\nnet.quantise = 0, 3\n",
                "edges=10,quantise=0,seed=1-10 measured\n"
                "edges=10,quantise=0,seed=11-12 measured\n"
                "edges=10,quantise=3,seed=1-10 <0\nedges=10,quantise=3,seed=11-12 <1\n"
                "edges=30,quantise=0,seed=1-10 <0\nedges=30,quantise=0,seed=11-12 <1\n"
                "edges=30,quantise=3,seed=1-10 <0\n"
                "edges=30,quantise=3,seed=11-12 <1\n");
    /* The first that is not left out trains; training.csv needs a training. */
    expect_runs("[sweep]\nmeasure.loss_rows = 1, 2\nbin.edges = 10, 30, 50\n"
                "skip = measure.loss_rows = 2 & bin.edges = 10\n",
                "loss_rows=1,edges=10 measured\nloss_rows=1,edges=30 <0\n"
                "loss_rows=1,edges=50 <0\nloss_rows=2,edges=30 measured\n"
                "loss_rows=2,edges=50 <3\n");
    /* A seed that some of them leave out has a run of its own in the others. */
    expect_runs("[sweep]\ntrain.seed = 1:4\nbin.edges = 10, 30\n"
                "skip = bin.edges = 30 & train.seed = 2\n",
                "edges=10,seed=1 measured\nedges=10,seed=2\n"
                "edges=10,seed=3-4 measured\nedges=30,seed=1 <0\n"
                "edges=30,seed=3-4 <2\n");
    /* Seeds that the same ones leave out stay together; other networks as they are. */
    expect_runs("[sweep]\nnet.activation = tanh, relu\nbin.edges = 10, 30, 50\n"
                "train.seed = 1:6\nskip = net.activation = tanh & bin.edges = 30 & "
                "train.seed = 2, bin.edges = 30 & train.seed = 3 & net.activation = "
                "tanh, net.activation = tanh & bin.edges = 50 & train.seed = 3\n",
                "activation=tanh,edges=10,seed=1 measured\n"
                "activation=tanh,edges=10,seed=2 measured\n"
                "activation=tanh,edges=10,seed=3\n"
                "activation=tanh,edges=10,seed=4-6 measured\n"
                "activation=tanh,edges=30,seed=1 <0\n"
                "activation=tanh,edges=30,seed=4-6 <3\n"
                "activation=tanh,edges=50,seed=1 <0\n"
                "activation=tanh,edges=50,seed=2 <1\n"
                "activation=tanh,edges=50,seed=4-6 <3\n"
                "activation=relu,edges=10,seed=1-6 measured\n"
                "activation=relu,edges=30,seed=1-6 <9\n"
                "activation=relu,edges=50,seed=1-6 <9\n");
    expect_runs("[sweep]\nbin.edges = 10, 30\ntrain.seed = 1:6\nskip = "
                "bin.edges = 30 & train.seed = 2, bin.edges = 30 & train.seed = 3\n",
                "edges=10,seed=1 measured\nedges=10,seed=2-3\n"
                "edges=10,seed=4-6 measured\nedges=30,seed=1 <0\n"
                "edges=30,seed=4-6 <2\n");
    /* All of them leave it out. */
    expect_runs("[sweep]\nbin.edges = 10, 30\ntrain.seed = 1:4\n"
                "skip = train.seed = 3\n",
                "edges=10,seed=1-2 measured\nedges=10,seed=4 measured\n"
                "edges=30,seed=1-2 <0\nedges=30,seed=4 <1\n");
    /* A zipped key that trains, with a value that is there twice. */
    expect_runs("[sweep]\ntrain.batch = 1, 2, 1\nbin.edges = 5, 6, 7\n"
                "zip = train.batch, bin.edges\n",
                "batch=1,edges=5 measured\nbatch=2,edges=6\nbatch=1,edges=7 <0\n");
}

static void other_ticks_need_all_networks(void **state)
{
    (void)state;
    static const struct { const char *text, *keep; } cases[] = {
        {"[sweep]\nbin.edges = 7, 8\n", " measured"},
        {"[run]\nkeep = measured\n[sweep]\nbin.edges = 7, 8\n", " measured"},
        {"[run]\nkeep = all\n[sweep]\nbin.edges = 7, 8\n", " all"},
        {"[sweep]\nmeasure.policy = every, log\n", " all"},
        {"[sweep]\nmeasure.log_dense = 7, 8\n", " all"},
        {"[sweep]\nmeasure.log_per_decade = 7, 8\n", " all"},
        {"[measure]\npolicy = every\n[sweep]\nmeasure.every = 7, 8\n", " all"},
        {"[measure]\npolicy = list\n[sweep]\nmeasure.list = 7, 8\n", " all"},
        {"[measure]\npolicy = delta-exact\n[sweep]\nbin.edges = 7, 8\n", " all"},
        {"[pool]\nwindows = 0:3\n[sweep]\nbin.edges = 7, 8\n", " all"},
        {"[sweep]\npool.windows = 0:3 | 4:5\n", " all"},
    };
    char f[FILES_PATH];
    files_make_folder(f);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        ipl_study *s;
        CHECK_OK(read_study(f, cases[c].text, &s, NULL));
        char *got = runs_of(s);
        if (!strstr(got, cases[c].keep) || !strstr(got, " <0"))
            fail_msg("%s: %s", cases[c].text, got);
        ipl_study_free(s);
        free(got);
    }
    files_remove_folder(f);
    /* Alone, a run keeps what its configuration says. */
    expect_runs("[sweep]\ntrain.batch = 1\n", "batch=1\n");
    expect_runs("[run]\nkeep = measured\n[sweep]\ntrain.batch = 1\n",
                "batch=1 measured\n");
}

/* -- Configurations ---------------------------------------------------------------*/

static void a_run_has_its_values(void **state)
{
    (void)state;
    char f[FILES_PATH], dir[FILES_PATH + 8], want[2 * FILES_PATH + 8];
    ipl_study *s;
    ipl_config config;
    files_make_folder(f);
    snprintf(dir, sizeof dir, "%s/out", f);
    CHECK_OK(read_study(f, "[data]\nset = npy\n[kde]\nnoise_var = 1, 2\n[sweep]\n"
                        "data.path = a, /b\nbin.range = -1, 1 | 0, 1\n"
                        "kde.noise_var = .1, .2 | 3\ntrain.seed = 4:5\n", &s, NULL));
    for (int r = 0; r < 8; ++r) {
        CHECK_OK(ipl_study_config(s, r, dir, &config));
        snprintf(want, sizeof want, "%s%s", r / 4 ? "" : f, r / 4 ? "/b" : "/a");
        assert_string_equal(config.data_path, want);
        CHECK(config.mi[IPL_MI_BIN].bin_lo == (r / 2 % 2 ? 0 : -1));
        CHECK(config.mi[IPL_MI_KDE].noise_var == (r % 2 ? 3 : 0.1));
        assert_string_equal(config.sweep[IPL_MI_KDE].values, r % 2 ? "" : ".1, .2");
        CHECK(config.seed == 4 && config.replicas == 2);
        CHECK(config.keep == (r % 4 ? IPL_KEEP_NONE : IPL_KEEP_MEASURED));
        snprintf(want, sizeof want, "%s/%s", dir, ipl_study_run_at(s, r / 4 * 4)->name);
        assert_string_equal(config.networks, r % 4 ? want : "");
        CHECK_OK(ipl_config_check(&config));
    }
    char deep[200];
    memset(deep, 'd', sizeof deep);
    deep[0] = '/', deep[199] = 0;
    CHECK_FAILS(ipl_study_config(s, 1, deep, &config), IPL_E_ARGUMENT,
                "expected a path of at most 175 characters");
    CHECK_FAILS(ipl_study_config(s, 8, dir, &config), IPL_E_ARGUMENT, "run 8");
    ipl_study_free(s);
    files_remove_folder(f);
}

/* x and y are seen from data.path where there is one, swept or not. */
static void paths_beside_a_swept_one_are_seen_from_it(void **state)
{
    (void)state;
    char f[FILES_PATH];
    ipl_study *s;
    ipl_config config;
    files_make_folder(f);
    CHECK_OK(read_study(f, "[data]\nset = arrays\nx = X.npy\ny = Y.npy\n[sweep]\n"
                        "data.path = /a, /b\n", &s, NULL));
    CHECK_OK(ipl_study_config(s, 1, "out", &config));
    assert_string_equal(config.data_path, "/b");
    assert_string_equal(config.data_x, "X.npy");
    ipl_study_free(s);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(products_have_the_order_of_the_file),
    CHECK_TEST(seeds_are_runs_of_those_that_follow_each_other),
    CHECK_TEST(without_seeds_a_run_has_those_of_the_configuration),
    CHECK_TEST(keys_are_told_with_their_values),
    CHECK_TEST(zipped_keys_go_side_by_side),
    CHECK_TEST(products_that_meet_a_condition_are_left_out),
    CHECK_TEST(sets_stand_over_the_file),
    CHECK_TEST(lists_may_have_several_lines),
    CHECK_TEST(names_are_of_plain_characters),
    CHECK_TEST(a_value_is_the_same_however_written),
    CHECK_TEST(what_only_measures_is_trained_once),
    CHECK_TEST(other_ticks_need_all_networks),
    CHECK_TEST(a_run_has_its_values),
    CHECK_TEST(paths_beside_a_swept_one_are_seen_from_it),
};

CHECK_MAIN("study", tests, 0)
