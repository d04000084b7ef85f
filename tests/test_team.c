/*
 * test_team.c - teams over sockets: what they promise of messages, and of ranks that
 * die, say nothing or take nothing. test_team_mpi.sh does the same through MPI.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "team_case.h"
#include "team_talk.h"

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct {
    ipl_team   *team;
    int         any;
    const char *wrong;
} talker;

static void *talk(void *at)
{
    talker *t = at;
    t->wrong = team_talk(t->team, t->any);
    return NULL;
}

static void talk_of(int ranks, int any)
{
    const team_sockets sockets = team_sockets_make(ranks);
    talker t[TEAM_RANKS];
    pthread_t thread[TEAM_RANKS];
    for (int r = 0; r < ranks; ++r) {
        t[r] = (talker){team_of(&sockets, r), any, NULL};
        CHECK(t[r].team && !pthread_create(&thread[r], NULL, talk, &t[r]));
    }
    for (int r = 0; r < ranks; ++r) pthread_join(thread[r], NULL);
    for (int r = 0; r < ranks; ++r) {
        if (t[r].wrong) fail_msg("rank %d of %d: %s", r, ranks, t[r].wrong);
        ipl_team_close(t[r].team);
    }
}

static void messages_come_whole_and_in_order(void **state)
{
    (void)state;
    for (int ranks = 2; ranks <= 4; ++ranks)
        for (int any = 0; any < 2; ++any) talk_of(ranks, any);
}

/* Two ranks of one thread: messages that fit into a socket. */
typedef struct {
    team_sockets sockets;
    ipl_team    *a, *b;
} two_ranks;

static two_ranks two_ranks_make(void)
{
    two_ranks t = {.sockets = team_sockets_make(2)};
    t.a = team_of(&t.sockets, 0);
    t.b = team_of(&t.sockets, 1);
    CHECK(t.a && t.b);
    return t;
}

