/*
 * trainer_case.h - the networks that the tests of trainers train.
 */
#ifndef TRAINER_CASE_H
#define TRAINER_CASE_H

#include "net_case.h"

/* A tiny network, a wide one whose products and updates are shared among threads, and
 * a tiny one whose batch is. */
static const char *const text[] = {"12, 10-tanh, 7-relu, 3", "70, 1000-tanh, 11-elu, 5",
                                   "12, 10-tanh, 7-tanh, 3"};
static const int64_t rows_of[] = {90, 300, 3000};
static const int64_t batch_of[] = {32, 256, 0};
enum { CASES = 3 };

static inline ipl_train_options options_of(int k, int optimizer)
{
    ipl_train_options options = ipl_train_defaults();
    options.optimizer = (ipl_optimizer)optimizer;
    options.learning_rate = 0.05;
    options.weight_decay = 1e-3;
    options.batch = batch_of[k];
    return options;
}

#endif
