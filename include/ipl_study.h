/*
 * ipl_study.h - a study: many runs from one configuration.
 *
 *     [data] .. [train] ..          an ordinary configuration, and
 *     [sweep]
 *     net.activation = tanh, relu   each key with its values: their product is run
 *     bin.edges = 10, 30, 100
 *     train.seed = 1:50             a range of whole numbers, also FROM:TO:STEP
 *     net.layers = 12, 7-tanh, 2 | 12, 5-tanh, 2     | where values have commas
 *     zip = net.activation, train.learning_rate      keys that go side by side
 *     skip = net.activation = relu & bin.edges = 10  products that are left out
 *     together = 10                 networks that train as replicas of one run, at most
 *
 * Values are divided by commas, or by '|' where a line has one; paths among them are
 * relative to the file's folder. The first key changes slowest, and seeds, unless they
 * are zipped, fastest. A line that ends with ',', '|' or '&' goes on in the next one.
 * zip and skip may be there several times; groups of zip are divided by '|', conditions
 * of skip as values are.
 *
 * Products that differ in train.seed alone are one run with replicas, as far as their
 * seeds follow each other; those that differ only in what is measured are trained once:
 * the first of them keeps its networks, which the others measure. Either way the points
 * are those of runs by themselves, bit for bit. All products have their seeds in the
 * same runs, so what skip leaves out of one changes no run of the others; but a seed
 * that skip takes from some of those that share networks is a run of its own.
 */
#ifndef IPL_STUDY_H
#define IPL_STUDY_H

#include "ipl_plane.h"
#include "ipl_team.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum {
    IPL_STUDY_RUNS_MAX = 1000000, /* more are refused                           */
    IPL_STUDY_NAME = 160          /* bytes of a run's name, with its end        */
};

/* What was read; the caller gives it back with ipl_study_free. */
typedef struct ipl_study ipl_study;

/* A swept key. */
typedef struct {
    const char *section, *key;
    const char *name;         /* key, or section.key where two have that key    */
    int         values;
    int         axis;         /* keys that are zipped have the same             */
    int         only_measures; /* 1: another value needs no other training      */
} ipl_study_key;

/* A run of the study, and the run directory in the study's folder that it gets. */
typedef struct {
    char    name[IPL_STUDY_NAME]; /* "activation=tanh,edges=30,seed=1-10"       */
    int64_t first_seed, seeds;
    int64_t kept_by;  /* the earlier run whose networks this one measures; -1: it
                         trains                                                 */
    ipl_keep keep;    /* of a run that trains: what the others need             */
} ipl_study_run;

/* Reads a study, and checks each run's configuration. E_IO: no such file. E_FORMAT: as
 * ipl_config_read; no section [sweep]; a key that does not exist, or that changes no
 * result ([run]); a value that the key does not take, or twice; keys that set the same
 * (train.replicas beside train.seed); zipped keys of different lengths; a condition
 * that no product meets; no run, or too many; a configuration that does not fit itself;
 * names that would be too long. The text has the file, and the line where there is one.
 *
 * `sets` as of ipl_config_set, over the file's keys: [count]. "sweep.train.seed=1:3"
 * stands for the line of [sweep]. E_ARGUMENT: what is wrong with one of them. */
ipl_status ipl_study_read(const char *path, const char *const *sets, int count,
                          ipl_study **out);
void       ipl_study_free(ipl_study *study);

int            ipl_study_keys(const ipl_study *study);
ipl_study_key  ipl_study_key_at(const ipl_study *study, int key);
/* A value as text, as run names and tables have it. */
const char    *ipl_study_value(const ipl_study *study, int key, int value);
/* The same in the characters of a file's name: as run names and tables have it. */
const char    *ipl_study_word(const ipl_study *study, int key, int value);
/* The study as it was read: a configuration with whole paths, and [sweep]. *text is the
 * caller's to free. E_MEMORY; E_ARGUMENT: a path too long. */
ipl_status     ipl_study_text(const ipl_study *study, char **text, size_t *bytes);
int64_t        ipl_study_runs(const ipl_study *study);
int64_t        ipl_study_products(const ipl_study *study); /* networks x settings */
const ipl_study_run *ipl_study_run_at(const ipl_study *study, int64_t run);
/* Which value of a key a run has; -1 of train.seed, of which it has a range. Values
 * have the order of the file; zipped keys may have one several times. */
int            ipl_study_value_of(const ipl_study *study, int64_t run, int key);
/* The whole configuration of a run that stands in `dir`, the study's folder, with whole
 * paths: ipl_run trains it, or measures what its trainer kept in dir. E_ARGUMENT: a
 * path that gets too long. */
