/*
 * test_compression.c - largest and last I(X;T), spread and order: worked by hand.
 */
#include "check.h"
#include "file.h"
#include "files.h"
#include "plane/compression.h"

static ipl_compression *start(void)
{
    ipl_compression *c;
    CHECK_OK(ipl_compression_create(&c));
    return c;
}

/* I(X;T) of "bin" in layer 1 at ticks 0, 10, 20, .. */
static void add_bits(ipl_compression *c, int64_t seed, int count, const double *bits)
{
    for (int k = 0; k < count; ++k)
        CHECK_OK(ipl_compression_point(c, seed, 10 * k, 1, "bin", bits[k]));
}

/* Ratios of layer 1 at ticks 1, 2, 3, ..: + above one, = one, - below, . not known. */
static void add_ratios(ipl_compression *c, int64_t seed, const char *ratios)
{
    for (int64_t k = 0; ratios[k]; ++k) {
        const ipl_gradient_stats of = {ratios[k] == '+'   ? 2.5
                                       : ratios[k] == '=' ? 2.0
                                       : ratios[k] == '-' ? 1.5
                                                          : NAN, 2.0};
        CHECK_OK(ipl_compression_gradient(c, seed, k + 1, 1, of));
    }
}

/* The rows of an accumulator, which goes. */
static ipl_compression_row *rows_of(ipl_compression *c, int64_t count)
{
    ipl_compression_row *row;
    int64_t got;
    CHECK_OK(ipl_compression_rows(c, &row, &got));
    CHECK(got == count);
    ipl_compression_destroy(c);
    return row;
}

/* -- One layer --------------------------------------------------------------------*/

/* The row of one seed with these values and ratios. */
static ipl_compression_row one(int count, const double *bits, const char *ratios)
{
    ipl_compression *c = start();
    add_bits(c, 7, count, bits);
    add_ratios(c, 7, ratios);
    ipl_compression_row *rows = rows_of(c, 1);
    const ipl_compression_row row = *rows;
    free(rows);
    CHECK(row.seed == 7 && row.layer == 1 && !strcmp(row.estimator, "bin"));
    return row;
}

static void peak_may_be_anywhere(void **state)
{
    (void)state;
    ipl_compression_row r = one(3, (double[]){4.0, 2.5, 1.0}, "");
    CHECK(r.i_xt_max_bits == 4.0 && r.tick_of_max == 0);
    CHECK(r.i_xt_last_bits == 1.0 && r.compression_bits == 3.0);
    r = one(3, (double[]){1.0, 4.0, 2.5}, "");
    CHECK(r.i_xt_max_bits == 4.0 && r.tick_of_max == 10);
    CHECK(r.i_xt_last_bits == 2.5 && r.compression_bits == 1.5);
    r = one(3, (double[]){1.0, 2.5, 4.0}, "");
    CHECK(r.i_xt_max_bits == 4.0 && r.tick_of_max == 20);
    CHECK(r.i_xt_last_bits == 4.0 && r.compression_bits == 0.0);
    r = one(2, (double[]){-3.0, -2.0}, ""); /* an estimate may be negative */
    CHECK(r.i_xt_max_bits == -2.0 && r.tick_of_max == 10);
    r = one(1, (double[]){0.0}, "");
    CHECK(r.i_xt_max_bits == 0.0 && r.tick_of_max == 0 && r.compression_bits == 0.0);
}

static void first_of_equal_maxima_counts(void **state)
{
    (void)state;
    const ipl_compression_row r = one(5, (double[]){1.0, 3.0, 2.0, 3.0, 2.0}, "");
    CHECK(r.tick_of_max == 10 && r.compression_bits == 1.0);
}

