/*
 * json.c - JSON that is whole or not there.
 */
#include "json.h"

#include <pthread.h>
#include <stdlib.h>

#include "file.h"
#include "ipl_text.h"

/* After some allocations that failed Jansson's parser goes on with a value that lacks a
 * letter, and json_dumps with a key that lacks its quote; others the parser takes for a
 * mistake in the text. So they are watched. Whoever else in this process uses Jansson
 * keeps the functions that he gave it. */
static _Thread_local int lacked;
static json_malloc_t given_malloc;

static void *watched_malloc(size_t bytes)
{
    void *at = given_malloc(bytes);
    if (!at) lacked = 1;
    return at;
}

static void begin_to_watch(void)
{
    json_free_t given_free;
    json_get_alloc_funcs(&given_malloc, &given_free);
    json_set_alloc_funcs(watched_malloc, given_free);
}

static void watch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin_to_watch);
    lacked = 0;
}

static void give_up(json_t **whole)
{
    json_decref(*whole);
    *whole = NULL;
}

void ipl_json_set(json_t **object, const char *key, json_t *value)
{
    if (json_object_set_new(*object, key, value)) give_up(object);
}

void ipl_json_append(json_t **array, json_t *value)
{
    if (json_array_append_new(*array, value)) give_up(array);
}

json_t *ipl_json_text(const char *text)
{
    char *valid = ipl_text_utf8(text);
    json_t *out = valid ? json_string(valid) : NULL;
    free(valid);
    return out;
}

char *ipl_json_dump(const json_t *json, size_t flags)
{
    watch();
    char *text = json ? json_dumps(json, flags) : NULL;
    if (!lacked) return text;
    free(text);
    return NULL;
}

ipl_status ipl_json_read(int dir, const char *path, json_t **out)
{
    char *text;
    int64_t size;
    json_error_t why;
    IPL_TRY(ipl_file_read(dir, path, &text, &size));
    watch();
    json_t *made = json_loadb(text, (size_t)size, 0, &why);
    free(text);
    if (lacked) {
        json_decref(made);
        return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    }
    if (!made)
        return IPL_FAIL(IPL_E_FORMAT, "%s:%d: %s: put back what was written", path,
                        why.line, why.text);
    *out = made;
    return IPL_OK;
}
