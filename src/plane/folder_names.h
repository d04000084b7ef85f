/*
 * folder_names.h - what a folder of activations holds, by the names of its files.
 *
 * epoch_E_layer_L.npy or .npy.gz: E a number, with or without zeros in front; L a
 * number likewise or a name of letters, digits, '_', '-' and '.'. All epochs have the
 * same layers. Names are ordered as people count: fc2 before fc10.
 */
#ifndef FOLDER_NAMES_H
#define FOLDER_NAMES_H

#include "ipl_net.h"

enum { FOLDER_NAME_BYTES = 64 }; /* of a layer, with its end                      */

typedef struct {
    int64_t epoch;
    char    layer[FOLDER_NAME_BYTES]; /* a number without zeros in front, or a name */
    char   *file;                     /* in the folder                            */
} folder_file;

typedef struct {
    folder_file *file; /* [count]: epoch by epoch, the layers of each in order     */
    int64_t count, size;
    int     layers;
    int     named;     /* 0: the layers are the numbers 1 to `layers`             */
} folder_names;

/* What a name says of its file: 1 all; 0 nothing, it does not begin with "epoch_", has
 * another ending, or has weights or biases, as ipl_run_export names them; -1 it begins
 * so, but does not go on as it must. */
int folder_parse(const char *name, int64_t *epoch, char layer[FOLDER_NAME_BYTES]);

/* E_IO; E_FORMAT: no file that fits, a file that begins so but does not fit, two for
 * one place, an epoch without a layer of the first one or with another; E_ARGUMENT:
 * more than IPL_NET_LAYERS_MAX layers; E_MEMORY. */
ipl_status folder_list(const char *folder, folder_names *out);
void       folder_free(folder_names *names);

#endif
