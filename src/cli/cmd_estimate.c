/*
 * cmd_estimate.c - infoplane estimate: activations of any framework to information.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

static int run(int argc, char **argv);

const cli_command cli_estimate = {
    "estimate",
    "--t T.npy [--y Y.npy] --estimator NAME[,NAME] [options]",
    "Estimate I(X;T) and I(T;Y) of activations from NPY files",
    "T has a row for each sample, each seen once by X; Y has their classes as\n"
    "integers. With a folder as T, which holds epoch_E_layer_L.npy, the whole plane\n"
    "is estimated and --out DIR becomes a run directory, with its picture.\n\n"
    "JSON has one object a line: estimator, bound, n, d, i_xt, i_ty, h_t, units, then\n"
    "cells and outside_share, or noise_var, and flags; null where not defined.\n\n"
    "  infoplane estimate --t layer3.npy --y labels.npy --estimator bin,kde \\\n"
    "      --bin-width 0.07 --noise-var 1e-3 --json\n"
    "  infoplane estimate --t activations/ --y labels.npy --estimator kde \\\n"
    "      --out runs/a\n",
    run};

typedef struct {
    const char    *t, *y, *names, *units, *out, *device;
    int            json, quiet, noise_relative;
    int64_t        threads, edges, count, quantiles;
    double         width, range[2], noise_var;
    int            head; /* the table has its first line                          */
    int            estimators;
    ipl_mi_options options[IPL_MI_ESTIMATOR_COUNT];
} request;

/* -- Options of the estimators ----------------------------------------------------*/

static int bin_options(const request *q, ipl_mi_options *o)
{
    const int forms = (q->width > 0) + (q->edges > 0) + (q->count > 0) +
                      (q->quantiles > 0);
    if (forms > 1)
        return cli_misused(&cli_estimate, "--bin-width, --bin-edges, --bin-count and "
                           "--bin-quantiles exclude each other");
    if (!isnan(q->range[0]) && (q->width > 0 || q->count > 0 || q->quantiles > 0))
        return cli_misused(&cli_estimate, "--range goes with --bin-edges only");
    if (q->width > 0) o->bin_form = IPL_BIN_WIDTH, o->bin_width = q->width;
    if (q->edges) o->bin_form = IPL_BIN_EDGES, o->bins = q->edges;
    if (q->count) o->bin_form = IPL_BIN_COUNT, o->bins = q->count;
    if (q->quantiles) o->bin_form = IPL_BIN_QUANTILES, o->bins = q->quantiles;
    if (!isnan(q->range[0])) o->bin_lo = q->range[0], o->bin_hi = q->range[1];
    return CLI_GO_ON;
}

static int add_estimator(request *q, const char *name, size_t length)
{
    const int bin = length == 3 && !strncmp(name, "bin", 3);
    const int kde = length == 3 && !strncmp(name, "kde", 3);
    if (!bin && !kde)
        return cli_misused(&cli_estimate, "--estimator '%.*s': expected bin or kde",
                           (int)length, name);
    const ipl_mi_estimator which = bin ? IPL_MI_BIN : IPL_MI_KDE;
    for (int e = 0; e < q->estimators; ++e)
        if (q->options[e].estimator == which)
            return cli_misused(&cli_estimate, "--estimator names %.*s twice",
                               (int)length, name);
    ipl_mi_options *o = &q->options[q->estimators++];
    *o = ipl_mi_defaults(which);
    if (bin) return bin_options(q, o);
    if (q->noise_var > 0) o->noise_var = q->noise_var;
    o->noise_relative = q->noise_relative;
    return CLI_GO_ON;
}

