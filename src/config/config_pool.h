/*
 * config_pool.h - the section [pool].
 */
#ifndef CONFIG_POOL_H
#define CONFIG_POOL_H

#include "ipl_config.h"

/* The form of its lists; what a run of some length has is seen later. E_ARGUMENT. */
ipl_status config_check_pool(const ipl_config *config);

#endif
