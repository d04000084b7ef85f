/*
 * ipl_plane.h - an experiment: train, measure as it goes, write.
 *
 *     ipl_config config;
 *     ipl_config_read("configs/ib-tanh.ini", &config);
 *     ipl_config_set(&config, "train.epochs=100");
 *     ipl_run(dev, &config, "runs/first", NULL, NULL, NULL);
 *     ipl_plot("runs/first", IPL_PLOT_ALL, "runs/first/plane.svg");  (ipl_plot.h)
 *
 * A tick is one epoch or one step of the optimiser: measure.tick chooses. Tick 0 is the
 * untrained network. Files hold bits unless a name says nats.
 */
#ifndef IPL_PLANE_H
#define IPL_PLANE_H

#include "ipl_config.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* "0.1.0 (revision)": owned by the library. */
const char *ipl_version(void);

/* Bytes of a public type, as the library was built: ipl_sizeof("ipl_mi_point"). 0: no
 * such type. A binding compares it with its own layout before its first call. */
size_t ipl_sizeof(const char *type);

/* How a run shares out its device's memory. The plan is made before any is taken. */
typedef struct {
    int64_t free_bytes;      /* what the run may take                            */
    int64_t data_bytes;      /* rows and labels                                  */
    int64_t training_bytes;  /* parameters, moments, gradients, a batch's layers */
    int64_t measuring_bytes; /* networks, their layers, the estimators' work     */
    int64_t total_bytes;     /* of these three                                   */
    int64_t snapshot_bytes;  /* beside them, the most that snapshots take; 0 where
                                the device's memory is the host's                */
    int     workers;         /* measure side by side                             */
    int     ticks;           /* at most, in one call                             */
    int     nets;            /* networks whose layers are on the device together;
                                0: one layer at a time                           */
    int64_t block_rows;      /* > 0: out of core: layers stay in host memory, and
                                the device streams block_rows rows at a time     */
} ipl_memory;

/* The plan for a run of `config` on the device as it is now. Loads the data set.
 * E_MEMORY: the device is too small; the text has the bytes. Else as ipl_run. */
ipl_status ipl_memory_plan(ipl_device *dev, const ipl_config *config, ipl_memory *out);

/* How many of the ticks 0 .. last a configuration measures. *is_guess 1: its policy
 * decides by the values, or by what was kept, and the number is that of the log policy
 * with its defaults. E_ARGUMENT: its list; E_MEMORY. */
ipl_status ipl_ticks_planned(const ipl_config *config, int64_t last, int64_t *ticks,
                             int *is_guess);

typedef struct {
    int64_t tick, last; /* trained so far, and the last one                     */
    int64_t measured;   /* ticks measured so far                                */
    int64_t known;      /* of these, by earlier processes of a resumed run      */
    int64_t from;       /* the tick where this process began to train           */
    int64_t planned;    /* ticks to measure in all; -1: depends on the values   */
    int64_t pooled, to_pool; /* layers of pooled networks, after all the rest; 0:
                           nothing is pooled                                    */
    int64_t pool_known; /* of these, by earlier processes                       */
    double  wall_s, train_s, measure_s, write_s, pool_s; /* since the start; measure_s
                           of all workers together                              */
    const ipl_memory *memory; /* of the run, while it lasts; NULL: no run       */
    int64_t values, merged, rounded; /* of activations from elsewhere: values so far,
                           those of them that differ only beyond float32
                           (ipl_mi_narrow), and those that double has rounded   */
    const char *notes;  /* of the data set, lines; as long as `memory`; NULL: none */
    const char *lost;   /* devices and helpers that failed (ipl_places.h), lines; as
                           long as the call; NULL: none                         */
    int     workers;    /* that measure side by side, on all devices and in helpers */
} ipl_progress;

/* Called before the first tick, several times a second and after each measured tick, by
 * the thread that called ipl_run; it must not call the library. Returns 0 to go on, or
 * the run stops at its next tick with E_STOPPED and can be resumed. */
