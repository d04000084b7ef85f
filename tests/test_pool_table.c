/*
 * test_pool_table.c - pool.csv as it may be: broken, with gaps, of other runs.
 */
#include "ipl_data.h"
#include "pool_case.h"

static void write_pool(const char *f, const char *rows)
{
    FILE *out = fopen(files_path(f, "r/pool.csv"), "w");
    CHECK(out && fputs(POOL_HEADER, out) >= 0 && fputs(rows, out) >= 0);
    CHECK(!fclose(out));
}

/* The picture of a run of one seed with these rows; to be freed. */
static char *script_of_rows(ipl_plot_what what, const char *rows)
{
    char f[FILES_PATH];
    files_make_folder(f);
    run_into(f, "train.replicas=1", NULL);
    write_pool(f, rows);
    char *script = draw(f, what);
    files_remove_folder(f);
    return script;
}

/* -- Errors -----------------------------------------------------------------------*/

static void what_is_missing_is_said(void **state)
{
    char f[FILES_PATH], words[2 * FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_into(f, NULL);
    snprintf(words, sizeof words, "%s/r has no pool.csv: run it with pool.windows set",
             f);
    const char *dir = files_path(f, "r"), *file = files_path(f, "p.svg");
    for (int what = IPL_PLOT_POOL; what <= IPL_PLOT_POOLED_PLANE; ++what)
        CHECK_FAILS(ipl_plot(dir, (ipl_plot_what)what, file), IPL_E_FORMAT, words);
    write_pool(f, "");
    CHECK_FAILS(ipl_plot(dir, IPL_PLOT_POOL, file), IPL_E_FORMAT,
                "pool.csv: no points yet");
    files_write(files_path(f, "r/pool.csv"), 5, "seed\n");
    CHECK_FAILS(ipl_plot(dir, IPL_PLOT_POOL, file), IPL_E_FORMAT,
                "pool.csv:1: expected seed,window,first_tick,");
    CHECK(access(file, F_OK));
    files_remove_folder(f);
}

/* A good row, then one that is not: the message names its line. */
static void rows_that_do_not_fit_are_named(void **state)
{
    static const struct { const char *row, *expected; } cases[] = {
        {"1,1,0,4,2,1,bin,5,0.5,,,6,", "seed,window,"},          /* a field less  */
        {"1,1,0,4,2,1,bin,5,0.5,,,6,,none,", "seed,window,"},    /* one more      */
        {"one,1,0,4,2,1,bin,5,0.5,,,6,,none", "seed,window,"},
        {"1,0,0,4,2,1,bin,5,0.5,,,6,,none", "seed,window,"},     /* no such window */
        {"1,1,-1,4,2,1,bin,5,0.5,,,6,,none", "seed,window,"},
        {"1,2,5,4,2,1,bin,5,0.5,,,6,,none", "seed,window,"},     /* ends before   */
        {"1,1,0,4,0,1,bin,5,0.5,,,6,,none", "seed,window,"},     /* K = 0         */
        {"1,1,0,4,2,0,bin,5,0.5,,,6,,none", "seed,window,"},     /* no such layer */
        {"1,1,0,4,2,4,bin,5,0.5,,,6,,none", "seed,window,"},
        {"1,1,0,4,2,1,,5,0.5,,,6,,none", "seed,window,"},        /* no estimator  */
        {"1,1,0,4,2,1,bin,x,0.5,,,6,,none", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5x,,,6,,none", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5,x,,6,,none", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5,,x,6,,none", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5,,,x,,none", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5,,,6,,", "seed,window,"},         /* no control    */
        {"1,1,0,4,2,1,bin,5,0.5,,,6,,walks", "seed,window,"},
        {"1,1,0,4,2,1,bin,5,0.5,,,6,,wal", "seed,window,"},
        {"1,257,0,4,2,1,bin,5,0.5,,,6,,none", "a window from 1 to 256"},
        {"1,1,0,5,2,1,bin,5,0.5,,,6,,none", "ticks 0 to 4, as window 1 has above"},
        {"1,1,1,4,2,1,bin,5,0.5,,,6,,none", "ticks 0 to 4, as window 1 has above"},
        {"1,1,0,4,2,1,bin,5,0.5,,,7,,none",
         "ceiling_bits 6, as its estimator has above"},
    };
    char f[FILES_PATH], text[256], words[128];
    files_make_folder(f);
    (void)state;
    run_into(f, NULL);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        snprintf(text, sizeof text, "1,1,0,4,1,1,bin,5,0.5,,,6,,none\n%s\n",
                 cases[k].row);
        snprintf(words, sizeof words, "/pool.csv:3: expected %s", cases[k].expected);
        write_pool(f, text);
        CHECK_FAILS(ipl_plot(files_path(f, "r"), IPL_PLOT_POOL, files_path(f, "p.svg")),
                    IPL_E_FORMAT, words);
    }
    files_remove_folder(f);
}

/* -- Tables that are not full -----------------------------------------------------*/

/* Only windows and estimators that are there have panels, in the order of numbers. */
static void gaps_have_no_panels(void **state)
{
    char *script = script_of_rows(IPL_PLOT_POOL,
                                  "1,40,10,12,1,1,kde-upper,5,0.5,,,6,,none\n"
                                  "1,3,0,4,1,1,kde-upper,4,0.25,,,6,,none\n"
                                  "1,40,10,12,3,1,kde-upper,3,0.125,,,,,none\n");
    (void)state;
    CHECK(panels_of(script) == 1 + 2 * 2);
    panel first = panel_at(script, 1), last = panel_at(script, 2);
    CHECK(!strcmp(first.title, "epochs 0 to 4"));
    CHECK(!strcmp(last.title, "epochs 10 to 12"));
    CHECK(panel_says(&first, "kde upper bound: noise variance 0.05"));
    CHECK(panel_says(&first, "log_2 n = 6") && panel_says(&last, "log_2 n = 6"));
    CHECK(last.curves == 3); /* no bands, no controls */
    const block *b = block_of(script, last.curve[0].source, last.curve[0].index);
    CHECK(b->rows == 3 && b->value[0][1] == 5 && b->value[1][0] == 3);
    panel legend = panel_at(script, 0); /* names no control that is not there */
    CHECK(panel_says(&legend, "set arrow ") == 2 && !panel_says(&legend, "walk"));
    free(legend.text);
    free(first.text);
    free(last.text);
    free(script);
}

static void steps_are_called_steps(void **state)
{
    char f[FILES_PATH];
    files_make_folder(f);
    (void)state;
    run_into(f, "train.replicas=1", "measure.tick=step", "train.epochs=2", NULL);
    write_pool(f, "1,1,0,4,1,1,bin,5,0.5,,,6,,none\n1,2,8,8,1,1,bin,5,0.5,,,6,,none\n");
    char *script = draw(f, IPL_PLOT_POOL);
    panel first = panel_at(script, 1), last = panel_at(script, 2);
    CHECK(!strcmp(first.title, "steps 0 to 4") && !strcmp(last.title, "step 8"));
    free(first.text);
    free(last.text);
    free(script);
    files_remove_folder(f);
}

/* An estimator may have refused an axis; one may have been pooled that plane.csv has
 * not. */
static void panels_without_values_say_so(void **state)
{
    static const char rows[] = "1,1,0,4,1,1,ross,,0.5,,,,,none\n"
                               "1,2,5,9,1,1,ross,1,0.5,,,,,none\n";
    char *script = script_of_rows(IPL_PLOT_POOL, rows);
    (void)state;
    panel first = panel_at(script, 1), second = panel_at(script, 2);
    panel labels = panel_at(script, 3);
    CHECK(panel_says(&first, "set label 'no values of I(X;T) [bits]'") == 1);
    CHECK(panel_says(&first, "set label '{/:Bold Ross}'") == 1); /* the row's name */
    CHECK(!panel_says(&second, "no values") && !panel_says(&labels, "no values"));
    free(first.text);
    free(second.text);
    free(labels.text);
    free(script);
    script = script_of_rows(IPL_PLOT_POOLED_PLANE, rows);
    panel plane = panel_at(script, 1), pooled = panel_at(script, 2);
    CHECK(panel_says(&plane, "no values of I(X;T) [bits]"));
    CHECK(!panel_says(&pooled, "no values"));
    free(plane.text);
    free(pooled.text);
    free(script);
    script = script_of_rows(IPL_PLOT_POOLED_PLANE, "1,1,0,4,1,1,bin,5,,,,6,,none\n"
                                                   "1,1,0,4,1,1,bin,5,1,,,6,,walk\n");
    CHECK(strstr(script, "set label 'no values of I(T;Y) [bits]'"));
    free(script);
}

/* A window alone leaves room for the legend; a ceiling that no value reaches is drawn
 * within the axes. */
static void a_small_table_has_room_for_all(void **state)
{
    char *script = script_of_rows(IPL_PLOT_POOL, "1,1,0,4,1,1,bin,5,0.5,,,9,,none\n");
    panel p = panel_at(script, 1);
    int wide;
    double lo, hi;
    (void)state;
    CHECK(sscanf(script, "set terminal svg size %d,", &wide) == 1 && wide >= 950);
    panel_range(&p, "yrange", &lo, &hi);
    CHECK(hi > 9 && panel_says(&p, "set label 'log_2 n = 9'") == 1);
    panel_range(&p, "xrange", &lo, &hi);
    CHECK(lo < 1 && 1 < hi);
    free(p.text);
    free(script);
}

/* Many K: each has a tic, those with room around them a number. */
static void numbers_of_k_keep_apart(void **state)
{
    char rows[4096] = "";
    for (int k = 1; k <= 32; ++k)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                 "1,1,0,40,%d,1,bin,5,0.5,,,6,,none\n", k);
    char *script = script_of_rows(IPL_PLOT_POOL, rows);
    panel p = panel_at(script, 1);
    (void)state;
    CHECK(panel_says(&p, "set xtics ('1' 1, '2' 2, '3' 3, '' 4 1, '5' 5, '' 6 1, "));
    CHECK(panel_says(&p, "'' 31 1, ") == 1 && panel_says(&p, "' 32") == 1);
    free(p.text);
    free(script);
}

