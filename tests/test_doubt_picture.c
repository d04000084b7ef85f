/*
 * test_doubt_picture.c - doubtful points are hollow, and a note under their panel says
 * why; so it does of layers without a value.
 */
#include "picture_case.h"

static const char *const bin_title = "bin: 30 edges over [-1, 1]";
static const char *const axis_name[] = {"I(X;T) [bits]", "I(T;Y) [bits]"};

static void write_text(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");
    CHECK(out && fputs(text, out) >= 0 && !fclose(out));
}

/* Two seeds, three layers, two ticks. bin: layer 1 saturated in one seed at tick 0 and
 * in both at tick 1; layer 2 has values outside at tick 1, in one seed; layer 3 has no
 * values. ross: I(T;Y) alone, of layers 1 and 3. */
static const char plane[] =
    "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n"
    "1,0,1,bin,6,1\n1,0,2,bin,3,0.5\n1,0,3,bin,,\n"
    "1,0,1,ross,,0.9\n1,0,2,ross,,\n1,0,3,ross,,0.5\n"
    "2,0,1,bin,5,1\n2,0,2,bin,2,0.5\n2,0,3,bin,,\n"
    "1,1,1,bin,6,1\n1,1,2,bin,3,0.5\n1,1,3,bin,,\n"
    "2,1,1,bin,6,1\n2,1,2,bin,2,0.5\n2,1,3,bin,,\n";
static const char details[] =
    "seed,epoch,layer,estimator,outside_share,flags,se_x_bits,refused\n"
    "1,0,1,bin,0,negative|saturated,,\n1,0,2,bin,0,,,\n"
    "1,0,3,bin,,refused,,a column is constant\n1,0,1,ross,,,,\n"
    "1,0,2,ross,,refused,,a class has k rows or fewer\n1,0,3,ross,,,,\n"
    "2,0,1,bin,0,saturated2,,\n2,0,2,bin,0,,,\n2,0,3,bin,,,,\n"
    "1,1,1,bin,0,saturated|ties,,\n1,1,2,bin,0.25,outside,,\n1,1,3,bin,,,,\n"
    "2,1,1,bin,0,saturated,,\n2,1,2,bin,0,,,\n2,1,3,bin,,,,\n";

static char *script_of_tables(ipl_plot_what what, const char *first, const char *second)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, "train.replicas=2", NULL);
    write_text(files_path(f, "r/plane.csv"), first);
    remove(files_path(f, "r/plane_details.csv"));
    if (second) write_text(files_path(f, "r/plane_details.csv"), second);
    char *script = draw(f, what);
    files_remove_folder(f);
    return script;
}

static char *script_of_doubts(ipl_plot_what what, const char *second)
{
    return script_of_tables(what, plane, second);
}

/* A mean is doubtful when one of its seeds is. */
static void blocks_tell_which_points_are_doubtful(void **state)
{
    static const int want[3][2] = {{1, 1}, {0, 1}, {0, 0}};
    (void)state;
    char *script = script_of_doubts(IPL_PLOT_ALL, details);
    for (int l = 0; l < 3; ++l) {
        const block *b = block_of(script, "$plane0", l);
        CHECK(b->rows == 3);
        for (int t = 0; t < 2; ++t) CHECK(b->value[t][6] == want[l][t]);
    }
    const block *ross = block_of(script, "$plane1", -1);
    for (int r = 0; r < ross->rows; ++r) CHECK(ross->value[r][6] == 0);
    free(script);
}

/* White on top of the point, smaller than it; of doubtful points alone. */
static void check_hollow(const char *script, const panel *p, int x, int y, int layer)
{
    static const char *const shape[] = {"pt 7 ", "pt 5 ", "pt 9 "};
    const curve *hole = NULL;
    double under = 0.0;
    const block *b = block_of(script, "$plane0", layer);
    for (int k = 0; k < p->curves; ++k) {
        const curve *c = &p->curve[k];
        if (c->index != layer || !strstr(c->style, " ps ")) continue;
        CHECK(strstr(c->style, shape[layer]));
        if (!strncmp(c->usings, "($7>0?", 6) && strstr(c->style, "lc '#ffffff'"))
            hole = c;
        else under = fmax(under, curve_size(c, b->value[0]));
    }
    CHECK(hole);
    const double size = curve_size(hole, b->value[0]);
    CHECK(0.0 < size && size < 0.8 * under);
    for (int t = 0; t < 2; ++t) {
        const double *row = b->value[t], got = curve_value(hole, 1, row);
        CHECK(row[6] > 0 ? got == row[x] : isnan(got));
        CHECK(curve_value(hole, 2, row) == row[y]);
    }
}

static void doubtful_points_are_hollow(void **state)
{
    (void)state;
    char *script = script_of_doubts(IPL_PLOT_ALL, details);
    panel p = panel_named(script, bin_title, axis_name[0], axis_name[1]);
    for (int l = 0; l < 2; ++l) check_hollow(script, &p, 1, 3, l);
    free(p.text);
    for (int a = 0; a < 2; ++a) {
        p = panel_named(script, bin_title, "epoch", axis_name[a]);
        for (int l = 0; l < 2; ++l) check_hollow(script, &p, 0, 1 + 2 * a, l);
        free(p.text);
    }
    p = panel_named(script, "Ross", "epoch", axis_name[1]);
    CHECK(p.curves > 4 && !panel_says(&p, "$7"));
    free(p.text);
    free(script);
}

