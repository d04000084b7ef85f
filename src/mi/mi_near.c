/*
 * mi_near.c - informations from nearest neighbours: search, count, mean.
 *
 * All jobs of a call are searched together, and then counted together. The mean is
 * taken on the host, over the rows in their order.
 */
#include <math.h>
#include <stdlib.h>

#include "mi/mi_near_plan.h"

ipl_status mi_near_scratch_bytes(const mi_call *call, const ipl_mi_options *options,
                                 size_t *bytes)
{
    const mi_near *how = mi_estimator_of(options->estimator)->how;
    mi_near_plan plan;
    const ipl_status st = mi_near_plan_make(how, call, options->k, &plan);
    if (st == IPL_OK) *bytes = plan.bytes;
    mi_near_plan_free(&plan);
    return st;
}

float mi_near_below(float distance)
{
    return distance > 0.0f ? nextafterf(distance, 0.0f) : -1.0f;
}

/* -- After the search -------------------------------------------------------------*/

/* A host copy of device memory, to be freed. */
static ipl_status fetch(ipl_device *dev, const void *at, size_t bytes, void **out)
{
    void *copy = malloc(bytes);
    if (!copy) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes of neighbours", bytes);
    const ipl_status st = ipl_download(dev, at, bytes, copy);
    if (st == IPL_OK) *out = copy;
    else free(copy);
    return st;
}

/* Of I(T;Y): the others of each row's class, how many rows are not left out, and their
 * labels on the device. */
static ipl_status count_classes(ipl_device *dev, mi_near_term *term)
{
    ipl_status st = IPL_OK;
    const int64_t n = term->joint.n, *start = term->y->start;
    const size_t bytes = (size_t)n * sizeof(int32_t);
    int64_t kept = 0, at = 0;
    int32_t *class = NULL, *order = malloc(bytes);
    if (!order) return IPL_FAIL(IPL_E_MEMORY, "classes of %lld rows", (long long)n);
    IPL_TRY_DONE(fetch(dev, term->y->at, bytes, (void **)&class));
    for (int64_t i = 0; i < n; ++i) {
        term->others[i] = (int32_t)(start[class[i] + 1] - start[class[i]] - 1);
        kept += term->others[i] > 0;
    }
    term->n = term->start[1] = kept;
    for (int64_t i = 0; i < n; ++i) {
        class[i] = term->others[i] == 0;
        order[class[i] ? kept++ : at++] = (int32_t)i;
    }
    IPL_TRY_DONE(ipl_upload(dev, class, bytes, term->rest.at));
    IPL_TRY_DONE(ipl_upload(dev, order, bytes, term->rest.order));
done:
    free(class);
    free(order);
    return st;
}

static int64_t neighbours_of(const mi_near_plan *plan, const mi_near_term *term,
                             int64_t i)
{
    return plan->k < term->others[i] ? plan->k : term->others[i];
}

/* rho of each row, and whether it may have others at just that distance which are not
 * among its neighbours: the first one that is listed after them tells. */
static ipl_status take_distances(mi_near_plan *plan, mi_near_term *term,
                                 const ipl_neighbour_job *search)
{
    float *distance = NULL;
    const int64_t n = term->joint.n, listed = plan->listed;
    IPL_TRY(fetch(plan->call->dev, search->distance,
                  (size_t)(n * listed) * sizeof *distance, (void **)&distance));
    for (int64_t i = 0; i < n; ++i) {
        const int64_t k = neighbours_of(plan, term, i);
        if (k == 0) continue; /* left out: rho stays 0 */
        term->rho[i] = distance[i * listed + k - 1];
        if (k < term->others[i])
            plan->ties |= k == listed || distance[i * listed + k] == term->rho[i];
    }
    free(distance);
    return IPL_OK;
}

/* The largest distance of each row's k neighbours in one space. A maximum of exact
 * products and rounded differences: the bits that backends give. */
