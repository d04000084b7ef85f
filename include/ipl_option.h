/*
 * ipl_option.h - an option: its key, type, limits, default and help.
 *
 * A table of such rows describes the fields of a struct. Text becomes a value and a
 * value text by the row alone, so files, flags, help and bindings agree.
 */
#ifndef IPL_OPTION_H
#define IPL_OPTION_H

#include <stddef.h>

#include "ipl_status.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum { IPL_OPTION_TEXT_MAX = 176 }; /* bytes of a text value, its end included     */

typedef enum {
    IPL_OPTION_INTEGER, /* int64_t                                              */
    IPL_OPTION_REAL,    /* double                                               */
    IPL_OPTION_RANGE,   /* double[2], the first one smaller: "low, high"        */
    IPL_OPTION_CHOICE,  /* int: the number of a choice                          */
    IPL_OPTION_CHOICES, /* unsigned: bit 1 << number for each choice of a list  */
    IPL_OPTION_TEXT     /* char[IPL_OPTION_TEXT_MAX]                            */
} ipl_option_type;

typedef struct {
    const char     *key;      /* "noise_var"                                    */
    ipl_option_type type;
    size_t          offset;   /* of the field in its struct                     */
    double          min, max; /* numbers                                        */
    int             above;    /* 1: min itself is out of range                  */
    const char     *fallback; /* the default, as text                           */
    const char *const *choices;         /* ended by NULL                        */
    const char     *(*choice)(int number); /* or a function: NULL past the last */
    const char     *help;     /* one line                                       */

    /* Options of estimators only. */
    const char *flag, *value; /* of `infoplane estimate`: "--noise-var", "V". A flag
                                 without a value stands for the last choice     */
    const char *flag_help; /* of the flag, where `help` is of the key alone     */
    const char *form;         /* the option counts with this choice of the family's
                                 key "form" only, and its flag chooses that; NULL:
                                 always                                         */
} ipl_option;

/* What an INI file gives back as it is: libinih drops blanks at the ends, and what it
 * takes for a comment. */
#define IPL_OPTION_LINE "one line, no blank at its ends, no ';' at its start or " \
                        "behind a blank"
int ipl_option_is_line(const char *text);

/* What a value must look like: "a whole number from 1 to 65536". */
void ipl_option_expected(const ipl_option *option, char *text, size_t size);

/* Stores the value of this text in the option's field of `fields`; blanks around it do
 * not count, but a text must be IPL_OPTION_LINE. E_ARGUMENT: the text is not a value;
 * the error says what was expected. */
ipl_status ipl_option_set(const ipl_option *option, const char *text, void *fields);

/* The value as text; read back, it is the same value. */
void ipl_option_print(const ipl_option *option, const void *fields, char *text,
                      size_t size);

/* The number-th choice, NULL past the last one. */
const char *ipl_option_choice(const ipl_option *option, int number);

/* "no", "yes": the choices of a switch, for ipl_option.choice. */
const char *ipl_option_no_yes(int number);

/* How far two names are apart, to guess which one was meant: letters to insert, delete
 * or replace (Levenshtein). Names of more than 64 letters are 64 apart. */
int ipl_option_edits(const char *a, const char *b);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
