/*
 * cli.h - what the commands of the program share.
 *
 * Only this folder prints and ends the process: results go to stdout, everything
 * else to stderr. A command returns its exit status: 0 done, 1 failed, 2 wrong usage.
 */
#ifndef CLI_H
#define CLI_H

#include <stdio.h>

#include "ipl_places.h"
#include "ipl_plot.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_GO_ON = -1 };

typedef struct {
    const char *name, *arguments, *summary; /* "plot", "DIR [-o FILE]"           */
    const char *text; /* the rest of its help: what it does, with an example     */
    int (*run)(int argc, char **argv);
} cli_command;

extern const cli_command cli_run, cli_resume, cli_measure, cli_export, cli_estimate,
    cli_audit, cli_plot, cli_dataset, cli_bench, cli_devices, cli_sweep;

/* -- Options ----------------------------------------------------------------------*/

typedef enum {
    CLI_SWITCH, /* int, set to 1                                                 */
    CLI_TEXT,   /* const char *                                                  */
    CLI_LIST,   /* cli_list: may be given again and again                        */
    CLI_WHOLE,  /* int64_t                                                       */
    CLI_REAL    /* double                                                        */
} cli_type;

enum { CLI_LIST_MAX = 256 };
typedef struct {
    int         count;
    const char *text[CLI_LIST_MAX];
} cli_list;

typedef struct {
    const char *name, *value, *help; /* "--out", "DIR"                            */
    cli_type    type;
    void       *target;
    double      min, max; /* numbers                                             */
    int         above;    /* min itself is out of range                          */
} cli_option;

/* Reads --name value, --name=value and what is no option, of which there are at most
 * `most`. CLI_GO_ON, or the status to return: after --help, and after a
 * complaint that names the argument. */
int cli_parse(const cli_command *command, const cli_option *options, int count,
              int argc, char **argv, int most, const char **plain, int *plain_count);

/* A configuration from its file, with what --set says over it, checked. */
int cli_read_config(const cli_command *command, const char *path, const cli_list *sets,
                    ipl_config *out);

/* What --set says over a configuration, checked. */
int cli_set_config(const cli_command *command, const cli_list *sets,
                   ipl_config *config);

/* -- What went wrong, and how far it is -------------------------------------------*/

/* IPL_LOG: 0 errors only, 1 notes and progress, 2 errors with code and source line,
 * 3 also a line for each tick measured. */
int cli_log_level(void);

/* What may hold bytes from files, such as names and errors, is printed by the next
 * four: control bytes, and bytes that are not UTF-8, appear as \xNN. */

/* As fprintf, of one line or a part of one. */
__attribute__((format(printf, 2, 3)))
void cli_print(FILE *to, const char *format, ...);

/* "infoplane: TEXT" on stderr. */
__attribute__((format(printf, 1, 2)))
void cli_say(const char *format, ...);

/* "infoplane run: TEXT; see infoplane run --help"; returns CLI_USAGE. */
__attribute__((format(printf, 2, 3)))
int cli_misused(const cli_command *command, const char *format, ...);

/* Says the library's last error; returns CLI_FAILED. */
int cli_failed(void);

/* The text of the library's last error, without code and source line, as it is. */
const char *cli_error_text(void);

/* Opens --device with --threads, and says on stderr when auto found no GPU. */
int cli_open_device(const cli_command *command, const char *name, int64_t threads,
                    int quiet, ipl_device **out);

/* The same of several, "cuda:0,cuda:1", which a run is worked on together; close them
 * in any case, and zeros too. */
enum { CLI_DEVICES_MAX = 64 };
typedef struct {
    ipl_device *device[CLI_DEVICES_MAX];
    ipl_places  on; /* [on.devices] of them                                       */
} cli_devices_open;
int  cli_open_devices(const cli_command *command, const char *names, int64_t threads,
                      int quiet, cli_devices_open *out);
void cli_close_devices(cli_devices_open *open);

/* From cli_listen on SIGINT, SIGTERM and SIGHUP ask for an end; a second one ends the
 * process at once, which costs no result either. */
void cli_listen(void);
int  cli_asked_to_stop(void);
void cli_listen_no_more(void);

/* Progress on stderr: a bar on a terminal, else a line every few seconds. It listens
 * from start to end, and cli_progress_show asks the library to stop. */
typedef struct {
    int         quiet;   /* 1: shows nothing                                     */
    const char *tick;    /* "epoch", "step"                                      */
    const ipl_places *on; /* NULL: its memory is not planned                     */
    size_t      lost;    /* bytes of what was said on lost devices               */
    int         bar;     /* stderr is a terminal                                 */
    int         noted;   /* what was said of the data is shown                   */
    double      shown_s; /* wall time of the latest line                         */
    int64_t     measured;
} cli_progress;
cli_progress cli_progress_start(const char *tick, const ipl_places *on, int quiet);
int          cli_progress_show(void *progress, const ipl_progress *now);
void         cli_progress_end(cli_progress *progress);

/* runs/NAME for any/folder/NAME.ini, where nobody says --out. */
void cli_default_out(const char *config, char *out, size_t size);

/* What is left to do after ipl_run and ipl_resume (`resumed`): an error with advice, or
 * a line of summary, the table of compression, the picture and what cannot be trusted.
 * Returns the exit status. */
int cli_finish_run(ipl_status st, const char *dir, const char *tick,
                   const ipl_progress *at, int resumed, int quiet);

/* The next of the further sets (see ipl_run_sets), which is then one of them no more,
 * and its run directory; NULL: there is none. */
const char *cli_further_set(const char *dir, unsigned *further, char *path,
                            size_t size);

/* A run of `config` to its picture. Returns the exit status. */
int cli_run_and_plot(const ipl_places *on, const ipl_config *config, const char *dir,
                     int quiet);

/* Draws a study's picture, and says what it leaves out; how NULL: the defaults. */
ipl_status cli_plot_study(const char *dir, const ipl_plot_study_options *how,
                          const char *file, int quiet);

/* What a run of several seeds says of compression, as a short table; nothing of one
 * seed. Returns the exit status. */
int cli_print_compression(const char *dir, const char *tick);

/* What cannot be trusted, a line a kind on stderr: "bin: 42 of 55 points saturated in
 * layers 1-4: more samples or coarser bins; kde says more", where `rows` is not NULL
 * "bin, test: ..". */
void cli_print_doubts(const char *rows, int64_t count, const ipl_doubt *doubt);

/* The same of a run directory. Returns the exit status. */
int cli_print_run_doubts(const char *dir, const char *rows);

/* What a run takes of a device: "takes 1.2 GiB of 7.3 GiB: data ..". */
const char *cli_memory(const ipl_device_info *device, const ipl_memory *memory,
                       char *text, size_t size);

/* Lines on what was converted in a data set, as "data: LINE" on stderr. */
void cli_print_notes(const char *notes);

/* "12.3 MiB". */
const char *cli_bytes(int64_t bytes, char text[16]);

/* "1:02:03", "4:05", "12 s". */
const char *cli_duration(double seconds, char *text, size_t size);

#endif
