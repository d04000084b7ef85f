/*
 * net_cuda.cuh - what the files of the networks on CUDA share (net_*.cu).
 *
 * Two ways through a network, chosen by its shape alone. Tiny: every layer has at
 * most 64 units, so one block holds a whole replica in shared memory and trains a
 * whole call in one launch (net_tiny.cu). Wide: products by cuBLAS over all replicas
 * at once, with our kernels between them (net_wide.cu, net_layers.cu); the last layers
 * of at most 64 units are one launch (net_narrow.cu).
 *
 * On the device each replica's state is parameters, first, second moments, packed as
 * in ipl_net.h: layer l is a matrix of (width[l-1] + 1) x width[l], its biases being
 * the last row. Replicas are `stride` floats apart.
 */
#ifndef IPL_NET_CUDA_CUH
#define IPL_NET_CUDA_CUH

#include <math.h>

#include "common.cuh"

enum { NET_MAX = IPL_NET_LAYERS_MAX, NET_TINY_WIDTH = 64, REPLICAS_MAX = 65535 };

/* A shape as kernels see it; at[l] is where layer l starts, at[layers + 1] the end. */
struct net_layout {
    int     layers;
    int     width[NET_MAX + 1];
    int     act[NET_MAX + 1];
    int64_t at[NET_MAX + 2];
};

/* ipl_train_options in float, with the complements taken in double. */
struct net_rule {
    int   optimizer;
    float rate, momentum, beta1, beta2, rest1, rest2, epsilon, decay;
};

/* What training reads of a call, at the start of the trainer's plan memory: the steps
 * taken before it and the number of its steps done (advanced by net_wide.cu); behind it
 * Adam's scales of each step, rate / (1 - beta1^t) and 1 / (1 - beta2^t); the order. */
struct net_plan {
    int64_t first_step;
    int64_t done;
};

struct ipl_cuda_wide; /* net_wide.cu */

static const unsigned long long NET_NO_BAD = ~0ull;

enum { PLANS = 4 }; /* calls whose plans may be under way at once */

struct ipl_cuda_trainer {
    ipl_cuda         *dev;
    ipl_cuda_trainer *next;
    net_layout        layout;
    net_rule          rule;
    double            rate, beta[2];
    int               replicas, slots;
    int64_t           rows, parameters, stride;
    int64_t           batch; /* INT64_MAX: all rows of a call                     */
    int64_t           steps; /* taken, counting what is queued                    */
    const float      *x;     /* the caller's                                      */
    const int32_t    *y;

    float              *state;    /* [replicas][stride]                           */
    unsigned long long *bad;      /* device: earliest non-finite step, or NET_NO_BAD */
    unsigned long long *bad_seen; /* pinned: its latest copy                      */
    double2            *welford;  /* [replicas][parameters] mean and squared
                                     deviations of gradients, or NULL             */
    ipl_gradient_stats *stats;    /* device, [replicas][layers]                   */

    char       *plan;             /* device: net_plan, float2[steps], order       */
    char       *plan_host[PLANS]; /* pinned: plans on their way to it             */
    cudaEvent_t plan_sent[PLANS];
    size_t      plan_bytes;
    const char *order_host;       /* pinned: the order that the device has, or NULL */
    int64_t     order_count;      /* its rows of a replica                        */
    unsigned    plans;            /* calls so far                                 */

    ipl_cuda_wide *wide;          /* NULL: tiny                                   */
};

/* Where the parts of the plan of a call lie. */
struct net_call {
    int64_t        count, batch, steps; /* batch <= count */
    net_plan      *plan;
    const float2  *scale;
    const int32_t *order; /* [replicas][count] */
    double2       *welford;
};

/* cuBLAS may choose its kernel, and so the bits, by where operands lie. Matrices begin
 * at multiples of NET_ALIGN floats; parameters that lie packed, `behind` floats after
 * one, where behind is a function of the shape. */
