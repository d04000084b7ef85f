/*
 * test_run_inputs.c - runs whose estimators compare inputs, with standard errors.
 */
#include "file.h"
#include "ipl_mi.h"
#include "plane/records.h"
#include "plane/rundir.h"
#include "plane_case.h"
#include "replay_case.h"

/* Test rows, a subset of them; the first layer passes its inputs on nearly as they
 * are. */
static const char *const small[] = {
    "net.layers=12, 6-linear, 2", "data.limit=400", "data.split=shuffled",
    "data.train_fraction=0.5", "train.epochs=6", "train.replicas=2", "train.batch=50",
    "measure.policy=every", "measure.every=2", "measure.rows=test",
    "measure.subset=60", "measure.estimators=kde, mixed", "mixed.k=3",
    "measure.error=jackknife", "run.checkpoint_s=0", NULL};

enum { FIELDS = 13 };

/* Splits a row at its commas, in place; the next row, NULL: no more. */
static char *split(char *row, char *field[FIELDS], int *count)
{
    char *end = strchr(row, '\n');
    if (!end) return NULL;
    *end = 0;
    *count = 0;
    for (char *at = row; at && *count < FIELDS; ++*count) {
        field[*count] = at;
        at = strchr(at, ',');
        if (at) *at++ = 0;
    }
    return end + 1;
}

static double bits_of(const char *field) { return *field ? atof(field) : NAN; }

static void near_bits(const char *what, const char *field, double nats, double bound)
{
    const double want = nats / log(2.0), got = bits_of(field);
    if (!(fabs(got - want) <= bound) && !(isnan(got) && isnan(want)))
        fail_msg("%s is %s, expected %.6g within %.2g", what, field, want, bound);
}

/* The rows of both tables of a tick and a replica, from the networks trained again and
 * their rows as inputs. The activations are those of the run but for rounding, which
 * may change the order of a few neighbours. */
static void expect_tick(ipl_device *dev, const replay *p, int replica, int64_t n,
                        const float *x, const int32_t *y, char **plane, char **details)
{
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
    const int count = ipl_config_estimators(&p->config, options);
    const double bound = 0.02;
    float *act[IPL_NET_LAYERS_MAX];
    replay_forward(p, replica, n, x, act);
    for (int l = 1; l <= p->shape.layers; ++l) {
        ipl_mi_layer layer = {.d = p->shape.width[l], .t = act[l - 1]};
        const ipl_mi_samples samples = {
            .n = n, .y = y, .inputs_d = p->shape.width[0],
            .inputs = p->config.x == IPL_X_INPUTS ? x : NULL, .error = p->config.error};
        CHECK_OK(ipl_mi_estimate_host(dev, count, options, &samples, 1, &layer));
        for (int k = 0; k < layer.points; ++k) {
            char *field[FIELDS];
            int fields;
            const ipl_mi_point *point = &layer.point[k];
            *plane = split(*plane, field, &fields);
            CHECK(*plane && fields == 6 && !strcmp(field[3], point->name));
            CHECK(atoi(field[2]) == l && atoi(field[1]) == p->tick);
            near_bits("i_xt", field[4], point->i_xt, bound);
            near_bits("i_ty", field[5], point->i_ty, bound);
            *details = split(*details, field, &fields);
            CHECK(*details && fields == 13 && !strcmp(field[3], point->name));
            near_bits("se_x", field[10], point->se_x, bound);
            near_bits("se_y", field[11], point->se_y, bound);
            CHECK(!*field[12]);
        }
    }
    for (int l = 0; l < p->shape.layers; ++l) free(act[l]);
}

static void check_run(ipl_device *dev, const char *f, const ipl_config *config)
{
    float *x;
    int32_t *y;
    replay p = replay_start(dev, config);
    const int64_t n = replay_measured(&p, &x, &y);
    char *plane = files_text(f, "r/plane.csv");
    char *details = files_text(f, "r/plane_details.csv");
    char *row = (char *)first_row(plane), *more = strchr(details, '\n') + 1;
    for (int64_t tick = 0; tick <= 6; ++tick) {
        for (int r = 0; r < p.replicas && tick % 2 == 0; ++r)
            expect_tick(dev, &p, r, n, x, y, &row, &more);
        if (tick < 6) replay_tick(&p);
    }
    CHECK(!*row && !*more);
    free(plane);
    free(details);
    free(x);
    free(y);
    replay_free(&p);
}

