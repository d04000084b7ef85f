/*
 * ipl_net.h - fully connected networks: their shape, first weights, training.
 *
 * A network computes T_1 = f_1(x W_1 + b_1), T_2 = f_2(T_1 W_2 + b_2), ... Its last
 * layer is a softmax; the loss is the cross-entropy. A trainer holds R replicas of one
 * shape. They differ only in their parameters and are trained together.
 *
 * The parameters of a network are one float32 array: for each layer l = 1 .. L the
 * weights W_l, width[l-1] x width[l], row-major, then the biases b_l.
 */
#ifndef IPL_NET_H
#define IPL_NET_H

#include "ipl_device.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum {
    IPL_NET_LAYERS_MAX = 32,
    IPL_NET_WIDTH_MAX = 65536,
    IPL_NET_QUANTISE_MAX = 16 /* bits                                           */
};

/* name, formula */
#define IPL_ACT_ROWS(ROW)                                                      \
    ROW(LINEAR,     "linear",     "z")                                         \
    ROW(TANH,       "tanh",       "tanh(z)")                                   \
    ROW(RELU,       "relu",       "max(z, 0)")                                 \
    ROW(LEAKY_RELU, "leaky-relu", "max(z, 0.01 z)")                            \
    ROW(SIGMOID,    "sigmoid",    "1 / (1 + exp(-z))")                         \
    ROW(ELU,        "elu",        "z for z > 0, else exp(z) - 1")              \
    ROW(SOFTPLUS,   "softplus",   "log(1 + exp(z))")                           \
    ROW(SOFTMAX,    "softmax",    "exp(z_c) / sum_c exp(z_c); last layer only")

typedef enum {
#define IPL_ROW(name, text, formula) IPL_ACT_##name,
    IPL_ACT_ROWS(IPL_ROW)
#undef IPL_ROW
    IPL_ACT_COUNT
} ipl_act;

/* "tanh"; NULL outside the enum. */
const char *ipl_act_name(ipl_act act);

typedef struct {
    int     layers;                        /* L: layers with weights           */
    int32_t width[IPL_NET_LAYERS_MAX + 1]; /* [0] inputs, [1..L] units         */
    ipl_act act[IPL_NET_LAYERS_MAX + 1];   /* [1..L]; act[L] is SOFTMAX        */
} ipl_net_shape;

/* Parses "12, 10-tanh, 7-relu, 2": inputs, hidden layers, classes. The last entry is
 * the softmax layer; "2-softmax" is the same. E_FORMAT: the text has the entry and what
 * was expected. */
ipl_status ipl_net_parse(const char *text, ipl_net_shape *out);

/* Writes the shape in the format of ipl_net_parse. */
ipl_status ipl_net_format(const ipl_net_shape *shape, size_t size, char *text);

/* Number of parameters of a network, and the indices where W_l and b_l start. */
int64_t ipl_net_parameters(const ipl_net_shape *shape);
int64_t ipl_net_weight_at(const ipl_net_shape *shape, int layer);
int64_t ipl_net_bias_at(const ipl_net_shape *shape, int layer);

/* Distributions of the initial weights; biases start at 0.
 * n_in = width[l-1], n_out = width[l]. */
#define IPL_INIT_ROWS(ROW)                                                     \
    ROW(TRUNCATED_NORMAL, "truncated-normal",                                  \
        "normal cut at 2 sd, sd 1/sqrt(n_in) (2017 set-up)")                   \
    ROW(TRUNCATED_NORMAL_UNITS, "truncated-normal-units",                      \
        "the same with sd 1/sqrt(n_out); softmax layer as glorot (2018)")      \
    ROW(GLOROT, "glorot", "uniform in +-sqrt(6/(n_in + n_out))")               \
    ROW(GLOROT_NORMAL, "glorot-normal",                                        \
        "normal cut at 2 sd, of deviation sqrt(2/(n_in + n_out))")             \
    ROW(HE, "he", "normal cut at 2 sd, of deviation sqrt(2/n_in)")

