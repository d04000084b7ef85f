/*
 * test_mat_layout.c - MATLAB files as MATLAB lays them out, byte by byte.
 *
 * MATLAB stores doubles that are small whole numbers as the smallest type that holds
 * them, and parts of up to 4 bytes in their tags; libmatio writes neither.
 */
#include "mat_case.h"

#ifdef IPL_WITH_MAT
enum { UINT8 = 2, INT32 = 5, UINT32 = 6, DOUBLE = 9, MATRIX = 14 };

typedef struct {
    unsigned char at[2048];
    size_t        used;
    int           big_endian;
} bytes;

static void put_word(bytes *b, uint32_t word)
{
    for (int k = 0; k < 4; ++k) {
        const int shift = b->big_endian ? 24 - 8 * k : 8 * k;
        b->at[b->used++] = (unsigned char)(word >> shift);
    }
}

/* A part of single bytes; up to 4 lie in the tag, in the half behind their number. */
static void put_bytes(bytes *b, uint32_t type, uint32_t count,
                      const unsigned char *from)
{
    if (count <= 4) put_word(b, count << 16 | type);
    else put_word(b, type), put_word(b, count);
    memcpy(b->at + b->used, from, count);
    b->used += count;
    while (b->used % 8) b->at[b->used++] = 0;
}

static void put_words(bytes *b, uint32_t type, uint32_t count, const uint32_t *word)
{
    if (count == 1) put_word(b, 4u << 16 | type);
    else put_word(b, type), put_word(b, 4 * count);
    for (uint32_t k = 0; k < count; ++k) put_word(b, word[k]);
    while (b->used % 8) b->at[b->used++] = 0;
}

/* Starts a matrix; its length is filled in by end_matrix, which gets the place. */
static size_t start_matrix(bytes *b, const char *name, uint32_t flags, uint32_t rows,
                           uint32_t cols)
{
    const uint32_t flag_words[2] = {flags, 0}, size[2] = {rows, cols};
    put_word(b, MATRIX);
    put_word(b, 0);
    const size_t place = b->used;
    put_words(b, UINT32, 2, flag_words);
    put_words(b, INT32, 2, size);
    put_bytes(b, 1, (uint32_t)strlen(name), (const unsigned char *)name);
    return place;
}

static void end_matrix(bytes *b, size_t place)
{
    const size_t end = b->used;
    b->used = place - 4;
    put_word(b, (uint32_t)(end - place));
    b->used = end;
}

static void start_file(bytes *b)
{
    memset(b->at, ' ', 124);
    memcpy(b->at, "MATLAB 5.0 MAT-file", 19);
    memcpy(b->at + 124, b->big_endian ? "\1\0MI" : "\0\1IM", 4);
    b->used = 128;
}

/* Numbers 0, 1, .. modulo `modulus` of class double, stored as bytes or as doubles. */
static void put_numbers(bytes *b, const char *name, uint32_t rows, uint32_t cols,
                        uint32_t modulus, uint32_t type)
{
    unsigned char small[64];
    const size_t place = start_matrix(b, name, 6, rows, cols);
    for (uint32_t e = 0; e < rows * cols; ++e) small[e] = (unsigned char)(e % modulus);
    if (type == UINT8) {
        put_bytes(b, UINT8, rows * cols, small);
    } else {
        put_word(b, DOUBLE);
        put_word(b, 8 * rows * cols);
        for (uint32_t e = 0; e < rows * cols; ++e) {
            const double value = small[e];
            uint64_t bits;
            memcpy(&bits, &value, sizeof bits);
            put_word(b, (uint32_t)(b->big_endian ? bits >> 32 : bits));
            put_word(b, (uint32_t)(b->big_endian ? bits : bits >> 32));
        }
    }
    end_matrix(b, place);
}

static const char *write_bytes(const bytes *b)
{
    const char *path = files_path(folder, "set.mat");
    files_write(path, b->used, b->at);
    return path;
}

static void doubles_stored_as_bytes_load_in_either_order(void **state)
{
    (void)state;
    for (int big = 0; big < 2; ++big)
        for (int small = 0; small < 2; ++small) {
            const uint32_t type = small ? UINT8 : DOUBLE;
            bytes b = {.big_endian = big};
            start_file(&b);
            put_numbers(&b, "F", ROWS, COLS, 100, type);
            put_numbers(&b, "y", 1, ROWS, 3, type);
            check_set(write_bytes(&b));
        }
}

static void one_value_lies_in_its_tag(void **state)
{
    (void)state;
    bytes b = {.big_endian = 0};
    start_file(&b);
    put_numbers(&b, "F", 1, 2, 2, UINT8);
    put_numbers(&b, "y", 1, 1, 1, UINT8);
    ipl_data_options o = options_of(write_bytes(&b));
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_int_equal(d.rows, 1);
    CHECK(d.x[0] == 0 && d.x[1] == 1);
    ipl_dataset_free(&d);
}