/* -- Windows in the plane ---------------------------------------------------------*/

/* Marks at one place share a label; windows that are near each other too. */
static void marks_name_their_windows(void **state)
{
    char *script = script_of_rows(IPL_PLOT_POOLED_PLANE,
                                  "1,1,0,4,1,1,bin,5.5,0.75,,,6,,none\n"
                                  "1,2,5,6,1,1,bin,5.45,0.75,,,6,,none\n"
                                  "1,3,7,8,1,1,bin,1,0.75,,,6,,none\n"
                                  "1,1,0,4,1,2,bin,2,0.125,,,6,,none\n"
                                  "1,2,5,6,1,2,bin,2.5,0.375,,,6,,none\n"
                                  "1,3,7,8,1,2,bin,5.5,0.75,,,6,,none\n");
    static const struct { const char *text; double x, y; } want[] = {
        {"w1–3", 5.5, 0.75}, {"w1", 2, 0.125}, {"w2", 2.5, 0.375}, {"w3", 1, 0.75}};
    panel p = panel_at(script, 2), legend = panel_at(script, 0);
    char label[64];
    int found = 0;
    (void)state;
    for (size_t k = 0; k < sizeof want / sizeof *want; ++k) {
        snprintf(label, sizeof label, "set label '%s' at %.9g,%.9g left ",
                 want[k].text, want[k].x, want[k].y);
        CHECK(panel_says(&p, label) == 1);
    }
    for (const char *at = p.text; (at = strstr(at, "set label 'w")); ++at) ++found;
    CHECK(found == 4);
    CHECK(panel_says(&p, "set label '{/:Bold 1}' at 1,0.75 center"));
    CHECK(panel_says(&p, "set label '{/:Bold 2}' at 5.5,0.75 center"));
    CHECK(panel_says(&legend, "set label 'windows:   {/:Bold w1} epochs 0 to 4   "
                              "{/:Bold w2} epochs 5 to 6   {/:Bold w3} epochs 7 to 8' "
                              "at screen 0.5,") == 1);
    free(legend.text);
    free(p.text);
    free(script);
}

