/*
 * device.c - opening devices by name, and their memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend.h"

enum { BACKENDS = 2 };
static const char *const backend_name[BACKENDS] = {"cpu", "cuda"};

static ipl_status backend_at(int b, const ipl_backend **out)
{
    if (b == 1) return ipl_cuda_backend(out);
    *out = &ipl_backend_cpu;
    return IPL_OK;
}

/* "cuda:1" is backend "cuda" and variant "1"; without ':' the variant is NULL. */
static ipl_status backend_of(const char *name, const ipl_backend **out,
                             const char **variant)
{
    const char *colon = strchr(name, ':');
    const size_t length = colon ? (size_t)(colon - name) : strlen(name);
    *variant = colon ? colon + 1 : NULL;
    for (int b = 0; b < BACKENDS; ++b)
        if (strlen(backend_name[b]) == length &&
            !strncmp(backend_name[b], name, length)) {
            const ipl_status st = backend_at(b, out);
            if (st == IPL_OK) return st;
            return IPL_FAIL(st, "device '%s': %s", name, ipl_last_error_text());
        }
    return IPL_FAIL(IPL_E_ARGUMENT, "device '%s': expected auto, cpu, cuda or cuda:N",
                    name);
}

static ipl_status open_named(const char *name, const ipl_device_options *options,
                             ipl_device **out)
{
    const char *variant;
    const ipl_backend *backend;
    IPL_TRY(backend_of(name, &backend, &variant));

    ipl_device *dev = calloc(1, sizeof *dev);
    if (!dev) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a device", sizeof *dev);
    dev->backend = backend;
    dev->options = *options;
    const ipl_status st = backend->open(variant, options, &dev->about, &dev->state);
    if (st != IPL_OK) {
        free(dev);
        return st;
    }
    *out = dev;
    return IPL_OK;
}

/* Whether there is an NVIDIA GPU, which a build without CUDA can tell from the files of
 * its driver only. */
static int gpu_is_there(void)
{
    char variant[24];
    const ipl_backend *cuda;
    if (ipl_cuda_backend(&cuda) == IPL_OK &&
        cuda->variant_name(0, variant, sizeof variant) == IPL_OK)
        return 1;
    return !access("/dev/nvidia0", F_OK) || !access("/proc/driver/nvidia", F_OK);
}

ipl_status ipl_device_open(const char *name, const ipl_device_options *options,
                           ipl_device **out)
{
    static const ipl_device_options defaults = {0};
    if (!options) options = &defaults;
    IPL_REQUIRE(name && out, "device name or result is NULL");
    IPL_REQUIRE(options->threads >= 0, "threads %d: expected 0 or more",
                options->threads);
    if (strcmp(name, "auto")) return open_named(name, options, out);

    if (open_named("cuda", options, out) == IPL_OK) return IPL_OK;
    char why[sizeof (*out)->about.note];
    snprintf(why, sizeof why, "%.255s", ipl_last_error_text());
    IPL_TRY(open_named("cpu", options, out));
    /* Who has no GPU need not be told of one. */
    if (gpu_is_there()) memcpy((*out)->about.note, why, sizeof why);
    return IPL_OK;
}

ipl_status ipl_device_open_again(const ipl_device *dev, ipl_device **out)
{
    IPL_REQUIRE(dev && out, "device or result is NULL");
    return open_named(dev->about.name, &dev->options, out);
}

ipl_status ipl_device_use_threads(ipl_device *dev, int threads)
{
    if (!dev->backend->use_threads) return IPL_OK;
    IPL_REQUIRE(threads >= 1 && threads <= dev->about.threads,
                "%d threads: expected 1 to %d", threads, dev->about.threads);
    dev->backend->use_threads(dev->state, threads);
    return IPL_OK;
}

void ipl_device_close(ipl_device *dev)
{
    if (!dev) return;
    dev->backend->close(dev->state);
    free(dev);
}

const ipl_device_info *ipl_device_about(const ipl_device *dev) { return &dev->about; }

ipl_status ipl_device_free_bytes(ipl_device *dev, int64_t *bytes)
{
    IPL_REQUIRE(dev && bytes, "device or result is NULL");
    return dev->backend->free_bytes(dev->state, bytes);
}

void ipl_device_progress(const ipl_device *dev, int64_t *done, int64_t *all)
{
    const ipl_meter *meter = dev->backend->meter(dev->state);
    *all = __atomic_load_n(&meter->all, __ATOMIC_RELAXED);
    *done = __atomic_load_n(&meter->done, __ATOMIC_RELAXED);
    if (*done > *all) *done = *all; /* read apart from each other */
}

