/*
 * test_study_picture.c - the picture of a study: which key stands where, whose points
 * are in which panel, and what is said of the rest.
 */
#include "study_picture_case.h"

enum { LEGEND, FRAME, FIRST }; /* numbers of the panels                           */

static char notes[IPL_PLOT_NOTES];

static const study_case two_by_two = {
    .key = {{"net.activation", "tanh|relu"}, {"data.train_fraction", "0.2|0.8"}},
    .estimators = "bin", .rows = "all", .skipped = -1,
    .more = ", \"layers\": [\"4-a\", \"3-b\", \"2\"], "
            "\"ceilings\": {\"i_xt_bits\": 6, \"i_ty_bits\": 0.75}"};

static double margin(const panel *p, const char *side)
{
    char words[32];
    snprintf(words, sizeof words, "set %s at screen ", side);
    const char *at = strstr(p->text, words);
    CHECK(at);
    return atof(at + strlen(words));
}

/* Draws to an SVG, and checks what was noted. */
static char *draw_noted(const study_case *of, const ipl_plot_study_options *how,
                        const char *noted)
{
    char *script = study_script(of, how, "p.svg", notes);
    if (strcmp(notes, noted)) fail_msg("noted '%s', not '%s'", notes, noted);
    return script;
}

/* The first tick's I(X;T) of a layer in a panel. */
static double x_in(const char *script, int which, const char *name, int layer)
{
    return block_before(script, which, name, layer - 1)->value[0][1];
}

/* -- Places -----------------------------------------------------------------------*/

static void keys_stand_in_columns_and_rows(void **state)
{
    (void)state;
    const ipl_plot_study_options how = study_options(IPL_PLOT_ALL);
    char *script = draw_noted(&two_by_two, &how, "");
    CHECK(panels_of(script) == FIRST + 4);
    panel frame = panel_at(script, FRAME);
    CHECK(panel_says(&frame, "'activation = {/:Bold tanh}' at ") == 1);
    CHECK(panel_says(&frame, "'activation = {/:Bold relu}' at ") == 1);
    CHECK(panel_says(&frame, "'train\\_fraction = {/:Bold 0.2}' at ") == 1);
    CHECK(panel_says(&frame, "'I(X;T) [bits]' at ") == 1);
    CHECK(panel_says(&frame, "'I(T;Y) [bits]' at ") == 1);
    CHECK(panel_says(&frame, "set cblabel 'epoch") == 1);
    panel legend = panel_at(script, LEGEND);
    CHECK(panel_says(&legend, "{/:Bold small}  –  bin, mean of 1 to 3 seeds") == 1);
    CHECK(panel_says(&legend, "'T_{2}: 3-b'") == 1 && legend.curves == 3);
    double lo[2] = {0}, hi[2] = {0}, here[2];
    for (int k = 0; k < 4; ++k) {
        const int at[CASE_KEYS] = {k % 2, k / 2};
        panel p = panel_at(script, FIRST + k);
        for (int l = 1; l <= CASE_LAYERS; ++l) {
            const block *b = block_before(script, FIRST + k, "$plane0", l - 1);
            CHECK(b->rows == CASE_TICKS + 1 && b->value[0][0] == 0.5);
            for (int t = 0; t < CASE_TICKS; ++t)
                for (int a = 0; a < 2; ++a) {
                    const double mean = case_mean(at, 0, l, case_tick[t], a);
                    CHECK(fabs(b->value[t][1 + 2 * a] - mean) < 1e-5);
                    CHECK(b->value[t][2 + 2 * a] == (l == 1 ? 0.125 : 0));
                }
        }
        for (int a = 0; a < 2; ++a) {
            panel_range(&p, a ? "yrange" : "xrange", &here[0], &here[1]);
            if (!k) lo[a] = here[0], hi[a] = here[1];
            CHECK(lo[a] == here[0] && hi[a] == here[1] && hi[a] > (a ? 0.75 : 6));
        }
        CHECK(panel_says(&p, "with xyerrorbars") == 3);
        CHECK(panel_says(&p, "set format y ''") == k % 2);
        CHECK(panel_says(&p, "set format x ''") == (k < 2));
        CHECK(panel_says(&p, "'H(Y) = 0.75'") == 1);
        free(p.text);
    }
    free(legend.text);
    free(frame.text);
    free(script);
}

