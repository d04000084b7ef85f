/*
 * study_data.c - each run against its data, before any begins.
 *
 * What is looked at is how many rows, inputs and classes there are, and whether the
 * inputs can be scaled. Runs of the same files, limit and scale have the same, whatever
 * they do with the rows: these are read once.
 */
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

typedef struct {
    const ipl_study *s;
    study_index      known;
    int             *of;   /* [runs]: number of the set, of the first run of it     */
    ipl_dataset     *set;  /* without its rows                                      */
    int              sets;
} checking;

/* Keys that change neither rows nor classes. */
static int is_of_rows(const study_key *key)
{
    static const char *const others[] = {"seed", "train_fraction", "label_noise",
                                         "random_labels", "split"};
    if (strcmp(key->section, "data")) return 0;
    for (size_t k = 0; k < sizeof others / sizeof *others; ++k)
        if (!strcmp(key->option->key, others[k])) return 0;
    return 1;
}

static int same_rows(const void *user, int64_t a, int64_t b)
{
    const ipl_study *s = user;
    for (int k = 0; k < s->keys; ++k)
        if (is_of_rows(&s->key[k]) &&
            ipl_study_value_of(s, a, k) != ipl_study_value_of(s, b, k))
            return 0;
    return 1;
}

static uint64_t hash_of(const ipl_study *s, int64_t run)
{
    uint64_t hash = STUDY_HASH;
    for (int k = 0; k < s->keys; ++k) {
        const int value = ipl_study_value_of(s, run, k);
        if (is_of_rows(&s->key[k])) hash = study_hash(hash, &value, sizeof value);
    }
    return hash;
}

static ipl_status read_set(checking *c, const ipl_config *config)
{
    const ipl_data_options defaults = ipl_data_defaults();
    const ipl_data_options own = ipl_config_data(config);
    ipl_data_options options = own;
    options.split = IPL_SPLIT_ORDERED;
    /* Of the training rows, which differ from run to run. */
    const int is_standard = own.scale == IPL_SCALE_STANDARD;
    if (is_standard) options.scale = IPL_SCALE_UNIT;
    options.train_fraction = defaults.train_fraction;
    options.label_noise = defaults.label_noise;
    options.random_labels = defaults.random_labels;
    ipl_dataset *more = realloc(c->set, ((size_t)c->sets + 1) * sizeof *more);
    if (!more) return IPL_FAIL(IPL_E_MEMORY, "%d sets of data", c->sets + 1);
    c->set = more;
    ipl_dataset read;
    ipl_status st = ipl_dataset_load(&options, &read);
    if (st != IPL_OK && is_standard) st = ipl_dataset_load(&own, &read);
    if (st != IPL_OK) return st;
    ipl_dataset *kept = &c->set[c->sets++];
    *kept = read;
    ipl_dataset_free(&read);
    kept->class_names = NULL;
    kept->x = NULL;
    kept->y = kept->split = NULL;
    return IPL_OK;
}

static ipl_status check_run(checking *c, int64_t run, const ipl_config *config)
{
    const int64_t first = study_index_add(&c->known, hash_of(c->s, run), run);
    if (first == run) {
        IPL_TRY(read_set(c, config));
        c->of[run] = c->sets - 1;
    }
    ipl_dataset data = c->set[c->of[first]];
    const ipl_data_options options = ipl_config_data(config);
    IPL_TRY(ipl_dataset_divide(&options, &data));
    return ipl_config_check_data(config, &data);
}

static ipl_status check_all(checking *c, study_wanted wanted, const void *user)
{
    ipl_config config;
    for (int64_t r = 0; r < c->s->runs; ++r) {
        if (wanted && !wanted(user, r)) continue;
        IPL_TRY(ipl_study_config(c->s, r, ".", &config));
        const ipl_status st = check_run(c, r, &config);
        if (st != IPL_OK)
            return IPL_FAIL(st, "%s: run %s: %s", c->s->path, c->s->run[r].name,
                            ipl_last_error_text());
    }
    return IPL_OK;
}

ipl_status study_check_data(const ipl_study *s, study_wanted wanted, const void *user)
{
    checking c = {.s = s};
    IPL_TRY(study_index_make(&c.known, s->runs, same_rows, s));
    c.of = calloc((size_t)s->runs, sizeof *c.of);
    const ipl_status st = c.of ? check_all(&c, wanted, user)
                               : IPL_FAIL(IPL_E_MEMORY, "%lld runs",
                                          (long long)s->runs);
    study_index_free(&c.known);
    free(c.of);
    free(c.set);
    return st;
}

ipl_status ipl_study_check(const ipl_study *s)
{
    IPL_REQUIRE(s, "study is NULL");
    return study_check_data(s, NULL, NULL);
}
