/*
 * idx.c - MNIST, Fashion-MNIST and EMNIST: IDX files, plain or gzip.
 *
 * A part is a pair of files, PREFIXtrain-images-idx3-ubyte and PREFIXtrain-labels-
 * idx1-ubyte, or with t10k or test in place of train. MNIST's prefix is empty,
 * EMNIST's is "emnist-digits-" and the like. A header is a big-endian magic number
 * (0x0800 + dimensions: unsigned bytes) and one big-endian size a dimension.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/data.h"
#include "data/input.h"

enum { PATH_BYTES = 4096, PREFIX_BYTES = 256, CHUNK_BYTES = 1 << 16 };

/* The names of a part; the first is used in messages. */
static const char *const part_name[2][2] = {{"train", NULL}, {"t10k", "test"}};
static const char images[] = "images-idx3-ubyte", labels[] = "labels-idx1-ubyte";

/* ---- finding the files ---------------------------------------------------------- */

/* Length of PREFIX in "PREFIXtrain-images-idx3-ubyte[.gz]", or -1 for another name. */
static int prefix_of(const char *file)
{
    const char *kind = strstr(file, images);
    if (!kind || (kind[sizeof images - 1] && strcmp(kind + sizeof images - 1, ".gz")))
        return -1;
    for (int p = 0; p < 4; ++p) {
        const char *part = part_name[p / 2][p % 2];
        const size_t length = part ? strlen(part) : 0;
        const int at = part ? (int)(kind - file) - (int)length - 1 : -1;
        if (at < 0 || strncmp(file + at, part, length) || kind[-1] != '-') continue;
        if (at == 0 || file[at - 1] == '-') return at < PREFIX_BYTES ? at : -1;
    }
    return -1;
}

static int is_images(const struct dirent *entry)
{
    return prefix_of(entry->d_name) >= 0;
}

/* The one prefix of the image files in a folder; the empty one wins. */
static ipl_status find_prefix(const char *folder, char prefix[PREFIX_BYTES])
{
    struct dirent **entry = NULL;
    ipl_status st = IPL_OK;
    const int count = scandir(folder, &entry, is_images, alphasort);
    if (count < 0) return IPL_FAIL(IPL_E_IO, "%s: %s", folder, strerror(errno));
    const char *name = NULL, *other = NULL;
    int length = 0;
    for (int e = 0; e < count; ++e) {
        const int here = prefix_of(entry[e]->d_name);
        if (!name || here == 0) name = entry[e]->d_name, length = here;
        else if (!other && (here != length ||
                            strncmp(name, entry[e]->d_name, (size_t)length)))
            other = entry[e]->d_name;
    }
    if (!count)
        st = IPL_FAIL(IPL_E_IO, "%s: no IDX images: expected train-images-idx3-ubyte "
                      "or t10k-images-idx3-ubyte, plain or .gz", folder);
    else if (length && other)
        st = IPL_FAIL(IPL_E_ARGUMENT, "%s: holds %s and %s: expected the path to name "
                      "one set, as %s/%.*s", folder, name, other, folder, length - 1,
                      name);
    else
        snprintf(prefix, PREFIX_BYTES, "%.*s", length, name);
    for (int e = 0; e < count; ++e) free(entry[e]);
    free(entry);
    return st;
}

/* The first of the names of one file that is there: PREFIX PART - KIND [.gz]. */
static ipl_status find_file(const char *folder, const char *prefix,
                            const char *const part[2], const char *kind,
                            char path[PATH_BYTES], int *gzip)
{
    for (int p = 0; p < 2 && part[p]; ++p)
        for (*gzip = 0; *gzip < 2; ++*gzip) {
            snprintf(path, PATH_BYTES, "%s/%s%s-%s%s", folder, prefix, part[p], kind,
                     *gzip ? ".gz" : "");
            if (!access(path, F_OK)) return IPL_OK;
        }
    return IPL_FAIL(IPL_E_IO, "%s: no %s%s-%s, plain or .gz", folder, prefix, part[0],
                    kind);
}

