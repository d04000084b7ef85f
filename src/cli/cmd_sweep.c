/*
 * cmd_sweep.c - infoplane sweep: all runs of a study, its tables and its picture.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/sweep_plan.h"
#include "ipl_study.h"

static int run(int argc, char **argv);

const cli_command cli_sweep = {
    "sweep",
    "STUDY [--set section.key=value]... [--out DIR] [--plan] [--device NAME,..] "
    "[--threads N] [--part I/N] [--no-shared] [--quiet]",
    "Do all runs of a study: the product of lists of settings, many seeds",
    "STUDY is a configuration with one more section, of keys with their values:\n\n"
    "  [sweep]\n"
    "  net.activation = tanh, relu\n"
    "  data.train_fraction = .05, .45, .85\n"
    "  train.seed = 1:50                   from 1 to 50\n"
    "  zip = KEY, KEY                      side by side, and no product\n"
    "  skip = KEY = VALUE & KEY = VALUE    products that are left out\n"
    "  together = 10                       seeds of one run, at most\n\n"
    "Values that have commas themselves are divided by |, and a line that ends with\n"
    "one of these goes on in the next. Runs that differ only in what is measured\n"
    "train once, and the seeds of one setting are trained together. Each run is a run\n"
    "directory DIR/NAME, as infoplane run makes it. Beside them stand study.csv (all\n"
    "points, a column for each key), study_summary.csv (means and deviations over the\n"
    "seeds), study.json and study.svg. On a CPU small runs have a core each; of\n"
    "several GPUs (--device cuda:0,cuda:1) each has a run. A study that was stopped\n"
    "or killed, or of which runs failed, goes on by the same command; so does one\n"
    "that has got more values.\n\n"
    "On a cluster mpirun -n N infoplane sweep STUDY --out DIR shares the runs among N\n"
    "ranks; DIR is a folder that all see, or --no-shared sends what they make to rank\n"
    "0. Without MPI each job does a part, and the last one to end writes the tables:\n"
    "infoplane sweep STUDY --out DIR --part $SLURM_ARRAY_TASK_ID/16\n\n"
    "  infoplane sweep configs/studies/activations.ini --plan\n"
    "  infoplane sweep configs/studies/activations.ini --out runs/activations\n",
    run};

/* -- What it is called with -------------------------------------------------------*/

/* "cuda:0,cuda:1" in place: the names' number, 0: one is missing. */
static int cut_names(char *text, const char **name, int most)
{
    int count = 0;
    for (char *at = text, *one; (one = strsep(&at, ","));) {
        if (!*one || count == most) return 0;
        name[count++] = one;
    }
    return count;
}

static int read_part(const char *text, int *part, int *parts)
{
    int used = 0;
    return sscanf(text, "%d/%d%n", part, parts, &used) == 2 && !text[used] &&
           *parts >= 1 && *part >= 1 && *part <= *parts;
}

/* -- How far it is ----------------------------------------------------------------*/

typedef struct {
    const ipl_study *study;
    int              quiet, bar;
    double           shown_s;
} telling;

static void wipe(const telling *t)
{
    if (t->bar && t->shown_s > 0) fprintf(stderr, "\r\033[K");
}

static void tell_ended(const telling *t, const ipl_study_progress *now)
{
    const char *name = ipl_study_run_at(t->study, now->ended)->name;
    if (now->state == IPL_STUDY_FAILED) cli_say("%s failed: %s", name, now->text);
    else if (now->state == IPL_STUDY_ELSEWHERE && !t->quiet && *now->text)
        cli_say("%s is left to another process: %s", name, now->text);
}

static void print_line(telling *t, const ipl_study_progress *now)
{
    enum { BAR = 24 };
    char spent[32], left[32], ahead[48] = "", failed[48] = "";
    t->shown_s = now->wall_s;
    if (!isnan(now->left_s))
        snprintf(ahead, sizeof ahead, ", about %s left",
                 cli_duration(now->left_s, left, sizeof left));
    if (now->failed)
        snprintf(failed, sizeof failed, ", %lld failed", (long long)now->failed);
    if (t->bar) {
        const int full = (int)(BAR * now->share);
        fprintf(stderr, "\r\033[K[%.*s%*s] ", full, "########################",
                BAR - full, "");
    }
    fprintf(stderr, "%lld of %lld runs done, %lld at work%s, %s%s%s",
            (long long)now->done, (long long)now->runs, (long long)now->working, failed,
            cli_duration(now->wall_s, spent, sizeof spent), ahead, t->bar ? "" : "\n");
    fflush(stderr);
}

