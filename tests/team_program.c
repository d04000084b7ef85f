/*
 * team_program.c - a team over MPI, for test_team_mpi.sh: team_program WHAT.
 *
 *   place   rank 0 prints each rank's place
 *   talk    messages of all ranks to all (team_talk.h)
 *   die     rank 1 dies; rank 0 goes on with the others, and prints what it sees
 *   serve   rank 0 asks the others in turns for a while: microseconds and MB/s; then
 *           all send short messages to it
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "team_talk.h"

enum { SAY = 1, END = 2, DATA = 3 };

static int complain(const char *why)
{
    fprintf(stderr, "team_program: %s\n", why);
    return 1;
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* What each rank has to say, printed by rank 0 in the order of the ranks. */
static int say(ipl_team *team, const char *text)
{
    const ipl_team_place *at = ipl_team_at(team);
    if (at->rank)
        return ipl_team_send(team, 0, SAY, text, strlen(text), 60) != IPL_OK;
    printf("rank 0: %s\n", text);
    for (int r = 1; r < at->size; ++r) {
        ipl_team_message *m;
        if (ipl_team_receive(team, r, SAY, 60, &m) != IPL_OK || !m)
            return complain(ipl_last_error());
        printf("rank %d: %.*s\n", r, (int)m->bytes, (const char *)m->at);
        free(m);
    }
    return 0;
}

static int place(ipl_team *team)
{
    const ipl_team_place *at = ipl_team_at(team);
    char text[200];
    snprintf(text, sizeof text, "of %d, local %d of %d, sharing %d, on %s", at->size,
             at->local_rank, at->local_size, at->sharing, at->host);
    return say(team, text);
}

static int talk(ipl_team *team)
{
    const char *wrong = team_talk(team, 0);
    if (!wrong) wrong = team_talk(team, 1);
    return say(team, wrong ? wrong : "well") || wrong;
}

/* Rank 1 says nothing more; MPI tells so, or it is given up. */
static int die(ipl_team *team)
{
    const ipl_team_place *at = ipl_team_at(team);
    ipl_team_message *m;
    if (at->rank == 1) {
        ipl_team_send(team, 0, SAY, "x", 1, 60);
        raise(SIGKILL);
    }
    if (at->rank)
        return ipl_team_receive(team, 0, END, 60, &m) != IPL_OK || !m ||
               ipl_team_send(team, 0, END, NULL, 0, 60) != IPL_OK;
    if (ipl_team_receive(team, 1, SAY, 60, &m) != IPL_OK || !m) return 1;
    for (int tries = 0; tries < 20 && !ipl_team_is_gone(team, 1); ++tries)
        if (ipl_team_receive(team, 2, SAY, 0.1, &m) != IPL_OK) return 1;
    printf("rank 1 is %s\n", ipl_team_is_gone(team, 1) ? "gone" : "silent");
    ipl_team_give_up(team, 1);
    for (int r = 2; r < at->size; ++r)
        if (ipl_team_send(team, r, END, NULL, 0, 60) != IPL_OK ||
            ipl_team_receive(team, r, END, 60, &m) != IPL_OK || !m)
            return complain(ipl_last_error());
    printf("the others go on\n");
    fflush(stdout);
    return 0;
}

/* An answer of `bytes` to a question of as many, in the mean. */
static int time_of(ipl_team *team, size_t bytes, int rounds)
{
    const ipl_team_place *at = ipl_team_at(team);
    char *data = calloc(1, bytes + 1);
    const double begin = seconds();
    int bad = 0;
    for (int k = 0; k < rounds && !bad; ++k) {
        ipl_team_message *m = NULL;
        const int with = at->rank ? 0 : 1 + k % (at->size - 1);
        if (at->rank && 1 + k % (at->size - 1) != at->rank) continue;
        if (!at->rank) bad = ipl_team_send(team, with, DATA, data, bytes, 60) != IPL_OK;
        bad = bad || ipl_team_receive(team, with, DATA, 60, &m) != IPL_OK || !m;
        free(m);
        if (at->rank)
            bad = bad || ipl_team_send(team, 0, DATA, data, bytes, 60) != IPL_OK;
    }
    const double s = (seconds() - begin) / rounds;
    if (!at->rank)
        printf("%zu bytes there and back: %.0f us, %.0f MB/s\n", bytes, s * 1e6,
               2e-6 * (double)bytes / s);
    free(data);
    return bad;
}

/* What rank 0 takes of short messages that come from all others at once. */
static int time_of_short(ipl_team *team)
{
    enum { MESSAGES = 20000 };
    const ipl_team_place *at = ipl_team_at(team);
    const double begin = seconds();
    const char data[32] = "";
    const int all = MESSAGES * (at->size - 1);
    int bad = 0;
    for (int k = 0; at->rank && k < MESSAGES && !bad; ++k)
        bad = ipl_team_send(team, 0, DATA, data, sizeof data, 60) != IPL_OK;
    for (int k = 0; !at->rank && k < all && !bad; ++k) {
        ipl_team_message *m = NULL;
        bad = ipl_team_receive(team, IPL_TEAM_ANY, DATA, 60, &m) != IPL_OK || !m;
        free(m);
    }
    if (!at->rank)
        printf("%d messages of 32 bytes: %.1f us each\n", all,
               1e6 * (seconds() - begin) / all);
    return bad;
}

static int serve(ipl_team *team)
{
    static const size_t bytes[] = {1, 1000, 10000, 100000, 1000000, 10000000};
    int bad = 0;
    for (size_t k = 0; k < sizeof bytes / sizeof *bytes && !bad; ++k)
        bad = time_of(team, bytes[k], bytes[k] < 100000 ? 300 : 30);
    return bad || time_of_short(team);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    ipl_team *team;
    if (!ipl_team_is_started()) return complain("no launcher has started it");
    if (ipl_team_join(&team) != IPL_OK) return complain(ipl_last_error_text());
    const int bad = !strcmp(what, "place")  ? place(team)
                    : !strcmp(what, "talk") ? talk(team)
                    : !strcmp(what, "die")  ? die(team)
                    : !strcmp(what, "serve") ? serve(team)
                                             : complain("place, talk, die or serve?");
    ipl_team_close(team);
    return bad;
}
