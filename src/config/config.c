/*
 * config.c - configurations from files and --set, and back; driven by config_table.
 */
#include "config/config_table.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "config/config_names.h"
#include "file.h"

/* -- Files ------------------------------------------------------------------------*/

typedef struct {
    FILE       *file;
    const char *path;
    ipl_config *config;
    const char *more; /* a section of somebody else's, or NULL                   */
    ipl_config_more take;
    void       *user; /* of take                                                 */
    int         goes_on; /* the next line, with this value                       */
    ipl_buffer  value; /* of a key of `more`                                     */
    char        key[IPL_CONFIG_TEXT];
    int         key_line;
    int         line, *at; /* [config_rows()]: line of each key, 0 when not seen */
    ipl_status  st;   /* the first failure                                       */
} reading;

static const char *place(const reading *r, char *text, size_t size)
{
    snprintf(text, size, "%s:%d", r->path, r->line);
    return text;
}

static int is_more(const reading *r, const char *section)
{
    return r->more && !strcmp(section, r->more);
}

static ipl_status unknown_section(const reading *r, const char *name)
{
    char where[320];
    place(r, where, sizeof where);
    if (!strcmp(name, "sweep"))
        return IPL_FAIL(IPL_E_FORMAT, "%s: section [sweep]: this is a study, and no "
                        "configuration of one run: infoplane sweep runs it", where);
    return config_unknown(IPL_E_FORMAT, where, name, "");
}

/* The key of `more` that was read last, with all lines of its value. */
static ipl_status give_more(reading *r)
{
    const char *value = r->value.at ? r->value.at : "";
    const ipl_status st =
        r->value.is_lost ? IPL_FAIL(IPL_E_MEMORY, "%s: [%s] %s", r->path, r->more,
                                    r->key)
                         : r->take(r->user, r->config, r->key_line, r->key, value);
    free(r->value.at);
    r->value = (ipl_buffer){0};
    r->goes_on = 0;
    return st;
}

/* A value that ends with a separator goes on in the next line. */
static ipl_status take_more(reading *r, const char *key, const char *value)
{
    const size_t length = strlen(value);
    if (!r->goes_on) {
        snprintf(r->key, sizeof r->key, "%s", key);
        r->key_line = r->line;
    }
    ipl_buffer_add(&r->value, "%s%s", r->goes_on ? " " : "", value);
    r->goes_on = length && strchr(",|&", value[length - 1]);
    return r->goes_on ? IPL_OK : give_more(r);
}

static ipl_status begin_section(reading *r, const char *line)
{
    char name[64] = "";
    sscanf(line, "[%63[^]\n]", name);
    if (r->goes_on) IPL_TRY(give_more(r));
    if (config_has_section(name) || is_more(r, name)) return IPL_OK;
    return unknown_section(r, name);
}

/* Up to a comment, which libinih 55 leaves in a continuation. */
static void cut_comment(char *line)
{
    for (char *at = line + 1; *at; ++at)
        if (*at == ';' && isspace((unsigned char)at[-1])) {
            strcpy(at, "\n");
            return;
        }
}

/* Hands out a line at a time. libinih takes an indented line for the continuation of
 * the one before: so leading blanks go, and a continuation gets one. */
static char *read_line(char *text, int size, void *user)
{
    reading *r = user;
    char where[320];
    const int goes_on = r->goes_on;
    if (r->st != IPL_OK || !fgets(text + goes_on, size - goes_on, r->file)) return NULL;
    ++r->line;
    *text = goes_on ? ' ' : *text;
    if (!strchr(text, '\n') && !feof(r->file)) {
        r->st = IPL_FAIL(IPL_E_FORMAT, "%s: longer than %d characters",
                         place(r, where, sizeof where), size - 2 - goes_on);
        return NULL;
    }
    if (goes_on) cut_comment(text);
    const char *begin = text + strspn(text, " \t");
    if (*begin == '[') r->st = begin_section(r, begin);
    memmove(text + r->goes_on, begin, strlen(begin) + 1);
    return r->st == IPL_OK ? text : NULL;
}

static int take_key(void *user, const char *section, const char *key, const char *value)
{
    reading *r = user;
    char where[320];
    if (r->st != IPL_OK) return 0;
    if (is_more(r, section)) {
        r->st = take_more(r, key, value);
        return r->st == IPL_OK;
    }
    place(r, where, sizeof where);
    const int index = config_index(section, key);
    if (index >= 0 && r->at[index])
        r->st = IPL_FAIL(IPL_E_FORMAT, "%s: [%s] %s = '%s': already set in line %d",
                         where, section, key, value, r->at[index]);
    else
        r->st = config_set_key(r->config, IPL_E_FORMAT, where, section, key, value);
    if (index >= 0) r->at[index] = r->line;
    return r->st == IPL_OK;
}

/* Reads r.file, which it closes, over what *r.config has. */
static ipl_status read_stream(reading r)
{
    r.at = calloc((size_t)config_rows(), sizeof *r.at);
    if (!r.at) {
        fclose(r.file);
        return IPL_FAIL(IPL_E_MEMORY, "%s: %d keys", r.path, config_rows());
    }
    const int bad_line = ini_parse_stream(read_line, &r, take_key, &r);
    if (r.st == IPL_OK && !bad_line && r.goes_on) r.st = give_more(&r);
    if (r.st == IPL_OK && ferror(r.file))
        r.st = IPL_FAIL(IPL_E_IO, "%s: %s", r.path, strerror(errno));
    else if (bad_line && (r.st == IPL_OK || bad_line < r.line)) /* what comes first */
        r.st = IPL_FAIL(IPL_E_FORMAT, "%s:%d: expected [section] or key = value",
                        r.path, bad_line);
    fclose(r.file);
    free(r.at);
    free(r.value.at);
    return r.st;
}