static void reach_of(const ipl_space *space, float unit, const float *values, int64_t n,
                     int64_t k, int64_t listed, const int32_t *neighbour, float *reach)
{
    const int64_t d = space->d;
    for (int64_t i = 0; i < n; ++i)
        for (int64_t m = 0; m < k; ++m) {
            const float *a = values + i * d;
            const float *b = values + neighbour[i * listed + m] * d;
            for (int64_t u = 0; u < d; ++u)
                reach[i] = fmaxf(reach[i], fabsf(a[u] * unit - b[u] * unit));
        }
}

static ipl_status take_reach(mi_near_plan *plan, mi_near_term *term,
                             const ipl_neighbour_job *search)
{
    ipl_status st = IPL_OK;
    ipl_device *dev = plan->call->dev;
    const int64_t n = term->joint.n;
    int32_t *neighbour = NULL;
    IPL_TRY_DONE(fetch(dev, search->neighbour,
                       (size_t)(n * plan->listed) * sizeof *neighbour,
                       (void **)&neighbour));
    for (int s = 0; s < MI_NEAR_SIDES; ++s) {
        const ipl_space *space = &term->single[s];
        const float *values = space->t;
        float *copy = NULL;
        term->reach[s] = calloc((size_t)n, sizeof *term->reach[s]);
        if (!term->reach[s]) {
            st = IPL_FAIL(IPL_E_MEMORY, "neighbours of %lld rows", (long long)n);
            goto done;
        }
        if (!space->on_host && !dev->about.is_host) {
            IPL_TRY_DONE(fetch(dev, space->t, (size_t)(n * space->d) * sizeof *copy,
                               (void **)&copy));
            values = copy;
        }
        reach_of(space, term->joint.unit, values, n, neighbours_of(plan, term, 0),
                 plan->listed, neighbour, term->reach[s]);
        free(copy);
    }
done:
    free(neighbour);
    return st;
}

/* Radii of all counts of a term, to the device. */
static ipl_status send_radii(mi_near_plan *plan, int q, float *radius)
{
    mi_near_term *term = &plan->term[q];
    ipl_device *dev = plan->call->dev;
    const int64_t n = term->joint.n;
    const size_t bytes = (size_t)n * sizeof *radius;
    const ipl_radius_job *count = plan->count + term->first;
    for (int p = 0; p < plan->how->points; ++p)
        for (int s = term->first_side; s < MI_NEAR_SIDES; ++s, ++count) {
            for (int64_t i = 0; i < n; ++i) {
                const float reach = term->reach[s] ? term->reach[s][i] : 0.0f;
                radius[i] = plan->how->point[p].radius(term->rho[i], reach);
            }
            IPL_TRY(ipl_upload(dev, radius, bytes, (void *)count->radius));
        }
    return ipl_upload(dev, term->rho, bytes,
                      (void *)plan->count[plan->singles + q].radius);
}

static ipl_status take_search(mi_near_plan *plan, int q)
{
    mi_near_term *term = &plan->term[q];
    const int64_t n = term->joint.n;
    term->others = malloc((size_t)n * sizeof *term->others);
    term->rho = calloc((size_t)n, sizeof *term->rho);
    float *radius = malloc((size_t)n * sizeof *radius);
    ipl_status st = IPL_OK;
    if (!term->others || !term->rho || !radius) {
        st = IPL_FAIL(IPL_E_MEMORY, "neighbours of %lld rows", (long long)n);
        goto done;
    }
    for (int64_t i = 0; i < n; ++i) term->others[i] = (int32_t)(n - 1);
    if (term->y) IPL_TRY_DONE(count_classes(plan->call->dev, term));
    plan->lonely |= term->n < n;
    IPL_TRY_DONE(take_distances(plan, term, &plan->search[q]));
    if (plan->how->reach) IPL_TRY_DONE(take_reach(plan, term, &plan->search[q]));
    IPL_TRY_DONE(send_radii(plan, q, radius));
done:
    free(radius);
    return st;
}

/* -- After the counts -------------------------------------------------------------*/

