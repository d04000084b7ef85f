/*
 * team.c - a team's messages: waiting for them, and keeping those nobody waits for yet.
 *
 * A way (team_way.h) moves messages only while somebody calls it. So whoever waits, to
 * send or to receive, moves all, and puts what comes in one queue for all.
 */
#include "team.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

struct ipl_team {
    const ipl_team_way *way;
    void               *state; /* the way's                                      */
    ipl_team_place      at;
    pthread_mutex_t     lock;  /* of all below, and of the way                   */
    ipl_team_message   *first, **last; /* have come, nobody took them            */
    double             *heard_s; /* [size] when the latest came                  */
    unsigned char      *gone;    /* [size]                                       */
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Between two looks: short at first, for an answer that comes at once, then such that
 * a rank without work takes no core. */
static void rest(double waited_s)
{
    const double most = waited_s < 1.0 ? 1e-3 : 5e-3, s = 2e-5 + waited_s / 10.0;
    const struct timespec t = {0, (long)(1e9 * (s < most ? s : most))};
    nanosleep(&t, NULL);
}

/* -- With the lock held -----------------------------------------------------------*/

static int is_gone(ipl_team *t, int rank)
{
    if (rank != t->at.rank && !t->way->is_alive(t->state, rank)) t->gone[rank] = 1;
    return t->gone[rank];
}

static void give_up(ipl_team *t, int rank)
{
    if (t->gone[rank]) return;
    t->gone[rank] = 1;
    t->way->give_up(t->state, rank);
}

static void move(ipl_team *t)
{
    ipl_team_message *m;
    while ((m = t->way->move(t->state))) {
        t->heard_s[m->rank] = now_s();
        if (t->gone[m->rank]) {
            free(m);
            continue;
        }
        m->next = NULL;
        *t->last = m;
        t->last = &m->next;
    }
}

static ipl_team_message *take(ipl_team *t, int from, int tag)
{
    for (ipl_team_message **at = &t->first; *at; at = &(*at)->next) {
        ipl_team_message *m = *at;
        if ((from != IPL_TEAM_ANY && m->rank != from) ||
            (tag != IPL_TEAM_ANY && m->tag != tag))
            continue;
        *at = m->next;
        if (!m->next) t->last = at;
        m->next = NULL;
        return m;
    }
    return NULL;
}

static ipl_status one_is_left(ipl_team *t, int from)
{
    if (from != IPL_TEAM_ANY)
        return is_gone(t, from) ? IPL_FAIL(IPL_E_IO, "rank %d of %d is gone", from,
                                           t->at.size) : IPL_OK;
    for (int r = 0; r < t->at.size; ++r)
        if (r != t->at.rank && !is_gone(t, r)) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "all other ranks of %d are gone", t->at.size);
}

/* IPL_OK: it has left; E_STOPPED: not yet. */
static ipl_status has_left(ipl_team *t, int to, double waited_s, double patience_s)
{
    move(t);
    if (is_gone(t, to))
        return IPL_FAIL(IPL_E_IO, "rank %d of %d is gone", to, t->at.size);
    if (!t->way->unsent(t->state, to)) return IPL_OK;
    if (waited_s < patience_s) return IPL_E_STOPPED;
    give_up(t, to);
    return IPL_FAIL(IPL_E_IO, "rank %d of %d took no message for %.0f s", to,
                    t->at.size, waited_s);
}

/* -- The team ---------------------------------------------------------------------*/

ipl_status ipl_team_over(const ipl_team_way *way, void *state, ipl_team **out)
{
    ipl_team_place at;
    way->place(state, &at);
    ipl_team *t = calloc(1, sizeof *t);
    double *heard_s = malloc((size_t)at.size * sizeof *heard_s);
    unsigned char *gone = calloc((size_t)at.size, 1);
    if (!t || !heard_s || !gone || pthread_mutex_init(&t->lock, NULL)) {
        free(t);
        free(heard_s);
        free(gone);
        way->close(state);
        return IPL_FAIL(IPL_E_MEMORY, "a team of %d ranks", at.size);
    }
    t->way = way;
    t->state = state;
    t->at = at;
    t->last = &t->first;
    t->heard_s = heard_s;
    t->gone = gone;
    for (int r = 0; r < at.size; ++r) heard_s[r] = now_s();
    *out = t;
    return IPL_OK;
}

