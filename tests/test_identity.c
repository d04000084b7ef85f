/*
 * test_identity.c - files of a run know each other; what only one of them says is not
 * believed.
 */
#include "unfinished_case.h"

#include "plane/rundir.h"

int fsync(int fd)
{
    (void)fd; /* no power is lost here, and waiting for the disk takes most time */
    return 0;
}

/* The refusal names the file, and changes none but the lock. */
static void refuses(const char *name, ipl_status st, const char *words)
{
    shell("rm -rf was && cp -a %s was", name);
    CHECK_FAILS(resume(name), st, words);
    shell("diff -r -x lock was %s", name);
}

static void a_state_of_another_run_is_refused(void **state)
{
    (void)state;
    static const char *const others[] = {"train.seed=2", "train.learning_rate=0.01",
                                         NULL /* but for its number it is the same */};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    for (int k = 0; k < 3; ++k) {
        run_unfinished("other", others[k]);
        shell("rm -rf mixed && cp -a run mixed && cp other/state.bin mixed/");
        refuses("mixed", IPL_E_ARGUMENT, "state.bin: of another run");
        CHECK(strstr(ipl_last_error(), "remove it, and the training is repeated"));
        shell("rm mixed/state.bin && rm -rf other"); /* what it advises */
        CHECK_OK(resume("mixed"));
        is_as_whole("mixed", "whole");
    }
    close_case();
}

static void a_log_or_config_of_another_run_is_refused(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    run_unfinished("other", NULL);
    shell("cp -a run mixed && cp other/points.log mixed/");
    refuses("mixed", IPL_E_ARGUMENT, "points.log: the log of another run");
    shell("cp run/points.log other/config.ini mixed/");
    refuses("mixed", IPL_E_ARGUMENT, "points.log: the log of another run");
    shell("cp run/config.ini mixed/"); /* what it advises */
    CHECK_OK(resume("mixed"));
    is_as_whole("mixed", "whole");
    /* Without its number it is still compared, line by line. */
    shell("sed -i -e 1d -e 's/^batch = 64/batch = 32/' run/config.ini");
    refuses("run", IPL_E_ARGUMENT, "batch = 32");
    shell("sed -i 's/^batch = 32/batch = 64/' run/config.ini");
    CHECK_OK(resume("run"));
    is_as_whole("run", "whole");
    close_case();
}

