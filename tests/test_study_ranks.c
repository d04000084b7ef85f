/*
 * test_study_ranks.c - a study whose runs are shared among ranks, over sockets: equal
 * tables from any number of them, and ranks that die, stop, or are not of use.
 *
 * Rank 0 is this process, the others are its children. No CHECK in a child.
 */
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "plane_case.h"
#include "study_case.h"
#include "team_case.h"

#define BASE "[net]\nlayers = 12, 6-tanh, 4-relu, 2\n[train]\nepochs = %d\n"          \
    "batch = 32\nlearning_rate = 0.01\n[measure]\npolicy = every\nevery = %d\n"       \
    "[data]\nlimit = 256\nsplit = shuffled\n[sweep]\nnet.activation = tanh, relu\n"   \
    "bin.edges = 10, 30\ntrain.seed = 1:6\ntogether = 2\n"

typedef enum {
    WORKS, DIES, STOPS, IS_LOST, READS_ELSE, SEES_NOTHING, IS_OTHER, LEAVES_DYING
} rank_way;

/* What a test wants of its ranks, and what rank 0 saw. */
typedef struct {
    int         ranks, epochs, no_shared;
    rank_way    way[TEAM_RANKS]; /* of rank 0: DIES, STOPS or WORKS              */
    ipl_status  status;
    char        notes[2000];
    ipl_study_progress at;
    int         ended[TEAM_RANKS]; /* waitpid's status                           */
} scene;

typedef struct {
    const ipl_study *study;
    const char *dir;
    rank_way    way;
    scene      *of; /* NULL: of a child                                          */
} watcher;