enum { NET_ALIGN = 64 };

static inline __host__ __device__ int64_t net_whole(int64_t floats)
{
    return (floats + NET_ALIGN - 1) / NET_ALIGN * NET_ALIGN;
}

/* Units of narrow layers are padded, so that four weights are read at a time. */
static __host__ __device__ constexpr int pad4(int n) { return (n + 3) & ~3; }

static inline bool net_lies(const float *at, int64_t behind)
{
    return (int64_t)((uintptr_t)at / sizeof *at % NET_ALIGN) == behind % NET_ALIGN;
}

/* What cuBLAS is called with lies elsewhere: a bug of ours. */
static inline ipl_status net_misplaced(const char *call, int m, int n, int k)
{
    return IPL_FAIL(IPL_E_DEVICE, "%s: an operand of %d x %d x %d is not aligned as "
                    "planned, a bug of infoplane", call, m, n, k);
}

net_layout ipl_cuda_net_layout(const ipl_net_shape *shape);
int        ipl_cuda_net_is_tiny(const net_layout *layout);

/* Whether one block can train this: net_tiny.cu. */
int        ipl_cuda_tiny_fits(const ipl_cuda *dev, const net_layout *layout, int slots,
                              int64_t batch);
ipl_status ipl_cuda_tiny_train(ipl_cuda_trainer *t, const net_call *call);

/* Device memory that ipl_cuda_wide_create takes for such a trainer. */
size_t     ipl_cuda_wide_bytes(const ipl_cuda_trainer *t);
ipl_status ipl_cuda_wide_create(ipl_cuda_trainer *t);
void       ipl_cuda_wide_destroy(ipl_cuda_trainer *t);
ipl_status ipl_cuda_wide_train(ipl_cuda_trainer *t, const net_call *call);
/* The plan's memory moves: what was captured with its address is dropped. */
void       ipl_cuda_wide_forget(ipl_cuda_trainer *t);

/* -- Layers (net_layers.cu): `rows` rows of each of `replicas` batches ----------- */

/* Rows of the step that starts at row plan->done * batch + first of the order. */
struct net_rows {
    const net_plan *plan;
    const int32_t  *order;  /* [replicas][count] */
    int64_t         count, batch, first, rows;
};

ipl_status ipl_cuda_gather(ipl_cuda *dev, int replicas, net_rows which, int width,
                           const float *x, float *out, int64_t out_stride);
/* z <- f(z + b), in place; bias_stride floats between the replicas' biases. */
ipl_status ipl_cuda_bias_act(ipl_cuda *dev, int replicas, int64_t rows, int width,
                             int act, const float *bias, int64_t bias_stride,
                             float *z, int64_t z_stride);
/* z <- softmax(z + b), in place, row by row. */
ipl_status ipl_cuda_bias_softmax(ipl_cuda *dev, int64_t rows, int width,
                                 const float *bias, float *z);
/* z <- (softmax(z + b) - [label]) * factor: the gradient at the outputs. */
ipl_status ipl_cuda_softmax_delta(ipl_cuda *dev, int replicas, net_rows which,
                                  int width, const int32_t *y, float factor,
                                  const float *bias, int64_t bias_stride, float *z,
                                  int64_t z_stride);
/* delta <- delta f'(z), as a function of a = f(z) (a NULL: f' = 1), and the sums of
 * its columns over each DELTA_ROWS rows: part[replica][block][unit], `sums` floats from
 * block to block, to which they are added when `adds` is set. */
enum { DELTA_ROWS = 64 };
ipl_status ipl_cuda_delta_sums(ipl_cuda *dev, int replicas, int64_t rows, int width,
                               int act, const float *a, float *delta, int64_t stride,
                               int adds, float *part, int64_t part_stride,
                               int64_t sums);

/* -- Narrow layers (net_narrow.cu) ------------------------------------------------- */

