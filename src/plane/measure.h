/*
 * measure.h - snapshots to points of the plane.
 */
#ifndef IPL_MEASURE_H
#define IPL_MEASURE_H

#include "plane/points.h"

typedef struct ipl_measurer ipl_measurer;

/* What is measured, and on which rows. Labels and inputs stay the caller's. */
typedef struct {
    int                   estimators;
    const ipl_mi_options *options; /* [estimators]                              */
    const ipl_labels     *y;       /* NULL: none                                */
    ipl_mat               x;       /* device: the inputs, for the families that compare
                                      them; 0 columns: none                     */
    ipl_mi_error          error;
    int                   quantise; /* activations of networks are rounded to so many
                                       bits first; 0: not                        */
} ipl_measure_what;

/* Memory grows to what the largest call needs and is reused. E_NUMERIC: an input is
 * NaN or infinite. */
ipl_status ipl_measurer_create(ipl_device *dev, const ipl_measure_what *what,
                               ipl_measurer **out);
void       ipl_measurer_destroy(ipl_measurer *m);

/* Places t[nets][layers] (device, equal rows) as out[nets][layers], in one call for all
 * of them. E_NUMERIC names the layer. */
ipl_status ipl_measure_layers(ipl_measurer *m, int nets, int layers, const ipl_mat *t,
                              ipl_layer *out);

/* How much of the networks is on the device at once. */
typedef struct {
    int     nets;       /* networks with all their layers; 0: one layer alone    */
    int64_t block_rows; /* with nets 0: 0, or the layer is in host memory, and the
                           device has so many of its rows at a time, a multiple of
                           IPL_NET_FORWARD_ROWS                                  */
} ipl_measure_way;

/* Forward pass of params[nets] (device) over x, then as ipl_measure_layers, in the
 * given way, which changes no bit. out[nets][shape->layers]. */
ipl_status ipl_measure_networks(ipl_measurer *m, const ipl_measure_way *way,
                                const ipl_net_shape *shape, ipl_mat x, int nets,
                                float *const *params, ipl_layer *out);

/* Device bytes that ipl_measure_networks takes, beside x and the parameters, for up to
 * way->nets networks. Of labels and inputs only the shapes are read. */
ipl_status ipl_measure_bytes(ipl_device *dev, const ipl_measure_what *what,
                             const ipl_net_shape *shape, int64_t rows,
                             const ipl_measure_way *way, size_t *bytes);

/* -- For measure.c and measure_nets.c ---------------------------------------------*/

typedef struct {
    void  *at;
    size_t bytes;
} measurer_buffer;

struct ipl_measurer {
    ipl_device       *dev;
    int               estimators;
    ipl_mi_options    options[IPL_MI_SETTINGS_MAX];
    int               partitions; /* by cells, of a layer                       */
    const ipl_labels *y;
    ipl_mi_inputs    *inputs; /* NULL: none, or nobody compares them             */
    ipl_mi_error      error;
    int               quantise; /* bits; 0: activations stay as they are        */
    measurer_buffer   activations, cells, scratch; /* device                     */
    float            *host;                        /* a layer, where it is there  */
};

/* The inputs, where a family compares them; else NULL. */
ipl_status measurer_inputs(ipl_device *dev, const ipl_measure_what *what,
                           ipl_mi_inputs **out);

/* Rounds layers in place, if they are to be; block_rows as ipl_net_quantise's. */
ipl_status measurer_quantise(ipl_measurer *m, int layers, const ipl_mat *t,
                             int64_t block_rows);

/* At least `bytes`, with undefined content. */
ipl_status measurer_grow(ipl_measurer *m, measurer_buffer *b, size_t bytes);

ipl_status measurer_make_cells(ipl_measurer *m, int64_t layers, int64_t n);

/* The points of t[jobs], which are layers first, first + 1, .. of networks of `layers`
 * (for error texts). Cells go to the measurer's, from the place-th layer on. */
ipl_status measurer_place(ipl_measurer *m, int first, int layers, int64_t place,
                          int jobs, const ipl_mat *t, int64_t block_rows,
                          ipl_layer *out);
ipl_status measurer_neighbours(ipl_measurer *m, int nets, int layers, int64_t n,
                               ipl_layer *out);

#endif
