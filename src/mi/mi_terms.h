/*
 * mi_terms.h - the terms of differences of entropies, and their places in scratch.
 */
#ifndef IPL_MI_TERMS_H
#define IPL_MI_TERMS_H

#include "mi/mi_entropies.h"

/* Of families of local densities: a row's second moments take 268 MB there. */
enum { MI_LOCAL_UNITS_MAX = 8192 };

/* In the order in which a point's first refusal is looked for. */
typedef enum { TERM_T, TERM_X, TERM_XT, TERM_T_GIVEN_Y, TERMS } mi_term_of;

typedef struct {
    int64_t           d;      /* units of its spaces; 0: nobody asks for it     */
    ipl_neighbour_job near;
    float            *square; /* device, [n]: rho_i^2 as `near` has it          */
    ipl_density_job   density;
    int               known;
    double            h;      /* the entropy: NaN until it is known             */
    double            sum;    /* over the rows, of what is known so far         */
    ipl_mi_refusal    refusal;
    unsigned          flags;
} mi_term;

typedef struct {
    const mi_entropies   *how;
    const mi_call        *call;
    const ipl_mi_options *options;
    mi_term (*of)[TERMS]; /* [jobs]                                             */
    int      *x_in;    /* [jobs]: the job that has H(X): the first one with the same
                          inputs                                                */
    mi_term **open;    /* [jobs * TERMS]: those at work, and their              */
    ipl_neighbour_job *near;    /* .. jobs for the backend                      */
    ipl_density_job   *density;
    int64_t   most;    /* rows of the largest job                               */
    int32_t  *last;    /* device, [most]: row i's k-th distance is number i k + k - 1 */
    void     *work;    /* device: the backend's own scratch,                    */
    size_t    work_bytes; /* .. for all jobs at once, and for any single one    */
    size_t    bytes;   /* device: all of it                                     */
} mi_term_plan;

/* Lays out what call->scratch has to hold; the plan comes with its first three fields.
 * Whatever it returns, mi_term_plan_free ends it. */
ipl_status mi_term_plan_make(mi_term_plan *plan);
void       mi_term_plan_free(mi_term_plan *plan);

/* Whether an entropy is asked for, and neither known nor refused. */
int mi_term_is_open(const mi_term *term);

/* Lists those in plan->open, near and density; returns their number. */
int mi_term_list_open(const mi_term_plan *plan);

/* How many of `count` listed ones may be at work together: all, or one where a backend
 * wants more scratch for some jobs than it does for more of them. */
int mi_term_together(const mi_term_plan *plan, int count);

#endif