/* Of many windows the legend names the first ones and the last. */
static void a_legend_has_room_for_its_windows(void **state)
{
    char rows[1024] = "", *script;
    (void)state;
    for (int w = 1; w <= 9; ++w)
        snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                 "1,%d,%d,%d,1,1,bin,5,0.5,,,6,,none\n", w, 2 * w, 2 * w + 1);
    script = script_of_rows(IPL_PLOT_POOLED_PLANE, rows);
    CHECK(strstr(script, "{/:Bold w4} epochs 8 to 9   ..   {/:Bold w9} epochs 18 to "
                         "19' at screen"));
    free(script);
}

/* The legend has the seeds of the run: the panel tells when fewer were pooled. */
static void seeds_that_were_not_pooled_are_told(void **state)
{
    char *script = pool_script(IPL_PLOT_POOLED_PLANE, 2);
    (void)state;
    CHECK(strstr(script, "set title 'the same, windows pooled: K = 1 to 5 (2 of 3 "
                         "seeds)'"));
    free(script);
    script = pool_script(IPL_PLOT_POOL, 2); /* nothing of the run's own seeds here */
    CHECK(strstr(script, "mean of 2 seeds, ± one deviation"));
    free(script);
}

/* -- Without labels ---------------------------------------------------------------*/

