/*
 * experiment.c - what one run trains and measures: data, networks, where they stand.
 *
 * The rows go to the device once, in the order of the split: those that train, those
 * that test and all of them are then parts of one matrix.
 */
#include "plane/experiment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "plane/kept_run.h"
#include "random.h"

/* -- Data -------------------------------------------------------------------------*/

/* Uploads the named rows of the data set, and their labels. x may be NULL. */
static ipl_status upload_rows(const ipl_experiment *e, ipl_device *dev, int64_t count,
                              const int32_t *row, ipl_mat *x, ipl_labels *y)
{
    const ipl_dataset *data = &e->data;
    const size_t width = (size_t)data->inputs;
    ipl_status st = IPL_OK;
    float   *values = x ? malloc((size_t)count * width * sizeof *values) : NULL;
    int32_t *labels = malloc((size_t)count * sizeof *labels);
    if ((x && !values) || !labels) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld rows of %d inputs", (long long)count,
                      data->inputs);
        goto done;
    }
    for (int64_t i = 0; i < count; ++i) {
        if (x)
            memcpy(values + (size_t)i * width, data->x + (size_t)row[i] * width,
                   width * sizeof *values);
        labels[i] = data->y[row[i]];
    }
    if (x) {
        IPL_TRY_DONE(ipl_mat_alloc(dev, count, data->inputs, x));
        IPL_TRY_DONE(ipl_upload(dev, values, (size_t)count * width * sizeof *values,
                                x->at));
    }
    /* More outputs than classes are fine: the others are never right. */
    IPL_TRY_DONE(ipl_labels_create(dev, count, e->shape.width[e->shape.layers], labels,
                                   y));
done:
    free(values);
    free(labels);
    return st;
}

/* Where the rows of a set begin in the split, and how many there are. */
static int64_t measurable(const ipl_experiment *e, ipl_measured_rows set,
                          int64_t *begin)
{
    *begin = set == IPL_ROWS_TEST ? e->data.train_rows : 0;
    return ipl_rows_of(&e->data, set);
}

/* A run that measures kept networks evaluates none. */
static void count_scored(ipl_experiment *e)
{
    const int64_t wanted = e->config.loss_rows, trains = e->data.train_rows;
    e->scored_copy = wanted && wanted < trains && !e->config.networks[0];
    e->scored_rows = e->scored_copy ? wanted : trains;
}

static void count_measured(ipl_experiment *e)
{
    const int64_t rows = ipl_rows_of(&e->data, ipl_config_first_rows(&e->config));
    e->measured_rows = e->config.subset ? e->config.subset : rows;
    e->measured_copy = e->measured_rows < rows;
}

/* Uploads `count` of the `rows` rows from first[] on, drawn by data.seed. */
static ipl_status upload_drawn(const ipl_experiment *e, ipl_device *dev,
                               uint64_t stream, const int32_t *first, int64_t rows,
                               int64_t count, ipl_mat *x, ipl_labels *y)
{
    int32_t *drawn = malloc((size_t)rows * sizeof *drawn);
    if (!drawn) return IPL_FAIL(IPL_E_MEMORY, "%lld rows", (long long)rows);
    ipl_random_permutation((ipl_random){e->config.data.seed, stream}, rows, drawn);
    for (int64_t i = 0; i < count; ++i) drawn[i] = first[drawn[i]];
    const ipl_status st = upload_rows(e, dev, count, drawn, x, y);
    free(drawn);
    return st;
}

/* The rows to be measured: a part of the split, or drawn of it. */
static ipl_status choose_measured(ipl_experiment *e)
{
    int64_t begin;
    const ipl_measured_rows set = ipl_config_first_rows(&e->config);
    const int64_t rows = measurable(e, set, &begin);
    if (e->measured_copy) {
        IPL_TRY(ipl_experiment_copy_measured(e, e->dev, &e->measured, &e->measured_y));
    } else {
        e->measured = (ipl_mat){e->all.at + begin * e->all.cols, rows, e->all.cols};
        IPL_TRY(upload_rows(e, e->dev, rows, e->data.split + begin, NULL,
                            &e->measured_y));
    }
    e->h_x = log((double)e->measured_rows);
    e->h_y = ipl_mi_label_entropy(&e->measured_y);
    return IPL_OK;
}

