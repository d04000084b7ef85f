/*
 * json_text.h - text that may hold any bytes, as a string of JSON.
 */
#ifndef IPL_JSON_TEXT_H
#define IPL_JSON_TEXT_H

#include <jansson.h>

/* Bytes that are not UTF-8 read \xNN there, as in messages: config.ini has the bytes
 * themselves. NULL: no memory. */
json_t *ipl_json_text(const char *text);

#endif
