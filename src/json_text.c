/*
 * json_text.c - text that may hold any bytes, as a string of JSON.
 */
#include "json_text.h"

#include <stdlib.h>

#include "ipl_text.h"

json_t *ipl_json_text(const char *text)
{
    char *valid = ipl_text_utf8(text);
    json_t *out = valid ? json_string(valid) : NULL;
    free(valid);
    return out;
}
