/*
 * config_table.c - the keys of a configuration.
 *
 * Sections and the keys that the manual names are a contract with others' scripts:
 * new keys may come, these stay.
 */
#include "config/config_table.h"

#include <assert.h>
#include <stdio.h>

#define COUNT_MAX 1e9              /* of epochs, steps, rows                     */
#define SEED_MAX  9007199254740991 /* 2^53 - 1, exact in JSON too                */

/* Lists of choices have the order of their enum. */
#define ONE_EACH(list, count) \
    static_assert(sizeof list / sizeof *list == (count) + 1, "a name each, then NULL")

static const char *const sets[] = {
    [IPL_DATA_IB] = "ib", [IPL_DATA_IDX] = "idx", [IPL_DATA_MAT] = "mat",
    [IPL_DATA_NPY] = "npy", [IPL_DATA_ARRAYS] = "arrays", [IPL_DATA_SET_COUNT] = NULL};
ONE_EACH(sets, IPL_DATA_SET_COUNT);

static const char *const parts[] = {
    [IPL_PARTS_BOTH] = "both", [IPL_PARTS_TRAIN] = "train", [IPL_PARTS_TEST] = "test",
    [IPL_PARTS_COUNT] = NULL};
ONE_EACH(parts, IPL_PARTS_COUNT);

static const char *const mat_rows[] = {
    [IPL_MAT_ROWS_AUTO] = "auto", [IPL_MAT_ROWS_FIRST] = "first",
    [IPL_MAT_ROWS_LAST] = "last", [IPL_MAT_ROWS_COUNT] = NULL};
ONE_EACH(mat_rows, IPL_MAT_ROWS_COUNT);

static const char *const splits[] = {
    [IPL_SPLIT_ORDERED] = "ordered", [IPL_SPLIT_SHUFFLED] = "shuffled",
    [IPL_SPLIT_COUNT] = NULL};
ONE_EACH(splits, IPL_SPLIT_COUNT);

static const char *const scales[] = {
    [IPL_SCALE_AUTO] = "auto", [IPL_SCALE_NONE] = "none", [IPL_SCALE_UNIT] = "unit",
    [IPL_SCALE_SYMMETRIC] = "symmetric", [IPL_SCALE_STANDARD] = "standard",
    [IPL_SCALE_UNIT_ALL] = "unit-all", [IPL_SCALE_SYMMETRIC_ALL] = "symmetric-all",
    [IPL_SCALE_STANDARD_ALL] = "standard-all", [IPL_SCALE_COUNT] = NULL};
ONE_EACH(scales, IPL_SCALE_COUNT);

static const char *const inits[] = {
#define IPL_ROW(name, text, help) text,
    IPL_INIT_ROWS(IPL_ROW)
#undef IPL_ROW
    NULL};
ONE_EACH(inits, IPL_INIT_COUNT);

/* What layers says, then each activation of a hidden layer. */
static const char *hidden(int number)
{
    if (!number) return "";
    return number - 1 == IPL_ACT_SOFTMAX ? NULL : ipl_act_name((ipl_act)(number - 1));
}

static const char *const optimizers[] = {
    [IPL_SGD] = "sgd", [IPL_MOMENTUM] = "momentum", [IPL_ADAM] = "adam",
    [IPL_OPTIMIZER_COUNT] = NULL};
ONE_EACH(optimizers, IPL_OPTIMIZER_COUNT);

static const char *const policies[] = {
    [IPL_POLICY_EVERY] = "every", [IPL_POLICY_LOG] = "log", [IPL_POLICY_LIST] = "list",
    [IPL_POLICY_KEPT] = "kept",
    [IPL_POLICY_DELTA_APPROX] = "delta-approx",
    [IPL_POLICY_DELTA_EXACT] = "delta-exact", [IPL_POLICY_COUNT] = NULL};
ONE_EACH(policies, IPL_POLICY_COUNT);

static const char *const ticks[] = {
    [IPL_TICK_EPOCH] = "epoch", [IPL_TICK_STEP] = "step", [IPL_TICK_COUNT] = NULL};
ONE_EACH(ticks, IPL_TICK_COUNT);

static const char *const measured[] = {
    [IPL_ROWS_ALL] = "all", [IPL_ROWS_TRAIN] = "train", [IPL_ROWS_TEST] = "test",
    [IPL_ROWS_COUNT] = NULL};
ONE_EACH(measured, IPL_ROWS_COUNT);

static const char *const inputs[] = {
    [IPL_X_INPUTS] = "inputs", [IPL_X_NONE] = "none", [IPL_X_COUNT] = NULL};
ONE_EACH(inputs, IPL_X_COUNT);

