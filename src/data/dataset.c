/*
 * dataset.c - from a reader's raw values to a set that can be trained on.
 *
 * Fixed order of the steps: read, labels to classes, leave out rows without a label,
 * limit, permute labels, disturb labels, split, scale. Each random step has a stream of
 * its own, so that switching one on changes nothing in the others.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/scale.h"
#include "data/set_labels.h"
#include "random.h"

static ipl_status (*const load[IPL_DATA_SET_COUNT])(const ipl_data_options *,
                                                    ipl_raw_set *) = {
    [IPL_DATA_IB] = ipl_load_ib,   [IPL_DATA_IDX] = ipl_load_idx,
    [IPL_DATA_MAT] = ipl_load_mat, [IPL_DATA_NPY] = ipl_load_npy,
    [IPL_DATA_ARRAYS] = ipl_load_arrays,
};

ipl_data_options ipl_data_defaults(void)
{
    return (ipl_data_options){.set = IPL_DATA_IB, .seed = 1};
}

void ipl_dataset_free(ipl_dataset *data)
{
    free(data->class_names);
    free(data->x);
    free(data->y);
    free(data->split);
    *data = (ipl_dataset){0};
}

/* ---- for the readers ------------------------------------------------------------ */

void ipl_dataset_name(const char *path, const char *suffix, char name[64])
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') --end;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') --start;
    const size_t cut = strlen(suffix);
    if (end - start > cut && !strncmp(path + end - cut, suffix, cut)) end -= cut;
    snprintf(name, 64, "%.*s", (int)(end - start), path + start);
}

void ipl_note(char *notes, const char *format, ...)
{
    va_list more;
    const size_t used = strlen(notes), room = IPL_NOTES_BYTES - used;
    if (room < 2) return;
    va_start(more, format);
    vsnprintf(notes + used, room - 1, format, more);
    va_end(more);
    strcat(notes, "\n");
}

/* ---- what was read -------------------------------------------------------------- */

static ipl_status check_size(const char *what, const ipl_array *x)
{
    if (x->rows >= 1 && x->rows <= INT32_MAX && x->cols >= 1 && x->cols <= INT32_MAX)
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " rows of %" PRId64 " inputs: "
                    "expected 1 to %d of each", what, x->rows, x->cols, INT32_MAX);
}

/* "X.npy: (10, 28, 28) values are 784 inputs a row" */
static void note_shape(const ipl_raw_set *raw, char *notes)
{
    char shape[IPL_ARRAY_SHAPE_BYTES];
    ipl_array_shape(&raw->x, shape);
    if (raw->x.dims > 2)
        ipl_note(notes, "%s: %s values are %" PRId64 " inputs a row", raw->x_what,
                 shape, raw->x.cols);
}

/* Labels, or real values whose bins they are. */
static ipl_status read_classes(const ipl_data_options *o, ipl_raw_set *raw,
                               ipl_classes *classes)
{
    const ipl_samples_of of = {raw->x_what, raw->x.rows, raw->x.cols};
    const ipl_target_options bins = {
        .form = IPL_TARGET_BINS, .bins = o->y_bins, .no_label = o->no_label};
    if (o->y_bins)
        return ipl_classes_of_values(raw->y_what, of, &raw->y, &bins, classes);
    return ipl_labels_from_array(raw->y_what, of, &raw->y, o->no_label, classes);
}

/* Takes the labels of the raw set, and what else it says; its x stays there. */
static ipl_status take_raw(const ipl_data_options *o, ipl_raw_set *raw, ipl_dataset *d)
{
    ipl_classes classes = {0};
    ipl_status st = IPL_OK;
    IPL_TRY(check_size(raw->x_what, &raw->x));
    IPL_TRY(read_classes(o, raw, &classes));
    ipl_array_free(&raw->y);
    IPL_TRY_DONE(ipl_array_keep_labelled(raw->x_what, &classes, &raw->x));
    memcpy(d->name, raw->name, sizeof d->name);
    memcpy(d->notes, raw->notes, sizeof d->notes);
    note_shape(raw, d->notes);
    if (*classes.note) ipl_note(d->notes, "%s", classes.note);
    /* The rows that the files give to training are the first ones. */
    d->train_rows = raw->train_rows;
    for (int64_t r = 0; r < raw->train_rows; ++r)
        d->train_rows -= classes.y[r] == IPL_NO_CLASS;
    if (raw->train_rows && !d->train_rows) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: no row that trains has a label", raw->y_what);
        goto done;
    }
    ipl_classes_labelled(&classes, classes.y);
    d->rows = raw->x.rows;
    d->inputs = (int32_t)raw->x.cols;
    d->classes = classes.classes;
    d->class_names = classes.names;
    d->y = classes.y;
    return IPL_OK;
done:
    ipl_classes_free(&classes);
    return st;
}

