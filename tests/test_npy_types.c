/*
 * test_npy_types.c - every type of NPY files: each code, byte order, shape and word.
 *
 * The codes of small floats are checked by their definition as a ladder: the positive
 * ones in order start at 0, and each step is one unit of the exponent.
 */
#include <float.h>

#include "check.h"
#include "files.h"
#include "ipl_data.h"

static char folder[FILES_PATH];

/* Writes an NPY file of one descr and shape and returns its path. */
static const char *npy(const char *descr, const char *shape, int fortran, size_t bytes,
                       const void *values)
{
    static unsigned char content[1 << 20];
    char header[256];
    const char *path = files_path(folder, "t.npy");
    snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': %s, 'shape': %s}",
             descr, fortran ? "True" : "False", shape);
    files_write(path, files_npy(1, header, bytes, values, content), content);
    return path;
}

static void turn(size_t bytes, size_t size, unsigned char *at)
{
    for (size_t v = 0; v < bytes; v += size)
        for (size_t b = 0; b < size / 2; ++b) {
            const unsigned char kept = at[v + b];
            at[v + b] = at[v + size - 1 - b];
            at[v + size - 1 - b] = kept;
        }
}

/* -- Small floats -----------------------------------------------------------------*/

typedef struct {
    const char *descr;
    int bytes, fraction, bias, infinite; /* 0: one NaN a sign, all ones               */
    uint32_t one;                        /* the code of 1                             */
    double   largest;
} small_float;

static void check_codes(const small_float *f, const ipl_array *a)
{
    const uint32_t half = 1u << (8 * f->bytes - 1);
    const uint32_t top = (half >> f->fraction) - 1; /* of infinity      */
    double value = 0.0, largest = 0.0;
    assert_non_null(a->values); /* float32 holds all of them                          */
    for (uint32_t c = 0; c < half; ++c) {
        const uint32_t e = c >> f->fraction, rest = c & ((1u << f->fraction) - 1);
        const double plus = a->values[c], minus = a->values[half + c];
        const int nan = f->infinite ? e == top && rest : c == half - 1;
        if (nan) {
            CHECK(isnan(plus) && isnan(minus));
        } else if (f->infinite && e == top) {
            CHECK(plus == INFINITY && minus == -INFINITY);
        } else {
            CHECK(plus == value && minus == -value && !signbit(plus) && signbit(minus));
            largest = value;
        }
        value += ldexp(1.0, (int)(e ? e : 1) - f->bias - f->fraction);
    }
    CHECK(a->values[f->one] == 1.0f);
    CHECK(largest == f->largest);
}

static void every_code_of_small_floats_is_exact(void **state)
{
    (void)state;
    static const small_float type[] = {
        {"<f2", 2, 10, 15, 1, 0x3c00, 65504.0},
        {">f2", 2, 10, 15, 1, 0x3c00, 65504.0},
        {"<V2", 2, 7, 127, 1, 0x3f80, 0x1.fep127},
        {">V2", 2, 7, 127, 1, 0x3f80, 0x1.fep127},
        {"bfloat16", 2, 7, 127, 1, 0x3f80, 0x1.fep127},
        {"<f1", 1, 2, 15, 1, 0x3c, 57344.0},
        {">f1", 1, 2, 15, 1, 0x3c, 57344.0},
        {"float8_e5m2", 1, 2, 15, 1, 0x3c, 57344.0},
        {"float8_e4m3fn", 1, 3, 7, 0, 0x38, 448.0},
    };
    static unsigned char codes[1 << 17];
    for (size_t t = 0; t < sizeof type / sizeof *type; ++t) {
        const size_t count = (size_t)1 << 8 * type[t].bytes;
        ipl_array a = {0};
        for (size_t c = 0; c < count; ++c)
            for (int b = 0; b < type[t].bytes; ++b)
                codes[c * (size_t)type[t].bytes + (size_t)b] =
                    (unsigned char)(c >> 8 * b);
        const size_t bytes = count * (size_t)type[t].bytes;
        if (*type[t].descr == '>') turn(bytes, (size_t)type[t].bytes, codes);
        CHECK_OK(ipl_array_read(
            npy(type[t].descr, count == 256 ? "(256,)" : "(65536,)", 0, bytes, codes),
            &a));
        check_codes(&type[t], &a);
        assert_int_equal(a.rounded, 0);
        ipl_array_free(&a);
    }
}

