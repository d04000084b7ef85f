/*
 * test_mat_hdf5.c - HDF5 files, as MATLAB 7.3, hdf5storage and h5py write them.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
#include "hdf5_case.h"

static const hsize_t by_rows[2] = {ROWS, COLS}, by_cols[2] = {COLS, ROWS};
static const hsize_t row_of_labels[2] = {1, ROWS}, plain_labels[1] = {ROWS};
static const double labels[ROWS] = {0, 1, 2, 0, 1};

/* The set of mat_case.h: values in MATLAB's order are 0, 1, .. */
static const double *values_of(hdf5_mark mark)
{
    static double values[ROWS * COLS];
    for (int e = 0; e < ROWS * COLS; ++e)
        values[e] = mark == PLAIN ? e % COLS * ROWS + e / COLS : e;
    return values;
}

static const char *new_path(void) { return files_path(folder, "set.mat"); }

/* F and y of one type of the file. */
static void put_set(hid_t file, hid_t type, hdf5_mark mark)
{
    hdf5_put(file, "F", type, 2, mark == PLAIN ? by_rows : by_cols, H5T_NATIVE_DOUBLE,
             values_of(mark), "double", mark);
    if (mark == PLAIN)
        hdf5_put(file, "y", type, 1, plain_labels, H5T_NATIVE_DOUBLE, labels, "", mark);
    else
        hdf5_put(file, "y", type, 2, row_of_labels, H5T_NATIVE_DOUBLE, labels, "double",
                 mark);
}

static void every_mark_and_type_loads(void **state)
{
    (void)state;
    const hid_t half = H5Tcopy(H5T_IEEE_F32LE); /* as h5py's float16                  */
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    const hid_t types[] = {
        H5T_STD_I8LE,   H5T_STD_U8LE,   H5T_STD_I16LE,  H5T_STD_U16LE,
        H5T_STD_I32LE,  H5T_STD_U32BE,  H5T_STD_I64BE,  H5T_STD_U64LE,
        H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_IEEE_F32BE, H5T_IEEE_F64BE,
        half,           H5T_NATIVE_LDOUBLE};
    for (int matlab = 0; matlab < 2; ++matlab)
        for (int mark = PLAIN; mark <= VARIABLE; ++mark)
            for (size_t t = 0; t < sizeof types / sizeof *types; ++t) {
                const char *path = new_path();
                const hid_t file = hdf5_create(path, matlab);
                put_set(file, types[t], (hdf5_mark)mark);
                hdf5_close(file, path, matlab);
                check_set(path);
            }
    H5Tclose(half);
}

/* A struct of a struct, in both ways to write its name. */
static void fields_of_groups_are_chosen_by_name(void **state)
{
    (void)state;
    const char *path = new_path();
    const hid_t file = hdf5_create(path, 1);
    const hid_t outer = hdf5_group(file, "a", "struct", PADDED);
    const hid_t inner = hdf5_group(outer, "b", "struct", TERMINATED);
    put_set(inner, H5T_IEEE_F64LE, PADDED);
    H5Gclose(inner);
    H5Gclose(outer);
    hdf5_close(file, path, 1);
    ipl_data_options o = options_of(path);
    o.mat_x = "a.b.F";
    o.mat_y = "a/b/y";
    check_loaded(&o);
    o.mat_x = "a.b";
    check_refused(&o, "a.b is a struct of a/b/F (5 x 3 double), a/b/y (5 x 1 double): "
                      "name a field by data.mat_x");
}

