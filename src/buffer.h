/*
 * buffer.h - text in memory that grows.
 *
 * As open_memstream, of which glibc's remembers no lack of memory: its text ends early
 * then, and neither ferror nor fclose tells. This one is NULL then, and stays so. Its
 * numbers are C's in any locale.
 */
#ifndef IPL_BUFFER_H
#define IPL_BUFFER_H

#include <stddef.h>

/* Begins as {0}; `at` is the caller's to free. */
typedef struct {
    char  *at; /* with a zero byte behind it; NULL: no memory, or nothing added    */
    size_t used, size;
    int    is_lost;
} ipl_buffer;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void ipl_buffer_add(ipl_buffer *to, const char *format, ...);

#endif
