/*
 * ipl_plane.h - an experiment: train, measure as it goes, write and draw.
 *
 *     ipl_config config;
 *     ipl_config_read("configs/ib-tanh.ini", &config);
 *     ipl_config_set(&config, "train.epochs=100");
 *     ipl_run(dev, &config, "runs/first", NULL, NULL, NULL);
 *     ipl_plot("runs/first", IPL_PLOT_ALL, "runs/first/plane.svg");
 *
 * A tick is one epoch, or one step of the optimiser, as measure.tick says; tick 0
 * is the untrained network. Files hold bits, wherever a name does not say nats.
 */
#ifndef IPL_PLANE_H
#define IPL_PLANE_H

#include "ipl_data.h"
#include "ipl_mi.h"
#include "ipl_net.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0 (revision)": owned by the library. */
const char *ipl_version(void);

enum { IPL_CONFIG_TEXT = 176 }; /* longest text value; libinih reads 197 a line  */

/* One experiment. Owns nothing: copy it freely. ipl_config_keys says what each
 * field's key means, its default and its limits. */
typedef struct {
    ipl_data_options  data; /* its path is ignored: data_path counts            */
    char              data_path[IPL_CONFIG_TEXT];
    char              layers[IPL_CONFIG_TEXT]; /* as ipl_net_parse reads them   */
    ipl_init          init;
    ipl_train_options train;
    int64_t           epochs, seed, replicas; /* seeds seed .. seed+replicas-1  */
    int               shuffle;
    unsigned          estimators; /* bit 1 << ipl_mi_estimator for each         */
    int               policy;     /* rows of the choices of measure.policy      */
    int               tick;       /* 0: epochs, 1: steps                        */
    int               rows;       /* measured: 0 all, 1 train, 2 test           */
    int64_t           subset;     /* that many of these rows, 0: each           */
    int64_t           every, log_dense, log_per_decade;
    char              list[IPL_CONFIG_TEXT];
    double            delta, multiplier;
    int64_t           skip_max;
    int               halve, delta_scaled, delta_estimator;
    int               training_log; /* 0: ticks of the log policy, 1: each      */
    int64_t           lanes;      /* that measure side by side; 0: as the device likes */
    int64_t           device_mib; /* of the device, that the run may take; 0: all */
    int64_t           snapshot_device_mib, snapshot_mib; /* memory for snapshots: of
                                       a GPU, then of the host; more go to a file */
    double            checkpoint_s; /* from one training state to the next       */
    ipl_mi_options    bin, kde;     /* bin.bins is ignored: the three below are */
    int64_t           bin_edges, bin_count, bin_quantiles; /* picked by the form */
} ipl_config;

void ipl_config_defaults(ipl_config *config);

/* Defaults, then the file. E_IO: no such file. E_FORMAT: an unknown or repeated
 * key, a value out of range; the text names file, line, key, value and what was
 * expected. Call ipl_config_check when everything is set. */
ipl_status ipl_config_read(const char *path, ipl_config *config);

/* "section.key=value" over what is there. E_ARGUMENT as E_FORMAT above. */
ipl_status ipl_config_set(ipl_config *config, const char *text);

/* Whether the keys fit each other: layers, path, list. E_ARGUMENT. */
ipl_status ipl_config_check(const ipl_config *config);

/* Writes each key with its value; reading that file gives the same config. */
ipl_status ipl_config_write(const ipl_config *config, const char *path);

/* The options of one estimator. */
ipl_mi_options ipl_config_options(const ipl_config *config, ipl_mi_estimator which);

/* The keys, for help and for run.json. `value` is written as text. E_ARGUMENT:
 * index outside [0, count). */
typedef struct {
    const char *section, *key, *fallback, *help;
    char        expected[256]; /* "a whole number from 1 to 65536"              */
    char        value[IPL_CONFIG_TEXT];
} ipl_config_key;
int        ipl_config_keys(void);
ipl_status ipl_config_key_at(const ipl_config *config, int index, ipl_config_key *out);

/* How a run shares out its device's memory, in bytes: planned before it takes any. */
typedef struct {
    int64_t free_bytes;      /* what the run may take                            */
    int64_t data_bytes;      /* rows and labels                                  */
    int64_t training_bytes;  /* parameters, moments, gradients, a batch's layers */
    int64_t measuring_bytes; /* networks, their layers, the estimators' work     */
    int64_t total_bytes;     /* of these three                                   */
    int64_t snapshot_bytes;  /* beside them, the most that snapshots take; 0 where
                                the device's memory is the host's                */
    int     lanes;           /* that measure side by side                        */
    int     ticks;           /* measured in one call, at most                    */
    int     nets;            /* networks whose layers are on the device together;
                                0: one layer at a time                           */
    int64_t block_rows;      /* 0; or layers stay in host memory, and come to the
                                device in blocks of so many rows                 */
} ipl_memory;

/* What a run of `config` would take of the device as it is now. Loads the data set.
 * E_MEMORY: it cannot run there; the text has the bytes. Else as ipl_run. */
ipl_status ipl_memory_plan(ipl_device *dev, const ipl_config *config, ipl_memory *out);

