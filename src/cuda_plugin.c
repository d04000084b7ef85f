/*
 * cuda_plugin.c - a build without CUDA: the backend is loaded when it is asked for.
 *
 * The dynamic linker looks for the object beside the library or program (its RUNPATH),
 * and for CUDA's libraries where the object's RUNPATH says: with the toolkit, or in the
 * wheels nvidia-* beside the package. What has been loaded stays.
 */
#include "cuda_plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_once_t     looked = PTHREAD_ONCE_INIT;
static const ipl_backend *loaded;
static char               why[256]; /* it is not loaded                          */

static const ipl_plugin_host host = {
    .interface = IPL_INTERFACE,
    .fail = ipl_fail,
    .last_error_text = ipl_last_error_text,
    .fork_begin = ipl_fork_begin,
    .fork_lost = ipl_fork_lost,
};

/* The linker names the file that it misses: the object itself, or one of CUDA's. */
static void explain(const char *error)
{
    if (!strncmp(error, IPL_CUDA_PLUGIN ":", sizeof IPL_CUDA_PLUGIN))
        snprintf(why, sizeof why, "built without CUDA");
    else
        snprintf(why, sizeof why, "CUDA cannot be loaded (LD_LIBRARY_PATH may name "
                                  "its folder): %.150s", error);
}

static void look(void)
{
    void *object = dlopen(IPL_CUDA_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        explain(dlerror());
        return;
    }
    void *symbol = dlsym(object, "ipl_plugin_open");
    const ipl_backend *(*open)(const ipl_plugin_host *) = NULL;
    memcpy(&open, &symbol, sizeof open); /* C has no cast for this */
    loaded = open ? open(&host) : NULL;
    if (!loaded)
        snprintf(why, sizeof why, IPL_CUDA_PLUGIN " was built with other sources than "
                                  "this library: build both anew");
}

ipl_status ipl_cuda_backend(const ipl_backend **out)
{
    pthread_once(&looked, look);
    if (!loaded) return IPL_FAIL(IPL_E_UNSUPPORTED, "%s", why);
    *out = loaded;
    return IPL_OK;
}