ipl_status ipl_experiment_copy_measured(const ipl_experiment *e, ipl_device *dev,
                                        ipl_mat *x, ipl_labels *y)
{
    int64_t begin;
    const int64_t rows = measurable(e, ipl_config_first_rows(&e->config), &begin);
    const int32_t *first = e->data.split + begin;
    if (!e->measured_copy) return upload_rows(e, dev, rows, first, x, y);
    return upload_drawn(e, dev, IPL_STREAM_SUBSET, first, rows, e->measured_rows, x, y);
}

void ipl_experiment_drop_rows(ipl_experiment *e)
{
    free(e->data.x);
    e->data.x = NULL;
}

/* Tells whether a later run has the same data. */
static uint32_t crc_of(const ipl_dataset *data)
{
    const size_t rows = (size_t)data->rows;
    uLong crc = crc32_z(0, (const Bytef *)data->x,
                        rows * (size_t)data->inputs * sizeof *data->x);
    crc = crc32_z(crc, (const Bytef *)data->y, rows * sizeof *data->y);
    crc = crc32_z(crc, (const Bytef *)data->split, rows * sizeof *data->split);
    return (uint32_t)crc;
}

static ipl_status load(ipl_experiment *e)
{
    IPL_TRY(ipl_dataset_load(&e->config.data, &e->data));
    const ipl_dataset *data = &e->data;
    const int32_t classes = e->shape.width[e->shape.layers];
    IPL_TRY(ipl_config_check_data(&e->config, data));
    if (data->classes < classes)
        ipl_note(e->data.notes, "%d of the %d classes of [net] layers have no rows: "
                 "the data has %d", classes - data->classes, classes, data->classes);
    if (e->config.train.batch > data->train_rows && !e->config.networks[0])
        ipl_note(e->data.notes, "[train] batch = %lld is more than the %lld rows that "
                 "train", (long long)e->config.train.batch,
                 (long long)data->train_rows);
    e->data_crc = crc_of(data);
    count_scored(e);
    count_measured(e);
    return IPL_OK;
}

static ipl_status upload(ipl_experiment *e)
{
    const ipl_dataset *data = &e->data;
    ipl_device *dev = e->train_dev;
    IPL_TRY(upload_rows(e, dev, data->rows, data->split, &e->all, &e->train_y));
    ipl_labels_free(dev, &e->train_y);

    const int32_t inputs = data->inputs;
    const int64_t trains = data->train_rows, tests = data->rows - trains;
    e->train = (ipl_mat){e->all.at, trains, inputs};
    e->test = (ipl_mat){e->all.at + trains * inputs, tests, inputs};
    IPL_TRY(upload_rows(e, dev, trains, data->split, NULL, &e->train_y));
    if (tests)
        IPL_TRY(upload_rows(e, dev, tests, data->split + trains, NULL, &e->test_y));
    if (!e->scored_copy)
        e->scored = e->train;
    else
        IPL_TRY(upload_drawn(e, dev, IPL_STREAM_LOSS_ROWS, data->split, trains,
                             e->scored_rows, &e->scored, &e->scored_y));
    IPL_TRY(choose_measured(e));
    ipl_experiment_drop_rows(e);
    return IPL_OK;
}

/* -- Networks ---------------------------------------------------------------------*/

static void count_steps(ipl_experiment *e)
{
    ipl_train_options *train = &e->config.train;
    const int64_t rows = e->data.train_rows;
    if (!train->batch || train->batch > rows) train->batch = rows;
    e->steps = (rows + train->batch - 1) / train->batch;
    e->last = e->config.epochs * (e->config.tick == IPL_TICK_STEP ? e->steps : 1);
    e->replicas = (int)e->config.replicas;
    e->parameters = ipl_net_parameters(&e->shape);
}

/* Room for networks that were kept: nothing is trained. */
static ipl_status make_room(ipl_experiment *e)
{
    const size_t floats = (size_t)e->replicas * (size_t)e->parameters;
    e->host_params = malloc(floats * sizeof *e->host_params);
    if (!e->host_params)
        return IPL_FAIL(IPL_E_MEMORY, "%zu parameters of kept networks", floats);
    return IPL_OK;
}

