/*
 * example.c - the library from outside: where does a layer lie on the plane?
 *
 * Takes the 4096 patterns of 12 bits as inputs and lets the "layer" keep the first
 * four of them, so I(X;T) must be 4 bits. Built by tests/test_install.sh against the
 * installed library.
 */
#include <math.h>
#include <stdio.h>

#include <ipl_data.h>
#include <ipl_mi.h>

enum { KEPT = 4 };

static ipl_status place(ipl_device *dev, const ipl_dataset *data, ipl_mi_point *point)
{
    ipl_status st = IPL_OK;
    ipl_labels y = {0};
    void *scratch = NULL;
    size_t bytes;
    ipl_mi_options options = ipl_mi_defaults(IPL_MI_BIN);
    ipl_mi_job job = {0};
    static float kept[4096][KEPT];

    for (int64_t i = 0; i < data->rows; ++i)
        for (int k = 0; k < KEPT; ++k) kept[i][k] = data->x[i * data->inputs + k];

    IPL_TRY_DONE(ipl_labels_create(dev, data->rows, data->classes, data->y, &y));
    IPL_TRY_DONE(ipl_mat_alloc(dev, data->rows, KEPT, &job.t));
    IPL_TRY_DONE(ipl_upload(dev, kept, sizeof kept, job.t.at));
    job.y = &y;
    IPL_TRY_DONE(ipl_mi_scratch_bytes(dev, &options, 1, &job, &bytes));
    IPL_TRY_DONE(ipl_alloc(dev, bytes, &scratch));
    IPL_TRY_DONE(ipl_mi_estimate(dev, &options, 1, &job, scratch, bytes));
    *point = job.point[0];
done:
    ipl_free(dev, scratch);
    ipl_free(dev, job.t.at);
    ipl_labels_free(dev, &y);
    return st;
}

int main(void)
{
    const ipl_data_options options = ipl_data_defaults();
    ipl_device *dev = NULL;
    ipl_dataset data = {0};
    ipl_mi_point point;
    ipl_status st = ipl_device_open("cpu", NULL, &dev);
    if (st == IPL_OK) st = ipl_dataset_load(&options, &data);
    if (st == IPL_OK) st = place(dev, &data, &point);
    if (st == IPL_OK)
        printf("I(X;T) = %.6f bits, I(T;Y) = %.6f bits\n", point.i_xt / log(2.0),
               point.i_ty / log(2.0));
    else
        fprintf(stderr, "%s\n", ipl_last_error());
    ipl_dataset_free(&data);
    ipl_device_close(dev);
    return st != IPL_OK;
}
