/*
 * host_rows.cu - rows of a matrix in host memory, on their way to the device.
 */
#include <string.h>

#include "host_rows.cuh"
#include "jobs.cuh"

enum { PIECE_BYTES = 1 << 20 /* or one row */ };

host_rows::~host_rows()
{
    if (!dev) return; /* never opened */
    (void)cudaStreamSynchronize(dev->stream);
    for (int p = 0; p < HOST_PIECES; ++p) {
        if (sent[p]) (void)cudaEventDestroy(sent[p]);
        (void)cudaFreeHost(piece[p]);
    }
    (void)cudaGetLastError(); /* a fault has been reported by what it failed */
}

ipl_status host_rows_open(ipl_cuda *dev, const float *t, int64_t d, host_rows *out)
{
    const size_t row_bytes = (size_t)d * sizeof *t;
    out->dev = dev;
    out->t = t;
    out->d = d;
    out->some = row_bytes < PIECE_BYTES ? (int64_t)(PIECE_BYTES / row_bytes) : 1;
    for (int p = 0; p < HOST_PIECES; ++p) {
        const size_t bytes = (size_t)out->some * row_bytes;
        IPL_CUDA(dev, cudaMallocHost((void **)&out->piece[p], bytes));
        IPL_CUDA(dev, cudaEventCreateWithFlags(&out->sent[p], cudaEventDisableTiming));
    }
    return IPL_OK;
}

/* fill(at, some, piece) puts rows at .. at + some - 1 of those to send in a piece. */
template <class Fill>
static ipl_status send_pieces(host_rows *from, int64_t count, float *to, Fill fill)
{
    ipl_cuda *dev = from->dev;
    for (int64_t at = 0; at < count; at += from->some) {
        const int64_t some = count - at < from->some ? count - at : from->some;
        float *piece = from->piece[from->next];
        const cudaEvent_t sent = from->sent[from->next];
        IPL_CUDA(dev, cudaEventSynchronize(sent));
        fill(at, some, piece);
        IPL_TRY(send(dev, piece, some * from->d, to + at * from->d));
        IPL_CUDA(dev, cudaEventRecord(sent, dev->stream));
        from->next = (from->next + 1) % HOST_PIECES;
    }
    return IPL_OK;
}

ipl_status host_rows_send(host_rows *from, const int32_t *row, int64_t count, float *to)
{
    const int64_t d = from->d;
    return send_pieces(from, count, to, [&](int64_t at, int64_t some, float *piece) {
        for (int64_t i = 0; i < some; ++i)
            memcpy(piece + i * d, from->t + row[at + i] * d, (size_t)d * sizeof *piece);
    });
}

ipl_status host_rows_send_run(host_rows *from, int64_t first, int64_t count, float *to)
{
    const int64_t d = from->d;
    return send_pieces(from, count, to, [&](int64_t at, int64_t some, float *piece) {
        memcpy(piece, from->t + (first + at) * d, (size_t)(some * d) * sizeof *piece);
    });
}
