/*
 * test_store_device.c - snapshots that stay on the device keep their bits and their
 * order, whatever the two handles that write and read them are still doing.
 */
#include <pthread.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "files.h"
#include "random.h"
#include "plane/store.h"

enum { FLOATS = 5000, BYTES = FLOATS * (int)sizeof(float), SOURCES = 4 };

/* A writer and a reader, each with a handle of its own, and snapshots to write. */
typedef struct {
    ipl_device *writer, *reader;
    ipl_store  *store;
    float      *source[SOURCES]; /* device: the snapshot of tick t is t % SOURCES */
    float      *params, *got;    /* device: the writer's, the reader's            */
    char        directory[FILES_PATH], path[FILES_PATH + 16];
} scene;

static void fill(int64_t tick, float *w)
{
    const ipl_random r = {check_seed(), (uint64_t)(tick % SOURCES)};
    for (uint64_t i = 0; i < FLOATS; ++i)
        w[i] = (float)(ipl_random_uniform(r, i) - 0.5);
}

static float *device_room(ipl_device *dev)
{
    void *at;
    CHECK_OK(ipl_alloc(dev, BYTES, &at));
    return at;
}

static scene scene_make(void **state, int on_device, int in_memory)
{
    scene s = {.writer = check_device(state)};
    float w[FLOATS];
    files_make_folder(s.directory);
    snprintf(s.path, sizeof s.path, "%s/snapshots", s.directory);
    CHECK_OK(ipl_device_open_again(s.writer, &s.reader));
    for (int k = 0; k < SOURCES; ++k) {
        s.source[k] = device_room(s.writer);
        fill(k, w);
        CHECK_OK(ipl_upload(s.writer, w, BYTES, s.source[k]));
    }
    s.params = device_room(s.writer);
    s.got = device_room(s.reader);
    const ipl_store_options o = {.floats = FLOATS, .dev = s.reader,
                                 .device_bytes = (size_t)on_device * BYTES,
                                 .memory_bytes = (size_t)in_memory * BYTES,
                                 .dir = IPL_FILE_PATH, .path = s.path};
    CHECK_OK(ipl_store_create(&o, &s.store));
    return s;
}

static void scene_free(scene *s)
{
    ipl_store_destroy(s->store);
    for (int k = 0; k < SOURCES; ++k) ipl_free(s->writer, s->source[k]);
    ipl_free(s->writer, s->params);
    ipl_free(s->reader, s->got);
    ipl_device_close(s->reader);
    CHECK(rmdir(s->directory) == 0); /* the file goes with the store */
}

/* Queues a new content of `params`, and its snapshot; nothing is waited for. */
static ipl_status put(scene *s, int64_t tick)
{
    IPL_TRY(ipl_copy(s->writer, s->source[tick % SOURCES], BYTES, s->params));
    return ipl_store_put(s->store, tick, s->writer, s->params);
}

/* Whether the reader's memory holds the snapshot of this tick. */
static int is_of(scene *s, const float *at, int64_t tick)
{
    float want[FLOATS], got[FLOATS] = {0};
    fill(tick, want);
    return ipl_download(s->reader, at, BYTES, got) == IPL_OK &&
           memcmp(got, want, BYTES) == 0;
}

static ipl_store_stats about(const scene *s)
{
    ipl_store_stats stats;
    ipl_store_about(s->store, &stats);
    return stats;
}

static void the_device_comes_first_then_memory_then_the_file(void **state)
{
    scene s = scene_make(state, 3, 2);
    for (int64_t t = 0; t < 9; ++t) {
        CHECK(ipl_store_is_full(s.store) == (t >= 5));
        CHECK_OK(put(&s, t));
    }
    ipl_store_stats now = about(&s);
    CHECK(now.kept_on_device == 3 && now.device_bytes == 3 * BYTES);
    CHECK(now.memory_bytes == 2 * BYTES && now.in_file == 4);
    for (int64_t t = 8; t >= 0; --t) {
        CHECK_OK(ipl_store_get(s.store, t, s.reader, s.got));
        CHECK(is_of(&s, s.got, t));
    }
    ipl_store_drop(s.store, 1); /* the device's room is used again first */
    CHECK_OK(put(&s, 9));
    now = about(&s);
    CHECK(now.kept_on_device == 4 && now.device_peak_bytes == 3 * BYTES);
    CHECK_OK(ipl_store_get(s.store, 9, s.reader, s.got));
    CHECK(is_of(&s, s.got, 9));
    CHECK_FAILS(put(&s, 9), IPL_E_ARGUMENT, "tick 9: held already");
    scene_free(&s);
}