static int check_request(request *q)
{
    if (!q->t) return cli_misused(&cli_estimate, "--t is missing");
    if (!q->names) return cli_misused(&cli_estimate, "--estimator is missing");
    if (strcmp(q->units, "bits") && strcmp(q->units, "nats"))
        return cli_misused(&cli_estimate, "--units '%s': expected bits or nats",
                           q->units);
    for (const char *at = q->names;; ++at) {
        const size_t length = strcspn(at, ",");
        const int status = add_estimator(q, at, length);
        if (status != CLI_GO_ON) return status;
        at += length;
        if (!*at) break;
    }
    int bins = 0;
    for (int e = 0; e < q->estimators; ++e)
        bins |= q->options[e].estimator == IPL_MI_BIN;
    if (!bins && (q->width > 0 || q->edges || q->count || q->quantiles ||
                  !isnan(q->range[0])))
        return cli_misused(&cli_estimate, "--bin-* and --range need --estimator bin");
    if (q->estimators == bins && (q->noise_var > 0 || q->noise_relative))
        return cli_misused(&cli_estimate, "--noise-* needs --estimator kde");
    return CLI_GO_ON;
}

/* -- Results ----------------------------------------------------------------------*/

static const char *number(double value, char *text, size_t size)
{
    if (isfinite(value)) snprintf(text, size, "%.12g", value == 0.0 ? 0.0 : value);
    else snprintf(text, size, "null");
    return text;
}

static void print_json(const ipl_mi_point *p, const char *estimator, ipl_mat t,
                       double unit, const char *units)
{
    char a[32], b[32], c[32], d[32];
    printf("{\"estimator\":\"%s\",\"bound\":%s%s%s,\"n\":%lld,\"d\":%lld,"
           "\"i_xt\":%s,\"i_ty\":%s,\"h_t\":%s,\"units\":\"%s\"",
           estimator, p->bound ? "\"" : "", p->bound ? p->bound : "null",
           p->bound ? "\"" : "", (long long)t.rows, (long long)t.cols,
           number(p->i_xt / unit, a, sizeof a), number(p->i_ty / unit, b, sizeof b),
           number(p->h_t / unit, c, sizeof c), units);
    if (p->bound)
        printf(",\"noise_var\":%s", number(p->noise_var, d, sizeof d));
    else
        printf(",\"cells\":%lld,\"outside_share\":%s", (long long)p->cells,
               number(p->outside_share, d, sizeof d));
    printf(",\"flags\":[%s%s%s]}\n", p->flags & IPL_MI_SATURATED ? "\"saturated\"" : "",
           (p->flags & IPL_MI_SATURATED) && (p->flags & IPL_MI_OUTSIDE) ? "," : "",
           p->flags & IPL_MI_OUTSIDE ? "\"outside\"" : "");
}

static void print_row(const ipl_mi_point *p, double unit)
{
    char i_ty[32] = "-";
    if (isfinite(p->i_ty)) snprintf(i_ty, sizeof i_ty, "%.6f", p->i_ty / unit);
    printf("%-10s %12.6f %12s %14.6f  ", p->name, p->i_xt / unit, i_ty, p->h_t / unit);
    if (p->bound) printf("noise variance %.6g", p->noise_var);
    else printf("%lld cells", (long long)p->cells);
    if (p->flags & IPL_MI_SATURATED) printf(", saturated: no two samples share a code");
    if (p->flags & IPL_MI_OUTSIDE)
        printf(", %.3g %% of values outside the range", 100.0 * p->outside_share);
    printf("\n");
}

static void print_head(const request *q, ipl_mat t)
{
    printf("%s: %lld samples of %lld values, in %s\n%-10s %12s %12s %14s\n", q->t,
           (long long)t.rows, (long long)t.cols, q->units, "estimator", "I(X;T)",
           "I(T;Y)", "H(T)");
}

/* The library counts jobs; here there is one, which the file's name tells. */
static const char *without_job(const char *text)
{
    int used = 0;
    sscanf(text, "job %*d: %n", &used);
    return text + used;
}