/* Counts are of estimates: of each seed its own. */
static void notes_count_and_name(void **state)
{
    (void)state;
    char *script = script_of_doubts(IPL_PLOT_ALL, details);
    for (int kind = 0; kind < 3; ++kind) {
        panel p = panel_named(script, bin_title, kind ? "epoch" : axis_name[0],
                              axis_name[kind != 1]);
        CHECK(panel_says(&p, "'hollow: 3 of 12 points saturated in layer 1'") == 1);
        CHECK(panel_says(&p, "'hollow: 1 of 12 points with values outside the bins, "
                             "layer 2'") == 1);
        CHECK(panel_says(&p, "'layer 3: refused (a column is constant)'") == 1);
        CHECK(!panel_says(&p, "layer 2: "));
        free(p.text);
    }
    panel ross = panel_named(script, "Ross", "epoch", axis_name[1]);
    CHECK(panel_says(&ross, "'layer 2: refused (a class has k rows or fewer)'") == 1);
    CHECK(!panel_says(&ross, "hollow") && !panel_says(&ross, "layer 1"));
    free(ross.text);
    free(script);
}

/* LNN may refuse I(X;T) alone, or a layer at some ticks: neither is a layer refused. */
static void notes_say_which_value_was_refused(void **state)
{
    static const char rows[] =
        "seed,epoch,layer,estimator,i_xt_bits,i_ty_bits\n"
        "1,0,1,lnn,3,0.5\n1,0,2,lnn,,0.5\n1,0,3,lnn,2,0.5\n"
        "1,1,1,lnn,3,0.5\n1,1,2,lnn,,0.5\n1,1,3,lnn,,\n";
    static const char why[] =
        "seed,epoch,layer,estimator,outside_share,flags,se_x_bits,refused\n"
        "1,0,1,lnn,,,,\n1,0,2,lnn,,refused,,a column is constant\n1,0,3,lnn,,,,\n"
        "1,1,1,lnn,,,,\n1,1,2,lnn,,refused,,a column is constant\n"
        "1,1,3,lnn,,refused,,a column is constant\n";
    (void)state;
    char *script = script_of_tables(IPL_PLOT_ALL, rows, why);
    for (int kind = 0; kind < 3; ++kind) { /* plane, I(X;T), I(T;Y) */
        panel p = panel_named(script, "LNN", kind ? "epoch" : axis_name[0],
                              axis_name[kind != 1]);
        CHECK(panel_says(&p, "'layer 2: I(X;T) refused (a column is constant)'") ==
              (kind < 2));
        CHECK(panel_says(&p, "'layer 3: 1 of 2 points refused (a column is constant)'")
              == 1);
        CHECK(panel_says(&p, "refused") == (kind < 2 ? 2 : 1));
        free(p.text);
    }
    free(script);
}

/* Layers that vanish are named, also where nobody knows why. */
static void without_details_layers_have_no_values(void **state)
{
    (void)state;
    char *script = script_of_doubts(IPL_PLOT_EPOCHS, NULL);
    panel p = panel_named(script, bin_title, "epoch", axis_name[0]);
    CHECK(panel_says(&p, "'layer 3: no values'") == 1 && !strstr(script, "hollow"));
    free(p.text);
    p = panel_named(script, "Ross", "epoch", axis_name[0]);
    CHECK(panel_says(&p, "no values of I(X;T)") && !panel_says(&p, "layer"));
    free(p.text);
    free(script);
}

/* The notes stand between the axis and the next row of panels. */
static void notes_have_room(void **state)
{
    (void)state;
    char *script = script_of_doubts(IPL_PLOT_ALL, details);
    char *bare = script_of_doubts(IPL_PLOT_ALL, NULL);
    int size[2], before[2];
    CHECK(sscanf(script, "set terminal svg size %d,%d ", size, size + 1) == 2);
    CHECK(sscanf(bare, "set terminal svg size %d,%d ", before, before + 1) == 2);
    CHECK(size[0] == before[0] && size[1] > before[1]);
    panel p = panel_named(script, bin_title, axis_name[0], axis_name[1]);
    panel below = panel_named(script, "Ross", axis_name[0], axis_name[1]);
    const double axis = atof(strstr(p.text, "set bmargin at screen ") + 22);
    const double next = atof(strstr(below.text, "set tmargin at screen ") + 22);
    double x, y, before_y = axis - 30.0 / size[1]; /* below the name of the axis */
    int notes = 0;
    for (const char *at = p.text; (at = strstr(at, "' at screen ")); ++at, ++notes) {
        CHECK(sscanf(at, "' at screen %lf,%lf left font ',10'", &x, &y) == 2);
        CHECK(0.0 < x && x < 0.1 && y < before_y - 9.0 / size[1] / (1 + !notes));
        CHECK(y > next + 24.0 / size[1]); /* above the title of the next one */
        before_y = y;
    }
    CHECK(notes == 3);
    free(below.text);
    free(p.text);
    free(bare);
    free(script);
}

static const check_test tests[] = {
    CHECK_TEST(blocks_tell_which_points_are_doubtful),
    CHECK_TEST(doubtful_points_are_hollow),
    CHECK_TEST(notes_count_and_name),
    CHECK_TEST(notes_say_which_value_was_refused),
    CHECK_TEST(without_details_layers_have_no_values),
    CHECK_TEST(notes_have_room),
};

CHECK_MAIN("doubt_picture", tests, 0)
