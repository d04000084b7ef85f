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
 * are zipped, fastest. zip and skip may have several lines; groups of zip are divided
 * by '|', conditions of skip as values are.
 *
 * Products that differ in train.seed alone are one run with replicas, as far as their
 * seeds follow each other; those that differ only in what is measured are trained once:
 * the first of them keeps its networks, which the others measure. Either way the points
 * are those of runs by themselves, bit for bit.
 */
#ifndef IPL_STUDY_H
#define IPL_STUDY_H

#include "ipl_plane.h"

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

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
