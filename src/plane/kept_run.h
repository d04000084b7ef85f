/*
 * kept_run.h - a finished run whose kept networks are measured again.
 */
#ifndef IPL_KEPT_RUN_H
#define IPL_KEPT_RUN_H

#include "plane/experiment.h"
#include "plane/rundir.h"

/* Opens the networks of the run directory config.networks, for an experiment that is
 * loaded. E_IO: no networks there, and how to keep them; E_ARGUMENT: that run has not
 * finished, or trained something else: the text has the key and both values. */
ipl_status ipl_kept_open(const ipl_experiment *e, ipl_networks **out);

/* Adds the rows of that run's training.csv to the tables of this one. E_FORMAT. */
ipl_status ipl_kept_rows(const ipl_experiment *e, ipl_rundir *to);

#endif
