/*
 * scratch.h - pieces of the caller's scratch memory.
 */
#ifndef IPL_CPU_SCRATCH_H
#define IPL_CPU_SCRATCH_H

#include "cpu/cpu.h"

/* Hands out consecutive pieces from `at`. With at == NULL it only measures, so one
 * function answers how much memory a job wants and lays it out. */
typedef struct {
    char  *at;
    size_t used;
} scratch_arena;

static inline void *scratch_take(scratch_arena *arena, int64_t count, size_t size)
{
    void *piece = arena->at ? arena->at + arena->used : NULL;
    const size_t bytes = (size_t)count * size;
    arena->used += (bytes + CPU_ALIGN - 1) / CPU_ALIGN * CPU_ALIGN;
    return piece;
}

#endif
