/*
 * cores.h - a processor's threads, shared by training and measuring.
 *
 * Whoever works takes some of them first and gives them back after, so that there are
 * never more busy threads than cores; who waits is served in the order of asking.
 */
#ifndef IPL_CORES_H
#define IPL_CORES_H

#include <pthread.h>
#include <stdint.h>

#include "ipl_status.h"

typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t  moved;
    int     total, free;
    int64_t asked, served; /* tickets                                           */
} ipl_cores;

ipl_status ipl_cores_create(ipl_cores *cores, int total);
void       ipl_cores_destroy(ipl_cores *cores);

/* Waits for its turn and for a free one, and returns how many it got: as many as are
 * free, but `most` at most, and no more than half of all while another one waits. */
int  ipl_cores_take(ipl_cores *cores, int most);
void ipl_cores_give(ipl_cores *cores, int count);

#endif
