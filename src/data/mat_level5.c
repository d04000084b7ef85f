/*
 * mat_level5.c - variables of MATLAB files of level 5, read by libmatio.
 *
 * mat_check.c has seen before that each part of the file is as long as it says.
 */
#include <errno.h>
#include <inttypes.h>
#include <matio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/mat_file.h"
#include "mat_library.h"

typedef struct {
    mat_t     *mat;
    matvar_t **top; /* what stands in the file itself, with all its fields         */
    int        count, room;
} level5;

/* libmatio's latest complaint; its log function is one for all threads. */
static _Thread_local char complaint[160];

static void keep_complaint(int level, char *text)
{
    (void)level;
    snprintf(complaint, sizeof complaint, ": %.150s", text ? text : "out of memory");
    complaint[strcspn(complaint, "\n")] = 0;
}

/* libmatio goes on after reads that failed, and takes a lack of memory for damage or
 * for the end. Before it was called, errno was 0. */
static ipl_status must_be_read(const char *path)
{
    if (errno != EIO && errno != ENOMEM) return IPL_OK;
    return IPL_FAIL(errno == EIO ? IPL_E_IO : IPL_E_MEMORY, "%s: %s", path,
                    strerror(errno));
}

void ipl_mat_library(size_t size, char *version)
{
    int major, minor, release;
    Mat_GetLibraryVersion(&major, &minor, &release);
    snprintf(version, size, "%d.%d.%d", major, minor, release);
}

/* What libmatio's classes are here; number: how values are in memory. */
static const struct {
    const char *name;
    mat_form    form;
    mat_number  number;
} kinds[] = {
    [MAT_C_EMPTY] = {"empty", MAT_OTHER, 0},
    [MAT_C_CELL] = {"cell array", MAT_CELL, 0},
    [MAT_C_STRUCT] = {"struct", MAT_STRUCT, 0},
    [MAT_C_OBJECT] = {"object", MAT_OTHER, 0},
    [MAT_C_CHAR] = {"char", MAT_TEXT, 0},
    [MAT_C_SPARSE] = {"sparse double", MAT_SPARSE, MAT_DOUBLE},
    [MAT_C_DOUBLE] = {"double", MAT_FULL, MAT_DOUBLE},
    [MAT_C_SINGLE] = {"single", MAT_FULL, MAT_SINGLE},
    [MAT_C_INT8] = {"int8", MAT_FULL, MAT_INT8},
    [MAT_C_UINT8] = {"uint8", MAT_FULL, MAT_UINT8},
    [MAT_C_INT16] = {"int16", MAT_FULL, MAT_INT16},
    [MAT_C_UINT16] = {"uint16", MAT_FULL, MAT_UINT16},
    [MAT_C_INT32] = {"int32", MAT_FULL, MAT_INT32},
    [MAT_C_UINT32] = {"uint32", MAT_FULL, MAT_UINT32},
    [MAT_C_INT64] = {"int64", MAT_FULL, MAT_INT64},
    [MAT_C_UINT64] = {"uint64", MAT_FULL, MAT_UINT64},
    [MAT_C_FUNCTION] = {"function handle", MAT_OTHER, 0},
    [MAT_C_OPAQUE] = {"object", MAT_OTHER, 0},
};

static void describe(const matvar_t *var, mat_variable *out)
{
    const unsigned class = (unsigned)var->class_type;
    const int known = class < sizeof kinds / sizeof *kinds;
    int one = 1;
    out->part = (void *)var;
    out->form = known ? kinds[class].form : MAT_OTHER;
    out->dims = var->dims && var->rank <= IPL_ARRAY_DIMS_MAX ? var->rank : 0;
    for (int d = 0; d < out->dims; ++d) {
        out->shape[d] = var->dims[d];
        one = one && var->dims[d] == 1;
    }
    const int complex = var->isComplex && (out->form == MAT_FULL ||
                                           out->form == MAT_SPARSE);
    if (complex) out->form = MAT_COMPLEX;
    if (out->form == MAT_STRUCT && !one) out->form = MAT_OTHER;
    snprintf(out->kind, sizeof out->kind, "%s%s%s", complex ? "complex " : "",
             var->isLogical ? "logical" : known ? kinds[class].name : "unknown",
             class == MAT_C_STRUCT && !one ? " array" : "");
}

/* A variable and, where it is one struct, its fields, which libmatio has read too. */
static ipl_status add(const char *path, mat_list *list, const char *name, int within,
                      matvar_t *var)
{
    int index;
    IPL_TRY(ipl_mat_add(path, list, within < 0 ? NULL : &list->at[within], '.', name,
                        &index));
    describe(var, &list->at[index]);
    if (list->at[index].form != MAT_STRUCT) return IPL_OK;
    char *const *fields = Mat_VarGetStructFieldnames(var);
    const unsigned count = Mat_VarGetNumberOfFields(var);
    for (unsigned f = 0; fields && f < count; ++f) {
        matvar_t *field = Mat_VarGetStructFieldByIndex(var, f, 0);
        if (field) IPL_TRY(add(path, list, fields[f], index, field));
    }
    return IPL_OK;
}