typedef enum {
#define IPL_ROW(name, text, help) IPL_INIT_##name,
    IPL_INIT_ROWS(IPL_ROW)
#undef IPL_ROW
    IPL_INIT_COUNT
} ipl_init;

/* Draws initial parameters into params[ipl_net_parameters] (host) with the
 * counter-based generator. They depend only on (shape, init, seed), not on the
 * device. */
ipl_status ipl_net_init(const ipl_net_shape *shape, ipl_init init, uint64_t seed,
                        float *params);

/* Writes to order[rows] (host) the order of rows in which `seed` trains in epoch
 * `epoch` (below 2^32): a permutation of 0 .. rows-1 by Fisher-Yates with the
 * counter-based generator. */
void ipl_net_shuffle(int64_t rows, uint64_t seed, int64_t epoch, int32_t *order);

typedef enum { IPL_SGD, IPL_MOMENTUM, IPL_ADAM, IPL_OPTIMIZER_COUNT } ipl_optimizer;

typedef struct {
    ipl_optimizer optimizer;
    double  learning_rate;
    double  momentum;     /* MOMENTUM: v <- momentum v - rate g; w <- w + v    */
    double  beta1, beta2; /* ADAM (Kingma and Ba 2015, algorithm 1), with bias */
    double  epsilon;      /*   correction; epsilon outside the square root     */
    double  weight_decay; /* g <- g + weight_decay w, weights only, not biases */
    int64_t batch;        /* rows per step; 0: all rows                        */
} ipl_train_options;

/* SGD, rate 0.01, momentum 0.9, beta 0.9 and 0.999, epsilon 1e-8, batch 256. */
ipl_train_options ipl_train_defaults(void);

/* Device memory in bytes: of a trainer whose calls have up to `rows` rows, statistics
 * included; and, during the call, of ipl_net_evaluate_all (ipl_net_evaluate and
 * ipl_net_forward: of one network) over `rows` rows. E_ARGUMENT: as
 * ipl_trainer_create. */
ipl_status ipl_trainer_bytes(ipl_device *dev, const ipl_net_shape *shape,
                             const ipl_train_options *options, int replicas,
                             int64_t rows, size_t *bytes);
ipl_status ipl_net_evaluate_bytes(ipl_device *dev, const ipl_net_shape *shape,
                                  int networks, int64_t rows, size_t *bytes);

typedef struct ipl_trainer ipl_trainer;

/* Creates a trainer of `replicas` networks of one shape. x (rows x width[0]) and y stay
 * the caller's and must outlive the trainer. Parameters and optimiser state start at
 * zero: write them with ipl_trainer_write. A replica gets the same bits as alone in a
 * trainer, with one exception: on a GPU, for networks that do not fit into one thread
 * block (wider than 64, or too many parameters), cuBLAS may sum in another order for
 * another number of replicas. E_ARGUMENT: sizes or options out of range; E_MEMORY. */
ipl_status ipl_trainer_create(ipl_device *dev, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              ipl_mat x, const ipl_labels *y, ipl_trainer **out);
void       ipl_trainer_destroy(ipl_trainer *trainer);

/* The complete training state between two steps, in host memory: the number of steps
 * taken, and `floats` = replicas * parameters * (1 + slots) values. Replica after
 * replica these are the parameters, then the optimiser's moments (slots: SGD 0,
 * MOMENTUM 1, ADAM 2: first, then second). After a state is written back, training
 * continues with the same bits. Both calls wait. */
int64_t    ipl_trainer_state_floats(const ipl_trainer *trainer);
ipl_status ipl_trainer_write(ipl_trainer *trainer, const float *state, int64_t steps);
ipl_status ipl_trainer_read(ipl_trainer *trainer, float *state, int64_t *steps);

/* Takes a snapshot: copies the parameters of one replica to device memory
 * params[parameters]. In order with the training; does not wait. */
ipl_status ipl_trainer_snapshot(ipl_trainer *trainer, int replica, float *params);
/* The same of all replicas: params[replicas][parameters]. */
ipl_status ipl_trainer_snapshot_all(ipl_trainer *trainer, float *params);

