/*
 * bench_train.c - a training step beside PyTorch's, and many replicas at once.
 *
 *   bench_train [device] [threads]     "cpu" and 1 unless given; PyTorch gets as many
 *
 * A step gathers the rows of its batch in random order, runs forward and backward and
 * updates the parameters; timed are whole calls of ipl_trainer_train, divided by
 * their steps: processor time of one thread, else wall time. The peer
 * (bench/peer_torch.py, run by /usr/bin/python3) does the same in the same run; without
 * it its columns are empty.
 */
#include <stdio.h>
#include <string.h>

#include "ipl_net.h"
#include "turns.h"

enum { ROWS = 20000 };
static const char ib[] = "12, 10-tanh, 7-tanh, 5-tanh, 4-tanh, 3-tanh, 2";
static const char mnist[] = "784, 1024-tanh, 20-tanh, 20-tanh, 20-tanh, 10";

static void check(ipl_status st)
{
    if (st == IPL_OK) return;
    fprintf(stderr, "bench_train: %s\n", ipl_last_error());
    exit(1);
}

typedef struct {
    ipl_device  *dev;
    ipl_mat      x;
    ipl_labels   y;
    ipl_trainer *trainer;
    int32_t     *order; /* [replicas][steps * batch] */
    int64_t      count;
} train_case;

static void train(void *user)
{
    train_case *c = user;
    check(ipl_trainer_train(c->trainer, c->count, c->order, NULL));
    check(ipl_sync(c->dev));
}

static void upload_data(train_case *c, const ipl_net_shape *shape)
{
    const int64_t values = (int64_t)ROWS * shape->width[0];
    float *x = malloc((size_t)values * sizeof *x);
    int32_t *y = malloc(ROWS * sizeof *y);
    uint64_t s = 1;
    for (int64_t i = 0; i < values; ++i) {
        s = s * 6364136223846793005u + 1442695040888963407u;
        x[i] = (float)(s >> 40) * 0x1p-24f;
    }
    for (int64_t i = 0; i < ROWS; ++i)
        y[i] = (int32_t)(i % shape->width[shape->layers]);
    check(ipl_mat_alloc(c->dev, ROWS, shape->width[0], &c->x));
    check(ipl_upload(c->dev, x, (size_t)values * sizeof *x, c->x.at));
    check(ipl_labels_create(c->dev, ROWS, shape->width[shape->layers], y, &c->y));
    free(x);
    free(y);
}

/* Median microseconds of a step of one replica. */
static double step_us(ipl_device *dev, const char *text, int64_t batch,
                      ipl_optimizer optimizer, int replicas, int steps)
{
    ipl_net_shape shape;
    train_case c = {.dev = dev, .count = batch * steps};
    ipl_train_options options = ipl_train_defaults();
    check(ipl_net_parse(text, &shape));
    upload_data(&c, &shape);
    options.optimizer = optimizer;
    options.learning_rate = 1e-3;
    options.batch = batch;
    check(ipl_trainer_create(dev, &shape, &options, replicas, c.x, &c.y, &c.trainer));
    const int64_t floats = ipl_trainer_state_floats(c.trainer);
    float *state = calloc((size_t)floats, sizeof *state);
    int32_t *rows = malloc(ROWS * sizeof *rows);
    c.order = malloc((size_t)(c.count * replicas) * sizeof *c.order);
    for (int r = 0; r < replicas; ++r) {
        check(ipl_net_init(&shape, IPL_INIT_GLOROT, (uint64_t)r,
                           state + r * (floats / replicas)));
        ipl_net_shuffle(ROWS, (uint64_t)r, 0, rows);
        for (int64_t i = 0; i < c.count; ++i)
            c.order[r * c.count + i] = rows[i % ROWS];
    }
    check(ipl_trainer_write(c.trainer, state, 0));
    const ipl_device_info *about = ipl_device_about(dev);
    const turns_clock clock = about->is_host && about->threads == 1 ? TURNS_PROCESSOR
                                                                    : TURNS_WALL;
    const double us = 1e3 * time_alone(clock, train, &c, 1000.0) / (steps * replicas);
    ipl_trainer_destroy(c.trainer);
    ipl_labels_free(dev, &c.y);
    ipl_free(dev, c.x.at);
    free(state);
    free(rows);
    free(c.order);
    return us;
}

/* Microseconds of the peer's step, or 0 where PyTorch cannot be imported. */
static double peer_us(const char *widths, int64_t batch, const char *optimizer,
                      int threads)
{
    char command[200];
    double us = 0.0;
    snprintf(command, sizeof command,
             "/usr/bin/python3 bench/peer_torch.py %s %lld %s %d 2>/dev/null", widths,
             (long long)batch, optimizer, threads);
    FILE *peer = popen(command, "r");
    if (peer && fscanf(peer, "%lf", &us) != 1) us = 0.0;
    if (peer) pclose(peer);
    return us;
}

static void compare(ipl_device *dev, int threads, const char *text, const char *widths,
                    int64_t batch, ipl_optimizer optimizer, int steps)
{
    const char *name = optimizer == IPL_ADAM ? "adam" : "sgd";
    const double ours = step_us(dev, text, batch, optimizer, 1, steps);
    const double peer = peer_us(widths, batch, name, threads);
    printf("%-26s %5lld %-4s %12.1f", widths, (long long)batch, name, ours);
    if (peer > 0.0) printf(" %12.1f %8.2f", peer, peer / ours);
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "cpu";
    const ipl_device_options options = {.threads = argc > 2 ? atoi(argv[2]) : 1};
    ipl_device *dev;
    check(ipl_device_open(name, &options, &dev));
    const ipl_device_info *about = ipl_device_about(dev);
    const int threads = options.threads;
    printf("%s, %s, %d threads\n", about->name, about->description, about->threads);
    printf("%-26s %5s %-4s %12s %12s %8s\n", "network", "batch", "", "step us",
           "torch us", "ratio");
    compare(dev, threads, ib, "12,10,7,5,4,3,2", 256, IPL_SGD, 50);
    compare(dev, threads, ib, "12,10,7,5,4,3,2", 256, IPL_ADAM, 50);
    compare(dev, threads, mnist, "784,1024,20,20,20,10", 128, IPL_SGD, 2);
    compare(dev, threads, mnist, "784,1024,20,20,20,10", 256, IPL_SGD, 2);
    printf("\nreplicas of %s, batch 256, adam\n%8s %16s\n", ib, "replicas",
           "us a step");
    for (int replicas = 1; replicas <= 64; replicas *= 4)
        printf("%8d %16.2f\n", replicas,
               step_us(dev, ib, 256, IPL_ADAM, replicas, 13));
    ipl_device_close(dev);
    return 0;
}