static void named_keys_go_where_they_are_asked(void **state)
{
    (void)state;
    ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    how.rows = "activation";
    how.cols = "layer";
    char *script = draw_noted(&two_by_two, &how, "");
    CHECK(panels_of(script) == FIRST + 6); /* and fractions are colours */
    panel frame = panel_at(script, FRAME), legend = panel_at(script, LEGEND);
    CHECK(panel_says(&frame, "'{/:Bold T_{2}: 3-b}' at ") == 1);
    CHECK(panel_says(&legend, "'{/:Bold train\\_fraction = 0.8}' at ") == 1);
    CHECK(!panel_says(&legend, "T_{1}")); /* no key of layers */
    for (int k = 0; k < 6; ++k) {
        panel p = panel_at(script, FIRST + k);
        for (int c = 0; c < p.curves; ++c) CHECK(p.curve[c].index == k % 3);
        free(p.text);
        for (int c = 0; c < 2; ++c) {
            const int at[CASE_KEYS] = {k / 3, c}, l = 1 + k % 3;
            const char *name = c ? "$plane0_1" : "$plane0";
            CHECK(fabs(x_in(script, FIRST + k, name, l) - case_mean(at, 0, l, 0, 0)) <
                  1e-5);
            CHECK(block_before(script, FIRST + k, name, l % 3)->rows == 1); /* end */
        }
    }
    free(frame.text);
    free(legend.text);
    free(script);
}

/* Dashes and colours are a value's, shapes a layer's. */
static void colours_are_told_apart_in_the_same_panel(void **state)
{
    static const char *const line[] = {"dt 1 lc '#0072B2'", "dt (12,5) lc '#D55E00'"};
    static const char *const point[] = {"pt 7 ", "pt 5 ", "pt 9 "};
    (void)state;
    for (int kind = 0; kind < 2; ++kind) {
        ipl_plot_study_options how =
            study_options(kind ? IPL_PLOT_EPOCHS : IPL_PLOT_PLANE);
        how.colour = "net.activation";
        char *script = draw_noted(&two_by_two, &how, "");
        CHECK(panels_of(script) == FIRST + 2 * (1 + kind));
        panel p = panel_at(script, FIRST), legend = panel_at(script, LEGEND);
        int lines[2] = {0}, bands[2] = {0}, points[2][3] = {{0}};
        for (int k = 0; k < p.curves; ++k) {
            const curve *c = &p.curve[k];
            const int r = !!strstr(c->source, "_1");
            if (!strncmp(c->source, "$measured", 9)) continue;
            if (strstr(c->style, "with lines"))
                lines[r] += strstr(c->style, line[r]) != NULL;
            bands[r] += strstr(c->style, "with filledcurves") != NULL &&
                        strstr(c->style, line[r] + strlen(line[r]) - 12);
            if (strstr(c->style, "with points"))
                points[r][c->index] += strstr(c->style, point[c->index]) != NULL;
        }
        for (int r = 0; r < 2; ++r) {
            CHECK(lines[r] == 3 && bands[r] == 3 * kind);
            for (int l = 0; l < 3; ++l) CHECK(points[r][l] == (kind ? 1 : 3));
            CHECK(panel_says(&legend, line[r] + strlen(line[r]) - 9));
        }
        CHECK(panel_says(&legend, "lc '#0072B2' lw 2 dt 1\n") == 1);
        CHECK(panel_says(&legend, "lc '#D55E00' lw 2 dt (12,5)\n") == 1);
        CHECK(panel_says(&legend, "'{/:Bold activation = relu}' at ") == 1);
        CHECK(panel_says(&legend, "NaN with points lw 2 lc '#444444' pt 9 ") == 1);
        free(p.text);
        free(legend.text);
        free(script);
    }
}

