/*
 * mi_near_plan.c - laying out the searches and counts of a call.
 *
 * Joint spaces are counted in only where distances tie, and rows left out only where a
 * class has one row. Both are known after the search alone: scratch is for the most
 * that any of the four cases needs, which hold for all jobs of a call together.
 */
#include <stdlib.h>

#include "arena.h"
#include "mi/mi_near_plan.h"

void mi_near_plan_free(mi_near_plan *plan)
{
    for (int q = 0; q < plan->terms; ++q) {
        mi_near_term *term = &plan->term[q];
        free(term->others);
        free(term->rho);
        for (int s = 0; s < MI_NEAR_SIDES; ++s) free(term->reach[s]);
    }
    free(plan->term);
    free(plan->search);
    free(plan->count);
}

static ipl_status list_terms(const mi_near *how, const mi_call *call,
                             mi_near_plan *plan)
{
    const size_t most = (size_t)call->jobs * 2;
    const size_t counts = most * (size_t)(how->points * MI_NEAR_SIDES + 1);
    plan->term = calloc(most, sizeof *plan->term);
    plan->search = calloc(most, sizeof *plan->search);
    plan->count = calloc(counts, sizeof *plan->count);
    if (!plan->term || !plan->search || !plan->count)
        return IPL_FAIL(IPL_E_MEMORY, "neighbours of %d jobs", call->jobs);
    for (int j = 0; j < call->jobs; ++j) {
        const ipl_mi_job *job = &call->job[j];
        if (how->inputs && job->inputs)
            plan->term[plan->terms++] = (mi_near_term){.number = j, .job = job};
        if (how->labels && job->y)
            plan->term[plan->terms++] =
                (mi_near_term){.number = j, .job = job, .y = job->y, .first_side = 1};
    }
    return IPL_OK;
}

static void set_spaces(const mi_near_plan *plan, mi_near_term *term)
{
    const ipl_range_job *range = plan->call->range; /* NULL: only bytes are asked for */
    const ipl_mi_job *job = term->job;
    const ipl_space t = mi_space_t(job);
    term->n = job->t.rows;
    term->joint = (ipl_pairs){.n = job->t.rows, .spaces = 1, .space = {t},
                              .norm = plan->how->norm, .unit = 1.0f,
                              .block = job->block_rows, .y = term->y};
    term->single[1] = t;
    if (range) range += term->number;
    if (term->y) {
        if (range) term->joint.unit = mi_unit(range->lo, range->hi);
        return;
    }
    term->single[0] = mi_space_x(job);
    term->joint.spaces = 2;
    term->joint.space[0] = term->single[0];
    term->joint.space[1] = t;
    if (range) term->joint.unit = mi_unit_both(range, job->inputs);
}

static ipl_radius_job count_job(const ipl_pairs *pairs, ipl_arena *arena)
{
    return (ipl_radius_job){.pairs = *pairs,
                            .radius = ipl_arena_take(arena, pairs->n, sizeof(float)),
                            .count = ipl_arena_take(arena, pairs->n, sizeof(int32_t))};
}

/* The labels of the counts follow in mi_near_plan_counts. */
static void lay_out_term(mi_near_plan *plan, int q, ipl_arena *arena)
{
    mi_near_term *term = &plan->term[q];
    const int64_t n = term->joint.n;
    ipl_neighbour_job *search = &plan->search[q];
    *search = (ipl_neighbour_job){.pairs = term->joint, .k = plan->listed};
    search->distance = ipl_arena_take(arena, n * plan->listed, sizeof(float));
    if (plan->how->reach)
        search->neighbour = ipl_arena_take(arena, n * plan->listed, sizeof(int32_t));
    if (term->y) {
        term->start[1] = term->start[2] = n;
        term->rest = (ipl_labels){.rows = n, .classes = 2, .start = term->start};
        term->rest.at = ipl_arena_take(arena, n, sizeof(int32_t));
        term->rest.order = ipl_arena_take(arena, n, sizeof(int32_t));
    }
    term->first = plan->singles;
    for (int p = 0; p < plan->how->points; ++p)
        for (int s = term->first_side; s < MI_NEAR_SIDES; ++s) {
            ipl_pairs single = term->joint;
            single.spaces = 1;
            single.space[0] = term->single[s];
            plan->count[plan->singles++] = count_job(&single, arena);
        }
}

int mi_near_plan_counts(mi_near_plan *plan, int ties, int lonely)
{
    for (int q = 0; q < plan->terms; ++q) {
        const mi_near_term *term = &plan->term[q];
        for (int p = 0; term->y && p < plan->how->points; ++p)
            plan->count[term->first + p].pairs.y = lonely ? &term->rest : NULL;
    }
    return plan->singles + (ties ? plan->terms : 0);
}

ipl_status mi_near_plan_make(const mi_near *how, const mi_call *call, int64_t k,
                             mi_near_plan *plan)
{
    const ipl_backend *backend = call->dev->backend;
    ipl_arena arena = {.base = call->scratch};
    *plan = (mi_near_plan){.how = how, .call = call, .k = k};
    plan->listed = (int32_t)(k < IPL_MI_K_MAX ? k + 1 : k);
    IPL_TRY(list_terms(how, call, plan));
    for (int q = 0; q < plan->terms; ++q) {
        set_spaces(plan, &plan->term[q]);
        lay_out_term(plan, q, &arena);
    }
    for (int q = 0; q < plan->terms; ++q)
        plan->count[plan->singles + q] = count_job(&plan->term[q].joint, &arena);

    size_t most = 1;
    if (plan->terms)
        most = backend->neighbour_scratch_bytes(call->dev->state, plan->terms,
                                                plan->search);
    for (int c = 0; plan->terms && c < 4; ++c) {
        const int counts = mi_near_plan_counts(plan, c & 1, c >> 1);
        const size_t bytes =
            backend->radius_scratch_bytes(call->dev->state, counts, plan->count);
        most = bytes > most ? bytes : most;
    }
    plan->work = ipl_arena_take(&arena, 1, most);
    plan->bytes = arena.used;
    return IPL_OK;
}
