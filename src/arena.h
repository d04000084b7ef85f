/*
 * arena.h - dividing the scratch memory of a call.
 *
 * The code that lays scratch out runs twice: with base NULL it only counts the bytes
 * to ask the caller for, then it hands out the pieces of what the caller gave.
 */
#ifndef IPL_ARENA_H
#define IPL_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* A piece suits any type, vector and DMA transfer on every device. */
enum { IPL_ARENA_ALIGN = 256 };

typedef struct {
    char  *base; /* aligned as device memory is, or NULL                        */
    size_t used; /* bytes                                                       */
} ipl_arena;

/* The next `count` elements of `size` bytes; NULL while only counting. */
static inline void *ipl_arena_take(ipl_arena *from, int64_t count, size_t size)
{
    void *piece = from->base ? from->base + from->used : NULL;
    const size_t bytes = (size_t)count * size;
    from->used += (bytes + IPL_ARENA_ALIGN - 1) / IPL_ARENA_ALIGN * IPL_ARENA_ALIGN;
    return piece;
}

#endif
