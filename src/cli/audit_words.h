/*
 * audit_words.h - an audit in words.
 */
#ifndef AUDIT_WORDS_H
#define AUDIT_WORDS_H

#include "ipl_audit.h"

/* Prints what was audited, then a paragraph for each layer. */
void audit_words(const ipl_audit_report *report);

#endif
