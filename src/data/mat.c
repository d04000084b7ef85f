/*
 * mat.c - a dataset from a MATLAB or HDF5 file: inputs and labels chosen by name.
 *
 * Inputs are F and labels y unless options name others, "dataset.train.images" for a
 * field of a struct. A file without F and y that is laid out as EMNIST's has its
 * training and test part under `dataset`, which data.parts then chooses from. Rows are
 * the first axis of the inputs, or the last where that one is as long as the labels.
 */
#include <hdf5.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/mat_check.h"
#include "data/mat_file.h"

enum { TEXT_BYTES = 1024, SHOWN_MAX = 12 };

typedef struct {
    const char       *path;
    const mat_reader *reader;
    void             *file;
    mat_list          list;
} mat_set;

/* ---- variables by name -------------------------------------------------------- */

/* "a.b" and "a/b" are the same. */
static int same_name(const char *a, const char *b)
{
    while (*a && (*a == *b || (strchr("./", *a) && *b && strchr("./", *b)))) ++a, ++b;
    return !*a && !*b;
}

static const mat_variable *find(const mat_set *s, const char *name)
{
    for (int v = 0; v < s->list.count; ++v)
        if (same_name(s->list.at[v].name, name)) return &s->list.at[v];
    return NULL;
}

/* "60000 x 784" */
static const char *shape_text(const mat_variable *v, char text[TEXT_BYTES])
{
    int used = 0;
    text[0] = 0;
    for (int d = 0; d < v->dims; ++d)
        used += snprintf(text + used, (size_t)(TEXT_BYTES - used), "%s%" PRIu64,
                         d ? " x " : "", v->shape[d]);
    return text;
}

/* "X (60000 x 784 single), labels (60000 x 1 uint8) and 3 more"; within: the fields of
 * this variable alone. */
static const char *list_text(const mat_set *s, const char *within,
                             char text[TEXT_BYTES])
{
    int used = snprintf(text, TEXT_BYTES, "%s", s->list.count ? "" : "no variable");
    int shown = 0, more = 0;
    for (int k = 0; k < s->list.count; ++k) {
        const mat_variable *v = &s->list.at[k];
        char shape[TEXT_BYTES];
        if (v->form == MAT_STRUCT || strncmp(v->name, within, strlen(within))) continue;
        const int left = TEXT_BYTES - 32 - used;
        const int need = snprintf(NULL, 0, "%s (%s%s%s), ", v->name,
                                  shape_text(v, shape), v->dims ? " " : "", v->kind);
        if (shown == SHOWN_MAX || need >= left) {
            ++more;
            continue;
        }
        used += snprintf(text + used, (size_t)left, "%s%s (%s%s%s)", shown ? ", " : "",
                         v->name, shape, v->dims ? " " : "", v->kind);
        ++shown;
    }
    if (more) snprintf(text + used, 32, " and %d more", more);
    return text;
}

static ipl_status no_variable(const mat_set *s, const char *name, const char *key)
{
    char text[TEXT_BYTES];
    return IPL_FAIL(IPL_E_FORMAT, "%s: no variable %s: it has %s: name one by %s",
                    s->path, name, list_text(s, "", text), key);
}

/* What MATLAB has to do so that such a variable can be read. */
static const char *remedy(const mat_variable *v, int labels)
{
    switch (v->form) {
    case MAT_COMPLEX: return "save [real(..) imag(..)]";
    case MAT_CELL:    return labels ? "save [~, ~, y] = unique(..)"
                                    : "save cell2mat(..)";
    case MAT_TEXT:    return labels ? "save [~, ~, y] = unique(.., 'rows')"
                                    : "save double(..)";
    default:          return "save its numbers as a matrix";
    }
}

