/*
 * work.c - when the work on a run directory began.
 */
#include "plane/work.h"

#include <time.h>

ipl_work ipl_work_start(void)
{
    struct tm utc;
    ipl_work work = {0};
    const time_t now = time(NULL);
    gmtime_r(&now, &utc);
    strftime(work.started, sizeof work.started, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return work;
}
