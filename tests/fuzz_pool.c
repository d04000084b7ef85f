/*
 * fuzz_pool.c - any text as pool.csv: read for a picture, or refused with one line.
 */
#include "fuzz_run.h"

static plot_data run;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    plot_pool pool = {0};
    run = (plot_data){.layers = 3, .estimators = 1, .estimator = {"bin"}};
    fuzz_put("pool.csv", data, bytes);
    if (ipl_plot_pool_read(fuzz_folder(), &run, &pool) != IPL_OK) {
        fuzz_check_refusal(pool.point);
        return 0;
    }
    for (int64_t k = 0; k < pool.points; ++k) {
        const pool_point *p = &pool.point[k];
        if (p->window < 0 || p->window >= pool.windows || p->layer < 1 ||
            p->layer > run.layers || p->estimator < 0 ||
            p->estimator >= run.estimators || p->k < 1 || p->rows < p->saturated)
            abort();
    }
    for (int w = 0; w < pool.windows; ++w)
        if (pool.window[w].number < 1 || pool.window[w].last < pool.window[w].first)
            abort();
    ipl_plot_pool_free(&pool);
    return 0;
}
