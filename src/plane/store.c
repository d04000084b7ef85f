/*
 * store.c - which snapshot is where, and who still reads it.
 *
 * An entry is in the index once its bytes are in place. Readers count themselves in
 * an entry and work on it without the lock; a drop takes it out of the index at
 * once and its last reader gives its space back.
 */
#include "plane/store.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plane/store_device.h"
#include "plane/store_file.h"

/* One of the three has it. */
typedef struct {
    int64_t tick;
    store_slot *there; /* on the device, or NULL                                */
    float      *at;    /* in memory, or NULL                                    */
    int64_t     slot;  /* in the file, or -1                                    */
    int     readers;
    int     dropped;
} entry;

struct ipl_store {
    pthread_mutex_t lock;
    size_t     bytes;  /* of one snapshot                                       */
    size_t     budget; /* of snapshots in memory                                */
    char      *path;   /* NULL: no file                                         */
    store_device device;
    store_file   file;
    entry    **held;   /* [stats.held] by tick                                  */
    int64_t    room;
    ipl_store_stats stats;
};

ipl_status ipl_store_create(const ipl_store_options *options, ipl_store **out)
{
    IPL_REQUIRE(options && options->dev && out,
                "options, device or result of a snapshot store is NULL");
    IPL_REQUIRE(options->floats >= 1 && options->floats <= INT32_MAX,
                "snapshots of %lld floats: expected 1 to %d",
                (long long)options->floats, INT32_MAX);
    ipl_store *s = calloc(1, sizeof *s);
    char *path = options->path ? strdup(options->path) : NULL;
    if (!s || (options->path && !path) || pthread_mutex_init(&s->lock, NULL) != 0) {
        free(s);
        free(path);
        return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot store", sizeof *s);
    }
    s->bytes = (size_t)options->floats * sizeof(float);
    s->budget = options->memory_bytes;
    s->path = path;
    store_device_init(&s->device, options->dev, s->bytes, options->device_bytes);
    store_file_init(&s->file, options->dir, path, options->floats);
    *out = s;
    return IPL_OK;
}

/* Gives an entry's space back; under the lock, with no reader left. */
static void release(ipl_store *s, entry *e)
{
    if (e->there) {
        store_device_release(&s->device, e->there);
        s->stats.device_bytes -= s->bytes;
    }
    if (e->at) s->stats.memory_bytes -= s->bytes;
    if (e->slot >= 0) {
        store_file_release(&s->file, e->slot);
        s->stats.file_bytes = (size_t)s->file.slots * s->file.slot_bytes;
        --s->stats.in_file;
    }
    free(e->at);
    free(e);
}

void ipl_store_destroy(ipl_store *s)
{
    if (!s) return;
    while (s->stats.held) release(s, s->held[--s->stats.held]);
    store_device_destroy(&s->device);
    store_file_remove(&s->file);
    pthread_mutex_destroy(&s->lock);
    free(s->held);
    free(s->path);
    free(s);
}

