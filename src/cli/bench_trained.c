/*
 * bench_trained.c - trains the shipped presets for the benchmarks.
 */
#include "cli/bench_trained.h"

#include <stdlib.h>
#include <string.h>

const trained_preset trained_presets[TRAINED_PRESETS] = {
    {"ib-tanh", {0, 100, 2000}},
    {"ib-relu", {0, 100, 2000}},
    {"fashion-tanh", {0, 1, 4}},
    {"fashion-relu", {0, 1, 4}},
};

#define IB_SET "data.set=ib", "data.train_fraction=0.8"
#define IB_TRAINING "train.optimizer=adam", "train.learning_rate=4e-4", "train.seed=1"
#define IB_MEASURING "measure.rows=all", "kde.noise_var=1e-3"
#define FASHION                                                                        \
    "data.set=idx", "data.path=/usr/share/datasets/fashion-mnist", "data.parts=both",  \
    "data.scale=unit-all", "net.init=glorot", "train.optimizer=sgd",                   \
    "train.learning_rate=0.01", "train.batch=128", "train.shuffle=yes",                \
    "train.seed=1", "measure.rows=test", "bin.form=width", "bin.width=0.07",           \
    "kde.noise_var=0.1"

enum { SETTINGS_MAX = 16 };
static const char *const settings[TRAINED_PRESETS][SETTINGS_MAX] = {
    {IB_SET, "data.split=ordered",
     "net.layers=12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, 2",
     "net.init=truncated-normal", IB_TRAINING, "train.batch=512", "train.shuffle=no",
     IB_MEASURING, "bin.form=edges", "bin.edges=30", "bin.range=-1, 1"},
    {IB_SET, "data.split=shuffled",
     "net.layers=12, 10-relu, 7-relu, 5-relu, 4-relu, 3-relu, 2",
     "net.init=truncated-normal-units", IB_TRAINING, "train.batch=256",
     "train.shuffle=yes", IB_MEASURING, "bin.form=width", "bin.width=0.07"},
    {FASHION, "net.layers=784, 1024-tanh, 20-tanh, 20-tanh, 20-tanh, 10"},
    {FASHION, "net.layers=784, 1024-relu, 20-relu, 20-relu, 20-relu, 10"},
};

ipl_status trained_config(int preset, ipl_config *config)
{
    ipl_config_defaults(config);
    for (int s = 0; s < SETTINGS_MAX && settings[preset][s]; ++s)
        IPL_TRY(ipl_config_set(config, settings[preset][s]));
    return ipl_config_check(config);
}

/* All rows, in the order of the split: those that train come first. */
static ipl_status upload_rows(trained *net)
{
    const ipl_dataset *data = &net->data;
    const int64_t rows = data->rows, inputs = data->inputs;
    const int32_t classes = net->shape.width[net->shape.layers];
    ipl_status st = IPL_OK;
    float *x = malloc((size_t)(rows * inputs) * sizeof *x);
    net->all_y = malloc((size_t)rows * sizeof *net->all_y);
    if (!x || !net->all_y) {
        st = IPL_FAIL(IPL_E_MEMORY, "%lld rows of %lld inputs", (long long)rows,
                      (long long)inputs);
        goto done;
    }
    for (int64_t i = 0; i < rows; ++i) {
        const int64_t from = data->split[i];
        memcpy(x + i * inputs, data->x + from * inputs, (size_t)inputs * sizeof *x);
        net->all_y[i] = data->y[from];
    }
    IPL_TRY_DONE(ipl_mat_alloc(net->dev, rows, inputs, &net->all));
    IPL_TRY_DONE(ipl_upload(net->dev, x, (size_t)(rows * inputs) * sizeof *x,
                            net->all.at));
    IPL_TRY_DONE(ipl_labels_create(net->dev, data->train_rows, classes, net->all_y,
                                   &net->train_y));
done:
    free(x);
    return st;
}

