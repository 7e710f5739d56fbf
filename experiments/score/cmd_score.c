/* cmd_score.c - "lowrank score": scores of generated texts in files. */
#include "core/cmd.h"
#include "core/opt/home.h"
#include "core/opt/suggest.h"
#include "experiments/score/resample.h"
#include "experiments/score/scores.h"
#include "experiments/score/text_files.h"
#include "results/rows/rows.h"

#include <stdlib.h>
#include <string.h>

struct flags {
    char *hyp, *hyp2, *ref, *home;
    bool segments;
    long samples, seed;
    int format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    { "hyp", 0, OPT_STR, AT(hyp), NULL, 0, 0, NULL, "the texts to score, one a line" },
    { "ref", 0, OPT_STR, AT(ref), NULL, 0, 0, NULL, "their references; more files may follow" },
    { "hyp2", 0, OPT_STR, AT(hyp2), NULL, 0, 0, NULL, "another system's texts, to compare with" },
    { "segments", 0, OPT_BOOL, AT(segments), NULL, 0, 0, NULL,
      "print the score of every line instead" },
    { "samples", 0, OPT_INT, AT(samples), "1000", 10, 1000000, NULL,
      "how often segments are drawn for intervals and p values" },
    { "seed", 0, OPT_INT, AT(seed), "1", 0, OPT_MOST_INT, NULL, "of these draws" },
    FORMAT_OPTION(struct flags),
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "score",
    .usage = "SCORE [FILE...]",
    .about = "score generated texts against references, as the published scripts do",
    .detail =
        "SCORE is a family - e2e (BLEU, NIST, METEOR, ROUGE-L, CIDEr), webnlg, dart, sacrebleu,\n"
        "rouge, wikisql - or one score, such as e2e_bleu or rouge1_stem; a wrong name lists all.\n"
        "References are one file with a line for each text; one file with a group of lines for\n"
        "each text, separated by empty lines; or several files with a line for each text, in\n"
        "which an empty line means none. An interval is the 95 % interval of a bootstrap over\n"
        "segments. With --hyp2, the difference (second minus first) has the interval of a paired\n"
        "bootstrap, and two p values: of that, and of approximate randomization.\n"
        "METEOR needs 'lowrank fetch meteor'; without it, e2e_meteor_partial does without\n"
        "paraphrases and function words.",
    .example = "lowrank score e2e --hyp out.txt --ref refs.txt\n"
               "lowrank score rouge --hyp a.txt --hyp2 b.txt --ref ref.txt --format csv\n"
               "lowrank score sacrebleu --hyp out.txt --ref ref0.txt ref1.txt --segments",
    .min_args = 1,
    .max_args = -1,
};

/* The scores that WORD means, NULL-terminated; the caller frees the list. NULL after fail. */
static const struct score_kind **find_kinds(const char *word)
{
    const struct score_kind **list = score_family(word);

    if (list)
        return list;
    if (!score_find(word)) {
        const char **names = score_names();
        suggest_fail(FAIL_USAGE, "score", word, names, NULL);
        free(names);
        return NULL;
    }
    list = xalloc(2, sizeof *list);
    list[0] = score_find(word);
    return list;
}

/* The scores of one file of hypotheses. */
struct scored {
    struct text_files files;
    struct score_job *job;
    struct score_result *r;
    int n;
};

static void scored_free(struct scored *s)
{
    for (int k = 0; k < s->n; k++)
        score_free(&s->r[k]);
    free(s->r);
    score_close(s->job);
    text_files_free(&s->files);
}

static int scored_init(struct scored *s, const struct score_kind *const *kinds, const char *hyp,
                       char *const *ref, int n_ref, const struct meteor *m)
{
    int n = 0;

    *s = (struct scored){ 0 };
    while (kinds[n])
        n++;
    if (text_files_read(&s->files, hyp, ref, n_ref) != 0 ||
        !(s->job = score_open(&s->files.texts, m)))
        return -1;
    s->r = xalloc((size_t)n, sizeof *s->r);
    for (; s->n < n; s->n++)
        if (score_run(&s->r[s->n], s->job, kinds[s->n]) != 0)
            return -1;
    return 0;
}

/* X with the decimals that the kind's own program prints, and MORE of them. */
static char *number(const struct score_kind *k, double x, int more)
{
    return xprintf("%.*f", k->decimals + more, x);
}

