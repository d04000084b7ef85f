/*
 * ipl_device.h - a place where matrices live and arithmetic happens.
 *
 * A device is the host ("cpu") or one GPU ("cuda:0"). It owns its threads or
 * streams, library handles and memory. Calls on one device run in the order
 * they were made; on a GPU they may still be running when the call returns,
 * and ipl_download or ipl_sync waits for them. One thread at a time may use a
 * device; two devices never share state.
 *
 * A child process that is forked after calls on the CPU may go on with the devices
 * that it inherits, or open others: its calls then use one thread each, as those of the
 * parent are not there, and give the same bits. CUDA does not survive fork: once a
 * process has found a GPU (ipl_device_count, ipl_device_open), every call for a GPU in
 * its forked children answers E_DEVICE. Fork first and open the GPU in the child, or
 * start a new program with exec. A child may close what it inherits; no other thread
 * may be inside a call while the process forks.
 *
 * Conventions for the whole library: matrices are float32, row-major, packed;
 * a row is a sample and a column a feature; information is in nats; outputs
 * come last.
 */
#ifndef IPL_DEVICE_H
#define IPL_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

typedef struct ipl_device ipl_device;

/* View of a matrix in device memory. It owns nothing and is passed by value.
 * `at` is an address on the device: host code may offset it, never read it. */
typedef struct {
    float  *at;
    int64_t rows;
    int64_t cols;
} ipl_mat;

/* Class of each sample, in device memory, with the rows grouped by class. Made
 * by ipl_labels_create; passed by address. */
typedef struct {
    int64_t  rows;
    int32_t  classes;
    int32_t *at;    /* device, [rows]: class of each row, in [0, classes)      */
    int32_t *order; /* device, [rows]: row numbers sorted by class, stable     */
    int64_t *start; /* host, [classes + 1]: class c is order[start[c] ..
                       start[c + 1]); empty classes are allowed                */
} ipl_labels;

typedef struct {
    int threads;    /* CPU: threads to use, 0 for all that the process may use */
    int allow_tf32; /* CUDA: 1 lets cuBLAS round products to TF32; 0 (default,
                       for papers) keeps full float32                          */
} ipl_device_options;

typedef struct {
    char    name[32];         /* canonical: "cpu:avx2", "cuda:0"               */
    char    description[128]; /* processor or GPU model, as its maker names it */
    char    libraries[128];   /* of the device: "OpenBLAS 0.3.21 ..", "CUDA 13.0,
                                 driver 13.0, cuBLAS 13.0.2"                   */
    char    note[256];        /* "auto" only: why not the GPU, where the machine
                                 has one; else ""                              */
    int     threads;          /* CPU: threads to use; CUDA: multiprocessors    */
    int     is_host;          /* 1: its memory is the host's, its threads the
                                 processor's                                   */
    int64_t memory_bytes;     /* all of the device's memory                    */
    int64_t free_bytes;       /* what was free when the device was asked       */
    int64_t own_bytes;        /* what each opening of it takes for itself      */
} ipl_device_info;

/* Opens a device by name. `options` may be NULL for the defaults.
 *
 *   "auto"                      the first GPU, or the CPU where there is none
 *   "cpu"                       the host with the best code it can run
 *   "cpu:portable|avx2|avx512"  the host with that code, to compare the three
 *   "cuda", "cuda:N"            GPU 0, GPU N
 *
 * E_ARGUMENT: no such name. E_UNSUPPORTED: the build or the processor lacks it.
 * E_DEVICE: no such GPU. The caller owns *out and gives it back with
 * ipl_device_close. */
ipl_status ipl_device_open(const char *name, const ipl_device_options *options,
                           ipl_device **out);

/* Opens the device of `dev` once more, with the same options: a second line of work
 * that another thread may use beside the first. Memory of the one may be used by the
 * other, and given back to either; marks (below) order their work. Fails as
 * ipl_device_open does. */
ipl_status ipl_device_open_again(const ipl_device *dev, ipl_device **out);

/* CPU: the calls to come use this many of the threads that the device was opened
 * with; results do not depend on it. Others have nothing to choose. E_ARGUMENT:
 * outside [1, threads]. */
ipl_status ipl_device_use_threads(ipl_device *dev, int threads);

/* Waits for pending work, then frees everything. NULL is allowed. A fault in a kernel
 * takes every device that is open on that GPU: their calls answer E_DEVICE, and once
 * all of them are closed it can be opened again. */
void ipl_device_close(ipl_device *dev);

/* What was opened. Owned by the device and valid until it is closed. */
const ipl_device_info *ipl_device_about(const ipl_device *dev);

/* How many bytes a plan may take of a device that has free_bytes free. Some stay free on
 * a GPU, for its driver and libraries, and for rounding to pages. A host gives back what
 * it caches for others: all of its memory counts. */
int64_t ipl_device_usable(const ipl_device_info *about, int64_t free_bytes);

/* Number of device names that this machine offers, and the index-th of them:
 * the CPU with each code it can run, best first, then each GPU. The name is
 * written to name[size]. E_ARGUMENT: index outside [0, count). */
int        ipl_device_count(void);
ipl_status ipl_device_name(int index, char *name, size_t size);

/* Device memory with undefined content, aligned for any type. The caller owns
 * it and gives it back to the same device. ipl_free allows NULL. */
ipl_status ipl_alloc(ipl_device *dev, size_t bytes, void **at);
void       ipl_free(ipl_device *dev, void *at);

/* A packed rows x cols matrix; free its memory with ipl_free(dev, m.at). */
ipl_status ipl_mat_alloc(ipl_device *dev, int64_t rows, int64_t cols, ipl_mat *out);

/* Copies between host and device. Both wait, so `host` may be reused at once. */
ipl_status ipl_upload(ipl_device *dev, const void *host, size_t bytes, void *at);
ipl_status ipl_download(ipl_device *dev, const void *at, size_t bytes, void *host);

/* Copies within the device; the pieces must not overlap. Does not wait. */
ipl_status ipl_copy(ipl_device *dev, const void *from, size_t bytes, void *to);

/* Waits for all queued work and reports an error it met. */
ipl_status ipl_sync(ipl_device *dev);

/* A moment in the work of a device, for which another that was opened from it may wait.
 *
 * ipl_mark_set    the mark stands for all work that `dev` was given before this call
 * ipl_mark_await  calls made on `dev` from now on take effect after what the mark
 *                 stands for; nothing, if it was never set
 *
 * Neither makes the caller wait. One thread at a time may use a mark. The caller gives
 * *out back with ipl_mark_destroy, which allows NULL. E_MEMORY, E_DEVICE. */
typedef struct ipl_mark ipl_mark;
ipl_status ipl_mark_create(ipl_device *dev, ipl_mark **out);
void       ipl_mark_destroy(ipl_mark *mark);
ipl_status ipl_mark_set(ipl_device *dev, ipl_mark *mark);
ipl_status ipl_mark_await(ipl_device *dev, ipl_mark *mark);

/* Copies host labels y[rows] to the device and groups the rows by class.
 * E_ARGUMENT: a label outside [0, classes); the text names row and value. The
 * caller gives *out back with ipl_labels_free, which allows a zeroed struct. */
ipl_status ipl_labels_create(ipl_device *dev, int64_t rows, int32_t classes,
                             const int32_t *y, ipl_labels *out);
void       ipl_labels_free(ipl_device *dev, ipl_labels *labels);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
