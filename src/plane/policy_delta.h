/*
 * policy_delta.h - the two policies that look at measured values (see policy.h).
 *
 * Private to policy.c, which has checked the options and forwards its calls.
 */
#ifndef IPL_POLICY_DELTA_H
#define IPL_POLICY_DELTA_H

#include "plane/policy.h"

typedef struct policy_delta policy_delta;

ipl_status policy_delta_create(const ipl_policy_options *options, int64_t last,
                               ipl_policy_distance distance, void *user,
                               policy_delta **out);
void       policy_delta_destroy(policy_delta *delta);
int64_t    policy_delta_next(policy_delta *delta);
ipl_status policy_delta_measured(policy_delta *delta, int64_t tick);
int        policy_delta_done(const policy_delta *delta);
int        policy_delta_may_ask(const policy_delta *delta, int64_t tick);
int64_t    policy_delta_earliest(const policy_delta *delta);
int        policy_delta_may_compare(const policy_delta *delta, int64_t tick);

#endif
