/*
 * memory.c - how a run shares out its device's memory, before it takes any.
 *
 * Data and training take what they take. Measuring adapts: it has the first of these
 * ways that fits, and what is then left may keep snapshots.
 *
 *   several ticks and networks in a call, in as many workers as were asked for
 *   the same in one worker
 *   one network
 *   one layer
 *   one layer in host memory, in the largest blocks of rows that fit
 */
#include "plane/memory.h"

#include <stdlib.h>

enum {
    ACTIVATION_BYTES = 256 << 20, /* of networks that are measured together        */
    TICKS_MAX = 64,
    LAYERS_EACH = 16, /* for each thread: then small layers are shared out evenly  */
    GPU_THREADS = 2,  /* a GPU's kernels take all layers of a call at once         */
    GPU_WORKERS = 2   /* one keeps it busy while the other waits for a result      */
};
static const int64_t params_max = (int64_t)64 << 20; /* bytes of a call's networks */

static int64_t usable(const ipl_experiment *e, const ipl_device_info *about,
                      int64_t free_bytes)
{
    const int64_t granted = e->config.device_mib << 20;
    const int64_t there = ipl_device_usable(about, free_bytes);
    return granted && granted < there ? granted : there;
}

/* -- What is taken in any case ----------------------------------------------------*/

static int64_t data_bytes(const ipl_experiment *e)
{
    const int64_t labels = 2 * (int64_t)sizeof(int32_t);
    const int64_t row = e->data.inputs * (int64_t)sizeof(float);
    return e->data.rows * (row + labels) + e->measured_rows * labels +
           (e->measured_copy ? e->measured_rows * row : 0) +
           (e->scored_copy ? e->scored_rows * (row + labels) : 0);
}

static int64_t network_bytes(const ipl_experiment *e)
{
    return e->replicas * e->parameters * (int64_t)sizeof(float);
}

static ipl_status training_bytes(const ipl_experiment *e, ipl_device *dev,
                                 int64_t *bytes)
{
    size_t trainer, train, test = 0;
    if (e->kept) {
        *bytes = network_bytes(e);
        return IPL_OK;
    }
    const int64_t trains = e->data.train_rows, tests = e->data.rows - trains;
    const int64_t rows = e->config.tick == IPL_TICK_STEP ? e->config.train.batch
                                                         : trains;
    IPL_TRY(ipl_trainer_bytes(dev, &e->shape, &e->config.train, e->replicas, rows,
                              &trainer));
    IPL_TRY(ipl_net_evaluate_bytes(dev, &e->shape, e->replicas, e->scored_rows,
                                   &train));
    if (tests)
        IPL_TRY(ipl_net_evaluate_bytes(dev, &e->shape, e->replicas, tests, &test));
    *bytes = (int64_t)(trainer + (train > test ? train : test)) + network_bytes(e) +
             ipl_device_about(dev)->own_bytes;
    return IPL_OK;
}

/* -- Measuring --------------------------------------------------------------------*/

/* Ticks in one call: so many that each thread gets several layers, as long as their
 * parameters stay small. */
static int ticks_of(const ipl_experiment *e, const ipl_device_info *about)
{
    const int64_t layers = (int64_t)e->replicas * e->shape.layers;
    const int64_t threads = about->is_host ? about->threads : GPU_THREADS;
    const int64_t fit = params_max / network_bytes(e);
    int64_t ticks = (LAYERS_EACH * threads + layers - 1) / layers;
    if (ticks > fit) ticks = fit;
    return ticks < 1 ? 1 : ticks > TICKS_MAX ? TICKS_MAX : (int)ticks;
}

static int nets_of(const ipl_experiment *e, int ticks)
{
    int64_t units = 0;
    for (int l = 1; l <= e->shape.layers; ++l) units += e->shape.width[l];
    const int64_t bytes = e->measured_rows * units * (int64_t)sizeof(float);
    const int64_t nets = ACTIVATION_BYTES / bytes, most = (int64_t)ticks * e->replicas;
    return nets < 1 ? 1 : nets > most ? (int)most : (int)nets;
}

/* Sets m->measuring_bytes for what else m says. */
static ipl_status weigh(const ipl_experiment *e, ipl_device *dev, ipl_memory *m)
{
    const ipl_measure_way way = ipl_memory_way(m);
    const ipl_labels y = {.rows = e->measured_rows,
                          .classes = e->shape.width[e->shape.layers]};
    const ipl_measure_what what = ipl_experiment_what(e, &y);
    size_t bytes;
    IPL_TRY(ipl_measure_bytes(dev, &what, &e->shape, e->measured_rows, &way, &bytes));
    m->measuring_bytes = m->workers * ((int64_t)bytes + m->ticks * network_bytes(e) +
                                       ipl_device_about(dev)->own_bytes);
    return IPL_OK;
}

