/*
 * test_layout_picture.c - where panels and legend stand on pages of a given width, and
 * what runs are called.
 */
#include "pool_case.h"
#include "runs_case.h"

enum { INCH_LEAST = 72 * 12 / 8 }; /* units an inch of a page of 8 points            */

/* The picture of f/r, of so many cm. */
static char *script_of_width(const char *f, ipl_plot_what what, double cm)
{
    char dir[FILES_PATH];
    const char *const one = dir;
    ipl_plot_options how = of(what);
    snprintf(dir, sizeof dir, "%s", files_path(f, "r"));
    how.width_cm = cm;
    return picture_of(1, &one, &how, files_path(f, "p.pdf"));
}

/* Length of a panel's axis in units, on a page of this width. */
static double axis_units(const panel *p, double cm)
{
    return (margin(p, "rmargin") - margin(p, "lmargin")) * cm / 2.54 * INCH_LEAST;
}

/* Panels above and below each other neither touch nor overlap. */
static void check_apart(const char *script)
{
    const int panels = panels_of(script);
    for (int k = 1; k < panels; ++k)
        for (int m = k + 1; m < panels; ++m) {
            panel a = panel_at(script, k), b = panel_at(script, m);
            CHECK(margin(&a, "rmargin") < margin(&b, "lmargin") ||
                  margin(&b, "rmargin") < margin(&a, "lmargin") ||
                  margin(&a, "bmargin") > margin(&b, "tmargin") + 1e-3 ||
                  margin(&b, "bmargin") > margin(&a, "tmargin") + 1e-3);
            free(a.text);
            free(b.text);
        }
}

/* On narrow pages rows of panels go on in the next row; none is lost. */
static void axes_are_long_enough_on_any_page(void **state)
{
    static const double cm[] = {0, 40, 17, 12, 8};
    static const ipl_plot_what kinds[] = {IPL_PLOT_ALL, IPL_PLOT_PLANE,
                                          IPL_PLOT_EPOCHS, IPL_PLOT_SNR};
    static const int panels[] = {3 * 3 + 3, 3, 2 * 3, 3};
    char f[FILES_PATH];
    (void)state;
    files_make_folder(f);
    run_into(f, "measure.estimators=bin,kde", NULL);
    for (int k = 0; k < 4; ++k)
        for (int w = 0; w < 5; ++w) {
            char *script = script_of_width(f, kinds[k], cm[w]);
            CHECK(panels_of(script) == 1 + panels[k]);
            check_apart(script);
            for (int n = 1; n <= panels[k]; ++n) {
                panel p = panel_at(script, n);
                const double least = strstr(p.title, "loss and") ? 95 : 135;
                if (cm[w] > 0) CHECK(axis_units(&p, cm[w]) > least);
                CHECK(0 < margin(&p, "lmargin") && margin(&p, "rmargin") < 1);
                free(p.text);
            }
            free(script);
        }
    files_remove_folder(f);
}

/* Real-valued targets have no H(Y), and I(T;Y) all the same; without any there is no
 * panel of it. */
static void targets_without_a_ceiling_have_all_panels(void **state)
{
    char f[FILES_PATH];
    (void)state;
    files_make_folder(f);
    run_into(f, "measure.estimators=bin", NULL);
    char *json = files_text(f, "r/run.json"), *at = strstr(json, "\"i_ty_bits\": ");
    CHECK(at);
    for (at = strchr(at, ' ') + 1; strchr("0123456789.", *at); ++at) *at = ' ';
    memcpy(at - 4, "null", 4);
    files_write(files_path(f, "r/run.json"), strlen(json), json);
    free(json);
    char *script = script_of_width(f, IPL_PLOT_ALL, 0);
    CHECK(panels_of(script) == 1 + 3 + 3 && !strstr(script, "H(Y)"));
    free(script);
    char *plane = files_text(f, "r/plane.csv"); /* I(T;Y) is the last of a row */
    FILE *out = fopen(files_path(f, "r/plane.csv"), "w");
    CHECK(out);
    for (char *rest = plane, *line; (line = strsep(&rest, "\n")) && *line;) {
        if (line > plane) strrchr(line, ',')[1] = 0;
        CHECK(fprintf(out, "%s\n", line) > 0);
    }
    CHECK(!fclose(out));
    free(plane);
    script = script_of_width(f, IPL_PLOT_ALL, 0);
    CHECK(panels_of(script) == 1 + 1 + 3);
    free(script);
    files_remove_folder(f);
}

