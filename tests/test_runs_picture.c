/*
 * test_runs_picture.c - pictures of several runs, of chosen parts, of a given size, and
 * movies.
 */
#include "runs_case.h"

/* -- Several runs -----------------------------------------------------------------*/

static void runs_stand_side_by_side_on_common_axes(void **state)
{
    two_runs t;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    char *script = draw_two(&t, &how, "p.svg");
    CHECK(panels_of(script) == 1 + 3 + 3); /* tanh has no bin@30, relu no lower bound */
    panel left = panel_named(script, "{/:Bold tanh}   bin: 30 edges over [-1, 1]",
                             axis_name[0], axis_name[1]);
    panel right = panel_named(script, "{/:Bold relu}   bin: 30 edges over [-1, 1]",
                              axis_name[0], axis_name[1]);
    for (int a = 0; a < 2; ++a) {
        double lo[2], hi[2];
        panel_range(&left, a ? "yrange" : "xrange", &lo[0], &hi[0]);
        panel_range(&right, a ? "yrange" : "xrange", &lo[1], &hi[1]);
        CHECK(lo[0] == lo[1] && hi[0] == hi[1]);
        CHECK(a ? lo[0] < -0.7 && hi[0] > 1.5 : hi[0] > 9);
    }
    double lo, hi;
    panel_range(&left, "cbrange", &lo, &hi);
    CHECK(lo == 1 && hi == 9);
    CHECK(margin(&left, "tmargin") == margin(&right, "tmargin"));
    CHECK(margin(&left, "rmargin") < margin(&right, "lmargin"));
    CHECK(!strcmp(left.curve[0].source, "$plane0"));
    CHECK(!strcmp(right.curve[0].source, "$plane0_1"));
    CHECK(block_of(script, "$plane0_1", 0)->value[1][1] == 8);
    CHECK(block_of(script, "$plane0", 0)->value[1][1] == 3);
    panel alone = panel_at(script, 6);
    CHECK(!strncmp(alone.title, "{/:Bold relu}   bin", 19));
    CHECK(margin(&alone, "lmargin") == margin(&right, "lmargin"));
    free(alone.text);
    free(left.text);
    free(right.text);
    free(script);
    how.what = IPL_PLOT_ALL; /* four names in three rows, and three of gradients */
    script = draw_two(&t, &how, "p.svg");
    CHECK(panels_of(script) == 1 + 3 * 6 + 3 * 2);
    free(script);
    files_remove_folder(t.folder);
}

/* Which lines, points and numbers of layers are which run's. */
static void overlaid_runs_are_told_apart(void **state)
{
    static const char *const line[] = {"dt 1 lc '#0072B2'", "dt (12,5) lc '#0072B2'"};
    static const char *const point[] = {"with points pt 7 ", "with points pt 5 "};
    two_runs t;
    (void)state;
    make_two(&t);
    for (int kind = 0; kind < 3; ++kind) {
        ipl_plot_options how = of(kind ? IPL_PLOT_EPOCHS : IPL_PLOT_PLANE);
        how.overlay = 1;
        how.estimators = "bin@30,bin";
        char *script = draw_two(&t, &how, "p.svg");
        CHECK(panels_of(script) == 1 + (kind ? 4 : 2));
        panel p = panel_named(script, "bin: 30 edges over [-1, 1]",
                              kind ? "epoch" : axis_name[0], axis_name[kind != 1]);
        int lines[2] = {0, 0}, points[2] = {0, 0};
        for (int k = 0; k < p.curves; ++k) {
            const curve *c = &p.curve[k];
            const int r = !!strstr(c->source, "_1");
            const block *b = block_of(script, c->source, 0);
            if (strstr(c->style, "with points")) {
                CHECK(strstr(c->style, point[r]) && strstr(c->usings, "$6")); /* few */
                ++points[r];
            }
            if (!strstr(c->style, "with lines lw")) continue;
            ++lines[r];
            if (c->index != 0) continue;
            CHECK(strstr(c->style, line[r]));
            if (!r) CHECK(curve_value(c, 2, b->value[1]) == (kind == 1 ? 3 : 0.4));
        }
        CHECK(lines[0] == 3 && lines[1] == 3 && points[0] >= 3 && points[1] >= 3);
        CHECK(panel_says(&p, "'{/:Bold 1,2a}' at 3,0.4 center offset 0,0.8 ") == !kind);
        CHECK(panel_says(&p, "'{/:Bold 1b}' at 8,-0.7 right offset -0.9,0 ") == !kind);
        free(p.text);
        panel legend = panel_at(script, 0);
        CHECK(panel_says(&legend, "lc '#222222' lw 2 dt 1\n") == 1);
        CHECK(panel_says(&legend, "lc '#222222' lw 2 dt (12,5)\n") == 1);
        CHECK(panel_says(&legend, "point pt 7 ") == 1);
        CHECK(panel_says(&legend, "point pt 5 ") == 1);
        CHECK(panel_says(&legend, "label 'a: {/:Bold tanh}' at ") == 1);
        CHECK(panel_says(&legend, "label 'b: {/:Bold relu}' at ") == 1);
        CHECK(legend.curves == 3 && !panel_says(&legend, "linespoints"));
        free(legend.text);
        free(script);
    }
    files_remove_folder(t.folder);
}

