/*
 * test_study_refused.c - tables of a study and options of its picture that are refused,
 * and texts in tables that are not.
 */
#include "study_picture_case.h"

static char notes[IPL_PLOT_NOTES];

static const study_case two_by_two = {
    .key = {{"net.activation", "tanh|relu"}, {"data.train_fraction", "0.2|0.8"}},
    .estimators = "bin", .rows = "all", .skipped = -1,
    .more = ", \"layers\": [\"4-a\", \"3-b\", \"2\"], "
            "\"ceilings\": {\"i_xt_bits\": 6, \"i_ty_bits\": 0.75}"};

static void values_may_have_commas_and_quotes(void **state)
{
    study_case of = case_of("net.layers", "12, 7-tanh, 2|12, 5-tanh, 2", NULL, NULL);
    (void)state;
    const ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    char *script = study_script(&of, &how, "p.svg", notes);
    panel frame = panel_at(script, 1);
    CHECK(panel_says(&frame, "'layers = {/:Bold 12, 5-tanh, 2}' at ") == 1);
    free(frame.text);
    free(script);
}

typedef struct {
    const char *cols, *rows, *colour, *only, *error;
    int         overlay;
} refused_case;

static void options_that_do_not_fit_are_refused(void **state)
{
    static const refused_case cases[] = {
        {.cols = "edges", .error = "--cols 'edges': no key of this study: it has "
         "train.batch, data.train_fraction, layer, estimator, rows"},
        {.rows = "batch", .colour = "train.batch",
         .error = "--colour 'train.batch': this key is that of --rows already"},
        {.rows = "batch", .error = "--rows train.batch: 11 values, of which 10 have "
         "room: name them, as in --only train.batch=1"},
        {.colour = "batch", .error = "--colour train.batch: 11 values, of which 8"},
        {.cols = "batch", .rows = "layer", .error = "--cols train.batch: 11 values, of "
         "which 8 have room"},
        {.only = "batch=12", .error = "--only 'batch=12': expected train.batch=VALUE, "
         "of 1, 2, 3, 4, 5, 6, 7, 8, .."},
        {.only = "batch", .error = "--only 'batch': expected train.batch=VALUE"},
        {.only = "x=1", .error = "--only 'x': no key of this study"},
        {.only = "rows=test", .error = "no run of the study has all of these"},
        {.overlay = 1, .error = "is a study, whose picture is --what plane or epochs"},
    };
    char folder[FILES_PATH];
    const study_case of = case_of("train.batch", "1|2|3|4|5|6|7|8|9|10|11",
                                  "data.train_fraction", "0.2|0.8");
    (void)state;
    make_study(&of, folder);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; ++k) {
        ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
        how.cols = cases[k].cols;
        how.rows = cases[k].rows;
        how.colour = cases[k].colour;
        how.only = &cases[k].only;
        how.onlys = cases[k].only != NULL;
        how.plot.overlay = cases[k].overlay;
        CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                    IPL_E_ARGUMENT, cases[k].error);
    }
    ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    how.plot.width_cm = 3;
    CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                IPL_E_ARGUMENT, "narrower than their labels");
    CHECK(ipl_plot_is_study(folder));
    remove(files_path(folder, "study_summary.csv"));
    how = study_options(IPL_PLOT_ALL);
    CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                IPL_E_IO, "study_summary.csv is not there: no run of the study is");
    remove(files_path(folder, "study.json"));
    CHECK(!ipl_plot_is_study(folder));
    CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                IPL_E_IO, "study.json");
    files_remove_folder(folder);
}

static void bad_tables_name_their_line(void **state)
{
    static const char header[] = "net.activation,data.train_fraction,rows,epoch,layer,"
                                 "estimator,quantity,mean,deviation,n\n";
    static const char *const bad[] = {
        "tanh,0.2,all,0,1,bin,i_xt_bits,1,,1,", "elu,0.2,all,0,1,bin,i_xt_bits,1,,1",
        "tanh,0.2,some,0,1,bin,i_xt_bits,1,,1", "tanh,0.2,all,-1,1,bin,i_xt_bits,1,,1",
        "tanh,0.2,all,0,0,bin,i_xt_bits,1,,1",  "tanh,0.2,all,0,33,bin,i_xt_bits,1,,1",
        "tanh,0.2,all,0,1,,i_xt_bits,1,,1",     "tanh,0.2,all,0,1,bin,h_t,1,,1",
        "tanh,0.2,all,0,1,bin,i_xt_bits,x,,1",  "\"tanh,0.2,all,0,1,bin,i_xt_bits,1,,1",
        "tanh,0.2,all,0,1,bin,i_xt_bits,1,,-1", "tanh,0.2,all,0,1,bin,i_xt_bits",
        "tanh,0.2,all,0,1,bin,i_xt_bits,1,,4294967295"};
    char folder[FILES_PATH], text[512];
    (void)state;
    make_study(&two_by_two, folder);
    const ipl_plot_study_options how = study_options(IPL_PLOT_PLANE);
    for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
        const int length = snprintf(text, sizeof text, "%s%s\n", header, bad[k]);
        files_write(files_path(folder, "study_summary.csv"), (size_t)length, text);
        CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                    IPL_E_FORMAT, "study_summary.csv:2: expected the values of 2 keys");
    }
    files_write(files_path(folder, "study_summary.csv"), strlen(header), header);
    CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                IPL_E_FORMAT, "study_summary.csv: no points yet");
    files_write(files_path(folder, "study_summary.csv"), strlen(header) - 4,
                header + 4);
    CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                IPL_E_FORMAT, "study_summary.csv:1: expected");
    static const char *const json[] = {"[]", "{\"study\": \"x\", \"keys\": [], "
                                       "\"tick\": \"hour\"}",
                                       "{\"study\": \"x\", \"tick\": \"epoch\", "
                                       "\"keys\": [{\"key\": \"a.b\"}]}"};
    for (size_t k = 0; k < sizeof json / sizeof *json; ++k) {
        files_write(files_path(folder, "study.json"), strlen(json[k]), json[k]);
        CHECK_FAILS(ipl_plot_study(folder, &how, files_path(folder, "p.svg"), notes),
                    IPL_E_FORMAT, "study.json: expected");
    }
    files_remove_folder(folder);
}

static const check_test tests[] = {
    CHECK_TEST(values_may_have_commas_and_quotes),
    CHECK_TEST(options_that_do_not_fit_are_refused),
    CHECK_TEST(bad_tables_name_their_line),
};

CHECK_MAIN("study_refused", tests, 0)
