/*
 * config.h - what the driver asks of a configuration beyond its fields.
 */
#ifndef IPL_CONFIG_H
#define IPL_CONFIG_H

#include "config_table.h"
#include "policy.h"

/* What a key's value must look like, for messages and help. */
void ipl_config_describe(const config_row *row, char *text, size_t size);

/* 1 when the text is a value of this key, which is then stored; else 0. */
int ipl_config_store(ipl_config *config, const config_row *row, const char *text);

/* The value as a file has it: read back, it is the same value. */
void ipl_config_print(const ipl_config *config, const config_row *row, char *text,
                      size_t size);

/* The policy's options. `list` is made from measure.list: ticks in [0, last],
 * ascending. The caller frees *list, which may be NULL. E_ARGUMENT, E_MEMORY. */
ipl_status ipl_config_policy(const ipl_config *config, int64_t last,
                             ipl_policy_options *out, int64_t **list);

#endif
