/*
 * test_doubts.c - what a run says of itself beside its points: summary.csv, and the
 * counts of points that cannot be trusted.
 *
 * Both are computed again from the text of plane.csv, plane_details.csv and pool.csv.
 */
#include "csv_case.h"
#include "plane/rundir.h"

static const char summary_header[] =
    "epoch,layer,estimator,quantity,mean,deviation,n";

/* Values outside the edges, cells of one sample each, and three seeds. */
static ipl_config small_config(const char *first, ...)
{
    static const char *const sets[] = {
        "net.layers=12, 10-tanh, 4-tanh, 2", "data.limit=60", "data.split=shuffled",
        "train.epochs=12", "train.batch=20", "train.learning_rate=0.05",
        "train.replicas=3", "train.seed=7", "measure.policy=every", "measure.every=2",
        "bin.edges=60", "bin.range=-0.25, 0.5", "run.checkpoint_s=0", NULL};
    va_list more;
    va_start(more, first);
    const ipl_config config = config_with(sets, first, more);
    va_end(more);
    return config;
}

static int stop_after_two(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured >= 2;
}

/* A run into f/r, in one session or two. */
static void run_in_sessions(ipl_device *dev, const char *f, const ipl_config *config,
                            int sessions)
{
    const char *dir = files_path(f, "r");
    if (sessions == 1) {
        CHECK_OK(ipl_run(dev, config, dir, NULL, NULL, NULL));
        return;
    }
    CHECK_FAILS(ipl_run(dev, config, dir, stop_after_two, NULL, NULL), IPL_E_STOPPED,
                "stopped");
    CHECK_OK(ipl_resume(dev, dir, NULL, NULL, NULL));
}

/* -- Tables as texts --------------------------------------------------------------*/

enum { FIELDS = 16, FIELD = 64 };
typedef struct {
    char field[FIELDS][FIELD];
} row;

/* The rows behind the header; *count of them. */
static row *rows_of(const char *f, const char *name, int *count)
{
    char *text = files_text(f, name), *at = text;
    row *all = calloc((size_t)lines_of(text), sizeof *all);
    *count = 0;
    for (strsep(&at, "\n"); at && *at; ++*count) {
        char *line = strsep(&at, "\n");
        for (int k = 0; line; ++k) {
            CHECK(k < FIELDS);
            snprintf(all[*count].field[k], FIELD, "%s", strsep(&line, ","));
        }
    }
    free(text);
    return all;
}

/* -- summary.csv ------------------------------------------------------------------*/

/* Rows of one epoch, layer and estimator, which differ in their seed. */
static int is_alike(const row *a, const row *b)
{
    return !strcmp(a->field[1], b->field[1]) && !strcmp(a->field[2], b->field[2]) &&
           !strcmp(a->field[3], b->field[3]);
}

/* Mean, and the deviation from all pairs: sum_{i<j} (v_i - v_j)^2 / (n (n - 1)). */
static void expect_spread(csv *t, int n, const double *value)
{
    double sum = 0.0, pairs = 0.0, most = 0.0;
    for (int i = 0; i < n; ++i) {
        sum += value[i];
        most = fmax(most, fabs(value[i]));
        for (int j = 0; j < i; ++j) pairs += pow(value[i] - value[j], 2);
    }
    csv_number(t, n ? sum / n : NAN, 1e-14 * most);
    csv_number(t, n > 1 ? sqrt(pairs / ((double)n * (n - 1))) : NAN, 1e-14 * most);
    csv_whole(t, n);
}

/* The row of one quantity: column `at` of the rows that are like row k. */
static void expect_quantity(csv *t, const row *plane, const row *from, int count, int k,
                            int at, const char *quantity)
{
    double value[8];
    int n = 0;
    for (int r = 0; r < count; ++r)
        if (is_alike(&plane[r], &plane[k]) && *from[r].field[at])
            value[n++] = strtod(from[r].field[at], NULL);
    for (int c = 1; c <= 3; ++c) csv_text(t, plane[k].field[c]);
    csv_text(t, quantity);
    expect_spread(t, n, value);
    csv_end_row(t);
}

