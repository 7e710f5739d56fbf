/* cmd_claims.c - "lowrank claims": what of the paper holds in this store. */
#include "core/cmd.h"
#include "results/verdicts/claims.h"
#include "results/query/look.h"
#include "core/base/suggest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100 };

struct claims_cfg {
    struct look look; /* first: look_open takes it */
    bool parts;
};
static const struct opt opts[] = {
    HOME_OPTION(struct look),
    FORMAT_OPTION(struct look),
    { "list", 'l', OPT_BOOL, offsetof(struct claims_cfg, look.list), NULL, 0, 0, NULL,
      "list the claims, without verdicts" },
    { "long", 0, OPT_BOOL, offsetof(struct claims_cfg, parts), NULL, 0, 0, NULL,
      "every comparison of a claim (-v does the same)" },
    { .type = OPT_END },
};

/* --- a table of texts */

/* New row at the end of R; its cells follow with put(). */
static void row_begin(struct rows *r)
{
    r->n_rows++;
    r->cell = xgrow(r->cell, (size_t)r->n_rows * (size_t)r->n_cols, sizeof *r->cell);
    for (int i = 0; i < r->n_cols; i++)
        r->cell[(size_t)(r->n_rows - 1) * (size_t)r->n_cols + (size_t)i] = NULL;
}

/* TEXT (owned from here on) into the next free cell, *AT. */
static void put(struct rows *r, int *at, char *text)
{
    CHECK(*at < r->n_cols, "%d", *at);
    r->cell[(size_t)(r->n_rows - 1) * (size_t)r->n_cols + (size_t)(*at)++] = text;
}

static void put_number(struct rows *r, int *at, double x)
{
    put(r, at, isnan(x) ? NULL : xprintf("%.10g", x));
}

static void put_count(struct rows *r, int *at, long n)
{
    put(r, at, n > 0 ? xprintf("%ld", n) : NULL);
}

/* COLS: names, "#" before those of numbers. */
static void table_begin(struct rows *r, const char *const *cols)
{
    memset(r, 0, sizeof *r);
    while (cols[r->n_cols])
        r->n_cols++;
    r->col = xalloc((size_t)r->n_cols, sizeof *r->col);
    r->numeric = xalloc((size_t)r->n_cols, 1);
    for (int i = 0; i < r->n_cols; i++) {
        r->numeric[i] = *cols[i] == '#';
        r->col[i] = xstrdup(cols[i] + r->numeric[i]);
    }
}

static int list(const struct claims *c, enum rows_format f)
{
    static const char *const cols[] = { "claim", "section",  "family", "study",
                                        "kind",  "sentence", NULL };
    struct rows r;

    table_begin(&r, cols);
    for (int i = 0; i < c->n; i++) {
        const struct claim *x = &c->claim[i];
        int at = 0;
        row_begin(&r);
        put(&r, &at, xstrdup(x->id));
        put(&r, &at, xstrdup(x->section));
        put(&r, &at, xstrdup(x->family));
        put(&r, &at, xstrdup(x->study));
        put(&r, &at, xstrdup(claim_kinds[x->kind]));
        put(&r, &at, xstrdup(x->sentence));
    }
    int rc = rows_print(stdout, &r, f);
    rows_free(&r);
    return rc;
}

static void add_part(struct rows *r, const struct claim_row *row, int k)
{
    const struct claim *c = row->claim;
    const struct claim_part *p = row->n_parts ? &row->part[k] : NULL;
    int at = 0;

    row_begin(r);
    put(r, &at, xstrdup(c->id));
    put(r, &at, xstrdup(verdict_names[row->verdict]));
    put(r, &at, xstrdup(row->model));
    put(r, &at, xstrdup(row->task));
    put(r, &at, xstrdup(row->metric));
    put(r, &at, p ? xstrdup(p->label) : NULL);
    put(r, &at, p ? claims_ours(row, p) : NULL);
    put(r, &at, claims_asks(row));
    put(r, &at, xprintf("%d", p ? p->d.n : 0));
    put_number(r, &at, p ? p->d.mean : NAN);
    put_number(r, &at, p ? p->d.mean - p->d.half : NAN);
    put_number(r, &at, p ? p->d.mean + p->d.half : NAN);
    put_number(r, &at, p ? p->p_units : NAN);
    put_count(r, &at, p ? p->n_examples : 0);
    bool examples = p && p->n_examples > 0;
    put_number(r, &at, examples ? p->ex_lo : NAN);
    put_number(r, &at, examples ? p->ex_hi : NAN);
    put_number(r, &at, examples ? p->p_examples : NAN);
    put_number(r, &at, examples ? p->mcnemar : NAN);
    put_count(r, &at, p ? p->trained : 0);
    put_count(r, &at, p ? p->ref_trained : 0);
    put_number(r, &at, row->p);
    put_number(r, &at, row->p_holm);
    put(r, &at, xstrdup(c->family));
    put(r, &at, xstrdup(c->section));
    put(r, &at, xstrdup(c->sentence));
    put(r, &at, claims_paper(c));
    put(r, &at, row->why ? xstrdup(row->why) : NULL);
}

