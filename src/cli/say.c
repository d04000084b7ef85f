/*
 * say.c - text that may hold bytes from files, made safe for a terminal.
 *
 * A terminal obeys control bytes: they recolour, move, retitle, or paste into its
 * input. Errors quote names, keys and headers of files, so they are printed here.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

/* Bytes of the character at text, which has `left` bytes: 0 if it is a control
 * character (C0, DEL, C1), or not UTF-8 in its shortest form. */
static size_t printable(const unsigned char *text, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char c = *text;
    if (c < 0x80) return c >= 0x20 && c != 0x7f;
    const size_t bytes = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 && c < 0xf0 ? 3
                         : c >= 0xc0 && c < 0xe0 ? 2 : 0;
    if (!bytes || bytes > left) return 0;
    unsigned code = c & (0x7fu >> bytes);
    for (size_t k = 1; k < bytes; ++k) {
        if ((text[k] & 0xc0) != 0x80) return 0;
        code = code << 6 | (text[k] & 0x3fu);
    }
    const int surrogate = code >= 0xd800 && code < 0xe000;
    return code < least[bytes] || code > 0x10ffff || surrogate || code < 0xa0 ? 0
                                                                           : bytes;
}

static void put(FILE *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    for (size_t left = strlen(text), bytes; left; at += bytes, left -= bytes) {
        const int ends_line = *at == '\n' && left == 1;
        bytes = ends_line ? 1 : printable(at, left);
        if (bytes) fwrite(at, 1, bytes, to);
        else fprintf(to, "\\x%02x", *at), bytes = 1;
    }
}

static void print(FILE *to, const char *format, va_list args)
{
    char text[16384]; /* an error has 512 bytes, a path 4096 */
    vsnprintf(text, sizeof text, format, args);
    put(to, text);
}

void cli_print(FILE *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print(to, format, args);
    va_end(args);
}

void cli_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("infoplane: ", stderr);
    print(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

int cli_misused(const cli_command *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "infoplane %s: ", command->name);
    print(stderr, format, args);
    fprintf(stderr, "; see infoplane %s --help\n", command->name);
    va_end(args);
    return CLI_USAGE;
}

int cli_failed(void)
{
    cli_say("%s", cli_error_text());
    return CLI_FAILED;
}