/* A sparse logical matrix keeps a byte for each true value. */
static void sparse_logical_matrices_become_full(void **state)
{
    (void)state;
    static const uint32_t row[3] = {0, 3, 4}, start[4] = {0, 2, 2, 3};
    static const unsigned char yes[3] = {1, 1, 1};
    static const float want[ROWS * COLS] = {1, 0, 0, 0, 0, 0, 0, 0,
                                            0, 1, 0, 0, 0, 0, 1};
    bytes b = {.big_endian = 0};
    start_file(&b);
    const size_t place = start_matrix(&b, "F", 2u << 8 | 5, ROWS, COLS);
    put_words(&b, INT32, 3, row);
    put_words(&b, INT32, 4, start);
    put_bytes(&b, UINT8, 3, yes);
    end_matrix(&b, place);
    put_numbers(&b, "y", 1, ROWS, 3, UINT8);
    ipl_data_options o = options_of(write_bytes(&b));
    ipl_dataset d = {0};
    CHECK_OK(ipl_dataset_load(&o, &d));
    assert_memory_equal(d.x, want, sizeof want);
    ipl_dataset_free(&d);
}

/* What holds parts may not be shorter than they are, nor longer. */
static void parts_fill_what_holds_them(void **state)
{
    (void)state;
    for (int damage = 0; damage < 5; ++damage) {
        bytes b = {.big_endian = 0};
        start_file(&b);
        const size_t outer = start_matrix(&b, "s", 1, 1, 1); /* a cell array          */
        const size_t inner = b.used;
        put_numbers(&b, "", 1, 2, 2, DOUBLE);
        const size_t inner_end = b.used;
        if (damage == 2) put_word(&b, 0), put_word(&b, 0);
        end_matrix(&b, outer);
        put_numbers(&b, "F", ROWS, COLS, 100, UINT8);
        put_numbers(&b, "y", 1, ROWS, 3, UINT8);
        if (damage == 1) b.at[inner + 4] = (unsigned char)(inner_end - inner);
        if (damage == 3) b.at[inner] = 9;      /* no matrix                          */
        if (damage == 4) b.at[outer - 4] -= 8; /* shorter than its parts             */
        ipl_data_options o = options_of(write_bytes(&b));
        if (damage) check_refused(&o, damage == 2 ? "its end cannot be read"
                                                  : "its content cannot be read");
        else check_loaded(&o);
    }
}

/* Objects, tables and strings are laid out in no public way. */
static void objects_are_refused_by_name(void **state)
{
    (void)state;
    bytes b = {.big_endian = 0};
    start_file(&b);
    put_numbers(&b, "F", ROWS, COLS, 100, UINT8);
    const size_t place = start_matrix(&b, "t", 17, 1, 1);
    end_matrix(&b, place);
    ipl_data_options o = options_of(write_bytes(&b));
    check_refused(&o, "holds a table, string, object or function: save inputs and "
                      "labels alone");
}

static void other_formats_of_matlab_and_octave_are_named(void **state)
{
    (void)state;
    /* Level 4: a word of type, 2 x 1, real, a name of 2 bytes, two doubles.          */
    unsigned char old[38] = {0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0,
                             'F'};
    static const char text[] = "# Created by Octave 8.4.0, Mon Nov 25 10:00:00 2026";
    const char *path = files_path(folder, "set.mat");
    const ipl_data_options o = options_of(path);
    files_write(path, sizeof old, old);
    check_refused(&o, "is a MATLAB file of level 4: load it and save it anew, save(");
    files_write(path, 4 + 1, "PK\3\4");
    check_refused(&o, "is a zip or npz file: set = arrays reads npz");
    files_write(path, 30, "version https://git-lfs.github");
    check_refused(&o, "is a pointer of Git LFS and not the file itself: fetch it");
    files_write(path, sizeof text - 1, text);
    check_refused(&o, "is in Octave's text format: save it as a MATLAB file, save -v7");
}

static const check_test tests[] = {
    CHECK_TEST(doubles_stored_as_bytes_load_in_either_order),
    CHECK_TEST(one_value_lies_in_its_tag),
    CHECK_TEST(sparse_logical_matrices_become_full),
    CHECK_TEST(parts_fill_what_holds_them),
    CHECK_TEST(objects_are_refused_by_name),
    CHECK_TEST(other_formats_of_matlab_and_octave_are_named),
};

#else
static const check_test tests[] = {CHECK_TEST(matlab_files_load)};
#endif

int main(int argc, char **argv)
{
    return mat_main("mat_layout", tests, sizeof tests / sizeof *tests, argc, argv);
}
