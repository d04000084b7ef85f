/*
 * cmd_plot.c - infoplane plot: run directories to a picture.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_plot = {
    "plot", "DIR .. [-o FILE] [--what all|plane|epochs|snr|pool|pooled-plane|audit]",
    "Draw run directories as SVG, PNG, PDF or a movie",
    "plane   I(T;Y) against I(X;T), a panel for each estimator, colour = epoch\n"
    "epochs  both over the epochs; marks at the foot: the measured ones\n"
    "snr     mean and deviation of the gradients, over the epochs\n"
    "all     all of the above that the directory has; the default of one run\n"
    "audit   what infoplane audit found: H(X|T), and I(X;T) by resolution\n\n"
    "Of networks that were pooled (pool.windows):\n\n"
    "pool          I(X;T) and I(T;Y) over the number K of networks, beside controls;\n"
    "              a column for each window of epochs\n"
    "pooled-plane  the plane, and beside it that of the windows at their largest K,\n"
    "              joined in the order of time\n\n"
    "With replicas, lines and markers are their mean, bars and bands one standard\n"
    "deviation; of one network, where it was measured, one standard error. Hollow\n"
    "points say less than they seem to (saturated, or values outside fixed bins): the\n"
    "note under the panel counts them. A .gif shows the plane epoch by epoch. Several\n"
    "runs stand side by side with common axes, each with its name; the default is\n"
    "then the plane. Where layers meet, those below are rings. On a narrow page a row\n"
    "of panels goes on in the next one. Needs gnuplot.\n\n"
    "A study (infoplane sweep) has a picture of small multiples, plane or epochs: a\n"
    "column, a row and a colour for each value of a key that was swept, or of layer,\n"
    "estimator or rows; means over seeds, with bars and bands of one deviation. Keys\n"
    "are placed in their order where nothing is said; what is left out is told.\n\n"
    "  infoplane plot runs/study -o fig.pdf --width-cm 17 --cols activation \\\n"
    "      --rows train_fraction --only bin.edges=30\n"
    "  infoplane plot runs/ib-tanh -o ib-tanh.png --what plane\n"
    "  infoplane plot runs/ib-tanh -o ib-tanh.gif\n"
    "  infoplane plot runs/tanh runs/relu -o fig.pdf --width-cm 17 --font Times\n"
    "  infoplane plot runs/tanh runs/relu -o fig.pdf --what epochs --overlay \\\n"
    "      --name tanh,ReLU\n"
    "  infoplane plot runs/tanh -o x.svg --what plane --estimator kde \\\n"
    "      --layers 1,3-5 --x-limits 0:12\n",
    run};

/* "a:b", "a:" or ":b" to a pair, of which what is empty stays as it is. */
static int read_limits(const char *name, const char *text, double limit[2])
{
    char *end = NULL;
    if (!text) return CLI_GO_ON;
    const char *colon = strchr(text, ':');
    int is_good = colon && (colon > text || colon[1]);
    if (is_good && colon > text) {
        limit[0] = strtod(text, &end);
        is_good = end == colon && isfinite(limit[0]);
    }
    if (is_good && colon[1]) {
        limit[1] = strtod(colon + 1, &end);
        is_good = !*end && end > colon + 1 && isfinite(limit[1]);
    }
    if (is_good && !(limit[0] >= limit[1])) return CLI_GO_ON;
    return cli_misused(&cli_plot, "%s '%s': expected two numbers, the smaller first, "
                       "as in 0:12; one may be empty", name, text);
}

static const char *const kinds[] = {
    [IPL_PLOT_ALL] = "all", [IPL_PLOT_PLANE] = "plane", [IPL_PLOT_EPOCHS] = "epochs",
    [IPL_PLOT_SNR] = "snr", [IPL_PLOT_POOL] = "pool",
    [IPL_PLOT_POOLED_PLANE] = "pooled-plane", [IPL_PLOT_AUDIT] = "audit"};
static_assert(sizeof kinds / sizeof *kinds == IPL_PLOT_COUNT, "a name each");

/* What is drawn where nobody said: of several runs and in a movie the plane. */
static int read_kind(const char *what, int runs, const char *file, ipl_plot_what *out)
{
    const size_t length = file ? strlen(file) : 0;
    const int movie = length > 4 && !strcasecmp(file + length - 4, ".gif");
    int kind = 0;
    if (!what) what = runs > 1 || movie ? "plane" : "all";
    while (kind < IPL_PLOT_COUNT && strcmp(kinds[kind], what)) ++kind;
    if (kind == IPL_PLOT_COUNT)
        return cli_misused(&cli_plot, "--what '%s': expected all, plane, epochs, snr, "
                           "pool, pooled-plane or audit", what);
    *out = (ipl_plot_what)kind;
    return CLI_GO_ON;
}

/* What a study alone has: keys in rows and columns. */
static int has_keys(const ipl_plot_study_options *how)
{
    return how->cols || how->rows || how->colour || how->onlys;
}