/* For who measures elsewhere, by a third handle. */
static void a_snapshot_can_go_to_host_memory(void **state)
{
    scene s = scene_make(state, 2, 1);
    ipl_device *third;
    CHECK_OK(ipl_device_open_again(s.writer, &third));
    for (int64_t t = 0; t < 5; ++t) {
        float want[FLOATS], got[FLOATS] = {0};
        CHECK_OK(put(&s, t)); /* two on the device, one in memory, two in the file */
        CHECK_OK(ipl_copy(s.writer, s.source[(t + 1) % SOURCES], BYTES, s.params));
        CHECK_OK(ipl_store_read(s.store, t, third, got));
        fill(t, want);
        assert_memory_equal(got, want, BYTES);
    }
    CHECK(about(&s).kept_on_device == 2 && about(&s).in_file == 2);
    CHECK_FAILS(ipl_store_read(s.store, 5, third, NULL), IPL_E_ARGUMENT,
                "tick 5: not held");
    ipl_device_close(third);
    scene_free(&s);
}

/* The only slot is written again while the read before it may still be under way, and
 * `params` is overwritten while its snapshot may still be under way. */
static void nothing_overtakes_what_is_queued(void **state)
{
    enum { TICKS = 12 };
    scene s = scene_make(state, 1, 0);
    float *got[TICKS];
    for (int64_t t = 0; t < TICKS; ++t) {
        got[t] = device_room(s.reader);
        CHECK_OK(put(&s, t));
        CHECK_OK(ipl_copy(s.writer, s.source[(t + 1) % SOURCES], BYTES, s.params));
        if (t % 2) CHECK_OK(ipl_sync(s.writer)); /* ahead of the reader, if it can */
        CHECK_OK(ipl_store_get(s.store, t, s.reader, got[t]));
        ipl_store_drop(s.store, t);
    }
    for (int64_t t = 0; t < TICKS; ++t) {
        CHECK(is_of(&s, got[t], t));
        ipl_free(s.reader, got[t]);
    }
    CHECK(about(&s).kept_on_device == TICKS && about(&s).spilled == 0);
    scene_free(&s);
}

typedef struct {
    scene   *s;
    int64_t  ticks, made, wrong;
    pthread_mutex_t lock;
    pthread_cond_t  more;
} shared_work;

static void *read_all(void *user)
{
    shared_work *w = user;
    for (int64_t t = 0; t < w->ticks; ++t) {
        pthread_mutex_lock(&w->lock);
        while (w->made <= t) pthread_cond_wait(&w->more, &w->lock);
        pthread_mutex_unlock(&w->lock);
        if (ipl_store_get(w->s->store, t, w->s->reader, w->s->got) != IPL_OK ||
            !is_of(w->s, w->s->got, t))
            ++w->wrong;
        ipl_store_drop(w->s->store, t);
    }
    return NULL;
}

static void a_writer_and_a_reader_share_a_store(void **state)
{
    scene s = scene_make(state, 2, 1);
    pthread_t reader;
    shared_work w = {.s = &s, .ticks = check_size(check_device(state), 200, 40),
                     .lock = PTHREAD_MUTEX_INITIALIZER,
                     .more = PTHREAD_COND_INITIALIZER};
    CHECK(pthread_create(&reader, NULL, read_all, &w) == 0);
    for (int64_t t = 0; t < w.ticks; ++t) {
        CHECK_OK(put(&s, t));
        pthread_mutex_lock(&w.lock);
        w.made = t + 1;
        pthread_cond_broadcast(&w.more);
        pthread_mutex_unlock(&w.lock);
    }
    pthread_join(reader, NULL);
    CHECK(w.wrong == 0);
    const ipl_store_stats now = about(&s);
    CHECK(now.held == 0 && now.device_bytes == 0 && now.memory_bytes == 0);
    scene_free(&s);
}

static const check_test tests[] = {
    CHECK_TEST(the_device_comes_first_then_memory_then_the_file),
    CHECK_TEST(a_snapshot_can_go_to_host_memory),
    CHECK_TEST(nothing_overtakes_what_is_queued),
    CHECK_TEST(a_writer_and_a_reader_share_a_store),
};

CHECK_MAIN("store_device", tests, 1)