/* -- Byte order and size ----------------------------------------------------------*/

static void big_endian_reads_as_little_endian(void **state)
{
    (void)state;
    static const int64_t whole[3] = {-2, 300, 70000};
    static const float single[3] = {-2.5f, 1e-40f, 3e38f};
    static const double real[3] = {-0.1, 1e-310, 1e300};
    static const struct { const char *descr; size_t size; const void *from; } type[] = {
        {"f4", 4, single}, {"f8", 8, real}, {"i8", 8, whole},
    };
    for (size_t t = 0; t < 3; ++t) {
        unsigned char c[24];
        char descr[8];
        ipl_array a = {0}, b = {0};
        const size_t bytes = 3 * type[t].size;
        snprintf(descr, sizeof descr, "<%s", type[t].descr);
        CHECK_OK(ipl_array_read(npy(descr, "(3,)", 0, bytes, type[t].from), &a));
        memcpy(c, type[t].from, bytes);
        turn(bytes, type[t].size, c);
        *descr = '>';
        CHECK_OK(ipl_array_read(npy(descr, "(3,)", 0, bytes, c), &b));
        CHECK(!a.values == !b.values);
        if (a.values) assert_memory_equal(a.values, b.values, 12);
        else assert_memory_equal(a.wide, b.wide, 24);
        if (t == 1) assert_memory_equal(a.wide, real, 24);
        ipl_array_free(&a);
        ipl_array_free(&b);
    }
    static const unsigned char short_ints[4] = {0xff, 0xfe, 0x01, 0x02};
    ipl_array a = {0};
    CHECK_OK(ipl_array_read_labels(npy(">i2", "(2,)", 0, 4, short_ints), &a));
    CHECK(a.integers[0] == -2 && a.integers[1] == 258);
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read_labels(npy(">u2", "(2,)", 0, 4, short_ints), &a));
    CHECK(a.integers[0] == 65534 && a.integers[1] == 258);
    ipl_array_free(&a);
}

static void each_rounded_value_counts_once(void **state)
{
    (void)state;
    static const int64_t whole[] = {
        1, 1 << 24, (1 << 24) + 1,            /* float32 rounds the last             */
        (INT64_C(1) << 53) + 1,               /* double rounds to what float32 holds  */
        (INT64_C(1) << 62) + (1 << 30) + 1,   /* both round                           */
        INT64_MAX, INT64_MIN, -(INT64_C(1) << 60) - 1};
    static const uint64_t natural[] = {UINT64_MAX, 1u, UINT64_C(1) << 63,
                                       (UINT64_C(1) << 63) + 1};
    ipl_array a = {0};
    CHECK_OK(ipl_array_read(npy("<i8", "(8,)", 0, sizeof whole, whole), &a));
    assert_non_null(a.wide);
    assert_int_equal(a.rounded, 4);
    CHECK_OK(ipl_array_narrow("a", &a));
    assert_int_equal(a.rounded, 5);
    CHECK_OK(ipl_array_narrow("a", &a)); /* again: nothing more                      */
    assert_int_equal(a.rounded, 5);
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read(npy("<u8", "(4,)", 0, sizeof natural, natural), &a));
    assert_non_null(a.values); /* powers of two                                      */
    assert_int_equal(a.rounded, 2);
    CHECK(a.values[0] == 0x1p64f && a.values[3] == 0x1p63f);
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read_labels(npy("<i8", "(8,)", 0, sizeof whole, whole), &a));
    for (int v = 0; v < 8; ++v) CHECK(a.integers[v] == whole[v]); /* labels never     */
    ipl_array_free(&a);
}