static int check_summary(const char *f)
{
    int count, many;
    row *plane = rows_of(f, "r/plane.csv", &count);
    row *details = rows_of(f, "r/plane_details.csv", &many);
    csv t = csv_open(files_path(f, "r/summary.csv"), summary_header);
    CHECK(count == many);
    for (int k = 0; k < count; ++k) {
        int seen = 0; /* by an earlier seed */
        for (int r = 0; r < k; ++r) seen += is_alike(&plane[r], &plane[k]);
        if (seen) continue;
        expect_quantity(&t, plane, plane, count, k, 4, "i_xt_bits");
        expect_quantity(&t, plane, plane, count, k, 5, "i_ty_bits");
        expect_quantity(&t, plane, details, count, k, 4, "h_t_bits");
        if (!strncmp(plane[k].field[3], "bin", 3))
            expect_quantity(&t, plane, details, count, k, 5, "i_t_next_bits");
    }
    csv_close(&t);
    free(plane);
    free(details);
    return count;
}

static void summaries_follow_from_the_tables(void **state)
{
    for (int sessions = 1; sessions <= 2; ++sessions) {
        char f[FILES_PATH];
        files_make_folder(f);
        const ipl_config config = small_config("measure.estimators=bin, kde, kl", NULL);
        run_in_sessions(check_device(state), f, &config, sessions);
        CHECK(check_summary(f) == 7 * 3 * 3 * 4);
        files_remove_folder(f);
    }
}

