/*
 * config_table.c - the keys of a configuration.
 *
 * Sections and the keys that the manual names are a contract with others' scripts:
 * new keys may come, these stay.
 */
#include "config/config_table.h"

#define AT(field) offsetof(ipl_config, field)
#define COUNT_MAX 1e9              /* of epochs, steps, rows                     */
#define SEED_MAX  9007199254740991 /* 2^53 - 1, exact in JSON too                */

static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const sets[] = {"ib", "idx", "mat", "npy", NULL};
static const char *const parts[] = {"both", "train", "test", NULL};
static const char *const splits[] = {"ordered", "shuffled", NULL};
static const char *const scales[] = {"auto", "none", "unit", "symmetric", "standard",
                                     NULL};
static const char *const inits[] = {
#define IPL_ROW(name, text, help) text,
    IPL_INIT_ROWS(IPL_ROW)
#undef IPL_ROW
    NULL};
static const char *const optimizers[] = {"sgd", "momentum", "adam", NULL};
static const char *const estimators[] = {"bin", "kde", NULL};
static const char *const policies[] = {"every", "log", "list", "delta-approx",
                                       "delta-exact", NULL};
static const char *const ticks[] = {"epoch", "step", NULL};
static const char *const measured[] = {"all", "train", "test", NULL};
static const char *const deciders[] = {"all", "bin", "kde-upper", "kde-lower", NULL};
static const char *const logs[] = {"log", "every", NULL};
static const char *const forms[] = {"width", "edges", "count", "quantiles", NULL};

#define CHOICE(section, key, field, fallback, choices, help)                   \
    {section, key, CONFIG_CHOICE, AT(field), 0, 0, 0, fallback, choices, help}
#define CHOICES(section, key, field, fallback, choices, help)                  \
    {section, key, CONFIG_CHOICES, AT(field), 0, 0, 0, fallback, choices, help}
#define WHOLE(section, key, field, min, max, fallback, help)                   \
    {section, key, CONFIG_INTEGER, AT(field), min, max, 0, fallback, NULL, help}
#define REAL(section, key, field, min, max, fallback, help)                    \
    {section, key, CONFIG_REAL, AT(field), min, max, 0, fallback, NULL, help}
#define ABOVE(section, key, field, min, max, fallback, help)                   \
    {section, key, CONFIG_REAL, AT(field), min, max, 1, fallback, NULL, help}
#define PAIR(section, key, field, fallback, help)                              \
    {section, key, CONFIG_RANGE, AT(field), -1e30, 1e30, 0, fallback, NULL, help}
#define TEXT(section, key, field, fallback, help)                              \
    {section, key, CONFIG_TEXT, AT(field), 0, 0, 0, fallback, NULL, help}

const config_row ipl_config_rows[] = {
    CHOICE("data", "set", data.set, "ib", sets,
           "ib: the 12-bit set of 2017, generated; idx: MNIST's files"),
    TEXT("data", "path", data_path, "",
         "folder (idx, npy) or file (mat), seen from where the program runs"),
    CHOICE("data", "split", data.split, "ordered", splits,
           "the first rows train, or a permutation's first rows"),
    REAL("data", "train_fraction", data.train_fraction, 0, 1, "0",
         "share of rows that train; 0: idx as its files say, else 0.8"),
    CHOICE("data", "parts", data.parts, "both", parts, "idx: files to read"),
    CHOICE("data", "scale", data.scale, "auto", scales,
           "of the inputs; auto: idx to [0,1], all others none"),
    REAL("data", "label_noise", data.label_noise, 0, 1, "0",
         "share of labels replaced by another class"),
    CHOICE("data", "random_labels", data.random_labels, "no", no_yes,
           "labels permuted among all rows"),
    WHOLE("data", "limit", data.limit, 0, COUNT_MAX, "0", "rows to keep, 0: all"),
    WHOLE("data", "seed", data.seed, 0, SEED_MAX, "1",
          "of the split, the label noise and the measured subset"),

    TEXT("net", "layers", layers, "12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, 2",
         "inputs, hidden layers as units-activation, classes (softmax)"),
    CHOICE("net", "init", init, "truncated-normal", inits, "first weights"),

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
    CHOICE("train", "shuffle", shuffle, "yes", no_yes,
           "new order of rows each epoch, or the split's order (2017 code)"),

    CHOICES("measure", "estimators", estimators, "bin, kde", estimators, ""),
    CHOICE("measure", "policy", policy, "log", policies, "which ticks are measured"),
    CHOICE("measure", "tick", tick, "epoch", ticks, "what a policy counts"),
    CHOICE("measure", "rows", rows, "all", measured, "whose activations count"),
    WHOLE("measure", "subset", subset, 0, COUNT_MAX, "0",
          "that many of these rows, drawn by data.seed; 0: each"),
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
    CHOICE("measure", "halve", halve, "no", no_yes,
           "delta-approx: one power less after a large change"),
    CHOICE("measure", "delta_scaled", delta_scaled, "yes", no_yes,
           "delta-*: change of I(X;T)/H(X) and I(T;Y)/H(Y), or in bits"),
    CHOICE("measure", "delta_estimator", delta_estimator, "all", deciders,
           "delta-*: whose change counts"),
    CHOICE("measure", "training_log", training_log, "log", logs,
           "ticks in training.csv: as policy log, or each"),

    CHOICE("bin", "form", bin.bin_form, "edges", forms,
           "floor(t/width) (2018); fixed edges (2017); equal bins; quantiles"),
    WHOLE("bin", "edges", bin_edges, 2, 65536, "30", "form edges: edges over range"),
    PAIR("bin", "range", bin.bin_lo, "-1, 1", "form edges: first and last edge"),
    ABOVE("bin", "width", bin.bin_width, 0, 1e30, "0.07", "form width"),
    WHOLE("bin", "count", bin_count, 1, 65536, "30",
          "form count: bins over the layer's own range"),
    WHOLE("bin", "quantiles", bin_quantiles, 1, 65536, "30", "form quantiles: bins"),

    ABOVE("kde", "noise_var", kde.noise_var, 0, 1e30, "0.05",
          "variance of the noise, in squared units of the activations"),
    CHOICE("kde", "noise_relative", kde.noise_relative, "no", no_yes,
           "noise_var is a share of the layer's mean square"),

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
const int ipl_config_row_count = sizeof ipl_config_rows / sizeof *ipl_config_rows;
