/*
 * dataset.c - from a reader's raw values to a set that can be trained on.
 *
 * Fixed order of the steps: read, limit, permute labels, disturb labels, split,
 * scale. Each random step has a stream of its own, so that switching one on
 * changes nothing in the others.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/data.h"
#include "data/set_labels.h"
#include "random.h"

static ipl_status (*const load[IPL_DATA_SET_COUNT])(const ipl_data_options *,
                                                    ipl_dataset *) = {
    [IPL_DATA_IB] = ipl_load_ib,
    [IPL_DATA_IDX] = ipl_load_idx,
    [IPL_DATA_MAT] = ipl_load_mat,
    [IPL_DATA_NPY] = ipl_load_npy,
};

ipl_data_options ipl_data_defaults(void)
{
    return (ipl_data_options){.set = IPL_DATA_IB, .seed = 1};
}

void ipl_dataset_free(ipl_dataset *data)
{
    free(data->x);
    free(data->y);
    free(data->split);
    *data = (ipl_dataset){0};
}

/* ---- for the readers ------------------------------------------------------------ */

static ipl_status check_size(const char *what, int64_t rows, int64_t inputs)
{
    if (rows >= 1 && rows <= INT32_MAX && inputs >= 1 && inputs <= INT32_MAX)
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: %" PRId64 " rows of %" PRId64 " inputs: "
                    "expected 1 to %d of each", what, rows, inputs, INT32_MAX);
}

static ipl_status check_finite(const char *what, int64_t rows, int64_t inputs,
                               const float *x)
{
    for (int64_t i = 0; i < rows * inputs; ++i)
        if (!isfinite(x[i]))
            return IPL_FAIL(IPL_E_FORMAT, "%s: row %" PRId64 ", column %" PRId64 " is "
                            "%g: expected finite float32 values", what, i / inputs,
                            i % inputs, (double)x[i]);
    return IPL_OK;
}

ipl_status ipl_dataset_alloc(const char *what, int64_t rows, int64_t inputs,
                             ipl_dataset *out)
{
    IPL_TRY(check_size(what, rows, inputs));
    out->x = malloc((size_t)rows * (size_t)inputs * sizeof *out->x);
    out->y = malloc((size_t)rows * sizeof *out->y);
    if (!out->x || !out->y)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " rows of %" PRId64
                        " inputs", what, rows, inputs);
    out->rows = rows;
    out->inputs = (int32_t)inputs;
    return IPL_OK;
}

ipl_status ipl_dataset_adopt(const char *what, int64_t rows, int64_t inputs, float **x,
                             ipl_dataset *out)
{
    IPL_TRY(check_size(what, rows, inputs));
    IPL_TRY(check_finite(what, rows, inputs, *x));
    out->y = malloc((size_t)rows * sizeof *out->y);
    if (!out->y)
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %" PRId64 " labels", what,
                        rows);
    out->rows = rows;
    out->inputs = (int32_t)inputs;
    out->x = *x;
    *x = NULL;
    return IPL_OK;
}

void ipl_dataset_name(const char *path, const char *suffix, ipl_dataset *out)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') --end;
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') --start;
    const size_t cut = strlen(suffix);
    if (end - start > cut && !strncmp(path + end - cut, suffix, cut)) end -= cut;
    snprintf(out->name, sizeof out->name, "%.*s", (int)(end - start), path + start);
}

/* ---- the steps ------------------------------------------------------------------ */

static ipl_status check_options(const ipl_data_options *o)
{
    IPL_REQUIRE((unsigned)o->set < IPL_DATA_SET_COUNT, "data set %d", (int)o->set);
    IPL_REQUIRE(o->set == IPL_DATA_IB || (o->path && *o->path),
                "the data set needs a path");
    IPL_REQUIRE((unsigned)o->parts < IPL_PARTS_COUNT, "parts %d", (int)o->parts);
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

/* Rows of keep[count], ascending, move to the front; the rest is given back. */
static void keep_rows(ipl_dataset *d, int64_t count, const int32_t *keep)
{
    const size_t row_bytes = (size_t)d->inputs * sizeof *d->x;
    for (int64_t i = 0; i < count; ++i) {
        if (keep[i] != i)
            memcpy(d->x + i * d->inputs, d->x + (int64_t)keep[i] * d->inputs,
                   row_bytes);
        d->y[i] = d->y[keep[i]];
    }
    d->rows = count;
    float *x = realloc(d->x, (size_t)count * row_bytes);
    int32_t *y = realloc(d->y, (size_t)count * sizeof *y);
    if (x) d->x = x; /* shrinking; if it fails the larger block stays */
    if (y) d->y = y;
}

/* Keeps `limit` rows, in the set's order: of a shuffled set a random subset, of an
 * ordered one the first. Where the files tell train from test, each part keeps its
 * share of the rows. */
static ipl_status limit_rows(const ipl_data_options *o, ipl_dataset *d)
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
    keep_rows(d, count, order);
    d->train_rows = kept_train;
    free(order);
    free(chosen);
    return IPL_OK;
}

