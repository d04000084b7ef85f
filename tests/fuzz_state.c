/*
 * fuzz_state.c - any bytes as state.bin, and states that are damaged somewhere: read as
 * they were written, or refused with one line.
 */
#include "fuzz.h"
#include "file.h"
#include "plane/checkpoint.h"

enum { FLOATS = 24 };

static const ipl_identity run = {{7, 8}, 9};

static ipl_status write_state(const char *path, const ipl_checkpoint *state)
{
    return ipl_checkpoint_write(IPL_FILE_PATH, path, state);
}

static ipl_status read_state(const char *path, ipl_checkpoint *state)
{
    return ipl_checkpoint_read(IPL_FILE_PATH, path, state);
}

/* A state whose numbers are the input's bytes. */
static ipl_checkpoint state_of(const uint8_t *data, size_t bytes, float values[FLOATS])
{
    int64_t number[4] = {0};
    memset(values, 0, FLOATS * sizeof *values);
    memcpy(number, data, bytes < sizeof number ? bytes : sizeof number);
    memcpy(values, data, bytes < FLOATS ? bytes : FLOATS);
    return (ipl_checkpoint){.tick = number[0], .steps = number[1],
                            .journal_bytes = number[2], .kept_bytes = number[3],
                            .floats = FLOATS, .values = values, .of = run};
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    float values[FLOATS];
    uint8_t content[4096] = {0};
    size_t size;
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (!corpus) return 0;
    const char *path = files_path(corpus, "state");
    const ipl_checkpoint state = state_of((const uint8_t *)"seed", 4, values);
    if (write_state(path, &state) != IPL_OK) abort();
    unsigned char *whole = files_read(path, &size);
    memcpy(content + 1, whole, size);
    files_write(path, size + 1, content);
    free(whole);
    static const char changed[] = "\1\20\1and the values of a state, whatever";
    files_write(files_path(corpus, "changed"), sizeof changed, changed);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    const char *path = files_path(fuzz_folder(), "state.bin");
    float values[FLOATS], got[FLOATS];
    ipl_checkpoint read = {.floats = FLOATS, .values = got, .of = run};
    if (bytes < 3) return 0;
    if (!(*data & 1)) {
        files_write(path, bytes - 1, data + 1);
        if (read_state(path, &read) != IPL_OK) fuzz_check_refusal(NULL);
        return 0;
    }
    size_t size;
    const ipl_checkpoint state = state_of(data + 3, bytes - 3, values);
    if (write_state(path, &state) != IPL_OK) abort();
    unsigned char *content = files_read(path, &size);
    content[data[1] % size] ^= data[2];
    files_write(path, size - data[0] / 2 % 4, content);
    free(content);
    const int whole = !data[2] && data[0] / 2 % 4 == 0;
    if (read_state(path, &read) != IPL_OK) {
        fuzz_check_refusal(NULL);
        if (whole) abort();
    } else if (!whole || read.tick != state.tick || read.steps != state.steps ||
               read.journal_bytes != state.journal_bytes ||
               read.kept_bytes != state.kept_bytes ||
               memcmp(got, values, sizeof got)) {
        abort();
    }
    return 0;
}
