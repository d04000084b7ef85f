/*
 * ipl_data.h - datasets: inputs X, class labels Y, and which rows train.
 *
 * All data is in host memory. Labels are classes 0 .. C-1, whatever words or numbers
 * the files have.
 */
#ifndef IPL_DATA_H
#define IPL_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef enum {
    IPL_DATA_IB,  /* the 4096 patterns of 12 bits of Shwartz-Ziv and Tishby (2017),
                     generated; inputs 0 and 1; needs no file                  */
    IPL_DATA_IDX, /* path: folder with the IDX files of one set, plain or gzip, with
                     the file names of MNIST, EMNIST or QMNIST and any element type;
                     for a folder of several sets, the common start of the names:
                     DIR/emnist-digits                                         */
    IPL_DATA_MAT, /* path: MATLAB file, level 5 or 7.3, or HDF5 file: inputs and labels
                     (a row or a column) by name, of any numeric class, full or
                     sparse. HDF5 datasets with the attribute MATLAB_class have
                     MATLAB's axes, the reverse of HDF5's; those without it
                     (h5py) are as HDF5 has them, rows first. Axes but that of the
                     rows are flattened in C order. Without F and y, EMNIST's layout:
                     dataset.train and dataset.test, each with images and labels.
                     What leads to other files is refused. E_UNSUPPORTED in a build
                     with MAT=0                                                */
    IPL_DATA_NPY, /* path: folder with X.npy and y.npy                          */
    IPL_DATA_ARRAYS, /* x and y: a file each, as ipl_array_read takes them; or path:
                     an NPZ file with the members X and y                      */
    IPL_DATA_SET_COUNT
} ipl_data_set;

typedef enum {
    IPL_PARTS_BOTH, /* the rows of the training file, then of the test file */
    IPL_PARTS_TRAIN,
    IPL_PARTS_TEST,
    IPL_PARTS_COUNT
} ipl_data_parts;

/* The axis of a MATLAB file's inputs that counts the rows. */
typedef enum {
    IPL_MAT_ROWS_AUTO, /* the first or the last, whichever is as long as the labels;
                          a square matrix: the first; both of more than two: E_FORMAT */
    IPL_MAT_ROWS_FIRST,
    IPL_MAT_ROWS_LAST,
    IPL_MAT_ROWS_COUNT
} ipl_mat_rows;

typedef enum {
    IPL_SPLIT_ORDERED, /* the first rows train (2017 code)                      */
    IPL_SPLIT_SHUFFLED,/* the rows are permuted by `seed` first; if the files define
                          training and test rows, each part by itself          */
    IPL_SPLIT_COUNT
} ipl_data_split;

/* How inputs are scaled, in double: each column by itself, or (_ALL) all values
 * together, as the pixels of images. A constant column is only shifted to 0. */
typedef enum {
    IPL_SCALE_AUTO,      /* IDX: UNIT_ALL; all others: none                      */
    IPL_SCALE_NONE,
    IPL_SCALE_UNIT,      /* (x - min) / (max - min)                              */
    IPL_SCALE_SYMMETRIC, /* 2 unit - 1                                           */
    IPL_SCALE_STANDARD,  /* (x - mean) / sd, both of the training rows           */
    IPL_SCALE_UNIT_ALL,  /* the same of all values; bytes of IDX: x / 255        */
    IPL_SCALE_SYMMETRIC_ALL,
    IPL_SCALE_STANDARD_ALL,
    IPL_SCALE_COUNT
} ipl_data_scale;

typedef struct {
    ipl_data_set   set;
    const char    *path;           /* not used by IB                            */
    const char    *x, *y;          /* ARRAYS only: files, in the folder `path` if that
                                      is one; NULL or "": by path                */
    const char    *no_label;       /* rows with this label, or one of several divided by
                                      commas, are left out before all else; "nan": those
                                      that are NaN; NULL or "": none            */
    int64_t        y_bins;         /* > 0: labels are real values, and the classes their
                                      bins, as IPL_TARGET_BINS makes them        */
    const char    *mat_x, *mat_y;  /* MAT: variables of inputs and labels, or fields of
                                      structs, "a.b"; NULL or "": F and y       */
    ipl_mat_rows   mat_rows;
    ipl_data_parts parts;          /* IDX, and MAT with the layout of EMNIST    */
    ipl_data_split split;
    double         train_fraction; /* in (0, 1]: share of the rows, rounded. 0: 0.8, but
                                      for IDX with both parts as the files say  */
    ipl_data_scale scale;
    double         label_noise;    /* in [0, 1]: share of labels, rounded to whole
                                      rows, that are replaced by another class drawn
                                      uniformly; applied after random_labels    */
    int            random_labels;  /* 1: all labels are permuted among the rows */
    int64_t        limit;          /* number of rows to keep, 0: all. ORDERED: the
                                      first; SHUFFLED: a random subset. IDX with
                                      both parts: from each in proportion       */
    uint64_t       seed;           /* of subset, split, noise and random labels */
} ipl_data_options;

