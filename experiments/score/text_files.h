/* text_files.h - hypotheses and references in text files. */
#ifndef TEXT_FILES_H
#define TEXT_FILES_H

#include "core/score/score.h"

/* Texts of files; TEXTS points to what the struct owns. */
struct text_files {
    struct score_texts texts;
    char **hyp, **ref;
    int *first, n_hyp, n_ref;
};

/* text_files_read - one hypothesis a line in HYP, which may be empty; references in REF [N_REF], in
 * one of three forms: one file with as many lines; one file with as many groups of lines, separated
 * by empty lines; several files with as many lines each, in which an empty line means that the file
 * has no reference for that hypothesis. White space at both ends of a line and a byte-order mark
 * are left out. Bytes that are not UTF-8 count as U+FFFD, and hypotheses may be empty, both with a
 * warning. Errors: FAIL_INPUT: a file cannot be read; the
 * numbers of lines do not fit; a hypothesis has no reference; a line is longer than
 * SCORE_MOST_BYTES. text_files_free - does nothing for a zeroed struct. */
int text_files_read(struct text_files *t, const char *hyp, char *const *ref, int n_ref);
void text_files_free(struct text_files *t);
#endif