/* The largest blocks that leave the layers room; the smallest, if none do. */
static ipl_status choose_blocks(const ipl_experiment *e, ipl_device *dev, int64_t room,
                                ipl_memory *m)
{
    enum { STEP = IPL_NET_FORWARD_ROWS };
    int64_t low = 1, high = (e->measured_rows + STEP - 1) / STEP;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        m->block_rows = middle * STEP;
        IPL_TRY(weigh(e, dev, m));
        if (m->measuring_bytes <= room) low = middle;
        else high = middle - 1;
    }
    m->block_rows = low * STEP;
    return weigh(e, dev, m);
}

/* The first way that fits into `room`; the last one, if none does. */
static ipl_status choose_way(const ipl_experiment *e, ipl_device *dev, int64_t room,
                             ipl_memory *m)
{
    const ipl_device_info *about = ipl_device_about(dev);
    m->ticks = ticks_of(e, about);
    m->nets = nets_of(e, m->ticks);
    m->workers = e->config.lanes  ? (int)e->config.lanes
                 : about->is_host ? 1
                                  : GPU_WORKERS;
    IPL_TRY(weigh(e, dev, m));
    if (m->measuring_bytes <= room) return IPL_OK;
    m->workers = 1;
    IPL_TRY(weigh(e, dev, m));
    if (m->measuring_bytes <= room) return IPL_OK;
    m->ticks = m->nets = 1;
    IPL_TRY(weigh(e, dev, m));
    if (m->measuring_bytes <= room) return IPL_OK;
    m->nets = 0;
    IPL_TRY(weigh(e, dev, m));
    /* Blocks of host memory would be no smaller than host memory. */
    if (m->measuring_bytes <= room || about->is_host) return IPL_OK;
    return choose_blocks(e, dev, room, m);
}

/* -- The plan ---------------------------------------------------------------------*/

ipl_status ipl_memory_share(const ipl_experiment *e, ipl_device *dev,
                            int64_t free_bytes, ipl_memory *out)
{
    const ipl_device_info *about = ipl_device_about(dev);
    ipl_memory m = {.free_bytes = usable(e, about, free_bytes)};
    m.data_bytes = data_bytes(e);
    IPL_TRY(training_bytes(e, dev, &m.training_bytes));
    const int64_t room = m.free_bytes - m.data_bytes - m.training_bytes;
    IPL_TRY(choose_way(e, dev, room, &m));
    m.total_bytes = m.data_bytes + m.training_bytes + m.measuring_bytes;
    if (m.total_bytes > m.free_bytes)
        return IPL_FAIL(IPL_E_MEMORY, "the run takes %lld bytes of %s, which has %lld "
                        "for it: %lld for the data, %lld to train, %lld to measure one "
                        "layer%s", (long long)m.total_bytes, about->name,
                        (long long)m.free_bytes, (long long)m.data_bytes,
                        (long long)m.training_bytes, (long long)m.measuring_bytes,
                        about->is_host ? "" : " in small blocks of rows");
    if (!about->is_host) {
        const int64_t wanted = e->config.snapshot_device_mib << 20;
        const int64_t left = m.free_bytes - m.total_bytes;
        m.snapshot_bytes = wanted < left ? wanted : left;
    }
    *out = m;
    return IPL_OK;
}

ipl_status ipl_memory_share_further(const ipl_experiment *e, ipl_device *dev,
                                    ipl_memory *out)
{
    const ipl_device_info *about = ipl_device_about(dev);
    const int64_t row = e->data.inputs * (int64_t)sizeof(float);
    ipl_memory m = {.free_bytes = usable(e, about, about->free_bytes)};
    m.data_bytes = e->measured_rows * (row + 2 * (int64_t)sizeof(int32_t));
    IPL_TRY(choose_way(e, dev, m.free_bytes - m.data_bytes, &m));
    m.total_bytes = m.data_bytes + m.measuring_bytes;
    if (m.total_bytes > m.free_bytes)
        return IPL_FAIL(IPL_E_MEMORY, "measuring there too takes %lld bytes of %s, "
                        "which has %lld for it: %lld for the data, %lld to measure one "
                        "layer; leave the device out", (long long)m.total_bytes,
                        about->name, (long long)m.free_bytes, (long long)m.data_bytes,
                        (long long)m.measuring_bytes);
    *out = m;
    return IPL_OK;
}

/* The plan of a run, or of what measures on one more device. */
static ipl_status plan(ipl_device *dev, const ipl_config *config, int further,
                       ipl_memory *out)
{
    IPL_REQUIRE(dev && config && out, "device, config or result is NULL");
    ipl_experiment e = {0};
    ipl_device *again;
    IPL_TRY(ipl_device_open_again(dev, &again)); /* as the run has one for training */
    ipl_status st = ipl_experiment_load(config, &e);
    if (st == IPL_OK)
        st = further ? ipl_memory_share_further(&e, dev, out)
                     : ipl_memory_share(&e, again, ipl_device_about(again)->free_bytes,
                                        out);
    ipl_experiment_close(&e);
    ipl_device_close(again);
    return st;
}

ipl_status ipl_memory_plan_further(ipl_device *dev, const ipl_config *config,
                                   ipl_memory *out)
{
    return plan(dev, config, 1, out);
}

ipl_status ipl_memory_plan(ipl_device *dev, const ipl_config *config, ipl_memory *out)
{
    return plan(dev, config, 0, out);
}
