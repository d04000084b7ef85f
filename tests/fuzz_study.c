/*
 * fuzz_study.c - any text as a study: refused with one line, or runs with names of
 * their own, values that are read again as they are, and configurations.
 */
#include "fuzz.h"
#include "ipl_study.h"

enum { RUNS_LARGE = 3000 }; /* more take long; test_study_bad.c has a million    */

static const char first_seed[] =
    "[train]\nepochs = 3\n[sweep]\nnet.activation = tanh, relu\nbin.edges = 10:30:10\n"
    "net.layers = 12, 7-tanh, 2 | 12, 5-tanh, 2\ntrain.seed = 1:12\ntogether = 5\n"
    "train.learning_rate = 1e-3, 1e-4\nzip = net.activation, train.learning_rate\n"
    "skip = net.activation = relu & bin.edges = 10, train.seed = 3\n";

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (corpus)
        files_write(files_path(corpus, "first"), sizeof first_seed - 1, first_seed);
    return 0;
}

/* At least as many runs as the text may have: products of what its lines hold. */
static double most_runs(const uint8_t *data, size_t bytes)
{
    double runs = 1, line = 1;
    for (size_t k = 0; k <= bytes && runs <= RUNS_LARGE; ++k) {
        const char c = k < bytes ? (char)data[k] : '\n';
        double last = 0;
        if (c == ',' || c == '|') ++line;
        if (c == ':')
            for (size_t d = k + 1; d < bytes && strchr(" \t0123456789", data[d]); ++d)
                last = data[d] >= '0' ? 10 * last + data[d] - '0' : last;
        line += last;
        if (c != '\n') continue;
        runs *= line;
        line = 1;
    }
    return runs;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp((*(const ipl_study_run *const *)a)->name,
                  (*(const ipl_study_run *const *)b)->name);
}

static void check_name(const char *name)
{
    if (!*name || strlen(name) >= IPL_STUDY_NAME) abort();
    for (; *name; ++name)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                    "._=+-,", *name))
            abort();
}

static void check_runs(const ipl_study *s)
{
    const int64_t runs = ipl_study_runs(s);
    int64_t networks = 0;
    const ipl_study_run **sorted = malloc((size_t)runs * sizeof *sorted);
    for (int64_t r = 0; r < runs; ++r) {
        const ipl_study_run *run = sorted[r] = ipl_study_run_at(s, r);
        ipl_config config;
        check_name(run->name);
        networks += run->seeds;
        if (run->seeds < 1 || run->kept_by >= r) abort();
        if (run->kept_by >= 0) {
            const ipl_study_run *trainer = ipl_study_run_at(s, run->kept_by);
            if (trainer->kept_by >= 0 || trainer->keep == IPL_KEEP_NONE ||
                trainer->first_seed != run->first_seed || trainer->seeds != run->seeds)
                abort();
        }
        if (ipl_study_config(s, r, "/s", &config) != IPL_OK) fuzz_check_refusal(NULL);
        else if (ipl_config_check(&config) != IPL_OK) abort();
        for (int k = 0; k < ipl_study_keys(s); ++k)
            if (ipl_study_value_of(s, r, k) >= ipl_study_key_at(s, k).values) abort();
    }
    if (networks != ipl_study_products(s)) abort();
    qsort(sorted, (size_t)runs, sizeof *sorted, compare_names);
    for (int64_t r = 1; r < runs; ++r)
        if (!compare_names(&sorted[r - 1], &sorted[r])) abort();
    free(sorted);
}

/* What tables have of a value, read again, is the value. */
static void check_values(const ipl_study *s)
{
    ipl_config config;
    ipl_config_key was;
    for (int k = 0; k < ipl_study_keys(s); ++k) {
        const ipl_study_key key = ipl_study_key_at(s, k);
        char name[96];
        int at;
        snprintf(name, sizeof name, "%s.%s", key.section, key.key);
        if (ipl_config_find(name, &at) != IPL_OK) abort();
        for (int v = 0; v < key.values; ++v) {
            ipl_config_defaults(&config);
            if (ipl_config_set_at(&config, at, ipl_study_value(s, k, v), NULL) ||
                ipl_config_key_at(&config, at, &was) ||
                strcmp(was.value, ipl_study_value(s, k, v)))
                abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    ipl_study *s = NULL;
    const char *path = files_path(fuzz_folder(), "study.ini");
    if (most_runs(data, bytes) > RUNS_LARGE) return 0;
    files_write(path, bytes, data);
    if (ipl_study_read(path, NULL, 0, &s) != IPL_OK) {
        fuzz_check_refusal(s);
        return 0;
    }
    check_values(s);
    check_runs(s);
    ipl_study_free(s);
    return 0;
}