ipl_status cli_plot_study(const char *dir, const ipl_plot_study_options *how,
                          const char *file, int quiet)
{
    char notes[IPL_PLOT_NOTES], *rest;
    const ipl_plot_study_options plain = {.plot = ipl_plot_defaults()};
    const ipl_status st = ipl_plot_study(dir, how ? how : &plain, file, notes);
    for (char *at = st == IPL_OK && !quiet ? strtok_r(notes, "\n", &rest) : NULL; at;
         at = strtok_r(NULL, "\n", &rest))
        cli_say("%s", at);
    return st;
}

static int run(int argc, char **argv)
{
    const char *file = NULL, *what = NULL, *x = NULL, *y = NULL, *scale = "log";
    const char *dir[IPL_PLOT_RUNS_MAX];
    char        made[4200];
    int         runs;
    cli_list    only = {0};
    ipl_plot_options how = ipl_plot_defaults();
    ipl_plot_study_options study = {.cols = NULL};
    const cli_option options[] = {
        {"-o", "FILE", "ends in .svg, .png, .pdf or .gif; default of one run "
         "DIR/WHAT.svg, of all DIR/plane.svg", CLI_TEXT, &file, 0, 0, 0},
        {"--what", "WHAT", "all, plane, epochs, snr, pool, pooled-plane or audit",
         CLI_TEXT, &what, 0, 0, 0},
        {"--overlay", NULL, "runs in the same panels, told apart by dashes and points",
         CLI_SWITCH, &how.overlay, 0, 0, 0},
        {"--name", "LIST", "of the runs: tanh,ReLU; default the last parts of DIR",
         CLI_TEXT, &how.names, 0, 0, 0},
        {"--estimator", "LIST", "names of plane.csv or families: kde-upper,bin; "
         "default all", CLI_TEXT, &how.estimators, 0, 0, 0},
        {"--layers", "LIST", "as in 1,3-5; default all", CLI_TEXT, &how.layers, 0, 0,
         0},
        {"--x-limits", "A:B", "of the plane or the epochs; one may be empty", CLI_TEXT,
         &x, 0, 0, 0},
        {"--y-limits", "A:B", "in bits", CLI_TEXT, &y, 0, 0, 0},
        {"--scale", "SCALE", "of the epochs: log or linear; default log", CLI_TEXT,
         &scale, 0, 0, 0},
        {"--cols", "KEY", "of a study: a column for each value of KEY", CLI_TEXT,
         &study.cols, 0, 0, 0},
        {"--rows", "KEY", "a row for each", CLI_TEXT, &study.rows, 0, 0, 0},
        {"--colour", "KEY", "a colour for each, in the same panels", CLI_TEXT,
         &study.colour, 0, 0, 0},
        {"--only", "KEY=VALUE", "this value of KEY; again for further ones", CLI_LIST,
         &only, 0, 0, 0},
        {"--width-cm", "W", "of the picture; fonts have then 8 points", CLI_REAL,
         &how.width_cm, 2, 200, 0},
        {"--font", "NAME", "default DejaVu Sans", CLI_TEXT, &how.font, 0, 0, 0},
        {"--font-size", "PT", "in points", CLI_REAL, &how.font_pt, 2, 72, 0},
    };
    int status = cli_parse(&cli_plot, options, sizeof options / sizeof *options, argc,
                           argv, IPL_PLOT_RUNS_MAX, dir, &runs);
    if (status != CLI_GO_ON) return status;
    if (!runs) return cli_misused(&cli_plot, "which run directory?");
    study.onlys = only.count;
    study.only = only.text;
    int studies = 0;
    for (int r = 0; r < runs; ++r) studies += ipl_plot_is_study(dir[r]);
    if (studies && runs > 1)
        return cli_misused(&cli_plot, "a study has a picture of its own: name no other "
                           "directory beside it");
    if (!studies && has_keys(&study))
        return cli_misused(&cli_plot, "--rows, --cols, --colour and --only are of a "
                           "study: %s has no study.json", dir[0]);
    status = read_kind(what, runs, file, &how.what);
    if (status == CLI_GO_ON) status = read_limits("--x-limits", x, how.x_limit);
    if (status == CLI_GO_ON) status = read_limits("--y-limits", y, how.y_limit);
    if (status != CLI_GO_ON) return status;
    how.linear = !strcmp(scale, "linear");
    if (!how.linear && strcmp(scale, "log"))
        return cli_misused(&cli_plot, "--scale '%s': expected log or linear", scale);
    if (!file && runs > 1)
        return cli_misused(&cli_plot, "which picture? -o FILE says, of several runs");
    if (!file) {
        snprintf(made, sizeof made, "%s/%s.svg", dir[0],
                 how.what == IPL_PLOT_ALL ? "plane" : kinds[how.what]);
        file = made;
    }
    study.plot = how;
    const ipl_status st = studies ? cli_plot_study(dir[0], &study, file, 0)
                                  : ipl_plot_runs(runs, dir, &how, file);
    if (st == IPL_E_ARGUMENT) return cli_misused(&cli_plot, "%s", cli_error_text());
    return st == IPL_OK ? CLI_DONE : cli_failed();
}
