/*
 * test_panels.c - which panels a picture has, where they stand, and its format.
 */
#include "ipl_audit.h"
#include "ipl_data.h"
#include "pool_case.h"

/* A run, and an audit of its configuration, in one directory. */
static void run_and_audit_into(const char *f)
{
    ipl_device *dev;
    ipl_config config;
    run_into(f, NULL);
    CHECK_OK(ipl_config_read(files_path(f, "r/config.ini"), &config));
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_audit_config(dev, &config, IPL_AUDIT_FIRST_SEED, files_path(f, "r"),
                              NULL));
    ipl_device_close(dev);
}

static void each_picture_has_its_panels(void **state)
{
    static const int panels[IPL_PLOT_COUNT] = {
        [IPL_PLOT_ALL] = 9 + 3, [IPL_PLOT_PLANE] = 3, [IPL_PLOT_EPOCHS] = 6,
        [IPL_PLOT_SNR] = 3, [IPL_PLOT_POOL] = 3 * 2 * POOL_WINDOWS,
        [IPL_PLOT_POOLED_PLANE] = 6, [IPL_PLOT_AUDIT] = 3};
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_and_audit_into(f);
    pool_write(files_path(f, "r/pool.csv"), POOL_SEEDS);
    for (int what = 0; what < IPL_PLOT_COUNT; ++what) {
        char *script = draw(f, (ipl_plot_what)what);
        CHECK(panels_of(script) == 1 + panels[what]);
        CHECK(!!strstr(script, "set title 'gradients: signal-to-noise ratio'") ==
              (what == IPL_PLOT_ALL || what == IPL_PLOT_SNR));
        free(script);
    }
    files_remove_folder(f);
}

/* left, right, bottom, top: shares of the picture. */
static void place_of(const panel *p, double at[4])
{
    static const char *const side[] = {"lmargin", "rmargin", "bmargin", "tmargin"};
    for (int k = 0; k < 4; ++k) {
        char words[32];
        const char *text;
        snprintf(words, sizeof words, "set %s at screen ", side[k]);
        CHECK((text = strstr(p->text, words)));
        at[k] = strtod(text + strlen(words), NULL);
    }
    CHECK(0.0 < at[0] && at[0] < at[1] && at[1] < 1.0);
    CHECK(0.0 < at[2] && at[2] < at[3] && at[3] < 1.0);
}

/* The lowest place of the legend's texts, as a share of the picture. */
static double foot_of_legend(const char *script)
{
    panel legend = panel_at(script, 0);
    double x, y, lowest = 1.0;
    const char *at = legend.text;
    for (; (at = strstr(at, " at screen ")); ++at)
        if (sscanf(at, " at screen %lf,%lf ", &x, &y) == 2) lowest = fmin(lowest, y);
    free(legend.text);
    CHECK(0.5 < lowest && lowest < 1.0);
    return lowest;
}

static void panels_do_not_cover_each_other(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_and_audit_into(f);
    pool_write(files_path(f, "r/pool.csv"), POOL_SEEDS);
    for (int what = 0; what < IPL_PLOT_COUNT; ++what) {
        char *script = draw(f, (ipl_plot_what)what);
        const int panels = panels_of(script);
        double at[32][4];
        CHECK(panels <= 32);
        for (int k = 1; k < panels; ++k) {
            panel p = panel_at(script, k);
            place_of(&p, at[k]);
            free(p.text);
            CHECK(at[k][3] < foot_of_legend(script));
            for (int o = 1; o < k; ++o)
                CHECK(at[k][0] > at[o][1] || at[o][0] > at[k][1] ||
                      at[k][2] > at[o][3] || at[o][2] > at[k][3]);
        }
        free(script);
    }
    files_remove_folder(f);
}

enum { MANY = 7, MANY_TICKS = 200 };

/* A run of seven estimators and many ticks in f/r. */
static void run_of_many(const char *f)
{
    run_into(f, "train.replicas=1", NULL);
    FILE *out = fopen(files_path(f, "r/plane.csv"), "w");
    CHECK(out && fputs("seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n", out) >= 0);
    for (int t = 0; t < MANY_TICKS; ++t)
        for (int e = 0; e < MANY; ++e)
            fprintf(out, "1,%d,1,bin@%d,%d,0.5\n", t, 10 * e + 10, 1 + e);
    CHECK(!fclose(out) && !remove(files_path(f, "r/plane_details.csv")));
}

