/*
 * mi_near.h - informations from nearest neighbours: KSG, MIXED, MS and ROSS.
 *
 * All four look at a row's k nearest others in a joint space, count the others within
 * some radius in the single spaces, and take the mean over the rows of a formula with
 * digammas of these counts:
 *
 *   I(X;T)  joint: max(|x|, |t|);  singles: X and T
 *   I(T;Y)  joint: |t| within the own class, other classes being infinitely far;
 *           singles: the class, and T
 *
 * In I(T;Y) a row with fewer than k others in its class uses all of them, and classes
 * of one row are left out of the neighbours, the counts and the mean.
 *
 * Values are in nats, kept where they are negative.
 */
#ifndef IPL_MI_NEAR_H
#define IPL_MI_NEAR_H

#include "mi/mi.h"

enum { MI_NEAR_SIDES = 2 }; /* 0: X or the class, 1: T                          */

/* What a formula knows of a row. Counts are without the row itself. */
typedef struct {
    int64_t n;       /* rows, without those left out                            */
    int64_t k;       /* neighbours that were looked at                          */
    float   rho;     /* distance of the last of them, as ipl_pairs has it       */
    float   reach[MI_NEAR_SIDES]; /* the largest distance of these neighbours in the
                        single spaces; 0 unless the family asks for it          */
    int64_t joint;   /* others with a distance <= rho: k, or more with ties     */
    int64_t count[MI_NEAR_SIDES]; /* others within the radius; others of the class */
} mi_near_row;

/* One point of a family. */
typedef struct {
    float  (*radius)(float rho, float reach); /* D <= radius counts; < 0: nobody */
    double (*value)(const mi_near_row *row);  /* nats; the mean is the estimate  */
    int    (*tied)(const mi_near_row *row);   /* 1: the estimate is off here     */

    /* The value by definition, from the distances to the row's others in each single
     * space (to rows of another class: infinity); k <= others. */
    double (*plain)(int64_t others, const double *a, const double *t, int64_t k);
} mi_near_point;

typedef struct {
    int      points;
    mi_near_point point[IPL_MI_POINTS_MAX];
    ipl_norm norm;
    int      inputs, labels; /* 1: there is I(X;T); there is I(T;Y)              */
    int      reach;          /* 1: of I(X;T), norm MAX                           */
} mi_near;

/* The functions of an mi_estimator whose `how` is an mi_near. Flags: TIES, SINGLETONS.
 * Refusals: FEW_ROWS, and SMALL_CLASS where no class has two rows. mi_near_plain.c has
 * the last one. */
ipl_status mi_near_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                 size_t *bytes);
ipl_status mi_near_estimate(const mi_call *call, const ipl_mi_options *options,
                            mi_points *point);
ipl_status mi_near_plain(const ipl_mi_options *options, const ipl_mi_samples *samples,
                         int64_t d, const float *t, int point, double *i_xt,
                         double *i_ty);

/* The largest float below a distance; negative below 0. */
float mi_near_below(float distance);

/* For plain values: the k-th smallest of max(a, t), and how many are less than, or at
 * most, a distance. mi_near_plain.c */
double  mi_near_kth(int64_t others, const double *a, const double *t, int64_t k);
int64_t mi_near_less(int64_t others, const double *a, double than);
int64_t mi_near_up_to(int64_t others, const double *a, double to);

#endif
