/*
 * kde_plan.h - the layers that kde.c takes up together, their scratch and their blocks.
 */
#ifndef KDE_PLAN_H
#define KDE_PLAN_H

#include <stdatomic.h>

#include "cpu/kde_screen.h"

/* A job on its way through the threads. */
typedef struct {
    ipl_kde_job *job;
    kde_matrix   matrix;
    kde_screen   screen; /* where screen.screened                               */
    float        factor; /* of the packed coordinates                           */
    int          ordered; /* whether its rows are put in order                   */
    int32_t     *order;  /* row i of the matrix is row order[i] of the layer    */
    cpu_kd_key  *keys;   /* what putting narrow layers in order needs           */
    kde_places   places; /* by which they are                                   */
    float       *projected, *axes; /* room for these and the packed ones     */
    kde_line    *line;   /* NULL: its rows do not lie on a line                 */
    int64_t     *sum;    /* [KDE_SUMS][padded]                                  */
    atomic_int  *lock;   /* one for each KDE_ROWS of sum                        */
    double       cost;   /* of its largest block                                */
} kde_layer;

/* The blocks of one span of columns: number `begin` and on, from row 0 down. */
typedef struct {
    kde_layer *of;
    int64_t    column, begin;
} kde_strip;

typedef struct {
    const kde_kernels    *kernels;
    const screen_kernels *screens;
    kde_path           path;
    int                jobs;
    int64_t            strips, blocks;
    ipl_meter         *meter;  /* of the blocks                                   */
    kde_layer         *layers;
    kde_strip         *strip; /* [strips + 1]; the last one only ends the blocks */
} kde_plan;

/* Rows too narrow for a screen are not given room for one. */
int kde_may_screen(kde_path path, const ipl_kde_job *job);

/* Lays a plan out in scratch, which may be NULL, and returns the bytes it takes. */
size_t kde_lay_out(const cpu_state *state, kde_path path, int jobs,
                   const ipl_kde_job *job, void *scratch, kde_plan *p);

/* What the layers of a plan that is laid out are, dearest first, and their blocks. */
void kde_fill_plan(kde_plan *p, ipl_kde_job *job, int full_sums);

/* How many of the jobs, from the first on, are taken up together: as many as
 * cpu_kde_scratch_bytes has room for. */
int kde_group_of(const cpu_state *state, int jobs, const ipl_kde_job *job);

/* Blocks of the jobs that certainly have some: a line has none. */
int64_t kde_certain_blocks(int jobs, const ipl_kde_job *job);

#endif
