/*
 * study_used.c - keys that no run looks at: their runs would be the same ones.
 */
#include <string.h>

#include "study/study.h"

enum { RUNS_SEEN = 10000 }; /* of a study of more, the first                        */

/* Keys that count under one choice of another key. */
static int is_of_bin(const ipl_config *c, const char *key)
{
    static const struct { const char *key; int form; } of[] = {
        {"edges", IPL_BIN_EDGES}, {"range", IPL_BIN_EDGES}, {"width", IPL_BIN_WIDTH},
        {"count", IPL_BIN_COUNT}, {"quantiles", IPL_BIN_QUANTILES}};
    for (size_t k = 0; k < sizeof of / sizeof *of; ++k)
        if (!strcmp(key, of[k].key))
            return (int)c->mi[IPL_MI_BIN].bin_form == of[k].form;
    return 1;
}

static int is_of_policy(const ipl_config *c, const char *key)
{
    static const struct { const char *key; ipl_policy_kind kind; } of[] = {
        {"every", IPL_POLICY_EVERY}, {"list", IPL_POLICY_LIST}};
    for (size_t k = 0; k < sizeof of / sizeof *of; ++k)
        if (!strcmp(key, of[k].key)) return c->policy == of[k].kind;
    if (strncmp(key, "delta", 5)) return 1;
    return c->policy >= IPL_POLICY_DELTA_APPROX;
}

static int is_of_optimizer(const ipl_config *c, const char *key)
{
    if (!strcmp(key, "momentum")) return c->train.optimizer == IPL_MOMENTUM;
    if (!strncmp(key, "beta", 4) || !strcmp(key, "epsilon"))
        return c->train.optimizer == IPL_ADAM;
    return 1;
}

static int is_used(const ipl_config *c, const study_key *key)
{
    const char *name = key->option->key;
    if (!strcmp(key->section, "measure")) return is_of_policy(c, name);
    if (!strcmp(key->section, "train")) return is_of_optimizer(c, name);
    for (int e = 0; e < IPL_MI_ESTIMATOR_COUNT; ++e) {
        if (strcmp(key->section, ipl_mi_family_of((ipl_mi_estimator)e)->name)) continue;
        if (!(c->estimators & 1u << e)) return 0;
        return e != IPL_MI_BIN || is_of_bin(c, name);
    }
    return 1;
}

ipl_status study_used(const ipl_study *s)
{
    for (int k = 0; k < s->keys; ++k) {
        int used = 0;
        for (int64_t r = 0; r < s->runs && r < RUNS_SEEN && !used; ++r) {
            ipl_config config;
            IPL_TRY(ipl_study_config(s, r, ".", &config));
            used = is_used(&config, &s->key[k]);
        }
        if (!used)
            return study_fail(s->key[k].entry, "no run looks at this key: another one "
                              "chooses an estimator, form, policy or optimizer that "
                              "does without");
    }
    return IPL_OK;
}