static void one_seed_has_no_deviation(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = small_config("train.replicas=1", NULL);
    run_in_sessions(check_device(state), f, &config, 1);
    CHECK(check_summary(f) == 7 * 3 * 3);
    char *text = files_text(f, "r/summary.csv");
    for (char *at = strchr(text, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
        const char *end = strchr(at, '\n');
        CHECK(!strncmp(end - 3, ",,1", 3) || !strncmp(end - 4, ",,,0", 4));
    }
    free(text);
    files_remove_folder(f);
}

/* Bits: 1, 2 and 4 have mean 7/3 and deviation sqrt(7/3); of -1, none and 1 two count;
 * of none none does; one seed's infinity is not finite. */
static void a_summary_worked_by_hand(void **state)
{
    char f[FILES_PATH];
    (void)state;
    files_make_folder(f);
    const double bit = log(2.0);
    ipl_layer layer[3];
    for (int k = 0; k < 3; ++k)
        layer[k] = (ipl_layer){
            .points = 2,
            .point = {{.name = "bin", .i_xt = (1 << k) * bit,
                       .i_ty = k == 1 ? NAN : (k - 1) * bit, .h_t = NAN, .cells = 4,
                       .i_next = k == 1 ? 3 * bit : NAN},
                      {.name = "kl", .i_xt = k ? 0.5 * bit : INFINITY, .i_ty = 0.0,
                       .h_t = -0.0, .cells = -1}}};
    ipl_rundir *dir;
    CHECK_OK(ipl_rundir_create(files_path(f, "r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 1));
    CHECK_OK(ipl_rundir_open_tables(dir, -1));
    CHECK_OK(ipl_rundir_summary(dir, 40, 3, 1, layer));
    CHECK_OK(ipl_rundir_flush(dir));
    ipl_rundir_close(dir);
    char *text = files_text(f, "r/summary.csv");
    static const char want[] = "epoch,layer,estimator,quantity,mean,deviation,n\n"
                               "40,1,bin,i_xt_bits,2.33333333,1.52752523,3\n"
                               "40,1,bin,i_ty_bits,0,1.41421356,2\n"
                               "40,1,bin,h_t_bits,,,0\n"
                               "40,1,bin,i_t_next_bits,3,,1\n"
                               "40,1,kl,i_xt_bits,0.5,0,2\n"
                               "40,1,kl,i_ty_bits,0,0,3\n"
                               "40,1,kl,h_t_bits,0,0,3\n";
    if (strcmp(text, want)) fail_msg("%s\nexpected\n%s", text, want);
    free(text);
    files_remove_folder(f);
}

/* -- Doubts -----------------------------------------------------------------------*/

/* 1 if the words of a field, as in "saturated|outside", have this one. */
static int has_word(const char *field, const char *word)
{
    const size_t length = strlen(word);
    for (const char *at = field; *at; at += strcspn(at, "|"), at += *at == '|')
        if (strcspn(at, "|") == length && !strncmp(at, word, length)) return 1;
    return 0;
}

/* Where the columns of a table are; -1: it has none. */
typedef struct {
    int layer, estimator, flags, outside, refused;
} places;
static const places in_details = {2, 3, 9, 7, 12}, in_pool = {5, 6, 12, -1, -1};

/* Counts again what this row says. */
static void expect_doubt(const ipl_doubt *d, const places *at, const row *all,
                         int count)
{
    const char *why = ipl_mi_refusal_text(d->refusal);
    int64_t points = 0, flagged = 0;
    uint64_t layers = 0;
    double share = NAN;
    for (int r = 0; r < count; ++r) {
        if (strcmp(all[r].field[at->estimator], d->estimator)) continue;
        ++points;
        if (!has_word(all[r].field[at->flags], ipl_mi_flag_name(d->flag))) continue;
        if (why && strcmp(all[r].field[at->refused], why)) continue;
        ++flagged;
        layers |= (uint64_t)1 << (atoi(all[r].field[at->layer]) - 1);
        if (!strcmp(ipl_mi_flag_name(d->flag), "outside") && at->outside >= 0)
            share = fmax(share, strtod(all[r].field[at->outside], NULL));
    }
    if (d->points != flagged || d->all != points || d->layers != layers ||
        isnan(d->outside_share) != isnan(share) ||
        (!isnan(share) && fabs(d->outside_share - share) > 1e-8))
        fail_msg("%s, %s: %lld of %lld in %llx, %g: the table has %lld of %lld in "
                 "%llx, %g", d->estimator, ipl_mi_flag_name(d->flag),
                 (long long)d->points, (long long)d->all,
                 (unsigned long long)d->layers, d->outside_share,
                 (long long)flagged, (long long)points, (unsigned long long)layers,
                 share);
}

/* Flags in all rows: their sum must be that of the doubts, so that none is left out. */
static int64_t flags_of(const places *at, const row *all, int count)
{
    int64_t flags = 0;
    for (int r = 0; r < count; ++r)
        for (const char *c = all[r].field[at->flags]; *c;
             c += strcspn(c, "|"), c += *c == '|')
            ++flags;
    return flags;
}

/* Of the table, plane_details.csv or pool.csv; returns which flags there were. */
static unsigned check_doubts(const char *f, int pooled)
{
    ipl_doubt *doubt;
    int64_t many, flags = 0;
    int count;
    unsigned seen = 0;
    const places *at = pooled ? &in_pool : &in_details;
    row *all = rows_of(f, pooled ? "r/pool.csv" : "r/plane_details.csv", &count);
    CHECK_OK(ipl_run_doubts(files_path(f, "r"), &doubt, &many));
    for (int64_t k = 0; k < many; ++k) {
        if (doubt[k].pooled != pooled) continue;
        expect_doubt(doubt + k, at, all, count);
        flags += doubt[k].points;
        seen |= 1u << doubt[k].flag;
    }
    CHECK(flags == flags_of(at, all, count));
    free(doubt);
    free(all);
    return seen;
}

static void doubts_are_those_of_all_rows(void **state)
{
    for (int sessions = 1; sessions <= 2; ++sessions) {
        char f[FILES_PATH];
        files_make_folder(f);
        const ipl_config config = small_config("measure.estimators=bin, kde, ksg, lnn",
                                               NULL);
        run_in_sessions(check_device(state), f, &config, sessions);
        const unsigned seen = check_doubts(f, 0);
        CHECK(seen & IPL_MI_SATURATED && seen & IPL_MI_OUTSIDE && seen & IPL_MI_TIES &&
              seen & IPL_MI_REFUSED);
        files_remove_folder(f);
    }
}

static void pooled_points_are_counted_by_themselves(void **state)
{
    for (int sessions = 1; sessions <= 2; ++sessions) {
        char f[FILES_PATH];
        files_make_folder(f);
        const ipl_config config = small_config("pool.windows=0:2, last:2",
                                               "bin.form=exact", NULL);
        run_in_sessions(check_device(state), f, &config, sessions);
        CHECK(check_doubts(f, 1) & IPL_MI_SATURATED);
        CHECK(check_doubts(f, 0) & IPL_MI_SATURATED);
        files_remove_folder(f);
    }
}

/* Each flag that has a name makes a row, and the reasons of what was refused one each;
 * having no labels is no doubt. */
static void every_flag_and_reason_has_its_row(void **state)
{
    ipl_mi_point point[3] = {
        {.name = "a", .flags = (1u << IPL_MI_FLAG_COUNT) - 1, .outside_share = 0.25,
         .refusal = IPL_MI_CONSTANT},
        {.name = "a", .flags = IPL_MI_REFUSED | IPL_MI_OUTSIDE, .outside_share = 0.75,
         .refusal = IPL_MI_FLAT},
        {.name = "b", .flags = IPL_MI_NO_LABELS}};
    ipl_doubt *doubt;
    int64_t count;
    int refused = 0, next = 0;
    (void)state;
    CHECK_OK(ipl_doubts_of(3, point, &doubt, &count));
    for (int f = 0; f < IPL_MI_FLAG_COUNT; ++f) {
        if (!ipl_mi_flag_name(f)) continue;
        const int rows = 1 + (1u << f == IPL_MI_REFUSED);
        for (int k = 0; k < rows; ++k, ++next) {
            CHECK(next < count && doubt[next].flag == f);
            CHECK(!strcmp(doubt[next].estimator, "a") && doubt[next].all == 2);
            CHECK(doubt[next].layers == 1);
            CHECK(doubt[next].points == 1 + (1u << f == IPL_MI_OUTSIDE));
            if (1u << f == IPL_MI_OUTSIDE) CHECK(doubt[next].outside_share == 0.75);
            else CHECK(isnan(doubt[next].outside_share));
            if (1u << f == IPL_MI_REFUSED)
                CHECK(doubt[next].refusal ==
                      (refused++ ? IPL_MI_FLAT : IPL_MI_CONSTANT));
            else CHECK(doubt[next].refusal == IPL_MI_NOT_REFUSED);
        }
    }
    CHECK(next == count && refused == 2);
    free(doubt);
    CHECK_OK(ipl_doubts_of(0, NULL, &doubt, &count));
    CHECK(!count);
    free(doubt);
}

static void a_damaged_list_of_doubts_is_refused(void **state)
{
    static const char *const bad[] = {
        "[3]", "[{\"flag\": \"saturated\"}]",
        "[{\"estimator\": \"bin\", \"flag\": \"blue\", \"points\": 1, \"of\": 2}]",
        "[{\"estimator\": \"bin\", \"flag\": \"ties\", \"points\": 3, \"of\": 2}]",
        "[{\"estimator\": \"bin\", \"flag\": \"ties\", \"points\": 1, \"of\": 2, "
        "\"layers\": [33]}]"};
    ipl_doubt *doubt = NULL;
    int64_t count = -1;
    char f[FILES_PATH], text[256];
    (void)state;
    files_make_folder(f);
    CHECK_FAILS(ipl_run_doubts(f, &doubt, &count), IPL_E_IO, "run.json");
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        snprintf(text, sizeof text, "{\"doubts\": %s}", bad[k]);
        files_write(files_path(f, "run.json"), strlen(text), text);
        CHECK_FAILS(ipl_run_doubts(f, &doubt, &count), IPL_E_FORMAT, "entry 1 of");
    }
    files_write(files_path(f, "run.json"), 1, "{");
    CHECK_FAILS(ipl_run_doubts(f, &doubt, &count), IPL_E_FORMAT, "run.json:1:");
    CHECK(!doubt && count == -1);
    files_write(files_path(f, "run.json"), 2, "{}"); /* of an earlier version */
    CHECK_OK(ipl_run_doubts(f, &doubt, &count));
    CHECK(!count);
    free(doubt);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(summaries_follow_from_the_tables),
    CHECK_TEST(one_seed_has_no_deviation),
    CHECK_TEST(doubts_are_those_of_all_rows),
    CHECK_TEST(pooled_points_are_counted_by_themselves),
    CHECK_TEST(a_summary_worked_by_hand),
    CHECK_TEST(every_flag_and_reason_has_its_row),
    CHECK_TEST(a_damaged_list_of_doubts_is_refused),
};

CHECK_MAIN("doubts", tests, 1)