static void epochs_have_a_panel_for_each_quantity(void **state)
{
    (void)state;
    const ipl_plot_study_options how = study_options(IPL_PLOT_EPOCHS);
    char *script = draw_noted(&two_by_two, &how, "");
    CHECK(panels_of(script) == FIRST + 8);
    for (int k = 0; k < 8; ++k) {
        const int cell = k / 2, axis = k % 2, at[CASE_KEYS] = {cell % 2, cell / 2};
        double lo, hi;
        panel p = panel_at(script, FIRST + k);
        const curve *band = only_curve(&p, "filledcurves", 0);
        const block *b = block_before(script, FIRST + k, "$plane0", 0);
        const double mean = case_mean(at, 0, 1, 4, axis);
        CHECK(curve_value(band, 1, b->value[1]) == 4);
        CHECK(fabs(curve_value(band, 2, b->value[1]) - (mean - 0.125)) < 1e-5);
        CHECK(fabs(curve_value(band, 3, b->value[1]) - (mean + 0.125)) < 1e-5);
        CHECK(fabs(curve_value(only_curve(&p, "linespoints", 0), 2, b->value[1]) -
                   mean) < 1e-5);
        panel_range(&p, "yrange", &lo, &hi);
        CHECK(axis ? hi < 1 : hi > 6);
        CHECK(panel_says(&p, axis ? "'H(Y) = 0.75'" : "'log_2 n = 6'") == 1);
        CHECK(panel_says(&p, "set format x ''") == (k != 5 && k != 7));
        free(p.text);
    }
    free(script);
}

/* -- What is left out -------------------------------------------------------------*/

static void more_keys_than_places_are_fixed_and_told(void **state)
{
    study_case four = case_of("net.activation", "tanh|relu", "bin.edges", "10|30|100");
    (void)state;
    four.key[2] = (case_key){"train.batch", "8|16"};
    four.key[3] = (case_key){"net.init", "he|glorot|zero"};
    four.estimators = "bin|kde-upper";
    ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    char *script = draw_noted(&four, &how,
                              "only net.init = he of he, glorot, zero is shown: --only "
                              "net.init=glorot\nonly estimator = bin of bin, kde-upper "
                              "is shown: --estimator kde-upper\n");
    CHECK(panels_of(script) == FIRST + 6);
    panel frame = panel_at(script, FRAME), legend = panel_at(script, LEGEND);
    CHECK(panel_says(&frame, "'only net.init = he of he, glorot, zero is") == 1);
    CHECK(panel_says(&legend, "bin, init = {/:Bold he}, mean") == 1);
    CHECK(panel_says(&legend, "'{/:Bold batch = 16}' at ") == 1);
    free(frame.text);
    free(legend.text);
    free(script);
    /* What is asked for leaves room for the others. */
    static const char *const only[] = {"activation=relu", "edges=100", "edges=10.0",
                                       "batch=8"};
    how.only = only;
    how.onlys = 4;
    how.plot.estimators = "kde";
    script = draw_noted(&four, &how, "");
    CHECK(panels_of(script) == FIRST + 6);
    for (int k = 0; k < 6; ++k) {
        const int at[CASE_KEYS] = {1, k % 2 ? 2 : 0};
        CHECK(fabs(x_in(script, FIRST + k, "$plane0", 1) - case_mean(at, 1, 1, 0, 0)) <
              1e-5);
    }
    free(script);
}