/* A class that the labels have, or [net] ends with, may have no rows. */
static ipl_status note_empty_classes(ipl_dataset *d)
{
    int32_t empty = 0, one = 0;
    char *has = calloc((size_t)d->classes, 1);
    if (!has) return IPL_FAIL(IPL_E_MEMORY, "%d classes", d->classes);
    for (int64_t i = 0; i < d->rows; ++i) has[d->y[i]] = 1;
    for (int32_t c = 0; c < d->classes; ++c)
        if (!has[c]) one = c, ++empty;
    if (empty == 1) ipl_note(d->notes, "class %d has no rows", one);
    if (empty > 1)
        ipl_note(d->notes, "%d of %d classes have no rows, of %" PRId64 " in all",
                 empty, d->classes, d->rows);
    free(has);
    return IPL_OK;
}

/* ---- the steps ------------------------------------------------------------------ */

static ipl_status check_options(const ipl_data_options *o)
{
    IPL_REQUIRE((unsigned)o->set < IPL_DATA_SET_COUNT, "data set %d", (int)o->set);
    static const char *const needed[IPL_DATA_SET_COUNT] = {
        "", "the folder with the IDX files", "the MATLAB or HDF5 file",
        "the folder with X.npy and y.npy", "an npz file, or data.x and data.y"};
    const int by_files = o->set == IPL_DATA_ARRAYS && o->x && *o->x && o->y && *o->y;
    IPL_REQUIRE(o->set == IPL_DATA_IB || by_files || (o->path && *o->path),
                "data.path is missing: %s", needed[o->set]);
    IPL_REQUIRE(o->set == IPL_DATA_ARRAYS || ((!o->x || !*o->x) && (!o->y || !*o->y)),
                "x and y name files of set = arrays only");
    IPL_REQUIRE(o->y_bins == 0 || (o->y_bins >= 2 && o->y_bins <= IPL_CLASSES_MAX),
                "y_bins %" PRId64 ": expected 0 (labels) or 2 to %d", o->y_bins,
                IPL_CLASSES_MAX);
    IPL_REQUIRE((unsigned)o->parts < IPL_PARTS_COUNT, "parts %d", (int)o->parts);
    IPL_REQUIRE((unsigned)o->mat_rows < IPL_MAT_ROWS_COUNT, "mat_rows %d",
                (int)o->mat_rows);
    IPL_REQUIRE((unsigned)o->split < IPL_SPLIT_COUNT, "split %d", (int)o->split);
    IPL_REQUIRE((unsigned)o->scale < IPL_SCALE_COUNT, "scale %d", (int)o->scale);
    IPL_REQUIRE(o->train_fraction >= 0.0 && o->train_fraction <= 1.0,
                "train_fraction %g: expected 0 (the set's own) or up to 1",
                o->train_fraction);
    IPL_REQUIRE(o->label_noise >= 0.0 && o->label_noise <= 1.0,
                "label_noise %g: expected 0 to 1", o->label_noise);
    IPL_REQUIRE(o->limit >= 0, "limit %" PRId64 ": expected 0 (all rows) or more",
                o->limit);
    return IPL_OK;
}

/* Rows of keep[count], ascending, move to the front. */
static void keep_rows(ipl_dataset *d, int64_t count, const int32_t *keep, ipl_array *x)
{
    const size_t row_bytes =
        (size_t)d->inputs * (x->values ? sizeof *x->values : sizeof *x->wide);
    char *at = x->values ? (char *)x->values : (char *)x->wide;
    for (int64_t i = 0; i < count; ++i) {
        if (keep[i] != i)
            memcpy(at + (size_t)i * row_bytes, at + (size_t)keep[i] * row_bytes,
                   row_bytes);
        d->y[i] = d->y[keep[i]];
    }
    d->rows = x->rows = count;
}

/* Gives back what rows that were left out have held. */
static void shrink(ipl_dataset *d, ipl_array *x)
{
    const size_t values = (size_t)d->rows * (size_t)d->inputs;
    float *narrow = x->values ? realloc(x->values, values * sizeof *narrow) : NULL;
    double *wide = x->wide ? realloc(x->wide, values * sizeof *wide) : NULL;
    int32_t *y = realloc(d->y, (size_t)d->rows * sizeof *y);
    if (narrow) x->values = narrow; /* if it fails the larger block stays */
    if (wide) x->wide = wide;
    if (y) d->y = y;
}

/* Keeps `limit` rows, in the set's order: of a shuffled set a random subset, of an
 * ordered one the first. Where the files tell train from test, each part keeps its
 * share of the rows. */
