/*
 * estimate_targets.h - the flags of infoplane estimate that say what Y is.
 */
#ifndef ESTIMATE_TARGETS_H
#define ESTIMATE_TARGETS_H

#include "cli/cli.h"

enum { ESTIMATE_TARGETS_FLAGS = 3 };

typedef struct {
    int64_t bins;   /* 0: not given                                             */
    double  width;  /* 0: not given                                             */
    int     values;
} estimate_targets;

/* Writes their options, ESTIMATE_TARGETS_FLAGS of them. */
void estimate_targets_list(estimate_targets *flags, cli_option *option);

/* What the flags say of the targets in `path` (NULL: none). CLI_GO_ON, or CLI_USAGE
 * after a complaint; unless quiet, a note on stderr names the estimators that have no
 * I(T;Y) of such targets. */
int estimate_targets_read(const estimate_targets *flags, const char *path, int quiet,
                          int estimators, const ipl_mi_options *options,
                          ipl_target_options *out);

#endif
