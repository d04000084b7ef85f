/*
 * net_cpu.h - the network entries of the CPU backend.
 */
#ifndef CPU_NET_H
#define CPU_NET_H

#include "cpu/net_kernels.h"

const net_kernels *net_kernels_of(const cpu_state *cpu);
int                net_is_tiny(const ipl_net_shape *shape);

size_t     cpu_trainer_bytes(void *state, const ipl_net_shape *shape,
                             const ipl_train_options *options, int replicas,
                             int64_t rows);
size_t     cpu_evaluate_bytes(void *state, const ipl_net_shape *shape, int64_t rows);
ipl_status cpu_trainer_create(void *state, const ipl_net_shape *shape,
                              const ipl_train_options *options, int replicas,
                              int64_t rows, const float *x, const int32_t *y,
                              void **trainer);
void       cpu_trainer_destroy(void *state, void *trainer);
ipl_status cpu_trainer_write(void *state, void *trainer, const float *values,
                             int64_t steps);
ipl_status cpu_trainer_read(void *state, void *trainer, float *values, int64_t *steps);
ipl_status cpu_trainer_snapshot(void *state, void *trainer, int replica, float *params);
ipl_status cpu_trainer_train(void *state, void *trainer, int64_t count,
                             const int32_t *order, ipl_gradient_stats *stats);
ipl_status cpu_forward(void *state, const ipl_net_shape *shape, const float *params,
                       int64_t rows, const float *x, float *const *act);
ipl_status cpu_evaluate(void *state, const ipl_net_shape *shape, const float *params,
                        int64_t rows, const float *x, const int32_t *y,
                        double *loss_nats, int64_t *correct);

#endif