static int estimate_one(ipl_device *dev, request *q, const ipl_mi_options *o,
                        ipl_mi_job *job)
{
    const double unit = strcmp(q->units, "bits") ? 1.0 : log(2.0);
    void  *scratch = NULL;
    size_t bytes;
    ipl_status st = ipl_mi_scratch_bytes(dev, o, 1, job, &bytes);
    if (st == IPL_OK) st = ipl_alloc(dev, bytes, &scratch);
    if (st == IPL_OK) st = ipl_mi_estimate(dev, o, 1, job, scratch, bytes);
    ipl_free(dev, scratch);
    if (st != IPL_OK) {
        fprintf(stderr, "infoplane: %s: %s\n", q->t, without_job(cli_error_text()));
        return CLI_FAILED;
    }
    if (!q->json && !q->head++) print_head(q, job->t);
    for (int p = 0; p < job->points; ++p)
        if (q->json)
            print_json(&job->point[p], o->estimator == IPL_MI_BIN ? "bin" : "kde",
                       job->t, unit, q->units);
        else
            print_row(&job->point[p], unit);
    return CLI_GO_ON;
}

/* -- One file, or a folder --------------------------------------------------------*/

/* Labels for n rows, on the device; stays zeroed when there are none. */
static int load_labels(ipl_device *dev, const request *q, int64_t n, ipl_labels *labels)
{
    ipl_array y = {0};
    int32_t classes, *class_of = NULL;
    int status = CLI_FAILED;
    if (!q->y) return CLI_GO_ON;
    if (ipl_npy_read_integers(q->y, &y) != IPL_OK) return cli_failed();
    if (y.rows != n || y.cols != 1)
        fprintf(stderr, "infoplane: %s is %lld x %lld: expected a class for each of "
                "the %lld rows of %s\n", q->y, (long long)y.rows, (long long)y.cols,
                (long long)n, q->t);
    else if (!(class_of = malloc((size_t)n * sizeof *class_of)))
        fprintf(stderr, "infoplane: no memory for %lld labels\n", (long long)n);
    else if (ipl_labels_from_integers(q->y, n, y.integers, class_of, &classes) !=
                 IPL_OK ||
             ipl_labels_create(dev, n, classes, class_of, labels) != IPL_OK)
        cli_failed();
    else
        status = CLI_GO_ON;
    free(class_of);
    ipl_array_free(&y);
    return status;
}

/* The layer to the device; what that cannot hold stays where it is. */
static ipl_status place(ipl_device *dev, const request *q, ipl_array *t, ipl_mi_job *job)
{
    const ipl_device_info *about = ipl_device_about(dev);
    const size_t bytes = (size_t)(t->rows * t->cols) * sizeof *t->values;
    job->t = (ipl_mat){NULL, t->rows, t->cols};
    IPL_TRY(ipl_mi_fit(dev, q->estimators, q->options, job,
                       about->free_bytes - about->free_bytes / 16, &job->block_rows));
    if (job->block_rows) {
        job->t.at = t->values;
        return IPL_OK;
    }
    IPL_TRY(ipl_mat_alloc(dev, t->rows, t->cols, &job->t));
    return ipl_upload(dev, t->values, bytes, job->t.at);
}

static int estimate_file(ipl_device *dev, request *q)
{
    ipl_array  t = {0};
    ipl_labels y = {0};
    ipl_mi_job job = {0};
    if (ipl_npy_read_values(q->t, &t) != IPL_OK) return cli_failed();
    int status = load_labels(dev, q, t.rows, &y);
    if (status == CLI_GO_ON && q->y) job.y = &y;
    if (status == CLI_GO_ON && place(dev, q, &t, &job) != IPL_OK) {
        fprintf(stderr, "infoplane: %s: %s\n", q->t, without_job(cli_error_text()));
        status = CLI_FAILED;
    }
    for (int e = 0; e < q->estimators && status == CLI_GO_ON; ++e)
        status = estimate_one(dev, q, &q->options[e], &job);
    if (!job.block_rows) ipl_free(dev, job.t.at);
    ipl_labels_free(dev, &y);
    ipl_array_free(&t);
    return status == CLI_GO_ON ? CLI_DONE : status;
}

