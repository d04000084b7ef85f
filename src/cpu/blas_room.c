/*
 * blas_room.c - OpenBLAS's buffers, where the address space is limited (ulimit -v).
 *
 * Each thread in a product has a buffer, which is mapped when it is first needed and
 * used again. OpenBLAS asks the system for it until it gets it: without room that is
 * for ever, and there is no call that says so. So the buffers are mapped here, each
 * once it is known that there is room. Where nothing limits the space they come when
 * they are needed.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "cpu/cpu.h"

/* A buffer of OpenBLAS 0.3 on the largest processors, and what aligns it. */
enum { BUFFER_MIB = 128 };
static const size_t room_bytes = ((size_t)BUFFER_MIB << 20) + (64 << 10);

/* How OpenBLAS's own products get and give back a buffer; no header declares them. */
extern void *blas_memory_alloc(int kind) __attribute__((weak));
extern void  blas_memory_free(void *buffer) __attribute__((weak));

static int is_limited(void)
{
    struct rlimit space;
    return !getrlimit(RLIMIT_AS, &space) && space.rlim_cur != RLIM_INFINITY;
}

static int has_room(void)
{
    void *at = mmap(NULL, room_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) return 0;
    munmap(at, room_bytes);
    return 1;
}

ipl_status cpu_reserve_blas(int threads)
{
    static atomic_int reserved; /* of this process                                 */
    const int known = atomic_load(&reserved);
    if (threads <= known || !is_limited() || !blas_memory_alloc) return IPL_OK;
    void **buffer = malloc((size_t)threads * sizeof *buffer);
    if (!buffer) return IPL_FAIL(IPL_E_MEMORY, "%d threads", threads);
    int got = 0;
    while (got < threads && (got < known || has_room()))
        buffer[got++] = blas_memory_alloc(0);
    for (int k = 0; k < got; ++k) blas_memory_free(buffer[k]);
    free(buffer);
    atomic_store(&reserved, got);
    if (got == threads) return IPL_OK;
    if (!got)
        return IPL_FAIL(IPL_E_MEMORY, "the limit of address space (ulimit -v) leaves "
                        "less than the %d MiB that OpenBLAS needs: raise it",
                        BUFFER_MIB);
    return IPL_FAIL(IPL_E_MEMORY, "the limit of address space (ulimit -v) is too low "
                    "for OpenBLAS in %d threads: use --threads %d", threads, got);
}