ipl_status     ipl_study_config(const ipl_study *study, int64_t run, const char *dir,
                                ipl_config *out);

/* Reads the data of all runs, and sees whether they fit: what a run would say before it
 * trains, with its name. As ipl_dataset_load and ipl_config_check_data. */
ipl_status     ipl_study_check(const ipl_study *study);

/* About how much a run is, before its data are loaded. */
typedef struct {
    double  cost;     /* multiplications; ratios mean something, within a study      */
    int     is_large; /* 1: a step, or a measured tick, is worth several cores       */
    int64_t ticks;    /* measured, of each network                                   */
    int     is_guess; /* 1: they depend on the values                                */
    int64_t kept_bytes; /* of kept networks, before they are packed                  */
} ipl_study_work;
ipl_status ipl_study_work_of(const ipl_study *study, int64_t run, const char *dir,
                             ipl_study_work *out);

/* -- Running it -------------------------------------------------------------------*/

typedef struct {
    const char        *dir;    /* the study's folder: made, or gone on with          */
    const char *const *device; /* [devices] as ipl_device_open: a CPU, or GPUs, each of
                                  which has one run at a time                        */
    int                devices;
    int                threads; /* of the CPU, in all; 0: all that there are         */
    int                part, parts; /* part 1 .. parts of the study; parts 0: all    */
    int                no_shared; /* 1: ranks write to dir.rank-N, and send that    */
    ipl_team          *team;   /* whose ranks share the runs; NULL: it is alone      */
} ipl_study_options;

typedef enum {
    IPL_STUDY_OPEN,     /* not begun, or not at its end                             */
    IPL_STUDY_WORKING,
    IPL_STUDY_DONE,
    IPL_STUDY_FAILED,
    IPL_STUDY_ELSEWHERE /* another process works on it, or has it as its part       */
} ipl_study_state;

typedef struct {
    int64_t runs, done, failed, working, elsewhere; /* of all of the study            */
    double  share;   /* of this process's work, by what is expected, 0 to 1           */
    double  wall_s, left_s; /* since the start; expected, NaN: cannot tell yet        */
    int64_t ended;   /* a run that has just ended, failed or is elsewhere; -1: none   */
    ipl_study_state state; /* of that run                                            */
    const char *text;     /* why it failed, or who has it; else ""                   */
    const char *notes;    /* on a run's data, lines that were not told before; NULL  */
} ipl_study_progress;

/* Called several times a second, and for each run that ends, by the thread that called
 * ipl_study_execute. Returns 0 to go on. */
typedef int (*ipl_study_call)(void *user, const ipl_study_progress *now);

/*
 * Does all runs of the study that are not done yet, and writes into its folder:
 *
 *   NAME/              the run directory of each run (ipl_run)
 *   study.csv          run, a column section.key for each swept key but train.seed,
 *                      rows, then the columns of plane.csv and of plane_details.csv
 *   study_summary.csv  the same keys, rows, then as summary.csv: over all seeds
 *   study.json         keys and values, and the state of each run
 *
 * The tables have the runs that are done, in the order of the study; equal studies give
 * equal bytes, however they were interrupted, shared out or distributed.
 *
 * Runs begin in the order of their expected work, longest first. On a CPU small runs
 * have a core each, large ones all of them. A run that fails costs none but those that
 * measure its networks; a run that another process works on is left to it. The same
 * call goes on after all of this.
 *
 * In a team each rank makes this call with the same options, and rank 0 hands out the
 * runs. Ranks have parts of the cores that they share, or the GPU of their local rank.
 * The folder has to be one that all see; else, with no_shared, ranks send the files of
 * a run to rank 0, and measure networks only where they were trained, or at rank 0.
 * Ranks other than 0 get IPL_OK when all is done, nothing in `out`, and may have NULL
 * for a study that they could not read: rank 0 then says why (ipl_last_error), and
 * gives them no runs. A rank that dies costs its runs some time: others do them. E_IO:
 * rank 0 is gone.
 *
 * E_ARGUMENT: a run directory is there that belongs to another configuration (the text
 * has both values), or an option. As ipl_study_check, of the runs that are not done:
 * then nothing begins. E_STOPPED: the call asked for it. E_IO: the folder or
 * its tables cannot be written. Runs that failed are counted, and are no error here.
 */
ipl_status ipl_study_execute(const ipl_study *study, const ipl_study_options *options,
                         ipl_study_call progress, void *user, ipl_study_progress *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