static ipl_status make_networks(ipl_experiment *e)
{
    const ipl_train_options *train = &e->config.train;
    const int64_t rows = e->train.rows;
    IPL_TRY(ipl_trainer_create(e->train_dev, &e->shape, train, e->replicas, e->train,
                               &e->train_y, &e->trainer));

    const size_t networks = (size_t)e->replicas;
    const int64_t floats = ipl_trainer_state_floats(e->trainer);
    const int64_t each = floats / e->replicas;
    e->order = malloc(networks * (size_t)rows * sizeof *e->order);
    e->slice = malloc(networks * (size_t)train->batch * sizeof *e->slice);
    e->host_params = malloc(networks * (size_t)e->parameters * sizeof *e->host_params);
    e->loss = malloc(networks * sizeof *e->loss);
    e->correct = malloc(networks * sizeof *e->correct);
    float *state = calloc((size_t)floats, sizeof *state);
    ipl_status st = IPL_OK;
    if (!e->order || !e->slice || !e->host_params || !e->loss || !e->correct ||
        !state) {
        st = IPL_FAIL(IPL_E_MEMORY, "%d networks of %lld parameters", e->replicas,
                      (long long)e->parameters);
        goto done;
    }
    for (int r = 0; r < e->replicas; ++r)
        IPL_TRY_DONE(ipl_net_init(&e->shape, e->config.init,
                                  (uint64_t)(e->config.seed + r), state + r * each));
    IPL_TRY_DONE(ipl_trainer_write(e->trainer, state, 0));
done:
    free(state);
    return st;
}

ipl_status ipl_experiment_load(const ipl_config *config, ipl_experiment *out)
{
    IPL_TRY(ipl_config_check(config));
    memset(out, 0, sizeof *out);
    out->config = *config;
    IPL_TRY(ipl_config_whole_paths(&out->config)); /* to be resumed from anywhere */
    out->config.data = ipl_config_data(&out->config);
    out->estimators = ipl_config_estimators(config, out->options);
    IPL_TRY(ipl_config_net(config, &out->shape));
    ipl_status st = load(out);
    if (st == IPL_OK) count_steps(out);
    if (st == IPL_OK && config->networks[0]) st = ipl_kept_open(out, &out->kept);
    if (st != IPL_OK) ipl_experiment_close(out);
    return st;
}

ipl_status ipl_experiment_open(ipl_experiment *e, ipl_device *dev,
                               ipl_device *train_dev)
{
    e->dev = dev;
    e->train_dev = train_dev;
    ipl_status st = upload(e);
    if (st == IPL_OK) st = e->kept ? make_room(e) : make_networks(e);
    if (st != IPL_OK) ipl_experiment_close(e);
    return st;
}

void ipl_experiment_close(ipl_experiment *e)
{
    if (e->dev) {
        ipl_trainer_destroy(e->trainer);
        if (e->measured_copy) ipl_free(e->dev, e->measured.at);
        ipl_labels_free(e->dev, &e->measured_y);
        ipl_free(e->train_dev, e->all.at);
        ipl_labels_free(e->train_dev, &e->train_y);
        ipl_labels_free(e->train_dev, &e->test_y);
        if (e->scored_copy) ipl_free(e->train_dev, e->scored.at);
        ipl_labels_free(e->train_dev, &e->scored_y);
    }
    ipl_networks_close(e->kept);
    ipl_dataset_free(&e->data);
    free(e->order);
    free(e->slice);
    free(e->host_params);
    free(e->loss);
    free(e->correct);
    memset(e, 0, sizeof *e);
}

ipl_measure_what ipl_experiment_what(const ipl_experiment *e, const ipl_labels *y)
{
    const int inputs = e->config.x == IPL_X_INPUTS ? e->shape.width[0] : 0;
    return (ipl_measure_what){
        .estimators = e->estimators, .options = e->options, .y = y,
        .x = {e->measured.at, e->measured_rows, inputs}, .error = e->config.error,
        .quantise = (int)e->config.quantise};
}

/* -- Time goes on -----------------------------------------------------------------*/

