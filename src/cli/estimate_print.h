/*
 * estimate_print.h - points on stdout, as a table or as JSON.
 */
#ifndef ESTIMATE_PRINT_H
#define ESTIMATE_PRINT_H

#include "ipl_mi.h"

typedef struct {
    const char *t;      /* the file, for the table's head                        */
    int64_t     n, d;
    const char *units;  /* "bits" or "nats"                                      */
    int         json;   /* 1: an object a line                                   */
    int         member; /* 1: of several arrays: an object says which, as "t"      */
    int         errors; /* 1: with standard errors                               */
    int64_t     merged, rounded; /* values beyond float32 and beyond float64     */
    /* The printing sets these: the width of the table's first column, t as JSON. */
    int         name_width;
    const char *t_json;
} estimate_print;

/* On stderr, where there are any of a file's or folder's values: how many differ only
 * beyond float32, and how many double has rounded. */
void estimate_print_lost(const char *path, int64_t merged, int64_t rounded,
                         int64_t values);

/* All points of one layer, or none. E_MEMORY. */
ipl_status estimate_print_points(const estimate_print *how, int points,
                                 const ipl_mi_point *point);

#endif
