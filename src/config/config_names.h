/*
 * config_names.h - keys by section and name.
 */
#ifndef CONFIG_NAMES_H
#define CONFIG_NAMES_H

#include "ipl_config.h"

/* Index of the key; -1: there is none. */
int config_index(const char *section, const char *key);
int config_has_section(const char *section);

/* Says that there is no such key, and which one was probably meant. `code` is what the
 * caller's caller gets: E_FORMAT for files, E_ARGUMENT for --set. */
ipl_status config_unknown(ipl_status code, const char *where, const char *section,
                          const char *key);

/* The key's value from text; `code` as above where there is no such key or value. */
ipl_status config_set_key(ipl_config *config, ipl_status code, const char *where,
                          const char *section, const char *key, const char *value);

#endif
