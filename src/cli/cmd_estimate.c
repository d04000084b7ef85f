/*
 * cmd_estimate.c - infoplane estimate: activations of any framework to information.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/clock.h"
#include "cli/estimate_flags.h"
#include "cli/estimate_print.h"
#include "cli/estimate_targets.h"

static int run(int argc, char **argv);

const cli_command cli_estimate = {
    "estimate",
    "--t T.npy [--y Y.npy] [--x X.npy] [--estimator NAME[,NAME]] [options]",
    "Estimate I(X;T) and I(T;Y) of activations from files",
    "T has a row for each sample, each of another input; Y has their labels (whole\n"
    "numbers, words, or one-hot), and X the inputs, which some estimators compare for\n"
    "I(X;T). Files are NPY, CSV or FILE.npz:ARRAY, plain or gzip; of FILE.npz as T\n"
    "each array is estimated.\n\n"
    "With a folder as T, which holds epoch_E_layer_L.npy, or epoch_E.npz with an\n"
    "array for each layer L, the whole plane is estimated and --out DIR becomes a\n"
    "run directory, with its picture. E is a number, L a number from 0 or 1 or a\n"
    "name, the same in each epoch; names stand as people count (fc2 before fc10), or\n"
    "as --layers says.\n\n"
    "Real-valued targets Y: --y-bins N or --y-width W makes classes of them, and all\n"
    "estimators have I(T;Y), at most the H(Y) of these bins; with --y-values the\n"
    "estimators that compare values have I(T;Y) as they have I(X;T), without bins.\n\n"
    "JSON has one object a line: estimator (as in the tables), bound (of bounds), n,\n"
    "d, i_xt, i_ty, h_t, se_x and se_y (with --error), units, then what the\n"
    "estimator has of noise_var, cells, outside_share, values_beyond_float32 and\n"
    "_float64 (as lines on stderr say them), refused (why a value is null); and\n"
    "flags. null: not defined. Of FILE.npz as a whole also t, the array.\n\n"
    "A number of an estimator may be a list: --noise-var 1e-3,1e-2,0.1 gives a point\n"
    "for each value, named kde-upper@1e-3 and so on, as if estimated alone.\n\n"
    "  infoplane estimate --t layer3.npy --y labels.npy --estimator bin,kde \\\n"
    "      --bin-width 0.07 --noise-var 1e-3 --json\n"
    "  infoplane estimate --t layer3.npy --x inputs.npy --estimator ksg,lnn \\\n"
    "      --k 5 --error jackknife\n"
    "  infoplane estimate --t activations/ --y labels.npy --estimator kde \\\n"
    "      --out runs/a\n",
    run};

typedef struct {
    const char    *t, *y, *x, *names, *error, *units, *layers, *out, *device;
    int            json, quiet, member; /* 1: --t is one array of several        */
    int64_t        threads;
    estimate_flags flags;
    estimate_targets target_flags;
    ipl_target_options target;
    int            estimators;
    ipl_mi_options options[IPL_MI_SETTINGS_MAX];
} request;

static int check_request(request *q)
{
    if (!q->t) return cli_misused(&cli_estimate, "--t is missing");
    if (q->target.no_label && !q->y)
        return cli_misused(&cli_estimate, "--no-label goes with --y");
    if (strcmp(q->units, "bits") && strcmp(q->units, "nats"))
        return cli_misused(&cli_estimate, "--units '%s': expected bits or nats",
                           q->units);
    if (strcmp(q->error, "none") && strcmp(q->error, "jackknife"))
        return cli_misused(&cli_estimate, "--error '%s': expected none or jackknife",
                           q->error);
    return estimate_flags_read(&q->flags, q->names, &q->estimators, q->options);
}

static ipl_mi_error error_of(const request *q)
{
    return strcmp(q->error, "none") ? IPL_MI_ERROR_JACKKNIFE : IPL_MI_ERROR_NONE;
}

/* -- One file, or a folder --------------------------------------------------------*/

/* Inputs or targets for families that compare values. */
static ipl_status centre(const request *q, const char *path, ipl_array *array)
{
    int64_t merged;
    IPL_TRY(ipl_array_centre(path, array, &merged));
    if (!q->quiet)
        estimate_print_lost(path, merged, array->rounded, array->rows * array->cols);
    return IPL_OK;
}