static int estimate_folder(ipl_device *dev, const request *q)
{
    char file[4200];
    ipl_progress at;
    cli_progress shown = cli_progress_start("epoch", NULL, q->quiet);
    const ipl_status st = ipl_estimate_folder(dev, q->estimators, q->options, q->t, q->y,
                                              q->out, cli_progress_show, &shown, &at);
    cli_progress_end(&shown);
    if (st != IPL_OK) return cli_failed();
    if (!q->quiet)
        printf("%s: %lld epochs in %.1f s\n", q->out, (long long)at.measured,
               at.wall_s);
    snprintf(file, sizeof file, "%s/plane.svg", q->out);
    if (ipl_plot(q->out, IPL_PLOT_ALL, file) != IPL_OK) return cli_failed();
    if (!q->quiet) printf("picture: %s\n", file);
    return CLI_DONE;
}

static int estimate(request *q)
{
    struct stat about;
    ipl_device *dev = NULL;
    int status = check_request(q);
    if (status != CLI_GO_ON) return status;
    const int folder = !stat(q->t, &about) && S_ISDIR(about.st_mode);
    if (folder && !q->out)
        return cli_misused(&cli_estimate, "--t %s is a folder: --out DIR is needed",
                           q->t);
    if (!folder && q->out)
        return cli_misused(&cli_estimate, "--out goes with a folder, and --t %s is "
                           "none", q->t);
    if (folder && q->json)
        return cli_misused(&cli_estimate, "--json goes with one file, and --t %s is a "
                           "folder", q->t);
    status = cli_open_device(&cli_estimate, q->device, q->threads, q->quiet || q->json,
                             &dev);
    if (status == CLI_GO_ON)
        status = folder ? estimate_folder(dev, q) : estimate_file(dev, q);
    ipl_device_close(dev);
    return status;
}

static int run(int argc, char **argv)
{
    const char *plain[1];
    int count;
    request q = {.units = "bits", .device = "auto", .range = {NAN, NAN},
                 .quiet = cli_log_level() == 0};
    const cli_option options[] = {
        {"--t", "T.npy", "activations, n x d, or a folder of them", CLI_TEXT, &q.t, 0,
         0, 0},
        {"--y", "Y.npy", "n classes; without it there is no I(T;Y)", CLI_TEXT, &q.y, 0,
         0, 0},
        {"--estimator", "NAME[,NAME]", "bin, kde", CLI_TEXT, &q.names, 0, 0, 0},
        {"--bin-width", "W", "bins floor(t / W)", CLI_REAL, &q.width, 0, 1e30, 1},
        {"--bin-edges", "N", "N fixed edges over the range; default 30", CLI_WHOLE,
         &q.edges, 2, 65536, 0},
        {"--range", "LO,HI", "first and last edge; default -1,1", CLI_PAIR, q.range,
         -1e30, 1e30, 0},
        {"--bin-count", "N", "N equal bins over the layer's own range", CLI_WHOLE,
         &q.count, 1, 65536, 0},
        {"--bin-quantiles", "N", "N bins of equal occupation", CLI_WHOLE, &q.quantiles,
         1, 65536, 0},
        {"--noise-var", "V", "kde: variance of the noise; default 0.05", CLI_REAL,
         &q.noise_var, 0, 1e30, 1},
        {"--noise-relative", NULL, "kde: V is a share of the layer's mean square",
         CLI_SWITCH, &q.noise_relative, 0, 0, 0},
        {"--units", "UNITS", "bits (default) or nats", CLI_TEXT, &q.units, 0, 0, 0},
        {"--json", NULL, "one object a line", CLI_SWITCH, &q.json, 0, 0, 0},
        {"--out", "DIR", "run directory for a folder of activations", CLI_TEXT, &q.out,
         0, 0, 0},
        {"--device", "NAME", "auto, cpu, cuda or cuda:N; see infoplane devices",
         CLI_TEXT, &q.device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &q.threads, 1, 4096, 0},
        {"--quiet", NULL, "results and errors only", CLI_SWITCH, &q.quiet, 0, 0, 0},
    };
    const int status = cli_parse(&cli_estimate, options,
                                 sizeof options / sizeof *options, argc, argv, 0, plain,
                                 &count);
    return status == CLI_GO_ON ? estimate(&q) : status;
}
