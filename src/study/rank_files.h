/*
 * rank_files.h - the files of a run, from a rank with a folder of its own to rank 0.
 */
#ifndef STUDY_RANK_FILES_H
#define STUDY_RANK_FILES_H

#include "study/table_file.h"
#include "team.h"

/* What was sent, or came, of a run. */
typedef struct {
    int64_t files, bytes;
} study_sent;

/* Sends all files of a run directory, and of the folders in it, to rank 0. E_IO. */
ipl_status study_files_send(ipl_team *team, int tag, double patience_s, int64_t run,
                            const char *dir, study_sent *sent);

/* The run that a piece belongs to; -1: it is none. */
int64_t study_piece_run(const ipl_team_message *piece);

/* Writes a piece into the folder `dir`, which is empty before the first. E_IO: also
 * what came damaged. */
ipl_status study_piece_take(const ipl_team_message *piece, const char *dir,
                            study_sent *got);

/* The folder `made` becomes the run directory. E_IO: not all that was sent has come. */
ipl_status study_files_settle(const char *made, const char *dir, const study_sent *sent,
                              const study_sent *got);

/* Removes a run directory. */
void study_files_remove(const char *dir);

#endif
