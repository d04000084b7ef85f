/*
 * number.h - numbers in text are C's, whatever locale the program has set.
 *
 * In many countries' locales printf writes 0,5 and strtod stops at the point of 0.5.
 */
#ifndef IPL_NUMBER_H
#define IPL_NUMBER_H

#include <locale.h>

/* As strtod in the C locale. */
double ipl_number_read(const char *text, char **end);

/* The calling thread has the C locale from here to the end of the block. */
#define IPL_C_LOCALE                                                       \
    __attribute__((cleanup(ipl_number_leave), unused)) locale_t            \
        locale_before = ipl_number_enter()

locale_t ipl_number_enter(void);
void     ipl_number_leave(locale_t *before);

#endif
