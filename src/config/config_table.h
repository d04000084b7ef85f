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
    int               family; /* whose option it is; -1: no estimator's          */
} config_row;

/* Number of keys, and the index-th of them, section after section. */
int        config_rows(void);
config_row config_row_at(int index);

/* The row's default, as a file would have it. */
void config_fallback(const config_row *row, char *text, size_t size);

/* Paths that a file has are seen from its folder: puts that before them. E_ARGUMENT. */
ipl_status config_paths_of_file(const char *file, ipl_config *config);

/* The same of one key, if it is a path. */
ipl_status config_path_of_file(const char *file, const config_row *row,
                               ipl_config *config);

/* The row's value from text, and as text. E_ARGUMENT. */
ipl_status config_set(ipl_config *config, const config_row *row, const char *text);
void       config_print(const ipl_config *config, const config_row *row, char *text,
                        size_t size);

/* The options of all estimators that are named, each value of a list by itself.
 * E_ARGUMENT: the text begins with the section. */
ipl_status config_estimators(const ipl_config *config,
                             ipl_mi_options options[IPL_MI_SETTINGS_MAX], int *count);

#endif
