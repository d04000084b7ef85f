/*
 * team.h - the processes of one program that work together, and their messages.
 *
 * mpirun or srun starts them (mpi_plugin.h), each with its rank, 0 .. size - 1. A
 * message is bytes with a tag; those from one rank to another come in order. Nothing
 * here waits for ever: a rank that died, or does not answer, is gone, and the others go
 * on without it. Any thread may call; each waits for itself only.
 */
#ifndef IPL_TEAM_H
#define IPL_TEAM_H

#include <stddef.h>

#include "ipl_team.h"
#include "team_way.h"

enum { IPL_TEAM_ANY = -1 };

/* A team over another way, whose `state` it closes in the end, also after a failure.
 * E_MEMORY. */
ipl_status ipl_team_over(const ipl_team_way *way, void *state, ipl_team **out);

const ipl_team_place *ipl_team_at(const ipl_team *team);

/* Sends a copy, and waits until it has left. What comes meanwhile is kept, so that two
 * ranks may send to each other. A rank that has not taken it after `patience_s` seconds
 * is gone from then on. E_IO: the rank is gone. E_ARGUMENT: no such rank, or a tag or
 * bytes above IPL_TEAM_TAG_MAX, IPL_TEAM_BYTES_MAX. E_MEMORY. */
ipl_status ipl_team_send(ipl_team *team, int to, int tag, const void *from,
                         size_t bytes, double patience_s);

/* Takes the oldest message of that rank and tag, or IPL_TEAM_ANY; waits for `wait_s`
 * seconds at most, 0 looks only. *out is the caller's to free; NULL: none came. E_IO:
 * none can come, the rank is gone, or all are. */
ipl_status ipl_team_receive(ipl_team *team, int from, int tag, double wait_s,
                            ipl_team_message **out);

/* 1: the rank died, took nothing, was given up, or has left. */
int ipl_team_is_gone(ipl_team *team, int rank);

/* The caller has waited long enough: the rank is gone, whatever it still sends. */
void ipl_team_give_up(ipl_team *team, int rank);

/* Seconds that a rank may say nothing: 30; IPL_TEST_SILENT_S in tests. */
double ipl_team_silence_s(void);

/* From now on a thread tells the others that this rank is there, whatever else it
 * does: rank 0 tells all, and each of them rank 0. Whoever is not heard for so long is
 * gone; rank 0 may say nothing twice as long, as it goes on without a rank, and who is
 * in the middle of a message two minutes. All ranks call it; the second call of one
 * does nothing. E_MEMORY. */
ipl_status ipl_team_beat(ipl_team *team, double silence_s);

#endif
