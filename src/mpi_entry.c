/*
 * mpi_entry.c - the messages of a team through MPI, an object of its own.
 *
 * All calls but those at the start and the end return at once. Ranks that died are
 * known where the MPI has ULFM and its launcher goes on (Open MPI 5: --with-ft ulfm);
 * elsewhere they are silent, and the caller gives them up.
 */
#include "mpi_plugin.h"

#include <mpi.h>
#if defined(OPEN_MPI)
#include <mpi-ext.h>
#endif
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ALIVE, SILENT, DEAD }; /* DEAD: MPI knows                                */

/* A message under way, which MPI reads or writes until the request is done. */
typedef struct moving {
    struct moving    *next;
    MPI_Request       request;
    ipl_team_message *message;
    int               is_done;
} moving;

typedef struct {
    MPI_Comm       comm, last; /* of the messages, and of the end                */
    ipl_team_place at;
    moving        *going, *coming; /* oldest first                               */
    unsigned char *fate;           /* [size]                                     */
} mpi_state;

static const ipl_mpi_host *of_library;

ipl_status ipl_fail(ipl_status code, const char *file, int line,
                    const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return of_library->fail(code, file, line, "%s", text);
}

/* -- Ranks that died --------------------------------------------------------------*/

static void lose(mpi_state *s, int rank)
{
    if (rank >= 0 && rank < s->at.size && s->fate[rank] == ALIVE)
        s->fate[rank] = SILENT;
}

/* MPI answers as before once it is told that its word was heard. */
static void bury_the_dead(mpi_state *s)
{
#if defined(MPIX_ERR_PROC_FAILED) || defined(OMPI_HAVE_MPI_EXT_FTMPI)
    MPI_Group dead, all;
    int count;
    if (MPIX_Comm_failure_ack(s->comm) != MPI_SUCCESS ||
        MPIX_Comm_failure_get_acked(s->comm, &dead) != MPI_SUCCESS)
        return;
    MPI_Comm_group(s->comm, &all);
    MPI_Group_size(dead, &count);
    for (int k = 0; k < count; ++k) {
        int rank;
        MPI_Group_translate_ranks(dead, 1, &k, all, &rank);
        if (rank >= 0 && rank < s->at.size) s->fate[rank] = DEAD;
    }
    MPI_Group_free(&dead);
    MPI_Group_free(&all);
#else
    (void)s;
#endif
}

/* What failed was with `rank`, or -1: any. */
static void note_failure(mpi_state *s, int error, int rank)
{
    if (error == MPI_SUCCESS) return;
    bury_the_dead(s);
    lose(s, rank);
}

/* -- Messages ---------------------------------------------------------------------*/

static moving *add(moving **list, ipl_team_message *message)
{
    moving *m = calloc(1, sizeof *m);
    if (!m) return NULL;
    m->message = message;
    m->request = MPI_REQUEST_NULL;
    while (*list) list = &(*list)->next;
    *list = m;
    return m;
}

static ipl_team_message *take_out(moving **at)
{
    moving *m = *at;
    ipl_team_message *message = m->message;
    *at = m->next;
    free(m);
    return message;
}

static void begin_to_send(void *state, ipl_team_message *message)
{
    mpi_state *s = state;
    moving *m = add(&s->going, message);
    if (!m) { /* it never arrives: the rank cannot be told so */
        lose(s, message->rank);
        free(message);
        return;
    }
    note_failure(s, MPI_Isend(message->at, (int)message->bytes, MPI_BYTE, message->rank,
                              message->tag, s->comm, &m->request), message->rank);
}

static void go_on_sending(mpi_state *s)
{
    for (moving **at = &s->going; *at;) {
        int done = 0;
        const int error = MPI_Test(&(*at)->request, &done, MPI_STATUS_IGNORE);
        note_failure(s, error, (*at)->message->rank);
        if (done || error != MPI_SUCCESS) free(take_out(at));
        else at = &(*at)->next;
    }
}