static const char *const keeps[] = {
    [IPL_KEEP_NONE] = "none", [IPL_KEEP_MEASURED] = "measured", [IPL_KEEP_ALL] = "all",
    [IPL_KEEP_COUNT] = NULL};
ONE_EACH(keeps, IPL_KEEP_COUNT);

static const char *const pooled[] = {
    [IPL_POOL_TICKS] = "ticks", [IPL_POOL_REPLICAS] = "replicas",
    [IPL_POOL_COUNT] = NULL};
ONE_EACH(pooled, IPL_POOL_COUNT);

static const char *const errors[] = {
    [IPL_MI_ERROR_NONE] = "none", [IPL_MI_ERROR_JACKKNIFE] = "jackknife",
    [IPL_MI_ERROR_COUNT] = NULL};
ONE_EACH(errors, IPL_MI_ERROR_COUNT);

static const char *const logs[] = {"log", "every", NULL};

const char *ipl_tick_name(ipl_tick tick) { return ticks[tick]; }
const char *ipl_rows_name(ipl_measured_rows rows) { return measured[rows]; }

/* "all", then each point of each estimator. */
static const char *decider(int number)
{
    return number ? ipl_mi_point_name(number - 1) : "all";
}

/* -- Rows -------------------------------------------------------------------------*/

typedef struct {
    const char *section;
    ipl_option  option;
} section_row;

#define AT(field) .offset = offsetof(ipl_config, field)
#define CHOICE(section, name, field, text, list, words)                        \
    {section, {.key = name, .type = IPL_OPTION_CHOICE, AT(field),              \
               .fallback = text, .choices = list, .help = words}}
#define CHOICES(section, name, field, text, list, words)                       \
    {section, {.key = name, .type = IPL_OPTION_CHOICES, AT(field),             \
               .fallback = text, .choices = list, .help = words}}
#define NAMED(section, name, kind, field, text, list, words)                   \
    {section, {.key = name, .type = kind, AT(field), .fallback = text,         \
               .choice = list, .help = words}}
#define SWITCH(section, name, field, text, words)                              \
    NAMED(section, name, IPL_OPTION_CHOICE, field, text, ipl_option_no_yes, words)
#define NUMBER(section, name, kind, field, least, most, open, text, words)     \
    {section, {.key = name, .type = kind, AT(field), .min = least, .max = most, \
               .above = open, .fallback = text, .help = words}}
#define WHOLE(section, name, field, least, most, text, words)                  \
    NUMBER(section, name, IPL_OPTION_INTEGER, field, least, most, 0, text, words)
#define REAL(section, name, field, least, most, text, words)                   \
    NUMBER(section, name, IPL_OPTION_REAL, field, least, most, 0, text, words)
#define ABOVE(section, name, field, least, most, text, words)                  \
    NUMBER(section, name, IPL_OPTION_REAL, field, least, most, 1, text, words)
#define TEXT(section, name, field, text, words)                                \
    NUMBER(section, name, IPL_OPTION_TEXT, field, 0, 0, 0, text, words)