/* Of more than four estimators they stand in rows, each with its bar of colours. */
static void many_planes_stand_in_rows_of_three(void **state)
{
    char f[FILES_PATH];
    double at[1 + MANY][4];
    (void)state;
    files_make_folder(f);
    run_of_many(f);
    char *script = draw(f, IPL_PLOT_PLANE);
    CHECK(panels_of(script) == 1 + MANY);
    for (int k = 1; k <= MANY; ++k) {
        panel p = panel_at(script, k);
        place_of(&p, at[k]);
        const int is_last = k % 3 == 0 || k == MANY;
        CHECK(!!panel_says(&p, "set colorbox user") == is_last);
        if (k > 3) CHECK(at[k][3] < at[k - 3][2] && at[k][0] == at[k - 3][0]);
        if (k % 3 != 1) CHECK(at[k][0] > at[k - 1][1] && at[k][3] == at[k - 1][3]);
        CHECK(at[k][3] < foot_of_legend(script));
        free(p.text);
    }
    free(script);
    files_remove_folder(f);
}

/* Frames of a larger picture take more bytes: it has fewer of them. */
static void larger_movies_have_fewer_frames(void **state)
{
    static const char *const estimators[] = {"bin@10", NULL};
    char f[FILES_PATH];
    int frames[2] = {0};
    (void)state;
    files_make_folder(f);
    run_of_many(f);
    const char *dir = files_path(f, "r");
    for (int k = 0; k < 2; ++k) {
        ipl_plot_options how = ipl_plot_defaults();
        how.what = IPL_PLOT_PLANE;
        how.estimators = estimators[k];
        char *script = picture_of(1, &dir, &how, files_path(f, "p.gif"));
        CHECK(strstr(script, "set terminal gif animate optimize "));
        for (const char *at = script; (at = strstr(at, "\nT = ")); ++at) ++frames[k];
        CHECK(strstr(script, "\nT = 0.5\n") && strstr(script, "\nT = 199\n"));
        free(script);
    }
    CHECK(frames[0] > 30 && frames[0] <= 60 && frames[1] > 6 && frames[1] <= 22);
    files_remove_folder(f);
}

/* Without labels there is I(X;T) alone, over the ticks. */
static void activations_without_labels_have_one_axis(void **state)
{
    static const float t[] = {0.1f, 0.2f, 0.3f, 0.9f};
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options bin = ipl_mi_defaults(IPL_MI_BIN);
    ipl_device *dev;
    (void)state;
    CHECK(!mkdir(files_path(f, "t"), 0777));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "t/epoch_0_layer_1.npy"), 4, 1, t));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "t/epoch_5_layer_1.npy"), 4, 1, t));
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_estimate_folder(
        dev, 1, &bin, &(ipl_activations){.folder = files_path(f, "t")},
        files_path(f, "r"), NULL, NULL, NULL));
    ipl_device_close(dev);
    char *script = draw(f, IPL_PLOT_ALL);
    CHECK(panels_of(script) == 2);
    CHECK(!strstr(script, "H(Y)") && !strstr(script, "seeds"));
    panel p = panel_named(script, "bin: 30 edges over [-1, 1]", "epoch",
                          "I(X;T) [bits]");
    CHECK(panel_says(&p, "set label 'log_2 n = 2' at ") == 1);
    free(p.text);
    free(script);
    files_remove_folder(f);
}

/* The file is what gnuplot drew, in the format that its name asks for, and a PNG has
 * two pixels a point. */
static void the_ending_chooses_the_format(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    int size[2], twice[2];
    (void)state;
    run_into(f, NULL);
    char *script = picture_script(files_path(f, "r"), IPL_PLOT_ALL,
                                  files_path(f, "a.svg"));
    CHECK(sscanf(script, "set terminal svg size %d,%d ", size, size + 1) == 2);
    char *drawn = files_text(f, "a.svg");
    CHECK(!strcmp(drawn, "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>\n"));
    free(drawn);
    free(script);
    script = picture_script(files_path(f, "r"), IPL_PLOT_ALL, files_path(f, "a.PNG"));
    CHECK(sscanf(script, "set terminal pngcairo size %d,%d ", twice, twice + 1) == 2);
    CHECK(twice[0] == 2 * size[0] && twice[1] == 2 * size[1]);
    drawn = files_text(f, "a.PNG");
    CHECK(!strncmp(drawn, "\211PNG\r\n\032\nIEND", 12));
    free(drawn);
    free(script);
    files_remove_folder(f);
}

/* cairo draws no side of more than 32767 pixels. */
static void a_picture_too_large_for_png_says_so(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_into(f, NULL);
    FILE *out = fopen(files_path(f, "r/pool.csv"), "w");
    CHECK(out && fputs(POOL_HEADER, out) >= 0);
    for (int w = 1; w <= 60; ++w)
        fprintf(out, "1,%d,%d,%d,1,1,bin,5,0.5,,,6,,none\n", w, w, w);
    CHECK(!fclose(out));
    CHECK_FAILS(ipl_plot(files_path(f, "r"), IPL_PLOT_POOL, files_path(f, "p.png")),
                IPL_E_ARGUMENT, "points are too large for PNG; SVG has no limit");
    free(draw(f, IPL_PLOT_POOL));
    files_remove_folder(f);
}

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    CHECK(out && fputs(text, out) >= 0 && !fclose(out));
}

