/*
 * small_run.h - whole runs of a small network, and the rows of their plane.csv.
 */
#ifndef SMALL_RUN_H
#define SMALL_RUN_H

#include "plane_case.h"

/* A few epochs of a small network on 256 rows. More sets follow, ended by NULL. */
static inline ipl_config small_config(const char *first, ...)
{
    static const char *const sets[] = {
        "net.layers=12, 6-tanh, 4-relu, 2", "train.epochs=6", "train.batch=32",
        "train.learning_rate=0.01", "measure.policy=every", "measure.every=2",
        "data.limit=256", "data.split=shuffled", "measure.estimators=bin, kde", NULL};
    ipl_config config = config_of(sets);
    va_list more;
    va_start(more, first);
    for (const char *set = first; set; set = va_arg(more, const char *))
        CHECK_OK(ipl_config_set(&config, set));
    va_end(more);
    return config;
}

static inline ipl_status run_to(void **state, const ipl_config *config, const char *dir)
{
    return ipl_run(check_device(state), config, dir, NULL, NULL, NULL);
}

/* Runs into f/name and gives plane.csv, to be freed. */
static inline char *plane_of(ipl_device *dev, const char *f, const char *name,
                      ipl_config config)
{
    CHECK_OK(ipl_run(dev, &config, files_path(f, name), NULL, NULL, NULL));
    return files_text(files_path(f, name), "plane.csv");
}

typedef struct {
    long long seed, epoch;
    int       layer;
    char      estimator[16];
    double    x, y;
} point;

/* The next row behind *at; 0 at the end. */
static inline int next_point(const char **at, point *p)
{
    int used = 0;
    if (!**at) return 0;
    const int fields = sscanf(*at, "%lld,%lld,%d,%15[^,],%lf,%lf\n%n", &p->seed,
                              &p->epoch, &p->layer, p->estimator, &p->x, &p->y, &used);
    if (fields != 6) fail_msg("not a row: %.60s", *at);
    *at += used;
    return 1;
}

#endif
