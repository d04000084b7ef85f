/*
 * denormals.h - small floats become 0, on processors that can be told so.
 */
#ifndef DENORMALS_H
#define DENORMALS_H

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

/* Similarities below 2^-126 become 0 instead of denormal numbers, which are slow and
 * are 0 in fixed point anyway. Returns what restores the thread's own mode. */
static inline unsigned flush_denormals(void)
{
#if defined(__SSE__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8000u);
    return before;
#else
    return 0;
#endif
}

static inline void restore_denormals(unsigned before)
{
#if defined(__SSE__)
    _mm_setcsr(before);
#else
    (void)before;
#endif
}

#endif
