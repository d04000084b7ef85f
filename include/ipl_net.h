/*
 * ipl_net.h - fully connected networks: their shape, first weights, training.
 *
 * A network maps x to T_1 = f_1(x W_1 + b_1), T_2 = f_2(T_1 W_2 + b_2), ... and
 * ends in a softmax, trained by cross-entropy. A trainer holds R replicas of
 * one shape, which differ in their parameters only, and advances all of them
 * together.
 *
 * Parameters of one network are one float32 array: for each layer l = 1 .. L
 * the weights W_l, width[l-1] x width[l], row-major, then the biases b_l.
 */
#ifndef IPL_NET_H
#define IPL_NET_H

#include "ipl_device.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum { IPL_NET_LAYERS_MAX = 32, IPL_NET_WIDTH_MAX = 65536 };

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

typedef struct {
    int     layers;                        /* L: layers with weights           */
    int32_t width[IPL_NET_LAYERS_MAX + 1]; /* [0] inputs, [1..L] units         */
    ipl_act act[IPL_NET_LAYERS_MAX + 1];   /* [1..L]; act[L] is SOFTMAX        */
} ipl_net_shape;

/* Reads "12, 10-tanh, 7-relu, 2": inputs, hidden layers, classes. The last
 * entry is the softmax layer and may say so ("2-softmax"). E_FORMAT: the text
 * names the entry and what was expected. */
ipl_status ipl_net_parse(const char *text, ipl_net_shape *out);

/* Writes the shape in the form that ipl_net_parse reads. */
ipl_status ipl_net_format(const ipl_net_shape *shape, size_t size, char *text);

/* Number of floats of one network, and where W_l and b_l start in them. */
int64_t ipl_net_parameters(const ipl_net_shape *shape);
int64_t ipl_net_weight_at(const ipl_net_shape *shape, int layer);
int64_t ipl_net_bias_at(const ipl_net_shape *shape, int layer);

/* Distributions of the first weights; biases start at 0.
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

/* Fills params[ipl_net_parameters] (host) from the counter-based generator: a
 * function of (shape, init, seed) alone, equal on every device. */
ipl_status ipl_net_init(const ipl_net_shape *shape, ipl_init init, uint64_t seed,
                        float *params);

/* Fills order[rows] (host) with the permutation of 0 .. rows-1 that epoch
 * `epoch` (below 2^32) of `seed` trains in: Fisher-Yates on the counter-based
 * generator. */
void ipl_net_shuffle(int64_t rows, uint64_t seed, int64_t epoch, int32_t *order);

typedef enum { IPL_SGD, IPL_MOMENTUM, IPL_ADAM, IPL_OPTIMIZER_COUNT } ipl_optimizer;

typedef struct {
    ipl_optimizer optimizer;
    double  learning_rate;
    double  momentum;     /* MOMENTUM: v <- momentum v - rate g; w <- w + v    */
    double  beta1, beta2; /* ADAM (Kingma and Ba 2015, algorithm 1), with bias */
    double  epsilon;      /*   correction; epsilon outside the square root     */
    double  weight_decay; /* g <- g + weight_decay w, weights only, not biases */
    int64_t batch;        /* rows a step; 0 for all rows at once               */
} ipl_train_options;

/* SGD, rate 0.01, momentum 0.9, beta 0.9 and 0.999, epsilon 1e-8, batch 256. */
ipl_train_options ipl_train_defaults(void);

/* Device bytes that a trainer takes for calls of up to `rows` rows, statistics
 * included, and that evaluating or forwarding `rows` rows takes while it lasts.
 * E_ARGUMENT: as ipl_trainer_create. */
ipl_status ipl_trainer_bytes(ipl_device *dev, const ipl_net_shape *shape,
                             const ipl_train_options *options, int replicas,
                             int64_t rows, size_t *bytes);
ipl_status ipl_net_evaluate_bytes(ipl_device *dev, const ipl_net_shape *shape,
                                  int64_t rows, size_t *bytes);

typedef struct ipl_trainer ipl_trainer;

/* Holds `replicas` networks of one shape on the device. x (rows x width[0]) and
 * y stay the caller's and must outlive the trainer. Parameters and optimiser
 * state start at zero: write them with ipl_trainer_write. A replica's bits are those of
 * a trainer that has it alone, except on a GPU for networks that one block cannot hold
 * (wider than 64, or too many parameters): cuBLAS may add in another order for another
 * number of replicas. E_ARGUMENT: sizes or
 * options out of range; E_MEMORY. */
ipl_status ipl_trainer_create(ipl_device *dev, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              ipl_mat x, const ipl_labels *y, ipl_trainer **out);
void       ipl_trainer_destroy(ipl_trainer *trainer);

/* The whole state of the training between two steps, in host memory:
 * `floats` = replicas * parameters * (1 + slots) values, replica after replica,
 * each being parameters, then first and second moments as far as the optimiser
 * has them (slots: SGD 0, MOMENTUM 1, ADAM 2); and the number of steps taken.
 * Written back, training continues with the same bits. Both wait. */
int64_t    ipl_trainer_state_floats(const ipl_trainer *trainer);
ipl_status ipl_trainer_write(ipl_trainer *trainer, const float *state, int64_t steps);
ipl_status ipl_trainer_read(ipl_trainer *trainer, float *state, int64_t *steps);

/* Copies the parameters of one replica to device memory params[parameters].
 * Ordered with the training, does not wait: this is how snapshots are taken. */
ipl_status ipl_trainer_snapshot(ipl_trainer *trainer, int replica, float *params);

/* Gradients of the loss, without weight decay, of one layer's weights over the B
 * batches of a call:
 * mean = |E_b g_b| and deviation = sqrt(sum_w Var_b g_b[w]), both 2-norms over
 * the layer's weights without biases (Shwartz-Ziv and Tishby 2017, section 3.2);
 * their ratio is the signal-to-noise ratio. */
typedef struct {
    double mean;
    double deviation;
} ipl_gradient_stats;

/* Trains on `count` rows of each replica, in steps of options.batch (the last
 * one may be shorter; a step's gradient is the mean over its rows).
 *
 *   order   host, [replicas][count]: row numbers, in the order to be used
 *   stats   host, [replicas][layers], or NULL when not wanted
 *
 * Waits only when stats is given. The result depends on the arguments alone,
 * not on threads or timing. E_NUMERIC: a parameter stopped being finite (seen
 * at this or a later wait). */
ipl_status ipl_trainer_train(ipl_trainer *trainer, int64_t count,
                             const int32_t *order, ipl_gradient_stats *stats);

/* Forward passes over blocks of rows that are multiples of this (the last block may be
 * shorter) give the same bits as one over all rows. */
enum { IPL_NET_FORWARD_ROWS = 4096 };

/* Activations of all layers for the rows of x. params is on the device.
 * act[l - 1] is device memory for rows x width[l] floats, l = 1 .. L; an entry
 * may be NULL when that layer is not wanted. Does not wait. */
ipl_status ipl_net_forward(ipl_device *dev, const ipl_net_shape *shape,
                           const float *params, ipl_mat x, float *const *act);

/* Mean cross-entropy in nats and number of rows whose largest output is their
 * class (before softmax; the first among equals), over x and y. params on the
 * device. Waits. E_NUMERIC: the loss is not finite. */
ipl_status ipl_net_evaluate(ipl_device *dev, const ipl_net_shape *shape,
                            const float *params, ipl_mat x, const ipl_labels *y,
                            double *loss_nats, int64_t *correct);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
