/*
 * idx.c - MNIST, Fashion-MNIST, EMNIST, QMNIST: IDX files, plain or gzip.
 *
 * A part is a pair of files, images and labels. A header is two zero bytes, a byte for
 * the type of the elements, one for the number of dimensions, and one big-endian size a
 * dimension; elements are big-endian. Images have two to four dimensions, the first for
 * the images; labels have one, or a row for each image: one-hot, or the eight numbers
 * of QMNIST, whose first is the class.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/idx_files.h"
#include "data/input.h"

enum { CHUNK_BYTES = 1 << 16, DIMS_MAX = 4, QMNIST_COLUMNS = 8 };

/* The codes of the elements' types. float32 holds the narrow ones exactly. */
typedef enum {
    UBYTE = 0x08, BYTE = 0x09, SHORT = 0x0b, INT = 0x0c, FLOAT = 0x0d, DOUBLE = 0x0e
} idx_type;

static int bytes_of(int type)
{
    switch (type) {
    case UBYTE: case BYTE: return 1;
    case SHORT:            return 2;
    case INT: case FLOAT:  return 4;
    case DOUBLE:           return 8;
    default:               return 0;
    }
}

typedef struct {
    char       path[IDX_PATH_BYTES];
    ipl_input *in;
    int        type, dims;
    uint32_t   size[DIMS_MAX];
    int64_t    rows, cols;
    int        is_qmnist;      /* labels, of which column 0 is the class          */
} idx_file;

typedef struct {
    idx_file images, labels;
} idx_part;

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

/* -- Headers ----------------------------------------------------------------------*/

static ipl_status read_magic(idx_file *f, idx_file_kind kind)
{
    unsigned char magic[4];
    IPL_TRY(ipl_input_read(f->in, "the magic number", 4, magic));
    f->type = magic[2];
    f->dims = magic[3];
    if (magic[0] || magic[1])
        return IPL_FAIL(IPL_E_FORMAT, "%s: starts with bytes %02x %02x: expected an "
                        "IDX file (00 00)", f->path, magic[0], magic[1]);
    if (!bytes_of(f->type))
        return IPL_FAIL(IPL_E_FORMAT, "%s: elements of type %02x: expected 08 ubyte, "
                        "09 byte, 0b short, 0c int, 0d float or 0e double", f->path,
                        f->type);
    const int least = kind == IDX_IMAGES ? 2 : 1;
    const int most = kind == IDX_IMAGES ? DIMS_MAX : 2;
    if (f->dims >= least && f->dims <= most) return IPL_OK;
    const int swapped = kind == IDX_IMAGES ? f->dims == 1 : f->dims == 3;
    return IPL_FAIL(IPL_E_FORMAT, "%s: %d dimension%s, and %s have %d to %d%s", f->path,
                    f->dims, f->dims == 1 ? "" : "s",
                    kind == IDX_IMAGES ? "images" : "labels", least, most,
                    !swapped              ? ""
                    : kind == IDX_IMAGES ? ": these are labels: swap the two files"
                                         : ": these are images: swap the two files");
}

/* Reads the header, and checks that the file can be what it claims. */
static ipl_status read_header(idx_file *f, idx_file_kind kind)
{
    unsigned char sizes[4 * DIMS_MAX];
    char claim[128];
    int used;
    IPL_TRY(read_magic(f, kind));
    IPL_TRY(ipl_input_read(f->in, "the sizes", (size_t)(4 * f->dims), sizes));
    f->cols = 1;
    for (int d = 0; d < f->dims; ++d) {
        f->size[d] = big_endian(sizes + 4 * d);
        if (f->size[d] == 0 || f->size[d] > INT32_MAX)
            return IPL_FAIL(IPL_E_FORMAT, "%s: size of dimension %d is %u: expected 1 "
                            "to %d", f->path, d, f->size[d], INT32_MAX);
        /* So that the bytes of all rows are below 2^63, whatever the type. */
        if (d && f->cols > INT32_MAX / 8 / (int64_t)f->size[d])
            return IPL_FAIL(IPL_E_FORMAT, "%s: rows of more than %d values", f->path,
                            INT32_MAX / 8);
        if (d) f->cols *= f->size[d];
    }
    f->rows = f->size[0];
    f->is_qmnist = kind == IDX_LABELS && f->type == INT && f->cols == QMNIST_COLUMNS;
    used = snprintf(claim, sizeof claim, "%u %s", f->size[0],
                    kind == IDX_IMAGES ? "images" : "labels");
    for (int d = 1; d < f->dims; ++d)
        used += snprintf(claim + used, sizeof claim - (size_t)used, "%s%u",
                         d > 1 ? " x " : " of ", f->size[d]);
    return ipl_input_expect(f->in, 4 + 4 * (uint64_t)f->dims +
                            (uint64_t)(f->rows * f->cols) * (uint64_t)bytes_of(f->type),
                            claim);
}

static ipl_status open_file(const char *folder, const char *prefix, idx_part_kind part,
                            idx_file_kind kind, idx_file *f)
{
    IPL_TRY(ipl_idx_find_file(folder, prefix, part, kind, f->path));
    IPL_TRY(ipl_input_open(f->path, &f->in));
    return read_header(f, kind);
}

static ipl_status open_part(const char *folder, const char *prefix, idx_part_kind which,
                            idx_part *part)
{
    IPL_TRY(open_file(folder, prefix, which, IDX_IMAGES, &part->images));
    IPL_TRY(open_file(folder, prefix, which, IDX_LABELS, &part->labels));
    if (part->images.rows == part->labels.rows) return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " images, but %s: %" PRId64 " labels: "
                    "expected the same number", part->images.path, part->images.rows,
                    part->labels.path, part->labels.rows);
}