static int tell(void *user, const ipl_study_progress *now)
{
    telling *t = user;
    const int news = now->ended >= 0 || now->notes;
    if (news) wipe(t);
    if (now->notes && !t->quiet) cli_print_notes(now->notes);
    if (now->ended >= 0) tell_ended(t, now);
    if (!t->quiet && now->wall_s - t->shown_s >= (t->bar ? 0.1 : 10.0))
        print_line(t, now);
    return !cli_asked_to_stop();
}

/* -- What came out ----------------------------------------------------------------*/

/* Doubts of all runs, summed by estimator, flag and reason. */
typedef struct {
    ipl_doubt *doubt;
    int64_t   *runs; /* that have it                                                */
    int64_t    count;
} doubts;

static int add_doubt(doubts *d, const ipl_doubt *from)
{
    int64_t k = 0;
    for (; k < d->count; ++k) {
        const ipl_doubt *to = d->doubt + k;
        if (!strcmp(to->estimator, from->estimator) && to->pooled == from->pooled &&
            to->flag == from->flag && to->refusal == from->refusal)
            break;
    }
    if (k == d->count) {
        ipl_doubt *more = realloc(d->doubt, (size_t)(k + 1) * sizeof *more);
        if (more) d->doubt = more;
        int64_t *runs = more ? realloc(d->runs, (size_t)(k + 1) * sizeof *runs) : NULL;
        if (!runs) return 0;
        d->runs = runs;
        d->doubt[k] = *from;
        d->runs[k] = 1;
        ++d->count;
        return 1;
    }
    ipl_doubt *to = d->doubt + k;
    to->points += from->points;
    to->all += from->all;
    to->layers |= from->layers;
    if (!(to->outside_share >= from->outside_share))
        to->outside_share = from->outside_share;
    ++d->runs[k];
    return 1;
}

/* What cannot be trusted in the runs that are done. */
static int print_doubts(const ipl_study *study, const char *dir)
{
    doubts d = {NULL, NULL, 0};
    int status = CLI_DONE;
    int64_t done = 0;
    for (int64_t r = 0; r < ipl_study_runs(study) && status == CLI_DONE; ++r) {
        char path[4300];
        ipl_run_info info;
        ipl_doubt *row;
        int64_t count;
        snprintf(path, sizeof path, "%s/%s", dir, ipl_study_run_at(study, r)->name);
        if (ipl_run_about(path, &info) != IPL_OK || !info.done) continue;
        ++done;
        if (ipl_run_doubts(path, &row, &count) != IPL_OK) {
            status = cli_failed();
            continue;
        }
        for (int64_t k = 0; k < count; ++k)
            if (!add_doubt(&d, row + k)) status = CLI_FAILED;
        free(row);
    }
    for (int64_t k = 0; k < d.count && status == CLI_DONE; ++k) {
        char runs[64];
        snprintf(runs, sizeof runs, "%lld of %lld runs", (long long)d.runs[k],
                 (long long)done);
        cli_print_doubts(runs, 1, d.doubt + k);
    }
    free(d.doubt);
    free(d.runs);
    return status;
}

static int draw(const char *dir, int quiet)
{
    char file[4300];
    snprintf(file, sizeof file, "%s/study.svg", dir);
    if (cli_plot_study(dir, NULL, file, quiet) != IPL_OK) {
        cli_say("results are in %s, but there is no picture: %s", dir,
                cli_error_text());
        return CLI_FAILED;
    }
    if (!quiet) cli_print(stdout, "picture: %s\n", file);
    return CLI_DONE;
}

static int finish(ipl_status st, const ipl_study *study,
                  const ipl_study_options *options, const ipl_study_progress *at,
                  int quiet)
{
    char spent[32];
    int status = CLI_DONE;
    if (st == IPL_E_STOPPED) {
        cli_say("%s; what was done is kept, and the same command goes on",
                cli_error_text());
        return CLI_FAILED;
    }
    if (st != IPL_OK) return cli_failed();
    if (!quiet)
        cli_print(stdout, "%s: %lld of %lld runs done, in %s; tables: study.csv, "
                  "study_summary.csv\n", options->dir, (long long)at->done,
                  (long long)at->runs, cli_duration(at->wall_s, spent, sizeof spent));
    if (at->elsewhere && !quiet)
        cli_print(stdout, "%lld runs are other processes': the tables have what was "
                  "done by now\n", (long long)at->elsewhere);
    if (at->failed) {
        cli_say("%lld runs failed, as said above and in %s/study.json; the same "
                "command tries them again", (long long)at->failed, options->dir);
        status = CLI_FAILED;
    }
    if (at->done && draw(options->dir, quiet) != CLI_DONE) status = CLI_FAILED;
    if (at->done && !quiet && print_doubts(study, options->dir) != CLI_DONE)
        status = CLI_FAILED;
    return status;
}

