/*
 * config_pool.c - the section [pool]: windows of ticks, and how many are pooled.
 */
#include "config/config_pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = IPL_CONFIG_TEXT / 2 + 1, SNAPSHOTS_MAX = 100000 };

/* A whole number of at most 15 digits; NULL: there is none. */
static const char *read_number(const char *at, int64_t *number)
{
    char *end;
    if (*at < '0' || *at > '9') return NULL;
    *number = strtoll(at, &end, 10);
    return end - at <= 15 ? end : NULL;
}

/* "7", "3:9", "last" or "last:20", in a run of ticks 0 .. last; NULL: none of them. */
static const char *read_window(const char *at, int64_t last, ipl_window *w)
{
    int64_t count = 1;
    if (!strncmp(at, "last", 4)) {
        at += 4;
        if (*at == ':' && (!(at = read_number(at + 1, &count)) || count < 1))
            return NULL;
        *w = (ipl_window){last - count + 1, last};
        return at;
    }
    at = read_number(at, &w->first);
    w->last = w->first;
    if (at && *at == ':') at = read_number(at + 1, &w->last);
    return at && w->last >= w->first ? at : NULL;
}

static ipl_status check_window(const ipl_config *config, const ipl_window *w,
                               int64_t last, const char *word, int length)
{
    IPL_REQUIRE(w->first >= 0 && w->last <= last,
                "[pool] windows: '%.*s' is beyond the run, which has %ss 0 to %lld",
                length, word, ipl_tick_name(config->tick), (long long)last);
    IPL_REQUIRE(w->last - w->first < SNAPSHOTS_MAX,
                "[pool] windows: '%.*s' has more than %d ticks", length, word,
                SNAPSHOTS_MAX);
    IPL_REQUIRE(config->pool_over == IPL_POOL_TICKS || w->first == w->last,
                "[pool] windows: '%.*s' has several ticks, but over = replicas pools "
                "the networks of one", length, word);
    return IPL_OK;
}

const char *config_entry(const char *entry, int length, char text[CONFIG_ENTRY])
{
    if (!length) return "at an empty entry";
    snprintf(text, CONFIG_ENTRY, "at '%.*s'", length, entry);
    return text;
}

static ipl_status check_new(const ipl_window *window, int count, const char *word,
                            int length)
{
    for (int w = 0; w < count; ++w)
        IPL_REQUIRE(window[w].first != window[count].first ||
                        window[w].last != window[count].last,
                    "[pool] windows: '%.*s' is there twice", length, word);
    return IPL_OK;
}

/* Windows in window[ENTRIES_MAX]. last < 0: the length of the run is not known. */
static ipl_status read_windows(const ipl_config *config, int64_t last,
                               ipl_window *window, int *count)
{
    char where[CONFIG_ENTRY];
    *count = 0;
    for (const char *at = *config->pool_windows ? config->pool_windows : NULL; at;) {
        at += strspn(at, " \t");
        const int length = (int)strcspn(at, ",");
        const char *end = read_window(at, last < 0 ? INT64_MAX : last, window + *count);
        if (end) end += strspn(end, " \t");
        if (!end || (*end && *end != ','))
            return IPL_FAIL(IPL_E_ARGUMENT, "[pool] windows = '%s': %s expected "
                            "first:last, a tick, last, or last:N for the last N",
                            config->pool_windows, config_entry(at, length, where));
        if (last >= 0)
            IPL_TRY(check_window(config, window + *count, last, at, length));
        IPL_TRY(check_new(window, *count, at, length));
        ++*count;
        at = *end ? end + 1 : NULL;
    }
    return IPL_OK;
}

ipl_status ipl_config_windows(const ipl_config *config, int64_t last,
                              ipl_window **window, int *count)
{
    IPL_REQUIRE(config && window && count && last >= 0,
                "configuration or result is NULL, or no last tick");
    ipl_window read[ENTRIES_MAX];
    int many;
    IPL_TRY(read_windows(config, last, read, &many));
    *window = NULL;
    *count = many;
    if (!many) return IPL_OK;
    *window = malloc((size_t)many * sizeof **window);
    if (!*window) return IPL_FAIL(IPL_E_MEMORY, "%d windows", many);
    memcpy(*window, read, (size_t)many * sizeof *read);
    return IPL_OK;
}

/* pool.k, in k[ENTRIES_MAX]. */
static ipl_status read_sizes(const ipl_config *config, int64_t *k, int *count)
{
    char where[CONFIG_ENTRY];
    *count = 0;
    for (const char *at = *config->pool_k ? config->pool_k : NULL; at;) {
        at += strspn(at, " \t");
        const int length = (int)strcspn(at, ",");
        const int64_t before = *count ? k[*count - 1] : 0;
        const char *end = read_number(at, k + *count);
        if (end) end += strspn(end, " \t");
        if (!end || (*end && *end != ',') || k[*count] <= before)
            return IPL_FAIL(IPL_E_ARGUMENT, "[pool] k = '%s': %s expected a whole "
                            "number above %lld", config->pool_k,
                            config_entry(at, length, where), (long long)before);
        ++*count;
        at = *end ? end + 1 : NULL;
    }
    return IPL_OK;
}

/* 1, 2, 5, 10, .. below `snapshots`, and these. */
static int usual_sizes(int64_t snapshots, int64_t *k)
{
    static const int64_t factor[] = {1, 2, 5};
    int count = 0;
    for (int64_t ten = 1;; ten *= 10)
        for (int f = 0; f < 3; ++f) {
            if (factor[f] * ten >= snapshots) {
                k[count++] = snapshots;
                return count;
            }
            k[count++] = factor[f] * ten;
        }
}

ipl_status ipl_config_pool_sizes(const ipl_config *config, int64_t snapshots,
                                 int64_t **k, int *count)
{
    IPL_REQUIRE(config && k && count && snapshots >= 1,
                "configuration or result is NULL, or no snapshots");
    int64_t read[ENTRIES_MAX];
    int many;
    IPL_TRY(read_sizes(config, read, &many));
    IPL_REQUIRE(!many || read[many - 1] <= snapshots,
                "[pool] k = %lld: one of the windows has only %lld networks",
                (long long)read[many - 1], (long long)snapshots);
    if (!many) many = usual_sizes(snapshots, read);
    *k = malloc((size_t)many * sizeof **k);
    if (!*k) return IPL_FAIL(IPL_E_MEMORY, "%d sizes", many);
    memcpy(*k, read, (size_t)many * sizeof *read);
    *count = many;
    return IPL_OK;
}

ipl_status config_check_pool(const ipl_config *config)
{
    ipl_window window[ENTRIES_MAX];
    int64_t k[ENTRIES_MAX];
    int count;
    IPL_TRY(read_windows(config, -1, window, &count));
    IPL_TRY(read_sizes(config, k, &count));
    IPL_REQUIRE(!config->pool_windows[0] || config->pool_over == IPL_POOL_TICKS ||
                    config->replicas > 1,
                "[pool] over = replicas: one network; train.replicas makes more");
    return IPL_OK;
}
