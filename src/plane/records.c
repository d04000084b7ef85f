/*
 * records.c - points and rows, to and from the records of a journal.
 */
#include "plane/records.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    double   h_t, i_xt, i_ty, noise_var, outside_share;
    int64_t  cells;
    uint32_t flags;
    int16_t  estimator, number; /* the family, and which of its points          */
} point_record;

typedef struct {
    int64_t      points;
    double       i_next;
    point_record point[IPL_MI_LAYER_POINTS];
} layer_record;

static point_record to_record(const ipl_mi_point *p)
{
    const ipl_mi_family *family = ipl_mi_family_of(p->estimator);
    int16_t number = 0;
    while (strcmp(family->point[number].name, p->name)) ++number;
    return (point_record){p->h_t, p->i_xt, p->i_ty, p->noise_var, p->outside_share,
                          p->cells, p->flags, (int16_t)p->estimator, number};
}

static ipl_status from_record(const point_record *from, ipl_mi_point *to)
{
    const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)from->estimator);
    if (!family || from->number < 0 || from->number >= family->points)
        return IPL_FAIL(IPL_E_FORMAT, "a record of estimator %d, point %d",
                        from->estimator, from->number);
    *to = (ipl_mi_point){
        .estimator = (ipl_mi_estimator)from->estimator,
        .name = family->point[from->number].name,
        .bound = family->point[from->number].bound,
        .h_t = from->h_t, .i_xt = from->i_xt, .i_ty = from->i_ty,
        .noise_var = from->noise_var, .cells = from->cells,
        .outside_share = from->outside_share, .flags = from->flags};
    return IPL_OK;
}

ipl_status ipl_records_add_points(ipl_journal *j, int64_t tick, int layers,
                                  const ipl_layer *layer)
{
    layer_record *to = calloc((size_t)layers, sizeof *to);
    if (!to) return IPL_FAIL(IPL_E_MEMORY, "%d layers of a record", layers);
    for (int l = 0; l < layers; ++l) {
        to[l].points = layer[l].points;
        to[l].i_next = layer[l].i_next;
        for (int p = 0; p < layer[l].points; ++p)
            to[l].point[p] = to_record(&layer[l].point[p]);
    }
    const ipl_status st = ipl_journal_append(j, RECORD_POINTS, tick, to,
                                             (size_t)layers * sizeof *to);
    free(to);
    return st;
}

ipl_status ipl_records_read_points(const void *payload, size_t bytes, int layers,
                                   ipl_layer *layer)
{
    if (bytes != (size_t)layers * sizeof(layer_record))
        return IPL_FAIL(IPL_E_FORMAT, "a record of %zu bytes: expected %d layers",
                        bytes, layers);
    for (int l = 0; l < layers; ++l) {
        layer_record from;
        memcpy(&from, (const char *)payload + (size_t)l * sizeof from, sizeof from);
        layer[l] = (ipl_layer){.points = (int)from.points, .i_next = from.i_next};
        if (from.points < 0 || from.points > IPL_MI_LAYER_POINTS)
            return IPL_FAIL(IPL_E_FORMAT, "a record with %lld points of a layer",
                            (long long)from.points);
        for (int p = 0; p < from.points; ++p)
            IPL_TRY(from_record(&from.point[p], &layer[l].point[p]));
    }
    return IPL_OK;
}

/* A row: loss and accuracy of both parts, then norm, mean and deviation of layers. */
enum { ROW_HEAD = 4, ROW_LAYER = 3 };

ipl_status ipl_records_add_training(ipl_journal *j, int64_t tick, int replicas,
                                    int layers, const ipl_training_row *row)
{
    const size_t count = (size_t)replicas * (size_t)(ROW_HEAD + ROW_LAYER * layers);
    double *values = malloc(count * sizeof *values), *to = values;
    if (!values) return IPL_FAIL(IPL_E_MEMORY, "%zu values of a record", count);
    for (int k = 0; k < replicas; ++k) {
        *to++ = row[k].loss_train_nats;
        *to++ = row[k].loss_test_nats;
        *to++ = row[k].accuracy_train;
        *to++ = row[k].accuracy_test;
        for (int l = 0; l < layers; ++l) {
            *to++ = row[k].weight_norm[l];
            *to++ = row[k].gradient[l].mean;
            *to++ = row[k].gradient[l].deviation;
        }
    }
    const ipl_status st = ipl_journal_append(j, RECORD_TRAINING, tick, values,
                                             count * sizeof *values);
    free(values);
    return st;
}

ipl_status ipl_records_read_training(const void *payload, size_t bytes, int replicas,
                                     int layers, ipl_training_row *row)
{
    const size_t each = (size_t)(ROW_HEAD + ROW_LAYER * layers) * sizeof(double);
    if (bytes != (size_t)replicas * each)
        return IPL_FAIL(IPL_E_FORMAT, "a record of %zu bytes: expected %d networks of "
                        "%d layers", bytes, replicas, layers);
    for (int k = 0; k < replicas; ++k) {
        const char *from = (const char *)payload + (size_t)k * each;
        double head[ROW_HEAD], layer[ROW_LAYER];
        memcpy(head, from, sizeof head);
        memset(row + k, 0, sizeof *row);
        row[k].loss_train_nats = head[0];
        row[k].loss_test_nats = head[1];
        row[k].accuracy_train = head[2];
        row[k].accuracy_test = head[3];
        for (int l = 0; l < layers; ++l) {
            memcpy(layer, from + sizeof head + (size_t)l * sizeof layer, sizeof layer);
            row[k].weight_norm[l] = layer[0];
            row[k].gradient[l] = (ipl_gradient_stats){layer[1], layer[2]};
        }
    }
    return IPL_OK;
}