/* The lowest layer that cuBLAS has to multiply while a block has room for all above it;
 * layers + 1: the last layer is wide. */
int ipl_cuda_narrow_from(const ipl_cuda *dev, const net_layout *layout);

/* From the product z = in W of layer `from`, for each DELTA_ROWS rows: the layers, the
 * softmax, and all deltas, those of layer `from` in place of z; gradients of its biases
 * and of all above to part[replica][block][..], packed like the parameters. */
struct narrow_job {
    net_rows       which;
    const int32_t *y;
    float          factor; /* as in ipl_cuda_softmax_delta                       */
    int            adds;   /* to the parts                                       */
    float         *state, *z, *part;
    int64_t        stride, z_stride, part_stride, sums; /* sums: a block's parts */
};
ipl_status ipl_cuda_narrow_rows(ipl_cuda *dev, const net_layout *layout, int from,
                                int replicas, const narrow_job *job);

/* -- Activation functions -------------------------------------------------------- */

/* NaN stays NaN: a maximum would hide it. */
static __device__ __forceinline__ float act_value(int act, float z)
{
    switch (act) {
    case IPL_ACT_TANH: return tanhf(z);
    case IPL_ACT_RELU: return z < 0.0f ? 0.0f : z;
    case IPL_ACT_LEAKY_RELU: return z < 0.0f ? 0.01f * z : z;
    case IPL_ACT_SIGMOID: return 1.0f / (1.0f + expf(-z));
    case IPL_ACT_ELU: return z > 0.0f ? z : expm1f(z);
    case IPL_ACT_SOFTPLUS: return (z < 0.0f ? 0.0f : z) + log1pf(expf(-fabsf(z)));
    default: return z;
    }
}

/* f'(z) from a = f(z); at z = 0 that of the left side. */
static __device__ __forceinline__ float act_slope(int act, float a)
{
    switch (act) {
    case IPL_ACT_TANH: return 1.0f - a * a;
    case IPL_ACT_RELU: return a > 0.0f ? 1.0f : 0.0f;
    case IPL_ACT_LEAKY_RELU: return a > 0.0f ? 1.0f : 0.01f;
    case IPL_ACT_SIGMOID: return a * (1.0f - a);
    case IPL_ACT_ELU: return a > 0.0f ? 1.0f : a + 1.0f;
    case IPL_ACT_SOFTPLUS: return -expm1f(-a);
    default: return 1.0f;
    }
}

/* One parameter's step; formulas in ipl_net.h. */
static __device__ __forceinline__ float rule_step(const net_rule &rule, float2 scale,
                                                  float w, float g, float *first,
                                                  float *second)
{
    switch (rule.optimizer) {
    case IPL_MOMENTUM:
        *first = rule.momentum * *first - rule.rate * g;
        return w + *first;
    case IPL_ADAM:
        *first = rule.beta1 * *first + rule.rest1 * g;
        *second = rule.beta2 * *second + rule.rest2 * (g * g);
        return w - scale.x * *first / (sqrtf(*second * scale.y) + rule.epsilon);
    default: return w - rule.rate * g;
    }
}

/* The earliest step wins, then the lowest replica and layer: the same text every time.
 * 16 bits hold a replica (REPLICAS_MAX), 8 a layer. */
static __device__ __forceinline__ void mark_if_bad(float w, unsigned long long *bad,
                                                   int64_t step, int replica, int layer)
{
    if (!isfinite(w))
        atomicMin(bad, (unsigned long long)step << 24 |
                           (unsigned long long)(replica << 8 | layer));
}

/* Welford's update of mean (x) and sum of squared deviations (y), k-th value g. */
static __device__ __forceinline__ void add_to_moments(double2 *at, int64_t k, float g)
{
    const double2 old = *at;
    const double off = g - old.x, mean = old.x + off / (double)k;
    *at = make_double2(mean, old.y + off * (g - mean));
}

#endif