static void tags_choose_among_messages(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    static const int order[] = {3, 1, IPL_TEAM_ANY, 1}, want[] = {2, 0, 1, 3};
    static const int tags[] = {1, 2, 3, 1};
    for (unsigned char k = 0; k < 4; ++k)
        CHECK_OK(ipl_team_send(t.a, 1, tags[k], &k, 1, 10));
    for (int k = 0; k < 4; ++k) {
        ipl_team_message *m;
        CHECK_OK(ipl_team_receive(t.b, 0, order[k], 10, &m));
        CHECK(m && m->rank == 0 && m->tag == tags[want[k]] && m->bytes == 1);
        CHECK(m->at[0] == want[k]);
        free(m);
    }
    /* What has been sent when the queue had run empty comes too. */
    ipl_team_message *m;
    CHECK_OK(ipl_team_send(t.a, 1, 7, "x", 1, 10));
    CHECK_OK(ipl_team_receive(t.b, 0, 7, 10, &m));
    CHECK(m && m->at[0] == 'x');
    free(m);
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

static void nothing_is_waited_for_longer_than_said(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    ipl_team_message *m;
    double begin = seconds();
    CHECK_OK(ipl_team_receive(t.a, 1, 0, 0, &m));
    CHECK(!m && seconds() - begin < 5.0);
    begin = seconds();
    CHECK_OK(ipl_team_receive(t.a, IPL_TEAM_ANY, 0, 0.2, &m));
    CHECK(!m && seconds() - begin >= 0.2 && seconds() - begin < 10.0);
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

static void who_takes_nothing_is_gone(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    const size_t bytes = 20 << 20;
    char *much = calloc(1, bytes);
    ipl_team_message *m;
    CHECK(!ipl_team_is_gone(t.a, 1));
    CHECK_FAILS(ipl_team_send(t.a, 1, 0, much, bytes, 0.1), IPL_E_IO,
                "rank 1 of 2 took no message for");
    CHECK(ipl_team_is_gone(t.a, 1));
    const double begin = seconds();
    CHECK_FAILS(ipl_team_send(t.a, 1, 0, much, 1, 60), IPL_E_IO, "rank 1 of 2 is gone");
    CHECK_FAILS(ipl_team_receive(t.a, 1, 0, 60, &m), IPL_E_IO, "rank 1 of 2 is gone");
    CHECK_FAILS(ipl_team_receive(t.a, IPL_TEAM_ANY, 0, 60, &m), IPL_E_IO,
                "all other ranks of 2 are gone");
    CHECK(seconds() - begin < 30.0);
    free(much);
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

/* Ranks that beat may say nothing else for as long as they like. */
static void who_beats_is_not_silent(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    ipl_team_message *m;
    CHECK_OK(ipl_team_beat(t.a, 0.8));
    CHECK_OK(ipl_team_beat(t.b, 0.8));
    CHECK_OK(ipl_team_beat(t.b, 0.8));
    CHECK_OK(ipl_team_receive(t.a, 1, 0, 3.0, &m));
    CHECK(!m); /* a beat is no message */
    CHECK_OK(ipl_team_receive(t.b, IPL_TEAM_ANY, IPL_TEAM_ANY, 0, &m));
    CHECK(!m);
    CHECK(!ipl_team_is_gone(t.a, 1) && !ipl_team_is_gone(t.b, 0));
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

/* Its beats would come behind it. */
static void who_is_in_the_middle_of_a_message_is_not_silent(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    const team_head head = {.tag = 5, .bytes = 2};
    const int fd = t.sockets.fd[1][0];
    ipl_team_message *m;
    CHECK_OK(ipl_team_beat(t.a, 0.4));
    CHECK(write(fd, &head, sizeof head) == sizeof head && write(fd, "x", 1) == 1);
    CHECK_OK(ipl_team_receive(t.a, 1, 5, 2.0, &m));
    CHECK(!m && write(fd, "y", 1) == 1);
    CHECK_OK(ipl_team_receive(t.a, 1, 5, 60, &m));
    CHECK(m && m->bytes == 2 && !memcmp(m->at, "xy", 2));
    free(m);
    CHECK_FAILS(ipl_team_receive(t.a, 1, 5, 60, &m), IPL_E_IO, "says nothing any more");
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

/* What it sent before is there. It waits for the others, which may have much to do: it
 * is gone at once, and not silent. */
static void who_leaves_need_not_beat_any_more(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    const team_head word = {.tag = 5}, head = {.tag = IPL_TEAM_TAG_BEAT, .bytes = 1};
    const int fd = t.sockets.fd[1][0];
    ipl_team_message *m;
    CHECK_OK(ipl_team_beat(t.a, 0.4));
    CHECK(write(fd, &word, sizeof word) == sizeof word);
    CHECK(write(fd, &head, sizeof head) == sizeof head && write(fd, "", 1) == 1);
    const double begin = seconds();
    while (seconds() - begin < 1.0) (void)ipl_team_is_gone(t.a, 1);
    CHECK_OK(ipl_team_receive(t.a, 1, 5, 60, &m));
    CHECK(m && !m->bytes);
    free(m);
    CHECK_FAILS(ipl_team_receive(t.a, 1, 5, 60, &m), IPL_E_IO, "rank 1 of 2 is gone");
    ipl_team_close(t.a);
    ipl_team_close(t.b);
}

/* Rank 0 gives a silent rank up, and the others, after twice the time, rank 0. */
static void who_does_not_beat_is_gone(void **state)
{
    (void)state;
    for (int beats = 0; beats < 2; ++beats) {
        two_ranks t = two_ranks_make();
        ipl_team *from = beats ? t.b : t.a;
        ipl_team_message *m;
        char words[64];
        const double begin = seconds();
        CHECK_OK(ipl_team_beat(from, 0.4));
        snprintf(words, sizeof words, "rank %d of 2 says nothing any more", !beats);
        CHECK_FAILS(ipl_team_receive(from, !beats, 0, 60, &m), IPL_E_IO, words);
        const double s = seconds() - begin;
        CHECK(s >= 0.4 * (1 + beats) && s < 20.0);
        CHECK_FAILS(ipl_team_send(from, !beats, 0, "x", 1, 60), IPL_E_IO, words);
        ipl_team_close(t.a);
        ipl_team_close(t.b);
    }
}

static void who_is_given_up_is_not_heard_any_more(void **state)
{
    (void)state;
    const team_sockets sockets = team_sockets_make(3);
    ipl_team *team[3];
    ipl_team_message *m;
    for (int r = 0; r < 3; ++r) team[r] = team_of(&sockets, r);
    CHECK_OK(ipl_team_send(team[1], 0, 1, "a", 1, 10));
    CHECK_OK(ipl_team_receive(team[0], IPL_TEAM_ANY, IPL_TEAM_ANY, 10, &m));
    CHECK(m && m->rank == 1);
    free(m);
    ipl_team_give_up(team[0], 1);
    CHECK_OK(ipl_team_send(team[1], 0, 1, "b", 1, 10));
    CHECK_OK(ipl_team_send(team[2], 0, 1, "c", 1, 10));
    CHECK_OK(ipl_team_receive(team[0], IPL_TEAM_ANY, IPL_TEAM_ANY, 10, &m));
    CHECK(m && m->rank == 2 && m->at[0] == 'c');
    free(m);
    CHECK_OK(ipl_team_receive(team[0], IPL_TEAM_ANY, IPL_TEAM_ANY, 0.05, &m));
    CHECK(!m && ipl_team_is_gone(team[0], 1) && !ipl_team_is_gone(team[0], 2));
    for (int r = 0; r < 3; ++r) ipl_team_close(team[r]);
}

/* Rank 1 sends one message whole and one in part, and is killed. */
static void who_dies_is_gone_and_the_others_go_on(void **state)
{
    (void)state;
    const team_sockets sockets = team_sockets_make(3);
    const size_t bytes = 20 << 20;
    ipl_team_message *m;
    pid_t child[3];
    fflush(stdout);
    for (int r = 1; r < 3; ++r) {
        child[r] = fork();
        if (child[r]) continue;
        alarm(60);
        team_keep_only(&sockets, r);
        ipl_team *team = team_of(&sockets, r);
        CHECK(team);
        if (ipl_team_send(team, 0, 1, "first", 5, 10) != IPL_OK) _exit(1);
        if (r == 1) {
            ipl_team_send(team, 0, 2, calloc(1, bytes), bytes, 0.05);
            raise(SIGKILL);
        }
        if (ipl_team_receive(team, 0, 3, 60, &m) != IPL_OK || !m) _exit(2);
        const ipl_status st = ipl_team_send(team, 0, 4, m->at, m->bytes, 60);
        _exit(st != IPL_OK);
    }
    team_keep_only(&sockets, 0);
    ipl_team *team = team_of(&sockets, 0);
    int status;
    CHECK(waitpid(child[1], &status, 0) == child[1] && WIFSIGNALED(status));
    CHECK_OK(ipl_team_receive(team, 1, IPL_TEAM_ANY, 10, &m));
    CHECK(m && m->bytes == 5 && !memcmp(m->at, "first", 5));
    free(m);
    CHECK_FAILS(ipl_team_receive(team, 1, IPL_TEAM_ANY, 60, &m), IPL_E_IO,
                "rank 1 of 3 is gone");
    CHECK_FAILS(ipl_team_send(team, 1, 0, NULL, 0, 60), IPL_E_IO,
                "rank 1 of 3 is gone");
    CHECK_OK(ipl_team_send(team, 2, 3, "echo", 4, 10));
    CHECK_OK(ipl_team_receive(team, IPL_TEAM_ANY, 4, 60, &m));
    CHECK(m && m->rank == 2 && m->bytes == 4 && !memcmp(m->at, "echo", 4));
    free(m);
    CHECK(waitpid(child[2], &status, 0) == child[2] && status == 0);
    CHECK(ipl_team_is_gone(team, 2));
    ipl_team_close(team);
}

/* Threads of rank 0, each with a rank of its own: questions and answers. */
enum { ROUNDS = 100, THREADS = 3 };
typedef struct {
    ipl_team *team;
    int       with, wrong;
} asker;

static void *ask(void *at)
{
    asker *a = at;
    for (int k = 0; k < ROUNDS && !a->wrong; ++k) {
        const int question = a->with * 1000 + k;
        ipl_team_message *m;
        if (ipl_team_send(a->team, a->with, 0, &question, sizeof question, 60) ||
            ipl_team_receive(a->team, a->with, 0, 60, &m) || !m) {
            a->wrong = 1;
            break;
        }
        int answer;
        memcpy(&answer, m->at, sizeof answer);
        a->wrong = answer != -question;
        free(m);
    }
    return NULL;
}

static void *respond(void *at)
{
    asker *a = at;
    for (int k = 0; k < ROUNDS && !a->wrong; ++k) {
        ipl_team_message *m;
        int number;
        if (ipl_team_receive(a->team, 0, 0, 60, &m) || !m) {
            a->wrong = 1;
            break;
        }
        memcpy(&number, m->at, sizeof number);
        free(m);
        number = -number;
        a->wrong = ipl_team_send(a->team, 0, 0, &number, sizeof number, 60) != IPL_OK;
    }
    return NULL;
}

static void threads_of_a_rank_talk_side_by_side(void **state)
{
    (void)state;
    const team_sockets sockets = team_sockets_make(THREADS + 1);
    ipl_team *team = team_of(&sockets, 0);
    asker of_0[THREADS], other[THREADS];
    pthread_t thread[2 * THREADS];
    for (int k = 0; k < THREADS; ++k) {
        of_0[k] = (asker){team, k + 1, 0};
        other[k] = (asker){team_of(&sockets, k + 1), 0, 0};
        CHECK(!pthread_create(&thread[k], NULL, ask, &of_0[k]));
        CHECK(!pthread_create(&thread[THREADS + k], NULL, respond, &other[k]));
    }
    for (int k = 0; k < 2 * THREADS; ++k) pthread_join(thread[k], NULL);
    for (int k = 0; k < THREADS; ++k) {
        CHECK(!of_0[k].wrong && !other[k].wrong);
        ipl_team_close(other[k].team);
    }
    ipl_team_close(team);
}

static void impossible_messages_are_refused(void **state)
{
    (void)state;
    two_ranks t = two_ranks_make();
    ipl_team_message *m;
    CHECK_FAILS(ipl_team_send(t.a, 0, 0, "", 1, 1), IPL_E_ARGUMENT,
                "a message from rank 0 to rank 0 of 2");
    CHECK_FAILS(ipl_team_send(t.a, 2, 0, "", 1, 1), IPL_E_ARGUMENT, "to rank 2 of 2");
    CHECK_FAILS(ipl_team_send(t.a, -1, 0, "", 1, 1), IPL_E_ARGUMENT, "to rank -1");
    CHECK_FAILS(ipl_team_send(t.a, 1, -1, "", 1, 1), IPL_E_ARGUMENT, "tag -1");
    CHECK_FAILS(ipl_team_send(t.a, 1, 32768, "", 1, 1), IPL_E_ARGUMENT, "tag 32768");
    CHECK_FAILS(ipl_team_send(t.a, 1, 0, "", ((size_t)1 << 30) + 1, 1), IPL_E_ARGUMENT,
                "1073741825 bytes");
    CHECK_FAILS(ipl_team_receive(t.a, 0, 0, 1, &m), IPL_E_ARGUMENT, "from rank 0 of 2");
    CHECK_FAILS(ipl_team_receive(t.a, 2, 0, 1, &m), IPL_E_ARGUMENT, "from rank 2 of 2");
    ipl_team_close(t.a);
    ipl_team_close(t.b);
    ipl_team_close(NULL);
}

/* What launchers put into the environment. */
static void a_launcher_is_known_by_its_variables(void **state)
{
    (void)state;
    static const char *const names[] = {"OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                        "MV2_COMM_WORLD_SIZE", "PMIX_RANK",
                                        "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"};
    static const struct {
        const char *value[6];
        int         is_started;
    } cases[] = {
        {{0}, 0},
        {{"3"}, 1},
        {{"1"}, 0},
        {{"3", NULL, NULL, "0"}, 1},
        {{"1", NULL, NULL, "0"}, 0},
        {{NULL, "2"}, 1},
        {{NULL, NULL, "2"}, 1},
        {{NULL, NULL, NULL, "0"}, 1},
        {{NULL, NULL, NULL, "0", "4", "4"}, 1},
        {{NULL, NULL, NULL, "0", "1", "4"}, 0},
        {{NULL, NULL, NULL, NULL, "4", "4"}, 0}, /* srun of a program without MPI */
        {{NULL, NULL, NULL, NULL, NULL, "4"}, 0}, /* a batch script              */
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        for (int n = 0; n < 6; ++n) {
            unsetenv(names[n]);
            if (cases[c].value[n]) setenv(names[n], cases[c].value[n], 1);
        }
        if (ipl_team_is_started() != cases[c].is_started) fail_msg("case %zu", c);
    }
    for (int n = 0; n < 6; ++n) unsetenv(names[n]);
}

static const check_test tests[] = {
    CHECK_TEST(messages_come_whole_and_in_order),
    CHECK_TEST(tags_choose_among_messages),
    CHECK_TEST(nothing_is_waited_for_longer_than_said),
    CHECK_TEST(who_takes_nothing_is_gone),
    CHECK_TEST(who_beats_is_not_silent),
    CHECK_TEST(who_is_in_the_middle_of_a_message_is_not_silent),
    CHECK_TEST(who_leaves_need_not_beat_any_more),
    CHECK_TEST(who_does_not_beat_is_gone),
    CHECK_TEST(who_is_given_up_is_not_heard_any_more),
    CHECK_TEST(who_dies_is_gone_and_the_others_go_on),
    CHECK_TEST(threads_of_a_rank_talk_side_by_side),
    CHECK_TEST(impossible_messages_are_refused),
    CHECK_TEST(a_launcher_is_known_by_its_variables),
};

CHECK_MAIN("team", tests, 0)
