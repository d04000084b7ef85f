/*
 * net_cpu.h - what the files of the networks on the CPU share (net_*.c).
 *
 * Two ways through a network, chosen by its shape alone. Tiny: every layer has at most
 * TINY_WIDTH units, and a chunk of rows goes through all layers in the cache
 * (net_tiny.h). Wide: products by OpenBLAS, our passes between them (net_wide.c).
 */
#ifndef CPU_NET_H
#define CPU_NET_H

#include <stdatomic.h>

#include "cpu/net_kernels.h"

/* What one thread needs to train a replica. */
typedef struct {
    float  *work;   /* [areas][work_floats]                                      */
    float  *grad;   /* [groups][parameters]                                      */
    double *mean;   /* [parameters]: of the gradients of a call (Welford)        */
    double *spread; /* [layers]: sums of their weights' squared deviations       */
    double *share;  /* [shares]: what parts of a layer add to its spread         */
} net_worker;

typedef struct {
    ipl_net_shape      shape;
    ipl_train_options  options;
    const net_kernels *k;
    int                replicas, threads, workers, tiny, sparse;
    int64_t            rows, steps, parameters, state_floats; /* a replica       */
    const float       *x;
    const int32_t     *y;
    float             *state; /* [replicas][state_floats]                        */
    int64_t            work_floats, grad_floats;
    int                groups; /* for a full batch                               */
    int                areas;  /* of work: one a group that may run at once      */
    int64_t            shares, moment_doubles; /* a worker                       */
    float             *memory; /* all workers' work and grad                     */
    double            *moments; /* all workers' mean, spread and shares, or NULL */
    ipl_gradient_stats *stats;  /* [replicas][layers] until the call succeeds    */
    atomic_int        *done;    /* [replicas]: parts of a call                   */
    net_worker         worker[];
} cpu_trainer;

const net_kernels *net_kernels_of(const cpu_state *cpu);
int                net_is_tiny(const ipl_net_shape *shape);

/* E_NUMERIC, naming the layer, when a parameter of some replica is not finite. */
ipl_status cpu_trainer_check(const cpu_trainer *t);

size_t     cpu_trainer_bytes(void *state, const ipl_net_shape *shape,
                             const ipl_train_options *options, int replicas,
                             int64_t rows);
size_t     cpu_evaluate_bytes(void *state, const ipl_net_shape *shape, int networks,
                              int64_t rows);
ipl_status cpu_trainer_create(void *state, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              int64_t rows, const float *x, const int32_t *y,
                              void **trainer);
void       cpu_trainer_destroy(void *state, void *trainer);
ipl_status cpu_trainer_write(void *state, void *trainer, const float *values,
                             int64_t steps);
ipl_status cpu_trainer_read(void *state, void *trainer, float *values, int64_t *steps);
ipl_status cpu_trainer_snapshot(void *state, void *trainer, int first, int count,
                                float *params);
ipl_status cpu_trainer_train(void *state, void *trainer, int64_t count,
                             const int32_t *order, ipl_gradient_stats *stats);
ipl_status cpu_forward(void *state, const ipl_net_shape *shape, int networks,
                       const float *const *params, int64_t rows, const float *x,
                       float *const *act, int64_t apart);
ipl_status cpu_evaluate(void *state, const ipl_net_shape *shape, int networks,
                        const float *params, int64_t rows, const float *x,
                        const int32_t *y, double *loss_nats, int64_t *correct);

#endif
