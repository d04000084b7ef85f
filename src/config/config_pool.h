/*
 * config_pool.h - the section [pool].
 */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include "ipl_config.h"

/* Where an entry of a list is wrong: "at '3x'", "at an empty entry". */
enum { CONFIG_ENTRY = IPL_CONFIG_TEXT + 8 };
const char *config_entry(const char *entry, int length, char text[CONFIG_ENTRY]);

/* The form of its lists; what a run of some length has is seen later. E_ARGUMENT. */
ipl_status config_check_pool(const ipl_config *config);

#endif
