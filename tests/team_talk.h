/*
 * team_talk.h - what every team can do, over any way: each rank sends to each other
 * one, and receives all of theirs whole and in their order.
 */
#ifndef TEAM_TALK_H
#define TEAM_TALK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "team.h"

static const size_t team_talk_bytes[] = {0, 1, 999, 1000, 1001, 70000, 3000001, 5};
enum {
    TEAM_TALK = sizeof team_talk_bytes / sizeof *team_talk_bytes,
    TEAM_TALK_TAG = 100 /* and that of `any`                                     */
};

/* Message k of a rank to another one. */
static inline void team_talk_fill(int from, int to, int k, unsigned char *at)
{
    uint32_t x = (uint32_t)(1 + from * 1000 + to * 100 + k);
    for (size_t b = 0; b < team_talk_bytes[k]; ++b)
        at[b] = (unsigned char)((x = x * 1664525u + 1013904223u) >> 24);
}

/* NULL, or what is wrong. `any`: takes what comes from whoever it is. */
static inline const char *team_talk(ipl_team *team, int any)
{
    const int self = ipl_team_at(team)->rank, size = ipl_team_at(team)->size;
    unsigned char *content = malloc(3000001);
    int next[64] = {0};
    const char *wrong = NULL;
    for (int step = 1; step < size; ++step)
        for (int k = 0, to = (self + step) % size; k < TEAM_TALK; ++k) {
            team_talk_fill(self, to, k, content);
            if (ipl_team_send(team, to, TEAM_TALK_TAG + any, content,
                              team_talk_bytes[k], 60) != IPL_OK)
                wrong = ipl_last_error();
        }
    for (int n = 0; n < (size - 1) * TEAM_TALK && !wrong; ++n) {
        ipl_team_message *m;
        const int from = any ? IPL_TEAM_ANY : (self + 1 + n / TEAM_TALK) % size;
        if (ipl_team_receive(team, from, TEAM_TALK_TAG + any, 60, &m) != IPL_OK)
            wrong = ipl_last_error();
        else if (!m)
            wrong = "a message did not come";
        if (wrong) break;
        const int k = next[m->rank]++;
        if ((!any && m->rank != from) || m->rank == self) wrong = "of another rank";
        else if (k >= TEAM_TALK || m->bytes != team_talk_bytes[k])
            wrong = "not in its order";
        else team_talk_fill(m->rank, self, k, content);
        if (!wrong && m->bytes && memcmp(content, m->at, m->bytes))
            wrong = "with other content";
        free(m);
    }
    free(content);
    return wrong;
}

#endif
