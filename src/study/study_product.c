/*
 * study_product.c - the product of all values: its runs, and which networks they share.
 *
 * Two passes: one counts, so that the number is known before anything is allocated, and
 * one makes the runs. Of a run these numbers are kept:
 *
 *   product   its positions on all axes, as one number
 *   group     the same of the first positions that train alike: runs of one group and
 *             the same seeds have the same networks
 *   ticks     equal where the same ticks are measured; -1: it depends on the points
 */
#include <stdlib.h>
#include <string.h>

#include "study/study.h"

typedef struct {
    ipl_study  *s;
    int        *position, *applied; /* [axes]; applied: what `config` has, or -1 */
    char       *left_out;           /* [seeds]                                  */
    uint64_t   *apart;              /* [seeds]: of neighbours with the same, one run */
    study_chunk *some;              /* [seeds]: of the seeds that are left      */
    ipl_config  config;
    int64_t     product;
    int         makes; /* 0: runs are counted                                   */
} pass;

/* -- Seeds ------------------------------------------------------------------------*/

/* All products cut their seeds at the same places: what is left out of one does not
 * change the runs of the others. */
int study_chunks(const ipl_study *s, const char *left_out, const uint64_t *apart,
                 study_chunk *chunk)
{
    int count = 0, block = 0;
    const int seeds = s->key[s->seeds_of].positions;
    for (int p = 0; p < seeds; ++p) {
        int begins = !p || p - block == s->together || s->seed[p] != s->seed[p - 1] + 1;
        if (begins) block = p;
        else begins = apart && apart[p] != apart[p - 1];
        if (left_out && left_out[p]) continue;
        if (!begins && count && chunk[count - 1].first + chunk[count - 1].count == p)
            ++chunk[count - 1].count;
        else chunk[count++] = (study_chunk){p, 1};
    }
    return count;
}

/* -- What is left out -------------------------------------------------------------*/

/* Whether the terms on axes hold: on keys that only measure, or on the others. */
static int holds(const pass *p, const study_condition *c, int measures)
{
    for (int t = c->first; t < c->first + c->terms; ++t) {
        const study_term *term = &p->s->term[t];
        const study_key *key = &p->s->key[term->key];
        if (term->key != p->s->seeds_of &&
            (key->role == IPL_KEY_MEASURES) == measures &&
            key->of[p->position[key->axis]] != term->value)
            return 0;
    }
    return 1;
}

/* What the condition says of keys that only measure, as a number; 0: nothing. */
static uint64_t measures_of(const pass *p, const study_condition *c)
{
    uint64_t hash = 0;
    for (int t = c->first; t < c->first + c->terms; ++t) {
        const study_term *term = &p->s->term[t];
        if (p->s->key[term->key].role == IPL_KEY_MEASURES)
            hash = study_hash(hash ? hash : STUDY_HASH, term, sizeof *term);
    }
    return hash;
}

/* The position of the one seed for which all terms on seeds hold; -1: there is none. */
static int seed_of(const pass *p, const study_condition *c)
{
    int value = -1, at = 0;
    for (int t = c->first; t < c->first + c->terms; ++t) {
        const study_term *term = &p->s->term[t];
        if (term->key != p->s->seeds_of) continue;
        if (value >= 0 && term->value != value) return -1;
        value = term->value;
    }
    while (p->s->key[p->s->seeds_of].of[at] != value) ++at;
    return at;
}

/* Marks its seed. Products that train alike and differ in whether a seed is left out
 * have it in a run of its own, so that they share all networks. *some: others are
 * marked. */
static void mark(pass *p, study_condition *c, int *some)
{
    const int at = seed_of(p, c);
    const size_t seeds = (size_t)p->s->key[p->s->seeds_of].positions;
    if (at < 0 || !holds(p, c, 0)) return;
    if (!*some) {
        memset(p->left_out, 0, seeds * sizeof *p->left_out);
        memset(p->apart, 0, seeds * sizeof *p->apart);
    }
    *some = 1;
    p->apart[at] += measures_of(p, c);
    if (holds(p, c, 1)) p->left_out[at] = (char)(c->matched = 1);
}