static void keys_that_go_together_have_one_place(void **state)
{
    study_case zip = case_of("net.activation", "tanh|relu", "train.learning_rate",
                             "0.1|0.2");
    (void)state;
    zip.key[2] = (case_key){"train.batch", "8|16"};
    zip.zipped = 1;
    const ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    char *script = draw_noted(&zip, &how, "");
    panel frame = panel_at(script, FRAME);
    CHECK(panels_of(script) == FIRST + 4);
    CHECK(panel_says(&frame, "'activation = {/:Bold relu}, learning\\_rate = "
                     "{/:Bold 0.2}' at ") == 1);
    CHECK(panel_says(&frame, "'batch = {/:Bold 16}' at ") == 1);
    free(frame.text);
    free(script);
    /* Of one pair nobody can tell. */
    zip.key[2].name = NULL;
    zip.skipped = 3;
    script = draw_noted(&zip, &how, "1 of 2 runs failed or are missing\n");
    CHECK(panels_of(script) == FIRST + 4);
    free(script);
}

static void panels_without_runs_say_so(void **state)
{
    study_case of = two_by_two;
    double lo, hi;
    (void)state;
    of.skipped = 1; /* tanh, 0.8 */
    for (int kind = 0; kind < 2; ++kind) {
        const ipl_plot_study_options how =
            study_options(kind ? IPL_PLOT_EPOCHS : IPL_PLOT_PLANE);
        of.empty = kind;
        char *script = draw_noted(&of, &how, "1 of 2 runs failed or are missing\n");
        for (int k = 0; k < 4 * (1 + kind); ++k) {
            panel p = panel_at(script, FIRST + k);
            CHECK(panel_says(&p, "'no runs'") == (k / (1 + kind) == 2));
            panel_range(&p, "yrange", &lo, &hi);
            CHECK(hi > 0.75);
            free(p.text);
        }
        free(script);
    }
}

static void estimators_and_rows_take_places_that_are_free(void **state)
{
    study_case of = case_of("bin.edges", "10|30", NULL, NULL);
    (void)state;
    of.estimators = "bin|kde-upper";
    of.rows = "train|test";
    const ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    char *script = draw_noted(&of, &how, "only rows = train of train, test is shown: "
                              "--only rows=test\n");
    panel frame = panel_at(script, FRAME), legend = panel_at(script, LEGEND);
    CHECK(panels_of(script) == FIRST + 4);
    CHECK(panel_says(&frame, "'{/:Bold kde upper bound}' at ") == 1);
    CHECK(panel_says(&legend, "–  train rows, mean of") == 1);
    for (int k = 0; k < 4; ++k) /* both have one range, without ceilings */
        for (int a = 0; a < 2; ++a) {
            const int at[CASE_KEYS] = {1};
            double lo, hi, most = case_mean(at, 1, 3, 9, a);
            panel p = panel_at(script, FIRST + k);
            panel_range(&p, a ? "yrange" : "xrange", &lo, &hi);
            CHECK(most < hi && hi < 1.4 * most);
            free(p.text);
        }
    free(frame.text);
    free(legend.text);
    free(script);
    of = case_of(NULL, NULL, NULL, NULL); /* seeds alone */
    of.rows = "train|test";
    script = draw_noted(&of, &how, "");
    CHECK(panels_of(script) == FIRST + 2);
    CHECK(fabs(x_in(script, FIRST + 1, "$plane0", 1) -
               x_in(script, FIRST, "$plane0", 1) - 0.25) < 1e-5);
    free(script);
    of.rows = "all";
    of.unlabelled = 1;
    ipl_plot_study_options all = study_options(IPL_PLOT_ALL);
    script = draw_noted(&of, &all, ""); /* the epochs */
    CHECK(panels_of(script) == FIRST + 1 && strstr(script, "set logscale x"));
    free(script);
}

/* -- Pages ------------------------------------------------------------------------*/

