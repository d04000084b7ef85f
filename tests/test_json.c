/*
 * test_json.c - JSON is whole or not there, whichever allocation fails.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "file.h"
#include "files.h"
#include "json.h"

/* What Jansson has its memory from here: the call that `left` counts down to fails. */
static int left = -1;

static void *scarce_malloc(size_t bytes)
{
    return left >= 0 && left-- == 0 ? NULL : malloc(bytes);
}

static const char words[] = "a value so long that a text grows while it is read";

/* Enough keys, and a long enough text, that all that grows has to. */
static json_t *make(void)
{
    json_t *all = json_object(), *list = json_array();
    for (int k = 0; k < 40; ++k) {
        char key[16];
        snprintf(key, sizeof key, "key %d", k);
        ipl_json_set(&all, key, json_string(words));
        ipl_json_append(&list, json_integer(k));
    }
    ipl_json_set(&all, "list", list);
    return all;
}

static void is_complete(const json_t *all)
{
    CHECK(json_object_size(all) == 41);
    CHECK(json_array_size(json_object_get(all, "list")) == 40);
    for (int k = 0; k < 40; ++k) {
        char key[16];
        snprintf(key, sizeof key, "key %d", k);
        CHECK(!strcmp(json_string_value(json_object_get(all, key)), words));
    }
}

/* Each n-th allocation fails, until there are fewer. */
static void what_is_made_is_whole_or_null(void **state)
{
    (void)state;
    int n = 0, failed = 0;
    for (; failed == n; ++n) {
        left = n;
        json_t *all = make();
        const int lacked = left < 0;
        left = -1;
        if (lacked) CHECK(!all);
        else is_complete(all);
        failed += lacked;
        json_decref(all);
    }
    CHECK(n > 100);
}

/* Keys of all lengths, so that the text has to grow at any place of an object. */
static void a_text_is_whole_or_null(void **state)
{
    (void)state;
    char key[100] = "";
    for (int length = 0; length < 99; ++length) {
        json_t *all = json_pack("{s:i, s:s}", key, 1, "other", words);
        char *want = ipl_json_dump(all, JSON_INDENT(2));
        int n = 0, failed = 0;
        for (; failed == n; ++n) {
            left = n;
            char *text = ipl_json_dump(all, JSON_INDENT(2));
            const int lacked = left < 0;
            left = -1;
            if (lacked) CHECK(!text);
            else CHECK(!strcmp(text, want));
            failed += lacked;
            free(text);
        }
        CHECK(n > 3);
        free(want);
        json_decref(all);
        key[length] = 'k';
    }
    CHECK(!ipl_json_dump(NULL, 0));
}

static void what_is_read_is_whole_or_a_lack_of_memory(void **state)
{
    (void)state;
    char folder[FILES_PATH];
    json_t *all = make(), *read = NULL;
    char *text = ipl_json_dump(all, 0);
    files_make_folder(folder);
    files_write(files_path(folder, "a.json"), strlen(text), text);
    int n = 0, failed = 0;
    for (; failed == n; ++n) {
        left = n;
        const ipl_status st =
            ipl_json_read(IPL_FILE_PATH, files_path(folder, "a.json"), &read);
        const int lacked = left < 0;
        left = -1;
        CHECK(st == (lacked ? IPL_E_MEMORY : IPL_OK));
        if (!lacked) is_complete(read);
        failed += lacked;
    }
    CHECK(n > 100);
    json_decref(read);
    files_write(files_path(folder, "a.json"), 3, "{\n\"");
    CHECK_FAILS(ipl_json_read(IPL_FILE_PATH, files_path(folder, "a.json"), &read),
                IPL_E_FORMAT, "a.json:2: ");
    free(text);
    json_decref(all);
    files_remove_folder(folder);
}

/* Before anything else asks Jansson. */
__attribute__((constructor)) static void give_scarce_memory(void)
{
    json_set_alloc_funcs(scarce_malloc, free);
}

static const check_test tests[] = {
    CHECK_TEST(what_is_made_is_whole_or_null),
    CHECK_TEST(a_text_is_whole_or_null),
    CHECK_TEST(what_is_read_is_whole_or_a_lack_of_memory),
};

CHECK_MAIN("json", tests, 0)