static void inputs_are_those_of_the_measured_rows(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_config config = config_of(small);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    check_run(dev, f, &config);
    char *plane = files_text(f, "r/plane.csv");
    CHECK(strstr(plane, ",mixed,") && !strstr(plane, ",mixed,,"));
    free(plane);
    files_remove_folder(f);
}

static void without_inputs_there_is_no_i_xt(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH];
    files_make_folder(f);
    ipl_config config = config_of(small);
    CHECK_OK(ipl_config_set(&config, "measure.x=none"));
    CHECK_OK(ipl_run(dev, &config, files_path(f, "r"), NULL, NULL, NULL));
    check_run(dev, f, &config);
    char *plane = files_text(f, "r/plane.csv");
    int64_t mixed = 0, empty = 0;
    for (const char *at = plane; (at = strstr(at, ",mixed,")); ++at) ++mixed;
    for (const char *at = plane; (at = strstr(at, ",mixed,,0")); ++at) ++empty;
    CHECK(mixed == 4 * 2 * 2 && empty > 0 && !strstr(plane, ",mixed,0"));
    free(plane);
    files_remove_folder(f);
}

static int stop_after_two(void *user, const ipl_progress *now)
{
    (void)user;
    return now->measured >= 2;
}

/* Errors and reasons come back from the journal; what X and the errors are cannot be
 * changed on the way. */
static void resumed_runs_have_the_same_errors(void **state)
{
    ipl_device *dev = check_device(state);
    char f[FILES_PATH], text[256];
    files_make_folder(f);
    ipl_config config = config_of(small);
    CHECK_OK(ipl_run(dev, &config, files_path(f, "whole"), NULL, NULL, NULL));
    CHECK_FAILS(ipl_run(dev, &config, files_path(f, "r"), stop_after_two, NULL, NULL),
                IPL_E_STOPPED, "stopped");
    snprintf(text, sizeof text, "sed -i.kept s/jackknife/none/ %s",
             files_path(f, "r/config.ini"));
    CHECK(!system(text));
    CHECK_FAILS(ipl_resume(dev, files_path(f, "r"), NULL, NULL, NULL), IPL_E_ARGUMENT,
                "error");
    CHECK(!rename(files_path(f, "r/config.ini.kept"), files_path(f, "r/config.ini")));
    CHECK_OK(ipl_resume(dev, files_path(f, "r"), NULL, NULL, NULL));
    same_file(files_path(f, "whole"), files_path(f, "r"), "plane.csv");
    same_file(files_path(f, "whole"), files_path(f, "r"), "plane_details.csv");
    files_remove_folder(f);
}

/* -- The writers alone ------------------------------------------------------------*/

enum { LAYERS = 3 };

static ipl_status read_points(void *user, uint32_t type, int64_t tick,
                              const void *payload, size_t bytes)
{
    CHECK(type == RECORD_POINTS && tick == 7);
    /* A record that is shorter, longer, or of another number of layers. */
    CHECK(ipl_records_read_points(payload, bytes - 1, LAYERS, user) == IPL_E_FORMAT);
    CHECK(ipl_records_read_points(payload, 8, LAYERS, user) == IPL_E_FORMAT);
    CHECK(ipl_records_read_points(payload, bytes, LAYERS - 1, user) == IPL_E_FORMAT);
    return ipl_records_read_points(payload, bytes, LAYERS, user);
}