static ipl_status limit_rows(const ipl_data_options *o, ipl_dataset *d, ipl_array *x)
{
    if (!o->limit || o->limit >= d->rows) return IPL_OK;
    const int64_t train = d->train_rows;
    int64_t kept_train =
        (int64_t)rint((double)o->limit * (double)train / (double)d->rows);
    if (train && !kept_train) kept_train = 1;
    const int64_t part_start[2] = {0, train}, part_rows[2] = {train, d->rows - train};
    const int64_t part_kept[2] = {kept_train, o->limit - kept_train};

    int32_t *order = malloc((size_t)d->rows * sizeof *order);
    char *chosen = calloc((size_t)d->rows, 1);
    if (!order || !chosen) {
        free(order);
        free(chosen);
        return IPL_FAIL(IPL_E_MEMORY, "choosing %" PRId64 " of %" PRId64 " rows",
                        o->limit, d->rows);
    }
    for (int p = 0; p < 2; ++p) {
        const ipl_random from = {o->seed, IPL_STREAM_SUBSET | (uint64_t)p << 32};
        if (o->split == IPL_SPLIT_SHUFFLED)
            ipl_random_permutation(from, part_rows[p], order);
        for (int64_t i = 0; i < part_kept[p]; ++i)
            chosen[part_start[p] + (o->split == IPL_SPLIT_SHUFFLED ? order[i] : i)] = 1;
    }
    int64_t count = 0;
    for (int64_t i = 0; i < d->rows; ++i)
        if (chosen[i]) order[count++] = (int32_t)i;
    keep_rows(d, count, order, x);
    shrink(d, x);
    d->train_rows = kept_train;
    free(order);
    free(chosen);
    return IPL_OK;
}

static ipl_status change_labels(const ipl_data_options *o, ipl_dataset *d)
{
    if (o->random_labels) IPL_TRY(ipl_labels_permute(d->rows, o->seed, d->y));
    if (o->label_noise > 0.0)
        IPL_TRY(ipl_labels_disturb(d->rows, d->classes, o->label_noise, o->seed, d->y));
    return IPL_OK;
}

/* Without a fraction a set whose files have two parts keeps them. */
static int is_by_files(const ipl_data_options *o, const ipl_dataset *d)
{
    return o->train_fraction == 0.0 && d->train_rows > 0;
}

ipl_status ipl_dataset_divide(const ipl_data_options *o, ipl_dataset *d)
{
    IPL_REQUIRE(o && d, "options or data are NULL");
    const double fraction = o->train_fraction > 0.0 ? o->train_fraction : 0.8;
    IPL_REQUIRE(o->label_noise == 0.0 || d->classes > 1,
                "label_noise %g of the set '%s', which has one class only",
                o->label_noise, d->name);
    if (is_by_files(o, d)) return IPL_OK;
    const int64_t rows = (int64_t)rint(fraction * (double)d->rows);
    IPL_REQUIRE(rows > 0, "train_fraction %g of the %" PRId64 " rows of '%s' leaves "
                "none to train on", fraction, d->rows, d->name);
    d->train_rows = rows;
    return IPL_OK;
}

/* Fills split[rows]. A shuffled split mixes the rows of two files within each. */
static ipl_status split_rows(const ipl_data_options *o, int by_files, ipl_dataset *d)
{
    d->split = malloc((size_t)d->rows * sizeof *d->split);
    if (!d->split)
        return IPL_FAIL(IPL_E_MEMORY, "the split of %" PRId64 " rows", d->rows);

    const ipl_random from = {o->seed, IPL_STREAM_SPLIT};
    if (o->split == IPL_SPLIT_ORDERED) {
        for (int64_t i = 0; i < d->rows; ++i) d->split[i] = (int32_t)i;
    } else if (!by_files) {
        ipl_random_permutation(from, d->rows, d->split);
    } else {
        const int64_t train = d->train_rows, test = d->rows - train;
        const ipl_random from_test = {o->seed, IPL_STREAM_SPLIT | (uint64_t)1 << 32};
        ipl_random_permutation(from, train, d->split);
        ipl_random_permutation(from_test, test, d->split + train);
        for (int64_t i = train; i < d->rows; ++i) d->split[i] += (int32_t)train;
    }
    return IPL_OK;
}

ipl_status ipl_dataset_load(const ipl_data_options *options, ipl_dataset *out)
{
    ipl_dataset made = {0};
    ipl_status st = IPL_OK;
    IPL_REQUIRE(options && out, "options or result are NULL");
    IPL_TRY(check_options(options));
    ipl_raw_set *raw = calloc(1, sizeof *raw);
    if (!raw) return IPL_FAIL(IPL_E_MEMORY, "no memory to read a data set");
    IPL_TRY_DONE(load[options->set](options, raw));
    IPL_TRY_DONE(take_raw(options, raw, &made));
    IPL_TRY_DONE(limit_rows(options, &made, &raw->x));
    const int by_files = is_by_files(options, &made);
    IPL_TRY_DONE(ipl_dataset_divide(options, &made));
    IPL_TRY_DONE(change_labels(options, &made));
    IPL_TRY_DONE(split_rows(options, by_files, &made));
    IPL_TRY_DONE(ipl_scale_inputs(options, raw, &made));
    IPL_TRY_DONE(note_empty_classes(&made));
    *out = made;
done:
    ipl_array_free(&raw->x);
    ipl_array_free(&raw->y);
    free(raw);
    if (st != IPL_OK) ipl_dataset_free(&made);
    return st;
}
