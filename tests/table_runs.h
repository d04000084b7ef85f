/*
 * table_runs.h - the runs whose tables are recomputed, and the ticks that they have.
 */
#ifndef TABLE_RUNS_H
#define TABLE_RUNS_H

#include "check.h"
#include "ipl_config.h"

enum { TICKS = 32, END = -1 };

/* A run, and the ticks that its tables must have, in order. */
typedef struct {
    const char *set[24];
    int64_t     measured[TICKS], logged[TICKS];
} run_case;

/* Values outside the edges, an early and a late epoch; the last batch is short, and the
 * loss is that of 31 of 96 rows. */
static const run_case edges = {
    {"net.layers=12, 8-tanh, 4-relu, 2", "data.limit=120", "data.split=shuffled",
     "data.seed=3", "train.batch=40", "train.learning_rate=0.03", "train.epochs=30",
     "train.replicas=3", "train.seed=5", "measure.policy=list", "measure.list=0, 1, 17",
     "measure.log_dense=1", "measure.log_per_decade=2", "measure.estimators=bin, kde",
     "measure.loss_rows=31", "bin.form=edges", "bin.edges=24", "bin.range=-0.5, 0.75",
     "kde.noise_var=0.05"},
    {0, 1, 17, 30, END}, {0, 1, 3, 10, 30, END}};

/* 96 rows in batches of 40: three steps an epoch. */
static const run_case steps = {
    {"net.layers=12, 5-sigmoid, 3-softplus, 2", "data.limit=120", "data.split=shuffled",
     "data.label_noise=0.1", "train.batch=40", "train.learning_rate=0.1",
     "train.optimizer=momentum", "train.weight_decay=0.01", "train.epochs=2",
     "train.replicas=2", "measure.tick=step", "measure.policy=every", "measure.every=4",
     "measure.rows=test", "measure.training_log=every", "bin.form=width",
     "bin.width=0.05", "kde.noise_var=0.02", "kde.noise_relative=yes"},
    {0, 4, 6, END}, {0, 1, 2, 3, 4, 5, 6, END}};

/* No row tests; each sample has a cell of its own; all rows at once. */
static const run_case saturated = {
    {"net.layers=12, 9-tanh, 6-elu, 3", "data.limit=90", "data.train_fraction=1",
     "train.batch=0", "train.shuffle=no", "train.optimizer=sgd",
     "train.learning_rate=0.5", "train.epochs=40", "train.replicas=2", "train.seed=11",
     "measure.policy=log", "measure.log_dense=0", "measure.log_per_decade=1",
     "measure.subset=50", "net.init=glorot", "bin.form=count", "bin.count=300",
     "kde.noise_var=1e-7"},
    {0, 10, 40, END}, {0, 10, 40, END}};

/* Quantiles and no noise; layers without bounds, but no edges for them to pass. */
static const run_case quantiles = {
    {"net.layers=12, 4-leaky-relu, 3-linear, 2", "data.limit=100", "train.batch=16",
     "train.epochs=5", "train.replicas=2", "measure.rows=train", "measure.policy=every",
     "measure.every=5", "measure.log_dense=5", "measure.estimators=bin",
     "bin.form=quantiles", "bin.quantiles=5", "net.init=he"},
    {0, 5, END}, {0, 1, 2, 3, 4, 5, END}};

/* With standard errors. */
static const run_case noise = {
    {"net.layers=12, 4-tanh, 2", "data.limit=80", "data.split=shuffled",
     "train.batch=32", "train.epochs=3", "train.learning_rate=0.2",
     "measure.policy=every", "measure.every=3", "measure.estimators=kde",
     "kde.noise_var=0.3", "kde.noise_relative=yes", "measure.error=jackknife"},
    {0, 3, END}, {0, 1, 2, 3, END}};

/* Samples with cells of their own, and values outside. */
static const run_case outside = {
    {"net.layers=12, 10-tanh, 2", "data.limit=60", "data.split=shuffled",
     "train.epochs=2", "train.batch=20", "measure.policy=every", "measure.every=2",
     "measure.estimators=bin", "bin.edges=600", "bin.range=-0.25, 0.5"},
    {0, 2, END}, {0, 1, 2, END}};

/* Long enough to be stopped: what is known by then comes back from the journal. */
static const run_case resumed = {
    {"net.layers=12, 6-tanh, 3-relu, 2", "data.limit=70", "train.batch=25",
     "data.split=shuffled", "train.epochs=24", "train.replicas=2", "train.seed=3",
     "measure.subset=30", "measure.policy=every", "measure.every=1", "bin.edges=9",
     "measure.log_dense=5", "measure.log_per_decade=3", "bin.range=-0.5, 0.5",
     "kde.noise_var=0.1", "run.checkpoint_s=0"},
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22,
     23, 24, END},
    {0, 1, 2, 3, 4, 5, 11, 23, 24, END}};

static inline ipl_config case_config(const run_case *c)
{
    ipl_config config;
    ipl_config_defaults(&config);
    for (int s = 0; c->set[s]; ++s) CHECK_OK(ipl_config_set(&config, c->set[s]));
    return config;
}

#endif