/* The chunks of this product's seeds; 0: the product is left out. */
static int chunks_of(pass *p, const study_chunk **chunk)
{
    ipl_study *s = p->s;
    int some = 0, all = 0;
    for (int c = 0; c < s->conditions; ++c) {
        study_condition *condition = &s->condition[c];
        if (condition->of_seeds) mark(p, condition, &some);
        else if (holds(p, condition, 0) && holds(p, condition, 1))
            all = condition->matched = 1;
    }
    *chunk = some || s->seeds_of < 0 ? p->some : s->chunk;
    if (all) return 0;
    if (s->seeds_of < 0) return 1; /* those of the configuration: no chunk is read */
    return some ? study_chunks(s, p->left_out, p->apart, p->some) : s->chunks;
}

/* -- Runs -------------------------------------------------------------------------*/

/* What the measured ticks depend on: the policy, and its own keys. */
static int64_t ticks_of(const pass *p)
{
    static const char *const key_of[IPL_POLICY_COUNT][2] = {
        [IPL_POLICY_EVERY] = {"measure.every", NULL},
        [IPL_POLICY_LOG] = {"measure.log_dense", "measure.log_per_decade"},
        [IPL_POLICY_LIST] = {"measure.list", NULL}};
    const ipl_policy_kind kind = p->config.policy;
    if (kind >= IPL_POLICY_KEPT || p->config.pool_windows[0]) return -1;
    int64_t ticks = kind;
    for (int n = 0; n < 2; ++n) {
        const int k = key_of[kind][n] ? study_key_of(p->s, key_of[kind][n]) : -1;
        ticks *= IPL_STUDY_RUNS_MAX;
        if (k >= 0) ticks += p->s->key[k].of[p->position[p->s->key[k].axis]];
    }
    return ticks;
}

static int64_t group_of(const pass *p)
{
    int64_t group = 0;
    for (int a = 0; a < p->s->axes; ++a)
        group = group * p->s->axis[a].length + p->s->axis[a].class[p->position[a]];
    return group;
}

static void make_run(pass *p, const study_chunk *chunk, int64_t run)
{
    ipl_study *s = p->s;
    ipl_study_run *made = &s->run[run];
    *made = (ipl_study_run){.first_seed = p->config.seed, .seeds = p->config.replicas,
                            .kept_by = -1, .keep = p->config.keep};
    if (s->seeds_of >= 0) {
        made->first_seed = s->seed[chunk->first];
        made->seeds = chunk->count;
    }
    study_name(s, p->position, made);
    s->product[run] = p->product;
    s->group[run] = group_of(p);
    s->ticks[run] = ticks_of(p);
    s->networks += made->seeds;
}

/* The configuration of this product, which differs from the one before in few axes. */
static ipl_status apply(pass *p)
{
    for (int a = 0; a < p->s->axes; ++a) {
        if (p->applied[a] == p->position[a]) continue;
        IPL_TRY(study_set(p->s, a, p->position[a], &p->config));
        p->applied[a] = p->position[a];
    }
    return IPL_OK;
}

/* Of the runs of a product it is the smallest that may have too few networks. */
static ipl_status check(pass *p, int64_t first, int64_t end)
{
    const ipl_study_run *least = &p->s->run[first];
    for (int64_t r = first; r < end; ++r)
        if (p->s->run[r].seeds < least->seeds) least = &p->s->run[r];
    p->config.replicas = least->seeds;
    if (ipl_config_check(&p->config) == IPL_OK) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: run %s: %s", p->s->path, least->name,
                    ipl_last_error_text());
}

/* The runs of one product. */
static ipl_status take_product(pass *p)
{
    ipl_study *s = p->s;
    const study_chunk *chunk;
    const int count = chunks_of(p, &chunk);
    const int64_t first = s->runs;
    s->runs += count;
    if (!count || !p->makes) return IPL_OK;
    ipl_status st = apply(p);
    if (st != IPL_OK) /* values that do not go together */
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s", s->path, ipl_last_error_text());
    p->config.replicas = s->base.replicas;
    for (int c = 0; c < count; ++c) make_run(p, chunk + c, first + c);
    return check(p, first, first + count);
}