static ipl_status change_labels(const ipl_data_options *o, ipl_dataset *d)
{
    IPL_REQUIRE(o->label_noise == 0.0 || d->classes > 1,
                "label_noise %g of the set '%s', which has one class only",
                o->label_noise, d->name);
    if (o->random_labels) IPL_TRY(ipl_labels_permute(d->rows, o->seed, d->y));
    if (o->label_noise > 0.0)
        IPL_TRY(ipl_labels_disturb(d->rows, d->classes, o->label_noise, o->seed, d->y));
    return IPL_OK;
}

/* Fills split[rows]; without a fraction a set whose files have two parts keeps them,
 * and a shuffled split then mixes rows within each part. */
static ipl_status split_rows(const ipl_data_options *o, ipl_dataset *d)
{
    const int by_files = o->train_fraction == 0.0 && d->train_rows > 0;
    const double fraction = o->train_fraction > 0.0 ? o->train_fraction : 0.8;
    if (!by_files) d->train_rows = (int64_t)rint(fraction * (double)d->rows);
    IPL_REQUIRE(d->train_rows > 0, "train_fraction %g of the %" PRId64 " rows of '%s' "
                "leaves none to train on", fraction, d->rows, d->name);
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

/* x <- (x - shift) / unit, then times factor plus offset. Division, not
 * multiplication by the inverse: bytes / 255 then equal what NumPy gives. */
static void rescale(ipl_dataset *d, double shift, double unit, float factor,
                    float offset)
{
    for (int64_t i = 0, n = d->rows * d->inputs; i < n; ++i)
        d->x[i] = factor * (float)(((double)d->x[i] - shift) / unit) + offset;
}

static ipl_status scale_unit(const ipl_data_options *o, int symmetric, ipl_dataset *d)
{
    double low = 0.0, high = 255.0;
    if (o->set != IPL_DATA_IDX) {
        low = high = (double)d->x[0];
        for (int64_t i = 1, n = d->rows * d->inputs; i < n; ++i) {
            if ((double)d->x[i] < low) low = (double)d->x[i];
            if ((double)d->x[i] > high) high = (double)d->x[i];
        }
    }
    IPL_REQUIRE(high > low,
                "all inputs of '%s' are %g: they cannot be scaled to a range",
                d->name, low);
    rescale(d, low, high - low, symmetric ? 2.0f : 1.0f, symmetric ? -1.0f : 0.0f);
    return IPL_OK;
}

static ipl_status scale_standard(ipl_dataset *d)
{
    double mean = 0.0, spread = 0.0;
    const double count = (double)d->train_rows * d->inputs;
    for (int64_t r = 0; r < d->train_rows; ++r)
        for (int32_t c = 0; c < d->inputs; ++c)
            mean += (double)d->x[(int64_t)d->split[r] * d->inputs + c];
    mean /= count;
    for (int64_t r = 0; r < d->train_rows; ++r)
        for (int32_t c = 0; c < d->inputs; ++c) {
            const double off =
                (double)d->x[(int64_t)d->split[r] * d->inputs + c] - mean;
            spread += off * off;
        }
    const double sd = sqrt(spread / count);
    IPL_REQUIRE(sd > 0.0,
                "all inputs of the training rows of '%s' are %g: they have no "
                "deviation to scale by", d->name, mean);
    rescale(d, mean, sd, 1.0f, 0.0f);
    return IPL_OK;
}

static ipl_status scale_inputs(const ipl_data_options *o, ipl_dataset *d)
{
    const ipl_data_scale scale =
        o->scale != IPL_SCALE_AUTO ? o->scale
        : o->set == IPL_DATA_IDX   ? IPL_SCALE_UNIT
                                   : IPL_SCALE_NONE;
    if (scale == IPL_SCALE_STANDARD) return scale_standard(d);
    if (scale == IPL_SCALE_NONE) return IPL_OK;
    return scale_unit(o, scale == IPL_SCALE_SYMMETRIC, d);
}

ipl_status ipl_dataset_load(const ipl_data_options *options, ipl_dataset *out)
{
    ipl_dataset made = {0};
    ipl_status st = IPL_OK;
    IPL_REQUIRE(options && out, "options or result are NULL");
    IPL_TRY(check_options(options));
    IPL_TRY_DONE(load[options->set](options, &made));
    IPL_TRY_DONE(limit_rows(options, &made));
    IPL_TRY_DONE(change_labels(options, &made));
    IPL_TRY_DONE(split_rows(options, &made));
    IPL_TRY_DONE(scale_inputs(options, &made));
    *out = made;
done:
    if (st != IPL_OK) ipl_dataset_free(&made);
    return st;
}