typedef int (*ipl_progress_call)(void *user, const ipl_progress *now);

/*
 * Runs one experiment and writes the run directory `dir`, which must not exist:
 *
 *   config.ini         each key, resolved; first the run's number, as a comment
 *   plane.csv          seed,epoch,layer,estimator,i_xt_bits,i_ty_bits
 *   plane_details.csv  seed,epoch,layer,estimator,h_t_bits,i_t_next_bits,cells,
 *                      outside_share,noise_var,flags,se_x_bits,se_y_bits,refused
 *   training.csv       seed,epoch,loss_train_nats,loss_test_nats,accuracy_train,
 *                      accuracy_test, then weight_norm_L, gradient_mean_L and
 *                      gradient_deviation_L of each layer L
 *   summary.csv        epoch,layer,estimator,quantity,mean,deviation,n: over the seeds
 *   compression.csv    see ipl_compression_row; only of a run that is done
 *   run.json           what ran where, versions, times, counts, doubts, ceilings; in
 *                      data also notes, on what was converted, and class_names, where
 *                      the labels were no numbers from 0
 *
 * loss_train_nats and accuracy_train are the network's at that tick over the training
 * rows, or measure.loss_rows of them, always the same; run.json has their number.
 *
 * A row of summary.csv is of one quantity: i_xt_bits, i_ty_bits, h_t_bits, and of cells
 * i_t_next_bits, as the tables have them. n: seeds whose value is finite; the deviation
 * is that with n - 1, and empty for n = 1, as both are for n = 0.
 *
 * With measure.tick = step the epoch columns count steps. Rows are sorted by tick, then
 * seed, layer, estimator. A row reaches its file once no earlier row can come; it stays
 * there after a failure. Equal configs give equal CSV bytes on a device: at any number
 * of threads, under any policy, interrupted or not. `progress` and `out` may be NULL.
 *
 * With run.keep the networks of the measured ticks, or of all, stay in networks.bin,
 * for ipl_measure_config. With pool.windows those of the windows stay too, and after
 * training and measuring their K first networks are measured as one, for each K:
 *
 *   pool.csv           seed,window,first_tick,last_tick,k,layer,estimator,i_xt_bits,
 *                      i_ty_bits,h_t_bits,h_t_given_x_bits,ceiling_bits,flags,control
 *
 * N = K n rows: each sample has K activations, and is the group of its rows in I(X;T)
 * = H(T) - H(T|X), with one set of bins and one noise; so it is of bin and kde. (Of kde
 * H(T) and H(T|X) are differential and may be negative.) Families that compare the
 * values of x see each K times, as neighbours at distance 0, and renyi's width depends
 * on N: their frozen rows show what that alone does. ceiling_bits: log2 n; empty where
 * a family does not stop there. window: 1, 2, .. of pool.windows. control: none,
 * frozen, walk (Gaussian steps), shuffled (samples). With pool.over = replicas the
 * networks are those of all seeds at one tick, and seed is the first.
 *
 * With measure.rows of several sets, as train, test, these are the tables of the first
 * one (of all, train, test in this order), and run.keep is `measured` at least. Each
 * further set is then measured on the kept networks, into a run directory in this one
 * that has the name of the set, DIR/test: its tables are those of a run with this set
 * alone. Of a delta policy that set has the ticks of the first one, or, where all
 * networks are kept, its own. `out` is of the first set.
 *
 * Training and measuring run side by side: the training has its own handle of the
 * device, and so has each further measuring thread. Memory is planned first
 * (ipl_memory_plan). While the run lasts, the directory also holds points.log and
 * state.bin, from which it resumes; lock, which keeps other processes out, also those
 * of other hosts; and snapshots.tmp, for the snapshots that exceed run.snapshot_mib.
 * The directory is opened once: its files go where they belong even if it is renamed.
 * None is written through a symbolic link, or into what has another name too.
 *
 * E_ARGUMENT: config, or the directory exists. E_MEMORY: the device is too small. E_IO:
 * a write failed. E_STOPPED: see ipl_progress_call. Else as the data, the training or
 * an estimator report. After all of these but E_ARGUMENT the run can be resumed.
 */
