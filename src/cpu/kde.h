/*
 * kde.h - how kde.c and the pair kernels share the work.
 *
 * The upper triangle of the pairs of a layer's packed rows (pairs_pack.h) is cut into
 * blocks of KDE_ROWS x KDE_SPAN; one call does a block.
 */
#ifndef KDE_H
#define KDE_H

#include <string.h>

#include "cpu/kd_order.h"
#include "cpu/pairs_pack.h"

enum {
    KDE_NARROW = 32, /* units at most of a layer whose rows are put in order    */
    KDE_LEAF = PAIRS_LANES_MAX,
    KDE_DROP_BITS = 21, /* n pairs dropped at 2^-(log2 n + 21) lose 7e-7 bits    */
    KDE_ROWS = 128, /* of a block: a column's float sum has that many terms     */
    KDE_SPAN = 768  /* columns of a block: a multiple of KDE_ROWS and of the
                       widest tile                                              */
};

/* Coordinates by which the rows of a narrow layer are put in order: up to KDE_ON_UNITS
 * units themselves, else up to KDE_AXES_MAX axes (kde_axes.c). */
enum { KDE_AXES_MAX = 8, KDE_ON_UNITS = 2 };
typedef struct {
    const float *z; /* those of row i: z[i * stride .. + dims)                     */
    int   stride, dims;
    float factor; /* z times factor is in the packed unit                          */
} kde_places;

/* The sums that a pair goes to: both bounds, if the classes agree or differ. */
enum {
    KDE_LOWER_WITHIN,
    KDE_UPPER_WITHIN,
    KDE_LOWER_ACROSS,
    KDE_UPPER_ACROSS,
    KDE_SUMS
};

/* Some of the sums: from `begin` up to below `end`. */
typedef struct {
    int begin, end;
} kde_used;

typedef struct {
    pairs_layer pairs;
    float       scale; /* lower bound: 2^(-scale * squared distance)            */
    float       limit; /* distances are cut to this: 2^-125                     */
    float       cut;   /* pairs beyond this may be dropped                      */
    float       near_cut; /* narrow layers: the cut of rows on their axes        */
    int         dims;  /* the number of axes                                     */
    const float *axes;    /* their coordinates there, [groups][dims][lanes]      */
    float      *low, *high; /* and boxes of the groups, [dims][boxes]           */
    int64_t     boxes; /* groups, and one vector more that may be read          */
} kde_matrix;

/* What one thread adds to: row sums of one block, column sums of one span of
 * columns, in fixed point; and room for the kernel, whose lane sums are zero before and
 * after each block. */
typedef struct {
    int64_t row[KDE_SUMS][KDE_ROWS];
    int64_t column[KDE_SUMS][KDE_SPAN];
    float   lane_sum[KDE_SUMS * KDE_ROWS * PAIRS_LANES_MAX];
    float   partial[KDE_ROWS * PAIRS_LANES_MAX * 3];
    kde_used used; /* what the last block has added to                          */
} kde_workspace;

typedef struct {
    int64_t lanes;   /* of the packing                                          */
    int64_t columns; /* of a tile; divides KDE_SPAN                             */
    int     near_percent; /* with more pairs to sum than that, tiles are faster */

    /* Adds the pairs i < j of rows [row, row + KDE_ROWS) with columns [column,
     * column + KDE_SPAN) to work->row and work->column. */
    void (*block)(const kde_matrix *m, int64_t row, int64_t column,
                  kde_workspace *work);
    cpu_kd_part *part;
} kde_kernels;

/* x 2^40 to the nearest integer, for 0 <= x < 2048: 6144 + x has an ulp of 2^-40. */
static inline int64_t kde_fixed(float x)
{
    const double shifted = 6144.0 + (double)x, zero = 6144.0;
    int64_t bits, base;
    memcpy(&bits, &shifted, sizeof bits);
    memcpy(&base, &zero, sizeof base);
    return bits - base;
}

/* How the pairs of a wide layer are summed: as its values suggest, or, for tests,
 * screened (kde_screen.h), or as screened without leaving out a pair. */
typedef enum { KDE_CHOOSE, KDE_SCREENED, KDE_EVERY_PAIR } kde_path;

/* cpu_kde_sums on a path, with scratch of its own; screened[j] says if job j was. */
ipl_status cpu_kde_sums_by(const cpu_state *state, kde_path path, int jobs,
                           ipl_kde_job *job, int *screened);

extern const kde_kernels kde_kernels_portable, kde_kernels_avx2, kde_kernels_avx512;

/* Fills scale, limit and cut of *m, and returns the power of two that coordinates are
 * to be multiplied by: 1 unless the variance is so small or large that squares in its
 * unit leave float's range. kde_scale.c */
float kde_scale(const ipl_kde_job *job, int full_sums, kde_matrix *m);

/* kde_order.c: whether the rows of a layer are to be put in order; m->cut becomes
 * infinite where no pair is beyond it. *reach: in the packed unit, no row is further
 * from any mean of rows. */
int kde_is_ordered(const ipl_kde_job *job, float factor, kde_matrix *m, double *reach);

/* kde_axes.c: rows times factor on m->dims axes, with m->near_cut. room: KDE_AXES_ROOM
 * floats a row. Returns 0 where LAPACK finds no axes. */
#define KDE_AXES_ROOM(d) ((d) <= KDE_AXES_MAX / 2 ? KDE_AXES_MAX / 2 : KDE_AXES_MAX)
int kde_project(const ipl_kde_job *job, float factor, double reach, float *room,
                kde_matrix *m, kde_places *places);

/* Puts the class's rows in order[y->start[class] ..), which holds them, in k-d order of
 * their places. work: room for 2 n keys, which all classes of a layer share. */
void kde_order_class(const ipl_kde_job *job, cpu_kd_part *part,
                     const kde_places *places, int32_t class, int32_t *order,
                     cpu_kd_key *work);

/* How many of 100 pairs are left with rows in that order, judged by a sample. */
int kde_near_percent(const ipl_kde_job *job, const kde_places *places,
                     const int32_t *order, const kde_matrix *m);

/* kde_line.c: room for sums of rows on a line, whether rows lie so that they are to be
 * summed that way, and the sums. */
typedef struct kde_line kde_line;
size_t kde_line_bytes(int64_t n);
int    kde_is_line(const ipl_kde_job *job, kde_line *line);
void   kde_line_sums(kde_line *line, ipl_kde_job *job);

/* Packs the places of the rows order[from .. to) to `axes`; rows in excess of n repeat
 * the last one. */
void kde_pack_axes(const ipl_kde_job *job, const kde_places *places,
                   const int32_t *order, int64_t lanes, int64_t from, int64_t to,
                   float *axes);

/* Boxes of the packed rows [from, to), whole groups. */
void kde_boxes(const kde_matrix *m, int64_t lanes, int64_t from, int64_t to);

#endif
