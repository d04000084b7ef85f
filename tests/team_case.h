/*
 * team_case.h - teams without MPI: a socket between each two ranks.
 *
 * The ranks are threads or forked processes. A rank whose process ends, or which closes
 * its team, is dead for the others as soon as they read the end of its sockets.
 */
#ifndef TEAM_CASE_H
#define TEAM_CASE_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "team.h"

enum { TEAM_RANKS = 8, TEAM_PIECE = 1000 };

/* fd[a][b]: rank a's end of its socket with rank b. */
typedef struct {
    int size;
    int fd[TEAM_RANKS][TEAM_RANKS];
} team_sockets;

typedef struct {
    int tag;
    size_t bytes;
} team_head;

/* One socket of a rank, and what is under way on it. */
typedef struct {
    int fd, is_dead, is_given_up;
    int heads;              /* bytes of `head` that have come                    */
    team_head head;
    size_t came, left;      /* bytes of `coming`, and of the first to go         */
    ipl_team_message *coming, *going;
} team_line;

typedef struct {
    int rank, size;
    team_line line[TEAM_RANKS];
} team_state;

static inline void team_place(void *state, ipl_team_place *out)
{
    const team_state *s = state;
    *out = (ipl_team_place){.rank = s->rank, .size = s->size, .local_rank = s->rank,
                            .local_size = s->size, .sharing = s->size, .host = "here"};
}

/* The head goes as a part of the message: a block with room for both. */
static inline void team_begin(void *state, ipl_team_message *message)
{
    team_line *line = &((team_state *)state)->line[message->rank];
    const team_head head = {message->tag, message->bytes};
    ipl_team_message *m = ipl_team_message_create(message->rank, message->tag,
                                                  message->bytes + sizeof head);
    memcpy(m->at, &head, sizeof head);
    memcpy(m->at + sizeof head, message->at, message->bytes);
    free(message);
    ipl_team_message **last = &line->going;
    while (*last) last = &(*last)->next;
    *last = m;
}

static inline int team_moved(team_line *line, ssize_t n)
{
    if (n > 0) return 1;
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) line->is_dead = 1;
    return 0;
}

static inline void team_push(team_line *line)
{
    while (line->going && !line->is_dead && !line->is_given_up) {
        ipl_team_message *m = line->going;
        size_t piece = m->bytes - line->left;
        if (piece > TEAM_PIECE) piece = TEAM_PIECE;
        const ssize_t n = send(line->fd, m->at + line->left, piece, MSG_NOSIGNAL);
        if (!team_moved(line, n)) return;
        if ((line->left += (size_t)n) < m->bytes) continue;
        line->going = m->next;
        line->left = 0;
        free(m);
    }
}

static inline ipl_team_message *team_pull(team_line *line, int rank)
{
    while (!line->is_dead) {
        char *to = (char *)&line->head + line->heads;
        size_t room = sizeof line->head - (size_t)line->heads;
        if (!room) {
            if (!line->coming)
                line->coming = ipl_team_message_create(rank, line->head.tag,
                                                       line->head.bytes);
            to = (char *)line->coming->at + line->came;
            room = line->head.bytes - line->came;
            if (!room) {
                ipl_team_message *whole = line->coming;
                line->coming = NULL;
                line->came = 0;
                line->heads = 0;
                return whole;
            }
        }
        const ssize_t n = recv(line->fd, to, room, 0);
        if (!team_moved(line, n)) return NULL;
        if (line->coming) line->came += (size_t)n;
        else line->heads += (int)n;
    }
    return NULL;
}

static inline ipl_team_message *team_move(void *state)
{
    team_state *s = state;
    for (int r = 0; r < s->size; ++r)
        if (r != s->rank) team_push(&s->line[r]);
    for (int r = 0; r < s->size; ++r) {
        ipl_team_message *m = r == s->rank ? NULL : team_pull(&s->line[r], r);
        if (m) return m;
    }
    return NULL;
}

static inline int team_unsent(void *state, int rank)
{
    int count = 0;
    const ipl_team_message *m = ((team_state *)state)->line[rank].going;
    for (; m; m = m->next) ++count;
    return count;
}

static inline int team_coming(void *state, int rank)
{
    return ((team_state *)state)->line[rank].heads > 0;
}

static inline int team_is_alive(void *state, int rank)
{
    return !((team_state *)state)->line[rank].is_dead;
}

static inline void team_give_up(void *state, int rank)
{
    ((team_state *)state)->line[rank].is_given_up = 1;
}

static inline void team_close(void *state)
{
    team_state *s = state;
    for (int r = 0; r < s->size; ++r) {
        team_line *line = &s->line[r];
        if (r != s->rank) close(line->fd);
        free(line->coming);
        for (ipl_team_message *m; (m = line->going); free(m)) line->going = m->next;
    }
    free(s);
}

static inline team_sockets team_sockets_make(int size)
{
    team_sockets sockets = {.size = size};
    alarm(120); /* ends a test that hangs */
    for (int a = 0; a < size; ++a)
        for (int b = 0; b < a; ++b) {
            int two[2];
            CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two));
            sockets.fd[a][b] = two[0];
            sockets.fd[b][a] = two[1];
        }
    return sockets;
}

/* The end of a rank in a process of its own closes the ends of the others. */
static inline void team_keep_only(const team_sockets *sockets, int rank)
{
    for (int a = 0; a < sockets->size; ++a)
        for (int b = 0; b < sockets->size; ++b)
            if (a != b && a != rank) close(sockets->fd[a][b]);
}

static inline ipl_team *team_of(const team_sockets *sockets, int rank)
{
    static const ipl_team_way way = {team_place, team_begin, team_move, team_unsent,
                                     team_coming, team_is_alive, team_give_up,
                                     team_close};
    ipl_team *team;
    team_state *s = calloc(1, sizeof *s);
    s->rank = rank;
    s->size = sockets->size;
    for (int r = 0; r < s->size; ++r) s->line[r].fd = sockets->fd[rank][r];
    return ipl_team_over(&way, s, &team) == IPL_OK ? team : NULL;
}

#endif
