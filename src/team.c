/*
 * team.c - a team's messages: waiting for them, and keeping those nobody waits for yet.
 *
 * A way (team_way.h) moves messages only while somebody calls it. So whoever waits, to
 * send or to receive, moves all, and puts what comes in one queue for all. A thread
 * that beats moves too: what is large comes while its rank computes.
 */
#include "team.h"

#include <math.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

/* For the largest message over a slow network. */
static const double ARRIVES_S = 120.0;

enum { HERE, GONE, SILENT };

struct ipl_team {
    const ipl_team_way *way;
    void               *state; /* the way's                                      */
    ipl_team_place      at;
    pthread_mutex_t     lock;  /* of all below, and of the way                   */
    ipl_team_message   *first, **last; /* have come, nobody took them            */
    double             *heard_s; /* [size] when the latest came                  */
    unsigned char      *gone;    /* [size] HERE, GONE, SILENT                    */
    double              silence_s; /* 0: nobody beats                            */
    double              moved_s; /* the latest move                              */
    int                 ends;    /* 1: the thread that beats shall               */
    pthread_t           beats;
    pthread_cond_t      ending;
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

static void give_up(ipl_team *t, int rank, int how)
{
    if (t->gone[rank]) return;
    t->gone[rank] = (unsigned char)how;
    t->way->give_up(t->state, rank);
}

static int beats_for(const ipl_team *t, int rank)
{
    return t->silence_s > 0.0 && rank != t->at.rank && (!rank || !t->at.rank);
}

/* Beats queue behind what is large and on its way. */
static double most_silent_s(const ipl_team *t, int rank)
{
    const double s = rank ? t->silence_s : 2.0 * t->silence_s;
    return s < ARRIVES_S && t->way->coming(t->state, rank) ? ARRIVES_S : s;
}

/* Silent when what had come was last looked at: what came since is not known. */
static int is_gone(ipl_team *t, int rank)
{
    if (t->gone[rank] || rank == t->at.rank) return t->gone[rank];
    if (!t->way->is_alive(t->state, rank)) t->gone[rank] = GONE;
    else if (beats_for(t, rank) &&
             t->moved_s - t->heard_s[rank] > most_silent_s(t, rank))
        give_up(t, rank, SILENT);
    return t->gone[rank];
}

static ipl_status fail_of(const ipl_team *t, int rank)
{
    return IPL_FAIL(IPL_E_IO, "rank %d of %d %s", rank, t->at.size,
                    t->gone[rank] == SILENT ? "says nothing any more" : "is gone");
}

static double beat_every_s(const ipl_team *t)
{
    return t->silence_s < 4.0 ? t->silence_s / 4.0 : 1.0;
}

/* A rank that was itself held for a while has heard nobody, whoever spoke: its own
 * beat, which moves, came late by two others. */
static void forgive(ipl_team *t)
{
    const double now = now_s(), held_s = now - t->moved_s;
    const int held = t->silence_s > 0.0 && held_s > 3.0 * beat_every_s(t);
    for (int r = 0; held && r < t->at.size; ++r) t->heard_s[r] += held_s;
    t->moved_s = now;
}

/* It comes to its end by itself, and takes what is sent to it until then. */
static int has_said_farewell(const ipl_team *t, int rank)
{
    return isinf(t->heard_s[rank]);
}

static int is_farewell(const ipl_team_message *m)
{
    return m->tag == IPL_TEAM_TAG_BEAT && m->bytes;
}

static void move(ipl_team *t)
{
    ipl_team_message *m;
    forgive(t);
    while ((m = t->way->move(t->state))) {
        t->heard_s[m->rank] = is_farewell(m) ? INFINITY : now_s();
        if (t->gone[m->rank] || m->tag == IPL_TEAM_TAG_BEAT) {
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
        return is_gone(t, from) ? fail_of(t, from) : IPL_OK;
    for (int r = 0; r < t->at.size; ++r)
        if (r != t->at.rank && !is_gone(t, r)) return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "all other ranks of %d are gone", t->at.size);
}

/* IPL_OK: it has left; E_STOPPED: not yet. */
static ipl_status has_left(ipl_team *t, int to, double waited_s, double patience_s)
{
    move(t);
    if (is_gone(t, to)) return fail_of(t, to);
    if (!t->way->unsent(t->state, to)) return IPL_OK;
    if (waited_s < patience_s) return IPL_E_STOPPED;
    give_up(t, to, GONE);
    return IPL_FAIL(IPL_E_IO, "rank %d of %d took no message for %.0f s", to,
                    t->at.size, waited_s);
}

/* -- Beats ------------------------------------------------------------------------*/

double ipl_team_silence_s(void)
{
    const char *text = getenv("IPL_TEST_SILENT_S");
    const double s = text ? strtod(text, NULL) : 0.0;
    return s > 0.0 ? s : 30.0;
}

static void beat_once(ipl_team *t)
{
    move(t);
    for (int r = 0; r < t->at.size; ++r) {
        if (!beats_for(t, r) || is_gone(t, r)) continue;
        ipl_team_message *m = ipl_team_message_create(r, IPL_TEAM_TAG_BEAT, 0);
        if (m) t->way->send(t->state, m); /* or a later one says it */
    }
}

/* To close may take longer than a rank may be silent: nobody is to wait for beats, and
 * nobody for more of this rank. */
static void say_farewell(ipl_team *t)
{
    for (int r = 0; r < t->at.size; ++r) {
        if (!beats_for(t, r) || is_gone(t, r)) continue;
        ipl_team_message *m = ipl_team_message_create(r, IPL_TEAM_TAG_BEAT, 1);
        if (!m) continue;
        m->at[0] = 0;
        t->way->send(t->state, m);
    }
}

static void *beat(void *team)
{
    ipl_team *t = team;
    pthread_mutex_lock(&t->lock);
    for (double next_s = now_s(); !t->ends;) {
        const struct timespec until = {(time_t)next_s,
                                       (long)(1e9 * (next_s - (double)(time_t)next_s))};
        pthread_cond_timedwait(&t->ending, &t->lock, &until);
        if (now_s() < next_s || t->ends) continue;
        beat_once(t);
        next_s = now_s() + beat_every_s(t);
    }
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static void beat_no_more(ipl_team *t)
{
    pthread_mutex_lock(&t->lock);
    const int beats = t->silence_s > 0.0;
    say_farewell(t);
    t->ends = 1;
    if (beats) pthread_cond_signal(&t->ending);
    pthread_mutex_unlock(&t->lock);
    if (!beats) return;
    pthread_join(t->beats, NULL);
    pthread_cond_destroy(&t->ending);
}

ipl_status ipl_team_beat(ipl_team *t, double silence_s)
{
    pthread_condattr_t monotonic;
    pthread_mutex_lock(&t->lock);
    int bad = 0;
    if (t->silence_s <= 0.0) {
        bad = pthread_condattr_init(&monotonic) ||
              pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) ||
              pthread_cond_init(&t->ending, &monotonic);
        t->silence_s = silence_s;
        t->moved_s = now_s();
        for (int r = 0; r < t->at.size; ++r) t->heard_s[r] = t->moved_s;
        if (!bad) bad = pthread_create(&t->beats, NULL, beat, t);
        if (bad) t->silence_s = 0.0;
    }
    pthread_mutex_unlock(&t->lock);
    return bad ? IPL_FAIL(IPL_E_MEMORY, "a thread that beats") : IPL_OK;
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
    beat_no_more(t);
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
        ipl_status st = m ? IPL_OK : one_is_left(t, from);
        if (!m && from != IPL_TEAM_ANY && has_said_farewell(t, from))
            st = fail_of(t, from);
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
    const int gone = is_gone(t, rank) || has_said_farewell(t, rank);
    pthread_mutex_unlock(&t->lock);
    return gone;
}

void ipl_team_give_up(ipl_team *t, int rank)
{
    pthread_mutex_lock(&t->lock);
    give_up(t, rank, GONE);
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
