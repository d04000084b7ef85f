/*
 * npz.c - npz files: zip files whose members are NPY files.
 *
 * numpy.savez gives the array fc1 the member fc1.npy. A member without .npy keeps its
 * whole name, so that it is never left out in silence.
 */
#include "data/npz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data/zip.h"
#include "ipl_data.h"

const char *ipl_npz_split(const char *path, size_t bytes, char *file)
{
    struct stat about;
    size_t length = strlen(path);
    if (length >= bytes || !stat(path, &about)) return NULL;
    while (length--) {
        if (path[length] != ':') continue;
        memcpy(file, path, length);
        file[length] = 0;
        if (!stat(file, &about) && !S_ISDIR(about.st_mode)) return path + length + 1;
    }
    return NULL;
}

/* -- Names ------------------------------------------------------------------------*/

static int is_folder(const char *name) { return name[strlen(name) - 1] == '/'; }

/* Length of the array's name. */
static size_t array_length(const char *name)
{
    const size_t length = strlen(name);
    return length > 4 && !strcmp(name + length - 4, ".npy") ? length - 4 : length;
}

static int ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name), last = strlen(end);
    return length >= last && !strcmp(name + length - last, end);
}

static int by_name(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

/* What a zip file is that other programs write. */
static ipl_status refuse_others(const char *path, const zip_directory *zip)
{
    for (int m = 0; m < zip->count; ++m) {
        const char *name = zip->member[m].name;
        if (!strcmp(name, "data.pkl") || ends_in(name, "/data.pkl"))
            return IPL_FAIL(IPL_E_FORMAT, "%s: is a PyTorch file (a zip with "
                            "data.pkl): save its tensor: numpy.save('NEW.npy', "
                            "torch.load('%s', map_location='cpu').float().numpy())",
                            path, path);
        if (ends_in(name, ".weights.h5"))
            return IPL_FAIL(IPL_E_FORMAT, "%s: is a Keras model: save activations of "
                            "it by numpy.save", path);
        if (!strcmp(name, "[Content_Types].xml"))
            return IPL_FAIL(IPL_E_FORMAT, "%s: is an office document: save the sheet "
                            "as CSV", path);
    }
    return IPL_OK;
}

/* The directory of an npz file: no other kind of zip, at least one array, and no name
 * twice. */
static ipl_status read_directory(const char *path, zip_directory *out)
{
    zip_directory zip;
    ipl_status st = IPL_OK;
    IPL_TRY(ipl_zip_read(path, &zip));
    const char **sorted = malloc(((size_t)zip.count + 1) * sizeof *sorted);
    if (!sorted) {
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its names", path);
        goto done;
    }
    int kept = 0;
    IPL_TRY_DONE(refuse_others(path, &zip));
    for (int m = 0; m < zip.count; ++m)
        if (!is_folder(zip.member[m].name)) zip.member[kept++] = zip.member[m];
    zip.count = kept;
    for (int m = 0; m < kept; ++m) sorted[m] = zip.member[m].name;
    qsort(sorted, (size_t)kept, sizeof *sorted, by_name);
    if (!kept) st = IPL_FAIL(IPL_E_FORMAT, "%s: a zip file that holds nothing", path);
    for (int m = 1; m < kept && st == IPL_OK; ++m)
        if (!strcmp(sorted[m - 1], sorted[m]))
            st = IPL_FAIL(IPL_E_FORMAT, "%s: holds %s twice: expected each name once",
                          path, sorted[m]);
done:
    free(sorted);
    if (st == IPL_OK) *out = zip;
    else ipl_zip_free(&zip);
    return st;
}

ipl_status ipl_npz_members(const char *path, char ***names, int *count)
{
    zip_directory zip;
    IPL_REQUIRE(path && names && count, "path or result is NULL");
    IPL_TRY(read_directory(path, &zip));
    size_t bytes = (size_t)zip.count * sizeof **names;
    for (int m = 0; m < zip.count; ++m) bytes += array_length(zip.member[m].name) + 1;
    char **made = malloc(bytes); /* the names lie behind the pointers                */
    char *text = made ? (char *)(made + zip.count) : NULL;
    for (int m = 0; made && m < zip.count; ++m) {
        const size_t length = array_length(zip.member[m].name);
        made[m] = memcpy(text, zip.member[m].name, length);
        text[length] = 0;
        text += length + 1;
    }
    if (made) *names = made, *count = zip.count;
    ipl_zip_free(&zip);
    return made ? IPL_OK : IPL_FAIL(IPL_E_MEMORY, "%s: no memory for its names", path);
}

/* -- One member -------------------------------------------------------------------*/

/* "fc1, fc2, .. (7 in all)" */
static void list_names(const zip_directory *zip, char text[256])
{
    size_t used = 0;
    int m = 0;
    text[0] = 0;
    for (; m < zip->count; ++m) {
        const char *name = zip->member[m].name;
        const size_t length = array_length(name);
        if (used + length + 2 > 200) break;
        used += (size_t)snprintf(text + used, 256 - used, "%s%.*s", m ? ", " : "",
                                 (int)length, name);
    }
    if (m < zip->count)
        snprintf(text + used, 256 - used, "%s.. (%d in all)", m ? ", " : "",
                 zip->count);
}

/* The member of this name, or without .npy of this name; NULL: none. */
static const zip_member *find(const zip_directory *zip, const char *member)
{
    const zip_member *found = NULL;
    for (int m = 0; m < zip->count; ++m) {
        const zip_member *here = &zip->member[m];
        const size_t length = array_length(here->name);
        if (!strcmp(here->name, member)) return here;
        if (strlen(member) == length && !strncmp(here->name, member, length))
            found = here;
    }
    return found;
}

ipl_status ipl_npz_open(const char *file, const char *member, const char *name,
                        ipl_input **out)
{
    zip_directory zip;
    ipl_input_part part;
    char there[256];
    ipl_status st = IPL_OK;
    IPL_TRY(read_directory(file, &zip));
    const zip_member *found = member ? find(&zip, member) : zip.member;
    list_names(&zip, there);
    if (!found) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: no array '%s': there are %s", file, member,
                      there);
        goto done;
    }
    if (!member && zip.count > 1) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: holds %d arrays, %s: name one, as %s:%.*s",
                      file, zip.count, there, file, (int)array_length(found->name),
                      found->name);
        goto done;
    }
    IPL_TRY_DONE(ipl_zip_locate(file, found, &part));
    IPL_TRY_DONE(ipl_input_open_part(file, name, &part, out));
done:
    ipl_zip_free(&zip);
    return st;
}
