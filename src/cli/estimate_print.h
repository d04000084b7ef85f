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
    int         errors; /* 1: with standard errors                               */
} estimate_print;

/* All points of one layer. */
void estimate_print_points(const estimate_print *how, int points,
                           const ipl_mi_point *point);

#endif
