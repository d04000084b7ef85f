/*
 * fault.h - what fault.c and fault_cuda.c share: which call is to fail.
 */
#ifndef FAULT_H
#define FAULT_H

/* Counts a call of this name. Its error, `otherwise` where the wish names none, if this
 * is the one that fails, else 0. *lost: all later ones shall fail as well. */
int fault_of_call(const char *name, int otherwise, int *lost);

/* The function of this name behind ours; ends the process if there is none. */
void *fault_next(const char *name);

#endif
