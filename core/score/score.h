/* score.h - scores of generated texts against references. A score NAME is a "const struct
 * score_kind score_kind_NAME" in a file of this folder; the Makefile writes the table of them.
 *
 * Every score is a function of sums over segments of sufficient statistics, so any set of segments
 * can be scored again without its texts: that is what intervals and comparisons do.
 *
 *     struct score_texts t = { n, hyp, ref, first };
 *     struct score_job *job = score_open(&t, resources);
 *     struct score_result r;
 *     if (job && score_run(&r, job, score_find("e2e_bleu")) == 0)
 *         ... r.total, r.segment[i] ...
 *     score_free(&r);
 *     score_close(job);
 */
#ifndef SCORE_H
#define SCORE_H

#include "core/metric/metric.h"
#include "core/words/words.h"

/* N generated texts and their references. Segment i has the hypothesis HYP[i] and the references
 * REF[FIRST[i]] ... REF[FIRST[i + 1] - 1], at least one; FIRST has N + 1 entries. A text is one
 * line: a line break in it counts as a space. Strings end with NUL; bytes that are not UTF-8 count
 * as U+FFFD. */
struct score_texts {
    int n;
    const char *const *hyp, *const *ref;
    const int *first;
};
/* No text may be longer, in bytes: some scores take time and memory by the square of the words. */
enum { SCORE_MOST_BYTES = 65536, SCORE_MOST_STATS = 40 };

/* Texts that are being scored: they are divided into words once for each tokenizer. */
struct score_job;

struct score_kind {
    const char *name;   /* as in commands: "e2e_bleu" */
    const char *label;  /* as in tables: "BLEU" */
    const char *family; /* "e2e": the scores that one script computes together */
    const char *source; /* the program that it agrees with */
    int order;          /* of the scores in a family */
    int decimals;       /* that the program prints */
    enum metric_goal goal;
    int n_stats;
    /* measure - the statistics of every segment, STATS [n, n_stats], and what its program reports
     * for the segment alone, SEGMENT [n]. Errors: FAIL_INPUT, FAIL_TOOL. */
    int (*measure)(struct score_job *job, double *stats, double *segment);
    /* total - the score of segments whose statistics sum to SUM [n_stats]. */
    double (*total)(const double *sum);
};
extern const struct score_kind *const score_kind_table[]; /* generated, NULL-terminated */

/* score_find - the score NAME, or NULL. score_family - the scores of the family NAME in their
 * order, NULL-terminated; the caller frees the list. NULL: there is no such family. score_names -
 * the names of the families and then those of all scores, NULL-terminated; the caller frees the
 * list. */
const struct score_kind *score_find(const char *name);
const struct score_kind **score_family(const char *name);
const char **score_names(void);

/* What METEOR needs; see core/meteor/meteor.h. NULL: none of it. */
struct meteor;

/* score_open - a job for T, which is copied. METEOR must stay valid until score_close. Errors: NULL
 * after FAIL_INPUT: no segments, a segment without a reference, a text that is too long. */
struct score_job *score_open(const struct score_texts *t, const struct meteor *meteor);
void score_close(struct score_job *job);

/* The result for N segments. NAME is the kind's name, unless the score was computed in another way
 * because something is missing; MISSING says what, else it is "". */
struct score_result {
    const struct score_kind *kind;
    char name[48], missing[160];
    int n;
    double total, *segment, *stats;
};
/* score_run - compute a score. score_free - does nothing for a zeroed struct. Errors: those of
 * measure. */
int score_run(struct score_result *r, struct score_job *job, const struct score_kind *k);
void score_free(struct score_result *r);

/* --- for the scores: what a job holds */

/* Hypotheses and references as words of one vocabulary. */
struct score_words {
    struct vocabulary vocabulary;
    struct words hyp, ref;
};
/* score_words - the texts divided by TOKENIZER; computed at the first call, owned by the job.
 * score_texts - the texts, valid UTF-8 without line breaks. score_meteor - as given to score_open.
 * score_missing - let the result of the running score be called NAME and say what is missing. */
const struct score_words *score_words(struct score_job *job, words_fn *tokenizer);
const struct score_texts *score_texts(const struct score_job *job);
const struct meteor *score_meteor(const struct score_job *job);
void score_missing(struct score_job *job, const char *name, const char *fmt, ...) PRINTF(3, 4);

/* score_mean - SUM[0] / SUM[1]: the total of a score that is a mean over segments, whose statistics
 * are the value and 1. 0 for no segments. */
double score_mean(const double *sum);
#endif
