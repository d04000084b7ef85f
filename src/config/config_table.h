/*
 * config_table.h - the keys of a configuration.
 *
 * This one table drives the reader, --set, the help, config.ini and run.json.
 */
#ifndef IPL_CONFIG_TABLE_H
#define IPL_CONFIG_TABLE_H

#include "ipl_config.h"

typedef enum {
    CONFIG_INTEGER, /* int64_t                                                  */
    CONFIG_REAL,    /* double                                                   */
    CONFIG_RANGE,   /* two doubles side by side, the first one smaller          */
    CONFIG_CHOICE,  /* int: index into choices                                  */
    CONFIG_CHOICES, /* unsigned: bit 1 << index for each of a list              */
    CONFIG_TEXT     /* char[IPL_CONFIG_TEXT]                                    */
} config_type;

typedef struct {
    const char        *section, *key;
    config_type        type;
    size_t             offset;   /* in ipl_config                               */
    double             min, max; /* numbers                                     */
    int                above;    /* min itself is out of range                  */
    const char        *fallback; /* the default, as a file would have it        */
    const char *const *choices;  /* ended by NULL                               */
    const char        *help;
} config_row;

extern const config_row ipl_config_rows[];
extern const int        ipl_config_row_count;

#endif