/* A call for each estimator, so that it can be said which one is at work: no point
 * depends on company. */
static ipl_status estimate_in_turn(ipl_device *dev, const request *q, cli_clock *clock,
                                   const ipl_mi_samples *samples, ipl_mi_layer *layer)
{
    for (int e = 0; e < q->estimators; ++e) {
        const ipl_mi_options *o = &q->options[e];
        ipl_mi_layer one = *layer;
        cli_clock_part(clock, "%s%s%s, %d of %d",
                       ipl_mi_family_of(o->estimator)->name, *o->setting ? "@" : "",
                       o->setting, e + 1, q->estimators);
        IPL_TRY(ipl_mi_estimate_host(dev, 1, o, samples, 1, &one));
        memcpy(layer->point + layer->points, one.point,
               (size_t)one.points * sizeof *one.point);
        layer->points += one.points;
        if (one.merged > layer->merged) layer->merged = one.merged; /* 0 of bin */
    }
    return IPL_OK;
}

static ipl_status estimate_arrays(ipl_device *dev, const request *q, cli_clock *clock,
                                  ipl_array *t, ipl_mi_layer *layer)
{
    ipl_targets y = {0};
    ipl_array x = {0};
    ipl_status st = IPL_OK;
    const ipl_samples_of of = {"the activations", t->rows, t->cols};
    if (q->y) IPL_TRY_DONE(ipl_targets_read(q->y, of, &q->target, &y));
    if (q->y) IPL_TRY_DONE(centre(q, q->y, &y.values));
    if (*y.labels.note && !q->quiet)
        cli_say("%s: %s", q->y, y.labels.note);
    if (q->x)
        IPL_TRY_DONE(ipl_array_read_inputs(q->x, of, y.labels.y ? &y.labels : NULL,
                                           &x));
    if (y.labels.unlabelled) /* before an offset is taken from all rows */
        IPL_TRY_DONE(ipl_array_keep_labelled(q->t, &y.labels, t));
    if (q->x) IPL_TRY_DONE(centre(q, q->x, &x));
    *layer = (ipl_mi_layer){.name = q->t, .d = t->cols, .t = t->values,
                            .wide = t->wide};
    const ipl_mi_samples samples = {.n = t->rows, .y = y.y, .inputs_d = x.cols,
                                    .inputs = x.values, .targets_d = y.values.cols,
                                    .targets = y.values.values, .error = error_of(q)};
    st = estimate_in_turn(dev, q, clock, &samples, layer);
done:
    ipl_targets_free(&y);
    ipl_array_free(&x);
    return st;
}

/* Images and convolutions: what a row of them is taken for. */
static void tell_flattened(const char *path, const ipl_array *t)
{
    char shape[IPL_ARRAY_SHAPE_BYTES];
    if (t->dims <= 2) return;
    ipl_array_shape(t, shape);
    cli_say("%s is %s: the %lld values of a row are one activation", path, shape,
            (long long)t->cols);
}

static ipl_status print_doubts(const ipl_mi_layer *layer)
{
    ipl_doubt *doubt;
    int64_t count;
    IPL_TRY(ipl_doubts_of(layer->points, layer->point, &doubt, &count));
    cli_print_doubts(NULL, count, doubt);
    free(doubt);
    return IPL_OK;
}

static int estimate_file(ipl_device *dev, const request *q)
{
    ipl_array t = {0};
    ipl_mi_layer layer;
    ipl_status st = ipl_array_read(q->t, &t);
    if (st == IPL_OK && !q->quiet) tell_flattened(q->t, &t);
    if (st == IPL_OK) {
        char what[160];
        cli_clock clock;
        snprintf(what, sizeof what, "%.80s: %lld samples of %lld values", q->t,
                 (long long)t.rows, (long long)t.cols);
        cli_clock_start(&clock, dev, q->quiet, what);
        st = estimate_arrays(dev, q, &clock, &t, &layer);
        cli_clock_end(&clock);
    }
    if (st == IPL_OK) {
        const estimate_print how = {.t = q->t, .n = t.rows, .d = t.cols,
                                    .units = q->units, .json = q->json,
                                    .member = q->member,
                                    .errors = error_of(q) != IPL_MI_ERROR_NONE,
                                    .merged = layer.merged, .rounded = t.rounded};
        st = estimate_print_points(&how, layer.points, layer.point);
        if (st == IPL_OK && !q->quiet) {
            estimate_print_lost(q->t, layer.merged, t.rounded, t.rows * t.cols);
            st = print_doubts(&layer);
        }
    }
    ipl_array_free(&t);
    return st == IPL_OK ? CLI_DONE : cli_failed();
}

