/*
 * version.c - which source the library was built from.
 *
 * Alone in its file, since it is compiled anew after each commit.
 */
#include "ipl_plane.h"

const char *ipl_version(void) { return IPL_VERSION " (" IPL_REVISION ")"; }