/* x86's 80 bits in 16 bytes: mantissa, sign and exponent, and 6 bytes of anything. */
static void put_long_double(uint64_t mantissa, unsigned exponent, unsigned char rest,
                            unsigned char *at)
{
    for (int b = 0; b < 8; ++b) at[b] = (unsigned char)(mantissa >> 8 * b);
    at[8] = (unsigned char)exponent;
    at[9] = (unsigned char)(exponent >> 8);
    memset(at + 10, rest, 6);
}

static void long_doubles_of_x86_are_read(void **state)
{
    (void)state;
    enum { COUNT = 8 };
    static const struct {
        uint64_t mantissa;
        unsigned exponent;
        double   value;
    } v[COUNT] = {
        {UINT64_C(1) << 63, 16383, 1.0},       {UINT64_C(3) << 62, 0xc000, -3.0},
        {0, 0, 0.0},                           {UINT64_C(1) << 63, 0x7fff, INFINITY},
        {(UINT64_C(1) << 63) + 1, 16383, 1.0}, {UINT64_MAX, 16383, 2.0},
        {1, 0, 0.0},                           {0xcccccccccccccccd, 16379, 0.1},
    };
    unsigned char c[16 * COUNT];
    ipl_array a = {0};
    for (int k = 0; k < COUNT; ++k)
        put_long_double(v[k].mantissa, v[k].exponent, (unsigned char)k, c + 16 * k);
    const char *path = npy("<f16", "(8,)", 0, sizeof c, c);
    if (LDBL_MANT_DIG != 64) {
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, "a.astype('float64')");
        return;
    }
    CHECK_OK(ipl_array_read(path, &a));
    for (int k = 0; k < COUNT; ++k) CHECK(a.wide[k] == v[k].value);
    assert_int_equal(a.rounded, 4); /* the last four                                 */
    CHECK_OK(ipl_array_narrow("a", &a));
    assert_int_equal(a.rounded, 4); /* 0.1 is rounded twice and counts once           */
    ipl_array_free(&a);
    turn(sizeof c, 16, c);
    CHECK_OK(ipl_array_read(npy(">f16", "(8,)", 0, sizeof c, c), &a));
    CHECK(a.wide[1] == -3.0);
    ipl_array_free(&a);

    put_long_double((UINT64_C(1) << 63) + 1, 16383 + 62, 0, c); /* 2^62 + 1/2         */
    CHECK_OK(ipl_array_read_labels(npy("<f16", "(1,)", 0, 16, c), &a));
    CHECK(!a.integers && a.rounded == 1); /* the double is whole, the label is not    */
    ipl_array_free(&a);

    put_long_double(UINT64_C(1) << 62, 16383, 0, c + 16); /* no top bit              */
    put_long_double(UINT64_C(1) << 63, 16383, 0, c);
    CHECK_FAILS(ipl_array_read(npy("<f16", "(2,)", 0, 32, c), &a), IPL_E_FORMAT,
                "row 1, column 0: no long double of x86: save a.astype('float64')");
    memset(c, 0, sizeof c); /* 1 and 2 of 128 bits have only the last bytes          */
    c[14] = 0xff, c[15] = 0x3f, c[31] = 0x40;
    CHECK_FAILS(ipl_array_read(npy("<f16", "(2,)", 0, 32, c), &a), IPL_E_FORMAT,
                "no long doubles of x86");
}

/* -- Shapes -----------------------------------------------------------------------*/

