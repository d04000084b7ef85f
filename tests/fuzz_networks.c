/*
 * fuzz_networks.c - any bytes as networks.bin, and kept networks that are damaged
 * somewhere: read as they were written, or refused with one line.
 */
#include "fuzz.h"
#include "file.h"
#include "plane/networks.h"

enum { FLOATS = 20, TICKS = 8 };

static ipl_status open_networks(const char *path, ipl_networks **out)
{
    return ipl_networks_open(IPL_FILE_PATH, path, FLOATS, out);
}

static ipl_status open_keeper(const char *path, ipl_keeper **out)
{
    const ipl_keeper_options new = {.floats = FLOATS, .data_crc = 7, .tick = -1};
    return ipl_keeper_open(IPL_FILE_PATH, path, &new, out);
}

/* The parameters of a tick: the input's bytes. */
static void params_of(int tick, const uint8_t *data, size_t bytes, float params[FLOATS])
{
    for (size_t k = 0; k < FLOATS; ++k) {
        const size_t at = k + (size_t)tick;
        params[k] = (float)((int)(at < bytes ? data[at] : 3) - tick) / 8.0f;
    }
}

static void write_networks(const char *path, const uint8_t *data, size_t bytes)
{
    float params[FLOATS];
    ipl_keeper *k;
    unlink(path);
    if (open_keeper(path, &k) != IPL_OK) abort();
    for (int tick = 0; tick < TICKS; ++tick) {
        params_of(tick, data, bytes, params);
        if (ipl_keeper_add(k, 3 * tick, params) != IPL_OK) abort();
    }
    ipl_keeper_close(k);
}

/* All that the file says there is; with `data`, it must be what was written of them. */
static void read_all(const ipl_networks *n, const uint8_t *data, size_t bytes)
{
    float params[FLOATS], want[FLOATS];
    const int64_t count = ipl_networks_count(n);
    for (int64_t k = 0; k < count; ++k) {
        const int64_t tick = ipl_networks_tick(n, k);
        if (!ipl_networks_hold(n, tick) || ipl_networks_from(n, tick) != k ||
            ipl_networks_must_hold(n, tick) != IPL_OK)
            abort();
        if (ipl_networks_read(n, tick, params) != IPL_OK) {
            fuzz_check_refusal(NULL);
        } else if (data) {
            params_of((int)(tick / 3), data, bytes, want);
            if (memcmp(params, want, sizeof want)) abort();
        }
    }
    if (ipl_networks_must_hold(n, -5) != IPL_OK) fuzz_check_refusal(NULL);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    uint8_t content[8192] = {0};
    size_t size;
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (!corpus) return 0;
    const char *path = files_path(corpus, "networks");
    write_networks(path, (const uint8_t *)"seed", 4);
    unsigned char *whole = files_read(path, &size);
    if (size + 1 > sizeof content) abort();
    memcpy(content + 1, whole, size);
    files_write(path, size + 1, content);
    free(whole);
    static const char changed[] = "\1\120\0\1\0and the values of all layers";
    files_write(files_path(corpus, "changed"), sizeof changed, changed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *path = files_path(fuzz_folder(), "networks.bin");
    ipl_networks *n = NULL;
    if (bytes < 5) return 0;
    const int ours = *data & 1;
    if (ours) {
        size_t size;
        write_networks(path, data + 5, bytes - 5);
        unsigned char *content = files_read(path, &size);
        content[(data[1] | (size_t)data[2] << 8) % size] ^= data[3];
        files_write(path, size - data[4] % 64 % size, content);
        free(content);
    } else files_write(path, bytes - 1, data + 1);
    if (open_networks(path, &n) != IPL_OK) {
        fuzz_check_refusal(n);
        return 0;
    }
    read_all(n, ours ? data + 5 : NULL, bytes - 5);
    ipl_networks_close(n);
    return 0;
}
