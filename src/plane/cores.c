/*
 * cores.c - a processor's threads, shared by training and measuring.
 */
#include "plane/cores.h"

ipl_status ipl_cores_create(ipl_cores *c, int total)
{
    *c = (ipl_cores){.total = total, .free = total};
    if (pthread_mutex_init(&c->lock, NULL)) return IPL_FAIL(IPL_E_MEMORY, "a mutex");
    if (pthread_cond_init(&c->moved, NULL)) {
        pthread_mutex_destroy(&c->lock);
        return IPL_FAIL(IPL_E_MEMORY, "a condition");
    }
    return IPL_OK;
}

void ipl_cores_destroy(ipl_cores *c)
{
    pthread_cond_destroy(&c->moved);
    pthread_mutex_destroy(&c->lock);
}

int ipl_cores_take(ipl_cores *c, int most)
{
    pthread_mutex_lock(&c->lock);
    const int64_t ticket = c->asked++;
    while (ticket != c->served || !c->free) pthread_cond_wait(&c->moved, &c->lock);
    ++c->served;
    const int half = c->total > 1 ? c->total / 2 : 1;
    int got = c->free < most ? c->free : most;
    if (c->asked > c->served && got > half) got = half;
    c->free -= got;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
    return got;
}

void ipl_cores_give(ipl_cores *c, int count)
{
    pthread_mutex_lock(&c->lock);
    c->free += count;
    pthread_cond_broadcast(&c->moved);
    pthread_mutex_unlock(&c->lock);
}