/* -- Elements ---------------------------------------------------------------------*/

static double element(int type, const unsigned char *at)
{
    uint64_t bits;
    float narrow;
    double wide;
    uint32_t word;
    switch (type) {
    case UBYTE: return *at;
    case BYTE:  return (int8_t)*at;
    case SHORT: return (int16_t)(at[0] << 8 | at[1]);
    case INT:   return (int32_t)big_endian(at);
    case FLOAT:
        word = big_endian(at);
        memcpy(&narrow, &word, sizeof narrow);
        return (double)narrow;
    default:
        bits = (uint64_t)big_endian(at) << 32 | big_endian(at + 4);
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
}

/* Elements are converted chunk by chunk, so that a set is in memory only once. Of
 * QMNIST's labels the first of each row goes to the array. */
static ipl_status read_elements(idx_file *f, const char *what, int64_t start,
                                ipl_array *to)
{
    unsigned char chunk[CHUNK_BYTES];
    const int bytes = bytes_of(f->type), each = f->is_qmnist ? QMNIST_COLUMNS : 1;
    const int64_t total = f->rows * f->cols, most = CHUNK_BYTES / bytes;
    for (int64_t at = 0; at < total; at += most) {
        const int64_t count = total - at < most ? total - at : most;
        IPL_TRY(ipl_input_read(f->in, what, (size_t)(count * bytes), chunk));
        for (int64_t i = 0; i < count; ++i) {
            if ((at + i) % each) continue;
            const int64_t place = start + (at + i) / each;
            const double value = element(f->type, chunk + i * bytes);
            if (to->values) to->values[place] = (float)value;
            else to->wide[place] = value;
        }
    }
    return ipl_input_end(f->in);
}

/* Room for the rows of all parts: wide where one of them needs it. */
static ipl_status make_room(const char *what, int64_t rows, int64_t cols, int wide,
                            ipl_array *out)
{
    const size_t values = (size_t)rows * (size_t)cols;
    *out = (ipl_array){.rows = rows, .cols = cols, .dims = 2, .shape = {rows, cols}};
    if (wide) out->wide = malloc(values * sizeof *out->wide);
    else out->values = malloc(values * sizeof *out->values);
    if (out->wide || out->values) return IPL_OK;
    return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " rows of %" PRId64
                    " values", what, rows, cols);
}

static int is_wide(const idx_file *f) { return f->type == INT || f->type == DOUBLE; }

/* -- The set ----------------------------------------------------------------------*/

static ipl_status check_same_size(const idx_file *train, const idx_file *test,
                                  const char *what)
{
    if (train->dims == test->dims &&
        !memcmp(train->size + 1, test->size + 1,
                sizeof *train->size * (size_t)(train->dims - 1)) &&
        train->is_qmnist == test->is_qmnist)
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: %s of %" PRId64 " values, but %s: of %" PRId64
                    ": expected the same size", train->path, what, train->cols,
                    test->path, test->cols);
}

static ipl_status read_parts(idx_part *part, int first, int end, ipl_raw_set *out)
{
    const idx_part *one = &part[first], *two = &part[end - 1];
    const int64_t rows = one->images.rows + (end - first > 1 ? two->images.rows : 0);
    const int64_t label_cols = one->labels.is_qmnist ? 1 : one->labels.cols;
    IPL_TRY(check_same_size(&one->images, &two->images, "images"));
    IPL_TRY(check_same_size(&one->labels, &two->labels, "labels"));
    snprintf(out->x_what, sizeof out->x_what, "%s", one->images.path);
    snprintf(out->y_what, sizeof out->y_what, "%s", one->labels.path);
    IPL_TRY(make_room(out->x_what, rows, one->images.cols,
                      is_wide(&one->images) || is_wide(&two->images), &out->x));
    IPL_TRY(make_room(out->y_what, rows, label_cols, 1, &out->y));
    int64_t row = 0;
    for (int p = first; p < end; row += part[p++].images.rows) {
        IPL_TRY(read_elements(&part[p].images, "the pixels", row * out->x.cols,
                              &out->x));
        IPL_TRY(read_elements(&part[p].labels, "the labels", row * label_cols,
                              &out->y));
    }
    out->bytes = one->images.type == UBYTE && two->images.type == UBYTE;
    out->train_rows = end - first > 1 ? one->images.rows : 0;
    if (one->labels.is_qmnist)
        ipl_note(out->notes, "%s: 8 numbers a row, as in QMNIST: the first one is the "
                 "class", out->y_what);
    return ipl_array_settle(out->x_what, &out->x);
}

ipl_status ipl_load_idx(const ipl_data_options *options, ipl_raw_set *out)
{
    const int first = options->parts == IPL_PARTS_TEST;
    const int end = options->parts == IPL_PARTS_TRAIN ? 1 : 2;
    ipl_status st = IPL_OK;
    char folder[IDX_PATH_BYTES], prefix[IDX_PREFIX_BYTES];
    IPL_TRY(ipl_idx_find_set(options->path, folder, prefix));
    ipl_dataset_name(options->path, "", out->name);
    idx_part *part = calloc(2, sizeof *part);
    if (!part) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", folder);
    for (int p = first; p < end; ++p)
        IPL_TRY_DONE(open_part(folder, prefix, (idx_part_kind)p, &part[p]));
    st = read_parts(part, first, end, out);
done:
    for (int p = 0; p < 2; ++p) {
        ipl_input_close(part[p].images.in);
        ipl_input_close(part[p].labels.in);
    }
    free(part);
    return st;
}
