/*
 * plot_study.h - a study, read back, and which of its keys stands where in a picture.
 *
 * A key of the picture is one that was swept, or `layer`, `estimator` or `rows`, by
 * which the points of a study differ as well.
 */
#ifndef PLOT_STUDY_H
#define PLOT_STUDY_H

#include <jansson.h>

#include "buffer.h"
#include "plot/plot.h"

enum { STUDY_SWEPT_MAX = 16, STUDY_KEYS_MAX = STUDY_SWEPT_MAX + 3 };
enum { STUDY_COLS, STUDY_ROWS, STUDY_COLOUR, STUDY_PLACES };

typedef struct {
    char         name[96];  /* "net.activation"; "layer"                          */
    const char  *title;     /* what headings say: "activation" where that is unique */
    int          values, had; /* had: before some were chosen                     */
    const char **value;     /* as a configuration has them                        */
    const char **word;      /* of a swept key: as the tables have them            */
    int          follows;   /* the key in a place whose values its own go with; -1 */
} study_key;

/* A point of study_summary.csv: mean and deviation over the seeds. */
typedef struct {
    int        at[STUDY_KEYS_MAX]; /* a value of each key                         */
    int        is_other;    /* of a quantity that no picture shows                */
    int64_t    place; /* once keys have their places: of its panel and colour     */
    plot_point point; /* estimates: seeds                                         */
} study_point;

typedef struct {
    json_t      *json;  /* study.json, which has the texts                        */
    char         name[64];
    plot_data    about; /* tick, layers, estimators, ceilings: no points          */
    char         number[IPL_NET_LAYERS_MAX][12];
    int          swept, keys; /* all: layer, estimator and rows are behind those  */
    study_key    key[STUDY_KEYS_MAX];
    int64_t      points;
    study_point *point;
    int64_t      runs, undone; /* of study.json; those that failed or are missing */
    int          in[STUDY_PLACES]; /* the key there; -1: none                     */
    char        *notes; /* of ipl_plot_study                                      */
    size_t       notes_size;
} plot_study;

/* Numbers of the keys that each study has. */
static inline int study_layer(const plot_study *s) { return s->swept; }
static inline int study_estimator(const plot_study *s) { return s->swept + 1; }
static inline int study_rows(const plot_study *s) { return s->swept + 2; }

/* E_IO, E_FORMAT: file, line and what was expected. Free also what was not read. */
ipl_status ipl_plot_study_read(const char *dir, plot_study *out);
void       ipl_plot_study_free(plot_study *s);

/* Keeps what was asked for, and gives keys their places: those that were named, then
 * swept ones with several values, at most `across` and `down` in a place. Keys that get
 * none are fixed at a value, of which the notes speak. E_ARGUMENT. */
ipl_status ipl_plot_study_place(plot_study *s, const ipl_plot_study_options *how,
                                int across, int down);

/* Values of the key in a place; 1 where there is none. */
int ipl_plot_study_values(const plot_study *s, int place);

/* "activation = tanh", "layer 1: 10-tanh", without markup. */
const char *ipl_plot_study_name(const plot_study *s, int place, int value, char *text,
                                size_t size);

/* "activation = {/:Bold tanh}", and so for all keys that follow it, or one side of it;
 * "T_1: 10-tanh". The caller's to free; NULL: no memory. */
typedef enum { STUDY_WHOLE, STUDY_KEY, STUDY_VALUE } study_part;
char *ipl_plot_study_heading(const plot_study *s, int place, int value,
                             study_part part);

/* The study, and what all its panels have: estimator, chosen values, rows, seeds. The
 * caller's to free; NULL: no memory. */
char *ipl_plot_study_title(const plot_study *s);

static const double STUDY_HEADING_PT = 12.5;

/* The picture: `cells` of panels, of which `across` stand in a line. */
typedef struct {
    plot_study s;
    int         cells, across, lines, colours;
    int         wrapped;    /* 1: columns that go on in further lines             */
    int         split[2];   /* STUDY_COLS, STUDY_ROWS: the key is named once      */
    int         narrow;     /* 1: ceilings are named in a note                    */
    int         quantities; /* panels of a cell, one below the other              */
    int         beside;     /* 1: or one beside the other, where a cell is a line  */
    int         x, y, width, height; /* of the first panel's axes, in points      */
    int         aside, below, apart; /* to the next panel, quantity and line      */
    plot_data  *run;     /* [cells][colours]                                      */
    plot_data  *key;     /* [colours], for the legend                             */
    plot_point *point;   /* those of all runs, in their order                     */
    double      lo[2], hi[2];
    char       *title;
} study_page;

/* Draws all panels on a canvas whose `study` is the page. E_MEMORY. */
ipl_status ipl_plot_study_draw(const canvas *c, int is_movie);

/* Adds a line to the notes. */
__attribute__((format(printf, 2, 3)))
void ipl_plot_study_note(plot_study *s, const char *format, ...);

#endif
