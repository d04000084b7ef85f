/*
 * mpi_plugin.c - whether a launcher has started this process, and MPI, loaded then.
 *
 * The dynamic linker looks for the object beside the library or program (its RUNPATH),
 * and for MPI where the system or LD_LIBRARY_PATH says. What has been loaded stays.
 */
#include "mpi_plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "team.h"

static pthread_once_t looked = PTHREAD_ONCE_INIT;
static const ipl_mpi *loaded;
static char           why[256]; /* it is not loaded                              */

static const ipl_mpi_host host = {.interface = IPL_MPI_INTERFACE, .fail = ipl_fail};

/* The linker names the file that it misses: the object itself, or one of MPI's. */
static void explain(const char *error)
{
    if (!strncmp(error, IPL_MPI_PLUGIN ":", sizeof IPL_MPI_PLUGIN))
        snprintf(why, sizeof why, "built without MPI, but started by an MPI launcher: "
                                  "build with MPI=1");
    else
        snprintf(why, sizeof why, "MPI cannot be loaded (LD_LIBRARY_PATH may name its "
                                  "folder): %.150s", error);
}

static void look(void)
{
    /* Global: an MPI loads parts of its own, which may look for its symbols there. */
    void *object = dlopen(IPL_MPI_PLUGIN, RTLD_NOW | RTLD_GLOBAL);
    if (!object) {
        explain(dlerror());
        return;
    }
    void *symbol = dlsym(object, "ipl_mpi_plugin_open");
    const ipl_mpi *(*open)(const ipl_mpi_host *) = NULL;
    memcpy(&open, &symbol, sizeof open); /* C has no cast for this */
    loaded = open ? open(&host) : NULL;
    if (!loaded)
        snprintf(why, sizeof why, IPL_MPI_PLUGIN " was built with other sources than "
                                  "this library: build both anew");
}

/* Processes that a launcher says it has started; 0: it says nothing. */
static long told(const char *variable)
{
    const char *text = getenv(variable);
    return text ? strtol(text, NULL, 10) : 0;
}

/* Variables of Slurm alone say little: a batch script has them too, and srun without
 * MPI sets them for processes that do not know each other. */
int ipl_team_is_started(void)
{
    static const char *const sizes[] = {
        "OMPI_COMM_WORLD_SIZE", /* mpirun of Open MPI                            */
        "PMI_SIZE",             /* MPICH, Intel MPI, srun --mpi=pmi2             */
        "MV2_COMM_WORLD_SIZE",  /* MVAPICH2                                      */
    };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; ++k)
        if (told(sizes[k])) return told(sizes[k]) > 1;
    /* srun --mpi=pmix and prun tell a rank; only srun tells how many there are. */
    return getenv("PMIX_RANK") && told("SLURM_STEP_NUM_TASKS") != 1;
}

ipl_status ipl_team_join(ipl_team **out)
{
    void *state;
    pthread_once(&looked, look);
    if (!loaded) return IPL_FAIL(IPL_E_UNSUPPORTED, "%s", why);
    IPL_TRY(loaded->join(&state));
    return ipl_team_over(loaded->way, state, out);
}
