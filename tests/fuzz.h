/*
 * fuzz.h - what the libFuzzer targets of the file readers share.
 *
 * A target makes its own seeds when it starts: LLVMFuzzerInitialize runs before the
 * corpus folder, the first argument that is one, is read. Seeds that are text stand in
 * tests/corpus/NAME, and test_corpus.c replays all of them without libFuzzer.
 */
#ifndef FUZZ_H
#define FUZZ_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memfd_create */
#endif
#include <sys/mman.h>

#include "files.h"
#include "ipl_data.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static inline const char *fuzz_corpus(int argc, char **argv)
{
    struct stat about; /* when a finding is repeated, the argument is a file          */
    for (int a = 1; a < argc; ++a)
        if (argv[a][0] != '-' && !stat(argv[a], &about) && S_ISDIR(about.st_mode))
            return argv[a];
    return NULL;
}

/* A file in memory with this content; close the descriptor to remove it. */
static inline int fuzz_file(const void *content, size_t bytes, char path[64])
{
    const int at = memfd_create("fuzz", 0);
    if (at < 0 || write(at, content, bytes) != (ssize_t)bytes) abort();
    snprintf(path, 64, "/proc/self/fd/%d", at);
    return at;
}

/* A folder for readers that want one, the same at each call, which goes at the end. */
static char fuzz_folder_name[FILES_PATH];

static inline void fuzz_remove_folder(void) { files_remove_folder(fuzz_folder_name); }

static inline const char *fuzz_folder(void)
{
    if (!*fuzz_folder_name) {
        files_make_folder(fuzz_folder_name);
        atexit(fuzz_remove_folder);
    }
    return fuzz_folder_name;
}

/* Whether a text may stand in a table of ours, in messages and in pictures as it is. */
static inline void fuzz_check_word(const char *word)
{
    for (; *word; ++word)
        if (*word < 0x21 || *word > 0x7e || strchr(",\"", *word)) abort();
}

/* What every array that was read must be; frees it. */
static inline void fuzz_check_array(ipl_status st, ipl_array *a)
{
    const void *const part[] = {a->values, a->wide, a->integers, a->text};
    int set = 0;
    for (int k = 0; k < 4; ++k) set += part[k] != NULL;
    if (set != (st == IPL_OK) || (st != IPL_OK && !*ipl_last_error())) abort();
    if (st == IPL_OK) {
        if (a->rows < 1 || a->cols < 1 || (a->dims == 1 && a->cols != 1)) abort();
        volatile int64_t sum = 0; /* reads every value, so that ASan sees it         */
        for (int64_t i = 0; i < a->rows * a->cols; ++i)
            sum = sum + (a->text ? a->text[(size_t)i * a->text_bytes]
                         : a->integers ? a->integers[i] & 1
                         : a->values   ? a->values[i] > 0.0f
                                       : a->wide[i] > 0.0);
    }
    ipl_array_free(a);
}

/* What every loaded set must be, whatever the file was. */
static inline void fuzz_check_set(const ipl_dataset *d)
{
    if (d->rows < 1 || d->inputs < 1 || d->train_rows < 1 || d->train_rows > d->rows)
        abort();
    for (int64_t i = 0; i < d->rows; ++i)
        if (d->y[i] < 0 || d->y[i] >= d->classes) abort();
    for (int64_t i = 0; i < d->rows * d->inputs; ++i)
        if (d->x[i] - d->x[i] != 0.0f) abort(); /* NaN or infinity                   */
}

/* A failure must say something and leave nothing behind. */
static inline void fuzz_check_refusal(const void *left)
{
    if (!*ipl_last_error() || left) abort();
}

#endif
