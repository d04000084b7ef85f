/*
 * test_links.c - what was planted in a run directory is never written through, and
 * files go where they belong when the directory does not stay where it was.
 */
#include <errno.h>
#include <sys/syscall.h>

#include "unfinished_case.h"

#include "file.h"

/* -- Planted names ----------------------------------------------------------------*/

static const char *const kinds[] = {
    "ln -s $PWD/victim $at", "ln -s $PWD/not-there $at", "ln victim $at",
    "mkfifo $at"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The run ends well, or is refused in a line that names the file; then it ends well
 * once that is gone. The file that was linked to is as it was. */
static void plant(const char *name, const char *kind)
{
    shell("rm -rf trap && cp -a run trap && at=trap/%s && rm -f $at && %s", name, kind);
    const ipl_status st = resume("trap");
    shell("test \"$(cat victim)\" = precious && test ! -e not-there");
    if (st != IPL_OK) {
        if ((st != IPL_E_IO && st != IPL_E_FORMAT) || !strstr(ipl_last_error(), name))
            fail_msg("%s, %s: %s", name, kind, ipl_last_error());
        shell("rm -f trap/%s && test -e trap/%s || cp -a run/%s trap/ 2>/dev/null ||"
              " true", name, name, name);
        CHECK_OK(resume("trap"));
    }
    is_as_whole("trap", "whole");
    shell("cmp trap/networks.bin whole/networks.bin");
}

static void nothing_is_written_through_what_was_planted(void **state)
{
    (void)state;
    static const char *const own[] = {
        "lock", "points.log", "state.bin", "networks.bin", "snapshots.tmp", "run.json",
        "plane.csv", "training.csv", "compression.csv"};
    static const char *const beside[] = {
        "state.bin.new", "run.json.new", "plane.csv.new", "summary.csv.new",
        "compression.csv.new"};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    shell("echo precious >victim && sed -i -e 's/^checkpoint_s = .*/checkpoint_s = 0/' "
          "-e 's/^snapshot_mib = .*/snapshot_mib = 0/' run/config.ini");
    for (size_t n = 0; n < sizeof own / sizeof *own; ++n)
        plant(own[n], kinds[n % KINDS]);
    for (int k = 0; k < KINDS; ++k) { /* what is opened to be written in */
        plant("lock", kinds[k]);
        plant("points.log", kinds[k]);
        plant("networks.bin", kinds[k]);
    }
    for (size_t n = 0; n < sizeof beside / sizeof *beside; ++n)
        plant(beside[n], kinds[(n + 1) % KINDS]);
    close_case();
}

/* The same of files alone, each in every way. */
static void a_file_replaces_what_was_planted(void **state)
{
    (void)state;
    int fd;
    files_make_folder(folder);
    for (int k = 0; k < KINDS; ++k) {
        shell("rm -f new* && echo precious >victim && at=new && %s", kinds[k]);
        CHECK_FAILS(ipl_file_open(IPL_FILE_PATH, dir_of("new"), O_RDWR | O_CREAT, &fd),
                    IPL_E_IO, k < 2 ? "is a symbolic link" : "is not written into");
        shell("at=new.new && %s", kinds[k]);
        CHECK_OK(ipl_file_replace(IPL_FILE_PATH, dir_of("new"), 1,
                                  &(ipl_file_part){"text", 4}));
        shell("test \"$(cat new)\" = text && test -f new && test ! -L new && "
              "test ! -e new.new && test \"$(cat victim)\" = precious && "
              "test ! -e not-there");
    }
    shell("rm -f new && umask 027 && touch like");
    const mode_t before = umask(027);
    CHECK_OK(ipl_file_replace(IPL_FILE_PATH, dir_of("new"), 0, NULL));
    umask(before);
    shell("test $(stat -c %%a new) = $(stat -c %%a like)");
    files_remove_folder(folder);
}

/* Somebody who is quick: what was removed is a link before the file is made. */
static int plant_at_once;

int unlinkat(int dir, const char *name, int flags)
{
    const int gone = (int)syscall(SYS_unlinkat, dir, name, flags);
    if (plant_at_once) shell("ln -s $PWD/victim new.new");
    return gone;
}

static void a_link_that_is_planted_at_once_is_not_followed(void **state)
{
    (void)state;
    files_make_folder(folder);
    shell("echo precious >victim");
    plant_at_once = 1;
    const ipl_status st = ipl_file_replace(IPL_FILE_PATH, dir_of("new"), 1,
                                           &(ipl_file_part){"text", 4});
    plant_at_once = 0;
    CHECK(st == IPL_E_IO && strstr(ipl_last_error(), "new.new: open"));
    shell("test \"$(cat victim)\" = precious && test ! -e new");
    files_remove_folder(folder);
}

/* Two that write the same picture: half of one must not get the name. */
static int replace_at_once;

int fsync(int fd)
{
    (void)fd; /* no power is lost here, and waiting for the disk takes most time */
    if (replace_at_once) shell("rm new.new && echo half >new.new");
    return 0;
}

static void what_another_process_writes_does_not_get_the_name(void **state)
{
    (void)state;
    files_make_folder(folder);
    shell("echo old >new");
    replace_at_once = 1;
    const ipl_status st = ipl_file_replace(IPL_FILE_PATH, dir_of("new"), 1,
                                           &(ipl_file_part){"text", 4});
    replace_at_once = 0;
    CHECK(st == IPL_E_IO && strstr(ipl_last_error(), "another process replaced it"));
    shell("test $(cat new) = old && test $(cat new.new) = half");
    files_remove_folder(folder);
}

/* -- Directories that move --------------------------------------------------------*/

static int move_away(void *user, const ipl_progress *now)
{
    int *calls = user;
    (void)now;
    if (!(*calls)++) shell("mv run moved && mkdir run && touch run/other");
    return 0;
}

static void a_directory_may_be_renamed_and_replaced(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    for (int resumed = 0; resumed < 2; ++resumed) {
        int calls = 0;
        ipl_config c = tiny_config(NULL);
        c.checkpoint_s = 0.0;
        c.snapshot_mib = 0;
        if (resumed) run_unfinished("run", NULL);
        CHECK_OK(resumed ? ipl_resume(cpu, dir_of("run"), move_away, &calls, NULL)
                         : ipl_run(cpu, &c, dir_of("run"), move_away, &calls, NULL));
        CHECK(calls > 0);
        shell("test \"$(ls run)\" = other");
        is_as_whole("moved", "whole");
        shell("cmp moved/networks.bin whole/networks.bin && rm -rf run moved");
    }
    close_case();
}

static void a_directory_has_the_umask(void **state)
{
    (void)state;
    open_case();
    const mode_t before = umask(027);
    run_whole("a/b", NULL);
    umask(before);
    shell("test \"$(stat -c %%a a a/b a/b/plane.csv a/b/run.json a/b/networks.bin | "
          "tr '\\n' ' ')\" = '750 750 640 640 640 '");
    close_case();
}

/* -- Network folders --------------------------------------------------------------*/

static int answers_to_lose; /* the rename happens, and an error is what comes back */

int renameat(int from, const char *old, int to, const char *name)
{
    const int done = (int)syscall(SYS_renameat2, from, old, to, name, 0);
    if (done || answers_to_lose <= 0) return done;
    --answers_to_lose;
    errno = ESTALE;
    return -1;
}

static void a_rename_whose_answer_is_lost_has_happened(void **state)
{
    (void)state;
    open_case();
    answers_to_lose = 1000;
    run_whole("lost", NULL);
    CHECK(answers_to_lose < 1000);
    answers_to_lose = 0;
    run_whole("whole", NULL);
    is_as_whole("lost", "whole");
    /* One that did not happen is a failure. */
    CHECK_OK(ipl_file_replace(IPL_FILE_PATH, dir_of("file"), 1,
                              &(ipl_file_part){"old", 3}));
    shell("mkdir full && touch full/one");
    CHECK_FAILS(ipl_file_replace(IPL_FILE_PATH, dir_of("full"), 1,
                                 &(ipl_file_part){"new", 3}), IPL_E_IO, "rename");
    shell("test ! -e full.new");
    close_case();
}

static void another_host_has_to_give_the_lock_back(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    shell("test ! -s run/lock"); /* who stops gives it back */
    shell("echo 'process 4711 of far.away since boot 1-2-3' >run/lock");
    CHECK_FAILS(resume("run"), IPL_E_UNSUPPORTED, "process 4711 of the host far.away");
    CHECK(strstr(ipl_last_error(), "remove "));
    shell("grep -q far.away run/lock");
    /* Its own host, or the same system by another name, is another matter: its lock
     * would be held. */
    shell("echo \"process 4711 of $(uname -n) since boot 1-2-3\" >run/lock");
    CHECK_FAILS(ipl_resume(cpu, dir_of("run"), stop_at_four, NULL, NULL), IPL_E_STOPPED,
                "stopped");
    shell("echo \"process 4711 of box since boot $(cat /proc/sys/kernel/random/boot_id)"
          "\" >run/lock");
    CHECK_FAILS(ipl_resume(cpu, dir_of("run"), stop_at_four, NULL, NULL), IPL_E_STOPPED,
                "stopped");
    shell("echo 'process 4711 of far.away since boot 1-2-3' >run/lock");
    CHECK_FAILS(resume("run"), IPL_E_UNSUPPORTED, "far.away");
    shell("rm run/lock"); /* what it advises */
    CHECK_OK(resume("run"));
    is_as_whole("run", "whole");
    close_case();
}

static const check_test tests[] = {
    CHECK_TEST(nothing_is_written_through_what_was_planted),
    CHECK_TEST(a_file_replaces_what_was_planted),
    CHECK_TEST(a_link_that_is_planted_at_once_is_not_followed),
    CHECK_TEST(what_another_process_writes_does_not_get_the_name),
    CHECK_TEST(a_directory_may_be_renamed_and_replaced),
    CHECK_TEST(a_directory_has_the_umask),
    CHECK_TEST(a_rename_whose_answer_is_lost_has_happened),
    CHECK_TEST(another_host_has_to_give_the_lock_back),
};

CHECK_MAIN("links", tests, 0)
