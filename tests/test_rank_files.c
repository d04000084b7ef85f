/*
 * test_rank_files.c - run directories that are sent in pieces, and what comes damaged.
 */
#include <pthread.h>

#include "team_case.h"

#include "files.h"
#include "study/rank_files.h"

enum { TAG = 9, LONG = 2500000 }; /* bytes: three pieces                          */

typedef struct {
    ipl_team   *team;
    const char *dir;
    study_sent  sent;
    ipl_status  status;
} sender;

static void *send_all(void *at)
{
    sender *s = at;
    s->status = study_files_send(s->team, TAG, 60, 7, s->dir, &s->sent);
    return NULL;
}

/* files_path of what files_path gave. */
static const char *in(const char *dir, const char *name)
{
    static char path[2][3 * FILES_PATH];
    static int next;
    char *at = path[next++ % 2];
    snprintf(at, sizeof path[0], "%s/%s", dir, name);
    return at;
}

static void make_run(const char *dir)
{
    char *text = malloc(LONG);
    for (int k = 0; k < LONG; ++k) text[k] = (char)(k * 2654435761u >> 13);
    CHECK(!mkdir(dir, 0777) && !mkdir(in(dir, "test"), 0777));
    files_write(in(dir, "networks.bin"), LONG, text);
    files_write(in(dir, "plane.csv"), 5, "a,b\n1");
    files_write(in(dir, "empty"), 0, text);
    files_write(in(dir, "lock"), 4, "mine");
    files_write(in(dir, "test/plane.csv"), 5, "a,b\n2");
    free(text);
}

typedef struct {
    char      f[FILES_PATH];
    ipl_team *team[2];
    sender    sent;
    pthread_t thread;
} case_of;

static void begin(case_of *c)
{
    const team_sockets sockets = team_sockets_make(2);
    files_make_folder(c->f);
    make_run(files_path(c->f, "from"));
    for (int r = 0; r < 2; ++r) c->team[r] = team_of(&sockets, r);
    c->sent = (sender){.team = c->team[1], .dir = strdup(files_path(c->f, "from"))};
    CHECK(!pthread_create(&c->thread, NULL, send_all, &c->sent));
}

static void end(case_of *c)
{
    free((char *)c->sent.dir);
    for (int r = 0; r < 2; ++r) ipl_team_close(c->team[r]);
    files_remove_folder(c->f);
}

static void same_content(const case_of *c, const char *name)
{
    size_t m, n;
    unsigned char *a = files_read(in(files_path(c->f, "from"), name), &m);
    unsigned char *b = files_read(in(files_path(c->f, "to"), name), &n);
    if (m != n || memcmp(a, b, n)) fail_msg("%s differs", name);
    free(a);
    free(b);
}

static void a_run_directory_comes_whole(void **state)
{
    (void)state;
    case_of c;
    study_sent got = {0};
    begin(&c);
    /* What an attempt before has left must go. */
    CHECK(!mkdir(files_path(c.f, "made"), 0777));
    files_write(files_path(c.f, "made/old"), 3, "old");
    while (got.files < 4 || got.bytes < LONG + 10) {
        ipl_team_message *m;
        CHECK_OK(ipl_team_receive(c.team[0], 1, TAG, 60, &m));
        CHECK(m && study_piece_run(m) == 7);
        CHECK_OK(study_piece_take(m, files_path(c.f, "made"), &got));
        free(m);
    }
    pthread_join(c.thread, NULL);
    CHECK(c.sent.status == IPL_OK && c.sent.sent.files == 4 &&
          c.sent.sent.bytes == LONG + 10);
    CHECK_OK(study_files_settle(files_path(c.f, "made"), files_path(c.f, "to"),
                                &c.sent.sent, &got));
    same_content(&c, "networks.bin");
    same_content(&c, "plane.csv");
    same_content(&c, "empty");
    same_content(&c, "test/plane.csv");
    CHECK(files_count(files_path(c.f, "to")) == 4); /* no lock, nothing old */
    study_files_remove(files_path(c.f, "to"));
    CHECK(access(files_path(c.f, "to"), F_OK));
    end(&c);
}

/* A byte of each piece, the name, or the length is another one. */
static void damage_is_noticed(void **state)
{
    (void)state;
    static const size_t head = 3 * sizeof(int64_t) + 2 * sizeof(uint32_t);
    static const char *const bad[] = {"../x", "/x", "test/../x", "a/b/c", "", ".x",
                                      "test/"};
    case_of c;
    ipl_team_message *m;
    begin(&c);
    do CHECK_OK(ipl_team_receive(c.team[0], 1, TAG, 60, &m));
    while (m && m->bytes < 1000000 && (free(m), 1));
    CHECK(m);
    study_sent got = {0};
    const char *to = files_path(c.f, "made");
    m->at[m->bytes - 3] ^= 1;
    CHECK_FAILS(study_piece_take(m, to, &got), IPL_E_IO, "came damaged from rank 1");
    m->at[m->bytes - 3] ^= 1;
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        char name[200];
        memcpy(name, m->at + head, sizeof name);
        memset(m->at + head, 0, sizeof name);
        memcpy(m->at + head, bad[k], strlen(bad[k]));
        CHECK_FAILS(study_piece_take(m, to, &got), IPL_E_IO, "came damaged");
        memcpy(m->at + head, name, sizeof name);
    }
    CHECK(!got.files && !got.bytes && access(to, F_OK));
    CHECK_OK(study_piece_take(m, to, &got));
    CHECK(got.files == 1 && got.bytes == 1 << 20);
    free(m);
    study_sent more = got;
    ++more.files;
    CHECK_FAILS(study_files_settle(to, files_path(c.f, "to"), &more, &got), IPL_E_IO,
                "of 2 files and 1048576 bytes 1 and 1048576 came");
    CHECK(access(files_path(c.f, "to"), F_OK));
    for (int k = 0; k < 8; ++k) /* the rest, so that the sender ends */
        if (ipl_team_receive(c.team[0], 1, TAG, 0.2, &m) == IPL_OK) free(m);
    pthread_join(c.thread, NULL);
    end(&c);
}

static const check_test tests[] = {
    CHECK_TEST(a_run_directory_comes_whole),
    CHECK_TEST(damage_is_noticed),
};

CHECK_MAIN("rank_files", tests, 0)