/* The mean of one point over the rows, and whether a row is tied. */
static ipl_status take_mean(const mi_near_plan *plan, int q, int p, double *mean,
                            int *tied)
{
    ipl_status st = IPL_OK;
    ipl_device *dev = plan->call->dev;
    const mi_near_term *term = &plan->term[q];
    const mi_near_point *point = &plan->how->point[p];
    const int sides = MI_NEAR_SIDES - term->first_side;
    const ipl_radius_job *single = &plan->count[term->first + p * sides];
    const size_t bytes = (size_t)term->joint.n * sizeof(int32_t);
    int32_t *count[MI_NEAR_SIDES] = {NULL}, *joint = NULL;
    double sum = 0.0;
    for (int s = 0; s < sides; ++s)
        IPL_TRY_DONE(fetch(dev, single[s].count, bytes,
                           (void **)&count[term->first_side + s]));
    if (plan->ties)
        IPL_TRY_DONE(fetch(dev, plan->count[plan->singles + q].count, bytes,
                           (void **)&joint));
    for (int64_t i = 0; i < term->joint.n; ++i) {
        mi_near_row row = {.n = term->n, .k = neighbours_of(plan, term, i),
                           .rho = term->rho[i]};
        if (row.k == 0) continue;
        row.joint = joint ? joint[i] : row.k;
        for (int s = 0; s < MI_NEAR_SIDES; ++s) {
            row.reach[s] = term->reach[s] ? term->reach[s][i] : 0.0f;
            row.count[s] = count[s] ? count[s][i] : term->others[i];
        }
        sum += point->value(&row);
        *tied |= point->tied(&row);
    }
    *mean = sum / (double)term->n;
done:
    for (int s = 0; s < MI_NEAR_SIDES; ++s) free(count[s]);
    free(joint);
    return st;
}

static void refuse(ipl_mi_point *to, ipl_mi_refusal why)
{
    if (to->refusal == IPL_MI_NOT_REFUSED) to->refusal = why;
}

static ipl_status set_point(const mi_near_plan *plan, int q, int p, ipl_mi_point *to)
{
    const mi_near_term *term = &plan->term[q];
    double mean;
    int tied = 0;
    if (plan->k >= term->joint.n) {
        refuse(to, IPL_MI_FEW_ROWS);
        return IPL_OK;
    }
    if (term->n < term->joint.n) to->flags |= IPL_MI_SINGLETONS;
    if (term->n == 0) {
        refuse(to, IPL_MI_SMALL_CLASS);
        return IPL_OK;
    }
    IPL_TRY(take_mean(plan, q, p, &mean, &tied));
    if (tied) to->flags |= IPL_MI_TIES;
    if (term->y) to->i_ty = mean;
    else to->i_xt = mean;
    return IPL_OK;
}

static ipl_status search_and_count(mi_near_plan *plan)
{
    ipl_device *dev = plan->call->dev;
    if (!plan->terms) return IPL_OK;
    IPL_TRY(dev->backend->nearest_neighbours(dev->state, plan->terms, plan->search,
                                             plan->work));
    for (int q = 0; q < plan->terms; ++q) IPL_TRY(take_search(plan, q));
    const int counts = mi_near_plan_counts(plan, plan->ties, plan->lonely);
    return dev->backend->radius_counts(dev->state, counts, plan->count, plan->work);
}

ipl_status mi_near_estimate(const mi_call *call, const ipl_mi_options *options,
                            mi_points *point)
{
    const mi_near *how = mi_estimator_of(options->estimator)->how;
    ipl_status st;
    mi_near_plan plan;
    for (int j = 0; j < call->jobs; ++j)
        for (int p = 0; p < how->points; ++p) point[j][p] = mi_point_empty();
    IPL_TRY_DONE(mi_near_plan_make(how, call, options->k, &plan));
    IPL_TRY_DONE(search_and_count(&plan));
    for (int q = 0; q < plan.terms; ++q)
        for (int p = 0; p < how->points; ++p)
            IPL_TRY_DONE(set_point(&plan, q, p, &point[plan.term[q].number][p]));
done:
    mi_near_plan_free(&plan);
    return st;
}
