/*
 * ipl_team.h - the processes of one program that an MPI launcher started together.
 *
 * mpirun or srun starts them, each with its rank, 0 .. size - 1. Rank 0 reads, hands
 * out and writes; the others work for it (ipl_study.h).
 */
#ifndef IPL_TEAM_PUBLIC_H
#define IPL_TEAM_PUBLIC_H

#include "ipl_status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct ipl_team ipl_team;

/* 1: a launcher has started this process as one of several; found out without MPI. */
int ipl_team_is_started(void);

/* Joins the others, once in a process: all of them have to, and it waits for them.
 * E_UNSUPPORTED: built without MPI, or MPI does not start; the text says why.
 * E_MEMORY. */
ipl_status ipl_team_join(ipl_team **out);

/* NULL is a team of one. */
int ipl_team_rank(const ipl_team *team);
int ipl_team_size(const ipl_team *team);

/* The device of this rank: of `wanted`, "auto" and "cuda" are the GPU of its number on
 * this host, if there are any. *threads, if it is 0, becomes its part of the cores that
 * it shares with other ranks. As ipl_device_open. */
ipl_status ipl_team_device(const ipl_team *team, const char *wanted, char name[32],
                           int *threads);

/* Rank 0's word to all others, who wait for it: then *word is the same for all. E_IO:
 * rank 0 is gone, or said nothing for ten minutes. */
ipl_status ipl_team_follow(ipl_team *team, int *word);

/* Leaves; NULL is allowed. All ranks call it, when they await nothing any more: MPI
 * ends together, and waits for rank 0 up to ten minutes, for the others half a minute.
 * The launcher may end a process after that. */
void ipl_team_close(ipl_team *team);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
