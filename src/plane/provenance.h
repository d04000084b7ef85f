/*
 * provenance.h - run.json: what ran where, made of what, and how long it took.
 */
#ifndef IPL_PROVENANCE_H
#define IPL_PROVENANCE_H

#include "plane/experiment.h"
#include "plane/identity.h"
#include "plane/memory.h"
#include "plane/rundir.h"
#include "plane/site.h"
#include "plane/store.h"
#include "plane/work.h"

/* What a run directory tells about itself, beside its tables: made when it is written,
 * and read by nobody else. */
typedef struct {
    ipl_device          *dev;
    const char          *status; /* "running", "done", "stopped", "failed"       */
    const char          *error;  /* NULL: none                                   */
    const ipl_config    *config; /* NULL: activations from elsewhere             */
    const char          *source; /* data set or folder                           */
    const ipl_identity  *of;     /* NULL: not a run                              */
    const char          *networks; /* where they come from; NULL: trained here     */
    uint32_t             networks_crc;
    const char          *inputs_file; /* of activations from elsewhere; NULL: none  */
    ipl_mi_error         errors;      /* of activations from elsewhere              */
    const ipl_target_options *targets; /* of activations from elsewhere; NULL: none */
    int64_t              rows, train_rows, measured_rows; /* -1: not known       */
    int64_t              loss_rows; /* training rows of the loss; 0: not trained  */
    int                  inputs, classes;
    const char          *notes;  /* on the data, lines                           */
    const char          *class_names; /* as in ipl_dataset; NULL: numbers        */
    int                  named;  /* classes that have a name                     */
    int                  estimators;
    ipl_mi_options       options[IPL_MI_SETTINGS_MAX];
    int                  layers;
    char                 layer[IPL_NET_LAYERS_MAX][96]; /* "10-tanh", "fc1 (10)"   */
    const char *const   *layer_name; /* [layers]; NULL: numbers from 1            */
    int64_t              seed, replicas;
    const int64_t       *seeds; /* [replicas]; NULL: from `seed` on              */
    const char          *tick;   /* "epoch", "step"                              */
    double               h_x, h_y; /* ceilings in nats; h_y NAN: no labels       */
    const ipl_memory    *memory; /* NULL: no run                                 */
    int                  further; /* devices that measure beside the first       */
    const ipl_site      *site;    /* [further]                                   */
    int                  helpers;
    const char          *lost;    /* lines on those that failed; NULL: none      */
    ipl_store_stats      store;
    ipl_work             work;
    ipl_progress         progress;
} ipl_provenance;

/* Fills in what the experiment knows: data, layers, estimators, ceilings. Texts stay
 * the experiment's. */
void ipl_provenance_experiment(ipl_provenance *p, const ipl_experiment *e);

/* The layers of activations from elsewhere: their captions, and names; NULL: they have
 * none. Names stay the caller's. */
void ipl_provenance_layers(ipl_provenance *p, int layers, const char *const *name,
                           const int64_t *width);

ipl_status ipl_provenance_write(const ipl_provenance *p, ipl_rundir *dir);

#endif