static void groups_in_a_circle_end(void **state)
{
    (void)state;
    const char *path = new_path();
    const hid_t file = hdf5_create(path, 0);
    put_set(file, H5T_IEEE_F64LE, PLAIN);
    const hid_t group = hdf5_group(file, "g", "", PLAIN);
    H5Lcreate_hard(file, "/", group, "up", H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(group);
    hdf5_close(file, path, 0);
    const ipl_data_options o = options_of(path);
    check_refused(&o, "groups deeper than 8: save inputs and labels alone");
}

typedef struct {
    uint64_t rows, row[3], start[4], starts;
    double   values[3];
} sparse;

static const sparse good_sparse = {ROWS, {0, 3, 4}, {0, 2, 2, 3}, COLS + 1, {1, 2, 3}};

static const char *write_sparse(const sparse *s, int values)
{
    const char *path = new_path();
    const hsize_t three = 3, starts = s->starts;
    const hid_t file = hdf5_create(path, 1);
    hdf5_put(file, "y", H5T_IEEE_F64LE, 2, row_of_labels, H5T_NATIVE_DOUBLE, labels,
             "double", TERMINATED);
    const hid_t group = hdf5_group(file, "F", "double", TERMINATED);
    hdf5_mark_number(group, "MATLAB_sparse", s->rows);
    hdf5_put(group, "jc", H5T_STD_U64LE, 1, &starts, H5T_NATIVE_UINT64, s->start, "",
             PLAIN);
    if (values) {
        hdf5_put(group, "ir", H5T_STD_U64LE, 1, &three, H5T_NATIVE_UINT64, s->row, "",
                 PLAIN);
        hdf5_put(group, "data", H5T_IEEE_F64LE, 1, &three, H5T_NATIVE_DOUBLE, s->values,
                 "", PLAIN);
    }
    H5Gclose(group);
    hdf5_close(file, path, 1);
    return path;
}

static void sparse_matrices_of_matlab_become_full(void **state)
{
    (void)state;
    static const float want[ROWS * COLS] = {1, 0, 0, 0, 0, 0, 0, 0,
                                            0, 2, 0, 0, 0, 0, 3};
    static const float zeros[ROWS * COLS];
    const sparse nothing = {ROWS, {0}, {0, 0, 0, 0}, COLS + 1, {0}};
    for (int values = 0; values < 2; ++values) {
        const ipl_data_options o = options_of(
            write_sparse(values ? &good_sparse : &nothing, values));
        ipl_dataset d = {0};
        CHECK_OK(ipl_dataset_load(&o, &d));
        assert_int_equal(d.rows, ROWS);
        assert_int_equal(d.inputs, COLS);
        assert_memory_equal(d.x, values ? want : zeros, sizeof want);
        ipl_dataset_free(&d);
    }
}

static void damaged_places_of_sparse_values_are_refused(void **state)
{
    (void)state;
    for (int damage = 0; damage < 7; ++damage) {
        sparse s = good_sparse;
        if (damage == 0) s.row[1] = ROWS;            /* below the matrix             */
        if (damage == 1) s.row[0] = 3;               /* twice the same place         */
        if (damage == 2) s.row[2] = (uint64_t)-1;
        if (damage == 3) s.start[1] = 4;             /* more than there are          */
        if (damage == 4) s.start[0] = 1;
        if (damage == 5) s.start[3] = 2;
        if (damage == 6) s.start[1] = (uint64_t)-7;
        const ipl_data_options o = options_of(write_sparse(&s, 1));
        check_refused(&o, "the places of its sparse values are damaged: save it as");
    }
}

static void what_memory_cannot_hold_is_named_in_bytes(void **state)
{
    (void)state;
    sparse s = good_sparse;
    s.rows = (uint64_t)1 << 50;
    ipl_data_options o = options_of(write_sparse(&s, 1));
    ipl_dataset d = {0};
    o.mat_y = "F"; /* as many rows as F: its own                              */
    CHECK_FAILS(ipl_dataset_load(&o, &d), IPL_E_MEMORY,
                "F: no memory for 13510798882111488 bytes, 1125899906842624 x 3 full");
}

static void variables_without_real_numbers_are_named(void **state)
{
    (void)state;
    const double complex[2 * ROWS] = {0};
    const uint64_t size[2] = {0, 3};
    const hsize_t two = 2;
    const char *path = new_path();
    const hid_t file = hdf5_create(path, 1);
    put_set(file, H5T_IEEE_F64LE, PADDED);
    const hid_t pairs = H5Tcreate(H5T_COMPOUND, 16);
    H5Tinsert(pairs, "real", 0, H5T_NATIVE_DOUBLE);
    H5Tinsert(pairs, "imag", 8, H5T_NATIVE_DOUBLE);
    hdf5_put(file, "c", pairs, 1, plain_labels, pairs, complex, "double", PADDED);
    H5Tclose(pairs);
    hdf5_put(file, "t", H5T_STD_U16LE, 2, row_of_labels, H5T_NATIVE_DOUBLE, labels,
             "char", TERMINATED);
    hdf5_put(file, "k", H5T_STD_REF_OBJ, 1, plain_labels, H5T_STD_REF_OBJ, NULL, "cell",
             TERMINATED);
    hdf5_put(file, "o", H5T_STD_U32LE, 1, plain_labels, H5T_NATIVE_DOUBLE, labels,
             "table", TERMINATED);
    hdf5_put(file, "e", H5T_STD_U64LE, 1, &two, H5T_NATIVE_UINT64, size, "double",
             TERMINATED);
    const hid_t set = H5Dopen2(file, "e", H5P_DEFAULT);
    hdf5_mark_number(set, "MATLAB_empty", 1);
    H5Dclose(set);
    const hid_t words = H5Tcopy(H5T_C_S1);
    H5Tset_size(words, 8);
    hdf5_put(file, "w", words, 1, plain_labels, words, NULL, "", PLAIN);
    H5Tclose(words);
    hdf5_close(file, path, 1);
    static const char *const want[][2] = {
        {"c", "c is 5 complex double: expected real numbers: save [real(..) imag(..)]"},
        {"t", "t is 5 x 1 char: expected real numbers: save double(..)"},
        {"k", "k is 5 cell array: expected real numbers: save cell2mat(..)"},
        {"o", "o is 5 table: expected real numbers: save its numbers as a matrix"},
        {"e", "e is 0 x 3: expected at least one value"},
        {"w", "w is 5 text: expected real numbers"},
        {"q", "no variable q: it has F (5 x 3 double), c (5 complex double), e (0 x "}};
    for (size_t w = 0; w < sizeof want / sizeof *want; ++w) {
        ipl_data_options o = options_of(path);
        o.mat_x = want[w][0];
        check_refused(&o, want[w][1]);
    }
}

static void claims_of_more_values_than_the_file_has_are_refused(void **state)
{
    (void)state;
    const char *path = new_path();
    const hsize_t most[2] = {(hsize_t)1 << 40, 3};
    const hid_t file = hdf5_create(path, 0);
    const hid_t space = H5Screate_simple(2, most, NULL), how = H5Pcreate(
        H5P_DATASET_CREATE);
    const hsize_t chunk[2] = {16, 3};
    H5Pset_chunk(how, 2, chunk); /* no chunk is ever written                         */
    H5Dclose(H5Dcreate2(file, "F", H5T_IEEE_F64LE, space, H5P_DEFAULT, how,
                        H5P_DEFAULT));
    H5Pclose(how);
    H5Sclose(space);
    hdf5_close(file, path, 0);
    ipl_data_options o = options_of(path);
    o.mat_y = "F";
    check_refused(&o, "F claims 3298534883328 values: expected at most");
}

static const check_test tests[] = {
    CHECK_TEST(every_mark_and_type_loads),
    CHECK_TEST(fields_of_groups_are_chosen_by_name),
    CHECK_TEST(groups_in_a_circle_end),
    CHECK_TEST(sparse_matrices_of_matlab_become_full),
    CHECK_TEST(damaged_places_of_sparse_values_are_refused),
    CHECK_TEST(what_memory_cannot_hold_is_named_in_bytes),
    CHECK_TEST(variables_without_real_numbers_are_named),
    CHECK_TEST(claims_of_more_values_than_the_file_has_are_refused),
};

#else
static const check_test tests[] = {CHECK_TEST(matlab_files_load)};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat_hdf5", tests, sizeof tests / sizeof *tests, argc, argv);
}
