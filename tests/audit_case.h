/*
 * audit_case.h - networks in NPY files, and what an audit says of them, for tests.
 */
#ifndef AUDIT_CASE_H
#define AUDIT_CASE_H

#include "check.h"
#include "files.h"
#include "ipl_audit.h"
#include "ipl_data.h"

typedef struct {
    ipl_device      *dev;
    char             folder[FILES_PATH];
    char             path[4 * IPL_NET_LAYERS_MAX][2 * FILES_PATH];
    int              paths;
    int64_t          rows;
    int32_t          width; /* of the last layer so far                          */
    ipl_audit_files  files;
    ipl_audit_report report;
} audit_case;

/* Values of a shape as a new NPY file. */
static inline const char *audit_case_file(audit_case *c, int64_t rows, int64_t cols,
                                          const float *values)
{
    char *path = c->path[c->paths];
    snprintf(path, sizeof c->path[0], "%s/%d.npy", c->folder, c->paths++);
    CHECK_OK(ipl_npy_write_float32(path, rows, cols, values));
    return path;
}

/* Inputs alone; the caller ends the case. */
static inline audit_case *audit_case_start(ipl_device *dev, int64_t rows,
                                           int32_t inputs, const float *x)
{
    audit_case *c = calloc(1, sizeof *c);
    CHECK(c);
    c->dev = dev;
    files_make_folder(c->folder);
    c->rows = rows;
    c->width = inputs;
    c->files.x = audit_case_file(c, rows, inputs, x);
    return c;
}

/* One more layer; b NULL only if the others have none. */
static inline void audit_case_layer(audit_case *c, int32_t units, ipl_act act,
                                    const float *w, const float *b)
{
    const int l = c->files.layers++;
    c->files.weights[l] = audit_case_file(c, c->width, units, w);
    c->files.biases[l] = b ? audit_case_file(c, units, 0, b) : NULL;
    c->files.act[l] = act;
    c->width = units;
}

/* Gives the latest layer its activations. */
static inline void audit_case_given(audit_case *c, const float *t)
{
    c->files.t[c->files.layers - 1] = audit_case_file(c, c->rows, c->width, t);
}

/* What the audit says of layer l; its files go to folder/out. */
static inline const ipl_audit_layer *audit_case_audit(audit_case *c, int l)
{
    CHECK_OK(ipl_audit_npy(c->dev, &c->files, files_path(c->folder, "out"),
                           &c->report));
    CHECK(c->report.layers == c->files.layers && l <= c->report.layers);
    return &c->report.layer[l - 1];
}

static inline void audit_case_end(audit_case *c)
{
    files_remove_folder(c->folder);
    free(c);
}

/* The patterns of `bits` bits, first bit last, as rows; to be freed. */
static inline float *audit_case_bits(int bits)
{
    float *x = malloc(((size_t)bits << bits) * sizeof *x);
    CHECK(x);
    for (int64_t i = 0; i < 1 << bits; ++i)
        for (int k = 0; k < bits; ++k) x[i * bits + k] = (float)(i >> k & 1);
    return x;
}

/* Distinct rows of the double chain (in, product, out), then of the float32 chain. */
static inline void expect_rows(const ipl_audit_layer *a, int64_t in, int64_t product,
                               int64_t out, int64_t float_in, int64_t float_out)
{
    if (a->double_in != in || a->double_product != product || a->double_out != out ||
        a->float_in != float_in || a->float_out != float_out)
        fail_msg("%s: rows %lld %lld %lld, float32 %lld %lld; want %lld %lld %lld, "
                 "%lld %lld", a->name, (long long)a->double_in,
                 (long long)a->double_product, (long long)a->double_out,
                 (long long)a->float_in, (long long)a->float_out, (long long)in,
                 (long long)product, (long long)out, (long long)float_in,
                 (long long)float_out);
}

/* Pairs that meet: in double by rank and activation, in float32 by each cause, and how
 * many of those of rounding by saturation. */
static inline void expect_pairs(const ipl_audit_layer *a, int64_t rank, int64_t act,
                                int64_t float_rank, int64_t float_act,
                                int64_t rounding, int64_t saturated)
{
    const int64_t got[] = {
        a->double_pairs[IPL_CAUSE_RANK],      a->double_pairs[IPL_CAUSE_ACTIVATION],
        a->double_pairs[IPL_CAUSE_ROUNDING],  a->float_pairs[IPL_CAUSE_RANK],
        a->float_pairs[IPL_CAUSE_ACTIVATION], a->float_pairs[IPL_CAUSE_ROUNDING],
        a->saturated_pairs};
    const int64_t want[] = {rank, act, 0, float_rank, float_act, rounding, saturated};
    for (int k = 0; k < 7; ++k)
        if (got[k] != want[k])
            fail_msg("%s: count %d of pairs is %lld, want %lld", a->name, k,
                     (long long)got[k], (long long)want[k]);
}

/* H(X|T) in bits, in double and float32. Exact cases are 0, or a sum of one term. */
static inline void expect_lost(const ipl_audit_report *r, const ipl_audit_layer *a,
                               double in_double, double in_float)
{
    const double got[] = {a->h_x_given_t_double / log(2.0), a->h_x_given_t / log(2.0),
                          (r->h_x - a->i_xt_double) / log(2.0),
                          (r->h_x - a->i_xt) / log(2.0)};
    const double want[] = {in_double, in_float, in_double, in_float};
    const double bound[] = {1e-14, 1e-14, 1e-14, 1e-14};
    check_within("H(X|T)", 4, got, want, bound);
    if (in_double == 0.0)
        CHECK(a->h_x_given_t_double == 0.0 && a->i_xt_double == r->h_x);
    if (in_float == 0.0) CHECK(a->h_x_given_t == 0.0 && a->i_xt == r->h_x);
}

#endif
