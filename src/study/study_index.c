/*
 * study_index.c - a table with open addresses, at most half full.
 */
#include "study/study_index.h"

#include <stdlib.h>

ipl_status study_index_make(study_index *index, int64_t count, study_same same,
                            const void *user)
{
    uint64_t size = 16;
    while (size < 2 * (uint64_t)count) size *= 2;
    int64_t *slot = malloc(size * sizeof *slot);
    if (!slot) return IPL_FAIL(IPL_E_MEMORY, "an index of %lld", (long long)count);
    for (uint64_t s = 0; s < size; ++s) slot[s] = -1;
    *index = (study_index){slot, size - 1, same, user};
    return IPL_OK;
}

void study_index_free(study_index *index)
{
    free(index->slot);
    index->slot = NULL;
}

int64_t study_index_add(study_index *index, uint64_t hash, int64_t number)
{
    uint64_t at = (hash ^ hash >> 32) & index->mask;
    for (; index->slot[at] >= 0; at = (at + 1) & index->mask)
        if (index->same(index->user, index->slot[at], number)) return index->slot[at];
    return index->slot[at] = number;
}

uint64_t study_hash(uint64_t hash, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;
    for (size_t k = 0; k < count; ++k) hash = (hash ^ at[k]) * UINT64_C(1099511628211);
    return hash;
}
