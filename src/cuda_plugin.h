/*
 * cuda_plugin.h - the CUDA backend as a shared object of its own.
 *
 * A library built without CUDA loads it when a GPU is asked for, so that one library
 * serves machines with and without CUDA. The object brings its own copies of what only
 * computes. What a process or thread has once, the error line and what a fork lost, is
 * the library's, which hands these functions over.
 */
#ifndef IPL_CUDA_PLUGIN_H
#define IPL_CUDA_PLUGIN_H

#include "backend.h"
#include "fork.h"

#define IPL_CUDA_PLUGIN "libinfoplane_cuda.so"

typedef struct {
    const char *interface; /* version, and a sum over the headers of both sides  */
    ipl_status (*fail)(ipl_status code, const char *file, int line,
                       const char *format, ...);
    const char *(*last_error_text)(void);
    void (*fork_begin)(ipl_fork_what what);
    int (*fork_lost)(ipl_fork_what what);
} ipl_plugin_host;

/* The object's one symbol: its backend, or NULL where the interface is not the one that
 * it was built with. Keeps the address of the host's functions. */
const ipl_backend *ipl_plugin_open(const ipl_plugin_host *host);

#endif
