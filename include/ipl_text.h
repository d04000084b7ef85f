/*
 * ipl_text.h - text of files, which may hold any bytes, for readers that obey some.
 *
 * Names of files, layers and data come from elsewhere. A terminal obeys control
 * characters, JSON and XML allow UTF-8 alone.
 */
#ifndef IPL_TEXT_H
#define IPL_TEXT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

/* Bytes of the character at text, which has `left` bytes: 0 if it is not UTF-8 in its
 * shortest form, or none that can be seen as it is (C0, DEL, C1, U+FFFE, U+FFFF, those
 * that turn the direction of text). */
size_t ipl_text_visible(const char *text, size_t left);

/* A copy in which each byte that is not UTF-8 reads \xNN, to be freed; NULL: no
 * memory. */
char *ipl_text_utf8(const char *text);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
