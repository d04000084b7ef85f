/*
 * ipl_device.h - devices: where matrices are stored and computed on.
 *
 * A device is the host ("cpu") or one GPU ("cuda:0"). It owns its threads or streams,
 * library handles and memory. The calls on a device take effect in program order. On
 * a GPU a call may return before its work is done; ipl_download and ipl_sync wait for
 * it. Only one thread at a time may use a device. Two devices share no state.
 *
 * Fork: a child process may use CPU devices, inherited or its own. After a parallel
 * call in the parent, the child's calls use one thread each and return the same bits.
 * CUDA does not survive fork: once a process has found a GPU (ipl_device_count,
 * ipl_device_open), all GPU calls in its forked children return E_DEVICE. Fork first
 * and open the GPU in the child, or start a new program with exec. A child may close
 * the devices it inherits. No other thread may be inside a call during the fork.
 *
 * Conventions of the whole library: matrices are float32, row-major and packed. A row
 * is a sample, a column a feature. Information is in nats. Outputs are the last
 * arguments.
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

/* A view of a matrix in device memory. It owns nothing and is passed by value. `at` is
 * a device address: host code may add offsets to it, but must not read through it. */
typedef struct {
    float  *at;
    int64_t rows;
    int64_t cols;
} ipl_mat;

/* Class labels in device memory, with the rows grouped by class. Created by
 * ipl_labels_create, passed by address. */
typedef struct {
    int64_t  rows;
    int32_t  classes;
    int32_t *at;    /* device, [rows]: class of each row, in [0, classes)      */
    int32_t *order; /* device, [rows]: row numbers sorted by class, stable     */
    int64_t *start; /* host, [classes + 1]: class c is order[start[c] ..
                       start[c + 1]); empty classes are allowed                */
} ipl_labels;

typedef struct {
    int threads;    /* CPU: number of threads; 0: all the process may use      */
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
    int     is_host;          /* 1: host memory and the processor's threads    */
    int64_t memory_bytes;     /* of the device; of the CPU: that may be used   */
    int64_t free_bytes;       /* free memory when the device was opened        */
    int64_t own_bytes;        /* memory that a handle takes with the first network
                                 that is wide: ipl_net.h                       */
} ipl_device_info;

/* Opens a device by name. options NULL: the defaults.
 *
 *   "auto"                      the first GPU; without one, the CPU
 *   "cpu"                       the host with the best instruction set it has
 *   "cpu:portable|avx2|avx512"  the host with this instruction set, for comparisons
 *   "cuda", "cuda:N"            GPU 0, GPU N
 *
 * E_ARGUMENT: unknown name. E_UNSUPPORTED: the build or the processor lacks it.
 * E_DEVICE: no such GPU. E_MEMORY: a limit of address space leaves no room; a program
 * under such a limit is started with OPENBLAS_NUM_THREADS=1 in its environment, since
 * OpenBLAS may else wait for ever when it is loaded. The caller owns *out and closes it
 * with ipl_device_close. */
ipl_status ipl_device_open(const char *name, const ipl_device_options *options,
                           ipl_device **out);

/* Opens a second handle of the same device, with the same options. Another thread may
 * use it at the same time. Memory allocated through one handle is valid in the other
 * and may be freed through either. Events (below) order the work of handles. Errors: as
 * ipl_device_open. */
ipl_status ipl_device_open_again(const ipl_device *dev, ipl_device **out);

/* CPU: later calls use this many of the threads that the device was opened with. It
 * changes no result. CUDA: no effect. E_ARGUMENT: outside [1, threads]. */
ipl_status ipl_device_use_threads(ipl_device *dev, int threads);

/* Waits for pending work, then frees the handle. NULL is allowed. A fault in a kernel
 * makes all handles of that GPU unusable: their calls return E_DEVICE. Once all of them
 * are closed the GPU is reset and may be opened again, but after a fault such as an
 * illegal address NVIDIA promises nothing in the same process: go on in a new one. */