static void without_labels_there_is_one_row(void **state)
{
    static const float t[] = {0.1f, 0.2f, 0.3f, 0.9f};
    char f[FILES_PATH];
    files_make_folder(f);
    const ipl_mi_options bin = ipl_mi_defaults(IPL_MI_BIN);
    ipl_device *dev;
    (void)state;
    CHECK(!mkdir(files_path(f, "t"), 0777));
    CHECK_OK(ipl_npy_write_float32(files_path(f, "t/epoch_0_layer_1.npy"), 4, 1, t));
    CHECK_OK(ipl_device_open("cpu", NULL, &dev));
    CHECK_OK(ipl_estimate_folder(
        dev, 1, &bin, &(ipl_activations){.folder = files_path(f, "t")},
        files_path(f, "r"), NULL, NULL, NULL));
    ipl_device_close(dev);
    write_pool(f, "1,1,0,4,1,1,bin,2,,,,2,,none\n1,1,0,4,2,1,bin,1,,,,2,,none\n");
    char *script = draw(f, IPL_PLOT_POOL);
    CHECK(panels_of(script) == 2 && !strstr(script, "I(T;Y)"));
    free(script);
    CHECK_FAILS(ipl_plot(files_path(f, "r"), IPL_PLOT_POOLED_PLANE,
                         files_path(f, "p.svg")),
                IPL_E_FORMAT, "no plane without labels; I(X;T) is in the picture of "
                "the pool");
    files_remove_folder(f);
}

static const check_test tests[] = {
    CHECK_TEST(what_is_missing_is_said),
    CHECK_TEST(rows_that_do_not_fit_are_named),
    CHECK_TEST(gaps_have_no_panels),
    CHECK_TEST(steps_are_called_steps),
    CHECK_TEST(panels_without_values_say_so),
    CHECK_TEST(a_small_table_has_room_for_all),
    CHECK_TEST(numbers_of_k_keep_apart),
    CHECK_TEST(marks_name_their_windows),
    CHECK_TEST(a_legend_has_room_for_its_windows),
    CHECK_TEST(seeds_that_were_not_pooled_are_told),
    CHECK_TEST(without_labels_there_is_one_row),
};

CHECK_MAIN("pool_table", tests, 0)