static void further_axes_are_flattened_in_c_order(void **state)
{
    (void)state;
    enum { N = 301, C = 3, H = 5, W = 7, COLS = C * H * W };
    static int32_t c_order[N * COLS], f_order[N * COLS];
    ipl_array c = {0}, f = {0};
    char text[IPL_ARRAY_SHAPE_BYTES];
    int e = 0;
    for (int w = 0; w < W; ++w) /* Fortran: the first axis is fastest                 */
        for (int h = 0; h < H; ++h)
            for (int k = 0; k < C; ++k)
                for (int n = 0; n < N; ++n) {
                    const int value = n * 1000 + k * 100 + h * 10 + w;
                    f_order[e++] = value;
                    c_order[((n * C + k) * H + h) * W + w] = value;
                }
    CHECK_OK(ipl_array_read(npy("<i4", "(301, 3, 5, 7)", 0, sizeof c_order, c_order),
                            &c));
    CHECK_OK(ipl_array_read(npy("<i4", "(301, 3, 5, 7)", 1, sizeof f_order, f_order),
                            &f));
    assert_int_equal(c.rows, N);
    assert_int_equal(f.cols, COLS);
    assert_int_equal(f.dims, 4);
    CHECK(f.shape[1] == C && f.shape[3] == W);
    ipl_array_shape(&f, text);
    assert_string_equal(text, "(301, 3, 5, 7)");
    for (e = 0; e < N * COLS; ++e) {
        CHECK(c.values[e] == (float)c_order[e]);
        CHECK(f.values[e] == c.values[e]);
    }
    ipl_array_free(&c);
    ipl_array_free(&f);
    CHECK_OK(ipl_array_read(npy("<i4", "(3,)", 1, 12, c_order), &c));
    ipl_array_shape(&c, text);
    assert_string_equal(text, "(3,)");
    ipl_array_free(&c);
}

static ipl_samples_of of(int64_t rows) { return (ipl_samples_of){"T", rows, 5}; }

static void places_of_bad_values_are_named(void **state)
{
    (void)state;
    static const double nan[6] = {1, 2, 3, 4, 5, NAN}, far[6] = {1, 2, 3, -1e39, 5, 6};
    static const double five[5] = {1, 2, 3, 4, 5};
    ipl_array a = {0};
    const char *gap = npy("<f8", "(3, 2)", 0, 48, nan);
    CHECK_FAILS(ipl_array_read_inputs(gap, of(3), NULL, &a), IPL_E_NUMERIC,
                "1 of 6 values are NaN or infinite, first in row 2, column 1");
    CHECK_FAILS(ipl_array_read_inputs(gap, of(4), NULL, &a), IPL_E_FORMAT,
                "has 3 rows: expected an input for each of the 4 rows of T");
    CHECK_FAILS(ipl_array_read_inputs(gap, of(2), NULL, &a), IPL_E_FORMAT,
                "each of the 2 rows of T: transpose it");
    const char *column = npy("<f8", "(5, 1)", 0, 40, five);
    CHECK_FAILS(ipl_array_read_inputs(column, of(2), NULL, &a), IPL_E_FORMAT,
                "a row is a sample, and they seem to be transposed");
    /* What is left out may have anything. */
    int32_t y[3] = {0, 1, IPL_NO_CLASS};
    const ipl_classes some = {.rows = 3, .y = y, .unlabelled = 1};
    CHECK_OK(ipl_array_read_inputs(npy("<f8", "(3, 2)", 0, 48, nan), of(3), &some, &a));
    CHECK(a.rows == 2 && a.cols == 2 && a.values[3] == 4.0f);
    ipl_array_free(&a);
    CHECK_OK(ipl_array_read_inputs(npy("<f8", "(3, 2)", 0, 48, far), of(3), NULL, &a));
    CHECK_FAILS(ipl_array_narrow("x.npy", &a), IPL_E_NUMERIC, "x.npy: row 1, column 1 "
                "is -1e+39, beyond float32's range of 3.4e38: scale the values");
    assert_non_null(a.wide); /* still as it was                                      */
    ipl_array_free(&a);
}

/* -- Words ------------------------------------------------------------------------*/