/* Index of the first held tick that is not before this one. */
static int64_t place_of(const ipl_store *s, int64_t tick)
{
    int64_t lo = 0, hi = s->stats.held;
    /* Ticks come in order, as a rule. */
    if (hi && s->held[hi - 1]->tick < tick) return hi;
    while (lo < hi) {
        const int64_t mid = lo + (hi - lo) / 2;
        if (s->held[mid]->tick < tick) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static entry *find(const ipl_store *s, int64_t tick)
{
    const int64_t at = place_of(s, tick);
    return at < s->stats.held && s->held[at]->tick == tick ? s->held[at] : NULL;
}

/* Finds a place for a new entry's bytes; under the lock. */
static ipl_status reserve(ipl_store *s, ipl_device *dev, entry *e)
{
    ipl_store_stats *now = &s->stats;
    if (find(s, e->tick))
        return IPL_FAIL(IPL_E_ARGUMENT, "snapshot of tick %lld: held already",
                        (long long)e->tick);
    IPL_TRY(store_device_take(&s->device, dev, &e->there));
    if (e->there) {
        now->device_bytes += s->bytes;
        if (now->device_bytes > now->device_peak_bytes)
            now->device_peak_bytes = now->device_bytes;
        return IPL_OK;
    }
    if (now->memory_bytes + s->bytes <= s->budget) {
        e->at = malloc(s->bytes);
        if (!e->at) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot", s->bytes);
        now->memory_bytes += s->bytes;
        if (now->memory_bytes > now->memory_peak_bytes)
            now->memory_peak_bytes = now->memory_bytes;
        return IPL_OK;
    }
    if (!s->path)
        return IPL_FAIL(IPL_E_MEMORY, "snapshots: %zu of %zu bytes are in use, %zu "
                        "more wanted, and there is no file", now->memory_bytes,
                        s->budget, s->bytes);
    IPL_TRY(store_file_take(&s->file, &e->slot));
    ++now->in_file;
    now->file_bytes = (size_t)s->file.slots * s->file.slot_bytes;
    if (now->file_bytes > now->file_peak_bytes) now->file_peak_bytes = now->file_bytes;
    return IPL_OK;
}

/* Puts an entry whose bytes are in place into the index; under the lock. */
static ipl_status enter(ipl_store *s, entry *e)
{
    ipl_store_stats *now = &s->stats;
    const int64_t at = place_of(s, e->tick);
    if (at < now->held && s->held[at]->tick == e->tick)
        return IPL_FAIL(IPL_E_ARGUMENT, "snapshot of tick %lld: held already",
                        (long long)e->tick);
    if (now->held == s->room) {
        const int64_t room = 2 * s->room + 64;
        entry **held = realloc(s->held, (size_t)room * sizeof *held);
        if (!held) return IPL_FAIL(IPL_E_MEMORY, "%lld snapshots", (long long)room);
        s->held = held;
        s->room = room;
    }
    memmove(s->held + at + 1, s->held + at, (size_t)(now->held - at) * sizeof *s->held);
    s->held[at] = e;
    if (++now->held > now->held_peak) now->held_peak = now->held;
    now->kept_on_device += e->there != NULL;
    now->spilled += e->slot >= 0;
    return IPL_OK;
}

/* A record of the file passes through host memory. */
static ipl_status file_write(const ipl_store *s, const store_file *file, const entry *e,
                             ipl_device *dev, const float *params)
{
    float *host = malloc(s->bytes);
    if (!host) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot", s->bytes);
    ipl_status st = ipl_download(dev, params, s->bytes, host);
    if (st == IPL_OK) st = store_file_write(file, e->slot, e->tick, host);
    free(host);
    return st;
}

static ipl_status file_read(const ipl_store *s, const store_file *file, const entry *e,
                            ipl_device *dev, float *params)
{
    float *host = malloc(s->bytes);
    if (!host) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot", s->bytes);
    ipl_status st = store_file_read(file, e->slot, e->tick, host);
    if (st == IPL_OK) st = ipl_upload(dev, host, s->bytes, params);
    free(host);
    return st;
}

static ipl_status fill(const ipl_store *s, const store_file *file, const entry *e,
                       ipl_device *dev, const float *params)
{
    if (e->there) return store_device_write(&s->device, e->there, dev, params);
    if (e->at) return ipl_download(dev, params, s->bytes, e->at);
    return file_write(s, file, e, dev, params);
}

ipl_status ipl_store_put(ipl_store *s, int64_t tick, ipl_device *dev,
                         const float *params)
{
    entry *e = calloc(1, sizeof *e);
    if (!e) return IPL_FAIL(IPL_E_MEMORY, "%zu bytes for a snapshot", sizeof *e);
    e->tick = tick;
    e->slot = -1;

    pthread_mutex_lock(&s->lock);
    ipl_status st = reserve(s, dev, e);
    const store_file file = s->file; /* the lock guards the original */
    pthread_mutex_unlock(&s->lock);

    if (st == IPL_OK) st = fill(s, &file, e, dev, params);

    pthread_mutex_lock(&s->lock);
    if (st == IPL_OK) st = enter(s, e);
    if (st != IPL_OK) release(s, e);
    pthread_mutex_unlock(&s->lock);
    return st;
}

ipl_status ipl_store_get(ipl_store *s, int64_t tick, ipl_device *dev, float *params)
{
    ipl_status st = IPL_OK;
    pthread_mutex_lock(&s->lock);
    entry *e = find(s, tick);
    const int there = e && e->there;
    if (!e)
        st = IPL_FAIL(IPL_E_ARGUMENT, "snapshot of tick %lld: not held",
                      (long long)tick);
    else if (there) /* only queued; what uses the slot next comes after it */
        st = store_device_read(&s->device, e->there, dev, params);
    else
        ++e->readers;
    const store_file file = s->file;
    pthread_mutex_unlock(&s->lock);
    if (!e || there) return st;

    if (e->at) st = ipl_upload(dev, e->at, s->bytes, params);
    else st = file_read(s, &file, e, dev, params);

    pthread_mutex_lock(&s->lock);
    if (!--e->readers && e->dropped) release(s, e);
    pthread_mutex_unlock(&s->lock);
    return st;
}

ipl_status ipl_store_read(ipl_store *s, int64_t tick, ipl_device *dev, float *host)
{
    ipl_status st = IPL_OK;
    pthread_mutex_lock(&s->lock);
    entry *e = find(s, tick);
    if (!e)
        st = IPL_FAIL(IPL_E_ARGUMENT, "snapshot of tick %lld: not held",
                      (long long)tick);
    else
        ++e->readers; /* nobody writes its slot again before it is read */
    if (e && e->there) st = store_device_await(e->there, dev);
    const store_file file = s->file;
    pthread_mutex_unlock(&s->lock);
    if (!e) return st;

    if (e->there && st == IPL_OK) st = ipl_download(dev, e->there->at, s->bytes, host);
    else if (e->at) memcpy(host, e->at, s->bytes);
    else if (!e->there) st = store_file_read(&file, e->slot, e->tick, host);

    pthread_mutex_lock(&s->lock);
    if (!--e->readers && e->dropped) release(s, e);
    pthread_mutex_unlock(&s->lock);
    return st;
}

int ipl_store_holds(ipl_store *s, int64_t tick)
{
    pthread_mutex_lock(&s->lock);
    const int holds = find(s, tick) != NULL;
    pthread_mutex_unlock(&s->lock);
    return holds;
}

int ipl_store_is_full(ipl_store *s)
{
    pthread_mutex_lock(&s->lock);
    const int full = !store_device_has_room(&s->device) &&
                     s->stats.memory_bytes + s->bytes > s->budget;
    pthread_mutex_unlock(&s->lock);
    return full;
}

static void forget(ipl_store *s, entry *e)
{
    if (e->readers) e->dropped = 1;
    else release(s, e);
}

void ipl_store_drop(ipl_store *s, int64_t tick)
{
    pthread_mutex_lock(&s->lock);
    const int64_t at = place_of(s, tick);
    if (at < s->stats.held && s->held[at]->tick == tick) {
        forget(s, s->held[at]);
        --s->stats.held;
        memmove(s->held + at, s->held + at + 1,
                (size_t)(s->stats.held - at) * sizeof *s->held);
    }
    pthread_mutex_unlock(&s->lock);
}

void ipl_store_sweep(ipl_store *s, int (*keep)(void *user, int64_t tick), void *user)
{
    pthread_mutex_lock(&s->lock);
    int64_t kept = 0;
    for (int64_t i = 0; i < s->stats.held; ++i) {
        if (keep(user, s->held[i]->tick)) s->held[kept++] = s->held[i];
        else forget(s, s->held[i]);
    }
    s->stats.held = kept;
    pthread_mutex_unlock(&s->lock);
}

void ipl_store_about(ipl_store *s, ipl_store_stats *out)
{
    pthread_mutex_lock(&s->lock);
    *out = s->stats;
    pthread_mutex_unlock(&s->lock);
}
