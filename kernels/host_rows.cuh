/*
 * host_rows.cuh - rows of a matrix in host memory, on their way to the device.
 *
 * The host puts rows in order while it copies them to pinned memory, in pieces: while
 * one is on its way the next is filled.
 */
#ifndef IPL_HOST_ROWS_CUH
#define IPL_HOST_ROWS_CUH

#include "common.cuh"

enum { HOST_PIECES = 2 };

/* Begins as {}. Its pinned memory is freed with its scope, which waits until nothing is
 * sent from it any more. */
struct host_rows {
    ipl_cuda    *dev;
    const float *t;    /* [rows][d], host     */
    int64_t      d;
    int64_t      some; /* rows of a piece     */
    float       *piece[HOST_PIECES];
    cudaEvent_t  sent[HOST_PIECES];
    int          next;
    ~host_rows();
};

/* E_DEVICE: no pinned memory. */
ipl_status host_rows_open(ipl_cuda *dev, const float *t, int64_t d, host_rows *out);

/* Queues rows row[0 .. count) of t to the device: to[count][d]. */
ipl_status host_rows_send(host_rows *from, const int32_t *row, int64_t count,
                          float *to);
/* The same for rows first .. first + count - 1. */
ipl_status host_rows_send_run(host_rows *from, int64_t first, int64_t count, float *to);

#endif