/* -- Chosen parts -----------------------------------------------------------------*/

static void estimators_are_chosen_by_name(void **state)
{
    static const struct { const char *list, *first; int panels; } cases[] = {
        {"kde-upper", "kde upper", 1}, {"kde", "kde upper", 2},
        {"kde,bin", "kde upper", 3},   {"bin, kde-lower", "bin", 2},
    };
    two_runs t;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        how.estimators = cases[k].list;
        char *script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
        panel p = panel_at(script, 1);
        CHECK(panels_of(script) == 1 + cases[k].panels);
        CHECK(!strncmp(p.title, cases[k].first, strlen(cases[k].first)));
        if (k == 2) {
            const block *b = block_of(script, "$plane2", 0);
            CHECK(b->rows == 3 && b->value[0][1] == 1 && b->value[1][1] == 3);
            CHECK(block_of(script, "$plane0", 0)->value[0][1] == 2);
        }
        free(p.text);
        free(script);
    }
    how.estimators = "bin"; /* with all its values */
    char *script = picture_of(1, &t.dir[1], &how, files_path(t.folder, "p.svg"));
    CHECK(panels_of(script) == 1 + 2);
    free(script);
    how.estimators = "bin,kde-uper";
    CHECK_FAILS(ipl_plot_runs(2, t.dir, &how, files_path(t.folder, "p.svg")),
                IPL_E_ARGUMENT, "--estimator 'kde-uper': there are bin, kde-upper, "
                "kde-lower, bin@30");
    files_remove_folder(t.folder);
}

static void layers_are_chosen_by_number(void **state)
{
    two_runs t;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_ALL);
    how.layers = "1,3";
    char *script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
    panel legend = panel_at(script, 0);
    CHECK(legend.curves == 2 && !panel_says(&legend, "T_{2}"));
    free(legend.text);
    for (int k = 1; k < panels_of(script); ++k) {
        panel p = panel_at(script, k);
        CHECK(!panel_says(&p, "#D55E00") || strstr(p.title, "loss"));
        CHECK(!panel_says(&p, "layer 2"));
        free(p.text);
    }
    free(script);
    how.layers = "2-3";
    script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
    panel p = panel_at(script, 1);
    CHECK(!panel_says(&p, "#0072B2") && panel_says(&p, "#D55E00"));
    free(p.text);
    free(script);
    static const char *const bad[] = {"0", "4", "2-1", "1,", "x", "", "1-", "1;2"};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        how.layers = bad[k];
        CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, files_path(t.folder, "p.svg")),
                    IPL_E_ARGUMENT, "there are layers 1 to 3, as in 1-3");
    }
    files_remove_folder(t.folder);
}

static void limits_and_linear_axes_are_as_asked(void **state)
{
    two_runs t;
    double lo, hi;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    how.x_limit[1] = 2.25;
    how.y_limit[0] = 0.125;
    how.linear = 1;
    char *script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
    panel p = panel_at(script, 1);
    panel_range(&p, "xrange", &lo, &hi);
    CHECK(lo < 0 && hi == 2.25);
    panel_range(&p, "yrange", &lo, &hi);
    CHECK(lo == 0.125 && hi > 0.6);
    CHECK(!panel_says(&p, "log_2 n") && panel_says(&p, "H(Y)")); /* 6 bits: outside */
    CHECK(!panel_says(&p, "{/:Bold 1}") && panel_says(&p, "{/:Bold 3}"));
    CHECK(!panel_says(&p, "set logscale cb"));
    free(p.text);
    free(script);
    how.what = IPL_PLOT_EPOCHS;
    script = picture_of(1, t.dir, &how, files_path(t.folder, "p.svg"));
    p = panel_at(script, 1);
    panel_range(&p, "xrange", &lo, &hi);
    CHECK(lo == 0 && hi == 2.25 && !panel_says(&p, "set logscale x"));
    CHECK(block_of(script, "$plane0", 0)->value[0][0] == 0);
    free(p.text);
    free(script);
    files_remove_folder(t.folder);
}

/* -- Pages and movies -------------------------------------------------------------*/

