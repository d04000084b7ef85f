/*
 * buffer.c - text in memory that grows.
 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "number.h"

static void lose(ipl_buffer *to)
{
    free(to->at);
    *to = (ipl_buffer){.is_lost = 1};
}

void ipl_buffer_add(ipl_buffer *to, const char *format, ...)
{
    IPL_C_LOCALE;
    while (!to->is_lost) {
        va_list args;
        va_start(args, format);
        const size_t room = to->size - to->used;
        const int length =
            vsnprintf(to->at ? to->at + to->used : NULL, room, format, args);
        va_end(args);
        if (length >= 0 && (size_t)length < room) {
            to->used += (size_t)length;
            return;
        }
        const size_t size = 2 * to->size + (size_t)length + 1000;
        char *more = length < 0 ? NULL : realloc(to->at, size);
        if (!more) {
            lose(to);
        } else {
            to->at = more;
            to->size = size;
        }
    }
}