/* The variable must be there and hold real numbers. */
static ipl_status choose(const mat_set *s, const char *name, int labels,
                         const mat_variable **out)
{
    char text[TEXT_BYTES], fields[MAT_NAME_BYTES + 1];
    const char *key = labels ? "data.mat_y" : "data.mat_x";
    const mat_variable *v = find(s, name);
    if (!v) return no_variable(s, name, key);
    if (v->form == MAT_STRUCT) {
        snprintf(fields, sizeof fields, "%s%c", v->name,
                 s->reader == &ipl_mat_hdf5 ? '/' : '.');
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is a struct of %s: name a field by %s",
                        s->path, name, list_text(s, fields, text), key);
    }
    if (v->form == MAT_OUTSIDE)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the values of %s are in another file: save "
                        "them in this one", s->path, name);
    if (v->form != MAT_FULL && v->form != MAT_SPARSE)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %s %s: expected real numbers: %s",
                        s->path, name, shape_text(v, text), v->kind,
                        remedy(v, labels));
    for (int d = 0; d < v->dims; ++d)
        if (!v->shape[d] || v->shape[d] > INT64_MAX / 16)
            return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %s: expected at least one value",
                            s->path, name, shape_text(v, text));
    if (!v->dims)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s has no sizes that can be read", s->path,
                        name);
    *out = v;
    return IPL_OK;
}

/* ---- which axis has the rows -------------------------------------------------- */

/* Whether an axis of v, the first or the last, may have these rows. */
static int is_row_axis(const mat_variable *v, ipl_mat_rows asked, int axis,
                       uint64_t rows)
{
    if (axis ? asked == IPL_MAT_ROWS_FIRST : asked == IPL_MAT_ROWS_LAST && v->dims > 1)
        return 0;
    return v->shape[axis] == rows;
}

/* The axis of the labels that counts the rows: the long one of a row or a column, else
 * (one-hot labels) the first or last, whichever fits the inputs. */
static int label_axis(const mat_variable *x, ipl_mat_rows asked, const mat_variable *y)
{
    int axis = 0, long_axes = 0;
    for (int d = 0; d < y->dims; ++d)
        if (y->shape[d] > 1) {
            axis = d;
            ++long_axes;
        }
    if (long_axes < 2) return axis;
    const int fits = is_row_axis(x, asked, 0, y->shape[0]) ||
                     is_row_axis(x, asked, x->dims - 1, y->shape[0]);
    return fits ? 0 : y->dims - 1;
}

static ipl_status choose_axes(const mat_set *s, const ipl_data_options *o,
                              const mat_variable *x, const mat_variable *y, int axis[2])
{
    char x_text[TEXT_BYTES], y_text[TEXT_BYTES];
    const ipl_mat_rows asked = o->mat_rows;
    const int last = x->dims - 1;
    axis[1] = label_axis(x, asked, y);
    const uint64_t rows = y->shape[axis[1]];
    const int at_first = is_row_axis(x, asked, 0, rows);
    const int at_last = is_row_axis(x, asked, last, rows);
    if (at_first && at_last && x->dims > 2)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %s and %s has %" PRIu64 " labels: its "
                        "rows may be the first or the last axis: say which by "
                        "data.mat_rows", s->path, x->name, shape_text(x, x_text),
                        y->name, rows);
    if (!at_first && !at_last)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s is %s and %s is %s: expected one label "
                        "for each row of %s, along its %s axis", s->path, x->name,
                        shape_text(x, x_text), y->name, shape_text(y, y_text), x->name,
                        asked == IPL_MAT_ROWS_FIRST  ? "first"
                        : asked == IPL_MAT_ROWS_LAST ? "last"
                                                     : "first or last");
    axis[0] = at_first ? 0 : last; /* a square matrix: rows x inputs               */
    return IPL_OK;
}

/* ---- reading --------------------------------------------------------------------- */

static ipl_status read_variable(const mat_set *s, const mat_variable *v, int axis,
                                int labels, ipl_array *out)
{
    char what[TEXT_BYTES];
    mat_values values = {0};
    ipl_status st = IPL_OK;
    snprintf(what, sizeof what, "%s: %s", s->path, v->name);
    IPL_TRY_DONE(s->reader->read(s->file, s->path, v, &values));
    IPL_TRY_DONE(ipl_mat_array(what, v, &values, axis, labels, out));
done:
    ipl_mat_values_free(&values);
    return st;
}

