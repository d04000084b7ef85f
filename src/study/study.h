/*
 * study.h - what was read of a study, and the steps of reading it.
 *
 *     the file's lines                                  study_read.c
 *     which keys are swept, and their values            study_values.c
 *     keys that go side by side                         study_axes.c
 *     what is left out                                  study_skip.c
 *     values as the names of runs have them             study_names.c
 *     runs, and the networks that they share            study_product.c
 *
 * A product is one position on each axis, in the order of the file, the first axis
 * slowest. The seeds, unless they are zipped, are no axis of these: each product has
 * them all, cut into runs.
 */
#ifndef STUDY_H
#define STUDY_H

#include "buffer.h"
#include "ipl_study.h"
#include "study/study_index.h"

/* Bytes of a run's name: run.networks has a folder before it, and IPL_CONFIG_TEXT. */
enum { STUDY_NAME_MOST = 100 };

/* A line of [sweep]. */
typedef struct {
    int   line;   /* 0: of --set                                                */
    char *where;  /* "study.ini:12", "'sweep.train.seed=1:3'"                   */
    char *key, *text;
} study_entry;

/* Many short texts. */
typedef struct {
    ipl_buffer all;
    size_t    *at;
    int        count, room;
} study_texts;

typedef struct {
    int                index; /* of the configuration's key                     */
    const char        *section, *name;
    const ipl_option  *option;
    const study_entry *entry;
    ipl_key_role       role;
    char        full[96];     /* "section.key"                                  */
    int         positions;    /* values as the line has them                    */
    int        *of;           /* [positions]: their numbers                     */
    int         repeated;     /* a value that is there twice, or -1             */
    int         axis;
    study_texts text, word;   /* of each value                                  */
    int         word_longest; /* bytes                                          */
} study_key;

/* Positions with the same values of all keys that training depends on are of one
 * class. */
typedef struct {
    int  length;
    int *class; /* [length]: the first position of its class                    */
} study_axis;

/* Seeds that follow each other, of the key's positions. */
typedef struct {
    int first, count;
} study_chunk;

/* "key = value" of a condition, and the terms of one condition. */
typedef struct {
    int key, value;
} study_term;

typedef struct {
    const study_entry *entry;
    int first, terms;
    int of_seeds; /* 1: a term is on seeds that are no axis                     */
    int matched;  /* 1: by a product                                            */
} study_condition;

struct ipl_study {
    char            *path;
    ipl_config       base;
    study_entry     *entry;
    int              entries;
    study_key       *key;
    int              keys;
    study_axis      *axis;
    int              axes;
    int              seeds_of; /* the key whose values are cut into runs; -1: none */
    int64_t         *seed;     /* [its positions]                               */
    int              together;
    study_chunk     *chunk;    /* of all seeds                                  */
    int              chunks;
    study_term      *term;
    study_condition *condition;
    int              conditions, terms;
    int64_t          products;
    ipl_study_run   *run;
    int64_t         *product, *group, *ticks; /* [runs]; see study_product.c    */
    int64_t          runs, networks;
};

/* Reports what is wrong with a line: "study.ini:12: [sweep] key = 'value': ..." */
ipl_status study_fail(const study_entry *entry, const char *what);
/* The same of a failure that names key and value by itself. */
ipl_status study_fail_at(const study_entry *entry);

/* The next piece of *at, up to `separator`, without blanks at its ends: cut from the
 * text, which changes. NULL behind the last one. */
char *study_cut(char **at, char separator);
/* '|' if the text has one, else ','. */
char study_separator(const char *text);

ipl_status  study_texts_add(study_texts *to, const char *text);
const char *study_texts_at(const study_texts *texts, int number);
void        study_texts_free(study_texts *texts);

/* Number of the swept key of this name, "section.key"; -1: it is not swept. */
int study_key_of(const ipl_study *s, const char *full);

/* Sets the position of an axis in a configuration. */
ipl_status study_set(const ipl_study *s, int axis, int position, ipl_config *config);

ipl_status study_keys(ipl_study *s);
/* Positions of each key, whose values are seen but not kept; then the values. */
ipl_status study_count(ipl_study *s);
ipl_status study_values(ipl_study *s);
ipl_status study_axes(ipl_study *s);
ipl_status study_classes(ipl_study *s);
ipl_status study_skips(ipl_study *s);
ipl_status study_words(ipl_study *s);
ipl_status study_products(ipl_study *s);
/* That each key makes a difference to some run; study_used.c. E_FORMAT. */
ipl_status study_used(const ipl_study *s);

/* That the runs which are wanted (NULL: all) fit their data; study_data.c. */
typedef int (*study_wanted)(const void *user, int64_t run);
ipl_status study_check_data(const ipl_study *s, study_wanted wanted, const void *user);

/* The name of the run of these positions, and seeds. */
void study_name(const ipl_study *s, const int *position, ipl_study_run *run);

/* Seeds, from the positions that `left_out` does not mark (NULL: none), to chunk[];
 * gives their number. Neighbours that differ in `apart` (NULL: none do) are not in one
 * chunk. */
int study_chunks(const ipl_study *s, const char *left_out, const uint64_t *apart,
                 study_chunk *chunk);

#endif