/* Each array of an npz file by itself, up to one that fails. */
static int estimate_members(ipl_device *dev, const request *q)
{
    char **names;
    int    count, status = CLI_DONE;
    if (ipl_npz_members(q->t, &names, &count) != IPL_OK) return cli_failed();
    for (int m = 0; m < count && status == CLI_DONE; ++m) {
        char path[4200];
        request one = *q;
        const int length = snprintf(path, sizeof path, "%s:%s", q->t, names[m]);
        one.t = path;
        one.member = 1;
        status = length < (int)sizeof path
                     ? estimate_file(dev, &one)
                     : cli_misused(&cli_estimate, "--t %.40s..: too long", q->t);
    }
    free(names);
    return status;
}

/* Whether --t is a whole file of several arrays, and not one of them. */
static int has_members(const char *path)
{
    const size_t length = strlen(path);
    struct stat about;
    return length > 4 && !strcmp(path + length - 4, ".npz") && !stat(path, &about);
}

typedef struct {
    const request *q;
    cli_progress   shown;
    int64_t        left_out; /* files, with the names of some of them            */
    char           names[256];
} folder_progress;

/* What else is in the folder is said once an epoch is measured, so that nobody takes
 * it for measured; before, a failure has the only line. */
static int show_folder(void *progress, const ipl_progress *now)
{
    folder_progress *p = progress;
    if (p->left_out && !p->q->quiet)
        cli_say("%s: %lld %s no activations of a layer and epoch: %s%s", p->q->t,
                (long long)p->left_out, p->left_out > 1 ? "files are" : "file is",
                p->names, strlen(p->names) > 200 ? ", .." : "");
    p->left_out = 0;
    return cli_progress_show(&p->shown, now);
}

static int estimate_folder(ipl_device *dev, const request *q)
{
    char file[4200];
    ipl_progress at;
    folder_progress p = {.q = q, .shown = cli_progress_start("epoch", NULL, q->quiet)};
    const ipl_activations from = {.folder = q->t, .layers = q->layers, .labels = q->y,
                                  .targets = q->target, .inputs = q->x,
                                  .error = error_of(q)};
    ipl_status st = ipl_folder_left_out(q->t, sizeof p.names, p.names, &p.left_out);
    if (st == IPL_OK)
        st = ipl_estimate_folder(dev, q->estimators, q->options, &from, q->out,
                                 show_folder, &p, &at);
    cli_progress_end(&p.shown);
    if (st != IPL_OK) return cli_failed();
    if (!q->quiet)
        cli_print(stdout, "%s: %lld epochs in %.1f s\n", q->out, (long long)at.measured,
                  at.wall_s);
    if (!q->quiet) estimate_print_lost(q->t, at.merged, at.rounded, at.values);
    snprintf(file, sizeof file, "%s/plane.svg", q->out);
    if (ipl_plot(q->out, IPL_PLOT_ALL, file) != IPL_OK) return cli_failed();
    if (!q->quiet) cli_print(stdout, "picture: %s\n", file);
    return q->quiet ? CLI_DONE : cli_print_run_doubts(q->out, NULL);
}

