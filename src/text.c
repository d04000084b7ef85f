/*
 * text.c - text of files, which may hold any bytes, for readers that obey some.
 */
#include "ipl_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the character at text and its code; 0: it is not UTF-8. */
static size_t utf8(const char *text, size_t left, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char c = (unsigned char)*text;
    const size_t bytes = c < 0x80                ? 1
                         : c >= 0xf0 && c < 0xf8 ? 4
                         : c >= 0xe0 && c < 0xf0 ? 3
                         : c >= 0xc0 && c < 0xe0 ? 2
                                                 : 0;
    if (!bytes || bytes > left) return 0;
    *code = bytes == 1 ? c : c & (0x7fu >> bytes);
    for (size_t k = 1; k < bytes; ++k) {
        if ((text[k] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (text[k] & 0x3fu);
    }
    const int surrogate = *code >= 0xd800 && *code < 0xe000;
    return *code < least[bytes] || *code > 0x10ffff || surrogate ? 0 : bytes;
}

/* 1: it turns the direction of the text around it, and so shows other names. */
static int turns(uint32_t code)
{
    return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

size_t ipl_text_visible(const char *text, size_t left)
{
    uint32_t code;
    const size_t bytes = utf8(text, left, &code);
    if (!bytes || code < 0x20 || (code >= 0x7f && code < 0xa0) || turns(code)) return 0;
    return code == 0xfffe || code == 0xffff ? 0 : bytes;
}

char *ipl_text_utf8(const char *text)
{
    size_t left = strlen(text);
    char *out = malloc(4 * left + 1), *to = out; /* \xNN has four bytes */
    if (!out) return NULL;
    for (size_t bytes; left; text += bytes, left -= bytes) {
        uint32_t code;
        bytes = utf8(text, left, &code);
        if (!bytes) {
            bytes = 1;
            to += sprintf(to, "\\x%02x", (unsigned char)*text);
        } else {
            memcpy(to, text, bytes);
            to += bytes;
        }
    }
    *to = 0;
    return out;
}
