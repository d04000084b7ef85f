/*
 * config.c - configurations from files and --set, and back; driven by config_table.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "file.h"

/* -- Keys by name -----------------------------------------------------------------*/

static const config_row *row_of(const char *section, const char *key)
{
    for (int r = 0; r < ipl_config_row_count; ++r)
        if (!strcmp(ipl_config_rows[r].section, section) &&
            !strcmp(ipl_config_rows[r].key, key))
            return &ipl_config_rows[r];
    return NULL;
}

static int known_section(const char *section)
{
    for (int r = 0; r < ipl_config_row_count; ++r)
        if (!strcmp(ipl_config_rows[r].section, section)) return 1;
    return 0;
}

/* Letters to insert, delete or replace to get from a to b (Levenshtein). */
static int edits(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int before[LONGEST + 1], now[LONGEST + 1];
    const int n = (int)strlen(a), m = (int)strlen(b);
    if (n > LONGEST || m > LONGEST) return LONGEST;
    for (int j = 0; j <= m; ++j) before[j] = j;
    for (int i = 1; i <= n; ++i) {
        now[0] = i;
        for (int j = 1; j <= m; ++j) {
            const int same = before[j - 1] + (a[i - 1] != b[j - 1]);
            const int skip = (before[j] < now[j - 1] ? before[j] : now[j - 1]) + 1;
            now[j] = same < skip ? same : skip;
        }
        memcpy(before, now, sizeof now);
    }
    return before[m];
}

/* The key that was probably meant: same key elsewhere, or few letters away. */
static const config_row *nearest(const char *section, const char *key)
{
    const config_row *best = NULL;
    int least = 4;
    for (int r = 0; r < ipl_config_row_count; ++r) {
        const config_row *row = &ipl_config_rows[r];
        const int far = 2 * edits(row->key, key) + (strcmp(row->section, section) != 0);
        if (far < 2 * (int)strlen(key) && far <= least) least = far - 1, best = row;
    }
    return best;
}

/* `code` is what the caller's caller gets: E_FORMAT for files, E_ARGUMENT for --set. */
static ipl_status unknown_key(ipl_status code, const char *where, const char *section,
                              const char *key)
{
    const config_row *meant = nearest(section, key);
    if (meant)
        return IPL_FAIL(code, "%s: no key '%s' in section [%s]; is [%s] %s "
                        "meant?", where, key, section, meant->section, meant->key);
    if (!known_section(section))
        return IPL_FAIL(code, "%s: no section [%s]: expected data, net, train, "
                        "measure, bin or kde", where, section);
    char   keys[400] = "";
    size_t used = 0;
    for (int r = 0; r < ipl_config_row_count && used < sizeof keys; ++r)
        if (!strcmp(ipl_config_rows[r].section, section))
            used += (size_t)snprintf(keys + used, sizeof keys - used, " %s",
                                     ipl_config_rows[r].key);
    return IPL_FAIL(code, "%s: no key '%s' in section [%s], which has%s", where,
                    key, section, keys);
}

static ipl_status set_key(ipl_config *config, ipl_status code, const char *where,
                          const char *section, const char *key, const char *value)
{
    const config_row *row = row_of(section, key);
    if (!row) return unknown_key(code, where, section, key);
    if (ipl_config_store(config, row, value)) return IPL_OK;
    char expected[256];
    ipl_config_describe(row, expected, sizeof expected);
    return IPL_FAIL(code, "%s: [%s] %s = '%s': expected %s", where, section, key, value,
                    expected);
}

/* -- Files ------------------------------------------------------------------------*/

typedef struct {
    FILE       *file;
    const char *path;
    ipl_config *config;
    int         line, at[128]; /* line of each row's key, 0 when not seen        */
    ipl_status  st;            /* the first failure                              */
} reading;

static const char *place(const reading *r, char *text, size_t size)
{
    snprintf(text, size, "%s:%d", r->path, r->line);
    return text;
}

/* Hands out a line at a time. Leading blanks go, as libinih would take an indented
 * line for the continuation of the one before. */
static char *read_line(char *text, int size, void *user)
{
    reading *r = user;
    char where[320];
    if (r->st != IPL_OK || !fgets(text, size, r->file)) return NULL;
    ++r->line;
    if (!strchr(text, '\n') && !feof(r->file)) {
        r->st = IPL_FAIL(IPL_E_FORMAT, "%s: longer than %d characters",
                         place(r, where, sizeof where), size - 2);
        return NULL;
    }
    char *begin = text + strspn(text, " \t");
    memmove(text, begin, strlen(begin) + 1);
    if (*text == '[') {
        char name[64] = "";
        sscanf(text, "[%63[^]\n]", name);
        if (!known_section(name)) {
            r->st = unknown_key(IPL_E_FORMAT, place(r, where, sizeof where), name, "");
            return NULL;
        }
    }
    return text;
}