ipl_status ipl_config_read_more(const char *path, const char *section,
                                ipl_config_more more, void *user, ipl_config *config)
{
    IPL_REQUIRE(path && config, "path or config is NULL");
    IPL_REQUIRE(!section || (more && !config_has_section(section)),
                "section [%s] is a configuration's own, or nobody takes its keys",
                section);
    ipl_config made;
    ipl_config_defaults(&made);
    reading r = {.path = path, .config = &made, .more = section, .take = more,
                 .user = user};
    IPL_TRY(ipl_file_stream_or_pipe(path, &r.file));
    IPL_TRY(read_stream(r));
    IPL_TRY(config_paths_of_file(path, &made));
    *config = made;
    return IPL_OK;
}

ipl_status ipl_config_parse(const char *name, const char *text, size_t bytes,
                            ipl_config *config)
{
    IPL_REQUIRE(name && text && bytes && config, "name, text or config is NULL");
    ipl_config made;
    ipl_config_defaults(&made);
    reading r = {.path = name, .config = &made};
    r.file = fmemopen((void *)(uintptr_t)text, bytes, "r");
    if (!r.file) return IPL_FAIL(IPL_E_MEMORY, "%s: %s", name, strerror(errno));
    IPL_TRY(read_stream(r));
    *config = made;
    return IPL_OK;
}

ipl_status ipl_config_read(const char *path, ipl_config *config)
{
    return ipl_config_read_more(path, NULL, NULL, NULL, config);
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
    return config_set_key(config, IPL_E_ARGUMENT, where, section, key, equal + 1);
}

static ipl_status print_keys(ipl_buffer *text, const ipl_config *config)
{
    const char *section = "";
    for (int r = 0; r < config_rows(); ++r) {
        const config_row row = config_row_at(r);
        char value[IPL_CONFIG_TEXT];
        config_print(config, &row, value, sizeof value);
        IPL_REQUIRE(ipl_option_is_line(value), "[%s] %s = '%s': expected "
                    IPL_OPTION_LINE, row.section, row.option->key, value);
        if (strcmp(section, row.section))
            ipl_buffer_add(text, "%s[%s]\n", r ? "\n" : "", section = row.section);
        ipl_buffer_add(text, "%s =%s%s\n", row.option->key, *value ? " " : "", value);
    }
    return IPL_OK;
}

ipl_status ipl_config_text(const ipl_config *config, char **text, size_t *bytes)
{
    ipl_buffer made = {0};
    ipl_config whole = *config;
    IPL_TRY(ipl_config_whole_paths(&whole));
    ipl_status st = print_keys(&made, &whole);
    if (st == IPL_OK && !made.at)
        st = IPL_FAIL(IPL_E_MEMORY, "a configuration as text");
    if (st != IPL_OK) {
        free(made.at);
        return st;
    }
    *text = made.at;
    *bytes = made.used;
    return IPL_OK;
}

ipl_status ipl_config_write(const ipl_config *config, const char *path)
{
    char *text;
    size_t bytes;
    IPL_TRY(ipl_config_text(config, &text, &bytes));
    const ipl_status st = ipl_file_replace(IPL_FILE_PATH, path, 1,
                                           &(ipl_file_part){text, bytes});
    free(text);
    return st;
}

/* -- The rest of the public functions ---------------------------------------------*/

void ipl_config_defaults(ipl_config *config)
{
    memset(config, 0, sizeof *config);
    config->data = ipl_data_defaults();
    config->train = ipl_train_defaults();
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        config->mi[k].estimator = (ipl_mi_estimator)k;
    for (int r = 0; r < config_rows(); ++r) {
        const config_row row = config_row_at(r);
        char fallback[IPL_CONFIG_TEXT];
        config_fallback(&row, fallback, sizeof fallback);
        config_set(config, &row, fallback);
    }
}

ipl_data_options ipl_config_data(const ipl_config *config)
{
    ipl_data_options data = config->data;
    data.path = config->data_path;
    data.x = config->data_x;
    data.y = config->data_y;
    data.no_label = config->data_no_label;
    data.mat_x = config->data_mat_x;
    data.mat_y = config->data_mat_y;
    return data;
}

int ipl_config_estimators(const ipl_config *config,
                          ipl_mi_options options[IPL_MI_SETTINGS_MAX])
{
    int count;
    return config_estimators(config, options, &count) == IPL_OK ? count : 0;
}

ipl_measured_rows ipl_config_first_rows(const ipl_config *config)
{
    int first = 0;
    while (first < IPL_ROWS_COUNT - 1 && !(config->rows & 1u << first)) ++first;
    return (ipl_measured_rows)first;
}

int ipl_config_keys(void) { return config_rows(); }

ipl_status ipl_config_key_at(const ipl_config *config, int index, ipl_config_key *out)
{
    IPL_REQUIRE(config && out && index >= 0 && index < config_rows(),
                "key %d of %d", index, config_rows());
    const config_row row = config_row_at(index);
    *out = (ipl_config_key){row.section, row.option->key, row.option->help, "", "", ""};
    config_fallback(&row, out->fallback, sizeof out->fallback);
    ipl_option_expected(row.option, out->expected, sizeof out->expected);
    if (row.family >= 0 && ipl_mi_may_sweep(row.option)) {
        const size_t used = strlen(out->expected);
        snprintf(out->expected + used, sizeof out->expected - used,
                 ", or a list of them: a point each");
    }
    config_print(config, &row, out->value, sizeof out->value);
    return IPL_OK;
}