/* Gradient statistics of one layer over the B batches of a call:
 * mean = |E_b g_b| and deviation = sqrt(sum_w Var_b g_b[w]). Both are 2-norms over the
 * layer's weights, without biases; g_b is the gradient of the loss, without weight
 * decay. Their ratio is the signal-to-noise ratio (Shwartz-Ziv and Tishby 2017,
 * section 3.2). */
typedef struct {
    double mean;
    double deviation;
} ipl_gradient_stats;

/* Trains each replica on `count` rows, in steps of options.batch rows; the last step
 * may be shorter. A step's gradient is the mean over its rows.
 *
 *   order   host, [replicas][count]: row numbers in the order of training
 *   stats   host, [replicas][layers], or NULL: not computed
 *
 * Waits only if stats is given. The result depends only on the arguments, not on
 * threads or timing. E_NUMERIC: a parameter is no longer finite (reported at this or a
 * later wait). */
ipl_status ipl_trainer_train(ipl_trainer *trainer, int64_t count,
                             const int32_t *order, ipl_gradient_stats *stats);

/* Forward passes block by block give the same bits as one over all rows if the size of
 * each block, except the last, is a multiple of this. */
enum { IPL_NET_FORWARD_ROWS = 4096 };

/* Computes the activations of all layers for the rows of x. params is in device memory.
 * act[l - 1] is device memory for rows x width[l] floats, l = 1 .. L, or NULL: this
 * layer is not stored. Does not wait. */
ipl_status ipl_net_forward(ipl_device *dev, const ipl_net_shape *shape,
                           const float *params, ipl_mat x, float *const *act);

/* The same for several networks of one shape, on a GPU together: params[networks], and
 * layer l of network k goes to act[l - 1] + k * apart. The bits are those of each
 * alone. */
ipl_status ipl_net_forward_all(ipl_device *dev, const ipl_net_shape *shape,
                               int networks, const float *const *params, ipl_mat x,
                               float *const *act, int64_t apart);

/* Rounds activations in place, each matrix by itself, to the nearest of 2^bits values,
 * bits 1 to 16, which are evenly spaced from its smallest to its largest one; both are
 * among them. With few values the samples that a layer tells apart can be counted, and
 * information is exact (S. Lorenzen, C. Igel, M. Nielsen, Information bottleneck: exact
 * analysis of (quantized) neural networks, ICLR 2022). They train with rounded
 * activations; here training stays in float32, and only what is measured is rounded. A
 * matrix of one value, or with a NaN or an infinity, stays as it is.
 *
 *   t           [matrices], device; host memory where block_rows > 0, which passes
 *               through scratch, block_rows rows at a time: the bits are the same
 *   scratch     device memory of ipl_net_quantise_scratch_bytes; its content is lost
 *
 * Waits. E_ARGUMENT: bits or shapes out of range; E_MEMORY. */
ipl_status ipl_net_quantise_scratch_bytes(ipl_device *dev, int matrices,
                                          const ipl_mat *t, int64_t block_rows,
                                          size_t *bytes);
ipl_status ipl_net_quantise(ipl_device *dev, int bits, int matrices, const ipl_mat *t,
                            int64_t block_rows, void *scratch, size_t scratch_bytes);

/* Evaluates a network on x and y: the mean cross-entropy in nats, and the number of
 * rows whose class has the largest output (before softmax; the first of equal ones).
 * params is in device memory. Waits. E_NUMERIC: the loss is not finite. */
ipl_status ipl_net_evaluate(ipl_device *dev, const ipl_net_shape *shape,
                            const float *params, ipl_mat x, const ipl_labels *y,
                            double *loss_nats, int64_t *correct);
/* The same of several networks of one shape at once, with the same bits:
 * params[networks][parameters], loss_nats and correct [networks]. */
ipl_status ipl_net_evaluate_all(ipl_device *dev, const ipl_net_shape *shape,
                                int networks, const float *params, ipl_mat x,
                                const ipl_labels *y, double *loss_nats,
                                int64_t *correct);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
