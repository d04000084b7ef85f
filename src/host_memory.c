/*
 * host_memory.c - the memory of the host that this process may use.
 */
#include "host_memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* The number in a file of a folder; -1: none, as in "max". */
static int64_t number_in(const char *folder, const char *name)
{
    char path[4300];
    int64_t number = -1;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    if (fscanf(file, "%" SCNd64, &number) != 1) number = -1;
    fclose(file);
    return number;
}

/* The process's group in a tree: the text after `mark` in a line "N:mark/path", as in
 * "0::/path" of version 2 and "4:memory:/path" of version 1. */
static int find_group(const char *groups, const char *mark, size_t size, char *path)
{
    int found = 0;
    FILE *file = fopen(groups, "r");
    if (!file) return 0;
    while (!found && fgets(path, (int)size, file)) {
        path[strcspn(path, "\n")] = 0;
        const char *at = strchr(path, ':');
        found = at && !strncmp(at, mark, strlen(mark)) && at[strlen(mark)] == '/';
        if (found) memmove(path, at + strlen(mark), strlen(at + strlen(mark)) + 1);
    }
    fclose(file);
    return found;
}

/* The two trees that bound memory. Version 1 has no "max": where nothing is set, its
 * limit is larger than any memory. */
static const struct {
    const char *mark, *below, *most, *used;
} trees[] = {{"::", "", "memory.max", "memory.current"},
             {":memory:", "/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"}};

static void apply_tree(int t, const char *groups, const char *root, ipl_host_memory *at)
{
    char group[2048], folder[4200];
    if (!find_group(groups, trees[t].mark, sizeof group, group)) return;
    for (;;) {
        snprintf(folder, sizeof folder, "%s%s%s", root, trees[t].below, group);
        const int64_t most = number_in(folder, trees[t].most);
        const int64_t used = number_in(folder, trees[t].used);
        if (most >= 0) {
            at->all = least(at->all, most);
            at->free = least(at->free, used < 0 || used > most ? 0 : most - used);
        }
        char *last = strrchr(group, '/');
        if (!last) return;
        *last = 0; /* the group above; the root is ""                                */
    }
}

void ipl_host_memory_limit(const char *groups, const char *root, ipl_host_memory *at)
{
    for (int t = 0; t < 2; ++t) apply_tree(t, groups, root, at);
}

ipl_host_memory ipl_host_memory_now(void)
{
    const int64_t page = sysconf(_SC_PAGESIZE);
    struct rlimit space;
    ipl_host_memory at = {page * sysconf(_SC_PHYS_PAGES),
                          page * sysconf(_SC_AVPHYS_PAGES)};
    if (!getrlimit(RLIMIT_AS, &space) && space.rlim_cur < (rlim_t)at.all)
        at.all = (int64_t)space.rlim_cur;
    ipl_host_memory_limit("/proc/self/cgroup", "/sys/fs/cgroup", &at);
    at.free = least(at.free, at.all);
    return at;
}