static void values_that_are_not_known_are_passed_over(void **state)
{
    (void)state;
    ipl_compression_row r = one(5, (double[]){NAN, 2.0, 3.0, 1.0, NAN}, "");
    CHECK(r.i_xt_max_bits == 3.0 && r.tick_of_max == 20);
    CHECK(r.i_xt_last_bits == 1.0 && r.compression_bits == 2.0);
    r = one(3, (double[]){1.0, INFINITY, -INFINITY}, "");
    CHECK(r.i_xt_max_bits == 1.0 && r.i_xt_last_bits == 1.0);
    r = one(3, (double[]){NAN, NAN, NAN}, "--");
    CHECK(isnan(r.i_xt_max_bits) && isnan(r.i_xt_last_bits) && r.tick_of_max == -1);
    CHECK(isnan(r.compression_bits) && isnan(r.compression_mean_bits));
    CHECK(isnan(r.compression_sd_bits) && r.snr_below_one_tick == 1 && !r.order[0]);
}

static void noise_falls_below_one_where_two_rows_agree(void **state)
{
    static const struct {
        const char *ratios;
        int64_t     tick;
    } cases[] = {
        {"", -1},          {"-", -1},          {"+", -1},         {"+-", -1},
        {"-+", -1},        {"--", 1},          {"++", -1},        {"++--", 3},
        {"+++---", 4},     {"--++--", 5},      {"--++", -1},      {"--+", 1},
        {"++-++--", 6},    {"++--+--", 3},     {"++--+-+-", 3},   {"++--+-++", -1},
        {"+-+-+-", -1},    {"--+--+--", 1},    {"++--++--++--", 11},
        {"++==", -1},      {"=--", 2},         {"--=-", 1},       {"--==", -1},
        {"..++..--..", 7}, {"++-.-", 3},       {"++-.+-", -1},    {".", -1},
    };
    (void)state;
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        const ipl_compression_row r = one(1, (double[]){1.0}, cases[k].ratios);
        if (r.snr_below_one_tick != cases[k].tick)
            fail_msg("'%s' falls at %lld, want %lld", cases[k].ratios,
                     (long long)r.snr_below_one_tick, (long long)cases[k].tick);
    }
}

/* A dead layer has no ratio; one batch a tick has no deviation. */
static void noise_of_zero_is_no_fall(void **state)
{
    (void)state;
    ipl_compression *c = start();
    add_bits(c, 1, 1, (double[]){1.0});
    for (int64_t tick = 1; tick < 4; ++tick)
        CHECK_OK(ipl_compression_gradient(c, 1, tick, 1, (ipl_gradient_stats){0, 0}));
    for (int64_t tick = 4; tick < 6; ++tick)
        CHECK_OK(ipl_compression_gradient(c, 1, tick, 1, (ipl_gradient_stats){3, 0}));
    ipl_compression_row *r = rows_of(c, 1);
    CHECK(r->snr_below_one_tick == -1);
    free(r);
}

static void order_is_of_what_was_lost(void **state)
{
    static const double falls[] = {1.0, 3.0, 2.0}, rises[] = {1.0, 2.0, 3.0};
    (void)state;
    CHECK(!strcmp(one(3, falls, "+++++++++++--").order, "max-first"));
    CHECK(!strcmp(one(3, falls, "+++++++++--").order, "same"));
    CHECK(!strcmp(one(3, falls, "++++++++--").order, "snr-first"));
    CHECK(!strcmp(one(3, falls, "").order, ""));
    CHECK(!strcmp(one(3, rises, "+++++++++--").order, ""));
}

/* -- Several seeds, layers and estimators -----------------------------------------*/

/* Seeds lose 1, 2 and 6 bits: mean 3, variance (4 + 1 + 9) / 2 = 7. */
static void spread_is_over_the_seeds(void **state)
{
    (void)state;
    ipl_compression *c = start();
    const double lost[] = {1.0, 2.0, 6.0};
    for (int tick = 0; tick < 2; ++tick)
        for (int seed = 5; seed < 8; ++seed)
            for (int layer = 1; layer < 3; ++layer)
                CHECK_OK(ipl_compression_point(c, seed, tick, layer, "bin",
                                               tick ? 8.0 - lost[seed - 5] : 8.0));
    ipl_compression_row *r = rows_of(c, 6);
    for (int k = 0; k < 6; ++k) {
        CHECK(r[k].seed == 5 + k / 2 && r[k].layer == 1 + k % 2);
        CHECK(r[k].compression_bits == lost[k / 2]);
        CHECK(r[k].compression_mean_bits == 3.0);
        CHECK(fabs(r[k].compression_sd_bits - 2.6457513110645907) < 1e-15);
    }
    free(r);
}

