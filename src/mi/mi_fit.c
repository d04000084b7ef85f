/*
 * mi_fit.c - whether a layer fits on the device, or in which blocks of rows.
 */
#include "mi/mi.h"

/* Bytes of the layer, where the device holds it, and of the scratch. */
static ipl_status weigh(ipl_device *dev, int estimators, const ipl_mi_options *options,
                        const ipl_mi_job *job, int64_t block_rows, int64_t *bytes)
{
    ipl_mi_job one = *job;
    size_t scratch = 0;
    one.block_rows = block_rows;
    IPL_TRY(ipl_mi_scratch_bytes(dev, estimators, options, 1, &one, &scratch));
    const int64_t layer = job->t.rows * job->t.cols * (int64_t)sizeof(float);
    *bytes = (int64_t)scratch + (block_rows ? 0 : layer);
    return IPL_OK;
}

ipl_status mi_fit(ipl_device *dev, int estimators, const ipl_mi_options *options,
                  const ipl_mi_job *job, int64_t free_bytes, int64_t *block_rows)
{
    enum { STEP = IPL_MI_BLOCK_ROWS };
    int64_t bytes;
    IPL_TRY(weigh(dev, estimators, options, job, 0, &bytes));
    if (bytes <= free_bytes || dev->about.is_host) {
        *block_rows = 0;
        return IPL_OK;
    }
    int64_t low = 0, high = (job->t.rows + STEP - 1) / STEP;
    while (low < high) {
        const int64_t middle = low + (high - low + 1) / 2;
        IPL_TRY(weigh(dev, estimators, options, job, middle * STEP, &bytes));
        if (bytes <= free_bytes) low = middle;
        else high = middle - 1;
    }
    *block_rows = low * STEP;
    if (low) return IPL_OK;
    IPL_TRY(weigh(dev, estimators, options, job, STEP, &bytes));
    char text[24];
    return IPL_FAIL(IPL_E_MEMORY, "%s: %lld x %lld values take %lld bytes of %s in "
                    "blocks of %d rows, and it has %lld", mi_job_name(job, 0, text),
                    (long long)job->t.rows, (long long)job->t.cols, (long long)bytes,
                    dev->about.name, STEP, (long long)free_bytes);
}
