/*
 * team_way.h - how the messages of a team travel: MPI, or sockets in tests.
 *
 * One thread at a time is in these functions (team.c), and none of them waits, but for
 * `close`. What waits, copies or keeps is team.c's.
 */
#ifndef IPL_TEAM_WAY_H
#define IPL_TEAM_WAY_H

#include <stddef.h>
#include <stdlib.h>

#include "ipl_status.h"

enum {
    IPL_TEAM_BYTES_MAX = 1 << 30,
    IPL_TEAM_TAG_MAX = 32767, /* each MPI has so many                            */
    IPL_TEAM_TAG_WORD = IPL_TEAM_TAG_MAX, /* of ipl_team_follow                  */
    IPL_TEAM_TAG_BEAT = IPL_TEAM_TAG_MAX - 1, /* of ipl_team_beat                */
    IPL_TEAM_HOST = 64        /* bytes of a host's name, with its end            */
};

/* Where a process stands in its team. */
typedef struct {
    int  rank, size;
    int  local_rank, local_size; /* of the ranks of this host                    */
    int  sharing; /* ranks that may run on a core of this one's, with itself     */
    char host[IPL_TEAM_HOST];
} ipl_team_place;

/* One block of malloc. */
typedef struct ipl_team_message {
    struct ipl_team_message *next; /* for whoever has it                         */
    int    rank, tag;              /* it comes from, or goes to                  */
    size_t bytes;
    unsigned char at[];
} ipl_team_message;

/* NULL: no memory. */
static inline ipl_team_message *ipl_team_message_create(int rank, int tag, size_t bytes)
{
    ipl_team_message *m = malloc(sizeof *m + bytes);
    if (m) *m = (ipl_team_message){.rank = rank, .tag = tag, .bytes = bytes};
    return m;
}

typedef struct {
    void (*place)(void *state, ipl_team_place *out);
    /* Takes the message over and begins to send it. */
    void (*send)(void *state, ipl_team_message *message);
    /* Goes on with all that is under way. Returns a whole message that has come, or
     * NULL; those of one rank in their order. One for which there is no memory costs
     * its rank, which is not alive from then on. */
    ipl_team_message *(*move)(void *state);
    /* Messages to this rank that have not left. */
    int (*unsent)(void *state, int rank);
    /* Messages from this rank of which a part has come. */
    int (*coming)(void *state, int rank);
    /* 0: the rank is known to be dead. */
    int (*is_alive)(void *state, int rank);
    /* What is under way to it is of no use any more. */
    void (*give_up)(void *state, int rank);
    void (*close)(void *state);
} ipl_team_way;

#endif