/* In centimetres, with fonts of 8 points, or those asked for, of which 12 are 12. */
static void pages_have_the_size_that_was_asked_for(void **state)
{
    two_runs t;
    double w, h, scale;
    long   pixels;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    how.width_cm = 25.4;
    how.estimators = "bin";
    how.font = "Times";
    char *script = draw_two(&t, &how, "p.pdf");
    CHECK(sscanf(script, "set terminal pdfcairo size %lfin,%lfin enhanced font "
                 "'Times,12' fontscale %lf", &w, &h, &scale) == 3);
    CHECK(fabs(w - 10) < 0.01 && 7 < h && h < 9 && fabs(scale - 0.5) < 1e-3);
    free(script);
    how.font_pt = 12;
    script = draw_two(&t, &how, "p.pdf");
    CHECK(sscanf(script, "set terminal pdfcairo size %lfin,%lfin enhanced font "
                 "'Times,12' fontscale %lf", &w, &h, &scale) == 3);
    CHECK(fabs(w - 10) < 0.02 && fabs(scale - 0.75) < 1e-3);
    free(script);
    script = draw_two(&t, &how, "p.svg");
    CHECK(sscanf(script, "set terminal svg size %ld,", &pixels) == 1);
    CHECK(labs(pixels - 960) <= 2); /* 96 an inch */
    free(script);
    script = draw_two(&t, &how, "p.png");
    CHECK(sscanf(script, "set terminal pngcairo size %ld,", &pixels) == 1);
    CHECK(labs(pixels - 3000) <= 4); /* 300 an inch */
    free(script);
    how.width_cm = 5;
    CHECK_FAILS(ipl_plot_runs(2, t.dir, &how, files_path(t.folder, "p.svg")),
                IPL_E_ARGUMENT, "panels would be narrower than their labels");
    how.width_cm = 0;
    how.font = "Times'";
    CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, files_path(t.folder, "p.svg")),
                IPL_E_ARGUMENT, "font 'Times''");
    files_remove_folder(t.folder);
}

/* The ticks of a movie's frames; how many there are. */
static int frames_of(const char *script, double tick[])
{
    int frames = 0, pictures = 0;
    for (const char *at = script; (at = strstr(at, "\nT = ")); ++at)
        tick[frames++] = atof(at + 5);
    for (const char *at = script; (at = strstr(at, "\nset multiplot\n")); ++at)
        ++pictures;
    CHECK(frames == pictures);
    return frames;
}

static void movies_have_a_frame_for_each_tick(void **state)
{
    two_runs t;
    double tick[4096];
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    char *script = draw_two(&t, &how, "p.gif");
    CHECK(!strncmp(script, "set terminal gif animate ", 25));
    CHECK(frames_of(script, tick) == 3); /* 0, 4 and 9 of either run */
    CHECK(tick[0] == 0.5 && tick[1] == 4 && tick[2] == 9);
    CHECK(strstr(script, "samples measured, epoch 4'"));
    CHECK(strstr(script, "$plane0 index 0 using ($1>T?NaN:$2):4 with lines"));
    free(script);
    enum { LONG = 3000 };
    char *rows = malloc(40 * (LONG + 1)), *end = rows;
    CHECK(rows);
    for (int k = 0; k <= LONG; ++k)
        end += sprintf(end, "1,%d,1,bin,%d,0.5\n", k, k % 7);
    FILE *out = fopen(files_path(t.folder, "tanh/plane.csv"), "w");
    CHECK(out && fputs(header, out) >= 0 && fputs(rows, out) >= 0 && !fclose(out));
    script = picture_of(1, t.dir, &how, files_path(t.folder, "p.gif"));
    const int frames = frames_of(script, tick);
    CHECK(frames > 30 && frames <= 62 && tick[0] == 0.5 && tick[frames - 1] == LONG);
    for (int k = 1; k < frames; ++k) CHECK(tick[k - 1] < tick[k]);
    free(script);
    free(rows);
    files_remove_folder(t.folder);
}

static void options_that_would_do_nothing_are_refused(void **state)
{
    two_runs t;
    (void)state;
    make_two(&t);
    char file[FILES_PATH];
    snprintf(file, sizeof file, "%s", files_path(t.folder, "p.svg"));
    ipl_plot_options how = of(IPL_PLOT_ALL);
    how.overlay = 1;
    CHECK_FAILS(ipl_plot_runs(2, t.dir, &how, file), IPL_E_ARGUMENT, "--overlay: of");
    how.what = IPL_PLOT_PLANE;
    CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, file), IPL_E_ARGUMENT, "--overlay: of");
    how = of(IPL_PLOT_POOL);
    CHECK_FAILS(ipl_plot_runs(2, t.dir, &how, file), IPL_E_ARGUMENT, "are of one run");
    how = of(IPL_PLOT_SNR);
    how.y_limit[0] = 0;
    CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, file), IPL_E_ARGUMENT, "--y-limits");
    how = of(IPL_PLOT_EPOCHS);
    CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, files_path(t.folder, "p.gif")),
                IPL_E_ARGUMENT, "a .gif is a movie of the plane");
    files_remove_folder(t.folder);
}

static const check_test tests[] = {
    CHECK_TEST(runs_stand_side_by_side_on_common_axes),
    CHECK_TEST(overlaid_runs_are_told_apart),
    CHECK_TEST(estimators_are_chosen_by_name),
    CHECK_TEST(layers_are_chosen_by_number),
    CHECK_TEST(limits_and_linear_axes_are_as_asked),
    CHECK_TEST(pages_have_the_size_that_was_asked_for),
    CHECK_TEST(movies_have_a_frame_for_each_tick),
    CHECK_TEST(options_that_would_do_nothing_are_refused),
};

CHECK_MAIN("runs_picture", tests, 0)