/* Of runs beside each other, too, whose cells keep common axes. */
static void runs_go_on_in_the_next_row(void **state)
{
    two_runs t;
    (void)state;
    make_two(&t);
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    how.estimators = "bin";
    how.width_cm = 8;
    char *script = draw_two(&t, &how, "p.pdf");
    CHECK(panels_of(script) == 1 + 2 + 1);
    panel first = panel_at(script, 1), second = panel_at(script, 2);
    CHECK(!strncmp(first.title, "{/:Bold tanh}", 13));
    CHECK(!strncmp(second.title, "{/:Bold relu}", 13));
    CHECK(margin(&first, "lmargin") == margin(&second, "lmargin"));
    CHECK(margin(&first, "bmargin") > margin(&second, "tmargin"));
    CHECK(panel_says(&first, "set colorbox ") && panel_says(&second, "set colorbox "));
    free(first.text);
    free(second.text);
    free(script);
    files_remove_folder(t.folder);
}

/* Rows of the key that fit into the page, from its middle on, stand between the heading
 * and the first panel. */
static void legends_have_room_for_their_rows(void **state)
{
    static const double cm[] = {8, 17};
    (void)state;
    for (int overlay = 0; overlay < 2; ++overlay)
        for (int w = 0; w < 2; ++w) {
            two_runs t;
            make_two(&t);
            ipl_plot_options how = of(IPL_PLOT_PLANE);
            how.estimators = "bin";
            how.width_cm = cm[w];
            how.overlay = overlay;
            char *script = draw_two(&t, &how, "p.pdf");
            double width, height, middle;
            int columns;
            CHECK(sscanf(script, "set terminal pdfcairo size %lfin,%lfin", &width,
                         &height) == 2);
            panel legend = panel_at(script, 0), first = panel_at(script, 1);
            const char *key = strstr(legend.text, "set key at screen 0.5,");
            CHECK(key && sscanf(key, "set key at screen 0.5,%lf center center "
                                "horizontal samplen 2.4 width 1 height 0.2 maxcols %d",
                                &middle, &columns) == 2);
            const double units = height * INCH_LEAST;
            const int rows = (legend.curves + columns - 1) / columns;
            CHECK(columns * 130 < width * INCH_LEAST);
            CHECK((1 - middle) * units - 7.5 * rows > 32); /* below the heading       */
            /* 20 points for runs of an overlay, and those of a panel's title */
            CHECK((middle - margin(&first, "tmargin")) * units - 7.5 * rows >
                  34 + 20 * overlay);
            free(legend.text);
            free(first.text);
            free(script);
            files_remove_folder(t.folder);
        }
}

/* Also more rows than two. */
static void legends_grow_with_the_layers(void **state)
{
    char f[FILES_PATH];
    double height, middle;
    int columns;
    (void)state;
    files_make_folder(f);
    run_into(f, "net.layers=12, 5-tanh, 5-tanh, 5-tanh, 5-tanh, 5-tanh, 5-tanh, "
             "5-tanh, 2", "measure.estimators=bin", NULL);
    char *script = script_of_width(f, IPL_PLOT_PLANE, 8);
    CHECK(sscanf(script, "set terminal pdfcairo size %*fin,%lfin", &height) == 1);
    panel legend = panel_at(script, 0), first = panel_at(script, 1);
    const char *key = strstr(legend.text, "set key at screen 0.5,");
    CHECK(key && sscanf(key, "set key at screen 0.5,%lf", &middle) == 1);
    CHECK(sscanf(strstr(key, "maxcols "), "maxcols %d", &columns) == 1);
    const int rows = (legend.curves + columns - 1) / columns;
    CHECK(legend.curves == 8 && rows == 4);
    CHECK((1 - middle) * height * INCH_LEAST - 7.5 * rows > 32);
    CHECK((middle - margin(&first, "tmargin")) * height * INCH_LEAST - 7.5 * rows > 34);
    free(legend.text);
    free(first.text);
    free(script);
    files_remove_folder(f);
}