static const section_row first_rows[] = {
    CHOICE("data", "set", data.set, "ib", sets,
           "ib: the 12-bit set of 2017, generated; idx: MNIST's files; npy: a folder "
           "with X.npy and y.npy; arrays: data.x and data.y"),
    TEXT("data", "path", data_path, "",
         "folder (idx, npy) or file (mat, arrays); in a file relative to the file's "
         "folder"),
    TEXT("data", "x", data_x, "",
         "arrays: inputs, as X.npy, set.npz:X or X.csv, in the folder path if given"),
    TEXT("data", "y", data_y, "",
         "arrays: labels, numbers or words, a column or one-hot"),
    TEXT("data", "no_label", data_no_label, "",
         "rows with this label, as -1, or one of several divided by commas, are left "
         "out; none: each label is a class"),
    WHOLE("data", "y_bins", data.y_bins, 0, 65536, "0",
          "labels are real values: classes are N bins of equal counts; 0: labels"),
    CHOICE("data", "split", data.split, "ordered", splits,
           "the first rows train, or a permutation's first rows"),
    REAL("data", "train_fraction", data.train_fraction, 0, 1, "0",
         "share of rows that train; 0: idx as its files say, else 0.8"),
    CHOICE("data", "parts", data.parts, "both", parts,
           "idx: files to read; mat: parts of EMNIST's struct"),
    TEXT("data", "mat_x", data_mat_x, "F",
         "mat: variable of the inputs, or field of a struct, as dataset.train.images"),
    TEXT("data", "mat_y", data_mat_y, "y", "mat: variable of the labels"),
    CHOICE("data", "mat_rows", data.mat_rows, "auto", mat_rows,
           "mat: axis of mat_x that has the rows; auto: as the number of labels says"),
    CHOICE("data", "scale", data.scale, "auto", scales,
           "each input by itself, unit: to [0,1], symmetric: to [-1,1], standard: to "
           "mean 0 and deviation 1 of the training rows; -all: all values together, as "
           "pixels; auto: idx unit-all, all others none"),
    REAL("data", "label_noise", data.label_noise, 0, 1, "0",
         "share of labels replaced by another class"),
    SWITCH("data", "random_labels", data.random_labels, "no",
           "labels permuted among all rows"),
    WHOLE("data", "limit", data.limit, 0, COUNT_MAX, "0", "rows to keep, 0: all"),
    WHOLE("data", "seed", data.seed, 0, SEED_MAX, "1",
          "of the split, the label noise, and the rows of subset and loss_rows"),

    TEXT("net", "layers", layers, "12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, 2",
         "inputs, hidden layers as units-activation, classes (softmax)"),
    NAMED("net", "activation", IPL_OPTION_CHOICE, activation, "", hidden,
          "of all hidden layers, instead of what layers says; empty: what it says"),
    CHOICE("net", "init", init, "truncated-normal", inits, "first weights"),
    WHOLE("net", "quantise", quantise, 0, IPL_NET_QUANTISE_MAX, "0",
          "N: measured activations are rounded to 2^N values over the layer's range; "
          "training is not; 0: none"),

    CHOICE("train", "optimizer", train.optimizer, "adam", optimizers, ""),
    ABOVE("train", "learning_rate", train.learning_rate, 0, 1e6, "4e-4", ""),
    REAL("train", "momentum", train.momentum, 0, 1, "0.9", "momentum only"),
    REAL("train", "beta1", train.beta1, 0, 0.999999999, "0.9", "adam only"),
    REAL("train", "beta2", train.beta2, 0, 0.999999999, "0.999", "adam only"),
    ABOVE("train", "epsilon", train.epsilon, 0, 1, "1e-8", "adam only"),
    REAL("train", "weight_decay", train.weight_decay, 0, 1e6, "0",
         "times the weights, added to their gradient; not to the biases'"),
    WHOLE("train", "batch", train.batch, 0, COUNT_MAX, "512",
          "rows a step, 0: all (full batch)"),
    WHOLE("train", "epochs", epochs, 1, COUNT_MAX, "8000", ""),
    WHOLE("train", "seed", seed, 0, SEED_MAX, "1",
          "of the first weights and the order of rows"),
    WHOLE("train", "replicas", replicas, 1, 4096, "1",
          "networks side by side, with seeds seed, seed+1, .."),
    SWITCH("train", "shuffle", shuffle, "yes",
           "new order of rows each epoch, or the split's order (2017 code)"),

    NAMED("measure", "estimators", IPL_OPTION_CHOICES, estimators, NULL,
          ipl_mi_family_name, ""), /* NULL: the standard ones */
    CHOICE("measure", "policy", policy, "log", policies,
           "which ticks are measured; kept: those that run.networks has"),
    CHOICE("measure", "tick", tick, "epoch", ticks, "what a policy counts"),
    CHOICES("measure", "rows", rows, "all", measured,
            "whose activations count; of several sets, as train, test, each further "
            "one has a run directory of its own, DIR/test"),
    WHOLE("measure", "subset", subset, 0, COUNT_MAX, "0",
          "that many of these rows, drawn by data.seed; 0: each"),
    CHOICE("measure", "x", x, "inputs", inputs,
           "X in I(X;T) of estimators that compare its values: the network's inputs; "
           "none: no such I(X;T)"),
    CHOICE("measure", "error", error, "none", errors,
           "standard errors; jackknife: ten more estimates, but bin's are free"),
    WHOLE("measure", "every", every, 1, COUNT_MAX, "10",
          "every: ticks 0, N, 2N, .. and the last"),
    WHOLE("measure", "log_dense", log_dense, 0, COUNT_MAX, "10",
          "log: each tick up to this one, then"),
    WHOLE("measure", "log_per_decade", log_per_decade, 1, 1e6, "20",
          "log: so many for each factor of ten, and the last"),
    TEXT("measure", "list", list, "",
         "list: 0, 1, 5 or first:last or first:last:step; those past the last "
         "tick do not count, the first and last always do"),
    REAL("measure", "delta", delta, 0, 1e6, "0.02",
         "delta-*: change between measured ticks that counts as small"),
    WHOLE("measure", "skip_max", skip_max, 0, COUNT_MAX, "0",
          "delta-*: longest skip, 0: no limit"),
    REAL("measure", "multiplier", multiplier, 1.01, 1e6, "2",
         "delta-*: the k-th skip is its k-th power, rounded down"),
    SWITCH("measure", "halve", halve, "no",
           "delta-approx: one power less after a large change"),
    SWITCH("measure", "delta_scaled", delta_scaled, "yes",
           "delta-*: change of I(X;T)/H(X) and I(T;Y)/H(Y), or in bits"),
    NAMED("measure", "delta_estimator", IPL_OPTION_CHOICE, delta_estimator, "all",
          decider, "delta-*: whose change counts; of a list of values all do"),
    CHOICE("measure", "training_log", training_log, "log", logs,
           "ticks in training.csv: as policy log, or each"),
    WHOLE("measure", "loss_rows", loss_rows, 0, COUNT_MAX, "10000",
          "training.csv: loss_train and accuracy_train are of that many training rows, "
          "drawn by data.seed; 0, or fewer rows: of all"),
};

