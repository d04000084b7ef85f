/*
 * tables.h - what a study's folder has beside its runs.
 */
#ifndef STUDY_TABLES_H
#define STUDY_TABLES_H

#include "study/jobs.h"

/* Writes study.ini: the study as it was read. E_IO, E_MEMORY. */
ipl_status study_begin_folder(const ipl_study *study, const char *dir);

/* Writes study.csv, study_summary.csv and study.json of the runs that are done by now,
 * also by other processes, of which one writes at a time. E_IO; E_FORMAT: a table of a
 * run is damaged; E_MEMORY. */
ipl_status study_tables_write(study_jobs *jobs);

/* -- Their parts ------------------------------------------------------------------*/

ipl_status study_csv_write(const study_jobs *jobs);
ipl_status study_summary_write(const study_jobs *jobs);
ipl_status study_json_write(const study_jobs *jobs);

#endif
