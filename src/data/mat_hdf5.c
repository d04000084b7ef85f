/*
 * mat_hdf5.c - variables of MATLAB files of level 7.3 and of other HDF5 files.
 *
 * The groups are walked once for the list of what is there; numbers are read in the
 * file's own type where the memory has one. What HDF5 itself accepts of a damaged file
 * is its own matter; sizes and places that it hands over are checked.
 */
#include "data/mat_hdf5.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper groups are links in a circle. Deflate shrinks by 1032 at most. */
enum { DEPTH_MAX = 8, DEFLATE_MOST = 1032 };

typedef struct {
    hid_t    file;
    hid_t    within;      /* see ipl_mat_within                                     */
    uint64_t values_most; /* more numbers than this cannot be in the file           */
} hdf5;

typedef struct {
    const char *path;
    mat_list   *list;
    int         within; /* the struct whose fields come, or -1                     */
    int         depth;
    hid_t       file_only; /* see ipl_mat_within                                    */
    ipl_status  st;
} walk;

/* ---- the list ----------------------------------------------------------------- */

static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *data);

static void add_group(walk *w, hid_t group, int index)
{
    char class[MAT_KIND_BYTES] = "struct";
    mat_variable *v = &w->list->at[index];
    if (ipl_mat_describe_sparse(group, w->file_only, v)) return;
    ipl_mat_class(group, sizeof class, class);
    v->form = strcmp(class, "struct") ? MAT_OTHER : MAT_STRUCT;
    snprintf(v->kind, sizeof v->kind, "%s", class);
    if (v->form == MAT_OTHER) return;
    if (w->depth == DEPTH_MAX) {
        w->st = IPL_FAIL(IPL_E_FORMAT, "%s: groups deeper than %d: save inputs and "
                         "labels alone", w->path, DEPTH_MAX);
        return;
    }
    walk below = {w->path, w->list, index, w->depth + 1, w->file_only, IPL_OK};
    const herr_t end = H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, visit,
                                  &below);
    w->st = below.st;
    if (w->st == IPL_OK && end < 0)
        w->st = IPL_FAIL(IPL_E_FORMAT, "%s: the group %s cannot be read: its HDF5 "
                         "content is damaged", w->path, w->list->at[index].name);
}

/* One link of a group; not 0 ends the walk. */
static herr_t visit(hid_t group, const char *name, const H5L_info_t *info, void *data)
{
    walk *w = data;
    int index;
    /* MATLAB keeps the parts of cells and objects in groups of such names. */
    if (name[0] == '#') return 0;
    const hid_t object = H5Oopen(group, name, w->file_only);
    if (object < 0 && info->type == H5L_TYPE_SOFT) return 0; /* leads nowhere        */
    w->st = ipl_mat_add(w->path, w->list, w->within < 0 ? NULL
                                                        : &w->list->at[w->within],
                        '/', name, &index);
    if (w->st != IPL_OK) {
        H5Oclose(object);
        return 1;
    }
    const H5I_type_t type = H5Iget_type(object);
    if (info->type == H5L_TYPE_EXTERNAL) ipl_mat_is_outside(&w->list->at[index]);
    else if (type == H5I_GROUP) add_group(w, object, index);
    else if (type == H5I_DATASET) ipl_mat_describe_set(object, &w->list->at[index]);
    else snprintf(w->list->at[index].kind, MAT_KIND_BYTES, "no dataset");
    H5Oclose(object);
    return w->st != IPL_OK;
}

static void close_file(void *file)
{
    hdf5 *f = file;
    if (!f) return;
    H5Pclose(f->within);
    if (f->file >= 0) H5Fclose(f->file);
    free(f);
}

static ipl_status open_file(const char *path, mat_list *list, void **file)
{
        hsize_t bytes = 0;
    hdf5 *f = malloc(sizeof *f);
    if (!f) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    f->within = ipl_mat_within();
    f->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    walk w = {path, list, -1, 0, f->within, IPL_OK};
    if (f->file < 0) {
        close_file(f);
        return IPL_FAIL(IPL_E_FORMAT, "%s: its HDF5 content is damaged or cut off: "
                        "expected a whole file of level 7.3 or HDF5", path);
    }
    const herr_t end = H5Literate(f->file, H5_INDEX_NAME, H5_ITER_INC, NULL, visit, &w);
    if (w.st == IPL_OK && (end < 0 || H5Fget_filesize(f->file, &bytes) < 0))
        w.st = IPL_FAIL(IPL_E_FORMAT, "%s: its HDF5 content is damaged", path);
    f->values_most = bytes * DEFLATE_MOST;
    if (w.st == IPL_OK) *file = f;
    else close_file(f);
    return w.st;
}

/* ---- numbers ------------------------------------------------------------------ */

