/*
 * mpi_plugin.h - MPI as a shared object of its own.
 *
 * The library loads it when a launcher has started the process as one of several, so
 * that one program runs with and without MPI. The object is built with the MPI of the
 * machine: another MPI has another binary interface.
 */
#ifndef IPL_MPI_PLUGIN_H
#define IPL_MPI_PLUGIN_H

#include "team_way.h"

#define IPL_MPI_PLUGIN "libinfoplane_mpi.so"

/* The error line is the library's. */
typedef struct {
    const char *interface; /* version, and a sum over the headers of both sides  */
    ipl_status (*fail)(ipl_status code, const char *file, int line,
                       const char *format, ...);
} ipl_mpi_host;

typedef struct {
    const ipl_team_way *way;
    /* Starts MPI, together with all other processes. */
    ipl_status (*join)(void **state);
} ipl_mpi;

/* The object's one symbol; NULL: it was built with another interface. */
const ipl_mpi *ipl_mpi_plugin_open(const ipl_mpi_host *host);

#endif