static int take_key(void *user, const char *section, const char *key, const char *value)
{
    reading *r = user;
    char where[320];
    if (r->st != IPL_OK) return 0;
    place(r, where, sizeof where);
    const config_row *row = row_of(section, key);
    if (row && r->at[row - ipl_config_rows])
        r->st = IPL_FAIL(IPL_E_FORMAT, "%s: [%s] %s = '%s': already set in line %d",
                         where, section, key, value, r->at[row - ipl_config_rows]);
    else
        r->st = set_key(r->config, IPL_E_FORMAT, where, section, key, value);
    if (row) r->at[row - ipl_config_rows] = r->line;
    return r->st == IPL_OK;
}

ipl_status ipl_config_read(const char *path, ipl_config *config)
{
    IPL_REQUIRE(path && config, "path or config is NULL");
    ipl_config made;
    ipl_config_defaults(&made);
    reading r = {.path = path, .config = &made};
    IPL_REQUIRE(ipl_config_row_count <= (int)(sizeof r.at / sizeof *r.at),
                "%d keys", ipl_config_row_count);
    r.file = fopen(path, "r");
    if (!r.file)
        return IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    const int bad_line = ini_parse_stream(read_line, &r, take_key, &r);
    if (r.st == IPL_OK && ferror(r.file))
        r.st = IPL_FAIL(IPL_E_IO, "%s: %s", path, strerror(errno));
    else if (bad_line && (r.st == IPL_OK || bad_line < r.line)) /* what comes first */
        r.st = IPL_FAIL(IPL_E_FORMAT, "%s:%d: expected [section] or key = value", path,
                        bad_line);
    fclose(r.file);
    if (r.st == IPL_OK) *config = made;
    return r.st;
}

ipl_status ipl_config_set(ipl_config *config, const char *text)
{
    IPL_REQUIRE(config && text, "config or text is NULL");
    const char *equal = strchr(text, '='), *dot = strchr(text, '.');
    char section[64], key[64], where[160];
    IPL_REQUIRE(equal && dot && dot < equal && dot - text < 64 && equal - dot < 64,
                "'%.80s': expected section.key=value", text);
    snprintf(section, sizeof section, "%.*s", (int)(dot - text), text);
    snprintf(key, sizeof key, "%.*s", (int)(equal - dot - 1), dot + 1);
    snprintf(where, sizeof where, "'%.150s'", text);
    /* The same values as in a file, where blanks around them go. */
    char value[IPL_CONFIG_TEXT + 1];
    const char *begin = equal + 1 + strspn(equal + 1, " \t");
    size_t length = strlen(begin);
    while (length && isspace((unsigned char)begin[length - 1])) --length;
    snprintf(value, sizeof value, "%.*s", (int)length, begin);
    return set_key(config, IPL_E_ARGUMENT, where, section, key, value);
}

ipl_status ipl_config_write(const ipl_config *config, const char *path)
{
    const char *section = "";
    char *text = NULL;
    size_t bytes = 0;
    FILE *out = open_memstream(&text, &bytes);
    if (!out) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to write it", path);
    for (int r = 0; r < ipl_config_row_count; ++r) {
        const config_row *row = &ipl_config_rows[r];
        char value[IPL_CONFIG_TEXT];
        ipl_config_print(config, row, value, sizeof value);
        if (strcmp(section, row->section))
            fprintf(out, "%s[%s]\n", r ? "\n" : "", section = row->section);
        fprintf(out, "%s =%s%s\n", row->key, *value ? " " : "", value);
    }
    const int torn = ferror(out);
    ipl_status st = IPL_OK;
    if (fclose(out) || torn)
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory to write it", path);
    else
        st = ipl_file_replace(path, 1, &(ipl_file_part){text, bytes});
    free(text);
    return st;
}

/* -- The rest of the public functions ---------------------------------------------*/

void ipl_config_defaults(ipl_config *config)
{
    memset(config, 0, sizeof *config);
    config->data = ipl_data_defaults();
    config->train = ipl_train_defaults();
    config->bin = ipl_mi_defaults(IPL_MI_BIN);
    config->kde = ipl_mi_defaults(IPL_MI_KDE);
    for (int r = 0; r < ipl_config_row_count; ++r)
        ipl_config_store(config, &ipl_config_rows[r], ipl_config_rows[r].fallback);
    config->data.path = NULL;
}

int ipl_config_keys(void) { return ipl_config_row_count; }

ipl_status ipl_config_key_at(const ipl_config *config, int index, ipl_config_key *out)
{
    IPL_REQUIRE(config && out && index >= 0 && index < ipl_config_row_count,
                "key %d of %d", index, ipl_config_row_count);
    const config_row *row = &ipl_config_rows[index];
    *out = (ipl_config_key){row->section, row->key, row->fallback, row->help, "", ""};
    ipl_config_describe(row, out->expected, sizeof out->expected);
    ipl_config_print(config, row, out->value, sizeof out->value);
    return IPL_OK;
}