/* --- for programs and documents: one line a row, or a part */

static int print_rows(const struct claims *c, const bool *wanted, const struct claims_cfg *cfg)
{
    static const char *const cols[] = {
        "claim",   "verdict", "model",       "task",     "metric",   "comparison",   "ours",
        "asks",    "#n",      "#diff",       "#lo",      "#hi",      "#p_units",     "#n_examples",
        "#ex_lo",  "#ex_hi",  "#p_examples", "#mcnemar", "#trained", "#ref_trained", "#p",
        "#p_holm", "family",  "section",     "sentence", "paper",    "missing",      NULL
    };
    struct rows r;

    table_begin(&r, cols);
    for (int i = 0; i < c->n_rows; i++) {
        const struct claim_row *row = &c->row[i];
        if (!wanted[row->claim - c->claim])
            continue;
        int from = cfg->parts ? 0 : row->decisive;
        int to = cfg->parts && row->n_parts > 0 ? row->n_parts : from + 1;
        for (int k = from; k < to; k++)
            add_part(&r, row, k);
    }
    int rc = rows_print(stdout, &r, (enum rows_format)cfg->look.format);
    rows_free(&r);
    return rc;
}

/* --- for people */

/* TEXT with a word (or nothing) before it, wrapped, the rest indented below. */
static void wrap(const char *before, const char *text)
{
    int indent = (int)strlen(before), col = indent;

    fputs(before, stdout);
    for (const char *p = text; *p;) {
        int n = (int)strcspn(p, " "), letters = 0;
        for (int i = 0; i < n; i++)
            letters += ((unsigned char)p[i] & 0xC0) != 0x80;
        if (col > indent && col + 1 + letters > WIDTH) {
            printf("\n%*s", indent, "");
            col = indent;
        }
        printf("%s%.*s", col > indent ? " " : "", n, p);
        col += letters + (col > indent);
        p += n;
        p += strspn(p, " ");
    }
    putchar('\n');
}

static void print_part(const struct claim_row *row, const struct claim_part *p)
{
    char *ours = claims_ours(row, p), *asks = claims_asks(row), *said = claims_answered(row, p);
    char lost[64] = "", tested[32] = "", counts[80] = "";

    if (p->n_lost > 0)
        snprintf(lost, sizeof lost, " (%d diverged)", p->n_lost);
    if (!isnan(p->p_units))
        snprintf(tested, sizeof tested, ", p = %.2g", p->p_units);
    if (p->trained > 0 && p->ref_trained > 0)
        snprintf(counts, sizeof counts, "; trains %ld against %ld", p->trained, p->ref_trained);
    char *line = xprintf("%s: %s (asks %s), n = %d %s%s%s%s%s%s", p->label, ours, asks, p->d.n,
                         row->claim->unit, lost, tested, *said ? "; " : "", said, counts);
    wrap("        ", line);
    free(line);
    free(said);
    free(asks);
    free(ours);
}

static void print_row(const struct claim_row *row, bool parts)
{
    bool judged = row->verdict != DESCRIBED, metric = *row->metric != '-';

    if (row->n_parts > 0) {
        const struct claim_part *p = &row->part[row->decisive];
        char *ours = claims_ours(row, p), *asks = claims_asks(row);
        char *tested =
            isnan(row->p_holm) ? xstrdup("") : xprintf(", p = %.2g after Holm", row->p_holm);
        char *line = xprintf("%s %s%s%s: %s%s%s (%s; asks %s), n = %d %s%s", row->model, row->task,
                             metric ? ", " : "", metric ? row->metric : "",
                             judged ? verdict_names[row->verdict] : "", judged ? "; " : "", ours,
                             p->label, asks, p->d.n, row->claim->unit, tested);
        wrap("    ours   ", line);
        free(line);
        free(tested);
        free(asks);
        free(ours);
    }
    if (row->why)
        wrap(judged ? "    needs  " : "    note   ", row->why);
    for (int k = 0; parts && k < row->n_parts; k++)
        print_part(row, &row->part[k]);
}

