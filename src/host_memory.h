/*
 * host_memory.h - the memory of the host that this process may use.
 */
#ifndef IPL_HOST_MEMORY_H
#define IPL_HOST_MEMORY_H

#include <stdint.h>

typedef struct {
    int64_t all, free; /* bytes                                                    */
} ipl_host_memory;

/* The machine's memory, or less where the process is limited: by its address space
 * (ulimit -v), or by its cgroups, as in a container. */
ipl_host_memory ipl_host_memory_now(void);

/* Lowers *at to what the cgroups allow: the one that the file `groups` names, as
 * /proc/self/cgroup does, and those above it, which are folders below `root` (version
 * 2) or its folder "memory" (version 1). What cannot be read limits nothing. */
void ipl_host_memory_limit(const char *groups, const char *root, ipl_host_memory *at);

#endif