/* Begins to receive what has been announced. */
static void accept_messages(mpi_state *s)
{
    for (;;) {
        int there = 0, bytes = 0;
        MPI_Message handle;
        MPI_Status status;
        note_failure(s, MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, s->comm, &there,
                                    &handle, &status), -1);
        if (!there) return;
        MPI_Get_count(&status, MPI_BYTE, &bytes);
        ipl_team_message *message = ipl_team_message_create(
            status.MPI_SOURCE, status.MPI_TAG, (size_t)bytes);
        moving *m = message ? add(&s->coming, message) : NULL;
        if (!m) {
            free(message);
            lose(s, status.MPI_SOURCE);
            return;
        }
        note_failure(s, MPI_Imrecv(message->at, bytes, MPI_BYTE, &handle, &m->request),
                     status.MPI_SOURCE);
    }
}

static int is_oldest_of_its_rank(const mpi_state *s, const moving *m)
{
    for (const moving *other = s->coming; other != m; other = other->next)
        if (other->message->rank == m->message->rank) return 0;
    return 1;
}

static ipl_team_message *move(void *state)
{
    mpi_state *s = state;
    go_on_sending(s);
    accept_messages(s);
    for (moving **at = &s->coming; *at;) {
        moving *m = *at;
        if (!m->is_done) {
            const int error = MPI_Test(&m->request, &m->is_done, MPI_STATUS_IGNORE);
            note_failure(s, error, m->message->rank);
            if (error != MPI_SUCCESS) {
                free(take_out(at));
                continue;
            }
        }
        if (m->is_done && is_oldest_of_its_rank(s, m)) return take_out(at);
        at = &m->next;
    }
    return NULL;
}

static int count_of(const moving *m, int rank)
{
    int count = 0;
    for (; m; m = m->next) count += m->message->rank == rank;
    return count;
}

static int unsent(void *state, int rank)
{
    return count_of(((mpi_state *)state)->going, rank);
}

static int coming(void *state, int rank)
{
    return count_of(((mpi_state *)state)->coming, rank);
}

static int is_alive(void *state, int rank)
{
    return ((mpi_state *)state)->fate[rank] == ALIVE;
}

/* MPI may still read what was to be sent, so it stays. */
static void give_up(void *state, int rank) { lose(state, rank); }

static void place(void *state, ipl_team_place *out)
{
    *out = ((mpi_state *)state)->at;
}

/* -- Start and end ----------------------------------------------------------------*/

/* 1 once all are done, 0 after so many seconds. */
static int all_done(int count, MPI_Request *request, double most_s)
{
    const struct timespec rest = {0, 1000000};
    const double begin = MPI_Wtime();
    int done = 0;
    while (MPI_Testall(count, request, &done, MPI_STATUSES_IGNORE) == MPI_SUCCESS &&
           !done && MPI_Wtime() - begin < most_s)
        nanosleep(&rest, NULL);
    return done;
}

/* Whether all are there to end: each tells rank 0 that it misses nobody, and rank 0
 * tells them whether all did. Rank 0 may come long after the others, and not they. */
static int all_are_there(mpi_state *s)
{
    enum { RANK_0_S = 30, OTHERS_S = 600 };
    int well = 1, verdict = 0, asked = 0;
    for (int r = 0; r < s->at.size; ++r) well = well && s->fate[r] == ALIVE;
    if (s->at.rank && s->fate[0] != ALIVE) return 0;
    if (s->at.rank) {
        MPI_Request request[2];
        MPI_Isend(&well, 1, MPI_INT, 0, 0, s->last, &request[0]);
        MPI_Irecv(&verdict, 1, MPI_INT, 0, 0, s->last, &request[1]);
        return all_done(2, request, OTHERS_S) && verdict;
    }
    int *says = calloc((size_t)s->at.size, sizeof *says);
    MPI_Request *request = malloc((size_t)s->at.size * sizeof *request);
    if (!says || !request) return 0; /* both stay, as MPI may use them */
    for (int r = 1; r < s->at.size; ++r)
        if (s->fate[r] == ALIVE)
            MPI_Irecv(&says[r], 1, MPI_INT, r, 0, s->last, &request[asked++]);
    verdict = all_done(asked, request, RANK_0_S) && well;
    for (int r = 1; r < s->at.size; ++r)
        verdict = verdict && says[r];
    asked = 0;
    for (int r = 1; r < s->at.size; ++r)
        if (s->fate[r] != DEAD)
            MPI_Isend(&verdict, 1, MPI_INT, r, 0, s->last, &request[asked++]);
    return all_done(asked, request, RANK_0_S) && verdict;
}

