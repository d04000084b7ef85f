/*
 * ipl_plane.h - an experiment: train, measure as it goes, write.
 *
 *     ipl_config config;
 *     ipl_config_read("configs/ib-tanh.ini", &config);
 *     ipl_config_set(&config, "train.epochs=100");
 *     ipl_run(dev, &config, "runs/first", NULL, NULL, NULL);
 *     ipl_plot("runs/first", IPL_PLOT_ALL, "runs/first/plane.svg");  (ipl_plot.h)
 *
 * A tick is one epoch, or one step of the optimiser, as measure.tick says; tick 0
 * is the untrained network. Files hold bits, wherever a name does not say nats.
 */
#ifndef IPL_PLANE_H
#define IPL_PLANE_H

#include "ipl_config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0 (revision)": owned by the library. */
const char *ipl_version(void);

/* Bytes of a public type, as the library was built: ipl_sizeof("ipl_mi_point"). 0: no such
 * type. A binding compares it with its own idea of the layout before its first call. */
size_t ipl_sizeof(const char *type);

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

#ifdef __cplusplus
}
#endif
#endif