static void print_claim(const struct claims *c, const struct claim *claim, bool parts)
{
    char *paper = claims_paper(claim);

    printf("%-9s  %s (%s)\n", verdict_names[claims_verdict(c, claim)], claim->id, claim->section);
    wrap("    ", claim->sentence);
    if (*paper)
        wrap("    paper  ", paper);
    for (int i = 0; i < c->n_rows; i++)
        if (c->row[i].claim == claim)
            print_row(&c->row[i], parts);
    free(paper);
}

static int print(const struct claims *c, const bool *wanted, const struct claims_cfg *cfg)
{
    int count[3] = { 0 }, n = 0;

    for (int i = 0; i < c->n && !ferror(stdout); i++) {
        if (!wanted[i])
            continue;
        if (n++)
            putchar('\n');
        print_claim(c, &c->claim[i], cfg->parts);
        count[claims_verdict(c, &c->claim[i])]++;
    }
    printf("\n%d of %d hold, %d fail, %d undecided\n", count[HOLDS], n, count[FAILS],
           count[UNDECIDED]);
    return output_end(stdout);
}

/* --- the command */

static int choose(bool *wanted, const struct claims *c, int n, char **id)
{
    const char **names = xalloc((size_t)c->n + 1, sizeof *names);
    int rc = 0;

    for (int i = 0; i < c->n; i++)
        names[i] = c->claim[i].id, wanted[i] = n == 0;
    for (int k = 0; k < n && rc == 0; k++) {
        bool known = false;
        for (int i = 0; i < c->n; i++)
            if (strcmp(names[i], id[k]) == 0)
                known = wanted[i] = true;
        const char *near = known ? NULL : suggest_word(id[k], names);
        if (!known)
            rc = near ? fail(FAIL_USAGE, "there is no claim '%s'; did you mean '%s'?", id[k], near)
                      : fail(FAIL_USAGE,
                             "there is no claim '%s'; 'lowrank claims --list' lists them", id[k]);
    }
    free(names);
    return rc;
}

static int work(void *arg, int argc, char **argv)
{
    struct claims_cfg *cfg = arg;
    struct claims c;
    struct store *s = NULL;

    if (claims_load(&c, embedded_files) != 0)
        return -1;
    bool *wanted = xalloc((size_t)c.n + 1, sizeof *wanted);
    int rc = choose(wanted, &c, argc - 1, argv + 1);
    cfg->parts |= verbosity > 0;
    if (rc == 0 && cfg->look.list) {
        rc = list(&c, (enum rows_format)cfg->look.format);
    } else if (rc == 0) {
        rc = look_open(&s, &cfg->look) == 0 ? claims_judge(&c, s) : -1;
        if (rc == 0)
            rc = cfg->look.format == ROWS_TABLE ? print(&c, wanted, cfg)
                                                : print_rows(&c, wanted, cfg);
    }
    store_close(s);
    free(wanted);
    claims_free(&c);
    return rc;
}

static const struct opt_usage usage = {
    .command = "claims",
    .usage = "[CLAIM...]",
    .about = "What of the paper holds here: each claim, its numbers there and ours, a verdict.",
    .detail =
        "holds, fails or undecided: from the 95 % t interval over seeds and, where the same "
        "examples were\nanswered, a paired bootstrap over them, both of the last evaluation; p is "
        "corrected for what was\nchosen as the best of several, and by Holm within a family of "
        "claims. Claims about methods are\nabout the average over the tasks on which something "
        "was learned; each task is shown. What is\nundecided says what is missing and, where one "
        "helps, the command that makes it.\nExit status: 0 whatever the verdicts are.",
    .example = "lowrank claims rank_one_suffices --long",
    .min_args = 0,
    .max_args = -1,
};
static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct claims_cfg), work, argc, argv);
}

const struct cmd cmd_claims = { "claims", "look", "say what of the paper holds here", run };