void ipl_team_close(ipl_team *t)
{
    if (!t) return;
    t->way->close(t->state);
    while (t->first) {
        ipl_team_message *m = t->first;
        t->first = m->next;
        free(m);
    }
    pthread_mutex_destroy(&t->lock);
    free(t->heard_s);
    free(t->gone);
    free(t);
}

int ipl_team_rank(const ipl_team *t) { return t ? t->at.rank : 0; }

int ipl_team_size(const ipl_team *t) { return t ? t->at.size : 1; }

const ipl_team_place *ipl_team_at(const ipl_team *t) { return &t->at; }

ipl_status ipl_team_send(ipl_team *t, int to, int tag, const void *from, size_t bytes,
                         double patience_s)
{
    IPL_REQUIRE(to >= 0 && to < t->at.size && to != t->at.rank,
                "a message from rank %d to rank %d of %d", t->at.rank, to, t->at.size);
    IPL_REQUIRE(tag >= 0 && tag <= IPL_TEAM_TAG_MAX && bytes <= IPL_TEAM_BYTES_MAX,
                "a message of tag %d and %zu bytes: expected tags up to %d and bytes "
                "up to %d", tag, bytes, IPL_TEAM_TAG_MAX, IPL_TEAM_BYTES_MAX);
    ipl_team_message *m = ipl_team_message_create(to, tag, bytes);
    if (!m) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a message", bytes);
    if (bytes) memcpy(m->at, from, bytes);

    const double begin = now_s();
    pthread_mutex_lock(&t->lock);
    ipl_status st = one_is_left(t, to);
    if (st == IPL_OK) t->way->send(t->state, m);
    else free(m);
    while (st == IPL_OK &&
           (st = has_left(t, to, now_s() - begin, patience_s)) == IPL_E_STOPPED) {
        pthread_mutex_unlock(&t->lock);
        rest(now_s() - begin);
        pthread_mutex_lock(&t->lock);
        st = IPL_OK;
    }
    pthread_mutex_unlock(&t->lock);
    return st;
}

ipl_status ipl_team_receive(ipl_team *t, int from, int tag, double wait_s,
                            ipl_team_message **out)
{
    IPL_REQUIRE(from == IPL_TEAM_ANY ||
                    (from >= 0 && from < t->at.size && from != t->at.rank),
                "a message from rank %d of %d to rank %d", from, t->at.size,
                t->at.rank);
    const double begin = now_s();
    for (;;) {
        pthread_mutex_lock(&t->lock);
        move(t);
        ipl_team_message *m = take(t, from, tag);
        const ipl_status st = m ? IPL_OK : one_is_left(t, from);
        pthread_mutex_unlock(&t->lock);
        const double waited_s = now_s() - begin;
        if (st != IPL_OK) return st;
        if (m || waited_s >= wait_s) {
            *out = m;
            return IPL_OK;
        }
        rest(waited_s);
    }
}

int ipl_team_is_gone(ipl_team *t, int rank)
{
    pthread_mutex_lock(&t->lock);
    move(t);
    const int gone = is_gone(t, rank);
    pthread_mutex_unlock(&t->lock);
    return gone;
}

double ipl_team_silent_s(ipl_team *t, int rank)
{
    pthread_mutex_lock(&t->lock);
    move(t);
    const double s = now_s() - t->heard_s[rank];
    pthread_mutex_unlock(&t->lock);
    return s;
}

void ipl_team_give_up(ipl_team *t, int rank)
{
    pthread_mutex_lock(&t->lock);
    give_up(t, rank);
    pthread_mutex_unlock(&t->lock);
}

ipl_status ipl_team_follow(ipl_team *t, int *word)
{
    const double others_s = 60.0, rank_0_s = 600.0;
    ipl_team_message *m;
    for (int r = 1; t && !t->at.rank && r < t->at.size; ++r)
        IPL_TRY(ipl_team_send(t, r, IPL_TEAM_TAG_WORD, word, sizeof *word, others_s));
    if (!t || !t->at.rank) return IPL_OK;
    IPL_TRY(ipl_team_receive(t, 0, IPL_TEAM_TAG_WORD, rank_0_s, &m));
    if (!m) return IPL_FAIL(IPL_E_IO, "rank 0 says nothing");
    memcpy(word, m->at, sizeof *word);
    free(m);
    return IPL_OK;
}
