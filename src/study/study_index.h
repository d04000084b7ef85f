/*
 * study_index.h - numbers found again by what they stand for.
 */
#ifndef STUDY_INDEX_H
#define STUDY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "ipl_status.h"

/* Whether two numbers stand for the same. */
typedef int (*study_same)(const void *user, int64_t a, int64_t b);

typedef struct {
    int64_t   *slot; /* -1: empty                                               */
    uint64_t   mask;
    study_same same;
    const void *user;
} study_index;

/* An index of at most `count` numbers. E_MEMORY. */
ipl_status study_index_make(study_index *index, int64_t count, study_same same,
                            const void *user);
void       study_index_free(study_index *index);

/* The number that stands for the same as this one, which is added if there is none. */
int64_t study_index_add(study_index *index, uint64_t hash, int64_t number);

/* FNV-1a, 64 bits, over these bytes; begins with STUDY_HASH. */
#define STUDY_HASH UINT64_C(14695981039346656037)
uint64_t study_hash(uint64_t hash, const void *bytes, size_t count);

#endif