/* Each product once, the last axis fastest. */
static ipl_status go_through(pass *p, int makes)
{
    ipl_study *s = p->s;
    p->makes = makes;
    s->runs = 0;
    memset(p->position, 0, ((size_t)s->axes + 1) * sizeof *p->position);
    for (p->product = 0; p->product < s->products; ++p->product) {
        IPL_TRY(take_product(p));
        for (int a = s->axes - 1; a >= 0 && ++p->position[a] == s->axis[a].length; --a)
            p->position[a] = 0;
    }
    return IPL_OK;
}

/* -- Networks that are shared -----------------------------------------------------*/

static int same_networks(const void *user, int64_t a, int64_t b)
{
    const ipl_study *s = user;
    return s->group[a] == s->group[b] && s->run[a].first_seed == s->run[b].first_seed &&
           s->run[a].seeds == s->run[b].seeds;
}

static void share(ipl_study *s, int64_t run, int64_t trainer)
{
    const int same = s->ticks[run] >= 0 && s->ticks[run] == s->ticks[trainer];
    const ipl_keep needed = same ? IPL_KEEP_MEASURED : IPL_KEEP_ALL;
    s->run[run].kept_by = trainer;
    s->run[run].keep = IPL_KEEP_NONE;
    if (s->run[trainer].keep < needed) s->run[trainer].keep = needed;
}

static ipl_status share_networks(ipl_study *s)
{
    study_index trained;
    IPL_TRY(study_index_make(&trained, s->runs, same_networks, s));
    for (int64_t r = 0; r < s->runs; ++r) {
        uint64_t hash = study_hash(STUDY_HASH, &s->group[r], sizeof s->group[r]);
        hash = study_hash(hash, &s->run[r].first_seed, sizeof s->run[r].first_seed);
        const int64_t trainer = study_index_add(&trained, hash, r);
        if (trainer != r) share(s, r, trainer);
    }
    study_index_free(&trained);
    return IPL_OK;
}

/* -- All of it --------------------------------------------------------------------*/

static ipl_status check_count(const ipl_study *s)
{
    for (int c = 0; c < s->conditions; ++c)
        if (!s->condition[c].matched)
            return study_fail(s->condition[c].entry, "a condition that no product "
                                                     "meets");
    if (s->runs >= 1 && s->runs <= IPL_STUDY_RUNS_MAX) return IPL_OK;
    if (!s->runs)
        return IPL_FAIL(IPL_E_FORMAT, "%s: [sweep] skip leaves no run", s->path);
    return IPL_FAIL(IPL_E_FORMAT, "%s: [sweep] has %lld runs: expected at most %d",
                    s->path, (long long)s->runs, IPL_STUDY_RUNS_MAX);
}

static ipl_status make_room(ipl_study *s)
{
    const size_t runs = (size_t)s->runs;
    s->run = malloc(runs * sizeof *s->run);
    s->product = malloc(runs * sizeof *s->product);
    s->group = malloc(runs * sizeof *s->group);
    s->ticks = malloc(runs * sizeof *s->ticks);
    if (s->run && s->product && s->group && s->ticks) return IPL_OK;
    return IPL_FAIL(IPL_E_MEMORY, "%zu runs", runs);
}

ipl_status study_products(ipl_study *s)
{
    const size_t axes = (size_t)s->axes + 1;
    const size_t seeds = s->seeds_of < 0 ? 1 : (size_t)s->key[s->seeds_of].positions;
    ipl_status st = IPL_OK;
    pass p = {.s = s, .config = s->base};
    p.position = calloc(axes, sizeof *p.position);
    p.applied = malloc(axes * sizeof *p.applied);
    p.some = malloc(seeds * sizeof *p.some);
    p.left_out = malloc(seeds);
    p.apart = malloc(seeds * sizeof *p.apart);
    if (!p.position || !p.applied || !p.some || !p.left_out || !p.apart) {
        st = IPL_FAIL(IPL_E_MEMORY, "the products of %s", s->path);
        goto done;
    }
    for (int a = 0; a < s->axes; ++a) p.applied[a] = -1;
    IPL_TRY_DONE(go_through(&p, 0));
    IPL_TRY_DONE(check_count(s));
    IPL_TRY_DONE(make_room(s));
    IPL_TRY_DONE(go_through(&p, 1));
    IPL_TRY_DONE(share_networks(s));
done:
    free(p.position);
    free(p.applied);
    free(p.some);
    free(p.left_out);
    free(p.apart);
    return st;
}