static int estimate(request *q)
{
    struct stat about;
    ipl_device *dev = NULL;
    int status = check_request(q);
    if (status != CLI_GO_ON) return status;
    const int folder = !stat(q->t, &about) && S_ISDIR(about.st_mode);
    if (folder && q->json)
        return cli_misused(&cli_estimate, "--json goes with one file, and --t %s is a "
                           "folder", q->t);
    if (folder && strcmp(q->units, "bits"))
        return cli_misused(&cli_estimate, "--units goes with one file, and --t %s is a "
                           "folder, whose tables are in bits", q->t);
    if (folder && !q->out)
        return cli_misused(&cli_estimate, "--t %s is a folder: --out DIR is needed",
                           q->t);
    if (!folder && q->layers)
        return cli_misused(&cli_estimate, "--layers goes with a folder, and --t %s is "
                           "none", q->t);
    if (!folder && q->out)
        return cli_misused(&cli_estimate, "--out goes with a folder, and --t %s is "
                           "none", q->t);
    status = estimate_flags_inputs(q->x, q->quiet, q->estimators, q->options);
    if (status != CLI_GO_ON) return status;
    status = estimate_targets_read(&q->target_flags, q->y, q->quiet, q->estimators,
                                   q->options, &q->target);
    if (status != CLI_GO_ON) return status;
    for (int e = 0; e < q->estimators && !q->y && !q->quiet; ++e)
        if (q->options[e].estimator == IPL_MI_ROSS) /* it has no other figure */
            cli_say("I(T;Y) of ross needs the classes: --y Y.npy");
    status = cli_open_device(&cli_estimate, q->device, q->threads, q->quiet || q->json,
                             &dev);
    if (status == CLI_GO_ON)
        status = folder              ? estimate_folder(dev, q)
                 : has_members(q->t) ? estimate_members(dev, q)
                                     : estimate_file(dev, q);
    ipl_device_close(dev);
    return status;
}

static int run(int argc, char **argv)
{
    enum { FIRST = 6, LAST = 7, Y = ESTIMATE_TARGETS_FLAGS };
    const char *plain[1];
    char standard[64], families[160] = "", names[256];
    int count;
    request q = {.error = "none", .units = "bits", .device = "auto",
                 .quiet = cli_log_level() == 0};
    for (int k = 0; ipl_mi_family_name(k); ++k)
        snprintf(families + strlen(families), sizeof families - strlen(families),
                 "%s%s", k ? ", " : "", ipl_mi_family_name(k));
    ipl_mi_standard(standard, sizeof standard);
    snprintf(names, sizeof names, "any of %s; default %s", families, standard);
    cli_option options[FIRST + Y + ESTIMATE_FLAGS_MAX + LAST] = {
        {"--t", "T.npy", "activations, n x d, or a folder of them", CLI_TEXT, &q.t, 0,
         0, 0},
        {"--y", "Y.npy", "n labels, or one-hot; without it there is no I(T;Y)",
         CLI_TEXT, &q.y, 0, 0, 0},
        {"--no-label", "LABEL[,LABEL]", "leave rows with these labels out", CLI_TEXT,
         &q.target.no_label, 0, 0, 0},
        {"--x", "X.npy", "n inputs, of a folder one for all; for estimators that "
         "compare them", CLI_TEXT, &q.x, 0, 0, 0},
        {"--estimator", "NAME[,NAME]", names, CLI_TEXT, &q.names, 0, 0, 0},
        {"--error", "KIND", "none (default) or jackknife: standard errors", CLI_TEXT,
         &q.error, 0, 0, 0},
    };
    const cli_option last[LAST] = {
        {"--units", "UNITS", "bits (default) or nats; of one file", CLI_TEXT, &q.units,
         0, 0, 0},
        {"--json", NULL, "one object a line; of one file", CLI_SWITCH, &q.json, 0, 0,
         0},
        {"--layers", "NAME[,NAME]", "of a folder: these layers, in this order",
         CLI_TEXT, &q.layers, 0, 0, 0},
        {"--out", "DIR", "run directory for a folder of activations", CLI_TEXT, &q.out,
         0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N; see infoplane devices",
         CLI_TEXT, &q.device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &q.threads, 1, 4096, 0},
        {"--quiet", NULL, "results and errors only", CLI_SWITCH, &q.quiet, 0, 0, 0},
    };
    estimate_targets_list(&q.target_flags, options + FIRST);
    const int flags = Y + estimate_flags_list(&q.flags, options + FIRST + Y);
    for (int o = 0; o < LAST; ++o) options[FIRST + flags + o] = last[o];
    const int status = cli_parse(&cli_estimate, options, FIRST + flags + LAST, argc,
                                 argv, 0, plain, &count);
    return status == CLI_GO_ON ? estimate(&q) : status;
}