/* Layers with all points, with all of a setting, and with one that was refused. */
static void points_come_back_from_the_journal(void **state)
{
    char f[FILES_PATH];
    static ipl_layer want[LAYERS], got[LAYERS];
    ipl_journal *j;
    (void)state;
    files_make_folder(f);
    for (int k = 0; ipl_mi_point_name(k); ++k) {
        ipl_mi_estimator is;
        const double v = k + 1.0;
        CHECK_OK(ipl_mi_point_named(ipl_mi_point_name(k), &is, NULL));
        const ipl_mi_family *family = ipl_mi_family_of(is);
        int number = 0;
        while (strcmp(family->point[number].name, ipl_mi_point_name(k))) ++number;
        const ipl_mi_point point = {
            is, "", family->point[number].bound, v, v / 3, v / 5, v / 7, k, v / 9,
            v / 11, v / 13, v / 17, (ipl_mi_refusal)(k % IPL_MI_REFUSAL_COUNT),
            1u << k % IPL_MI_FLAG_COUNT};
        for (int l = 0; l < 2; ++l) { /* the second one's have settings */
            ipl_mi_point *to = &want[l].point[want[l].points++];
            *to = point;
            snprintf(to->name, sizeof to->name, l ? "%s@%d" : "%s",
                     ipl_mi_point_name(k), k);
        }
    }
    want[2].points = 1;
    want[2].point[0] = want[0].point[3];
    want[2].point[0].i_xt = want[2].point[0].se_x = NAN;
    want[2].point[0].refusal = IPL_MI_FLAT;
    const ipl_identity of = {{1, 2}, 3};
    CHECK_OK(ipl_journal_open(IPL_FILE_PATH, files_path(f, "log"), &of, &j));
    CHECK_OK(ipl_records_add_points(j, RECORD_POINTS, 7, LAYERS, want));
    /* no more than the points that there are */
    CHECK(ipl_journal_bytes(j) < (2 * want[0].points + 1) * 112 + 200);
    ipl_journal_close(j);
    CHECK_OK(ipl_journal_open(IPL_FILE_PATH, files_path(f, "log"), NULL, &j));
    CHECK_OK(ipl_journal_read(j, read_points, got));
    ipl_journal_close(j);
    for (int l = 0; l < LAYERS; ++l) {
        CHECK(got[l].points == want[l].points);
        for (int p = 0; p < want[l].points; ++p) {
            const ipl_mi_point *a = &got[l].point[p], *b = &want[l].point[p];
            CHECK(a->estimator == b->estimator && !strcmp(a->name, b->name));
            assert_memory_equal(&a->bound, &b->bound, /* no padding from here on */
                                sizeof *a - offsetof(ipl_mi_point, bound));
        }
    }
    files_remove_folder(f);
}

/* The writer alone: what is not defined leaves its field empty and says why; each flag
 * has its name. */
static void refused_points_say_why(void **state)
{
    char f[FILES_PATH], all[256] = "";
    files_make_folder(f);
    ipl_layer layer = {.points = 2};
    for (int p = 0; p < 2; ++p)
        layer.point[p] = (ipl_mi_point){
            .name = "lnn", .h_t = NAN, .i_xt = NAN, .i_ty = NAN, .noise_var = NAN,
            .cells = -1, .outside_share = NAN, .se_x = NAN, .se_y = NAN,
            .i_next = NAN};
    layer.point[0].i_xt = 2.0 * log(2.0);
    layer.point[0].se_x = 0.5 * log(2.0);
    layer.point[0].se_y = 0.25 * log(2.0);
    layer.point[0].refusal = IPL_MI_CONSTANT;
    layer.point[0].flags = IPL_MI_REFUSED | IPL_MI_TIES | IPL_MI_NO_LABELS;
    layer.point[1].flags = (1u << IPL_MI_FLAG_COUNT) - 1;
    for (int k = 0; k < IPL_MI_FLAG_COUNT; ++k)
        if (ipl_mi_flag_name(k))
            snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s",
                     *all ? "|" : "", ipl_mi_flag_name(k));
    ipl_rundir *dir;
    (void)state;
    CHECK_OK(ipl_rundir_create(files_path(f, "r"), &dir));
    CHECK_OK(ipl_rundir_start_tables(dir, 0));
    CHECK_OK(ipl_rundir_open_tables(dir, -1));
    CHECK_OK(ipl_rundir_points(dir, 1, 2, 1, &layer));
    CHECK_OK(ipl_rundir_flush(dir));
    ipl_rundir_close(dir);
    char *plane = files_text(f, "r/plane.csv"), want[320];
    char *details = files_text(f, "r/plane_details.csv");
    CHECK(strstr(plane, "\n1,2,1,lnn,2,\n"));
    CHECK(strstr(details, "\n1,2,1,lnn,,,,,,ties|refused,0.5,0.25,"
                          "a column is constant\n"));
    snprintf(want, sizeof want, "\n1,2,1,lnn,,,,,,%s,,,\n", all);
    CHECK(strstr(details, want) && !strcmp(ipl_mi_flag_name(4), "negative"));
    for (int k = 0; k <= IPL_MI_REFUSAL_COUNT; ++k) {
        const char *text = ipl_mi_refusal_text((ipl_mi_refusal)k);
        CHECK(!text == (k == IPL_MI_NOT_REFUSED || k == IPL_MI_REFUSAL_COUNT));
        CHECK(!text || !strpbrk(text, ",\"\n")); /* it is a field as it is */
    }
    free(plane);
    free(details);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(inputs_are_those_of_the_measured_rows),
    CHECK_TEST(without_inputs_there_is_no_i_xt),
    CHECK_TEST(resumed_runs_have_the_same_errors),
    CHECK_TEST(points_come_back_from_the_journal),
    CHECK_TEST(refused_points_say_why),
};

CHECK_MAIN("run_inputs", tests, 1)
