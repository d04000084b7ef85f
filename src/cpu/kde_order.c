/*
 * kde_order.c - the order in which the rows of a narrow layer are packed.
 *
 * Inside each class rows stand in k-d order down to the widest vector, of their units
 * or of fewer axes (kde_axes.c), so that groups of rows fill small boxes whatever the
 * set: kde_list.h leaves out what is far. Where the box of all rows is no wider than
 * the cut nothing is far, and any order will do. Where little is far the tiles of
 * kde_tile.h, which have no tests and fewer loads, are faster: then all pairs are
 * summed.
 */
#include "cpu/kde.h"

#include <math.h>
#include <string.h>

enum { SAMPLE = 24 }; /* rows, and leaves, that tell how much is near */

typedef struct {
    float low[KDE_NARROW], high[KDE_NARROW];
} bounds;

/* Bounds of the rows order[0 .. rows), or of the first ones for order == NULL. */
static void bound(const kde_places *p, const int32_t *order, int64_t rows, bounds *b)
{
    const float *first = p->z + (order ? order[0] : 0) * (int64_t)p->stride;
    memcpy(b->low, first, (size_t)p->dims * sizeof *first);
    memcpy(b->high, first, (size_t)p->dims * sizeof *first);
    for (int64_t i = 1; i < rows; ++i) {
        const float *x = p->z + (order ? order[i] : i) * p->stride;
        for (int k = 0; k < p->dims; ++k) {
            b->low[k] = x[k] < b->low[k] ? x[k] : b->low[k];
            b->high[k] = x[k] > b->high[k] ? x[k] : b->high[k];
        }
    }
}

int kde_is_ordered(const ipl_kde_job *job, float factor, kde_matrix *m, double *reach)
{
    bounds b;
    float widest = 0.0f;
    double square = 0.0;
    if (job->d > KDE_NARROW || !(m->cut < INFINITY)) return 0;
    const kde_places units = {job->t, (int)job->d, (int)job->d, factor};
    bound(&units, NULL, job->n, &b);
    for (int64_t k = 0; k < job->d; ++k) {
        const float range = factor * b.high[k] - factor * b.low[k];
        widest += range * range;
        square += (double)range * (double)range;
    }
    if (widest <= m->cut) m->cut = INFINITY;
    m->near_cut = m->cut; /* of the units themselves */
    m->dims = (int)job->d;
    *reach = sqrt(square);
    return m->cut < INFINITY;
}

static int is_near(const kde_places *p, int32_t row, const bounds *b, float cut)
{
    const float *x = p->z + row * (int64_t)p->stride;
    float distance = 0.0f;
    for (int k = 0; k < p->dims; ++k) {
        const float below = b->low[k] - x[k], above = x[k] - b->high[k];
        const float gap = p->factor * (below > above ? below : above);
        distance += gap > 0.0f ? gap * gap : 0.0f;
    }
    return distance <= cut;
}

int kde_near_percent(const ipl_kde_job *job, const kde_places *places,
                     const int32_t *order, const kde_matrix *m)
{
    const int64_t leaves = job->n / KDE_LEAF;
    int64_t near = 0;
    if (leaves < SAMPLE) return 0; /* of so few anything is fast */
    for (int64_t s = 0; s < SAMPLE; ++s) {
        bounds b;
        bound(places, order + s * leaves / SAMPLE * KDE_LEAF, KDE_LEAF, &b);
        for (int64_t r = 0; r < SAMPLE; ++r) {
            const int64_t i = (2 * r + 1) * job->n / (2 * SAMPLE);
            near += is_near(places, order[i], &b, m->near_cut);
        }
    }
    return (int)(100 * near / (SAMPLE * SAMPLE));
}

void kde_order_class(const ipl_kde_job *job, cpu_kd_part *part,
                     const kde_places *places, int32_t class, int32_t *order,
                     cpu_kd_key *work)
{
    const int64_t from = job->y->start[class], to = job->y->start[class + 1];
    if (from == to) return;
    cpu_kd_order(part, places->z, places->stride, places->dims, KDE_LEAF,
                 from % KDE_LEAF, order + from, to - from, work + 2 * from);
}

void kde_pack_axes(const ipl_kde_job *job, const kde_places *places,
                   const int32_t *order, int64_t lanes, int64_t from, int64_t to,
                   float *axes)
{
    for (int64_t i = from; i < to; ++i) {
        const int32_t row = order[i < job->n ? i : job->n - 1];
        const float *x = places->z + row * (int64_t)places->stride;
        float *at = axes + i / lanes * lanes * places->dims + i % lanes;
        for (int k = 0; k < places->dims; ++k) at[k * lanes] = x[k];
    }
}

void kde_boxes(const kde_matrix *m, int64_t lanes, int64_t from, int64_t to)
{
    for (int64_t group = from / lanes; group < to / lanes; ++group)
        for (int k = 0; k < m->dims; ++k) {
            const float *x = m->axes + (group * m->dims + k) * lanes;
            float low = x[0], high = x[0];
            for (int64_t l = 1; l < lanes; ++l) {
                low = x[l] < low ? x[l] : low;
                high = x[l] > high ? x[l] : high;
            }
            m->low[k * m->boxes + group] = low;
            m->high[k * m->boxes + group] = high;
        }
}
