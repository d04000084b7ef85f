/*
 * weak_hashes.h - makes rows collide that are not equal.
 */
#ifndef WEAK_HASHES_H
#define WEAK_HASHES_H

#include "backend.h"
#include "check.h"
#include "cpu/cpu.h"

/* Two bits are left of each row's (first) hash. */
static inline void weaken_hashes(ipl_device *dev, int weak)
{
    if (!strncmp(ipl_device_about(dev)->name, "cpu", 3))
        ((cpu_state *)dev->state)->weak_hashes = weak;
    else if (weak)
        setenv("IPL_TEST_WEAK_HASHES", "1", 1);
    else
        unsetenv("IPL_TEST_WEAK_HASHES");
}

#endif
