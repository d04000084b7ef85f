/*
 * team_links.c - links between rank 0, which has a run, and the ranks that help it.
 *
 * A helper may read data, and measure, for longer than rank 0 waits for a sign of it:
 * the team gives it, as long as there are links.
 */
#include <stdlib.h>
#include <string.h>

#include "ipl_places.h"
#include "team.h"

enum { TAG = 1 };
/* For the largest message over a slow network. */
static const double PATIENCE_S = 120.0;

typedef struct {
    ipl_team *team;
    int       rank;
} end;

static ipl_status send(void *user, const void *bytes, size_t size)
{
    const end *to = user;
    return ipl_team_send(to->team, to->rank, TAG, bytes, size, PATIENCE_S);
}

static ipl_status receive(void *user, int wait_ms, void **bytes, size_t *size)
{
    const end *from = user;
    ipl_team_message *m;
    *bytes = NULL;
    IPL_TRY(ipl_team_receive(from->team, from->rank, TAG, 1e-3 * wait_ms, &m));
    if (!m) return IPL_OK;
    *size = m->bytes;
    void *own = malloc(m->bytes ? m->bytes : 1);
    if (own) memcpy(own, m->at, m->bytes);
    free(m);
    if (!own) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of a message", *size);
    *bytes = own;
    return IPL_OK;
}

ipl_status ipl_team_links(ipl_team *team, ipl_link **out, int *count)
{
    const int size = ipl_team_size(team), others = ipl_team_rank(team) ? 1 : size - 1;
    *out = NULL;
    *count = 0;
    if (!others) return IPL_OK;
    IPL_TRY(ipl_team_beat(team, ipl_team_silence_s()));
    char *block = calloc((size_t)others, sizeof(ipl_link) + sizeof(end));
    if (!block) return IPL_FAIL(IPL_E_MEMORY, "links to %d ranks", others);
    ipl_link *link = (ipl_link *)block;
    end *ends = (end *)(block + (size_t)others * sizeof *link);
    for (int k = 0; k < others; ++k) {
        ends[k] = (end){team, ipl_team_rank(team) ? 0 : k + 1};
        link[k] = (ipl_link){send, receive, ends + k};
    }
    *out = link;
    *count = others;
    return IPL_OK;
}