ipl_status ipl_run(ipl_device *dev, const ipl_config *config, const char *dir,
                   ipl_progress_call progress, void *user, ipl_progress *out);

/*
 * Resumes a run that stopped, failed, was killed or lost power, on a device of the same
 * name. The finished files are, byte for byte, those of an unbroken run. A finished run
 * stays as it is: IPL_OK, and `dev` may be NULL. Of a run that lost all but config.ini
 * nothing was kept: it begins again.
 *
 * Files of a run know it by a number that is drawn at its start and by a digest of what
 * its results depend on. All that may be refused is before any file is changed, and
 * tables do not get shorter meanwhile. points.log, while it is there, knows better than
 * run.json whether the run is done.
 *
 * E_IO: `dir` is not the directory of a run. E_ARGUMENT: version, device, data or a
 * key outside [run] is not what the run began with; the text has both; or a file is of
 * another run. E_UNSUPPORTED: another process works on it, or one of another host has
 * not given the lock back. E_FORMAT: damaged files. The text says what mends it. Else
 * as ipl_run.
 */
ipl_status ipl_resume(ipl_device *dev, const char *dir, ipl_progress_call progress,
                      void *user, ipl_progress *out);

/*
 * What measures the networks that a finished run kept (run.keep), without training: its
 * configuration with run.networks = dir, for ipl_config_set and ipl_run. Keys of
 * [measure], of the estimators and net.quantise may then change; the points are those
 * of a run with that configuration, bit for bit, and training.csv is the run's own. The
 * policy becomes `kept` where it may ask for more: a delta policy, unless all networks
 * were kept, and any policy where only those of pools were.
 *
 * E_IO: not the directory of a run. E_ARGUMENT: it has not finished, or kept nothing.
 */
ipl_status ipl_measure_config(const char *dir, ipl_config *out);

/* What of a run depends on a key of its configuration. */
typedef enum {
    IPL_KEY_TRAINS,   /* the networks, and so all                               */
    IPL_KEY_LOGS,     /* training.csv alone, which measuring again takes over   */
    IPL_KEY_MEASURES, /* the points: measuring again may change it              */
    IPL_KEY_RUNS      /* no result: how the work is done                        */
} ipl_key_role;
ipl_key_role ipl_role_of(const char *section, const char *key);

/* Which networks of which run, and where they go. */
typedef struct {
    const char *dir;    /* of a finished run that kept networks                 */
    const char *folder; /* new or empty                                         */
    int64_t     tick;   /* that was kept; -1: the last one                      */
    int         every_tick; /* 1: all that were kept                            */
    int64_t     seed;   /* of the network; -1: the first                        */
    int         layer;  /* 1 .. layers; 0: all                                  */
} ipl_export;

/*
 * Writes networks and their activations as NPY files: of each tick E and layer L
 * epoch_E_layer_L.npy, the activations [measured rows][units] as the run measured them;
 * epoch_E_weights_L.npy [width[L-1]][width[L]]; epoch_E_biases_L.npy; further
 * inputs.npy and labels.npy of the measured rows. ipl_estimate_folder reads the folder
 * back. *ticks (or NULL): how many.
 *
 * E_ARGUMENT: as ipl_measure_config; a tick that was not kept; no such seed or layer;
 * the folder is not empty. E_IO, E_FORMAT, E_MEMORY, E_DEVICE.
 */
ipl_status ipl_export_networks(ipl_device *dev, const ipl_export *what, int64_t *ticks);

/* The set of rows of a run's own tables, and the further ones, bit
 * 1 << ipl_measured_rows for each. E_IO, E_FORMAT: its config.ini. */
ipl_status ipl_run_sets(const char *dir, ipl_measured_rows *first, unsigned *further);

