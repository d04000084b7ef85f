/*
 * ranks.c - rank 0 hands out the runs of a study to the other ranks.
 *
 * One thread speaks to all of them: it gives a run to the rank with most free cores,
 * takes what they tell, and gives the runs of a rank that is gone to others.
 */
#include "study/ranks.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

static const double HELLO_S = 60.0, LOOK_S = 0.05;

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void study_ranks_note(study_ranks *s, const char *text)
{
    execution *x = s->x;
    pthread_mutex_lock(&x->lock);
    study_take_notes(x, text);
    pthread_mutex_unlock(&x->lock);
}

void study_ranks_note_of(study_ranks *s, int r, const char *text)
{
    char line[RANK_LINE + 64];
    snprintf(line, sizeof line, "rank %d of %d: %s\n", r, s->size, text);
    study_ranks_note(s, line);
}

/* Takes what there is, and waits a little for the first. */
static void take_all(study_ranks *s)
{
    const struct timespec moment = {0, (long)(1e9 * LOOK_S)};
    double wait_s = LOOK_S;
    ipl_team_message *m;
    for (;;) {
        m = NULL;
        if (ipl_team_receive(s->team, IPL_TEAM_ANY, IPL_TEAM_ANY, wait_s, &m) != IPL_OK)
            nanosleep(&moment, NULL); /* all are gone */
        if (!m) break;
        study_ranks_take(s, m);
        wait_s = 0.0;
    }
    for (int r = 1; r < s->size; ++r)
        if (s->rank[r].state != GONE && ipl_team_is_gone(s->team, r))
            study_ranks_lose(s, r, "it is gone; others do its runs");
}

/* -- From the start to the end ----------------------------------------------------*/

static int all_came(const study_ranks *s)
{
    for (int r = 1; r < s->size; ++r)
        if (s->rank[r].state < READY) return 0;
    return 1;
}

/* A file of a name that nobody has asked for before: a network folder may remember for
 * a while that something is not there. */
static ipl_status make_file(study_ranks *s, char *path, size_t size)
{
    int fd;
    snprintf(s->file, sizeof s->file, "study.%ld-%lld.ranks", (long)getpid(),
             (long long)(now_s() * 1e6));
    snprintf(path, size, "%s/%s", s->x->options->dir, s->file);
    IPL_TRY(ipl_file_make(IPL_FILE_PATH, path, &fd));
    close(fd);
    return IPL_OK;
}

ipl_status study_ranks_create(execution *x, study_ranks **out)
{
    char path[STUDY_PATH + 80];
    const int size = ipl_team_size(x->options->team);
    study_ranks *s = calloc(1, sizeof *s);
    if (!s) return IPL_FAIL(IPL_E_MEMORY, "%d ranks", size);
    *s = (study_ranks){.x = x, .team = x->options->team, .size = size};
    s->rank = calloc((size_t)size, sizeof *s->rank);
    s->at = calloc((size_t)x->jobs.count, sizeof *s->at);
    s->cores = calloc((size_t)x->jobs.count, sizeof *s->cores);
    s->has = calloc((size_t)x->jobs.count, sizeof *s->has);
    s->got = calloc((size_t)x->jobs.count, sizeof *s->got);
    ipl_status st = IPL_OK;
    if (!s->rank || !s->at || !s->cores || !s->has || !s->got)
        st = IPL_FAIL(IPL_E_MEMORY, "%d ranks", size);
    if (st == IPL_OK) st = study_digest(x->jobs.study, &s->digest);
    if (st == IPL_OK) st = make_file(s, path, sizeof path);
    if (st != IPL_OK) {
        study_ranks_destroy(s);
        return st;
    }
    const double begin = now_s();
    while (!all_came(s) && now_s() - begin < HELLO_S) take_all(s);
    for (int r = 1; r < size; ++r)
        if (s->rank[r].state < READY) study_ranks_lose(s, r, "it did not come");
    ipl_file_remove(IPL_FILE_PATH, path);
    *out = s;
    return IPL_OK;
}

void *study_ranks_work(void *ranks)
{
    study_ranks *s = ranks;
    execution *x = s->x;
    for (int more = 1; more || s->works;) {
        more = 0;
        while (study_ranks_hand_out(s, &more)) {}
        if (x->stop && !s->is_stopped) {
            s->is_stopped = 1;
            for (int r = 1; r < s->size; ++r)
                if (s->rank[r].works) study_ranks_send(s, r, RANK_STOPS, NULL, 0);
        }
        take_all(s);
    }
    pthread_mutex_lock(&x->lock);
    ++x->waiting;
    pthread_cond_broadcast(&x->changed);
    pthread_mutex_unlock(&x->lock);
    return NULL;
}

void study_ranks_destroy(study_ranks *s)
{
    if (!s) return;
    free(s->rank);
    free(s->at);
    free(s->cores);
    free(s->has);
    free(s->got);
    free(s);
}

void study_ranks_dismiss(ipl_team *team)
{
    for (int r = 1; team && r < ipl_team_size(team); ++r)
        if (!ipl_team_is_gone(team, r))
            (void)ipl_team_send(team, r, RANK_LEAVES, NULL, 0, RANK_PATIENCE_S);
}
