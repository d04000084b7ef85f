/*
 * table_file.h - the tables of runs, read line by line, and those of a study, which
 * grow to more than memory holds.
 */
#ifndef STUDY_TABLE_FILE_H
#define STUDY_TABLE_FILE_H

#include "buffer.h"
#include "ipl_study.h"

enum { STUDY_PATH = 4096 };

/* A file that gets its name once it is whole. */
typedef struct {
    char       path[STUDY_PATH + 32], made[STUDY_PATH + 40];
    int        fd;
    int64_t    bytes;
    ipl_buffer text;
} study_file;

/* DIR/NAME. E_IO. End with study_file_end, whatever happened: `st` of the rows before,
 * which it returns if it is a failure, and no file then changes. */
ipl_status study_file_begin(study_file *f, const char *dir, const char *name);
ipl_status study_file_flush(study_file *f); /* now and then, between rows           */
ipl_status study_file_end(study_file *f, ipl_status st);

/* Columns of swept keys, but train.seed: ",net.activation" and so on, and ",tanh". */
void study_file_keys(study_file *f, const ipl_study *study);
void study_file_values(study_file *f, const ipl_study *study, int64_t run);

/* plane.csv and plane_details.csv of a run directory, side by side. */
typedef struct {
    char    path[STUDY_PATH + 32];
    char   *plane, *details;         /* the files                                   */
    char   *plane_at, *details_at;   /* what follows                                */
    char   *plane_head, *details_head;
    int64_t line;
} study_points;

/* One point. Texts are in the files' memory. */
typedef struct {
    char *seed, *epoch, *layer, *estimator;
    char *plane;   /* "i_xt_bits,i_ty_bits"                                         */
    char *details; /* "h_t_bits,.."                                                 */
} study_row;

ipl_status study_points_open(study_points *p, const char *dir);
void       study_points_close(study_points *p);

/* *is_row 0: there is no further one. E_FORMAT: the tables do not belong together. */
ipl_status study_points_next(study_points *p, study_row *row, int *is_row);

/* Calls for each set of rows of a run directory, with its folder and name. */
typedef ipl_status (*study_set_call)(void *user, const char *dir, const char *rows);
ipl_status study_each_set(const char *dir, study_set_call call, void *user);

#endif
