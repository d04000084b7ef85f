/*
 * json.h - JSON that is whole or not there.
 *
 * Each of Jansson's functions that builds something has to be asked whether it failed,
 * for want of memory or at a text that is not UTF-8 (see ipl_json_text). These here
 * leave no half behind: the object is NULL then and stays so, and who writes it asks
 * once. json_pack does the same, but for values with a `*`, which it leaves out.
 */
#ifndef IPL_JSON_H
#define IPL_JSON_H

#include <jansson.h>

#include "ipl_status.h"

/* Puts the value into *object or *array, which has it from then on. */
void ipl_json_set(json_t **object, const char *key, json_t *value);
void ipl_json_append(json_t **array, json_t *value);

/* Text that may hold any bytes: those that are not UTF-8 read \xNN there, as in
 * messages; config.ini has the bytes themselves. NULL: no memory. */
json_t *ipl_json_text(const char *text);

/* As json_dumps, of which Jansson's goes on where a quote found no memory. The text is
 * the caller's to free; NULL: no memory, or `json` is NULL. */
char *ipl_json_dump(const json_t *json, size_t flags);

/* Reads a file of a directory (IPL_FILE_PATH: at a path). E_IO; E_FORMAT: not JSON,
 * with the line; E_MEMORY. */
ipl_status ipl_json_read(int dir, const char *path, json_t **out);

#endif
