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
#include "ipl_text.h"

static void put(FILE *to, const char *text)
{
    for (size_t left = strlen(text), bytes; left; text += bytes, left -= bytes) {
        const int ends_line = *text == '\n' && left == 1;
        bytes = ends_line ? 1 : ipl_text_visible(text, left);
        if (bytes) fwrite(text, 1, bytes, to);
        else fprintf(to, "\\x%02x", (unsigned char)*text), bytes = 1;
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
