/*
 * npy.c - the values of NPY files, as numbers or words.
 *
 * The values are converted chunk by chunk, so that they are in memory only once. An
 * array in Fortran order has its first axis fastest: its values go to their places in
 * C order.
 */
#include "data/npy.h"

#include <inttypes.h>
#include <stdlib.h>

#include "data/data.h"

enum { CHUNK_BYTES = 1 << 16 };

/* Where the next value of the file goes, and what was seen so far. */
typedef struct {
    const char       *path;
    const npy_header *h;
    int64_t           row, col;
    int64_t           fortran_col; /* the column's number in the file's order      */
    int               not_zero, odd_zero;
} reading;

/* ---- places --------------------------------------------------------------------- */

/* The C order's number of a column from the Fortran order's. */
static int64_t c_column(const npy_header *h, int64_t fortran)
{
    int64_t col = 0, step = h->cols;
    for (int d = 1; d < h->dims; ++d) {
        step /= h->shape[d];
        col += fortran % h->shape[d] * step;
        fortran /= h->shape[d];
    }
    return col;
}

static void advance(reading *r)
{
    if (!r->h->fortran) {
        if (++r->col == r->h->cols) r->col = 0, ++r->row;
    } else if (++r->row == r->h->rows) {
        r->row = 0;
        r->col = c_column(r->h, ++r->fortran_col);
    }
}

/* ---- one value ------------------------------------------------------------------ */

static ipl_status put_word(const reading *r, const unsigned char *at, char *out)
{
    const npy_word got = ipl_npy_word(r->h->type, at, out);
    if (got == NPY_WORD_DONE) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId64 ": %s",
                    r->path, r->row, r->col, got == NPY_WORD_ZERO
                        ? "a word with a zero inside"
                        : "a word with a character beyond Unicode");
}

static ipl_status put_value(reading *r, const unsigned char *at, ipl_array *out)
{
    const int64_t place = r->row * out->cols + r->col;
    if (out->text)
        return put_word(r, at, out->text + (size_t)place * out->text_bytes);
    const npy_value v = ipl_npy_value(r->h->type, at);
    if (out->integers) {
        out->integers[place] = out->naturals ? (int64_t)v.natural : v.whole;
        return IPL_OK;
    }
    if (v.invalid)
        return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId64 ": no "
                        "long double of x86: save a.astype('float64')", r->path,
                        r->row, r->col);
    if (out->values) {
        out->values[place] = (float)v.real;
        return IPL_OK;
    }
    out->wide[place] = v.real;
    out->rounded += v.rounded;
    out->rounded_fit += v.rounded && (double)(float)v.real == v.real;
    r->not_zero |= v.real != 0.0;
    r->odd_zero |= v.odd_zero;
    return IPL_OK;
}

/* ---- all values ----------------------------------------------------------------- */

static ipl_status read_values(const char *path, ipl_input *in, const npy_header *h,
                              ipl_array *out)
{
    const int64_t total = h->rows * h->cols;
    const size_t bytes = (size_t)h->type.bytes;
    reading r = {.path = path, .h = h};
    if (out->values && !h->fortran && h->type.kind == NPY_FLOAT && bytes == 4 &&
        !h->type.swapped)
        return ipl_input_read(in, "the values", (size_t)total * 4, out->values);
    const int64_t most = bytes < CHUNK_BYTES ? CHUNK_BYTES / (int64_t)bytes : 1;
    unsigned char *chunk = malloc((size_t)most * bytes);
    if (!chunk) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    ipl_status st = IPL_OK;
    for (int64_t at = 0; at < total && st == IPL_OK; at += most) {
        const int64_t count = total - at < most ? total - at : most;
        st = ipl_input_read(in, "the values", (size_t)count * bytes, chunk);
        for (int64_t k = 0; k < count && st == IPL_OK; ++k, advance(&r))
            st = put_value(&r, chunk + (size_t)k * bytes, out);
    }
    free(chunk);
    if (st == IPL_OK && r.odd_zero && !r.not_zero)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no long doubles of x86: save "
                        "a.astype('float64')", path);
    return st;
}

static ipl_status alloc_for(const char *path, const npy_header *h, int labels,
                            ipl_array *out)
{
    const size_t values = (size_t)h->rows * (size_t)h->cols;
    const int whole = h->type.kind == NPY_INTEGER || h->type.kind == NPY_UNSIGNED;
    void *made;
    out->rows = h->rows;
    out->cols = h->cols;
    out->dims = h->dims;
    for (int d = 0; d < h->dims; ++d) out->shape[d] = h->shape[d];
    if (ipl_npy_type_is_word(h->type)) {
        out->text_bytes = (size_t)h->type.bytes + 1;
        made = out->text = malloc(values * out->text_bytes);
    } else if (labels && whole) {
        made = out->integers = malloc(values * sizeof *out->integers);
        out->naturals = h->type.kind == NPY_UNSIGNED;
    } else if (ipl_npy_type_is_narrow(h->type)) {
        made = out->values = malloc(values * sizeof *out->values);
    } else {
        made = out->wide = malloc(values * sizeof *out->wide);
    }
    if (made) return IPL_OK;
    return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %zu values", path, values);
}

ipl_status ipl_npy_read(const char *path, ipl_input *in, int labels, ipl_array *out)
{
    npy_header h;
    ipl_array made = {0};
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_npy_header_read(path, in, &h));
    if (ipl_npy_type_is_word(h.type) && !labels)
        return IPL_FAIL(IPL_E_FORMAT, "%s: holds words: expected numbers", path);
    IPL_TRY_DONE(alloc_for(path, &h, labels, &made));
    IPL_TRY_DONE(read_values(path, in, &h, &made));
    IPL_TRY_DONE(ipl_input_end(in));
    *out = made;
done:
    if (st != IPL_OK) ipl_array_free(&made);
    return st;
}
