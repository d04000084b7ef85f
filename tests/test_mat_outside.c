/*
 * test_mat_outside.c - HDF5 files that lead to other files, which stay unread.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
#include <sys/inotify.h>

#include "hdf5_case.h"

static const hsize_t by_rows[2] = {ROWS, COLS}, plain_labels[1] = {ROWS};
static const double labels[ROWS] = {0, 1, 2, 0, 1}, values[ROWS * COLS] = {1};

/* The file that must not be read: F and y of its own, and raw values. */
static const char *write_other(void)
{
    const char *path = files_path(folder, "other.h5");
    const hid_t file = hdf5_create(path, 0);
    hdf5_put(file, "F", H5T_IEEE_F64LE, 2, by_rows, H5T_NATIVE_DOUBLE, values, "",
             PLAIN);
    hdf5_close(file, path, 0);
    return path;
}

/* A dataset made by `how`, which is closed. */
static void put_as(hid_t at, const char *name, int dims, const hsize_t *size, hid_t how)
{
    const hid_t space = H5Screate_simple(dims, size, NULL);
    const hid_t set = H5Dcreate2(at, name, H5T_IEEE_F64LE, space, H5P_DEFAULT, how,
                                 H5P_DEFAULT);
    hdf5_must(set >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(how);
}

static hid_t stored_in(const char *other)
{
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(how, other, 0, ROWS * COLS * sizeof(double));
    return how;
}

static void put_link(hid_t file, const char *other)
{
    H5Lcreate_external(other, "/F", file, "F", H5P_DEFAULT, H5P_DEFAULT);
}

/* A soft link may go on through a link to another file. */
static void put_link_by_link(hid_t file, const char *other)
{
    H5Lcreate_external(other, "/", file, "way", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/way/F", file, "F", H5P_DEFAULT, H5P_DEFAULT);
}

static void put_stored(hid_t file, const char *other)
{
    put_as(file, "F", 2, by_rows, stored_in(other));
}

static void put_virtual(hid_t file, const char *other)
{
    const hid_t space = H5Screate_simple(2, by_rows, NULL);
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(how, space, other, "F", space);
    put_as(file, "F", 2, by_rows, how);
    H5Sclose(space);
}

/* HDF5 opens the source of one without an end to know how long it is. */
static void put_virtual_endless(hid_t file, const char *other)
{
    const hsize_t most[2] = {H5S_UNLIMITED, COLS}, from[2] = {0}, one[2] = {1, 1};
    const hsize_t count[2] = {H5S_UNLIMITED, 1}, block[2] = {1, COLS};
    const hid_t space = H5Screate_simple(2, by_rows, most);
    const hid_t how = H5Pcreate(H5P_DATASET_CREATE);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, from, one, count, block);
    H5Pset_virtual(how, space, other, "F", space);
    const hid_t set = H5Dcreate2(file, "F", H5T_IEEE_F64LE, space, H5P_DEFAULT, how,
                                 H5P_DEFAULT);
    hdf5_must(set >= 0);
    H5Dclose(set);
    H5Pclose(how);
    H5Sclose(space);
}

/* What MATLAB saves of a sparse matrix, with one part elsewhere. */
static void put_sparse(hid_t file, const char *other, const char *outside, int stored)
{
    static const char *const part[] = {"data", "ir", "jc"};
    const hsize_t four[1] = {COLS + 1};
    const double zeros[COLS + 1] = {0, 1, 1, 1};
    const hid_t group = hdf5_group(file, "F", "double", TERMINATED);
    hdf5_mark_number(group, "MATLAB_sparse", ROWS);
    for (int p = 0; p < 3; ++p) {
        if (strcmp(part[p], outside))
            hdf5_put(group, part[p], H5T_STD_U64LE, 1, four, H5T_NATIVE_DOUBLE, zeros,
                     "", PLAIN);
        else if (stored)
            put_as(group, part[p], 1, four, stored_in(other));
        else
            H5Lcreate_external(other, "/F", group, part[p], H5P_DEFAULT, H5P_DEFAULT);
    }
    H5Gclose(group);
}

static void put_sparse_starts(hid_t file, const char *other)
{
    put_sparse(file, other, "jc", 0);
}

static void put_sparse_rows(hid_t file, const char *other)
{
    put_sparse(file, other, "ir", 1);
}

static void put_sparse_values(hid_t file, const char *other)
{
    put_sparse(file, other, "data", 0);
}

static void other_files_stay_unread(void **state)
{
    static const struct {
        void (*put)(hid_t file, const char *other);
        const char *want;
    } cases[] = {{put_link, "set.mat: the values of F are in another file"},
                 {put_link_by_link, "set.mat: no variable F: it has"},
                 {put_stored, "set.mat: the values of F are in another file"},
                 {put_virtual, "set.mat: the values of F are in another file"},
                 {put_virtual_endless, "set.mat: the values of F are in another file"},
                 {put_sparse_starts, "set.mat: "},
                 {put_sparse_rows, "set.mat: the values of F/ir are in another file"},
                 {put_sparse_values, "set.mat: "}};
    (void)state;
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        char event[4096];
        const char *other = write_other(), *path = files_path(folder, "set.mat");
        const hid_t file = hdf5_create(path, 0);
        cases[c].put(file, other);
        hdf5_put(file, "y", H5T_IEEE_F64LE, 1, plain_labels, H5T_NATIVE_DOUBLE, labels,
                 "", PLAIN);
        hdf5_close(file, path, 0);
        const int watch = inotify_init1(IN_NONBLOCK);
        CHECK(inotify_add_watch(watch, other, IN_OPEN) >= 0);
        const ipl_data_options o = options_of(path);
        check_refused(&o, cases[c].want);
        CHECK(read(watch, event, sizeof event) < 0); /* nobody opened it */
        close(watch);
    }
}

static size_t as_it_is(unsigned flags, size_t n, const unsigned *v, size_t bytes,
                       size_t *size, void **buffer)
{
    (void)flags, (void)n, (void)v, (void)size, (void)buffer;
    return bytes;
}

static void filters_beyond_those_of_hdf5_are_refused(void **state)
{
    const H5Z_class2_t mine = {H5Z_CLASS_T_VERS, 400, 1, 1, "mine", NULL, NULL,
                               as_it_is};
    (void)state;
    const char *path = files_path(folder, "set.mat");
    hdf5_must(H5Zregister(&mine) >= 0);
    const hid_t file = hdf5_create(path, 0), how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(how, 2, by_rows);
    H5Pset_shuffle(how);
    H5Pset_deflate(how, 6);
    H5Pset_filter(how, 400, H5Z_FLAG_MANDATORY, 0, NULL);
    put_as(file, "F", 2, by_rows, how);
    hdf5_put(file, "y", H5T_IEEE_F64LE, 1, plain_labels, H5T_NATIVE_DOUBLE, labels, "",
             PLAIN);
    hdf5_close(file, path, 0);
    const ipl_data_options o = options_of(path);
    check_refused(&o, "set.mat: the values of F are packed by filter 400, which is "
                      "none of HDF5's own: save them with gzip");
    H5Zunregister(400);
}

static const check_test tests[] = {
    CHECK_TEST(other_files_stay_unread),
    CHECK_TEST(filters_beyond_those_of_hdf5_are_refused),
};

#else
static const check_test tests[] = {CHECK_TEST(matlab_files_load)};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat_outside", tests, sizeof tests / sizeof *tests, argc, argv);
}