/* MPI ends together: it would wait for a silent rank for ever, and Open MPI 5 at times
 * for one that it knows to be dead. Without its end, the launcher notices the end of
 * the process. */
static void leave(void *state)
{
    mpi_state *s = state;
    if (!all_are_there(s)) return;
    MPI_Finalize();
    while (s->going) free(take_out(&s->going));
    while (s->coming) free(take_out(&s->coming));
    free(s->fate);
    free(s);
}

/* How many ranks of this host may run on a core that this one may run on. */
static int count_sharing(MPI_Comm local, int size)
{
    cpu_set_t own, both;
    int count = 0;
    CPU_ZERO(&own);
    sched_getaffinity(0, sizeof own, &own);
    cpu_set_t *all = malloc((size_t)size * sizeof *all);
    if (!all) return size;
    if (MPI_Allgather(&own, sizeof own, MPI_BYTE, all, sizeof own, MPI_BYTE, local) ==
        MPI_SUCCESS)
        for (int k = 0; k < size; ++k) {
            CPU_AND(&both, &own, &all[k]);
            count += CPU_COUNT(&both) > 0;
        }
    free(all);
    return count ? count : size;
}

static void find_place(MPI_Comm comm, ipl_team_place *at)
{
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length;
    MPI_Comm local;
    MPI_Comm_rank(comm, &at->rank);
    MPI_Comm_size(comm, &at->size);
    MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &local);
    MPI_Comm_rank(local, &at->local_rank);
    MPI_Comm_size(local, &at->local_size);
    at->sharing = count_sharing(local, at->local_size);
    MPI_Comm_free(&local);
    MPI_Get_processor_name(name, &length);
    snprintf(at->host, sizeof at->host, "%.63s", name);
}

static ipl_status join(void **state)
{
    int started = 0, level;
    MPI_Initialized(&started);
    IPL_REQUIRE(!started, "MPI was started before in this process");
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS)
        return IPL_FAIL(IPL_E_UNSUPPORTED, "MPI does not start");
    if (level < MPI_THREAD_SERIALIZED) {
        MPI_Finalize();
        return IPL_FAIL(IPL_E_UNSUPPORTED, "this MPI was built without threads");
    }
    mpi_state *s = calloc(1, sizeof *s);
    if (!s) return IPL_FAIL(IPL_E_MEMORY, "a team");
    MPI_Comm_dup(MPI_COMM_WORLD, &s->comm);
    find_place(s->comm, &s->at);
    MPI_Comm_dup(s->comm, &s->last);
    MPI_Comm_set_errhandler(s->comm, MPI_ERRORS_RETURN);
    MPI_Comm_set_errhandler(s->last, MPI_ERRORS_RETURN);
    s->fate = calloc((size_t)s->at.size, 1);
    if (!s->fate) {
        free(s);
        return IPL_FAIL(IPL_E_MEMORY, "a team");
    }
    *state = s;
    return IPL_OK;
}

static const ipl_team_way way = {place, begin_to_send, move, unsent, coming, is_alive,
                                 give_up, leave};
static const ipl_mpi mpi = {&way, join};

__attribute__((visibility("default")))
const ipl_mpi *ipl_mpi_plugin_open(const ipl_mpi_host *host)
{
    if (strcmp(host->interface, IPL_MPI_INTERFACE)) return NULL;
    of_library = host;
    return &mpi;
}
