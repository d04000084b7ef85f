/*
 * run_sets.h - one training, several sets of rows.
 *
 * The first set is measured as the training goes, and the networks of its ticks are
 * kept. Each further one is measured on them afterwards, as a run of its own in
 * DIR/NAME, whose files are those of any other run with that set alone.
 */
#ifndef IPL_RUN_SETS_H
#define IPL_RUN_SETS_H

#include "ipl_places.h"
#include "plane/identity.h"
#include "plane/rundir.h"

int ipl_sets_are_several(const ipl_config *config);

/* Makes a run of several sets keep what the further ones need. */
void ipl_sets_keep(ipl_config *config);

/* Measures the further sets of a run whose first one is done, or goes on with it. A set
 * that is done stays as it is; `on` may be NULL if all are. Fails as ipl_run. */
ipl_status ipl_sets_measure(const ipl_places *on, const char *dir,
                            ipl_progress_call progress, void *user);

/* The number that config.ini of a run has (run_identity.c). E_IO. */
ipl_status ipl_run_number(ipl_rundir *dir, ipl_identity *out);

/* As ipl_run_about, of the first set alone; digest, which may be NULL: that of the run
 * (identity.h), or 0. */
ipl_status ipl_sets_about_first(const char *dir, ipl_run_info *out, uint32_t *digest);

/* The same of a directory that is open. */
ipl_status ipl_sets_about_open(ipl_rundir *dir, ipl_run_info *out, uint32_t *digest);

#endif
