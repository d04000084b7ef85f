/*
 * csv.h - numbers and words of text files: a row a line.
 */
#ifndef IPL_CSV_H
#define IPL_CSV_H

#include "data/input.h"
#include "ipl_data.h"

/* 1: these first bytes are of a text. */
int ipl_csv_is_text(size_t bytes, const unsigned char *at);

/* The whole content of a text file. `labels`: as ipl_array_read_labels, else as
 * ipl_array_read. E_FORMAT: the text has the line and the column, from 1. */
ipl_status ipl_csv_read(const char *path, ipl_input *in, int labels, ipl_array *out);

#endif
