/*
 * ipl_config.h - the configuration of an experiment: from text, and back.
 *
 * One table of keys drives the reader, --set, the help, config.ini and run.json; an
 * estimator's section holds the options of its row in ipl_mi.h.
 */
#ifndef IPL_CONFIG_H
#define IPL_CONFIG_H

#include "ipl_data.h"
#include "ipl_mi.h"
#include "ipl_net.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum { IPL_CONFIG_TEXT = IPL_OPTION_TEXT_MAX }; /* libinih reads 197 bytes a line */

/* Which ticks are measured; src/plane/policy.h says how. */
typedef enum {
    IPL_POLICY_EVERY, /* 0, N, 2N, .. and the last                              */
    IPL_POLICY_LOG,   /* all up to `dense`, then `per_decade` a factor of ten   */
    IPL_POLICY_LIST,  /* the listed ticks, first and last                       */
    IPL_POLICY_KEPT,  /* of networks that a run has kept: all ticks that it did */
    IPL_POLICY_DELTA_APPROX, /* skips that grow while little changes            */
    IPL_POLICY_DELTA_EXACT,  /* the same, and every section that a skip left is
                                bisected until, for all consecutive measured
                                ticks a < b, D(a,b) <= delta or b = a + 1        */
    IPL_POLICY_COUNT
} ipl_policy_kind;

/* What a policy counts, and which rows are measured. */
typedef enum { IPL_TICK_EPOCH, IPL_TICK_STEP, IPL_TICK_COUNT } ipl_tick;
const char *ipl_tick_name(ipl_tick tick); /* "epoch", "step" */
typedef enum {
    IPL_ROWS_ALL, IPL_ROWS_TRAIN, IPL_ROWS_TEST, IPL_ROWS_COUNT
} ipl_measured_rows;
const char *ipl_rows_name(ipl_measured_rows rows); /* "all", "train", "test" */

/* Ticks whose networks stay in the run directory. */
typedef enum {
    IPL_KEEP_NONE, IPL_KEEP_MEASURED, IPL_KEEP_ALL, IPL_KEEP_COUNT
} ipl_keep;

/* Which networks are pooled: those of consecutive ticks, or of all seeds at a tick. */
typedef enum { IPL_POOL_TICKS, IPL_POOL_REPLICAS, IPL_POOL_COUNT } ipl_pool_over;

/* What X is in I(X;T) of families that compare the inputs' values. */
typedef enum { IPL_X_INPUTS, IPL_X_NONE, IPL_X_COUNT } ipl_measured_x;

/* One experiment. Owns nothing: copy it freely. ipl_config_keys says what each
 * field's key means, its default and its limits. */
typedef struct {
    ipl_data_options  data; /* its texts are ignored: the next six count        */
    char              data_path[IPL_CONFIG_TEXT], data_x[IPL_CONFIG_TEXT];
    char              data_y[IPL_CONFIG_TEXT], data_no_label[IPL_CONFIG_TEXT];
    char              data_mat_x[IPL_CONFIG_TEXT], data_mat_y[IPL_CONFIG_TEXT];
    char              layers[IPL_CONFIG_TEXT]; /* as ipl_net_parse reads them   */
    int               activation; /* of all hidden layers, ipl_act + 1; 0: what layers
                                     says                                       */
    ipl_init          init;
    int64_t           quantise; /* bits of the measured activations; 0: float32  */
    ipl_train_options train;
    int64_t           epochs, seed, replicas; /* seeds seed .. seed+replicas-1  */
    int               shuffle;
    unsigned          estimators; /* bit 1 << ipl_mi_estimator for each         */
    ipl_policy_kind   policy;
    ipl_tick          tick;
    unsigned          rows;       /* bit 1 << ipl_measured_rows for each set    */
    int64_t           subset;     /* that many of these rows, 0: each           */
    ipl_measured_x    x;
    ipl_mi_error      error;
    int64_t           every, log_dense, log_per_decade;
    char              list[IPL_CONFIG_TEXT];
    char              pool_windows[IPL_CONFIG_TEXT], pool_k[IPL_CONFIG_TEXT];
    ipl_pool_over     pool_over;
    int               pool_controls;
    double            delta, multiplier;
    int64_t           skip_max;
    int               halve, delta_scaled;
    int               delta_estimator; /* 0: all, k: ipl_mi_point_name(k - 1)   */
    int               training_log; /* 0: ticks of the log policy, 1: each      */
    int64_t           loss_rows;  /* training rows of which training.csv has loss and
                                     accuracy, at most; 0: all                  */
    int64_t           lanes;      /* measure side by side; 0: the device's choice */
    int64_t           device_mib; /* memory of the device for the run; 0: all   */
    int64_t           snapshot_device_mib, snapshot_mib; /* memory for snapshots: of
                                       a GPU, then of the host; more go to a file */
    double            checkpoint_s; /* from one training state to the next       */
    ipl_keep          keep;
    char              networks[IPL_CONFIG_TEXT]; /* a run directory: its networks are
                                       measured, nothing is trained; "": training */
    ipl_mi_options    mi[IPL_MI_ESTIMATOR_COUNT]; /* of all families; where an
                                       option has a list, with its first value  */
    ipl_mi_sweep      sweep[IPL_MI_ESTIMATOR_COUNT];
} ipl_config;

void ipl_config_defaults(ipl_config *config);

