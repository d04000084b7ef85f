/*
 * cmd_resume.c - infoplane resume: goes on with a run that did not come to its end.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/ranks.h"

static int run(int argc, char **argv);

const cli_command cli_resume = {
    "resume", "DIR [--device NAME] [--threads N] [--ranks] [--quiet]",
    "Go on with a run that was stopped, failed, or was killed",
    "Results are, byte for byte, those of a run that was never interrupted. Version,\n"
    "device, data and keys must be what the run began with; only [run] may change in\n"
    "DIR/config.ini, and how many devices measure beside the first (--device\n"
    "cuda:0,cuda:1). A run that is done is left as it is.\n\n"
    "Ctrl-C, SIGTERM and SIGHUP stop a run at its next tick, with exit status 1;\n"
    "kill -9, a full disk or a lost machine cost no more than some training to be\n"
    "repeated.\n\n"
    "  infoplane resume runs/ib-tanh\n",
    run};

static int resume(const ipl_places *on, const char *dir, const ipl_run_info *info,
                  int quiet)
{
    ipl_progress at = {0};
    cli_progress shown = cli_progress_start(info->tick, on, quiet);
    const ipl_status st = ipl_resume_on(on, dir, cli_progress_show, &shown, &at);
    cli_progress_end(&shown);
    return cli_finish_run(st, dir, info->tick, &at, 1, quiet);
}

/* A run that was killed after its last result may still lack a picture. */
static int draw_missing(const char *dir, ipl_plot_what what, const char *name)
{
    char file[4200];
    snprintf(file, sizeof file, "%s/%s", dir, name);
    if (!access(file, F_OK) || ipl_plot(dir, what, file) == IPL_OK) return CLI_DONE;
    return cli_failed();
}

/* The pictures of one run directory. */
static int draw_all_missing(const char *dir)
{
    char file[4200];
    const int status = draw_missing(dir, IPL_PLOT_ALL, "plane.svg");
    snprintf(file, sizeof file, "%s/pool.csv", dir);
    if (status != CLI_DONE || access(file, F_OK)) return status;
    if (draw_missing(dir, IPL_PLOT_POOL, "pool.svg") != CLI_DONE) return CLI_FAILED;
    return draw_missing(dir, IPL_PLOT_POOLED_PLANE, "pooled-plane.svg");
}

static int resume_done(const char *dir, const ipl_run_info *info, int quiet)
{
    char path[4100];
    ipl_measured_rows first;
    unsigned further;
    if (ipl_resume(NULL, dir, NULL, NULL, NULL) != IPL_OK ||
        ipl_run_sets(dir, &first, &further) != IPL_OK)
        return cli_failed();
    if (!quiet)
        cli_print(stdout, "%s: finished already: %lld of %lld %ss measured\n", dir,
                  (long long)info->measured, (long long)info->last + 1, info->tick);
    const char *rows = further ? ipl_rows_name(first) : NULL;
    snprintf(path, sizeof path, "%s", dir);
    do {
        if (draw_all_missing(path) != CLI_DONE) return CLI_FAILED;
        if (!quiet && cli_print_run_doubts(path, rows) != CLI_DONE) return CLI_FAILED;
    } while ((rows = cli_further_set(dir, &further, path, sizeof path)));
    return CLI_DONE;
}

static int resume_with(cli_ranks *ranks, int argc, char **argv)
{
    const char *device = NULL, *plain[1];
    int64_t     threads = 0;
    char        own[32];
    int         quiet = cli_log_level() == 0, with_ranks, count;
    const cli_option options[] = {
        {"--device", "NAME", "default: the one that the run began on; or several, with "
         "this one first", CLI_TEXT, &device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &threads, 1, 4096, 0},
        {"--ranks", NULL, "with mpirun: the other ranks measure", CLI_SWITCH,
         &with_ranks, 0, 0, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &quiet, 0, 0, 0},
    };
    int status = cli_parse(&cli_resume, options, sizeof options / sizeof *options, argc,
                           argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_resume, "which run directory?");

    if (ipl_team_rank(ranks->team))
        return cli_ranks_help(&cli_resume, ranks, device ? device : "auto", threads);
    ipl_run_info info;
    if (ipl_run_about(plain[0], &info) != IPL_OK) return cli_failed();
    if (info.done) return resume_done(plain[0], &info, quiet);
    if (!device) device = info.device;
    status = cli_ranks_device(ranks, &device, own, &threads);
    if (status != CLI_GO_ON) return status;
    cli_devices_open open;
    status = cli_open_devices(&cli_resume, device, threads, quiet, &open);
    if (status == CLI_GO_ON) status = cli_ranks_call(ranks, &open.on);
    if (status == CLI_GO_ON) status = resume(&open.on, plain[0], &info, quiet);
    cli_close_devices(&open);
    return status;
}

static int run(int argc, char **argv)
{
    cli_ranks ranks;
    int status = cli_ranks_begin(&cli_resume, argc, argv, &ranks);
    if (status == CLI_GO_ON) status = resume_with(&ranks, argc, argv);
    cli_ranks_end(&ranks);
    return status;
}
