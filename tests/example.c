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

int main(void)
{
    static float kept[4096][KEPT];
    const ipl_data_options ib = ipl_data_defaults();
    const ipl_mi_options bin = ipl_mi_defaults(IPL_MI_BIN);
    ipl_mi_layer layer = {.d = KEPT, .t = kept[0]};
    ipl_device *dev = NULL;
    ipl_dataset data = {0};
    ipl_status st = ipl_device_open("cpu", NULL, &dev);
    if (st == IPL_OK) st = ipl_dataset_load(&ib, &data);
    for (int64_t i = 0; i < data.rows; ++i)
        for (int k = 0; k < KEPT; ++k) kept[i][k] = data.x[i * data.inputs + k];
    if (st == IPL_OK)
        st = ipl_mi_estimate_host(dev, 1, &bin,
                                  &(ipl_mi_samples){.n = data.rows, .y = data.y}, 1,
                                  &layer);
    if (st == IPL_OK)
        printf("I(X;T) = %.6f bits, I(T;Y) = %.6f bits\n",
               layer.point[0].i_xt / log(2.0), layer.point[0].i_ty / log(2.0));
    else
        fprintf(stderr, "%s\n", ipl_last_error());
    ipl_dataset_free(&data);
    ipl_device_close(dev);
    return st != IPL_OK;
}
