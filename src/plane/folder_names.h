/*
 * folder_names.h - what a folder of activations holds, by the names of its files.
 *
 * epoch_E_layer_L.npy or .npy.gz: E a number, with or without zeros in front; L a
 * number likewise or a name of letters, digits, '_', '-' and '.'. Or epoch_E.npz with
 * an array L or layer_L for each layer. All epochs have the same layers. Names are
 * ordered as people count, fc2 before fc10, or as the caller says.
 */
#ifndef FOLDER_NAMES_H
#define FOLDER_NAMES_H

#include "ipl_net.h"

enum { FOLDER_NAME_BYTES = 64 }; /* of a layer, with its end                      */

typedef struct {
    int64_t epoch;
    char    layer[FOLDER_NAME_BYTES]; /* a number without zeros in front, or a name */
    char   *file;  /* in the folder: epoch_1_layer_2.npy, epoch_1.npz:layer_2    */
} folder_file;

typedef struct {
    folder_file *file; /* [count]: epoch by epoch, the layers of each in order     */
    int64_t count, size;
    int     layers;
    char    layer[IPL_NET_LAYERS_MAX][FOLDER_NAME_BYTES]; /* in this order         */
    int     named;     /* 0: the layers are the numbers 1 to `layers`             */
} folder_names;

/* What a name says of its file: 1 all; 2 only the epoch, the layers are arrays in the
 * file; 0 nothing, it does not begin with "epoch_", has another ending, or has weights
 * or biases, as ipl_run_export names them; -1 it begins so, but does not go on as it
 * must. */
int folder_parse(const char *name, int64_t *epoch, char layer[FOLDER_NAME_BYTES]);

/* The name of a layer, of `length` bytes, without the zeros in front of a number; 0: it
 * is too long, or has other characters. */
int folder_layer(const char *name, size_t length, char layer[FOLDER_NAME_BYTES]);

/* All files that are layers, by epoch, then as people count. E_IO, E_MEMORY; E_FORMAT:
 * none fits, one begins so but does not fit. `names` is empty before, and freed by
 * the caller in any case. */
ipl_status folder_read(const char *folder, folder_names *names);

/* As people count: runs of digits by their value, the rest by its bytes. */
int folder_compare(const char *a, const char *b);

/* The files of the layers in `choice`, "fc1, fc2", in this order; NULL: of all.
 * E_IO, E_MEMORY; E_FORMAT: as folder_read; two files for one place, an epoch without a
 * layer or with one that the first has not; E_ARGUMENT: more than IPL_NET_LAYERS_MAX
 * layers, or a choice that the folder has not. */
ipl_status folder_list(const char *folder, const char *choice, folder_names *out);
void       folder_free(folder_names *names);

#endif