static int sweep(const ipl_study *study, const ipl_study_options *options, int quiet)
{
    telling t = {study, quiet, isatty(STDERR_FILENO), -100.0};
    ipl_study_progress at = {0};
    cli_listen();
    const ipl_status st = ipl_study_execute(study, options, tell, &t, &at);
    wipe(&t);
    cli_listen_no_more();
    return finish(st, study, options, &at, quiet);
}

/* What another rank does: as it is told. */
static int help_rank_0(const ipl_study *study, const ipl_study_options *options)
{
    telling t = {study, 1, 0, -100.0};
    cli_listen();
    const ipl_status st = ipl_study_execute(study, options, tell, &t, NULL);
    cli_listen_no_more();
    return st == IPL_OK ? CLI_DONE : cli_failed();
}

/* In a team rank 0 reads its arguments first, and complains for all; *was_told: the
 * others know whether to go on. */
static int sweep_in(ipl_team *team, int argc, char **argv, int *was_told)
{
    enum { DEVICES = 64 };
    static cli_list sets;
    const char *out = NULL, *device = "auto", *part = NULL, *plain[1], *name[DEVICES];
    char        made[256], names[1024];
    int64_t     threads = 0;
    int         quiet = cli_log_level() == 0, plan = 0, count;
    ipl_study_options of = {.device = name};
    const cli_option options[] = {
        {"--set", "SECTION.KEY=VALUE", "instead of what the file says; may be repeated",
         CLI_LIST, &sets, 0, 0, 0},
        {"--out", "DIR", "the study's folder, default runs/ and the file's name",
         CLI_TEXT, &out, 0, 0, 0},
        {"--plan", NULL, "what it would take, from some short trials; nothing is kept",
         CLI_SWITCH, &plan, 0, 0, 0},
        {"--device", "NAME,..", "auto, cpu, or GPUs: cuda:0,cuda:1; see infoplane "
         "devices", CLI_TEXT, &device, 0, 0, 0},
        {"--threads", "N", "of the CPU, default all that the process may use",
         CLI_WHOLE, &threads, 1, 4096, 0},
        {"--part", "I/N", "only part I of N, 1 to N, of about equal work", CLI_TEXT,
         &part, 0, 0, 0},
        {"--no-shared", NULL, "with mpirun: DIR is no folder that all ranks see",
         CLI_SWITCH, &of.no_shared, 0, 0, 0},
        {"--quiet", NULL, "errors only", CLI_SWITCH, &quiet, 0, 0, 0},
    };
    int status = CLI_GO_ON, goes_on = 0;
    if (ipl_team_rank(team) && ipl_team_follow(team, &goes_on) != IPL_OK)
        return cli_failed();
    if (ipl_team_rank(team) && !goes_on) return CLI_DONE;
    status = cli_parse(&cli_sweep, options, sizeof options / sizeof *options, argc,
                       argv, 1, plain, &count);
    if (status != CLI_GO_ON) return status;
    if (!count) return cli_misused(&cli_sweep, "which study?");
    snprintf(names, sizeof names, "%s", device);
    of.devices = cut_names(names, name, DEVICES);
    if (!of.devices)
        return cli_misused(&cli_sweep, "--device '%s': expected names with commas "
                           "between them", device);
    if (part && !read_part(part, &of.part, &of.parts))
        return cli_misused(&cli_sweep, "--part '%s': expected I/N, I from 1 to N",
                           part);
    if (part && ipl_team_size(team) > 1)
        return cli_misused(&cli_sweep, "--part with several ranks, which share all "
                           "runs out by themselves: leave it out");
    if (of.no_shared && ipl_team_size(team) < 2)
        return cli_misused(&cli_sweep, "--no-shared without other ranks: mpirun starts "
                           "them");
    if (!out) cli_default_out(plain[0], made, sizeof made), out = made;
    of.dir = out;
    of.threads = (int)threads;
    of.team = team;

    ipl_study *study = NULL;
    const int is_read =
        ipl_study_read(plain[0], sets.text, sets.count, &study) == IPL_OK;
    if (ipl_team_rank(team)) {
        status = help_rank_0(study, &of);
    } else {
        if (!is_read) return cli_failed();
        goes_on = !plan;
        if (ipl_team_follow(team, &goes_on) != IPL_OK) status = cli_failed();
        else status = plan ? cli_print_plan(study, &of, quiet)
                           : sweep(study, &of, quiet);
        *was_told = 1;
    }
    ipl_study_free(study);
    return status;
}

static int run(int argc, char **argv)
{
    ipl_team *team = NULL;
    int was_told = 0, no = 0;
    if (ipl_team_is_started() && ipl_team_join(&team) != IPL_OK) return cli_failed();
    const int status = sweep_in(team, argc, argv, &was_told);
    if (!ipl_team_rank(team) && !was_told) (void)ipl_team_follow(team, &no);
    ipl_team_close(team);
    return status;
}
