/*
 * cuda_entry.c - the way into the CUDA backend where it is an object of its own.
 *
 * Its files call the functions below by the names that they have in the library.
 */
#include "cuda_plugin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern const ipl_backend ipl_backend_cuda;
static const ipl_plugin_host *of_library;

__attribute__((visibility("default")))
const ipl_backend *ipl_plugin_open(const ipl_plugin_host *host)
{
    if (strcmp(host->interface, IPL_INTERFACE)) return NULL;
    of_library = host;
    return &ipl_backend_cuda;
}

ipl_status ipl_fail(ipl_status code, const char *file, int line,
                    const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return of_library->fail(code, file, line, "%s", text);
}

const char *ipl_last_error_text(void) { return of_library->last_error_text(); }

void ipl_fork_begin(ipl_fork_what what) { of_library->fork_begin(what); }

int ipl_fork_lost(ipl_fork_what what) { return of_library->fork_lost(what); }
