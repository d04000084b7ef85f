/*
 * fuzz_mat_hdf5.c - HDF5 files of any types, axes and attributes: loaded, or refused.
 *
 * The bytes choose what HDF5 writes: its own reading of damaged files is not ours to
 * test, but all that a sound file may claim is. Groups hold what follows, up to 3 deep;
 * names are drawn from those that the reader looks for.
 */
#include "fuzz.h"
#include "hdf5_case.h"

typedef struct {
    const uint8_t *at;
    size_t         left;
} choices;

static unsigned choose(choices *c, unsigned count)
{
    if (!c->left) return 0;
    --c->left;
    return *c->at++ % count;
}

static hid_t some_type(choices *c)
{
    switch (choose(c, 12)) {
    case 0:  return H5Tcopy(H5T_STD_I8LE);
    case 1:  return H5Tcopy(H5T_STD_U8LE);
    case 2:  return H5Tcopy(H5T_STD_I16BE);
    case 3:  return H5Tcopy(H5T_STD_U32LE);
    case 4:  return H5Tcopy(H5T_STD_U64LE);
    case 5:  return H5Tcopy(H5T_IEEE_F32BE);
    case 6:  return H5Tcopy(H5T_IEEE_F64LE);
    case 7:  return H5Tcopy(H5T_NATIVE_LDOUBLE);
    case 8:  return H5Tcopy(H5T_STD_REF_OBJ);
    case 9:  {
        const int8_t no = 0, yes = 1;
        const hid_t flags = H5Tenum_create(H5T_STD_I8LE); /* h5py's bool             */
        H5Tenum_insert(flags, "FALSE", &no);
        H5Tenum_insert(flags, "TRUE", &yes);
        return flags;
    }
    case 10: {
        const hid_t pairs = H5Tcreate(H5T_COMPOUND, 16);
        H5Tinsert(pairs, choose(c, 2) ? "r" : "real", 0, H5T_NATIVE_DOUBLE);
        H5Tinsert(pairs, "i", 8, H5T_NATIVE_DOUBLE);
        return pairs;
    }
    default: {
        const hid_t words = H5Tcopy(H5T_C_S1);
        H5Tset_size(words, 1 + choose(c, 8));
        return words;
    }
    }
}

static const char *const names[] = {"F", "y", "ir", "jc", "data", "dataset", "train",
                                    "test", "images", "labels", "#refs#", "."};
static const char *const classes[] = {"double", "single", "logical", "char", "cell",
                                      "struct", "table", "uint8", "int64", ""};

static const char *some_name(choices *c)
{
    return names[choose(c, sizeof names / sizeof *names - 1)];
}

/* Attributes of the names that count; a class may be no text, a number no number. */
static void mark(choices *c, hid_t object)
{
    const char *class = classes[choose(c, sizeof classes / sizeof *classes)];
    if (*class) hdf5_mark_class(object, class, (hdf5_mark)choose(c, 4));
    if (choose(c, 4) == 1)
        hdf5_mark_number(object, "MATLAB_sparse", (uint64_t)choose(c, 256) - 3);
    if (choose(c, 8) == 1) hdf5_mark_number(object, "MATLAB_empty", choose(c, 2));
    if (!*class && choose(c, 4) == 1)
        hdf5_mark_number(object, "MATLAB_class", choose(c, 256));
}

static void put_set(choices *c, hid_t group, const char *name)
{
    static uint8_t values[16 * 4096];
    hsize_t size[4] = {0};
    const hid_t type = some_type(c);
    const int dims = (int)choose(c, 5);
    size_t count = 1;
    for (int d = 0; d < dims; ++d) count *= (size_t)(size[d] = choose(c, 8));
    for (size_t v = 0; v < 16 * count && v < sizeof values; ++v)
        values[v] = (uint8_t)choose(c, 256);
    const H5T_class_t class = H5Tget_class(type);
    const int plain = class == H5T_INTEGER || class == H5T_FLOAT || class == H5T_ENUM;
    hdf5_put(group, name, type, dims, size, type, plain && count ? values : NULL, "",
             PLAIN);
    const hid_t set = H5Dopen2(group, name, H5P_DEFAULT);
    mark(c, set);
    H5Dclose(set);
    H5Tclose(type);
}

static void fill(choices *c, hid_t group, int depth)
{
    for (unsigned more = 1 + choose(c, 4); more && c->left; --more) {
        const char *name = some_name(c);
        if (H5Lexists(group, name, H5P_DEFAULT)) continue;
        const unsigned kind = choose(c, 8);
        if (kind == 7) {
            H5Lcreate_soft(choose(c, 2) ? "/" : "/y", group, name, H5P_DEFAULT,
                           H5P_DEFAULT);
        } else if (kind > 4 && depth < 3) {
            const hid_t below = hdf5_group(group, name, "", PLAIN);
            mark(c, below);
            fill(c, below, depth + 1);
            H5Gclose(below);
        } else {
            put_set(c, group, name);
        }
    }
}

static char folder[FILES_PATH];

static void remove_folder(void) { files_remove_folder(folder); }

/* The choices of a dataset of bytes: its name, then as put_set and mark take them. */
static size_t seed_set(uint8_t *at, unsigned name, unsigned size, const char *values)
{
    const uint8_t head[] = {(uint8_t)name, 0, 1, 1, (uint8_t)size};
    const uint8_t end[] = {9, 0, 0, 0};
    memcpy(at, head, sizeof head);
    memset(at + sizeof head, 0, 16 * size);
    memcpy(at + sizeof head, values, size);
    memcpy(at + sizeof head + 16 * size, end, sizeof end);
    return sizeof head + 16 * size + sizeof end;
}

/* F, a sparse matrix of 4 x 2, and y. */
static void seed(const char *corpus)
{
    static const uint8_t start[] = {0, 0, 0, 0, 0, 1, 0, 5, 0, 1, 1, 7, 0, 2};
    uint8_t choice[512];
    size_t used = sizeof start;
    memcpy(choice, start, used);
    used += seed_set(choice + used, 3, 3, "\0\1\2");
    used += seed_set(choice + used, 2, 2, "\0\3");
    used += seed_set(choice + used, 4, 2, "\5\7");
    used += seed_set(choice + used, 1, 4, "\0\1\1\0");
    files_write(files_path(corpus, "sparse"), used, choice);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *corpus = fuzz_corpus(*argc, *argv);
    if (corpus) seed(corpus);
    files_make_folder(folder); /* HDF5 creates its files itself                      */
    atexit(remove_folder);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    choices c = {data, bytes};
    const char *path = files_path(folder, "set.mat");
    ipl_data_options options = ipl_data_defaults();
    options.set = IPL_DATA_MAT;
    options.path = path;
    options.mat_rows = (ipl_mat_rows)choose(&c, IPL_MAT_ROWS_COUNT);
    char name[64];
    const char *x = some_name(&c), *y = some_name(&c);
    if (choose(&c, 2)) {
        snprintf(name, sizeof name, "%s.%s", x, y);
        options.mat_x = name;
        options.mat_y = y;
    }
    const int matlab = (int)choose(&c, 2);
    const hid_t file = hdf5_create(path, matlab);
    fill(&c, file, 0);
    hdf5_close(file, path, matlab);
    ipl_dataset d = {0};
    if (ipl_dataset_load(&options, &d) == IPL_OK) fuzz_check_set(&d);
    else fuzz_check_refusal(d.x);
    ipl_dataset_free(&d);
    return 0;
}