typedef struct {
    int64_t tick, last; /* trained so far, and the last one                     */
    int64_t measured;   /* ticks measured so far                                */
    int64_t known;      /* of these, in an earlier session of a resumed run      */
    int64_t from;       /* the tick where this process began to train            */
    int64_t planned;    /* ticks to measure in all; -1: depends on the values   */
    double  wall_s, train_s, measure_s, write_s; /* since the start; measure_s of
                           all lanes together                                   */
    const ipl_memory *memory; /* of the run, while it lasts; NULL: no run       */
} ipl_progress;

/* Called before the first tick, several times a second and after each measured tick, by
 * the thread that called; must not call back. Returns 0 to go on; else the run stops at its next
 * tick, with E_STOPPED, and can be resumed. */
typedef int (*ipl_progress_call)(void *user, const ipl_progress *now);

/*
 * Runs one experiment and writes the run directory `dir`, which must not exist:
 *
 *   config.ini         each key, resolved
 *   plane.csv          seed,epoch,layer,estimator,i_xt_bits,i_ty_bits
 *   plane_details.csv  seed,epoch,layer,estimator,h_t_bits,i_t_next_bits,cells,
 *                      outside_share,noise_var,flags
 *   training.csv       seed,epoch,loss_train_nats,loss_test_nats,accuracy_train,
 *                      accuracy_test, then weight_norm_L, gradient_mean_L and
 *                      gradient_deviation_L of each layer L
 *   run.json           what ran where, versions, times, counts, ceilings
 *
 * With measure.tick = step the epoch columns count steps. Rows come in the order of
 * ticks, then seeds, layers, estimators; they are flushed as soon as no earlier row
 * can come, and a failure keeps them. Equal configs give equal CSV bytes on a device,
 * at any number of threads, whatever the policy, and interrupted or not. `progress`
 * and `out` may be NULL.
 *
 * Training and measuring go on side by side: the device is opened once more, for the
 * training, and a GPU a third time, to measure in two lanes. Memory is shared out first
 * (ipl_memory_plan). While the run goes on, the directory also holds what resuming needs:
 * points.log, state.bin, and lock, which keeps other processes out; and
 * snapshots.tmp, where snapshots go for which run.snapshot_mib is too small.
 *
 * E_ARGUMENT: config, or the directory exists. E_MEMORY: the device is too small. E_IO:
 * a write failed. E_STOPPED: see ipl_progress_call. Else whatever the data, the training or an estimator reports.
 * After all of these but E_ARGUMENT the run can be resumed.
 */
ipl_status ipl_run(ipl_device *dev, const ipl_config *config, const char *dir,
                   ipl_progress_call progress, void *user, ipl_progress *out);

/*
 * Goes on with a run that was stopped, failed, was killed, or lost its machine's
 * power, on a device of the same name. Finished results are, byte for byte, those of
 * a run that was never interrupted. A run that is done is left as it is: IPL_OK, and
 * `dev` may be NULL.
 *
 * E_IO: `dir` is not the directory of a run. E_ARGUMENT: version, device, data or a
 * key (outside [run]) is not what the run began with; the text has both.
 * E_UNSUPPORTED: another process is at it. E_FORMAT: damaged files. Else as ipl_run.
 */
ipl_status ipl_resume(ipl_device *dev, const char *dir, ipl_progress_call progress,
                      void *user, ipl_progress *out);

/* What run.json tells of a run, for who wants to resume it. */
typedef struct {
    int     done;           /* 1: nothing is left to do                         */
    char    device[32];     /* name; "auto" when the run came to nothing yet    */
    char    tick[8];        /* "epoch", "step"                                  */
    int64_t last, measured; /* ticks, by the latest session                     */
} ipl_run_info;

/* E_IO: not the directory of a run; E_FORMAT: run.json is damaged. */
ipl_status ipl_run_about(const char *dir, ipl_run_info *out);

/*
 * Measures activations from elsewhere and writes a run directory for ipl_plot.
 *
 *   folder  holds epoch_E_layer_L.npy, n rows each; every epoch has the same layers
 *   labels  NPY of n integers, or NULL: then i_ty_bits stays empty
 *
 * plane.csv has seed 0. E_ARGUMENT, E_IO, E_FORMAT: the text names the file.
 */
ipl_status ipl_estimate_folder(ipl_device *dev, int estimators,
                               const ipl_mi_options *options, const char *folder,
                               const char *labels, const char *dir,
                               ipl_progress_call progress, void *user,
                               ipl_progress *out);

typedef enum {
    IPL_PLOT_ALL, IPL_PLOT_PLANE, IPL_PLOT_EPOCHS, IPL_PLOT_SNR, IPL_PLOT_COUNT
} ipl_plot_what;

/* Draws a run directory with gnuplot, to a .svg or .png file, which is replaced.
 * E_ARGUMENT: another ending. E_UNSUPPORTED: no gnuplot. E_IO, E_FORMAT: file and
 * line that could not be read; nothing to draw. */
ipl_status ipl_plot(const char *dir, ipl_plot_what what, const char *file);

#ifdef __cplusplus
}
#endif
#endif