/* Splits the path of a set into folder and prefix. */
static ipl_status find_set(const char *path, char folder[PATH_BYTES],
                           char prefix[PREFIX_BYTES])
{
    struct stat about;
    char image[PATH_BYTES];
    int gzip;
    if (strlen(path) >= PATH_BYTES - 2 * PREFIX_BYTES)
        return IPL_FAIL(IPL_E_ARGUMENT, "path of %zu bytes: expected fewer than %d",
                        strlen(path), PATH_BYTES - 2 * PREFIX_BYTES);
    strcpy(folder, path);
    if (!stat(path, &about) && S_ISDIR(about.st_mode)) return find_prefix(path, prefix);

    char *slash = strrchr(folder, '/');
    const char *name = slash ? slash + 1 : folder;
    const size_t length = strlen(name);
    const int short_enough = length > 0 && length < PREFIX_BYTES - 1;
    snprintf(prefix, PREFIX_BYTES, "%.*s%s", PREFIX_BYTES - 2, name,
             length && name[length - 1] == '-' ? "" : "-");
    if (!slash) strcpy(folder, ".");
    else slash[slash == folder] = 0; /* "/name" lies in "/" */
    for (int p = 0; p < 2 && short_enough; ++p)
        if (find_file(folder, prefix, part_name[p], images, image, &gzip) == IPL_OK)
            return IPL_OK;
    return IPL_FAIL(IPL_E_IO, "%s: neither a folder of IDX files nor what their names "
                    "start with", path);
}

/* ---- reading them --------------------------------------------------------------- */

typedef struct {
    char       path[PATH_BYTES];
    ipl_input *in;
    uint32_t   size[3]; /* images: count, height, width; labels: count            */
} idx_file;

typedef struct {
    idx_file images, labels;
} idx_part;

