/*
 * fork.h - what a child process does not get from the parent that forked it.
 *
 * fork copies a process's memory, but of its threads only the one that called. libgomp
 * would wait for the others for ever, and the GPU's driver does not know the child.
 */
#ifndef IPL_FORK_H
#define IPL_FORK_H

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    IPL_FORK_THREADS, /* OpenMP's                                               */
    IPL_FORK_CUDA,    /* the driver's and the runtime's state                   */
    IPL_FORK_COUNT
} ipl_fork_what;

/* Notes that this process begins to use `what`. */
void ipl_fork_begin(ipl_fork_what what);

/* Whether an ancestor had begun to use it when it forked: then it is lost here. */
int ipl_fork_lost(ipl_fork_what what);

#ifdef __cplusplus
}
#endif
#endif
