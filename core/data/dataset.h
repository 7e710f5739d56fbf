/* dataset.h - one split of a task: read, checked and tokenized. Layer 3. */
#ifndef DATASET_H
#define DATASET_H

#include "core/data/draw.h"
#include "core/text/tok.h"

/* The tokens of example i are ids[off[i]..off[i+1]); those from off[i] + second[i] on are of
 * segment 1, or in generation the target. */
struct dataset {
    int n; /* examples */
    int *ids;
    size_t *off; /* [n + 1] */
    int *second;
    int *label;     /* classification, else NULL; with target NULL too, text to predict */
    double *target; /* regression, else NULL */
    long *line;     /* line of the file, from 1; in generation the number of the row, from 1 */
    int max_tokens; /* of the longest example */
    size_t n_tokens;
    long n_truncated, tokens_cut;  /* examples that were too long, and the tokens they lost */
    long n_skipped, first_skipped; /* malformed rows that were left out; the line of the first */
    char sha256[65];               /* of the file */
    char *path;

    /* Generation; then LABEL is NULL unless the task has labels. */
    bool generates;
    int *group, n_groups; /* [n] the input of example i, from 0 in their order: examples with the
                             same prompt are of one input, as far as the split has them */
    char *refs;           /* the references as text: the targets without white space at the ends */
    size_t *ref;          /* [n + 1] reference i begins at refs + ref[i] and ends with NUL */
    long n_no_room, first_no_room; /* rows left out because max_len leaves no room for prompt and
                                      target; the number of the first */
    struct ids answer;             /* with labels: the tokens of every label as a target */
    int *answer_off, n_answers;    /* [n_answers + 1]; n_answers: labels, or 0 */
};

/* dataset_prompt - the tokens of an example's prompt alone, *N of them. dataset_targets - how many
 * tokens its target has. dataset_reference - its reference. All of generation. */
const int *dataset_prompt(const struct dataset *d, int example, int *n);
int dataset_targets(const struct dataset *d, int example);
const char *dataset_reference(const struct dataset *d, int example);

/* dataset_load - read, check and tokenize the rows of split S that W asks for (draw.h), in file
 * order; W NULL: all of them. The files are in the folder DIR. MAX_LEN is in tokens; 0 takes the
 * task's. A UTF-8 BOM and CRLF line ends are accepted, blank lines only at the end. The whole file
 * is checked whatever W is. The caller frees D with dataset_free. Errors: FAIL_INPUT with file:line
 * (a missing or extra column, an unknown label, a number out of range, a NUL byte, text that is not
 * UTF-8, an unbalanced quote in csv, invalid JSON or XML), or without a line (no examples, none
 * with room for its target, a tokenizer without an end-of-text token that the task needs);
 * FAIL_USAGE if the task does not have this split, or W leaves it without rows. */
int dataset_load(struct dataset *d, const struct task *t, enum split s, const char *dir,
                 const struct tok *tok, long max_len, const struct draw *w);
void dataset_free(struct dataset *d); /* of a zeroed one: nothing */

/* dataset_answered - OUT becomes the examples of D with every one of its answers in turn for the
 * target: example i with answer k is number i * n_answers + k. OUT has no references and no groups;
 * the caller frees it with dataset_free. */
void dataset_answered(struct dataset *out, const struct dataset *d);

/* dataset_terms - how many terms the loss of examples IDX [N] has: one each, or in generation one
 * for each token of their targets. */
long dataset_terms(const struct dataset *d, const int *idx, long n);

/* dataset_bytes - RAM that D takes. dataset_shared - the number of examples of B whose token ids
 * equal those of an example of A: a leak between splits. */
size_t dataset_bytes(const struct dataset *d);
long dataset_shared(const struct dataset *a, const struct dataset *b);
#endif
