/*
 * rank_take.c - what other ranks tell rank 0: who they are, how far, and what ended.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "study/ranks.h"

/* -- Who they are -----------------------------------------------------------------*/

static void refuse(study_ranks *s, int r, const char *why)
{
    s->rank[r].state = REFUSED;
    study_ranks_note_of(s, r, why);
}

static void take_here(study_ranks *s, int r, const rank_here *here)
{
    char text[RANK_LINE];
    if (s->rank[r].state != EXPECTED) return;
    if (here->trouble[0]) {
        refuse(s, r, here->trouble);
    } else if (strcmp(here->version, ipl_version())) {
        snprintf(text, sizeof text, "its version is %s, and that of rank 0 %s: it gets "
                 "no runs", here->version, ipl_version());
        refuse(s, r, text);
    } else if (here->study != s->digest) {
        refuse(s, r, "it has read another study than rank 0: it gets no runs");
    } else if (strcmp(here->model, s->x->model)) {
        snprintf(text, sizeof text, "it has %s, and rank 0 %s: it gets no runs, whose "
                 "bits may differ", here->model, s->x->model);
        refuse(s, r, text);
    } else {
        s->rank[r].state = LOOKING;
        s->rank[r].cores = s->rank[r].free = here->cores < 1 ? 1 : here->cores;
        study_ranks_send(s, r, RANK_LOOKS, s->file, sizeof s->file);
    }
}

static void take_sees(study_ranks *s, int r, int sees)
{
    if (s->rank[r].state != LOOKING) return;
    if (!sees && !s->x->options->no_shared) {
        refuse(s, r, "it does not see the study's folder, and gets no runs: --out "
                     "names one that all share, or --no-shared sends results");
        return;
    }
    pthread_mutex_lock(&s->x->lock);
    s->rank[r].state = READY;
    s->x->free_there += s->rank[r].free;
    pthread_mutex_unlock(&s->x->lock);
}

/* -- Of their runs ----------------------------------------------------------------*/

static void take_shares(study_ranks *s, int r, const ipl_team_message *m)
{
    study_jobs *jobs = &s->x->jobs;
    pthread_mutex_lock(&s->x->lock);
    for (size_t at = 0; at + sizeof(rank_share) <= m->bytes; at += sizeof(rank_share)) {
        rank_share share;
        memcpy(&share, m->at + at, sizeof share);
        if (share.run >= 0 && share.run < jobs->count && s->at[share.run] == r)
            jobs->job[share.run].share = share.share;
    }
    pthread_mutex_unlock(&s->x->lock);
}

/* What cannot be written is told when the run ends: bytes of it are missing then. */
static void take_file(study_ranks *s, int r, const ipl_team_message *m)
{
    char path[STUDY_PATH];
    const int64_t run = study_piece_run(m);
    if (run < 0 || run >= s->x->jobs.count || s->at[run] != r) return;
    study_ranks_made_path(s, run, path);
    if (study_piece_take(m, path, &s->got[run]) != IPL_OK)
        study_ranks_note_of(s, r, ipl_last_error_text());
}

static ipl_status settle_files(study_ranks *s, const rank_ended *ended)
{
    char made[STUDY_PATH], path[STUDY_PATH];
    IPL_TRY(study_files_settle(study_ranks_made_path(s, ended->run, made),
                               study_path(&s->x->jobs, ended->run, path), &ended->sent,
                               &s->got[ended->run]));
    s->has[ended->run] = s->at[ended->run];
    s->got[ended->run] = (study_sent){0};
    return IPL_OK;
}

static void take_ended(study_ranks *s, int r, rank_ended *ended)
{
    execution *x = s->x;
    ended->text[RANK_TEXT - 1] = 0;
    pthread_mutex_lock(&x->lock);
    if (ended->run >= 0 && ended->run < x->jobs.count && s->at[ended->run] == r) {
        const int others = s->cores[ended->run] < s->rank[r].cores;
        ipl_status st = (ipl_status)ended->status;
        if (st == IPL_OK && x->options->no_shared) {
            st = settle_files(s, ended);
            if (st != IPL_OK)
                snprintf(ended->text, sizeof ended->text, "%s", ipl_last_error_text());
        }
        study_ranks_give_back(s, ended->run);
        if (st == IPL_E_STOPPED) /* as that rank was told to, if all are not */
            study_jobs_end(&x->jobs, ended->run, IPL_STUDY_OPEN, NULL);
        else study_settle(x, ended->run, st, ended->text, others);
        pthread_cond_broadcast(&x->changed);
    }
    pthread_mutex_unlock(&x->lock);
}

static void take_stops(study_ranks *s, int r)
{
    pthread_mutex_lock(&s->x->lock);
    s->rank[r].is_leaving = 1;
    if (s->rank[r].state == READY) s->x->free_there -= s->rank[r].free;
    if (s->rank[r].state == READY) s->rank[r].state = REFUSED;
    pthread_mutex_unlock(&s->x->lock);
}

/* -- Messages ---------------------------------------------------------------------*/

/* What is shorter than it should be is of another program, which is gone soon. */
void study_ranks_take(study_ranks *s, ipl_team_message *m)
{
    rank_here here;
    rank_ended ended;
    int sees;
    const size_t bytes = m->bytes;
    if (m->tag == RANK_IS_HERE && bytes == sizeof here) {
        memcpy(&here, m->at, bytes);
        take_here(s, m->rank, &here);
    } else if (m->tag == RANK_SEES && bytes == sizeof sees) {
        memcpy(&sees, m->at, bytes);
        take_sees(s, m->rank, sees);
    } else if (m->tag == RANK_IS_AT) {
        take_shares(s, m->rank, m);
    } else if (m->tag == RANK_NOTES && bytes && !m->at[bytes - 1]) {
        study_ranks_note(s, (const char *)m->at);
    } else if (m->tag == RANK_FILE) {
        take_file(s, m->rank, m);
    } else if (m->tag == RANK_ENDED && bytes == sizeof ended) {
        memcpy(&ended, m->at, bytes);
        take_ended(s, m->rank, &ended);
    } else if (m->tag == RANK_STOPS) {
        take_stops(s, m->rank);
    }
    free(m);
}