/* IB, ORDERED, seed 1, all other fields 0. */
ipl_data_options ipl_data_defaults(void);

enum { IPL_NOTE_BYTES = 400, IPL_NOTES_BYTES = 1600 };

typedef struct {
    char     name[64];   /* "ib", or the last part of the path                  */
    int64_t  rows;
    int32_t  inputs;
    int32_t  classes;
    char    *class_names; /* the label of each class, each ended by a 0; NULL: their
                             numbers                                            */
    char     notes[IPL_NOTES_BYTES]; /* lines on what was converted, each ended by \n */
    float   *x;          /* [rows][inputs], scaled, in the set's own order      */
    int32_t *y;          /* [rows], after noise                                 */
    int64_t  train_rows; /* split[0 .. train_rows) train, the rest tests        */
    int32_t *split;      /* [rows]: a permutation of the row numbers            */
} ipl_dataset;

/* Reads or generates a dataset. E_IO, E_FORMAT: the text has file, place, value and
 * what was expected (files that are missing, empty, truncated, too long, damaged or of
 * another kind; images and labels that disagree; labels that are no classes;
 * values beyond float32); E_NUMERIC: NaN in data. What is converted stands in notes.
 * The caller owns *out and frees it with ipl_dataset_free, which allows a zeroed
 * struct. */
ipl_status ipl_dataset_load(const ipl_data_options *options, ipl_dataset *out);

/* What loading checks last, of a set that is loaded: of *data it looks at rows, classes
 * and name, and sets train_rows, which 0 of train_fraction leaves where it is above 0.
 * E_ARGUMENT: no row would train; noise in labels that are all the same. */
ipl_status ipl_dataset_divide(const ipl_data_options *options, ipl_dataset *data);
void       ipl_dataset_free(ipl_dataset *data);

/* Adds a line to notes[IPL_NOTES_BYTES]; what has no room is cut off. */
__attribute__((format(printf, 2, 3)))
void       ipl_note(char *notes, const char *format, ...);

/* An array of numbers or labels from a file. Rows are the first axis; all further ones
 * are flattened in C order to columns. One of values, wide, integers, text is set. */
enum { IPL_ARRAY_DIMS_MAX = 32, IPL_ARRAY_SHAPE_BYTES = 256 };
typedef struct {
    int64_t  rows, cols; /* of one axis: cols = 1                                 */
    int      dims;
    int64_t  shape[IPL_ARRAY_DIMS_MAX];
    int64_t  rounded;    /* values that were rounded: to double, if wide is set   */
    int64_t  rounded_fit;/* of these, the ones whose double float32 holds         */
    float   *values;     /* [rows][cols], where float32 holds each value exactly  */
    double  *wide;       /* [rows][cols], where it does not                       */
    int64_t *integers;   /* [rows][cols]; by ipl_array_read_labels                */
    int      naturals;   /* 1: the integers are the bits of uint64_t              */
    char    *text;       /* [rows][cols][text_bytes], each ended by a 0: words    */
    size_t   text_bytes;
} ipl_array;

/* Reads an array of numbers. The path is one of
 *   an NPY file, format 1.0 to 3.0, in C or Fortran order, of either byte order: bool,
 *     any integer type, float8 e5m2, float16, bfloat16, float32, float64, x86's long
 *     double; bfloat16 and float8 as ml_dtypes, JAX and TensorFlow save them;
 *   FILE.npz:MEMBER, or FILE.npz that holds one array;
 *   text: CSV with a row a line, divided by commas, semicolons, tabs or spaces; a first
 *     line of names may be there;
 * and any of these but npz may be packed by gzip. The content decides, not the name.
 * NaN and infinity are accepted (the estimators refuse them). E_IO, E_FORMAT: as
 * above; of what other programs write, the text says what it is and how to convert
 * it. */
ipl_status ipl_array_read(const char *path, ipl_array *out);

/* The same for labels: integers where all values are whole and within int64, else
 * numbers; text, where the file holds words (in CSV: one column). */
ipl_status ipl_array_read_labels(const char *path, ipl_array *out);
void       ipl_array_free(ipl_array *array);

/* The shape as "(100, 3, 3)". */
void ipl_array_shape(const ipl_array *array, char text[IPL_ARRAY_SHAPE_BYTES]);

/* From wide to values, by rounding to float32; `rounded` then counts each value that
 * was rounded, to double or to float32, once. E_NUMERIC: a finite value beyond
 * float32's range; the text has `what`, its row and column; E_MEMORY. */
ipl_status ipl_array_narrow(const char *what, ipl_array *array);

/* The names of the arrays in an npz file, in its order; as members of a path. *names is
 * one piece of memory, which the caller frees with free(). E_IO, E_FORMAT as above. */
ipl_status ipl_npz_members(const char *path, char ***names, int *count);

/* Writes [rows][cols] float32 (cols 0: 1-d) or [rows] int32 in NPY format 1.0. E_IO:
 * the text has the system's reason; no partial file remains. */