static void seeds_without_a_value_are_not_in_the_spread(void **state)
{
    (void)state;
    ipl_compression *c = start();
    add_bits(c, 1, 2, (double[]){4.0, 3.0});
    add_bits(c, 2, 2, (double[]){NAN, NAN});
    ipl_compression_row *r = rows_of(c, 2);
    CHECK(r[0].compression_mean_bits == 1.0 && r[1].compression_mean_bits == 1.0);
    CHECK(isnan(r[0].compression_sd_bits) && isnan(r[1].compression_sd_bits));
    free(r);
}

/* Training rows may come before points, and layers of both by turns. */
static void layers_and_estimators_are_kept_apart(void **state)
{
    static const char *const name[] = {"kde-upper", "kde-lower"};
    (void)state;
    ipl_compression *c = start();
    for (int64_t tick = 1; tick < 4; ++tick) {
        for (int layer = 1; layer < 3; ++layer)
            CHECK_OK(ipl_compression_gradient(
                c, 1, tick, layer, (ipl_gradient_stats){1.0, layer == 2 ? 2.0 : 0.5}));
        for (int layer = 1; layer < 3; ++layer)
            for (int p = 0; p < 2; ++p)
                CHECK_OK(ipl_compression_point(c, 1, tick, layer, name[p],
                                               10.0 * layer + p - (double)tick));
    }
    ipl_compression_row *r = rows_of(c, 4);
    for (int k = 0; k < 4; ++k) {
        const int layer = 1 + k / 2, p = k % 2;
        CHECK(r[k].layer == layer && !strcmp(r[k].estimator, name[p]));
        CHECK(r[k].i_xt_max_bits == 10.0 * layer + p - 1);
        CHECK(r[k].i_xt_last_bits == 10.0 * layer + p - 3);
        CHECK(r[k].snr_below_one_tick == (layer == 2 ? 1 : -1));
        CHECK(!strcmp(r[k].order, layer == 2 ? "same" : ""));
    }
    free(r);
}

/* -- The file ---------------------------------------------------------------------*/

static const char header[] =
    "seed,layer,estimator,i_xt_max_bits,tick_of_max,i_xt_last_bits,compression_bits,"
    "compression_mean_bits,compression_sd_bits,snr_below_one_tick,order\n";

static void rows_are_written_and_read_again(void **state)
{
    static const ipl_compression_row rows[] = {
        {-3, 1, "kde-upper", 12.0, 0, 1.0 / 3.0, 35.0 / 3.0, 11.5, 0.25, 40,
         "max-first"},
        {1 - INT64_MAX, 32, "bin", NAN, -1, NAN, NAN, NAN, NAN, -1, ""},
        {4, 2, "bin", -0.5, 8000, -0.5, -0.0, 0.0, NAN, 1, "snr-first"}};
    char f[FILES_PATH], want[1024];
    (void)state;
    files_make_folder(f);
    CHECK_OK(ipl_compression_write(IPL_FILE_PATH, files_path(f, "compression.csv"), 3,
                                   rows));
    char *text = files_text(f, "compression.csv");
    snprintf(want, sizeof want,
             "%s-3,1,kde-upper,12,0,0.333333333,11.6666667,11.5,0.25,40,max-first\n"
             "-9223372036854775806,32,bin,,,,,,,,\n"
             "4,2,bin,-0.5,8000,-0.5,0,0,,1,snr-first\n", header);
    assert_string_equal(text, want);
    free(text);
    ipl_compression_row *got;
    int64_t count;
    CHECK_OK(ipl_run_compression(f, &got, &count));
    CHECK(count == 3);
    for (int k = 0; k < 3; ++k) {
        CHECK(got[k].seed == rows[k].seed && got[k].layer == rows[k].layer);
        CHECK(!strcmp(got[k].estimator, rows[k].estimator));
        CHECK(!strcmp(got[k].order, rows[k].order));
        CHECK(got[k].tick_of_max == rows[k].tick_of_max);
        CHECK(got[k].snr_below_one_tick == rows[k].snr_below_one_tick);
    }
    CHECK(got[0].i_xt_max_bits == 12.0 && got[0].i_xt_last_bits == 0.333333333);
    CHECK(got[0].compression_bits == 11.6666667);
    CHECK(got[0].compression_mean_bits == 11.5 && got[0].compression_sd_bits == 0.25);
    CHECK(isnan(got[1].i_xt_max_bits) && isnan(got[1].i_xt_last_bits));
    CHECK(isnan(got[1].compression_bits) && isnan(got[1].compression_mean_bits));
    CHECK(isnan(got[1].compression_sd_bits) && isnan(got[2].compression_sd_bits));
    free(got);
    files_remove_folder(f);
}