/* What is not plainly rows x inputs is said. */
static void note_axes(const mat_variable *x, int axis, ipl_raw_set *out)
{
    char shape[TEXT_BYTES];
    if (axis) ipl_note(out->notes, "%s is %s: its last axis has the rows%s", x->name,
                       shape_text(x, shape),
                       x->dims > 2 ? ", each flattened in C order" : "");
    else if (x->dims > 2)
        ipl_note(out->notes, "%s is %s: each row is flattened in C order", x->name,
                 shape_text(x, shape));
}

static ipl_status read_part(const mat_set *s, const ipl_data_options *o, const char *x,
                            const char *y, ipl_raw_set *out)
{
    const mat_variable *v[2];
    int axis[2];
    snprintf(out->x_what, sizeof out->x_what, "%s: %s", s->path, x);
    snprintf(out->y_what, sizeof out->y_what, "%s: %s", s->path, y);
    IPL_TRY(choose(s, x, 0, &v[0]));
    IPL_TRY(choose(s, y, 1, &v[1]));
    IPL_TRY(choose_axes(s, o, v[0], v[1], axis));
    IPL_TRY(read_variable(s, v[0], axis[0], 0, &out->x));
    note_axes(v[0], axis[0], out);
    out->bytes = !strcmp(v[0]->kind, "uint8");
    return read_variable(s, v[1], axis[1], 1, &out->y);
}

/* EMNIST's training and test part, or those that are asked for. */
static ipl_status read_emnist(const mat_set *s, const ipl_data_options *o,
                              ipl_raw_set *out)
{
    ipl_status st = IPL_OK;
    if (o->parts == IPL_PARTS_TEST)
        return read_part(s, o, "dataset.test.images", "dataset.test.labels", out);
    if (o->parts == IPL_PARTS_TRAIN)
        return read_part(s, o, "dataset.train.images", "dataset.train.labels", out);
    ipl_raw_set *test = calloc(1, sizeof *test);
    if (!test) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", s->path);
    IPL_TRY_DONE(read_part(s, o, "dataset.test.images", "dataset.test.labels", test));
    IPL_TRY_DONE(read_part(s, o, "dataset.train.images", "dataset.train.labels", out));
    out->train_rows = out->x.rows;
    out->bytes = out->bytes && test->bytes;
    IPL_TRY_DONE(ipl_mat_join(s->path, &out->x, &test->x));
    IPL_TRY_DONE(ipl_mat_join(s->path, &out->y, &test->y));
done:
    ipl_array_free(&test->x);
    ipl_array_free(&test->y);
    free(test);
    return st;
}

static const char *or_default(const char *name, const char *fallback)
{
    return name && *name ? name : fallback;
}

static ipl_status read_set(mat_set *s, const ipl_data_options *o, ipl_raw_set *out)
{
    const char *x = or_default(o->mat_x, "F"), *y = or_default(o->mat_y, "y");
    int hdf5;
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_mat_check(s->path, &hdf5));
    s->reader = hdf5 ? &ipl_mat_hdf5 : &ipl_mat_level5;
    IPL_TRY_DONE(s->reader->open(s->path, &s->list, &s->file));
    const int emnist = !strcmp(x, "F") && !strcmp(y, "y") && !find(s, x) &&
                       !find(s, y) && find(s, "dataset.train.images") &&
                       find(s, "dataset.test.images");
    if (emnist) IPL_TRY_DONE(read_emnist(s, o, out));
    else IPL_TRY_DONE(read_part(s, o, x, y, out));
    out->bytes = out->bytes && emnist; /* others' bytes may have any range           */
    ipl_dataset_name(s->path, ".mat", out->name);
done:
    s->reader->close(s->file);
    free(s->list.at);
    return st;
}

ipl_status ipl_load_mat(const ipl_data_options *options, ipl_raw_set *out)
{
    H5E_auto2_t print;
    void *print_data;
    mat_set set = {.path = options->path};
    /* HDF5 prints its errors unless told not to. */
    H5Eget_auto2(H5E_DEFAULT, &print, &print_data);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    const ipl_status st = read_set(&set, options, out);
    H5Eset_auto2(H5E_DEFAULT, print, print_data);
    return st;
}
