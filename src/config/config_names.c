/*
 * config_names.c - keys by section and name, and what was probably meant.
 */
#include "config/config_names.h"

#include <stdio.h>
#include <string.h>

#include "config/config_table.h"

int config_index(const char *section, const char *key)
{
    for (int r = 0; r < config_rows(); ++r) {
        const config_row row = config_row_at(r);
        if (!strcmp(row.section, section) && !strcmp(row.option->key, key)) return r;
    }
    return -1;
}

int config_has_section(const char *section)
{
    for (int r = 0; r < config_rows(); ++r)
        if (!strcmp(config_row_at(r).section, section)) return 1;
    return 0;
}

/* "data, net, train or run" */
static void list_sections(char *text, size_t size)
{
    const char *before = "";
    size_t used = 0, last = 0;
    *text = 0;
    for (int r = 0; r < config_rows() && used < size; ++r) {
        const char *section = config_row_at(r).section;
        if (!strcmp(section, before)) continue;
        last = used;
        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                 before = section);
    }
    char name[64];
    snprintf(name, sizeof name, "%s", text + last + 2); /* behind ", " */
    snprintf(text + last, size - last, " or %s", name);
}

/* Index of the key that was probably meant: same key elsewhere, or few letters away;
 * -1: none. */
static int nearest(const char *section, const char *key)
{
    int least = 4, best = -1;
    for (int r = 0; r < config_rows(); ++r) {
        const config_row row = config_row_at(r);
        const int far =
            2 * ipl_option_edits(row.option->key, key) +
            (strcmp(row.section, section) != 0);
        if (far < 2 * (int)strlen(key) && far <= least) least = far - 1, best = r;
    }
    return best;
}

ipl_status config_unknown(ipl_status code, const char *where, const char *section,
                          const char *key)
{
    const int meant = nearest(section, key);
    char   names[400] = "";
    size_t used = 0;
    if (meant >= 0)
        return IPL_FAIL(code, "%s: no key '%s' in section [%s]; is [%s] %s "
                        "meant?", where, key, section, config_row_at(meant).section,
                        config_row_at(meant).option->key);
    if (!config_has_section(section)) {
        list_sections(names, sizeof names);
        return IPL_FAIL(code, "%s: no section [%s]: expected %s", where, section,
                        names);
    }
    for (int r = 0; r < config_rows() && used < sizeof names; ++r)
        if (!strcmp(config_row_at(r).section, section))
            used += (size_t)snprintf(names + used, sizeof names - used, " %s",
                                     config_row_at(r).option->key);
    return IPL_FAIL(code, "%s: no key '%s' in section [%s], which has%s", where,
                    key, section, names);
}

ipl_status config_set_key(ipl_config *config, ipl_status code, const char *where,
                          const char *section, const char *key, const char *value)
{
    const int index = config_index(section, key);
    if (index < 0) return config_unknown(code, where, section, key);
    const config_row row = config_row_at(index);
    if (config_set(config, &row, value) == IPL_OK) return IPL_OK;
    return IPL_FAIL(code, "%s: [%s] %s", where, section, ipl_last_error_text());
}

ipl_status ipl_config_find(const char *name, int *index)
{
    char section[64], where[160];
    IPL_REQUIRE(name && index, "name or result is NULL");
    const char *dot = strchr(name, '.');
    snprintf(where, sizeof where, "'%.150s'", name);
    IPL_REQUIRE(dot && dot - name < (ptrdiff_t)sizeof section,
                "%s: expected section.key", where);
    snprintf(section, sizeof section, "%.*s", (int)(dot - name), name);
    const int found = config_index(section, dot + 1);
    if (found < 0) return config_unknown(IPL_E_ARGUMENT, where, section, dot + 1);
    *index = found;
    return IPL_OK;
}

ipl_status ipl_config_set_at(ipl_config *config, int index, const char *value,
                             const char *file)
{
    IPL_REQUIRE(config && value && index >= 0 && index < config_rows(),
                "key %d of %d", index, config_rows());
    const config_row row = config_row_at(index);
    if (config_set(config, &row, value) != IPL_OK)
        return IPL_FAIL(IPL_E_ARGUMENT, "[%s] %s", row.section, ipl_last_error_text());
    return file ? config_path_of_file(file, &row, config) : IPL_OK;
}

const ipl_option *ipl_config_option(int index, const char **section)
{
    if (index < 0 || index >= config_rows()) return NULL;
    const config_row row = config_row_at(index);
    if (section) *section = row.section;
    return row.option;
}
