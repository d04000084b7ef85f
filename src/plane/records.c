/*
 * records.c - points and rows, to and from the records of a journal.
 */
#include "plane/records.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    double   h_t, i_xt, i_ty, noise_var, outside_share, se_x, se_y;
    int64_t  cells;
    uint32_t flags;
    int16_t  estimator, number; /* the family, and which of its points          */
    int64_t  refusal;
} point_record;

/* A record of points: of each layer its head, then that many points. */
typedef struct {
    int64_t points;
    double  i_next;
} layer_head;

static point_record to_record(const ipl_mi_point *p)
{
    const ipl_mi_family *family = ipl_mi_family_of(p->estimator);
    int16_t number = 0;
    while (strcmp(family->point[number].name, p->name)) ++number;
    return (point_record){p->h_t, p->i_xt, p->i_ty, p->noise_var, p->outside_share,
                          p->se_x, p->se_y, p->cells, p->flags,
                          (int16_t)p->estimator, number, p->refusal};
}

static ipl_status from_record(const point_record *from, ipl_mi_point *to)
{
    const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)from->estimator);
    if (!family || from->number < 0 || from->number >= family->points ||
        from->refusal < 0 || from->refusal >= IPL_MI_REFUSAL_COUNT)
        return IPL_FAIL(IPL_E_FORMAT, "a record of estimator %d, point %d, refusal "
                        "%lld", from->estimator, from->number,
                        (long long)from->refusal);
    *to = (ipl_mi_point){
        .estimator = (ipl_mi_estimator)from->estimator,
        .name = family->point[from->number].name,
        .bound = family->point[from->number].bound,
        .h_t = from->h_t, .i_xt = from->i_xt, .i_ty = from->i_ty,
        .noise_var = from->noise_var, .cells = from->cells,
        .outside_share = from->outside_share, .se_x = from->se_x, .se_y = from->se_y,
        .refusal = (ipl_mi_refusal)from->refusal, .flags = from->flags};
    return IPL_OK;
}

ipl_status ipl_records_add_points(ipl_journal *j, uint32_t type, int64_t tick,
                                  int layers, const ipl_layer *layer)
{
    size_t bytes = (size_t)layers * sizeof(layer_head);
    for (int l = 0; l < layers; ++l)
        bytes += (size_t)layer[l].points * sizeof(point_record);
    char *text = malloc(bytes), *to = text;
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%d layers of a record", layers);
    for (int l = 0; l < layers; ++l) {
        const layer_head head = {layer[l].points, layer[l].i_next};
        memcpy(to, &head, sizeof head);
        to += sizeof head;
        for (int p = 0; p < layer[l].points; ++p, to += sizeof(point_record)) {
            const point_record point = to_record(&layer[l].point[p]);
            memcpy(to, &point, sizeof point);
        }
    }
    const ipl_status st = ipl_journal_append(j, type, tick, text, bytes);
    free(text);
    return st;
}

/* The next `bytes` of a record; 0: it ends before. */
static int take(const char **from, size_t *left, size_t bytes, void *to)
{
    if (*left < bytes) return 0;
    memcpy(to, *from, bytes);
    *from += bytes;
    *left -= bytes;
    return 1;
}

static ipl_status wrong_length(const char *how, int layers)
{
    return IPL_FAIL(IPL_E_FORMAT, "a record of points is too %s for %d layers", how,
                    layers);
}

ipl_status ipl_records_read_points(const void *payload, size_t bytes, int layers,
                                   ipl_layer *layer)
{
    const char *from = payload;
    for (int l = 0; l < layers; ++l) {
        layer_head head;
        if (!take(&from, &bytes, sizeof head, &head))
            return wrong_length("short", layers);
        if (head.points < 0 || head.points > IPL_MI_LAYER_POINTS)
            return IPL_FAIL(IPL_E_FORMAT, "a record with %lld points of a layer",
                            (long long)head.points);
        layer[l] = (ipl_layer){.points = (int)head.points, .i_next = head.i_next};
        for (int p = 0; p < layer[l].points; ++p) {
            point_record point;
            if (!take(&from, &bytes, sizeof point, &point))
                return wrong_length("short", layers);
            IPL_TRY(from_record(&point, &layer[l].point[p]));
        }
    }
    return bytes ? wrong_length("long", layers) : IPL_OK;
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
