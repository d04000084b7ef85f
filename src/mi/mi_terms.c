/*
 * mi_terms.c - the terms of differences of entropies, and their places in scratch.
 */
#include "mi/mi_terms.h"

#include <math.h>
#include <stdlib.h>

#include "arena.h"

void mi_term_plan_free(mi_term_plan *plan)
{
    free(plan->of);
    free(plan->x_in);
    free(plan->open);
    free(plan->near);
    free(plan->density);
}

static ipl_pairs pairs_of(const mi_call *call, int j, mi_term_of what)
{
    const ipl_mi_job *job = &call->job[j];
    const ipl_range_job none = {0}, *range = call->range ? &call->range[j] : &none;
    ipl_pairs p = {.n = job->t.rows, .spaces = 1, .space = {mi_space_t(job)},
                   .norm = IPL_NORM_EUCLID, .unit = mi_unit(range->lo, range->hi),
                   .block = job->block_rows};
    if (what == TERM_T_GIVEN_Y) p.y = job->y;
    if (what == TERM_X || what == TERM_XT) p.space[0] = mi_space_x(job);
    if (what == TERM_X) {
        p.unit = mi_unit(job->inputs->lo, job->inputs->hi);
        p.block = 0;
    }
    if (what == TERM_XT) {
        p.space[p.spaces++] = mi_space_t(job);
        p.unit = mi_unit_both(range, job->inputs);
    }
    return p;
}

static void plan_term(const mi_term_plan *plan, int j, mi_term_of what,
                      ipl_arena *arena)
{
    mi_term *term = &plan->of[j][what];
    const ipl_pairs pairs = pairs_of(plan->call, j, what);
    const int64_t k = plan->options->k;
    term->d = pairs.space[0].d + (pairs.spaces > 1 ? pairs.space[1].d : 0);
    term->near = (ipl_neighbour_job){.pairs = pairs, .k = (int32_t)k};
    term->near.distance = ipl_arena_take(arena, pairs.n * k, sizeof(float));
    term->square = ipl_arena_take(arena, pairs.n, sizeof(float));
    if (!plan->how->local) return;
    term->density = (ipl_density_job){.pairs = pairs, .density = plan->how->density,
                                   .square = term->square};
    term->density.value = ipl_arena_take(arena, pairs.n, sizeof(double));
    term->density.status = ipl_arena_take(arena, pairs.n, sizeof(int32_t));
}

static int first_with(const mi_call *call, const ipl_mi_inputs *inputs)
{
    int j = 0;
    while (call->job[j].inputs != inputs) ++j;
    return j;
}

static ipl_status plan_host(mi_term_plan *plan)
{
    const mi_call *call = plan->call;
    const size_t jobs = (size_t)call->jobs;
    plan->of = calloc(jobs, sizeof *plan->of);
    plan->x_in = calloc(jobs, sizeof *plan->x_in);
    plan->open = calloc(jobs * TERMS, sizeof *plan->open);
    plan->near = calloc(jobs * TERMS, sizeof *plan->near);
    plan->density = calloc(jobs * TERMS, sizeof *plan->density);
    if (!plan->of || !plan->x_in || !plan->open || !plan->near || !plan->density)
        return IPL_FAIL(IPL_E_MEMORY, "entropies of %d jobs", call->jobs);
    for (int j = 0; j < call->jobs; ++j) {
        plan->x_in[j] = first_with(call, call->job[j].inputs);
        if (call->job[j].t.rows > plan->most) plan->most = call->job[j].t.rows;
        for (int what = 0; what < TERMS; ++what) plan->of[j][what].h = NAN;
    }
    return IPL_OK;
}

int mi_term_is_open(const mi_term *term)
{
    return term->d && !term->known && !term->refusal;
}

int mi_term_list_open(const mi_term_plan *plan)
{
    int count = 0;
    for (int j = 0; j < plan->call->jobs; ++j)
        for (int what = 0; what < TERMS; ++what) {
            mi_term *term = &plan->of[j][what];
            if (!mi_term_is_open(term)) continue;
            plan->near[count] = term->near;
            plan->density[count] = term->density;
            plan->open[count++] = term;
        }
    return count;
}

/* What the backend asks for some of those listed. */
static size_t work_for(const mi_term_plan *plan, int first, int count)
{
    const ipl_device *dev = plan->call->dev;
    size_t most = dev->backend->neighbour_scratch_bytes(dev->state, count,
                                                        plan->near + first);
    if (plan->how->local) {
        const size_t local = dev->backend->density_scratch_bytes(
            dev->state, count, plan->density + first);
        most = local > most ? local : most;
    }
    return most;
}

int mi_term_together(const mi_term_plan *plan, int count)
{
    return count && work_for(plan, 0, count) <= plan->work_bytes ? count : 1;
}

/* H(X) has its place even where it is known already: a call that needs it may use the
 * same scratch. */
ipl_status mi_term_plan_make(mi_term_plan *plan)
{
    const mi_call *call = plan->call;
    ipl_arena arena = {.base = call->scratch};
    IPL_TRY(plan_host(plan));
    plan->last = ipl_arena_take(&arena, plan->most, sizeof *plan->last);
    for (int j = 0; j < call->jobs; ++j) {
        char text[24];
        const ipl_mi_job *job = &call->job[j];
        const int64_t d = job->t.cols + (job->inputs ? job->inputs->x.cols : 0);
        IPL_REQUIRE(!plan->how->local || d <= MI_LOCAL_UNITS_MAX,
                    "%s: %lld units with those of the inputs: %s expects at most %d",
                    mi_job_name(call->job, j, text), (long long)d,
                    ipl_mi_family_name(plan->options->estimator), MI_LOCAL_UNITS_MAX);
        plan_term(plan, j, TERM_T, &arena);
        if (job->y) plan_term(plan, j, TERM_T_GIVEN_Y, &arena);
        if (job->inputs) plan_term(plan, j, TERM_XT, &arena);
        if (job->inputs && plan->x_in[j] == j) plan_term(plan, j, TERM_X, &arena);
    }
    const int count = mi_term_list_open(plan);
    plan->work_bytes = work_for(plan, 0, count);
    for (int c = 0; c < count; ++c) {
        const size_t alone = work_for(plan, c, 1);
        plan->work_bytes = alone > plan->work_bytes ? alone : plan->work_bytes;
    }
    plan->work = ipl_arena_take(&arena, 1, plan->work_bytes);
    plan->bytes = arena.used;
    return IPL_OK;
}