static ipl_status make_network(trained *net)
{
    const int64_t parameters = ipl_net_parameters(&net->shape);
    const ipl_mat train = {net->all.at, net->data.train_rows, net->all.cols};
    ipl_status st = IPL_OK;
    float *state = NULL;
    void *params;
    IPL_TRY(ipl_alloc(net->dev, (size_t)parameters * sizeof(float), &params));
    net->params = params;
    IPL_TRY(ipl_trainer_create(net->dev, &net->shape, &net->config.train, 1, train,
                               &net->train_y, &net->trainer));
    state = calloc((size_t)ipl_trainer_state_floats(net->trainer), sizeof *state);
    net->order = malloc((size_t)train.rows * sizeof *net->order);
    if (!state || !net->order) {
        st = IPL_FAIL(IPL_E_MEMORY, "a network of %lld parameters",
                      (long long)parameters);
        goto done;
    }
    for (int64_t i = 0; i < train.rows; ++i) net->order[i] = (int32_t)i;
    IPL_TRY_DONE(ipl_net_init(&net->shape, net->config.init,
                              (uint64_t)net->config.seed, state));
    IPL_TRY_DONE(ipl_trainer_write(net->trainer, state, 0));
done:
    free(state);
    return st;
}

ipl_status trained_open(ipl_device *dev, int preset, int64_t limit, trained *out)
{
    memset(out, 0, sizeof *out);
    out->dev = dev;
    IPL_TRY(trained_config(preset, &out->config));
    out->config.data = ipl_config_data(&out->config);
    out->config.data.limit = limit;
    IPL_TRY(ipl_config_net(&out->config, &out->shape));
    ipl_status st = ipl_dataset_load(&out->config.data, &out->data);
    if (st == IPL_OK) st = upload_rows(out);
    if (st == IPL_OK) st = make_network(out);
    if (st != IPL_OK) trained_close(out);
    return st;
}

static void free_layers(trained *net)
{
    for (int l = 0; l < net->shape.layers; ++l) {
        ipl_free(net->dev, net->t[l].at);
        net->t[l].at = NULL;
    }
    ipl_labels_free(net->dev, &net->labels);
}

void trained_close(trained *net)
{
    free_layers(net);
    ipl_trainer_destroy(net->trainer);
    ipl_labels_free(net->dev, &net->train_y);
    ipl_free(net->dev, net->all.at);
    ipl_free(net->dev, net->params);
    ipl_dataset_free(&net->data);
    free(net->order);
    free(net->all_y);
    memset(net, 0, sizeof *net);
}

ipl_status trained_until(trained *net, int64_t epoch)
{
    const int64_t rows = net->data.train_rows;
    for (; net->epoch < epoch; ++net->epoch) {
        if (net->config.shuffle)
            ipl_net_shuffle(rows, (uint64_t)net->config.seed, net->epoch + 1,
                            net->order);
        IPL_TRY(ipl_trainer_train(net->trainer, rows, net->order, NULL));
    }
    return ipl_trainer_snapshot(net->trainer, 0, net->params);
}

ipl_status trained_forward(trained *net)
{
    float *act[IPL_NET_LAYERS_MAX];
    for (int l = 0; l < net->shape.layers; ++l) act[l] = net->t[l].at;
    return ipl_net_forward(net->dev, &net->shape, net->params, net->x, act);
}

ipl_status trained_layers(trained *net, trained_rows which)
{
    const int64_t trains = net->data.train_rows, all = net->data.rows;
    const ipl_measured_rows first = ipl_config_first_rows(&net->config);
    const int tests = which == TRAINED_MEASURED && first == IPL_ROWS_TEST;
    const int whole = which == TRAINED_MEASURED && first == IPL_ROWS_ALL;
    const int64_t begin = tests ? trains : 0;
    free_layers(net);
    net->rows = tests ? all - trains : whole ? all : trains;
    net->x = (ipl_mat){net->all.at + begin * net->all.cols, net->rows, net->all.cols};
    net->y = net->all_y + begin;
    for (int l = 0; l < net->shape.layers; ++l)
        IPL_TRY(ipl_mat_alloc(net->dev, net->rows, net->shape.width[l + 1],
                              &net->t[l]));
    IPL_TRY(ipl_labels_create(net->dev, net->rows, net->shape.width[net->shape.layers],
                              net->y, &net->labels));
    IPL_TRY(trained_forward(net));
    return ipl_sync(net->dev);
}
