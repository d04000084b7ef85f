/*
 * fork.c - what a child process does not get from the parent that forked it.
 */
#include "fork.h"

#include <pthread.h>
#include <stdatomic.h>

/* State of the process, as threads and drivers are. */
static atomic_int begun[IPL_FORK_COUNT], lost[IPL_FORK_COUNT];
static pthread_once_t watched = PTHREAD_ONCE_INIT;

static void in_the_child(void)
{
    for (int w = 0; w < IPL_FORK_COUNT; ++w)
        if (atomic_load(&begun[w])) atomic_store(&lost[w], 1);
}

static void watch(void) { (void)pthread_atfork(NULL, NULL, in_the_child); }

void ipl_fork_begin(ipl_fork_what what)
{
    pthread_once(&watched, watch);
    atomic_store_explicit(&begun[what], 1, memory_order_relaxed);
}

int ipl_fork_lost(ipl_fork_what what)
{
    return atomic_load_explicit(&lost[what], memory_order_relaxed);
}