/* What a caller needs from run.json to resume a run. `done` is of all sets of rows. */
typedef struct {
    int     done;           /* 1: nothing is left to do                         */
    char    device[32];     /* name; "auto" where the run has kept nothing      */
    char    tick[8];        /* "epoch", "step"                                  */
    int64_t last, measured; /* ticks, as the latest process left them           */
} ipl_run_info;

/* E_IO: not the directory of a run; E_FORMAT: run.json is damaged, or of another run,
 * and there is no points.log any more. */
ipl_status ipl_run_about(const char *dir, ipl_run_info *out);

/*
 * A row of compression.csv, whose columns have these names: how one estimator saw a
 * layer of one seed lose information on X. All of it follows from the numbers that
 * stand in plane.csv and training.csv.
 *
 *     compression = max_t I(X;T_t) - I(X;T_last)        t: the measured ticks
 *
 * Points without I(X;T) are passed over. Of equal maxima the first counts.
 *
 * The signal-to-noise ratio (ipl_gradient_stats) starts on either side of one and
 * crosses it by chance too. It changes sides where two logged ticks in a row are on the
 * other side; a lone one is noise. Counted is the stretch in which training ends: if
 * that is below one, snr_below_one_tick is its first tick, and else there is none.
 * Logged ticks are those of training.csv that have a ratio; of one batch a tick it is
 * infinite. `order` says which came first, the largest I(X;T) or that tick; where
 * nothing was lost, or there is no such tick, it says nothing.
 */
typedef struct {
    int64_t seed;
    int     layer;              /* from 1                                       */
    char    estimator[IPL_MI_NAME_TEXT]; /* as in plane.csv                     */
    double  i_xt_max_bits;      /* NaN: no point has I(X;T)                     */
    int64_t tick_of_max;        /* -1: the same                                 */
    double  i_xt_last_bits, compression_bits;
    double  compression_mean_bits, compression_sd_bits; /* over the seeds of this layer
                                   and estimator, deviation with n - 1; NaN: none */
    int64_t snr_below_one_tick; /* -1: none                                     */
    char    order[12];          /* "max-first", "snr-first", "same", ""         */
} ipl_compression_row;

/* Reads compression.csv, where NaN and -1 are empty fields. Rows are sorted by seed,
 * layer, estimator; *rows is the caller's to free(). E_IO: there is none, since the run
 * is not done; E_FORMAT: file, line and what was expected. */
ipl_status ipl_run_compression(const char *dir, ipl_compression_row **rows,
                               int64_t *count);

/* Inputs or targets in double to float32 by ipl_mi_narrow; *merged is its count, 0 of
 * an array that is in float32. Fails as it does; `what` names the array. */
ipl_status ipl_array_centre(const char *what, ipl_array *array, int64_t *merged);

/*
 * Points that cannot be trusted: of one estimator, with one flag (see ipl_mi.h), or
 * refused for one reason.
 */
enum { IPL_DOUBT_NAME = 48 };
typedef struct {
    char     estimator[IPL_DOUBT_NAME]; /* as in plane.csv                      */
    int      pooled;         /* 1: of pool.csv                                  */
    int      flag;           /* its number: ipl_mi_flag_name                    */
    ipl_mi_refusal refusal;  /* of flag "refused", else NOT_REFUSED             */
    int64_t  points, all;    /* so many of the estimator's points in that table  */
    uint64_t layers;         /* bit l - 1: some of them are of layer l          */
    double   outside_share;  /* the largest, of flag "outside"; else NaN        */
} ipl_doubt;

/* Those of a run directory, finished or not, from its run.json; none is also a result.
 * Sorted by estimator, flag, reason; *rows is the caller's to free(). E_IO: not the
 * directory of a run; E_FORMAT. */
ipl_status ipl_run_doubts(const char *dir, ipl_doubt **rows, int64_t *count);

/* The layers' names of a run directory, for whoever speaks of them: [*count] texts of
 * 64 bytes, the caller's to free(); *count 0: layers are their numbers. Errors as
 * above. */
ipl_status ipl_run_layer_names(const char *dir, char (**names)[64], int *count);