static void words_are_labels(void **state)
{
    (void)state;
    static const uint32_t ucs4[2][3] = {{'c', 0xe4, 0x20ac}, {0x1f600, 0, 0}};
    static const char bytes[] = "cat\0dog\0a\0\0\0"; /* |S4                          */
    unsigned char turned[24];
    ipl_array a = {0};
    memcpy(turned, ucs4, 24);
    turn(24, 4, turned);
    for (int swapped = 0; swapped < 2; ++swapped) {
        const void *from = swapped ? (const void *)turned : ucs4;
        CHECK_OK(ipl_array_read_labels(
            npy(swapped ? ">U3" : "<U3", "(2,)", 0, 24, from), &a));
        CHECK(!a.integers && !a.values && !a.wide);
        assert_string_equal(a.text, "c\xc3\xa4\xe2\x82\xac");
        assert_string_equal(a.text + a.text_bytes, "\xf0\x9f\x98\x80");
        ipl_array_free(&a);
    }
    CHECK_OK(ipl_array_read_labels(npy("|S4", "(1, 3)", 1, 12, bytes), &a));
    assert_int_equal(a.cols, 3);
    assert_string_equal(a.text + a.text_bytes, "dog");
    assert_string_equal(a.text + 2 * a.text_bytes, "a");
    ipl_array_free(&a);
    CHECK_FAILS(ipl_array_read(npy("|S4", "(3,)", 0, 12, bytes), &a), IPL_E_FORMAT,
                "holds words: expected numbers");
    CHECK_FAILS(ipl_array_read_labels(npy("|S4", "(3,)", 0, 12, "a\0b\0cat\0dog"), &a),
                IPL_E_FORMAT, "row 0, column 0: a word with a zero inside");
    static const uint32_t wrong[2] = {'a', 0x110000}, half[2] = {'a', 0xd800};
    CHECK_FAILS(ipl_array_read_labels(npy("<U1", "(2,)", 0, 8, wrong), &a),
                IPL_E_FORMAT, "row 1, column 0: a word with a character beyond");
    CHECK_FAILS(ipl_array_read_labels(npy("<U1", "(2,)", 0, 8, half), &a),
                IPL_E_FORMAT, "row 1, column 0: a word with a character beyond");
}

static void other_types_say_how_to_convert_them(void **state)
{
    (void)state;
    static const struct { const char *descr, *words; } bad[] = {
        {"|O", "holds Python objects: save numbers, a.astype('float32'), or words, "
               "a.astype(str)"},
        {"|V2", "as bfloat16 that has lost its name: save a.view(ml_dtypes.bfloat16)"
                ".astype('float32')"},
        {"|V1", "records of 1 byte"},
        {"<V1", "a float8 or int4, which the file does not tell apart: save "
                "a.astype('float32')"},
        {"|V12", "holds records: save one field, a['NAME']"},
        {"<c8", "is complex: save its real part, a.real, or its size, abs(a)"},
        {">c16", "is complex"},
        {"<M8[ns]", "holds dates: save numbers, a.astype('int64')"},
        {"<m8[ns]", "holds times: save numbers"},
        {"<i3", "type '<i3': expected a type of numbers"},
        {"<f3", "type '<f3'"},
        {"|f4", "type '|f4'"},
        {"<b2", "type '<b2'"},
        {"<U0", "type '<U0'"},
        {"<U999999999999", "type '<U999999999999'"},
        {"<f4x", "type '<f4x'"},
        {"f4", "type 'f4'"},
        {"<", "type '<'"},
    };
    ipl_array a = {0};
    for (size_t b = 0; b < sizeof bad / sizeof *bad; ++b) {
        const char *path = npy(bad[b].descr, "(2,)", 0, 4, "abcd");
        CHECK_FAILS(ipl_array_read(path, &a), IPL_E_FORMAT, bad[b].words);
        CHECK_FAILS(ipl_array_read_labels(path, &a), IPL_E_FORMAT, "t.npy: type ");
    }
}

static const check_test tests[] = {
    CHECK_TEST(every_code_of_small_floats_is_exact),
    CHECK_TEST(big_endian_reads_as_little_endian),
    CHECK_TEST(each_rounded_value_counts_once),
    CHECK_TEST(long_doubles_of_x86_are_read),
    CHECK_TEST(further_axes_are_flattened_in_c_order),
    CHECK_TEST(places_of_bad_values_are_named),
    CHECK_TEST(words_are_labels),
    CHECK_TEST(other_types_say_how_to_convert_them),
};

int main(int argc, char **argv)
{
    files_make_folder(folder);
    const int failed = check_main("npy_types", tests, sizeof tests / sizeof *tests, 0,
                                  argc, argv);
    files_remove_folder(folder);
    return failed;
}