/* Defaults, then the file. Paths of data and of another run that the file has are
 * relative to its folder, and those of ipl_config_set to where the program runs.
 * E_IO: no such file. E_FORMAT: an unknown or repeated key, a value out of range; the
 * text names file, line, key, value and what was expected. E_ARGUMENT: a path that its
 * folder makes too long. Call ipl_config_check when everything is set. */
ipl_status ipl_config_read(const char *path, ipl_config *config);

/* Takes a key of a section that is not the configuration's: at this line of the file,
 * over what `config` has so far. The text of a failure is the reader's. */
typedef ipl_status (*ipl_config_more)(void *user, ipl_config *config, int line,
                                      const char *key, const char *value);

/* ipl_config_read of a file that may have [section] too, whose keys go to `more` as
 * they come; it sees to repeated ones. A value there that ends with ',', '|' or '&'
 * goes on in the next line: `line` is the first, and a blank stands between.
 * E_ARGUMENT: a section of the configuration. Else as ipl_config_read and `more`. */
ipl_status ipl_config_read_more(const char *path, const char *section,
                                ipl_config_more more, void *user, ipl_config *config);

/* ipl_config_read of text[bytes], as ipl_config_text gives it. Errors call it `name`;
 * paths stay as they are. */
ipl_status ipl_config_parse(const char *name, const char *text, size_t bytes,
                            ipl_config *config);

/* "section.key=value" over what is there. E_ARGUMENT as E_FORMAT above. */
ipl_status ipl_config_set(ipl_config *config, const char *text);

/* Whether the keys fit each other: layers, path, list. E_ARGUMENT. */
ipl_status ipl_config_check(const ipl_config *config);

/* Whether they fit the data, of which rows, train_rows, inputs, classes and name are
 * looked at: layers, subset, windows of pools. E_ARGUMENT. */
ipl_status ipl_config_check_data(const ipl_config *config, const ipl_dataset *data);

/* Rows of the data that are of a set. */
int64_t ipl_rows_of(const ipl_dataset *data, ipl_measured_rows set);

/* Makes those paths whole, so that they mean the same wherever the program runs.
 * E_ARGUMENT: longer than a key may be. */
ipl_status ipl_config_whole_paths(ipl_config *config);

/* Each key with its value, and whole paths, as a file has them: *text is the caller's
 * to free. E_MEMORY; E_ARGUMENT: a path too long. */
ipl_status ipl_config_text(const ipl_config *config, char **text, size_t *bytes);

/* Writes that text; reading the file, from anywhere, gives the same config. */
ipl_status ipl_config_write(const ipl_config *config, const char *path);

/* The options of the data set; their texts are those of the configuration. */
ipl_data_options ipl_config_data(const ipl_config *config);

/* The shape of the network: layers, with the activation that all hidden ones get.
 * E_ARGUMENT: the text has the entry and what was expected. */
ipl_status ipl_config_net(const ipl_config *config, ipl_net_shape *out);

/* The set of rows that is measured first, or alone. */
ipl_measured_rows ipl_config_first_rows(const ipl_config *config);

/* The options of the estimators that the configuration names, in the order of the
 * families, with each value of their lists; returns how many there are. 0:
 * ipl_config_check does not accept them. */
int ipl_config_estimators(const ipl_config *config,
                          ipl_mi_options options[IPL_MI_SETTINGS_MAX]);

/* The keys, for help and for run.json. `value` is written as text. E_ARGUMENT:
 * index outside [0, count). */
typedef struct {
    const char *section, *key, *help;
    char        fallback[IPL_CONFIG_TEXT]; /* the default                       */
    char        expected[256]; /* "a whole number from 1 to 65536"              */
    char        value[IPL_CONFIG_TEXT];
} ipl_config_key;
int        ipl_config_keys(void);
ipl_status ipl_config_key_at(const ipl_config *config, int index, ipl_config_key *out);

/* Which key is "section.key". E_ARGUMENT: none; the text has what was probably
 * meant. */
ipl_status ipl_config_find(const char *name, int *index);

/* The row of a key, and its section if not NULL. NULL: index outside [0, count). */
const ipl_option *ipl_config_option(int index, const char **section);

/* Sets that key. A path is seen from where the program runs, or from the folder of
 * `file` if not NULL. E_ARGUMENT: not a value; the text says what was expected. */
ipl_status ipl_config_set_at(ipl_config *config, int index, const char *value,
                             const char *file);

/* The ticks of measure.list up to `last`, ascending: (*tick)[*count], which the caller
 * frees. E_ARGUMENT: not a list; E_MEMORY. */
ipl_status ipl_config_list(const ipl_config *config, int64_t last, int64_t **tick,
                           int64_t *count);

/* A window of ticks, both ends included. */
typedef struct {
    int64_t first, last;
} ipl_window;

/* The windows of pool.windows in a run of ticks 0 .. last: (*window)[*count], which the
 * caller frees; NULL and 0: none. E_ARGUMENT: not windows, or one that the run does not
 * have; E_MEMORY. */
ipl_status ipl_config_windows(const ipl_config *config, int64_t last,
                              ipl_window **window, int *count);

/* The K of pool.k for so many snapshots: (*k)[*count], ascending, which the caller
 * frees. Without pool.k: 1, 2, 5, 10, .. and all of them. E_ARGUMENT: not a list, or a
 * K of more than there are; E_MEMORY. */
ipl_status ipl_config_pool_sizes(const ipl_config *config, int64_t snapshots,
                                 int64_t **k, int *count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
