/*
 * json_case.h - small runs, and the fields of their run.json.
 */
#ifndef JSON_CASE_H
#define JSON_CASE_H

#include <stdarg.h>

#include "plane_case.h"

/* -- Runs -------------------------------------------------------------------------*/

/* 100 rows, 80 of which train, in batches of 30; more sets follow, ended by NULL. */
static inline ipl_config small_config(const char *first, ...)
{
    static const char *const sets[] = {
        "net.layers=12, 5-tanh, 4-relu, 3", "data.limit=100", "data.split=shuffled",
        "train.epochs=8", "train.batch=30", "train.seed=4", "train.replicas=3",
        "measure.policy=every", "measure.every=3", "run.checkpoint_s=1000000", NULL};
    va_list more;
    va_start(more, first);
    const ipl_config config = config_with(sets, first, more);
    va_end(more);
    return config;
}

/* Runs into f/r and gives its run.json. */
static inline json_t *run_into(ipl_device *dev, const char *f, const ipl_config *config,
                               ipl_progress *at)
{
    CHECK_OK(ipl_run(dev, config, files_path(f, "r"), NULL, NULL, at));
    return json_of(f, "r/run.json");
}

/* -- Fields -----------------------------------------------------------------------*/

/* The value at "counts.points"; it must be there. */
static inline const json_t *value_at(const json_t *json, const char *path)
{
    char key[64];
    const json_t *at = json;
    for (const char *part = path; at && *part; part += *part == '.') {
        const size_t length = strcspn(part, ".");
        snprintf(key, sizeof key, "%.*s", (int)length, part);
        at = json_object_get(at, key);
        part += length;
    }
    if (!at) fail_msg("run.json has no %s", path);
    return at;
}

static inline void expect_text(const json_t *json, const char *path, const char *want)
{
    const char *got = json_string_value(value_at(json, path));
    if (!got || strcmp(got, want)) fail_msg("%s: '%s', want '%s'", path, got, want);
}

static inline void expect_whole(const json_t *json, const char *path, int64_t want)
{
    const json_t *got = value_at(json, path);
    if (!json_is_integer(got) || json_integer_value(got) != want)
        fail_msg("%s: %lld, want %lld", path, (long long)json_integer_value(got),
                 (long long)want);
}

static inline void expect_real(const json_t *json, const char *path, double want)
{
    const json_t *got = value_at(json, path);
    const double off = fabs(json_number_value(got) - want);
    if (!json_is_number(got) || !(off <= 1e-12 * fabs(want)))
        fail_msg("%s: %.17g, want %.17g", path, json_number_value(got), want);
}

/* A list of texts, or of whole numbers. */
static inline void expect_list(const json_t *json, const char *path, const char *want)
{
    char *got = json_dumps(value_at(json, path), JSON_ENCODE_ANY);
    if (strcmp(got, want)) fail_msg("%s: %s, want %s", path, got, want);
    free(got);
}

#endif