static void close_file(void *file)
{
    level5 *f = file;
    if (!f) return;
    for (int v = 0; v < f->count; ++v) Mat_VarFree(f->top[v]);
    free(f->top);
    if (f->mat) Mat_Close(f->mat);
    free(f);
}

static ipl_status keep_top(const char *path, level5 *f, matvar_t *var)
{
    if (f->count == f->room) {
        const int room = f->room ? 2 * f->room : 16;
        matvar_t **top = realloc(f->top, (size_t)room * sizeof *top);
        if (!top) {
            Mat_VarFree(var);
            return IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %d variables", path, room);
        }
        f->top = top;
        f->room = room;
    }
    f->top[f->count++] = var;
    return IPL_OK;
}

static ipl_status open_file(const char *path, mat_list *list, void **file)
{
    ipl_status st = IPL_OK;
    Mat_LogInitFunc("infoplane", keep_complaint);
    complaint[0] = 0;
    level5 *f = calloc(1, sizeof *f);
    if (!f) return IPL_FAIL(IPL_E_MEMORY, "%s: no memory to read it", path);
    errno = 0;
    f->mat = Mat_Open(path, MAT_ACC_RDONLY);
    IPL_TRY_DONE(must_be_read(path));
    if (!f->mat) {
        st = IPL_FAIL(IPL_E_FORMAT, "%s: not a readable MATLAB file%s", path,
                      complaint);
        goto done;
    }
    for (matvar_t *var; (var = Mat_VarReadNextInfo(f->mat));) {
        IPL_TRY_DONE(keep_top(path, f, var));
        IPL_TRY_DONE(must_be_read(path));
        IPL_TRY_DONE(add(path, list, var->name ? var->name : "", -1, var));
    }
    IPL_TRY_DONE(must_be_read(path));
    if (complaint[0])
        st = IPL_FAIL(IPL_E_FORMAT, "%s: variable %d cannot be read%s", path,
                      f->count + 1, complaint);
    else *file = f;
done:
    if (st != IPL_OK) close_file(f);
    return st;
}

/* ---- numbers ----------------------------------------------------------------------*/

static int64_t *widen(const mat_uint32_t *from, uint64_t count)
{
    int64_t *made = malloc((size_t)(count + 1) * sizeof *made);
    for (uint64_t i = 0; made && i < count; ++i) made[i] = from[i];
    return made;
}

static ipl_status read_sparse(const char *path, const mat_variable *v, matvar_t *var,
                              mat_values *out)
{
    const mat_sparse_t *s = var->data;
    if (s->njc != v->shape[1] + 1 || !s->jc || s->jc[v->shape[1]] > s->ndata ||
        s->jc[v->shape[1]] > s->nir || (s->jc[v->shape[1]] && (!s->ir || !s->data)) ||
        (var->data_type != MAT_T_DOUBLE && var->data_type != MAT_T_UINT8))
        return IPL_FAIL(IPL_E_FORMAT, "%s: %s cannot be read: save it as full(%s)",
                        path, v->name, v->name);
    out->number = var->data_type == MAT_T_DOUBLE ? MAT_DOUBLE : MAT_UINT8;
    out->count = s->jc[v->shape[1]];
    out->value = s->data;
    out->row = widen(s->ir, out->count);
    out->start = widen(s->jc, s->njc);
    return out->row && out->start
               ? IPL_OK
               : IPL_FAIL(IPL_E_MEMORY, "%s: no memory for %s", path, v->name);
}

static ipl_status read_values(void *file, const char *path, const mat_variable *v,
                              mat_values *out)
{
    matvar_t *var = v->part;
    complaint[0] = 0;
    errno = 0;
    const int failed = !var->data && Mat_VarReadDataAll(((level5 *)file)->mat, var);
    IPL_TRY(must_be_read(path));
    if (failed || !var->data) goto unreadable;
    if (v->form == MAT_SPARSE) return read_sparse(path, v, var, out);
    out->number = kinds[var->class_type].number;
    out->value = var->data;
    out->count = 1;
    for (int d = 0; d < v->dims; ++d) out->count *= v->shape[d];
    if (var->nbytes == out->count * ipl_mat_bytes(out->number)) return IPL_OK;
unreadable:
    return IPL_FAIL(IPL_E_FORMAT, "%s: %s cannot be read%s", path, v->name,
                    complaint);
}

const mat_reader ipl_mat_level5 = {open_file, read_values, close_file};
