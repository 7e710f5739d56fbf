/* meteor.c - METEOR 1.5 as two scripts call it: that of COCO gives it the words of PTBTokenizer,
 * those of WebNLG and DART give it the text. */
#include "core/meteor/meteor.h"
#include "core/base/text.h"
#include "core/score/score.h"

#include <stdlib.h>
#include <string.h>

static int measure_texts(struct score_job *job, const char *const *hyp, const char *const *ref,
                         double *stats, double *segment, const char *partial)
{
    const struct score_texts *t = score_texts(job);
    const struct meteor *m = score_meteor(job);

    if (!m)
        return fail(FAIL_TOOL, "METEOR needs its tables ('lowrank fetch meteor')");
    if (*meteor_missing(m))
        score_missing(job, partial, "%s", meteor_missing(m));
    return meteor_measure(m, stats, segment, hyp, ref, t->first, t->n);
}

/* Text I as words separated by spaces; the script puts "|||" between texts, so that is removed from
 * hypotheses, and two spaces become one. */
static char *join_words(const struct vocabulary *v, const struct words *w, int i)
{
    struct text s = { 0 };

    for (int k = 0; k < words_count(w, i); k++) {
        const char *word = v->word[words_of(w, i)[k]];
        if (strcmp(word, "|||") != 0)
            text_join(&s, " ", "%s", word);
    }
    char *line = s.s ? text_take(&s) : xstrdup("");
    return line;
}

static int coco_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_words *w = score_words(job, words_ptb);
    int n = w->hyp.n, n_refs = w->ref.n;
    char **line = xalloc((size_t)n + (size_t)n_refs + 1, sizeof *line);

    for (int i = 0; i < n; i++)
        line[i] = join_words(&w->vocabulary, &w->hyp, i);
    for (int r = 0; r < n_refs; r++)
        line[n + r] = join_words(&w->vocabulary, &w->ref, r);
    int rc = measure_texts(job, (const char *const *)line, (const char *const *)line + n, stats,
                           segment, "e2e_meteor_partial");
    for (int i = 0; i < n + n_refs; i++)
        free(line[i]);
    free(line);
    return rc;
}

static int plain_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_texts *t = score_texts(job);

    return measure_texts(job, t->hyp, t->ref, stats, segment, "webnlg_meteor_partial");
}

static int dart_measure(struct score_job *job, double *stats, double *segment)
{
    const struct score_texts *t = score_texts(job);

    return measure_texts(job, t->hyp, t->ref, stats, segment, "dart_meteor_partial");
}

const struct score_kind score_kind_e2e_meteor = {
    .name = "e2e_meteor",
    .label = "METEOR",
    .family = "e2e",
    .source = "meteor-1.5.jar after PTBTokenizer in e2e-metrics",
    .order = 3,
    .decimals = 4,
    .n_stats = METEOR_STATS,
    .measure = coco_measure,
    .total = meteor_score,
};
const struct score_kind score_kind_webnlg_meteor = {
    .name = "webnlg_meteor",
    .label = "METEOR",
    .family = "webnlg",
    .source = "meteor-1.5.jar -l en -norm, as WebNLG's evaluation calls it",
    .order = 2,
    .decimals = 4,
    .n_stats = METEOR_STATS,
    .measure = plain_measure,
    .total = meteor_score,
};
const struct score_kind score_kind_dart_meteor = {
    .name = "dart_meteor",
    .label = "METEOR",
    .family = "dart",
    .source = "meteor-1.5.jar -l en -norm, as DART's evaluation calls it",
    .order = 2,
    .decimals = 4,
    .n_stats = METEOR_STATS,
    .measure = dart_measure,
    .total = meteor_score,
};