static uint32_t big_endian(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static ipl_status open_file(const char *folder, const char *prefix,
                            const char *const part[2], int dims, idx_file *f)
{
    unsigned char header[16];
    int gzip;
    IPL_TRY(find_file(folder, prefix, part, dims == 3 ? images : labels, f->path,
                      &gzip));
    IPL_TRY(ipl_input_open(f->path, &f->in));
    IPL_TRY(ipl_input_read(f->in, "the magic number", 4, header));
    const uint32_t magic = big_endian(header), want = 0x0800u + (uint32_t)dims;
    if (magic != want)
        return IPL_FAIL(IPL_E_FORMAT, "%s: magic number 0x%08x: expected 0x%08x "
                        "(unsigned bytes, %d dimension%s)", f->path, magic, want, dims,
                        dims == 1 ? "" : "s");
    IPL_TRY(ipl_input_read(f->in, "the sizes", (size_t)(4 * dims), header + 4));
    for (int d = 0; d < dims; ++d) {
        f->size[d] = big_endian(header + 4 + 4 * d);
        if (f->size[d] == 0 || f->size[d] > INT32_MAX)
            return IPL_FAIL(IPL_E_FORMAT, "%s: size of dimension %d is %u: expected 1 "
                            "to %d", f->path, d, f->size[d], INT32_MAX);
    }
    return IPL_OK;
}

/* Opens both files of a part and checks that they can be what they claim. */
static ipl_status open_part(const char *folder, const char *prefix,
                            const char *const name[2], idx_part *part)
{
    char claim[64];
    IPL_TRY(open_file(folder, prefix, name, 3, &part->images));
    IPL_TRY(open_file(folder, prefix, name, 1, &part->labels));
    const uint32_t *size = part->images.size;
    const uint64_t pixels = (uint64_t)size[1] * size[2];
    if (pixels > INT32_MAX)
        return IPL_FAIL(IPL_E_FORMAT, "%s: images of %u x %u: expected at most %d "
                        "pixels", part->images.path, size[1], size[2], INT32_MAX);
    if (size[0] != part->labels.size[0])
        return IPL_FAIL(IPL_E_FORMAT, "%s: %u images, but %s: %u labels: expected the "
                        "same number", part->images.path, size[0], part->labels.path,
                        part->labels.size[0]);
    snprintf(claim, sizeof claim, "%u images of %u x %u", size[0], size[1], size[2]);
    IPL_TRY(ipl_input_expect(part->images.in, 16 + size[0] * pixels, claim));
    snprintf(claim, sizeof claim, "%u labels", size[0]);
    return ipl_input_expect(part->labels.in, 8 + (uint64_t)size[0], claim);
}

/* Bytes become floats chunk by chunk, so that a set is in memory only once. */
static ipl_status read_part(idx_part *part, float *x, int32_t *y, int32_t *classes)
{
    unsigned char chunk[CHUNK_BYTES];
    const int64_t rows = part->images.size[0];
    const int64_t pixels = (int64_t)part->images.size[1] * part->images.size[2];
    for (int64_t at = 0, total = rows * pixels; at < total; at += CHUNK_BYTES) {
        const int64_t count = total - at < CHUNK_BYTES ? total - at : CHUNK_BYTES;
        IPL_TRY(ipl_input_read(part->images.in, "the pixels", (size_t)count, chunk));
        for (int64_t i = 0; i < count; ++i) x[at + i] = (float)chunk[i];
    }
    for (int64_t at = 0; at < rows; at += CHUNK_BYTES) {
        const int64_t count = rows - at < CHUNK_BYTES ? rows - at : CHUNK_BYTES;
        IPL_TRY(ipl_input_read(part->labels.in, "the labels", (size_t)count, chunk));
        for (int64_t i = 0; i < count; ++i) {
            y[at + i] = chunk[i];
            if (chunk[i] >= *classes) *classes = chunk[i] + 1;
        }
    }
    IPL_TRY(ipl_input_end(part->images.in));
    return ipl_input_end(part->labels.in);
}

static ipl_status check_same_size(const idx_file *train, const idx_file *test)
{
    if (train->size[1] == test->size[1] && train->size[2] == test->size[2])
        return IPL_OK;
    return IPL_FAIL(IPL_E_FORMAT, "%s: images of %u x %u, but %s: images of %u x %u: "
                    "expected the same size", train->path, train->size[1],
                    train->size[2], test->path, test->size[1], test->size[2]);
}

ipl_status ipl_load_idx(const ipl_data_options *options, ipl_dataset *out)
{
    const int first = options->parts == IPL_PARTS_TEST;
    const int end = options->parts == IPL_PARTS_TRAIN ? 1 : 2;
    ipl_status st = IPL_OK;
    char folder[PATH_BYTES], prefix[PREFIX_BYTES];
    IPL_TRY(find_set(options->path, folder, prefix));
    idx_part *part = calloc(2, sizeof *part);
    if (!part) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", folder);

    int64_t rows = 0;
    for (int p = first; p < end; ++p) {
        IPL_TRY_DONE(open_part(folder, prefix, part_name[p], &part[p]));
        rows += part[p].images.size[0];
    }
    if (first == 0 && end == 2)
        IPL_TRY_DONE(check_same_size(&part[0].images, &part[1].images));
    const uint32_t *size = part[first].images.size;
    IPL_TRY_DONE(ipl_dataset_alloc(options->path, rows,
                                   (int64_t)size[1] * size[2], out));
    ipl_dataset_name(options->path, "", out);

    int64_t at = 0;
    for (int p = first; p < end; at += part[p++].images.size[0])
        IPL_TRY_DONE(read_part(&part[p], out->x + at * out->inputs, out->y + at,
                               &out->classes));
    if (first == 0 && end == 2) out->train_rows = part[0].images.size[0];
done:
    for (int p = 0; p < 2; ++p) {
        ipl_input_close(part[p].images.in);
        ipl_input_close(part[p].labels.in);
    }
    free(part);
    return st;
}