/* Axes of panels lie on the page, and apart from each other. */
static void panels_have_their_own_room(void **state)
{
    static const struct { int cols, rows; double width_cm; } cases[] = {
        {1, 1, 0}, {3, 2, 0}, {5, 4, 0}, {10, 1, 0}, {1, 1, 17}, {3, 2, 17},
        {5, 4, 17}, {10, 1, 17}, {2, 1, 8.5}};
    static const char values[] = "1|2|3|4|5|6|7|8|9|11";
    (void)state;
    for (size_t k = 0; k < 2 * sizeof cases / sizeof *cases; ++k) {
        const int n = (int)k / 2, cells = cases[n].cols * cases[n].rows;
        char cols[64], rows[64];
        snprintf(cols, sizeof cols, "%.*s", 2 * cases[n].cols - 1 + (cases[n].cols > 9),
                 values);
        snprintf(rows, sizeof rows, "%.*s", 2 * cases[n].rows - 1, values);
        const study_case of = case_of("train.batch", cols, "data.train_fraction", rows);
        ipl_plot_study_options how =
            study_options(k % 2 ? IPL_PLOT_EPOCHS : IPL_PLOT_PLANE);
        how.plot.width_cm = cases[n].width_cm;
        char *script = draw_noted(&of, &how, "");
        const int panels = cells * (1 + (int)k % 2);
        double l[64], r[64], t[64], b[64];
        CHECK(panels_of(script) == FIRST + panels);
        panel legend = panel_at(script, LEGEND);
        const double below = margin(&legend, "bmargin");
        free(legend.text);
        for (int p = 0; p < panels; ++p) {
            panel at = panel_at(script, FIRST + p);
            l[p] = margin(&at, "lmargin"), r[p] = margin(&at, "rmargin");
            t[p] = margin(&at, "tmargin"), b[p] = margin(&at, "bmargin");
            CHECK(0.03 < l[p] && l[p] + 0.05 < r[p] && r[p] < 0.999);
            CHECK(0.02 < b[p] && b[p] + 0.02 < t[p] && t[p] < below);
            for (int o = 0; o < p; ++o)
                CHECK(r[o] < l[p] || r[p] < l[o] || b[o] > t[p] || b[p] > t[o]);
            free(at.text);
        }
        free(script);
    }
}

static void movies_and_limits_are_those_of_runs(void **state)
{
    double lo, hi;
    (void)state;
    ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    how.plot.x_limit[0] = 0.5;
    how.plot.y_limit[1] = 0.5;
    how.plot.layers = "1,3";
    char *script = study_script(&two_by_two, &how, "p.gif", notes);
    int frames = 0;
    for (const char *at = script; (at = strstr(at, "\nT = ")); ++at) ++frames;
    CHECK(frames == CASE_TICKS);
    panel p = panel_at(script, FIRST), legend = panel_at(script, LEGEND);
    panel_range(&p, "xrange", &lo, &hi);
    CHECK(lo == 0.5 && hi > 6);
    panel_range(&p, "yrange", &lo, &hi);
    CHECK(lo < 0 && hi == 0.5);
    CHECK(legend.curves == 2 && panel_says(&legend, ", epoch 0'") == 1);
    free(p.text);
    free(legend.text);
    free(script);
}

static const check_test tests[] = {
    CHECK_TEST(keys_stand_in_columns_and_rows),
    CHECK_TEST(named_keys_go_where_they_are_asked),
    CHECK_TEST(colours_are_told_apart_in_the_same_panel),
    CHECK_TEST(epochs_have_a_panel_for_each_quantity),
    CHECK_TEST(more_keys_than_places_are_fixed_and_told),
    CHECK_TEST(keys_that_go_together_have_one_place),
    CHECK_TEST(panels_without_runs_say_so),
    CHECK_TEST(estimators_and_rows_take_places_that_are_free),
    CHECK_TEST(panels_have_their_own_room),
    CHECK_TEST(movies_and_limits_are_those_of_runs),
};

CHECK_MAIN("study_picture", tests, 0)