void ipl_device_close(ipl_device *dev);

/* Description of an open device. The device owns it; valid until it is closed. */
const ipl_device_info *ipl_device_about(const ipl_device *dev);

/* Bytes of the device's memory that nobody uses now. E_DEVICE. */
ipl_status ipl_device_free_bytes(ipl_device *dev, int64_t *bytes);

/* How far the device is with the long pass over pairs of rows that it makes now: pieces
 * done, and all; *all 0: it makes none, or cannot tell. An estimator makes one pass, or
 * several. CUDA: of the pairs of KDE alone. Any thread may ask at any time. */
void ipl_device_progress(const ipl_device *dev, int64_t *done, int64_t *all);

/* Ends the estimate that this handle makes now, and all later ones: they return
 * E_STOPPED. On a CPU at the next piece of a pass over pairs of rows, else before the
 * next family. Close the handle afterwards. Any thread may call it at any time. */
void ipl_device_stop(ipl_device *dev);

/* How many bytes a plan may take of a device with free_bytes free. On a GPU some stay
 * free for its driver and libraries, and for rounding to pages. A host gives back what
 * it caches for others: all of its memory counts. */
int64_t ipl_device_usable(const ipl_device_info *about, int64_t free_bytes);

/* The device names of this machine: their number, and the index-th of them, written to
 * name[size]. First the CPU with each instruction set it has, best first, then each
 * GPU. E_ARGUMENT: index outside [0, count). */
int        ipl_device_count(void);
ipl_status ipl_device_name(int index, char *name, size_t size);

/* Allocates device memory, uninitialised and aligned for any type. The caller owns it
 * and frees it on the same device. ipl_free allows NULL. E_MEMORY. */
ipl_status ipl_alloc(ipl_device *dev, size_t bytes, void **at);
void       ipl_free(ipl_device *dev, void *at);

/* Allocates a packed rows x cols matrix. Free it with ipl_free(dev, m.at). E_ARGUMENT:
 * not above 0, or too large for 64 bits; E_MEMORY. */
ipl_status ipl_mat_alloc(ipl_device *dev, int64_t rows, int64_t cols, ipl_mat *out);

/* Copies between host and device. Both wait: `host` may be reused at once. */
ipl_status ipl_upload(ipl_device *dev, const void *host, size_t bytes, void *at);
ipl_status ipl_download(ipl_device *dev, const void *at, size_t bytes, void *host);

/* Copies within the device. The ranges must not overlap. Does not wait. */
ipl_status ipl_copy(ipl_device *dev, const void *from, size_t bytes, void *to);

/* Waits for all queued work and returns an error that it met. */
ipl_status ipl_sync(ipl_device *dev);

/* An event: a point in a handle's queue that other handles of the device can
 * wait for.
 *
 * ipl_event_record  the event stands for all work queued on `dev` before this call
 * ipl_event_wait    later work on `dev` starts after the work the event stands for; an
 *                   event that was never recorded has no effect
 *
 * Neither call blocks. Only one thread at a time may use an event. The caller owns *out
 * and destroys it with ipl_event_destroy, which allows NULL. E_MEMORY, E_DEVICE. */
typedef struct ipl_event ipl_event;
ipl_status ipl_event_create(ipl_device *dev, ipl_event **out);
void       ipl_event_destroy(ipl_event *event);
ipl_status ipl_event_record(ipl_device *dev, ipl_event *event);
ipl_status ipl_event_wait(ipl_device *dev, ipl_event *event);

/* Copies the host labels y[rows] to the device and groups the rows by class.
 * E_ARGUMENT: a label outside [0, classes); the text has its row and value. The caller
 * owns *out and frees it with ipl_labels_free, which allows a zeroed struct. */
ipl_status ipl_labels_create(ipl_device *dev, int64_t rows, int32_t classes,
                             const int32_t *y, ipl_labels *out);
void       ipl_labels_free(ipl_device *dev, ipl_labels *labels);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
