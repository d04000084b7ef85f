/*
 * test_planned_bytes.c - what the host plans for training and evaluating it takes.
 *
 * The linker sends the library's calls of malloc and its kin here (see Makefile), where
 * bytes are counted: what is held, and the most that ever was. OpenBLAS and OpenMP are
 * not counted. A GPU's share is in test_memory.c.
 */
#include <malloc.h>
#include <stdatomic.h>

#include "net_case.h"

/* -- Counting ---------------------------------------------------------------------*/

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t each);
void *__real_realloc(void *at, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void  __real_free(void *at);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t each);
void *__wrap_realloc(void *at, size_t bytes);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
void  __wrap_free(void *at);

static atomic_llong held, peak;

static void *taken(void *at)
{
    const long long bytes = at ? (long long)malloc_usable_size(at) : 0;
    const long long now = atomic_fetch_add(&held, bytes) + bytes;
    long long most = atomic_load(&peak);
    while (now > most && !atomic_compare_exchange_weak(&peak, &most, now)) {}
    return at;
}

static void given_back(void *at)
{
    if (at) atomic_fetch_sub(&held, (long long)malloc_usable_size(at));
}

void *__wrap_malloc(size_t bytes) { return taken(__real_malloc(bytes)); }

void *__wrap_calloc(size_t count, size_t each)
{
    return taken(__real_calloc(count, each));
}

void *__wrap_realloc(void *at, size_t bytes)
{
    given_back(at);
    return taken(__real_realloc(at, bytes));
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    return taken(__real_aligned_alloc(align, bytes));
}

void __wrap_free(void *at)
{
    given_back(at);
    __real_free(at);
}

/* The most that is held from here on, beyond what is held now. */
static long long begin(void)
{
    const long long now = atomic_load(&held);
    atomic_store(&peak, now);
    return now;
}

/* -- Networks ---------------------------------------------------------------------*/

/* Tiny and wide ones, with fewer and with more replicas than threads. */
typedef struct {
    const char *layers;
    int64_t     rows, batch;
    int         replicas;
} planned_case;

static const planned_case cases[] = {
    {"12, 40-tanh, 50-relu, 3", 300, 100, 1}, {"12, 40-tanh, 50-relu, 3", 300, 100, 5},
    {"30, 64-tanh, 64-tanh, 10", 700, 0, 2}, {"70, 500-tanh, 90-elu, 5", 80, 50, 1},
    {"70, 500-tanh, 90-elu, 5", 80, 50, 3}, {"784, 100-relu, 10", 100, 0, 2},
};
enum { CASES = sizeof cases / sizeof *cases, REPLICAS_MAX = 5 };

static ipl_device *host_of(void **state)
{
    ipl_device *dev = check_device(state);
    if (!ipl_device_about(dev)->is_host) {
        printf("# SKIP memory of a GPU is counted in test_memory.c\n");
        skip();
    }
    return dev;
}

/* What is planned covers what is taken, but for a few KiB of structures, and is not
 * more than a fifth too much. */
static void check_planned(const planned_case *c, const char *what, size_t planned,
                          long long took)
{
    const double slack = 8192.0;
    if ((double)took > (double)planned + slack || (double)planned > 1.2 * (double)took)
        fail_msg("%s of %d x %s on %lld rows: %zu bytes planned, %lld taken", what,
                 c->replicas, c->layers, (long long)c->rows, planned, took);
}

/* Twice the same rows in one call for each replica; statistics are wanted later. */
static void check_training(ipl_device *dev, const planned_case *c, int optimizer)
{
    static ipl_gradient_stats stats[REPLICAS_MAX * IPL_NET_LAYERS_MAX];
    net_case net = net_case_make(dev, c->layers, c->rows);
    int32_t *order = calloc((size_t)(c->replicas * c->rows), sizeof *order);
    ipl_train_options options = ipl_train_defaults();
    ipl_trainer *t;
    size_t planned;
    options.optimizer = (ipl_optimizer)optimizer;
    options.batch = c->batch;
    CHECK_OK(ipl_trainer_bytes(dev, &net.shape, &options, c->replicas, c->rows,
                               &planned));
    const long long before = begin();
    CHECK_OK(ipl_trainer_create(dev, &net.shape, &options, c->replicas, net.dx, &net.dy,
                                &t));
    CHECK_OK(ipl_trainer_train(t, c->rows, order, NULL));
    CHECK_OK(ipl_trainer_train(t, c->rows, order, stats));
    check_planned(c, "training", planned, atomic_load(&peak) - before);
    ipl_trainer_destroy(t);
    CHECK(atomic_load(&held) == before);
    free(order);
    net_case_free(&net);
}

/* -- Tests ------------------------------------------------------------------------*/

static void what_training_takes_is_planned(void **state)
{
    ipl_device *dev = host_of(state);
    for (int k = 0; k < CASES; ++k)
        for (int o = 0; o < IPL_OPTIMIZER_COUNT; ++o) check_training(dev, &cases[k], o);
}

static void what_evaluating_takes_is_planned(void **state)
{
    ipl_device *dev = host_of(state);
    for (int k = 0; k < CASES; ++k) {
        net_case net = net_case_make(dev, cases[k].layers, cases[k].rows);
        void *params;
        double loss;
        int64_t correct;
        size_t planned;
        const size_t bytes = (size_t)net.parameters * sizeof *net.params;
        CHECK_OK(ipl_alloc(dev, bytes, &params));
        CHECK_OK(ipl_upload(dev, net.params, bytes, params));
        CHECK_OK(ipl_net_evaluate_bytes(dev, &net.shape, 1, cases[k].rows, &planned));
        const long long before = begin();
        CHECK_OK(ipl_net_evaluate(dev, &net.shape, params, net.dx, &net.dy, &loss,
                                  &correct));
        check_planned(&cases[k], "evaluating", planned, atomic_load(&peak) - before);
        CHECK(atomic_load(&held) == before);
        ipl_free(dev, params);
        net_case_free(&net);
    }
}

/* The counting itself: what is asked for is held until it is given back. */
static void bytes_of_a_device_are_counted(void **state)
{
    ipl_device *dev = host_of(state);
    void *at;
    const long long before = begin();
    CHECK_OK(ipl_alloc(dev, 100000, &at));
    CHECK(atomic_load(&held) >= before + 100000);
    CHECK(atomic_load(&held) < before + 101000);
    ipl_free(dev, at);
    CHECK(atomic_load(&held) == before && atomic_load(&peak) >= before + 100000);
}

static const check_test tests[] = {
    CHECK_TEST(what_training_takes_is_planned),
    CHECK_TEST(what_evaluating_takes_is_planned),
    CHECK_TEST(bytes_of_a_device_are_counted),
};

CHECK_MAIN("planned_bytes", tests, 1)