static void damaged_tables_are_refused_by_line(void **state)
{
    static const struct {
        const char *rows, *says;
    } cases[] = {
        {"1,1,bin,1,0,1,0,0,,,\n1,2,bin,1,0,1,0,0,,\n", ":3: expected the columns"},
        {"1,1,bin,1,0,1,0,0,,,,\n", ":2: expected the columns"},
        {"1,1,bin,one,0,1,0,0,,,\n", ":2: expected the columns"},
        {"1,1,bin,1,0.5,1,0,0,,,\n", ":2: expected the columns"},
        {"1,1,bin,1,-2,1,0,0,,,\n", ":2: expected the columns"},
        {"1,0,bin,1,0,1,0,0,,,\n", ":2: expected the columns"},
        {"1,33,bin,1,0,1,0,0,,,\n", ":2: expected the columns"},
        {",1,bin,1,0,1,0,0,,,\n", ":2: expected the columns"},
        {"1,1,,1,0,1,0,0,,,\n", ":2: expected the columns"},
        {"1,1,a-name-that-has-32-characters---,1,0,1,0,0,,,\n",
         ":2: expected the columns"},
        {"1,1,bin,1,0,1,0,0,,,\n1,2,bin,1,0", ":3: the last row is torn"},
        {"\n", ":2: expected the columns"}};
    char f[FILES_PATH], text[1024];
    ipl_compression_row *row;
    int64_t count;
    (void)state;
    files_make_folder(f);
    CHECK_FAILS(ipl_run_compression(f, &row, &count), IPL_E_IO,
                "compression.csv: No such file or directory: a run has it once it is");
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        snprintf(text, sizeof text, "%s%s", header, cases[k].rows);
        files_write(files_path(f, "compression.csv"), strlen(text), text);
        CHECK_FAILS(ipl_run_compression(f, &row, &count), IPL_E_FORMAT, cases[k].says);
    }
    files_write(files_path(f, "compression.csv"), 5, "seed\n");
    CHECK_FAILS(ipl_run_compression(f, &row, &count), IPL_E_FORMAT, ":1: expected");
    files_write(files_path(f, "compression.csv"), 0, "");
    CHECK_FAILS(ipl_run_compression(f, &row, &count), IPL_E_FORMAT, ":1: expected");
    CHECK_FAILS(ipl_run_compression(NULL, &row, &count), IPL_E_ARGUMENT, "NULL");
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(peak_may_be_anywhere),
    CHECK_TEST(first_of_equal_maxima_counts),
    CHECK_TEST(values_that_are_not_known_are_passed_over),
    CHECK_TEST(noise_falls_below_one_where_two_rows_agree),
    CHECK_TEST(noise_of_zero_is_no_fall),
    CHECK_TEST(order_is_of_what_was_lost),
    CHECK_TEST(spread_is_over_the_seeds),
    CHECK_TEST(seeds_without_a_value_are_not_in_the_spread),
    CHECK_TEST(layers_and_estimators_are_kept_apart),
    CHECK_TEST(rows_are_written_and_read_again),
    CHECK_TEST(damaged_tables_are_refused_by_line),
};

CHECK_MAIN("compression", tests, 0)