/* One seed with two estimators: one has standard errors, but no error of its last row,
 * and one has no I(X;T). */
static char *script_of_errors(ipl_plot_what what)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, "train.replicas=1", NULL);
    write_text(files_path(f, "r/plane.csv"),
               "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n"
               "1,0,1,bin,5.5,0.5\n1,0,1,ross,,0.25\n"
               "1,1,1,bin,5,0.5\n1,1,1,ross,,0.5\n");
    write_text(files_path(f, "r/plane_details.csv"),
               "seed,epoch,layer,estimator,h_t_bits,se_x_bits,se_y_bits,flags\n"
               "1,0,1,bin,1,2,0.125,\n1,0,1,ross,,,0.0625,\n1,1,1,bin,1,,0.25,\n");
    char *script = draw(f, what);
    files_remove_folder(f);
    return script;
}

static void standard_errors_are_bars(void **state)
{
    char *script = script_of_errors(IPL_PLOT_ALL);
    (void)state;
    CHECK(strstr(script, ", ± one standard error'"));
    CHECK(!strstr(script, "one deviation"));
    const double want[2][6] = {{0.5, 5.5, 2, 0.5, 0.125, 1}, {1, 5, 0, 0.5, 0.25, 1}};
    const block *bin = block_of(script, "$plane0", 0);
    CHECK(bin->rows == 3); /* the last one is empty */
    for (int k = 0; k < 2; ++k)
        for (int v = 0; v < 6; ++v) CHECK(bin->value[k][v] == want[k][v]);
    const block *ross = block_of(script, "$plane1", 0);
    CHECK(ross->rows == 3 && isnan(ross->value[0][1]) && ross->value[0][4] == 0.0625);
    CHECK(ross->value[1][4] == 0); /* its row of errors is missing */
    panel p = panel_named(script, "bin: 30 edges over [-1, 1]", "epoch",
                          "I(X;T) [bits]");
    double lo, hi;
    panel_range(&p, "yrange", &lo, &hi);
    CHECK(hi > 5.5 + 2 && panel_says(&p, "filledcurves") == 3);
    free(p.text);
    free(script);
}

static void an_axis_without_values_says_so(void **state)
{
    char *script = script_of_errors(IPL_PLOT_EPOCHS);
    (void)state;
    panel x = panel_named(script, "Ross", "epoch", "I(X;T) [bits]");
    panel y = panel_named(script, "Ross", "epoch", "I(T;Y) [bits]");
    CHECK(panel_says(&x, "set label 'no values of I(X;T) [bits]'") == 1);
    CHECK(!panel_says(&y, "'no values") && y.curves > x.curves);
    free(x.text);
    free(y.text);
    free(script);
    script = script_of_errors(IPL_PLOT_PLANE);
    CHECK(strstr(script, "set label 'no values of I(X;T) [bits]'"));
    free(script);
}

/* log n bounds families whose inputs are all different ones, and no others. */
static void a_ceiling_stands_where_it_holds(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_into(f, "train.replicas=1", NULL);
    write_text(files_path(f, "r/plane.csv"),
               "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n"
               "1,0,1,bin,5.5,0.5\n1,0,1,lnn,9,0.25\n"
               "1,1,1,bin,5,0.5\n1,1,1,lnn,8,0.5\n");
    char *script = draw(f, IPL_PLOT_EPOCHS);
    panel bin = panel_named(script, "bin: 30 edges over [-1, 1]", "epoch",
                            "I(X;T) [bits]");
    panel lnn = panel_named(script, "LNN", "epoch", "I(X;T) [bits]");
    panel labels = panel_named(script, "LNN", "epoch", "I(T;Y) [bits]");
    CHECK(panel_says(&bin, "log_2 n") && !panel_says(&lnn, "log_2 n"));
    CHECK(panel_says(&labels, "H(Y)"));
    free(bin.text);
    free(lnn.text);
    free(labels.text);
    free(script);
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(each_picture_has_its_panels),
    CHECK_TEST(panels_do_not_cover_each_other),
    CHECK_TEST(many_planes_stand_in_rows_of_three),
    CHECK_TEST(larger_movies_have_fewer_frames),
    CHECK_TEST(activations_without_labels_have_one_axis),
    CHECK_TEST(the_ending_chooses_the_format),
    CHECK_TEST(a_picture_too_large_for_png_says_so),
    CHECK_TEST(standard_errors_are_bars),
    CHECK_TEST(an_axis_without_values_says_so),
    CHECK_TEST(a_ceiling_stands_where_it_holds),
};

CHECK_MAIN("panels", tests, 0)
