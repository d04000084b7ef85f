/*
 * start.h - what the process inherits.
 */
#ifndef CLI_START_H
#define CLI_START_H

/* Streams that are closed get /dev/null, so that no file that is opened later has their
 * numbers; printing to them fails as before. Failed writes are errors, not signals. */
void cli_own_streams(void);

#endif