/* Each replica's order of rows in this epoch: a function of its seed and the epoch
 * alone, so that a replica equals a run of its own. */
static void make_order(ipl_experiment *e, int64_t epoch)
{
    const int64_t rows = e->train.rows;
    if (e->order_epoch == epoch) return;
    for (int r = 0; r < e->replicas; ++r) {
        int32_t *order = e->order + r * rows;
        if (e->config.shuffle)
            ipl_net_shuffle(rows, (uint64_t)(e->config.seed + r), epoch, order);
        else if (!e->order_epoch)
            for (int64_t i = 0; i < rows; ++i) order[i] = (int32_t)i;
    }
    e->order_epoch = epoch;
}

ipl_status ipl_experiment_advance(ipl_experiment *e, ipl_gradient_stats *stats)
{
    const int64_t rows = e->train.rows, batch = e->config.train.batch;
    if (e->kept) {
        e->tick = ipl_networks_tick(e->kept, ipl_networks_from(e->kept, e->tick + 1));
        return IPL_OK;
    }
    if (e->config.tick == IPL_TICK_EPOCH) {
        make_order(e, e->tick + 1);
        IPL_TRY(ipl_trainer_train(e->trainer, rows, e->order, stats));
    } else {
        const int64_t begin = e->tick % e->steps * batch;
        const int64_t count = rows - begin < batch ? rows - begin : batch;
        make_order(e, e->tick / e->steps + 1);
        for (int r = 0; r < e->replicas; ++r)
            memcpy(e->slice + r * count, e->order + r * rows + begin,
                   (size_t)count * sizeof *e->slice);
        IPL_TRY(ipl_trainer_train(e->trainer, count, e->slice, stats));
    }
    ++e->tick;
    return IPL_OK;
}

ipl_status ipl_experiment_snapshot(ipl_experiment *e, float *params)
{
    if (e->kept) {
        const size_t floats = (size_t)e->replicas * (size_t)e->parameters;
        IPL_TRY(ipl_networks_read(e->kept, e->tick, e->host_params));
        return ipl_upload(e->train_dev, e->host_params, floats * sizeof(float), params);
    }
    return ipl_trainer_snapshot_all(e->trainer, params);
}

/* Loss and accuracy of all networks on some rows, to e->loss and e->correct. */
static ipl_status score(ipl_experiment *e, const float *params, ipl_mat x,
                        const ipl_labels *y)
{
    return ipl_net_evaluate_all(e->train_dev, &e->shape, e->replicas, params, x, y,
                                e->loss, e->correct);
}

static void norms(const ipl_net_shape *shape, const float *params, double *norm)
{
    for (int l = 1; l <= shape->layers; ++l) {
        const float *w = params + ipl_net_weight_at(shape, l);
        const int64_t count = (int64_t)shape->width[l - 1] * shape->width[l];
        double squares = 0.0;
        for (int64_t i = 0; i < count; ++i) squares += (double)w[i] * (double)w[i];
        norm[l - 1] = sqrt(squares);
    }
}

ipl_status ipl_experiment_evaluate(ipl_experiment *e, const float *params,
                                   ipl_training_row *row)
{
    const size_t floats = (size_t)e->replicas * (size_t)e->parameters;
    IPL_TRY(score(e, params, e->scored, e->scored_copy ? &e->scored_y : &e->train_y));
    for (int r = 0; r < e->replicas; ++r) {
        row[r].loss_train_nats = e->loss[r];
        row[r].accuracy_train = (double)e->correct[r] / (double)e->scored_rows;
        row[r].loss_test_nats = row[r].accuracy_test = NAN;
    }
    if (e->test.rows) {
        IPL_TRY(score(e, params, e->test, &e->test_y));
        for (int r = 0; r < e->replicas; ++r) {
            row[r].loss_test_nats = e->loss[r];
            row[r].accuracy_test = (double)e->correct[r] / (double)e->test.rows;
        }
    }
    IPL_TRY(ipl_download(e->train_dev, params, floats * sizeof *params,
                         e->host_params));
    for (int r = 0; r < e->replicas; ++r)
        norms(&e->shape, e->host_params + r * e->parameters, row[r].weight_norm);
    return IPL_OK;
}