static void print_segments(struct rows *rows, const struct scored *a, const struct scored *b)
{
    int n_cols = 1 + a->n + (b ? b->n : 0);
    const char **cols = xalloc((size_t)n_cols + 1, sizeof *cols);
    char **cell = xalloc((size_t)n_cols + 1, sizeof *cell);

    cols[0] = "segment";
    for (int k = 0; k < n_cols - 1; k++)
        cell[k] = k < a->n ? xstrdup(a->r[k].name) : xprintf("%s_2", b->r[k - a->n].name);
    for (int k = 0; k < n_cols - 1; k++)
        cols[k + 1] = cell[k];
    rows_init(rows, cols);
    for (int k = 0; k < n_cols - 1; k++)
        free(cell[k]);
    for (int i = 0; i < a->r[0].n; i++) {
        cell[0] = xprintf("%d", i + 1);
        for (int k = 0; k < n_cols - 1; k++) {
            const struct score_result *r = k < a->n ? &a->r[k] : &b->r[k - a->n];
            cell[k + 1] = number(r->kind, r->segment[i], 0);
        }
        rows_add(rows, (const char *const *)cell);
        for (int k = 0; k < n_cols; k++)
            free(cell[k]);
    }
    free(cell);
    free(cols);
}

enum { NAME, VALUE, LOW, HIGH, VALUE2, DIFFERENCE, D_LOW, D_HIGH, P_BOOT, P_RAND, N, COLS };

static void print_totals(struct rows *rows, const struct scored *a, const struct scored *b,
                         const struct flags *f)
{
    static const char *const one[] = { "score", "value", "low", "high", "n", NULL };
    static const char *const two[] = { "score",
                                       "value",
                                       "low",
                                       "high",
                                       "value_2",
                                       "difference",
                                       "difference_low",
                                       "difference_high",
                                       "p_bootstrap",
                                       "p_randomization",
                                       "n",
                                       NULL };

    rows_init(rows, b ? two : one);
    for (int k = 0; k < a->n; k++) {
        const struct score_result *r = &a->r[k];
        struct interval i = resample_interval(r, (int)f->samples, (uint64_t)f->seed);
        char *c[COLS] = { [NAME] = xstrdup(r->name),
                          [VALUE] = number(r->kind, r->total, 0),
                          [LOW] = number(r->kind, i.low, 0),
                          [HIGH] = number(r->kind, i.high, 0) };
        if (b) {
            struct comparison d = resample_compare(r, &b->r[k], (int)f->samples, (uint64_t)f->seed);
            c[VALUE2] = number(r->kind, b->r[k].total, 0);
            c[DIFFERENCE] = number(r->kind, d.difference, 0);
            c[D_LOW] = number(r->kind, d.interval.low, 0);
            c[D_HIGH] = number(r->kind, d.interval.high, 0);
            c[P_BOOT] = xprintf("%.4f", d.p_bootstrap);
            c[P_RAND] = xprintf("%.4f", d.p_randomization);
            c[N] = xprintf("%d", r->n);
        } else {
            c[VALUE2] = xprintf("%d", r->n);
        }
        rows_add(rows, (const char *const *)c);
        for (int x = 0; x < COLS; x++)
            free(c[x]);
    }
}

static int print_scores(const struct scored *a, const struct scored *b, const struct flags *f)
{
    struct rows rows;

    for (int k = 0; k < a->n; k++)
        if (*a->r[k].missing)
            warn("'%s' is METEOR %s", a->r[k].name, a->r[k].missing);
    if (f->segments)
        print_segments(&rows, a, b);
    else
        print_totals(&rows, a, b, f);
    return rows_print_free(&rows, f->format);
}

static int score_files(const struct score_kind *const *kinds, const struct flags *f,
                       char *const *ref, int n_ref)
{
    struct scored a = { 0 }, b = { 0 };
    struct meteor *m = NULL;
    int rc = scores_meteor(&m, kinds, f->home);

    if (rc == 0)
        rc = scored_init(&a, kinds, f->hyp, ref, n_ref, m);
    if (rc == 0 && f->hyp2)
        rc = scored_init(&b, kinds, f->hyp2, ref, n_ref, m);
    if (rc == 0)
        rc = print_scores(&a, f->hyp2 ? &b : NULL, f);
    scored_free(&a);
    scored_free(&b);
    meteor_close(m);
    return rc;
}

static int score_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    const struct score_kind **kinds = find_kinds(argv[1]);

    if (!kinds)
        return -1;
    int rc = -1;
    if (!f->hyp || !f->ref) {
        fail(FAIL_USAGE, "'%s' is missing: a file with %s", f->hyp ? "--ref" : "--hyp",
             f->hyp ? "references" : "the texts to score");
    } else {
        char **ref = xalloc((size_t)argc, sizeof *ref);
        ref[0] = f->ref;
        for (int i = 2; i < argc; i++)
            ref[i - 1] = argv[i];
        rc = score_files(kinds, f, ref, argc - 1);
        free(ref);
    }
    free(kinds);
    return rc;
}

static int score_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), score_work, argc, argv);
}

const struct cmd cmd_score = { "score", "look", "score generated texts as the published scripts do",
                               score_command };
