/*
 * sweep_plan.h - what a study will take, before it begins.
 */
#ifndef CLI_SWEEP_PLAN_H
#define CLI_SWEEP_PLAN_H

#include "ipl_study.h"

/* Prints how many networks are trained and measured, the time expected on these
 * devices, from some seconds of training and measuring, and the memory of the largest
 * run. Returns the exit status. */
int cli_print_plan(const ipl_study *study, const ipl_study_options *options, int quiet);

#endif