/* Doubts of the points of one layer, which counts as layer 1. */
ipl_status ipl_doubts_of(int points, const ipl_mi_point *point, ipl_doubt **rows,
                         int64_t *count);

/* Activations that another program has written, in arrays of n rows each. */
typedef struct {
    const char  *folder; /* epoch_E_layer_L.npy or .npy.gz, or epoch_E.npz with arrays
                            L or layer_L: E a number, L a number from 0 or 1 or a name;
                            every epoch has the same layers                     */
    const char  *layers; /* "fc1, out": these, in this order; NULL: all, as people
                            count, fc2 before fc10                              */
    const char  *labels; /* what `targets` says; NULL: i_ty_bits stays empty       */
    const char  *inputs; /* the inputs, for the families that compare their values, one
                            array for all epochs; NULL: their i_xt_bits stays empty */
    ipl_mi_error error;
    ipl_target_options targets; /* what the labels are; zero: classes            */
} ipl_activations;

/*
 * Measures a folder of activations, of any framework, and writes a run directory for
 * ipl_plot. Memory holds one epoch at a time.
 *
 * plane.csv has seed 0, and compression.csv nothing of gradients. Layers are counted
 * from 1; where they are not named 1, 2, .. in this order, plane.csv, plane_details.csv
 * and summary.csv have one more column, layer_name, and run.json has layer_names.
 * E_ARGUMENT, E_IO, E_FORMAT, E_NUMERIC: the text names the file; the epochs measured
 * before stay in `dir`, and without one it is not made.
 */
ipl_status ipl_estimate_folder(ipl_device *dev, int estimators,
                               const ipl_mi_options *options,
                               const ipl_activations *from, const char *dir,
                               ipl_progress_call progress, void *user,
                               ipl_progress *out);

/* -- Points from elsewhere --------------------------------------------------------*/

/* A point of a layer, from 1, of the network of one seed at one tick. */
typedef struct {
    int64_t      seed, tick;
    int          layer;
    ipl_mi_point point;
} ipl_plane_row;

/* How far such a network's training was; NaN: not known. */
typedef struct {
    int64_t seed, tick;
    double  loss_train_nats, loss_test_nats, accuracy_train, accuracy_test;
} ipl_plane_training;

/* What another program has trained, and measured by ipl_mi_estimate_host. */
typedef struct {
    const char  *source;  /* what was measured: "digits"                          */
    const char  *notes;   /* on it, lines, each ended by \n; NULL: none            */
    int64_t      samples; /* measured                                             */
    double       h_x, h_y; /* ceilings in nats: log(samples), H(Y); NaN: none     */
    ipl_tick     tick;
    ipl_mi_error error;
    ipl_target_options targets; /* what the labels were; zero: classes            */
    int                layers;
    const char *const *layer_name; /* [layers]; NULL: numbers from 1              */
    const int64_t     *width;   /* [layers]                                       */
    int                   estimators;
    const ipl_mi_options *options; /* [estimators]                                */
    int64_t               rows;
    const ipl_plane_row  *row;  /* sorted by tick, then seed; of each network all
                                   layers, and their points in the order of `options` */
    int64_t                   trained;
    const ipl_plane_training *training; /* sorted by tick, then seed              */
} ipl_plane;

/*
 * Writes a run directory of these points for ipl_plot, with the tables and the run.json
 * of ipl_estimate_folder, and training.csv where `trained` is not 0. Seeds need not
 * have the same ticks. `dev` is the device that measured.
 *
 * E_ARGUMENT: a row out of its place, a layer's name that a table cannot have, or the
 * directory exists. E_IO: a write failed, and the directory is not there.
 */
ipl_status ipl_plane_write(ipl_device *dev, const ipl_plane *plane, const char *dir);

/* The files of such a folder that are none of its activations: their number, and names
 * as far as there is room, "labels.npy, notes.txt". E_IO. */
ipl_status ipl_folder_left_out(const char *folder, size_t size, char *text,
                               int64_t *count);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
