/*
 * number.c - numbers in text are C's, whatever locale the program has set.
 */
#include "number.h"

#include <pthread.h>
#include <stdlib.h>

static locale_t c_locale; /* of the process; 0: no memory for it                   */
static pthread_once_t made = PTHREAD_ONCE_INIT;

static void make(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

locale_t ipl_number_enter(void)
{
    pthread_once(&made, make);
    return uselocale(c_locale); /* of 0 it only asks                               */
}

void ipl_number_leave(locale_t *before) { uselocale(*before); }

double ipl_number_read(const char *text, char **end)
{
    IPL_C_LOCALE;
    return strtod(text, end);
}
