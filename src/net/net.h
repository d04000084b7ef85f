/*
 * net.h - what the files of src/net share.
 */
#ifndef NET_H
#define NET_H

#include "ipl_net.h"

/* E_ARGUMENT unless the shape is one that ipl_net_parse could have made. */
ipl_status net_check_shape(const ipl_net_shape *shape);

#endif