/* Pages of pooled snapshots have fonts of 8 points as well, windows in rows. */
static void pooled_pages_keep_their_fonts(void **state)
{
    char f[FILES_PATH];
    double scale;
    (void)state;
    files_make_folder(f);
    run_into(f, "train.seed=7", NULL);
    pool_write(files_path(f, "r/pool.csv"), 3);
    for (int narrow = 0; narrow < 2; ++narrow) {
        const double cm = narrow ? 8 : 17;
        char *script = script_of_width(f, IPL_PLOT_POOL, cm);
        CHECK(sscanf(script, "set terminal pdfcairo size %*fin,%*fin enhanced font "
                     "'DejaVu Sans,12' fontscale %lf", &scale) == 1);
        CHECK(fabs(scale - 0.5) < 1e-3);
        panel a = panel_at(script, 1), b = panel_at(script, 2);
        CHECK((margin(&a, "lmargin") == margin(&b, "lmargin")) == narrow);
        CHECK((margin(&a, "bmargin") > margin(&b, "tmargin")) == narrow);
        CHECK(axis_units(&a, cm) > 135);
        check_apart(script);
        free(a.text);
        free(b.text);
        free(script);
    }
    files_remove_folder(f);
}

/* -- Names ------------------------------------------------------------------------*/

static void runs_of_one_name_are_told_apart(void **state)
{
    two_runs t;
    char path[2][FILES_PATH + 16];
    (void)state;
    make_two(&t);
    for (int r = 0; r < 2; ++r) {
        char from[FILES_PATH];
        snprintf(path[r], sizeof path[r], "%s/%c", t.folder, "xy"[r]);
        snprintf(from, sizeof from, "%s", t.dir[r]);
        CHECK(!mkdir(path[r], 0777));
        strcat(path[r], "/test/");
        CHECK(!rename(from, path[r]));
        t.dir[r] = path[r];
    }
    ipl_plot_options how = of(IPL_PLOT_PLANE);
    how.estimators = "bin";
    char *script = draw_two(&t, &how, "p.svg");
    panel p = panel_at(script, 1), q = panel_at(script, 2);
    CHECK(!strncmp(p.title, "{/:Bold x/test}", 15));
    CHECK(!strncmp(q.title, "{/:Bold y/test}", 15));
    free(p.text);
    free(q.text);
    free(script);
    how.names = "tanh,ReLU";
    script = draw_two(&t, &how, "p.svg");
    p = panel_at(script, 2);
    CHECK(!strncmp(p.title, "{/:Bold ReLU}", 13));
    free(p.text);
    free(script);
    static const char *const bad[] = {"one", "one,", "a,b,c", ""};
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        how.names = bad[k];
        CHECK_FAILS(ipl_plot_runs(2, t.dir, &how, files_path(t.folder, "p.svg")),
                    IPL_E_ARGUMENT, "--name '");
    }
    how.names = "one";
    CHECK_FAILS(ipl_plot_runs(1, t.dir, &how, files_path(t.folder, "p.svg")),
                IPL_E_ARGUMENT, "--name: of several runs");
    files_remove_folder(t.folder);
}

static const check_test tests[] = {
    CHECK_TEST(axes_are_long_enough_on_any_page),
    CHECK_TEST(targets_without_a_ceiling_have_all_panels),
    CHECK_TEST(runs_go_on_in_the_next_row),
    CHECK_TEST(legends_have_room_for_their_rows),
    CHECK_TEST(legends_grow_with_the_layers),
    CHECK_TEST(pooled_pages_keep_their_fonts),
    CHECK_TEST(runs_of_one_name_are_told_apart),
};

CHECK_MAIN("layout_picture", tests, 0)