void ipl_device_stop(ipl_device *dev)
{
    ipl_meter_stop(dev->backend->meter(dev->state));
}

int64_t ipl_device_usable(const ipl_device_info *about, int64_t free_bytes)
{
    const int64_t most = (int64_t)256 << 20;
    const int64_t spare = free_bytes / 32 +
                          (free_bytes / 4 < most ? free_bytes / 4 : most);
    return about->is_host ? about->memory_bytes : free_bytes - spare;
}

int ipl_device_count(void)
{
    char name[32];
    int count = 0;
    while (ipl_device_name(count, name, sizeof name) == IPL_OK) ++count;
    return count;
}

ipl_status ipl_device_name(int index, char *name, size_t size)
{
    int before = 0;
    IPL_REQUIRE(index >= 0 && name && size, "device %d", index);
    for (int b = 0; b < BACKENDS; ++b) {
        char variant[24];
        int count = 0;
        const ipl_backend *backend;
        if (backend_at(b, &backend) != IPL_OK) continue;
        for (; backend->variant_name(count, variant, sizeof variant) == IPL_OK; ++count)
            if (before + count == index) {
                snprintf(name, size, "%s:%s", backend->name, variant);
                return IPL_OK;
            }
        before += count;
    }
    return IPL_FAIL(IPL_E_ARGUMENT, "device %d of %d", index, before);
}

ipl_status ipl_alloc(ipl_device *dev, size_t bytes, void **at)
{
    return dev->backend->alloc(dev->state, bytes ? bytes : 1, at);
}

void ipl_free(ipl_device *dev, void *at)
{
    if (at) dev->backend->release(dev->state, at);
}

ipl_status ipl_mat_alloc(ipl_device *dev, int64_t rows, int64_t cols, ipl_mat *out)
{
    IPL_REQUIRE(rows > 0 && cols > 0 &&
                    rows <= (int64_t)(INT64_MAX / sizeof(float)) / cols,
                "matrix of %lld x %lld", (long long)rows, (long long)cols);
    void *at;
    IPL_TRY(ipl_alloc(dev, (size_t)(rows * cols) * sizeof(float), &at));
    *out = (ipl_mat){at, rows, cols};
    return IPL_OK;
}

ipl_status ipl_upload(ipl_device *dev, const void *host, size_t bytes, void *at)
{
    return bytes ? dev->backend->upload(dev->state, host, bytes, at) : IPL_OK;
}

ipl_status ipl_download(ipl_device *dev, const void *at, size_t bytes, void *host)
{
    return bytes ? dev->backend->download(dev->state, at, bytes, host) : IPL_OK;
}

ipl_status ipl_copy(ipl_device *dev, const void *from, size_t bytes, void *to)
{
    return bytes ? dev->backend->copy(dev->state, from, bytes, to) : IPL_OK;
}

ipl_status ipl_sync(ipl_device *dev) { return dev->backend->sync(dev->state); }

struct ipl_event {
    const ipl_backend *backend;
    void              *made; /* the backend's event */
};

ipl_status ipl_event_create(ipl_device *dev, ipl_event **out)
{
    IPL_REQUIRE(dev && out, "device or result is NULL");
    ipl_event *event = malloc(sizeof *event);
    if (!event) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for an event", sizeof *event);
    event->backend = dev->backend;
    const ipl_status st = dev->backend->event_create(dev->state, &event->made);
    if (st == IPL_OK) *out = event;
    else free(event);
    return st;
}

void ipl_event_destroy(ipl_event *event)
{
    if (event) event->backend->event_destroy(event->made);
    free(event);
}

ipl_status ipl_event_record(ipl_device *dev, ipl_event *event)
{
    IPL_REQUIRE(dev && event && event->backend == dev->backend,
                "an event is NULL, or of another device");
    return dev->backend->event_record(dev->state, event->made);
}

ipl_status ipl_event_wait(ipl_device *dev, ipl_event *event)
{
    IPL_REQUIRE(dev && event && event->backend == dev->backend,
                "an event is NULL, or of another device");
    return dev->backend->event_wait(dev->state, event->made);
}

ipl_status ipl_device_ceilings(ipl_device *dev, ipl_ceilings *out)
{
    return dev->backend->ceilings(dev->state, out);
}

ipl_status ipl_timer_start(ipl_device *dev)
{
    return dev->backend->timer_start(dev->state);
}

ipl_status ipl_timer_stop(ipl_device *dev, double *wall_ms)
{
    return dev->backend->timer_stop(dev->state, wall_ms);
}