static hid_t memory_type(mat_number number)
{
    switch (number) {
    case MAT_INT8:   return H5T_NATIVE_INT8;
    case MAT_UINT8:  return H5T_NATIVE_UINT8;
    case MAT_INT16:  return H5T_NATIVE_INT16;
    case MAT_UINT16: return H5T_NATIVE_UINT16;
    case MAT_INT32:  return H5T_NATIVE_INT32;
    case MAT_UINT32: return H5T_NATIVE_UINT32;
    case MAT_INT64:  return H5T_NATIVE_INT64;
    case MAT_UINT64: return H5T_NATIVE_UINT64;
    case MAT_SINGLE: return H5T_NATIVE_FLOAT;
    case MAT_DOUBLE: return H5T_NATIVE_DOUBLE;
    default:         return H5T_NATIVE_LDOUBLE;
    }
}

/* All of a dataset as its own type of numbers, or as `wanted`. */
static ipl_status read_all(const hdf5 *f, const char *path, const char *name, hid_t set,
                           const mat_number *wanted, mat_number *number,
                           uint64_t *count, void **out)
{
    ipl_status st = IPL_OK;
    const int filter = ipl_mat_foreign_filter(set);
    if (!ipl_mat_is_within(set))
        return IPL_FAIL(IPL_E_FORMAT, "%s: the values of %s are in another file: save "
                        "them in this one", path, name);
    if (filter)
        return IPL_FAIL(IPL_E_FORMAT, "%s: the values of %s are packed by filter %d, "
                        "which is none of HDF5's own: save them with gzip, or as they "
                        "are", path, name, filter);
    const hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    const hssize_t points = H5Sget_simple_extent_npoints(space);
    if (points < 0 || !ipl_mat_number_of(type, number)) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %s cannot be read: its HDF5 content is "
                      "damaged", path, name);
        goto done;
    }
    if (wanted) *number = *wanted;
    *count = (uint64_t)points;
    if (*count > f->values_most) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: %s claims %" PRIu64 " values: expected at "
                      "most %" PRIu64 " in a file of this length", path, name, *count,
                      f->values_most);
        goto done;
    }
    *out = malloc(*count ? *count * ipl_mat_bytes(*number) : 1);
    if (!*out)
        st = IPL_FAIL(IPL_E_MEMORY, "%s: no memory for the %" PRIu64 " values of %s",
                      path, *count, name);
    else if (*count && H5Dread(set, memory_type(*number), H5S_ALL, H5S_ALL, H5P_DEFAULT,
                               *out) < 0)
        st = IPL_FAIL(IPL_E_FORMAT, "%s: the values of %s cannot be read: damaged, or "
                      "packed in a way that HDF5 lacks here: save them with gzip, or "
                      "as they are", path, name);
done:
    H5Sclose(space);
    H5Tclose(type);
    return st;
}

/* One of the parts of a sparse matrix. */
static ipl_status read_part(const hdf5 *f, const char *path, const char *name,
                            hid_t group, const char *part, const mat_number *wanted,
                            mat_number *number, uint64_t *count, void **out)
{
    char full[MAT_NAME_BYTES + 8];
    snprintf(full, sizeof full, "%s/%s", name, part);
    const hid_t set = H5Dopen2(group, part, f->within);
    if (set < 0)
        return IPL_FAIL(IPL_E_FORMAT, "%s: no %s: its HDF5 content is damaged", path,
                        full);
    const ipl_status st = read_all(f, path, full, set, wanted, number, count, out);
    H5Dclose(set);
    return st;
}

static ipl_status read_sparse(const hdf5 *f, const char *path, const mat_variable *v,
                              hid_t group, mat_values *out)
{
    static const mat_number whole = MAT_INT64;
    mat_number places;
    uint64_t starts = 0, rows = 0;
    void *start = NULL, *row = NULL;
    ipl_status st = read_part(f, path, v->name, group, "jc", &whole, &places, &starts,
                              &start);
    out->start = start;
    IPL_TRY(st);
    if (starts != v->shape[1] + 1) goto damaged;
    if (out->start[v->shape[1]] == 0) { /* all zeros: MATLAB writes no values        */
        out->number = MAT_DOUBLE;
        return IPL_OK;
    }
    st = read_part(f, path, v->name, group, "ir", &whole, &places, &rows, &row);
    out->row = row;
    IPL_TRY(st);
    IPL_TRY(read_part(f, path, v->name, group, "data", NULL, &out->number, &out->count,
                      &out->owned));
    out->value = out->owned;
    if (rows == out->count) return IPL_OK;
damaged:
    return IPL_FAIL(IPL_E_FORMAT, "%s: data, ir and jc of %s disagree: save it as "
                    "full(..)", path, v->name);
}

static ipl_status read_values(void *file, const char *path, const mat_variable *v,
                              mat_values *out)
{
    const hdf5 *f = file;
    const hid_t object = H5Oopen(f->file, v->name, f->within);
    if (object < 0)
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s cannot be read: its HDF5 content is "
                        "damaged", path, v->name);
    ipl_status st;
    if (v->form == MAT_SPARSE) {
        st = read_sparse(f, path, v, object, out);
    } else {
        st = read_all(f, path, v->name, object, NULL, &out->number, &out->count,
                      &out->owned);
        out->value = out->owned;
    }
    H5Oclose(object);
    return st;
}

const mat_reader ipl_mat_hdf5 = {open_file, read_values, close_file};
