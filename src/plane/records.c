/*
 * records.c - points and rows, to and from the records of a journal.
 */
#include "plane/records.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    double   h_t, i_xt, i_ty, noise_var, outside_share, se_x, se_y, i_next;
    int64_t  cells;
    uint32_t flags;
    int16_t  estimator, number; /* the family, and which of its points          */
    int64_t  refusal;
    char     setting[IPL_MI_SETTING_TEXT]; /* "" where the family has one alone   */
} point_record;

static point_record to_record(const ipl_mi_point *p)
{
    const ipl_mi_family *family = ipl_mi_family_of(p->estimator);
    const char *at = strchr(p->name, '@');
    int16_t number = 0;
    while (!ipl_mi_is_point(p->name, family->point[number].name)) ++number;
    point_record to = {p->h_t, p->i_xt, p->i_ty, p->noise_var, p->outside_share,
                       p->se_x, p->se_y, p->i_next, p->cells, p->flags,
                       (int16_t)p->estimator, number, p->refusal, ""};
    if (at) strncpy(to.setting, at + 1, sizeof to.setting - 1);
    return to;
}

static ipl_status from_record(const point_record *from, ipl_mi_point *to)
{
    const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)from->estimator);
    if (!family || from->number < 0 || from->number >= family->points ||
        from->refusal < 0 || from->refusal >= IPL_MI_REFUSAL_COUNT)
        return IPL_FAIL(IPL_E_FORMAT, "a record of estimator %d, point %d, refusal "
                        "%lld", from->estimator, from->number,
                        (long long)from->refusal);
    ipl_mi_options options = ipl_mi_defaults((ipl_mi_estimator)from->estimator);
    memcpy(options.setting, from->setting, sizeof options.setting);
    IPL_TRY(ipl_mi_options_check(&options));
    *to = (ipl_mi_point){
        .estimator = options.estimator,
        .bound = family->point[from->number].bound,
        .h_t = from->h_t, .i_xt = from->i_xt, .i_ty = from->i_ty,
        .noise_var = from->noise_var, .cells = from->cells,
        .outside_share = from->outside_share, .se_x = from->se_x, .se_y = from->se_y,
        .i_next = from->i_next, .refusal = (ipl_mi_refusal)from->refusal,
        .flags = from->flags};
    ipl_mi_name_point(&options, from->number, to->name);
    return IPL_OK;
}

/* A record of points: of each layer their number (int64_t), then that many. */
ipl_status ipl_records_points_text(int layers, const ipl_layer *layer, char **out,
                                   size_t *size)
{
    size_t bytes = (size_t)layers * sizeof(int64_t);
    for (int l = 0; l < layers; ++l)
        bytes += (size_t)layer[l].points * sizeof(point_record);
    char *text = malloc(bytes), *to = text;
    if (!text) return IPL_FAIL(IPL_E_MEMORY, "%d layers of a record", layers);
    for (int l = 0; l < layers; ++l) {
        const int64_t points = layer[l].points;
        memcpy(to, &points, sizeof points);
        to += sizeof points;
        for (int p = 0; p < layer[l].points; ++p, to += sizeof(point_record)) {
            const point_record point = to_record(&layer[l].point[p]);
            memcpy(to, &point, sizeof point);
        }
    }
    *out = text;
    *size = bytes;
    return IPL_OK;
}

ipl_status ipl_records_add_points(ipl_journal *j, uint32_t type, int64_t tick,
                                  int layers, const ipl_layer *layer)
{
    char *text;
    size_t bytes;
    IPL_TRY(ipl_records_points_text(layers, layer, &text, &bytes));
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
        int64_t points;
        if (!take(&from, &bytes, sizeof points, &points))
            return wrong_length("short", layers);
        if (points < 0 || points > IPL_MI_LAYER_POINTS)
            return IPL_FAIL(IPL_E_FORMAT, "a record with %lld points of a layer",
                            (long long)points);
        layer[l].points = (int)points;
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