/* Whether this process has one of the runs, as its lock tells. */
static int has_a_run(const watcher *w)
{
    for (int64_t r = 0; r < ipl_study_runs(w->study); ++r) {
        char path[600];
        long process = 0;
        snprintf(path, sizeof path, "%s/%s/lock", w->dir,
                 ipl_study_run_at(w->study, r)->name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        if (fscanf(file, "process %ld", &process) != 1) process = 0;
        fclose(file);
        if (process == (long)getpid()) return 1;
    }
    return 0;
}

static int watch(void *user, const ipl_study_progress *now)
{
    const watcher *w = user;
    if (w->of && now->notes)
        snprintf(w->of->notes + strlen(w->of->notes),
                 sizeof w->of->notes - strlen(w->of->notes), "%s", now->notes);
    if (w->way == DIES && has_a_run(w)) raise(SIGKILL);
    const int leaves = (w->way == STOPS || w->way == LEAVES_DYING) && has_a_run(w);
    const struct itimerval soon = {.it_value = {0, 200}};
    if (leaves && w->way == LEAVES_DYING) setitimer(ITIMER_REAL, &soon, NULL);
    return !leaves;
}

static ipl_study *read_scene(const char *f, int epochs)
{
    char text[1000];
    ipl_study *study;
    snprintf(text, sizeof text, BASE, epochs, epochs / 2);
    CHECK_OK(read_study(f, text, &study, NULL));
    return study;
}

static ipl_status execute(const ipl_study *study, const char *dir, ipl_team *team,
                          int no_shared, watcher *w, ipl_study_progress *at)
{
    const char *const cpu[] = {w->way == IS_OTHER ? "cpu:portable" : "cpu"};
    const ipl_study_options options = {.dir = dir, .device = cpu, .devices = 1,
                                       .threads = 1, .team = team,
                                       .no_shared = no_shared};
    return ipl_study_execute(study, &options, watch, w, at);
}

static int child(const scene *s, const team_sockets *sockets, int rank,
                 ipl_study *study, const char *f, const char *dir)
{
    char other[600];
    alarm(120);
    team_keep_only(sockets, rank);
    ipl_team *team = team_of(sockets, rank);
    if (!team) return 10;
    static const char *const set[] = {"train.epochs=77"};
    if (s->way[rank] == IS_LOST || s->way[rank] == READS_ELSE) {
        ipl_study_free(study);
        study = NULL;
        ipl_study_read(s->way[rank] == IS_LOST ? "no.ini" : files_path(f, "study.ini"),
                       set, s->way[rank] == READS_ELSE, &study);
    }
    snprintf(other, sizeof other, "%s-of-%d", dir, rank);
    watcher w = {study, dir, s->way[rank], NULL};
    const ipl_status st = execute(study, s->way[rank] == SEES_NOTHING ? other : dir,
                                  team, s->no_shared, &w, NULL);
    ipl_study_free(study);
    ipl_team_close(team);
    return (int)st;
}

/* Does the study in f/name; s has what came of it. */
static void play(scene *s, const char *f, const char *name)
{
    char dir[FILES_PATH + 50];
    pid_t process[TEAM_RANKS];
    const team_sockets sockets = team_sockets_make(s->ranks);
    snprintf(dir, sizeof dir, "%s/%s", f, name);
    ipl_study *study = read_scene(f, s->epochs);
    fflush(stdout);
    for (int r = 1; r < s->ranks; ++r) {
        process[r] = fork();
        if (!process[r]) _exit(child(s, &sockets, r, study, f, dir));
    }
    team_keep_only(&sockets, 0);
    ipl_team *team = team_of(&sockets, 0);
    watcher w = {study, dir, s->way[0], s};
    s->notes[0] = 0;
    s->status = execute(study, dir, team, s->no_shared, &w, &s->at);
    for (int r = 1; r < s->ranks; ++r)
        CHECK(waitpid(process[r], &s->ended[r], 0) == process[r]);
    ipl_team_close(team);
    ipl_study_free(study);
}

static void same_tables(const char *f, const char *a, const char *b)
{
    static const char *const tables[] = {"study.csv", "study_summary.csv",
                                         "study.json"};
    for (int t = 0; t < 3; ++t)
        same_file(files_path(f, a), files_path(f, b), tables[t]);
}

static void ended_with(const scene *s, int rank, int status)
{
    const int got = s->ended[rank];
    if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
        fail_msg("rank %d ended with %x, expected status %d", rank, (unsigned)got,
                 status);
}

/* The same in a team of one, which needs no socket. */
static void make_alone(const char *f, int epochs)
{
    scene s = {.ranks = 1, .epochs = epochs};
    play(&s, f, "alone");
    CHECK(s.status == IPL_OK && s.at.done == 12 && s.at.runs == 12);
}

static void any_number_of_ranks_makes_the_same_tables(void **state)
{
    (void)state;
    char f[FILES_PATH], name[20];
    files_make_folder(f);
    make_alone(f, 60);
    for (int ranks = 2; ranks <= 4; ++ranks) {
        scene s = {.ranks = ranks, .epochs = 60};
        snprintf(name, sizeof name, "of-%d", ranks);
        play(&s, f, name);
        if (s.status != IPL_OK) fail_msg("%s", ipl_last_error());
        CHECK(s.at.done == 12 && !s.at.failed && !s.at.elsewhere && !s.notes[0]);
        for (int r = 1; r < ranks; ++r) ended_with(&s, r, IPL_OK);
        same_tables(f, "alone", name);
    }
    files_remove_folder(f);
}

/* Rank 0 must be seen to leave runs to the others. */
static void the_ranks_take_part(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    scene s = {.ranks = 3, .epochs = 1000, .way = {WORKS, DIES, STOPS}};
    make_alone(f, 1000);
    play(&s, f, "s");
    if (s.status != IPL_OK) fail_msg("%s", ipl_last_error());
    CHECK(s.at.done == 12);
    CHECK(WIFSIGNALED(s.ended[1]) && WTERMSIG(s.ended[1]) == SIGKILL); /* had a run */
    ended_with(&s, 2, IPL_OK);
    if (!strstr(s.notes, "rank 1 of 3: it is gone; others do its runs\n") ||
        strstr(s.notes, "rank 2"))
        fail_msg("notes: %s", s.notes);
    same_tables(f, "alone", "s");
    files_remove_folder(f);
}

/* As mpirun kills what has not stopped in a second. */
static void a_rank_that_leaves_may_die_before_its_run_ends(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    scene s = {.ranks = 2, .epochs = 3000, .way = {WORKS, LEAVES_DYING}};
    make_alone(f, 3000);
    play(&s, f, "s");
    if (s.status != IPL_OK) fail_msg("%s", ipl_last_error());
    CHECK(s.at.done == 12 && WIFSIGNALED(s.ended[1]));
    same_tables(f, "alone", "s");
    files_remove_folder(f);
}

static void a_study_that_was_stopped_goes_on(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    make_alone(f, 1000);
    scene stops = {.ranks = 3, .epochs = 1000, .way = {STOPS}};
    play(&stops, f, "s");
    CHECK(stops.status == IPL_E_STOPPED && stops.at.done < 12);
    for (int r = 1; r < 3; ++r) ended_with(&stops, r, IPL_OK);
    scene goes_on = {.ranks = 2, .epochs = 1000};
    play(&goes_on, f, "s");
    CHECK(goes_on.status == IPL_OK && goes_on.at.done == 12);
    same_tables(f, "alone", "s");
    files_remove_folder(f);
}

/* Then all others end, and the next start finds what they had. */
static void rank_0_may_die(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    make_alone(f, 1000);
    fflush(stdout);
    const pid_t rank_0 = fork();
    if (!rank_0) {
        scene dies = {.ranks = 3, .epochs = 1000, .way = {DIES}};
        play(&dies, f, "s");
        _exit(0);
    }
    int status;
    CHECK(waitpid(rank_0, &status, 0) == rank_0 && WIFSIGNALED(status));
    scene goes_on = {.ranks = 3, .epochs = 1000};
    for (int k = 0; k < 100; ++k) { /* the others of the first team end meanwhile */
        play(&goes_on, f, "s");
        if (!goes_on.at.elsewhere) break;
        usleep(100000);
    }
    CHECK(goes_on.status == IPL_OK && goes_on.at.done == 12);
    same_tables(f, "alone", "s");
    files_remove_folder(f);
}

static void ranks_of_no_use_are_named_and_get_no_runs(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    make_alone(f, 60);
    scene s = {.ranks = 5, .epochs = 60,
               .way = {WORKS, IS_LOST, READS_ELSE, SEES_NOTHING, IS_OTHER}};
    play(&s, f, "s");
    CHECK(s.status == IPL_OK && s.at.done == 12);
    for (int r = 1; r < 5; ++r) ended_with(&s, r, IPL_OK);
    if (!strstr(s.notes, "rank 1 of 5: no.ini: No such file") ||
        !strstr(s.notes, "rank 2 of 5: it has read another study than rank 0") ||
        !strstr(s.notes, "rank 3 of 5: it does not see the study's folder") ||
        !strstr(s.notes, "rank 4 of 5: it has cpu:portable, "))
        fail_msg("notes: %s", s.notes);
    CHECK(!files_count(files_path(f, "s-of-3")));
    same_tables(f, "alone", "s");
    files_remove_folder(f);
}

/* A file of each run directory in one of these that is not in the other. */
static void same_folders(const char *f, const char *a, const char *b,
                         const ipl_study *study)
{
    for (int64_t r = 0; r < ipl_study_runs(study); ++r) {
        char one[2 * FILES_PATH + 200], two[2 * FILES_PATH + 200];
        const char *name = ipl_study_run_at(study, r)->name;
        snprintf(one, sizeof one, "%s/%s", files_path(f, a), name);
        snprintf(two, sizeof two, "%s/%s", files_path(f, b), name);
        same_file(one, two, "plane.csv");
        same_file(one, two, "training.csv");
        const int more = files_count(one) - files_count(two);
        if (more) fail_msg("%s has %d files more", one, more);
    }
}

static void files_of_runs_come_to_rank_0(void **state)
{
    (void)state;
    char f[FILES_PATH];
    files_make_folder(f);
    make_alone(f, 300);
    scene s = {.ranks = 3, .epochs = 300, .no_shared = 1};
    play(&s, f, "s");
    if (s.status != IPL_OK) fail_msg("%s", ipl_last_error());
    if (s.at.done != 12 || s.notes[0])
        fail_msg("%d done, notes: %s", (int)s.at.done, s.notes);
    same_tables(f, "alone", "s");
    ipl_study *study = read_scene(f, 300);
    same_folders(f, "alone", "s", study);
    ipl_study_free(study);
    CHECK(files_count(files_path(f, "alone")) == files_count(files_path(f, "s")));
    CHECK(!files_count(files_path(f, "s.rank-1")));
    CHECK(!files_count(files_path(f, "s.rank-2")));
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(files_of_runs_come_to_rank_0),
    CHECK_TEST(any_number_of_ranks_makes_the_same_tables),
    CHECK_TEST(the_ranks_take_part),
    CHECK_TEST(a_rank_that_leaves_may_die_before_its_run_ends),
    CHECK_TEST(a_study_that_was_stopped_goes_on),
    CHECK_TEST(rank_0_may_die),
    CHECK_TEST(ranks_of_no_use_are_named_and_get_no_runs),
};

CHECK_MAIN("study_ranks", tests, 0)
