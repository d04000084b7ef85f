/*
 * config_table.h - the keys of a configuration.
 *
 * This one table drives the reader, --set, the help, config.ini and run.json. Sections
 * of estimators come from their rows (ipl_mi_family.h).
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "ipl_config.h"

typedef struct {
    const char       *section;
    const ipl_option *option;
    size_t            base; /* in ipl_config, of the struct that option->offset is in */
} config_row;

/* Number of keys, and the index-th of them, section after section. */
int        config_rows(void);
config_row config_row_at(int index);

/* The row's default, as a file would have it. */
void config_fallback(const config_row *row, char *text, size_t size);

/* Paths that a file has are seen from its folder: puts that before them. E_ARGUMENT. */
ipl_status config_paths_of_file(const char *file, ipl_config *config);

/* The row's struct in a configuration. */
static inline void *config_fields(ipl_config *config, const config_row *row)
{
    return (char *)config + row->base;
}

static inline const void *config_fields_of(const ipl_config *config,
                                           const config_row *row)
{
    return (const char *)config + row->base;
}

#endif
