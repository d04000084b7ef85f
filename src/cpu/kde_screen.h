/*
 * kde_screen.h - pair sums of a wide layer most of whose pairs are too far to count.
 *
 * In the first layers of trained networks some percent of the pairs are near, and
 * they are spread over nearly all tiles, so that kde_kernel.c can leave none of them.
 * Here each pair is tested by itself, in integers, and only what may be near gets its
 * distance.
 *
 * What counts   A pair whose squared distance D, in float with sixteen partial sums,
 *               is at most the cut. Its similarities go to fixed point by themselves.
 *               So neither the order of the rows nor the tests change a bit of a sum:
 *               the tests may only spare work.
 * A test        Rows become integers q_i of one step: |t_i - step q_i - centre| <= r_i,
 *               with all rounding in r_i. By the triangle inequality |t_i - t_j| >=
 *               step |q_i - q_j| - r_i - r_j. With R_i = ceil((sqrt(cut) / 2 + r_i) /
 *               step) a pair is too far if |q_i - q_j| > R_i + R_j, that is, if
 *                   q_i q_j + R_i R_j < (|q_i|^2 - R_i^2) / 2 + (|q_j|^2 - R_j^2) / 2
 * First test    of all pairs, on SCREEN_AXES - 1 principal directions of some rows and,
 *               as one more axis, the length of what they leave of a row. Both only
 *               shrink distances.
 * Second test   of what is left, on all units.
 * Order         Rows stand in k-d order of the axes: near pairs share cache lines.
 */
#ifndef KDE_SCREEN_H
#define KDE_SCREEN_H

#include "arena.h"
#include "cpu/kd_order.h"
#include "cpu/kde.h"

enum {
    SCREEN_AXES = 32,         /* of the first test: one byte each               */
    SCREEN_WORD = 4,          /* bytes that one lane multiplies at once         */
    SCREEN_ROWS = 64,         /* a tile of the first test                       */
    SCREEN_COLUMNS = 128,
    SCREEN_UNITS_MIN = 64,    /* narrower layers and shorter ones are never     */
    SCREEN_UNITS_MAX = 32768, /* screened, and wider ones leave 32 bits         */
    SCREEN_ROWS_MIN = 1024,
    SCREEN_SAMPLE = 256,      /* rows that the directions are taken from        */
    SCREEN_LEAF = 32          /* of the order                                   */
};

/* What a test needs of each row besides its integers. */
typedef struct {
    int32_t *reach;       /* R                                                  */
    int32_t *half_column; /* (|q|^2 - R^2) / 2, rounded down                    */
    int32_t *half_row;    /* the same and bias * sum(q), as columns are biased  */
    double   step;
} screen_bounds;

typedef struct {
    int64_t n, d;
    int64_t places;   /* n in whole tiles; those in excess are near to nothing  */
    int64_t stride;   /* floats of a row: d in groups of sixteen                */
    int64_t width;    /* bytes of a row's integers: d in groups of 64           */
    float   cut, scale;
    double  far;      /* a distance that float may take for the cut             */
    int     screened; /* or the layer is for kde_kernel.c                       */
    int     every;    /* no test: each pair gets its distance                   */
    int32_t *order;   /* [n]: row i here is row order[i] of the layer           */
    int32_t *class_of; /* [places]                                              */
    float   *rows;    /* [places][stride], shared with the packed rows          */
    uint8_t *units;   /* [places][width]: q + bias of all units                 */
    int8_t  *row_axes;     /* [places][SCREEN_AXES]: q                          */
    uint8_t *column_axes;  /* q + bias: [places / lanes][words][lanes][4]       */
    screen_bounds axis, unit;

    /* Of the preparation. */
    double near;           /* share of near pairs, of a sample                  */
    double dense;          /* expected time of a pair in kde_kernel.c, ns       */
    float *mean, *centre;  /* [stride]: of a sample; the middle of its range    */
    float *directions;     /* [SCREEN_AXES - 1][d], orthonormal                 */
    double excess;         /* |V V' - 1| of the directions                      */
    float *z;              /* [n][SCREEN_AXES], by row of the layer             */
    float *z_error;        /* [n]: how far off z may be                         */
    float *farthest;       /* [n]: largest |t - centre| of the row              */
    float  middle[SCREEN_AXES]; /* of the axes' ranges                          */
    cpu_kd_key *keys;      /* [2 n]                                             */
} kde_screen;

/* Lengths of a row, in the unit of the packed coordinates. */
typedef struct {
    float from_mean, from_zero; /* squares                                      */
    float farthest;             /* largest |t - centre|                         */
} screen_lengths;

typedef struct {
    int lanes; /* of column_axes                                                */
    int most;  /* |q| <= most; bias = most + 1                                  */
    /* Time of a pair at 1024 units, ns: dense, when all units are read; screened, of
     * each pair, each that passes the first test and each near one. */
    double dense_ns, pair_ns, passed_ns, near_ns;

    void (*lengths)(const kde_screen *s, const float *t, screen_lengths *out);
    /* Row `place` becomes t: rows, units, unit. */
    void (*encode)(const kde_screen *s, const float *t, int64_t place);
    /* As in kde_kernels. */
    void (*block)(const kde_screen *s, int64_t row, int64_t column,
                  kde_workspace *work);
    cpu_kd_part *part;
} screen_kernels;

extern const screen_kernels screen_kernels_portable, screen_kernels_avx2,
    screen_kernels_avx512, screen_kernels_vnni;

/* -- A layer's preparation, in this order (kde_screen.c); rows is set before ------ */

void screen_lay_out(const ipl_kde_job *job, ipl_arena *arena, kde_screen *s);
/* Clears s->screened unless the layer may be worth it; mean, centre, directions. */
void screen_begin(const ipl_kde_job *job, const kde_matrix *m, const screen_kernels *k,
                  kde_path path, kde_screen *s);
/* Axes of the rows [from, to) of the layer. */
void screen_project(const ipl_kde_job *job, const screen_kernels *k, int64_t from,
                    int64_t to, kde_screen *s);
/* Clears s->screened unless the layer is worth it; order and steps. */
void screen_choose(const screen_kernels *k, kde_path path, kde_screen *s);
/* What the kernels need of the places [from, to). */
void screen_encode(const ipl_kde_job *job, const screen_kernels *k, int64_t from,
                   int64_t to, const kde_screen *s);

/* Bounds of a place with integers of so large a norm and sum; `off` is r. */
void screen_bound(const kde_screen *s, screen_bounds *to, int64_t place, int64_t norm,
                  int64_t sum, int bias, double off);

/* kde_directions.c: mean, centre, directions and excess from SCREEN_SAMPLE rows of t.
 * Returns 0 where there are none. `room` holds as many rows. */
int screen_directions(const float *t, kde_screen *s, float *room);

#endif
