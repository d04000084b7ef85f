/*
 * estimate_flags.h - the flags of infoplane estimate that set estimators' options.
 *
 * They come from the table of families. A flag that several families have is one flag,
 * for all of them that are estimated.
 */
#ifndef ESTIMATE_FLAGS_H
#define ESTIMATE_FLAGS_H

#include "cli/cli.h"

enum { ESTIMATE_FLAGS_MAX = 64 };

typedef struct {
    int         count;
    const char *name[ESTIMATE_FLAGS_MAX];      /* "--noise-var"                  */
    char        value[ESTIMATE_FLAGS_MAX][16]; /* "V[,V]": numbers may be lists  */
    char        help[ESTIMATE_FLAGS_MAX][256]; /* "kde: variance ..; default 0.05" */
    const char *text[ESTIMATE_FLAGS_MAX];      /* as given; NULL: not            */
    int         is_set[ESTIMATE_FLAGS_MAX];    /* 1: given, of those without a value */
} estimate_flags;

/* Adds the flags as options of the command, their values going to flags->text. Returns
 * how many there are. */
int estimate_flags_list(estimate_flags *flags, cli_option option[ESTIMATE_FLAGS_MAX]);

/* Options of the families that `names` lists ("bin,kde"; NULL: the standard ones), with
 * what the flags say, each value of a list by itself. CLI_GO_ON, or CLI_USAGE after a
 * complaint. */
int estimate_flags_read(const estimate_flags *flags, const char *names, int *estimators,
                        ipl_mi_options options[IPL_MI_SETTINGS_MAX]);

/* Whether --x (NULL: not given) goes with the estimators: a complaint where none of
 * them compares inputs; unless quiet, a note on stderr where --x is missing. */
int estimate_flags_inputs(const char *inputs, int quiet, int estimators,
                          const ipl_mi_options *options);

#endif