static void networks_of_another_run_are_refused(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    run_whole("other", "train.seed=2");
    shell("cp -a run mixed && cp other/networks.bin mixed/ && "
          "echo torn >>mixed/points.log"); /* which stays */
    refuses("mixed", IPL_E_ARGUMENT, "networks.bin: networks of another run");
    CHECK(strstr(ipl_last_error(), "remove networks.bin and state.bin"));
    shell("cp -a mixed begun && rm begun/state.bin"); /* half of it */
    refuses("begun", IPL_E_ARGUMENT, "remove networks.bin, and the training");
    shell("rm mixed/networks.bin mixed/state.bin");
    CHECK_OK(resume("mixed"));
    is_as_whole("mixed", "whole");
    shell("cmp mixed/networks.bin whole/networks.bin");
    shell("rm run/networks.bin");
    refuses("run", IPL_E_IO, "remove networks.bin and state.bin");
    /* Those of a run that is done are measured only if they are its own. */
    ipl_config c;
    shell("cp other/networks.bin whole/");
    CHECK_OK(ipl_measure_config(dir_of("whole"), &c));
    CHECK_FAILS(ipl_run(cpu, &c, dir_of("again"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "networks of another run than run.json");
    shell("cp mixed/networks.bin whole/");
    CHECK_OK(ipl_run(cpu, &c, dir_of("again"), NULL, NULL, NULL));
    close_case();
}

/* What is damaged is told while the training can still be repeated. */
static void damaged_networks_are_refused(void **state)
{
    (void)state;
    static const char *const damage[] = {"32", "47" /* a length */, "$((n / 4))"};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    for (size_t k = 0; k < sizeof damage / sizeof *damage; ++k) {
        shell("rm -rf mixed && cp -a run mixed && f=mixed/networks.bin && "
              "n=$(stat -c %%s $f) && "
              "printf '\\252' | dd of=$f bs=1 seek=%s conv=notrunc status=none",
              damage[k]);
        refuses("mixed", IPL_E_FORMAT, "networks.bin: damaged behind byte");
        CHECK(strstr(ipl_last_error(), "remove networks.bin and state.bin"));
    }
    shell("rm mixed/networks.bin mixed/state.bin");
    CHECK_OK(resume("mixed"));
    is_as_whole("mixed", "whole");
    close_case();
}

static void run_sets(const char *name, const char *seed)
{
    ipl_config c = tiny_config("measure.rows=train,test");
    CHECK_OK(ipl_config_set(&c, "measure.subset=20"));
    CHECK_OK(ipl_config_set(&c, seed));
    CHECK_OK(ipl_run(cpu, &c, dir_of(name), NULL, NULL, NULL));
}

/* The folder of a further set is the run's own. */
static void a_set_of_another_run_is_refused(void **state)
{
    (void)state;
    static const char *const sets[] = {"ln -s ../victim mixed/test",
                                       "ln -s ../empty mixed/test",
                                       "cp -a whole mixed/test",
                                       "cp -a other/test mixed/test", ": >mixed/test"};
    open_case();
    run_sets("both", "train.seed=1");
    run_sets("other", "train.seed=2");
    run_whole("whole", NULL);
    run_unfinished("victim", NULL);
    shell("mkdir empty && cp -a both mixed && cp -a victim was_victim");
    for (size_t k = 0; k < sizeof sets / sizeof *sets; ++k) {
        ipl_run_info info;
        shell("rm -rf mixed/test && %s", sets[k]);
        refuses("mixed", IPL_E_ARGUMENT, "mixed/test: ");
        CHECK(strstr(ipl_last_error(), "remove it, and the set is measured"));
        CHECK_FAILS(ipl_run_about(dir_of("mixed"), &info), IPL_E_ARGUMENT, "test: ");
        shell("diff -r victim was_victim && test -z \"$(ls empty)\"");
    }
    shell("rm mixed/test"); /* what it advises */
    CHECK_OK(resume("mixed"));
    is_as_whole("mixed/test", "both/test");
    close_case();
}

/* Whatever stands in run.json while there is a journal. */
static void the_journal_knows_better_than_run_json(void **state)
{
    (void)state;
    static const char *const false_json[] = {
        ": >$r", "echo '{' >$r", "echo '[]' >$r", "rm $r", "cp whole/run.json $r",
        "echo '{\"status\": \"done\"}' >$r",
        "sed -i 's/\"status\": \".*\"/\"status\": \"done\"/' $r",
        "head -c 4096 /dev/zero >$r"};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    for (size_t k = 0; k < sizeof false_json / sizeof *false_json; ++k) {
        ipl_run_info info;
        shell("rm -rf told && cp -a run told && r=told/run.json && %s", false_json[k]);
        CHECK_OK(ipl_run_about(dir_of("told"), &info));
        CHECK(!info.done && !strcmp(info.device, ipl_device_about(cpu)->name));
        CHECK_FAILS(ipl_measure_config(dir_of("told"), &(ipl_config){0}),
                    IPL_E_ARGUMENT, "has not finished");
        CHECK_OK(resume("told"));
        is_as_whole("told", "whole");
        CHECK_OK(ipl_run_about(dir_of("told"), &info));
        CHECK(info.done && info.measured == UNFINISHED_EPOCHS + 1);
    }
    close_case();
}

/* Without a journal the tables of a run that is done are not begun anew. */
static void a_run_that_is_done_stays_whatever_run_json_says(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    run_whole("other", NULL);
    shell("cp -a whole told && : >told/run.json");
    refuses("told", IPL_E_FORMAT, "run.json:1: ");
    shell("cp other/run.json told");
    refuses("told", IPL_E_FORMAT, "run.json: of another run than config.ini");
    shell("rm told/run.json");
    refuses("told", IPL_E_FORMAT, "put its own run.json back");
    shell("sed 's/\"done\"/\"stopped\"/' whole/run.json >told/run.json");
    refuses("told", IPL_E_FORMAT, "put its own run.json back");
    shell("cp whole/run.json told"); /* what they advise */
    CHECK_OK(resume("told"));
    is_as_whole("told", "whole");
    close_case();
}

/* What a machine that lost power may leave of a run that had just begun. */
static void a_run_that_kept_nothing_begins_again(void **state)
{
    (void)state;
    static const char *const left[] = {
        "rm $d/points.log", ": >$d/points.log",
        "head -c 7 run/points.log >$d/points.log",
        "head -c 20 run/points.log >$d/points.log",
        "head -c 32 run/points.log >$d/points.log",
        "head -c 900 run/points.log >$d/points.log",
        "head -c 16 /dev/zero >$d/points.log", "head -c 4096 /dev/zero >$d/points.log",
        "(head -c 32 run/points.log; head -c 900 /dev/zero) >$d/points.log"};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    for (size_t k = 0; k < sizeof left / sizeof *left; ++k) {
        shell("rm -rf lost && mkdir lost && cp run/config.ini lost && d=lost && "
              ": >lost/plane.csv && : >lost/networks.bin && %s",
              k ? left[k] : "true");
        CHECK_OK(resume("lost"));
        is_as_whole("lost", "whole");
    }
    /* A state says that there was more. */
    shell("cp -a run lost2 && : >lost2/points.log");
    refuses("lost2", IPL_E_FORMAT, "points.log: 0 bytes, ");
    CHECK(strstr(ipl_last_error(), "state.bin, and the training is repeated"));
    shell("rm lost2/points.log");
    refuses("lost2", IPL_E_FORMAT, "points.log: 0 bytes, ");
    shell("cp whole/run.json lost2 && sed -i '/\"number\"/d' lost2/run.json");
    refuses("lost2", IPL_E_FORMAT, "points.log: 0 bytes, "); /* whatever it says */
    shell("echo '{\"status\": \"done\"}' >lost2/run.json");
    refuses("lost2", IPL_E_FORMAT, "points.log: 0 bytes, ");
    shell("rm lost2/run.json");
    shell("rm lost2/state.bin");
    CHECK_OK(resume("lost2"));
    is_as_whole("lost2", "whole");
    /* What the run was is not guessed. */
    static const char *const cut[] = {": >$c", "sed -i 1d $c", "sed -i '$d' $c",
                                      "head -c 4096 /dev/zero >$c"};
    for (size_t k = 0; k < sizeof cut / sizeof *cut; ++k) {
        shell("rm -rf lost3 && mkdir lost3 && c=lost3/config.ini && "
              "cp run/config.ini $c && %s", cut[k]);
        refuses("lost3", IPL_E_FORMAT, "lost3/config.ini");
    }
    shell("cp run/config.ini lost3 && : >lost3/run.json");
    refuses("lost3", IPL_E_FORMAT, "begin another run");
    close_case();
}

/* A record counts only in its run and at its place. */
static void records_of_elsewhere_do_not_count(void **state)
{
    (void)state;
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    run_unfinished("other", "train.seed=2");
    shell("cp -a run mixed && rm mixed/state.bin && "
          "n=$(stat -c %%s mixed/points.log) && o=$(stat -c %%s other/points.log) && "
          "head -c $((n / 2)) run/points.log >mixed/points.log && "
          "tail -c +$((n / 2 + 1)) other/points.log >>mixed/points.log");
    CHECK_OK(resume("mixed"));
    is_as_whole("mixed", "whole");
    shell("rm run/state.bin && cat other/points.log >>run/points.log && "
          "cat run/points.log run/points.log >twice && mv twice run/points.log");
    CHECK_OK(resume("run"));
    is_as_whole("run", "whole");
    close_case();
}

/* -- Tables -----------------------------------------------------------------------*/

typedef struct {
    char   *text[UNFINISHED_TABLES - 1]; /* as they were; NULL: not there       */
    int64_t calls, until;
} tables_seen;

/* Every row that was there still is. */
static int rows_stay(void *user, const ipl_progress *now)
{
    tables_seen *s = user;
    (void)now;
    for (int t = 0; t < UNFINISHED_TABLES - 1; ++t) {
        char *text = files_text(dir_of("run"), unfinished_tables[t]);
        const char *was = s->text[t] ? s->text[t] : "";
        for (size_t length; *was; was += length) {
            char line[512];
            length = strcspn(was, "\n") + 1;
            CHECK(length < sizeof line);
            snprintf(line, sizeof line, "%.*s", (int)length, was);
            if (!strstr(text, line))
                fail_msg("%s has no '%s' any more", unfinished_tables[t], line);
        }
        free(s->text[t]);
        s->text[t] = text;
    }
    return ++s->calls >= s->until;
}

static void forget(tables_seen *s)
{
    for (int t = 0; t < UNFINISHED_TABLES - 1; ++t) free(s->text[t]);
}

static void tables_do_not_get_shorter(void **state)
{
    (void)state;
    static const char *const policies[] = {"measure.policy=every",
                                           "measure.policy=delta-exact"};
    for (int p = 0; p < 2; ++p) {
        tables_seen s = {{NULL}, 0, 1};
        open_case();
        run_whole("whole", policies[p]);
        const ipl_config c = tiny_config(policies[p]);
        ipl_status st = ipl_run(cpu, &c, dir_of("run"), rows_stay, &s, NULL);
        int sessions = 1;
        for (; st == IPL_E_STOPPED; ++sessions) {
            rows_stay(&s, NULL);
            s.calls = 0;
            s.until = 1 + sessions % 3;
            st = ipl_resume(cpu, dir_of("run"), rows_stay, &s, NULL);
        }
        CHECK_OK(st);
        CHECK(sessions > 1);
        rows_stay(&s, NULL);
        forget(&s);
        is_as_whole("run", "whole");
        close_case();
    }
}

/* The old rows stay until the new ones are there, even those whose record is lost. */
static void rows_that_were_lost_stay_until_they_are_back(void **state)
{
    (void)state;
    tables_seen s = {{NULL}, 0, 1};
    open_case();
    run_whole("whole", NULL);
    run_unfinished("run", NULL);
    char *before = files_text(dir_of("run"), "plane.csv");
    shell("rm run/points.log run/state.bin");
    CHECK_FAILS(ipl_resume(cpu, dir_of("run"), rows_stay, &s, NULL), IPL_E_STOPPED,
                "stopped");
    char *after = files_text(dir_of("run"), "plane.csv");
    assert_string_equal(before, after);
    CHECK_OK(resume("run"));
    is_as_whole("run", "whole");
    forget(&s);
    free(before);
    free(after);
    close_case();
}

/* Points of ticks [from, to] reach the tables of this directory. */
static void write_ticks(ipl_rundir *dir, int64_t from, int64_t to)
{
    ipl_layer layer = {.points = 1, .point = {{.name = "bin", .i_xt = 1.0}}};
    for (int64_t tick = from; tick <= to; ++tick) {
        CHECK_OK(ipl_rundir_points(dir, 1, tick, 1, &layer));
        CHECK_OK(ipl_rundir_summary(dir, tick, 1, 1, &layer));
    }
    CHECK_OK(ipl_rundir_flush(dir));
}

/* A run that was stopped has rows behind those that another row may come before. */
static void known_rows_are_waited_for(void **state)
{
    (void)state;
    ipl_rundir *dir;
    files_make_folder(folder);
    CHECK_OK(ipl_rundir_create(dir_of("r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 0));
    CHECK_OK(ipl_rundir_open_tables(dir, -1));
    write_ticks(dir, 0, 1);
    write_ticks(dir, 7, 7);
    ipl_rundir_close(dir);
    shell("touch r/config.ini && cp r/plane.csv r/summary.csv .");
    CHECK_OK(ipl_rundir_open(dir_of("r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 0));
    CHECK_OK(ipl_rundir_open_tables(dir, 7));
    write_ticks(dir, 0, 6); /* more than there was, but without tick 7 */
    shell("cmp plane.csv r/plane.csv && cmp summary.csv r/summary.csv");
    write_ticks(dir, 7, 7);
    shell("test $(wc -l <r/plane.csv) = 9 && test ! -e r/plane.csv.new");
    ipl_rundir_close(dir);
    /* At the end the tables are those of the run, whatever was there. */
    shell("cat plane.csv plane.csv plane.csv plane.csv >r/plane.csv");
    CHECK_OK(ipl_rundir_open(dir_of("r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 0));
    CHECK_OK(ipl_rundir_open_tables(dir, -1));
    write_ticks(dir, 0, 1);
    shell("test $(wc -l <r/plane.csv) = 16");
    CHECK_OK(ipl_rundir_settle(dir));
    shell("test $(wc -l <r/plane.csv) = 3");
    ipl_rundir_close(dir);
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(a_state_of_another_run_is_refused),
    CHECK_TEST(a_log_or_config_of_another_run_is_refused),
    CHECK_TEST(networks_of_another_run_are_refused),
    CHECK_TEST(damaged_networks_are_refused),
    CHECK_TEST(a_set_of_another_run_is_refused),
    CHECK_TEST(the_journal_knows_better_than_run_json),
    CHECK_TEST(a_run_that_is_done_stays_whatever_run_json_says),
    CHECK_TEST(a_run_that_kept_nothing_begins_again),
    CHECK_TEST(records_of_elsewhere_do_not_count),
    CHECK_TEST(tables_do_not_get_shorter),
    CHECK_TEST(rows_that_were_lost_stay_until_they_are_back),
    CHECK_TEST(known_rows_are_waited_for),
};

CHECK_MAIN("identity", tests, 0)