ipl_status ipl_npy_write_float32(const char *path, int64_t rows, int64_t cols,
                                 const float *values);
ipl_status ipl_npy_write_int32(const char *path, int64_t rows, const int32_t *values);

/* Labels as classes. */
enum { IPL_NO_CLASS = -1 };
typedef struct {
    int64_t  rows;
    int32_t  classes;
    int32_t *y;          /* [rows]; IPL_NO_CLASS where a row has none            */
    int64_t  unlabelled; /* rows with IPL_NO_CLASS                               */
    char    *names;      /* the label of each class, each ended by a 0; NULL: their
                            numbers                                              */
    char     note[IPL_NOTE_BYTES]; /* on what was converted, one line; or ""     */
} ipl_classes;

/* What labels, targets or inputs belong to: a row each. */
typedef struct {
    const char *what;       /* in messages, as "the activations"                   */
    int64_t     rows, cols; /* cols only to see that it is transposed              */
} ipl_samples_of;

/* The labels of n = of.rows samples from a file: a column or a row of n whole numbers
 * or words, or one-hot labels, n x C with one 1 a row, whose columns are the classes.
 * Labels 0 .. C-1 stay; all others become classes in ascending order (of words: of
 * their bytes), and the note says which. Rows labelled `no_label` (NULL or "": none;
 * several are divided by commas; "nan": NaN) have no class.
 * E_IO, E_FORMAT as above, and for another number of rows, for numbers that are not
 * whole, for probabilities, and beyond 65536 classes. */
ipl_status ipl_labels_read(const char *path, ipl_samples_of of, const char *no_label,
                           ipl_classes *out);

/* The same from an array, which messages call `what`. */
ipl_status ipl_labels_from_array(const char *what, ipl_samples_of of,
                                 const ipl_array *labels, const char *no_label,
                                 ipl_classes *out);
void       ipl_classes_free(ipl_classes *classes);

/* The inputs X of n = of.rows samples, without the rows that have no class (classes
 * NULL: all have one), in which any value may stand. E_IO, E_FORMAT as above, and for
 * another number of rows; E_NUMERIC: a value is NaN or infinite; the text has the first
 * one's place. */
ipl_status ipl_array_read_inputs(const char *path, ipl_samples_of of,
                                 const ipl_classes *classes, ipl_array *out);

/* Keeps the rows of an array that have a class. E_ARGUMENT: another number of rows;
 * E_NUMERIC: a value in one of them is NaN or infinite; the text has `what` and the
 * first one's place, as the file counts rows. */
ipl_status ipl_array_keep_labelled(const char *what, const ipl_classes *classes,
                                   ipl_array *array);

/* The classes of these rows to y[rows - unlabelled], which may be classes->y. */
void       ipl_classes_labelled(const ipl_classes *classes, int32_t *y);

/* -- Targets of any kind ----------------------------------------------------------*/

/* What a file of targets Y is. Real values are taken by request only. */
typedef enum {
    IPL_TARGET_CLASSES, /* labels                                               */
    IPL_TARGET_BINS,    /* one real value each, in bins of equal occupation: sorted
                           value number floor(k n / bins) begins bin k; equal values
                           stay together                                        */
    IPL_TARGET_WIDTH,   /* the same in bins floor(y / width)                    */
    IPL_TARGET_VALUES,  /* real values, one or several each, as they are        */
    IPL_TARGET_FORM_COUNT
} ipl_target_form;

typedef struct {
    ipl_target_form form;
    int64_t bins;  /* BINS: 2 to 65536                                          */
    double  width; /* WIDTH: > 0, units of the targets                          */
    const char *no_label; /* of all but VALUES: as in ipl_labels_read             */
} ipl_target_options;

typedef struct {
    int32_t  *y;       /* of all but VALUES: [rows], of CLASSES [rows - unlabelled];
                          bins in double, those without a value left out: H(Y) is
                          that of the bins                                       */
    int32_t   classes;
    ipl_classes labels; /* of all but VALUES: the classes of all rows, and a note */
    ipl_array values;  /* VALUES: values or wide, finite                        */
} ipl_targets;

/* The targets of n = of.rows samples. E_IO, E_FORMAT: as above, and for another number
 * of rows, for real values where classes are expected (the text names what takes them),
 * for several columns or more than 65536 bins; E_NUMERIC: NaN or infinity, with its
 * row. The caller frees *out with ipl_targets_free, which allows a zeroed struct. */
ipl_status ipl_targets_read(const char *path, ipl_samples_of of,
                            const ipl_target_options *how, ipl_targets *out);
void       ipl_targets_free(ipl_targets *targets);

/* BINS and WIDTH from an array of real values, one a row, which messages call `what`.
 * An array of one row is made one of one column. Errors as above. */
ipl_status ipl_classes_of_values(const char *what, ipl_samples_of of, ipl_array *array,
                                 const ipl_target_options *how, ipl_classes *out);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
