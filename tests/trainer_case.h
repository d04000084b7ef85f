/*
 * trainer_case.h - the networks that the tests of trainers train.
 */
#ifndef TRAINER_CASE_H
#define TRAINER_CASE_H

#include "net_case.h"

/* A tiny network, a wide one whose products and updates are shared among threads, a
 * tiny one whose batch is, and wide ones whose inputs are mostly zero: with a batch in
 * one chunk of rows, and in several. */
static const char *const text[] = {"12, 10-tanh, 7-relu, 3", "70, 1000-tanh, 11-elu, 5",
                                   "12, 10-tanh, 7-tanh, 3", "110, 300-tanh, 11-elu, 5",
                                   "110, 140-relu, 11-tanh, 5"};
static const int64_t rows_of[] = {90, 300, 3000, 300, 560};
static const int64_t batch_of[] = {32, 256, 0, 130, 520};
enum { CASES = 5, SPARSE_CASE = 3 };

static inline net_case trainer_case_make(ipl_device *dev, int k, int64_t rows)
{
    return k < SPARSE_CASE ? net_case_make(dev, text[k], rows)
                           : net_case_make_sparse(dev, text[k], rows);
}

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
