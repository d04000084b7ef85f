/*
 * unfinished_case.h - small runs that were stopped, and copies of their directories.
 */
#ifndef UNFINISHED_CASE_H
#define UNFINISHED_CASE_H

#include <fcntl.h>
#include <sys/stat.h>

#include "plane_case.h"

enum { UNFINISHED_EPOCHS = 8 };

/* What only resuming needs, and what a run leaves. */
static const char *const unfinished_tables[] = {
    "plane.csv", "plane_details.csv", "summary.csv", "training.csv", "compression.csv"};
enum { UNFINISHED_TABLES = sizeof unfinished_tables / sizeof *unfinished_tables };

static char folder[FILES_PATH]; /* of the test that runs                        */
static ipl_device *cpu;

static inline const char *dir_of(const char *name) { return files_path(folder, name); }

static inline void open_case(void)
{
    files_make_folder(folder);
    CHECK_OK(ipl_device_open("cpu", &(ipl_device_options){.threads = 1}, &cpu));
}

static inline void close_case(void)
{
    ipl_device_close(cpu);
    files_remove_folder(folder);
}

static inline void shell(const char *format, ...)
{
    char command[8 * FILES_PATH];
    va_list args;
    va_start(args, format);
    const int used = snprintf(command, sizeof command, "cd %s && ", folder);
    vsnprintf(command + used, sizeof command - (size_t)used, format, args);
    va_end(args);
    if (system(command)) fail_msg("%s", command);
}

/* Every epoch is measured. */
static inline ipl_config tiny_config(const char *more)
{
    static const char *const lines[] = {
        "net.layers=12, 4-tanh, 2", "train.batch=64", "data.limit=128",
        "measure.subset=64", "measure.policy=every", "measure.every=1",
        "measure.estimators=bin", "run.lanes=1", "run.keep=measured", NULL};
    char epochs[32];
    ipl_config c = config_of(lines);
    snprintf(epochs, sizeof epochs, "train.epochs=%d", UNFINISHED_EPOCHS);
    CHECK_OK(ipl_config_set(&c, epochs));
    if (more) CHECK_OK(ipl_config_set(&c, more));
    return c;
}

static inline int stop_at_four(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured >= 4;
}

static inline void run_whole(const char *name, const char *more)
{
    const ipl_config c = tiny_config(more);
    CHECK_OK(ipl_run(cpu, &c, dir_of(name), NULL, NULL, NULL));
}

/* Leaves a run that has measured a few ticks, with a state. */
static inline void run_unfinished(const char *name, const char *more)
{
    ipl_config c = tiny_config(more);
    char state[64];
    c.checkpoint_s = 0.0;
    CHECK_FAILS(ipl_run(cpu, &c, dir_of(name), stop_at_four, NULL, NULL), IPL_E_STOPPED,
                "stopped");
    snprintf(state, sizeof state, "%s/state.bin", name);
    CHECK(access(dir_of(state), F_OK) == 0);
    shell("sed -i 's/^checkpoint_s = 0/checkpoint_s = 60/' %s/config.ini", name);
}

static inline ipl_status resume(const char *name)
{
    return ipl_resume(cpu, dir_of(name), NULL, NULL, NULL);
}

/* The run has come to its end, as if nothing had been. */
static inline void is_as_whole(const char *name, const char *whole)
{
    static const char *const gone[] = {"points.log", "state.bin", "snapshots.tmp",
                                       "lock", "plane.csv.new"};
    for (int t = 0; t < UNFINISHED_TABLES; ++t)
        same_file(dir_of(name), dir_of(whole), unfinished_tables[t]);
    for (size_t g = 0; g < sizeof gone / sizeof *gone; ++g) {
        char path[64];
        snprintf(path, sizeof path, "%s/%s", name, gone[g]);
        CHECK(access(dir_of(path), F_OK) != 0);
    }
}

#endif
