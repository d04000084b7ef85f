/*
 * config.h - what the files of src/config share.
 */
#ifndef CONFIG_PRIVATE_H
#define CONFIG_PRIVATE_H

#include "config/config_table.h"

/* What a key's value must look like, for messages and help. */
void ipl_config_describe(const config_row *row, char *text, size_t size);

/* 1 when the text is a value of this key, which is then stored; else 0. */
int ipl_config_store(ipl_config *config, const config_row *row, const char *text);

/* The value as a file has it: read back, it is the same value. */
void ipl_config_print(const ipl_config *config, const config_row *row, char *text,
                      size_t size);

#endif
