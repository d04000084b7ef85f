/*
 * mi_entropies.c - informations as differences of entropies, on a device.
 *
 * A job asks for up to four entropies. Those of all jobs go through the stages
 * together: what is known or refused beforehand, nearest neighbours, local densities.
 * An entropy that a stage refuses takes no part in the next one, nor do those that
 * would be of no use without it.
 */
#include "mi/mi_entropies.h"

#include <math.h>

#include "mi/mi_terms.h"

enum { PIECE = 4096 }; /* rows that the host handles at a time */

static mi_term_plan plan_of(const mi_call *call, const ipl_mi_options *options)
{
    return (mi_term_plan){.how = mi_estimator_of(options->estimator)->how,
                          .call = call, .options = options};
}

ipl_status mi_entropies_scratch_bytes(const mi_call *call,
                                      const ipl_mi_options *options, size_t *bytes)
{
    mi_term_plan plan = plan_of(call, options);
    const ipl_status st = mi_term_plan_make(&plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    mi_term_plan_free(&plan);
    return st;
}

/* -- Known and refused beforehand -------------------------------------------------*/

/* Where H(X) of these options is, or is to be: a call has no more of them. */
static mi_input_entropy *kept_inputs(ipl_mi_inputs *inputs,
                                     const ipl_mi_options *options)
{
    mi_input_entropy *at = inputs->entropy[inputs->group];
    for (int s = 0; s + 1 < IPL_MI_SETTINGS_MAX && at->known; ++s, ++at)
        if (at->estimator == options->estimator && at->k == options->k) break;
    return at;
}

static void recall_inputs(ipl_mi_inputs *inputs, const ipl_mi_options *options,
                          mi_term *x)
{
    const mi_input_entropy *kept = kept_inputs(inputs, options);
    if (!kept->known || kept->estimator != options->estimator || kept->k != options->k)
        return;
    x->known = 1;
    x->h = kept->h_x;
    x->refusal = kept->refusal;
    x->flags = kept->flags;
}

static void keep_inputs(ipl_mi_inputs *inputs, const ipl_mi_options *options,
                        const mi_term *x)
{
    *kept_inputs(inputs, options) = (mi_input_entropy){
        .known = 1, .estimator = options->estimator, .k = options->k, .h_x = x->h,
        .refusal = x->refusal, .flags = x->flags};
}

static int has_small_class(const ipl_labels *y, int64_t k)
{
    for (int32_t c = 0; c < y->classes; ++c) {
        const int64_t rows = y->start[c + 1] - y->start[c];
        if (rows && rows <= k) return 1;
    }
    return 0;
}

static ipl_status refuse_early(const mi_term_plan *plan, mi_term *term)
{
    const ipl_pairs *p = &term->near.pairs;
    int constant = 0;
    if (!mi_term_is_open(term)) return IPL_OK;
    if (p->n <= plan->options->k) term->refusal = IPL_MI_FEW_ROWS;
    else if (p->y && has_small_class(p->y, plan->options->k))
        term->refusal = IPL_MI_SMALL_CLASS;
    else if (plan->how->local && !p->y && p->spaces == 1) {
        IPL_TRY(mi_constant_column(plan->call->dev, p->n, term->d, p->space[0].t,
                                   p->space[0].on_host, &constant));
        if (constant) term->refusal = IPL_MI_CONSTANT;
    }
    return IPL_OK;
}

static void pass_on(const mi_term *from, mi_term *to)
{
    if (!to->refusal) to->refusal = from->refusal;
}

/* What is of no use without a refused one is refused for the same reason. */
static void pass_on_all(const mi_term_plan *plan)
{
    for (int j = 0; j < plan->call->jobs; ++j) {
        mi_term *of = plan->of[j];
        if (of[TERM_XT].d) pass_on(&plan->of[plan->x_in[j]][TERM_X], &of[TERM_XT]);
        if (of[TERM_XT].d) pass_on(&of[TERM_T], &of[TERM_XT]);
        if (of[TERM_T_GIVEN_Y].d) pass_on(&of[TERM_T], &of[TERM_T_GIVEN_Y]);
    }
}

static ipl_status start(const mi_term_plan *plan)
{
    const mi_call *call = plan->call;
    for (int j = 0; j < call->jobs; ++j) {
        mi_term *of = plan->of[j];
        if (of[TERM_X].d)
            recall_inputs(call->job[j].inputs, plan->options, &of[TERM_X]);
        for (int what = 0; what < TERMS; ++what) {
            IPL_TRY(refuse_early(plan, &of[what]));
            if (plan->how->d_max && of[what].d > plan->how->d_max)
                of[what].flags |= IPL_MI_DIMENSION;
        }
    }
    pass_on_all(plan);
    return IPL_OK;
}

/* -- Nearest neighbours -----------------------------------------------------------*/

static ipl_status write_last(const mi_term_plan *plan)
{
    int32_t at_k[PIECE];
    const int64_t k = plan->options->k;
    for (int64_t at = 0; at < plan->most; at += PIECE) {
        const int64_t left = plan->most - at, rows = left < PIECE ? left : PIECE;
        for (int64_t i = 0; i < rows; ++i) at_k[i] = (int32_t)((at + i + 1) * k - 1);
        IPL_TRY(ipl_upload(plan->call->dev, at_k, (size_t)rows * sizeof *at_k,
                           plan->last + at));
    }
    return IPL_OK;
}

/* Adds sum_i d log rho_i; rho is in units of the activations. */
static ipl_status add_distances(ipl_device *dev, mi_term *term)
{
    float square[PIECE];
    const int64_t n = term->near.pairs.n;
    double logs = 0.0;
    for (int64_t at = 0; at < n; at += PIECE) {
        const int64_t left = n - at, rows = left < PIECE ? left : PIECE;
        IPL_TRY(ipl_download(dev, term->square + at, (size_t)rows * sizeof *square,
                             square));
        for (int64_t i = 0; i < rows; ++i) {
            if (!(square[i] > 0.0f)) {
                term->refusal = IPL_MI_EQUAL_ROWS;
                return IPL_OK;
            }
            logs += log((double)square[i]);
        }
    }
    term->sum +=
        (double)term->d * (0.5 * logs - (double)n * log((double)term->near.pairs.unit));
    return IPL_OK;
}

static ipl_status find_distances(const mi_term_plan *plan)
{
    ipl_device *dev = plan->call->dev;
    const int count = mi_term_list_open(plan), step = mi_term_together(plan, count);
    if (count) IPL_TRY(write_last(plan));
    for (int c = 0; c < count; c += step)
        IPL_TRY(dev->backend->nearest_neighbours(dev->state, step, plan->near + c,
                                                 plan->work));
    for (int c = 0; c < count; ++c) {
        mi_term *term = plan->open[c];
        IPL_TRY(dev->backend->gather_rows(dev->state, term->near.distance, 1,
                                          plan->last, term->near.pairs.n,
                                          term->square));
        IPL_TRY(add_distances(dev, term));
    }
    pass_on_all(plan);
    return IPL_OK;
}

/* -- Local densities --------------------------------------------------------------*/

/* What a row's status does to an entropy; 0: its value does not count. */
static int accept(ipl_local_status status, mi_term *term)
{
    if (status == IPL_LOCAL_SINGULAR) term->refusal = IPL_MI_FLAT;
    if (status == IPL_LOCAL_FAR) term->refusal = IPL_MI_ONE_SIDED;
    if (status == IPL_LOCAL_UNCONVERGED) term->flags |= IPL_MI_UNCONVERGED;
    return !term->refusal;
}

/* Adds sum_i v_i. The first row without a value refuses all. */
static ipl_status add_values(ipl_device *dev, mi_term *term)
{
    double value[PIECE], sum = 0.0;
    int32_t status[PIECE];
    const int64_t n = term->near.pairs.n;
    for (int64_t at = 0; at < n; at += PIECE) {
        const int64_t left = n - at, rows = left < PIECE ? left : PIECE;
        IPL_TRY(ipl_download(dev, term->density.value + at,
                             (size_t)rows * sizeof *value, value));
        IPL_TRY(ipl_download(dev, term->density.status + at,
                             (size_t)rows * sizeof *status, status));
        for (int64_t i = 0; i < rows; ++i) {
            if (!accept((ipl_local_status)status[i], term)) return IPL_OK;
            sum += value[i];
        }
    }
    term->sum += sum;
    return IPL_OK;
}

static ipl_status find_densities(const mi_term_plan *plan)
{
    ipl_device *dev = plan->call->dev;
    const int count = mi_term_list_open(plan), step = mi_term_together(plan, count);
    if (!plan->how->local) return IPL_OK;
    for (int c = 0; c < count; c += step)
        IPL_TRY(dev->backend->local_densities(dev->state, step, plan->density + c,
                                              plan->work));
    for (int c = 0; c < count; ++c) IPL_TRY(add_values(dev, plan->open[c]));
    return IPL_OK;
}

/* -- Points -----------------------------------------------------------------------*/

/* Mean over the rows of the constant a. */
static double mean_constant(const mi_term_plan *plan, const mi_term *term)
{
    const ipl_pairs *p = &term->near.pairs;
    double mean = 0.0;
    if (!plan->how->constant) return 0.0;
    if (!p->y) return plan->how->constant(plan->options->k, term->d, p->n);
    for (int32_t c = 0; c < p->y->classes; ++c) {
        const int64_t rows = p->y->start[c + 1] - p->y->start[c];
        if (rows)
            mean += (double)rows / (double)p->n *
                    plan->how->constant(plan->options->k, term->d, rows);
    }
    return mean;
}

static void finish(const mi_term_plan *plan)
{
    const int count = mi_term_list_open(plan);
    for (int c = 0; c < count; ++c) {
        mi_term *term = plan->open[c];
        term->h = term->sum / (double)term->near.pairs.n + mean_constant(plan, term);
        term->known = 1;
    }
    for (int j = 0; j < plan->call->jobs; ++j)
        if (plan->of[j][TERM_X].d)
            keep_inputs(plan->call->job[j].inputs, plan->options, &plan->of[j][TERM_X]);
}

static ipl_mi_point point_of(const mi_term_plan *plan, int j)
{
    ipl_mi_point point = mi_point_empty();
    const mi_term *of = plan->of[j], *x = &plan->of[plan->x_in[j]][TERM_X];
    point.h_t = of[TERM_T].h;
    if (of[TERM_XT].d) point.i_xt = x->h + of[TERM_T].h - of[TERM_XT].h;
    if (of[TERM_T_GIVEN_Y].d) point.i_ty = of[TERM_T].h - of[TERM_T_GIVEN_Y].h;
    const mi_term *const used[] = {&of[TERM_T], x, &of[TERM_XT], &of[TERM_T_GIVEN_Y]};
    for (int u = 0; u < TERMS; ++u) {
        if (!used[u]->d) continue;
        point.flags |= used[u]->flags;
        if (!point.refusal) point.refusal = used[u]->refusal;
    }
    return point;
}

ipl_status mi_entropies_estimate(const mi_call *call, const ipl_mi_options *options,
                                 mi_points *point)
{
    ipl_status st;
    mi_term_plan plan = plan_of(call, options);
    IPL_TRY_DONE(mi_term_plan_make(&plan));
    IPL_TRY_DONE(start(&plan));
    IPL_TRY_DONE(find_distances(&plan));
    IPL_TRY_DONE(find_densities(&plan));
    finish(&plan);
    for (int j = 0; j < call->jobs; ++j) point[j][0] = point_of(&plan, j);
done:
    mi_term_plan_free(&plan);
    return st;
}