/* Between these the sections of the estimators. */
static const section_row last_rows[] = {
    TEXT("pool", "windows", pool_windows, "",
         "windows of ticks whose networks are pooled, as 0:19, 1000:1019, last:20; "
         "none: no pooling. For bin and kde: others take x that repeats for ties"),
    CHOICE("pool", "over", pool_over, "ticks", pooled,
           "networks of a window's ticks; or of all seeds at one tick, with windows as "
           "0, 100, last"),
    TEXT("pool", "k", pool_k, "",
         "how many networks of a window are pooled, as 1, 5, 20; none: 1, 2, 5, .. and "
         "all"),
    SWITCH("pool", "controls", pool_controls, "yes",
           "beside the networks: frozen, walk, shuffled"),
    CHOICE("run", "keep", keep, "none", keeps,
           "networks that stay in the run directory, to be measured again: those of no "
           "tick, of the measured ones, of all"),
    TEXT("run", "networks", networks, "",
         "a run directory: its kept networks are measured and nothing is trained; "
         "infoplane measure sets it; a path as data.path"),
    WHOLE("run", "lanes", lanes, 0, 4, "0",
          "calls that measure side by side, 0: 2 on a GPU, 1 on the CPU, whose threads "
          "share a call"),
    WHOLE("run", "device_mib", device_mib, 0, 1e9, "0",
          "memory of the device that the run may take, 0: what is free"),
    WHOLE("run", "snapshot_device_mib", snapshot_device_mib, 0, 1e6, "1024",
          "memory of a GPU for networks that wait to be measured; less if it has less"),
    WHOLE("run", "snapshot_mib", snapshot_mib, 0, 1e6, "1024",
          "memory of the host for more of them; the rest go to a file"),
    REAL("run", "checkpoint_s", checkpoint_s, 0, 1e6, "10",
         "seconds from one saved training state to the next"),
};
enum {
    FIRST_ROWS = sizeof first_rows / sizeof *first_rows,
    LAST_ROWS = sizeof last_rows / sizeof *last_rows
};

int config_rows(void)
{
    int count = FIRST_ROWS + LAST_ROWS;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k)
        count += ipl_mi_family_of((ipl_mi_estimator)k)->options;
    return count;
}

config_row config_row_at(int index)
{
    if (index < FIRST_ROWS)
        return (config_row){first_rows[index].section, &first_rows[index].option, 0,
                            -1};
    index -= FIRST_ROWS;
    for (int k = 0; k < IPL_MI_ESTIMATOR_COUNT; ++k) {
        const ipl_mi_family *family = ipl_mi_family_of((ipl_mi_estimator)k);
        if (index < family->options)
            return (config_row){family->name, &family->option[index],
                                offsetof(ipl_config, mi) +
                                    (size_t)k * sizeof(ipl_mi_options),
                                k};
        index -= family->options;
    }
    return (config_row){last_rows[index].section, &last_rows[index].option, 0, -1};
}

void config_fallback(const config_row *row, char *text, size_t size)
{
    if (row->option->fallback) snprintf(text, size, "%s", row->option->fallback);
    else ipl_mi_standard(text, size);
}

ipl_status config_set(ipl_config *config, const config_row *row, const char *text)
{
    if (row->family >= 0)
        return ipl_mi_sweep_set(row->option, text, &config->mi[row->family],
                                &config->sweep[row->family]);
    return ipl_option_set(row->option, text, (char *)config + row->base);
}

void config_print(const ipl_config *config, const config_row *row, char *text,
                  size_t size)
{
    const ipl_mi_sweep *sweep = row->family < 0 ? NULL : &config->sweep[row->family];
    if (sweep && sweep->option == row->option)
        snprintf(text, size, "%s", sweep->values);
    else
        ipl_option_print(row->option, (const char *)config + row->base, text, size);
}
