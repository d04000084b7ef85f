/*
 * centre.c - inputs and targets in double, for families that compare values.
 */
#include <stdlib.h>

#include "ipl_data.h"
#include "ipl_mi.h"
#include "ipl_plane.h"

ipl_status ipl_array_centre(const char *what, ipl_array *array, int64_t *merged)
{
    IPL_REQUIRE(what && array && merged, "an array or its count is NULL");
    *merged = 0;
    if (!array->wide) return IPL_OK;
    const int64_t values = array->rows * array->cols;
    float *made = malloc((size_t)values * sizeof *made);
    if (!made)
        return IPL_FAIL(IPL_E_MEMORY, "%s: %lld values", what, (long long)values);
    const ipl_status st = ipl_mi_narrow(what, array->rows, array->cols, array->wide,
                                        made, merged);
    if (st != IPL_OK) free(made);
    if (st == IPL_E_NUMERIC) /* what is not finite has been refused by the readers */
        return IPL_FAIL(st, "%s: divide this column by a power of ten",
                        ipl_last_error_text());
    if (st != IPL_OK) return st;
    free(array->wide);
    array->wide = NULL;
    array->values = made;
    return IPL_OK;
}
