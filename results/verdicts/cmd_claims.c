/* cmd_claims.c - "lowrank claims": which of the paper's claims hold in this store. */
#include "core/opt/suggest.h"
#include "core/base/text.h"
#include "core/cmd.h"
#include "results/query/read_options.h"
#include "results/verdicts/claims.h"
#include "results/verdicts/claims_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100 };

struct claims_options {
    struct read_options read; /* first, because its option macros expect it there */
    bool parts;
};
static const struct opt options[] = {
    HOME_OPTION(struct read_options),
    FORMAT_OPTION(struct read_options),
    { "list", 'l', OPT_BOOL, offsetof(struct claims_options, read.list), NULL, 0, 0, NULL,
      "list the claims, without verdicts" },
    { "long", 0, OPT_BOOL, offsetof(struct claims_options, parts), NULL, 0, 0, NULL,
      "show every comparison of a claim (-v does the same)" },
    { .type = OPT_END },
};

/* --- for programs and documents: a table with a line for each row, or for each part */

/* An empty table with these columns (at most MOST_COLS); "#" marks those of numbers. The others
 * stay text even when all their cells are numbers, as in a section "4.1". */
enum { MOST_COLS = 32 };
static void table_begin(struct rows *r, const char *const *cols)
{
    const char *names[MOST_COLS + 1] = { 0 };

    for (int i = 0; cols[i]; i++) {
        CHECK(i < MOST_COLS, "more than %d columns", MOST_COLS);
        names[i] = cols[i] + (*cols[i] == '#');
    }
    rows_init(r, names);
    for (int i = 0; cols[i]; i++)
        r->numeric[i] = *cols[i] == '#';
}

static int print_list(const struct claims *c, enum rows_format f)
{
    static const char *const cols[] = { "claim", "section",  "family", "study",
                                        "kind",  "sentence", NULL };
    struct rows r;

    table_begin(&r, cols);
    for (int i = 0; i < c->n; i++) {
        const struct claim *x = &c->claim[i];
        rows_add(&r, (const char *const[]){ x->id, x->section, x->family, x->study,
                                            claim_kinds[x->kind], x->sentence });
    }
    return rows_print_free(&r, (int)f);
}

/* A cell for X in the next of the buffers *BUF. */
static const char *number_cell(char (**buf)[40], double x)
{
    return rows_number(*(*buf)++, x, 10);
}

static const char *count_cell(char (**buf)[40], long n)
{
    return number_cell(buf, n > 0 ? (double)n : NAN);
}

static void add_part(struct rows *r, const struct claim_row *row, int k)
{
    static const struct claim_part no_part = { .a.mean = NAN,
                                               .d = { .mean = NAN, .half = NAN },
                                               .p_units = NAN };
    const struct claim *c = row->claim;
    const struct claim_part *p = row->n_parts ? &row->part[k] : &no_part;
    bool examples = p->n_examples > 0;
    char *ours = row->n_parts ? claims_ours(row, p) : NULL, *asks = claims_asks(row);
    char *paper = claims_paper(c), buffers[16][40], (*buf)[40] = buffers, n[32];

    snprintf(n, sizeof n, "%d", p->d.n);
    rows_add(r, (const char *const[]){ c->id,
                                       verdict_names[row->verdict],
                                       row->model,
                                       row->task,
                                       row->metric,
                                       p->label,
                                       ours,
                                       asks,
                                       n,
                                       number_cell(&buf, p->d.mean),
                                       number_cell(&buf, p->d.mean - p->d.half),
                                       number_cell(&buf, p->d.mean + p->d.half),
                                       number_cell(&buf, p->p_units),
                                       count_cell(&buf, p->n_examples),
                                       number_cell(&buf, examples ? p->ex_lo : NAN),
                                       number_cell(&buf, examples ? p->ex_hi : NAN),
                                       number_cell(&buf, examples ? p->p_examples : NAN),
                                       number_cell(&buf, examples ? p->mcnemar : NAN),
                                       count_cell(&buf, p->trained),
                                       count_cell(&buf, p->ref_trained),
                                       number_cell(&buf, row->p),
                                       number_cell(&buf, row->p_holm),
                                       c->family,
                                       c->section,
                                       c->sentence,
                                       paper,
                                       row->why });
    free(paper);
    free(asks);
    free(ours);
}

static int print_table(const struct claims *c, const bool *wanted, const struct claims_options *o)
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
        int from = o->parts ? 0 : row->decisive;
        int to = o->parts && row->n_parts > 0 ? row->n_parts : from + 1;
        for (int k = from; k < to; k++)
            add_part(&r, row, k);
    }
    return rows_print_free(&r, o->read.format);
}

/* --- for people */

/* Print TEXT after BEFORE, wrapped; further lines are indented by the width of BEFORE. */
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
    struct text line = { 0 };

    text_add(&line, "%s: %s (asks %s), n = %d %s", p->label, ours, asks, p->d.n, row->claim->unit);
    if (p->n_lost > 0)
        text_add(&line, " (%d diverged)", p->n_lost);
    if (!isnan(p->p_units))
        text_add(&line, ", p = %.2g", p->p_units);
    if (*said)
        text_add(&line, "; %s", said);
    if (p->trained > 0 && p->ref_trained > 0)
        text_add(&line, "; trainable parameters: %ld against %ld", p->trained, p->ref_trained);
    wrap("        ", line.s);
    text_free(&line);
    free(said);
    free(asks);
    free(ours);
}

static void print_decisive_part(const struct claim_row *row)
{
    const struct claim_part *p = &row->part[row->decisive];
    char *ours = claims_ours(row, p), *asks = claims_asks(row);
    struct text line = { 0 };

    text_add(&line, "%s %s", row->model, row->task);
    if (*row->metric != '-')
        text_add(&line, ", %s", row->metric);
    text_add(&line, ": ");
    if (row->verdict != DESCRIBED)
        text_add(&line, "%s; ", verdict_names[row->verdict]);
    text_add(&line, "%s (%s; asks %s), n = %d %s", ours, p->label, asks, p->d.n, row->claim->unit);
    if (!isnan(row->p_holm))
        text_add(&line, ", p = %.2g after Holm", row->p_holm);
    wrap("    ours   ", line.s);
    text_free(&line);
    free(asks);
    free(ours);
}

static void print_row(const struct claim_row *row, bool parts)
{
    if (row->n_parts > 0)
        print_decisive_part(row);
    if (row->why)
        wrap(row->verdict == DESCRIBED ? "    note   " : "    needs  ", row->why);
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

static int print_claims(const struct claims *c, const bool *wanted, bool parts)
{
    int count[3] = { 0 }, n = 0;

    for (int i = 0; i < c->n && !ferror(stdout); i++) {
        if (!wanted[i])
            continue;
        if (n++)
            putchar('\n');
        print_claim(c, &c->claim[i], parts);
        count[claims_verdict(c, &c->claim[i])]++;
    }
    printf("\n%d of %d hold, %d fail, %d undecided\n", count[HOLDS], n, count[FAILS],
           count[UNDECIDED]);
    return output_end(stdout);
}

/* --- the command */

/* Mark the claims of the N ids as wanted, all of them when N is 0. */
static int choose_claims(bool *wanted, const struct claims *c, int n, char **id)
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
        if (!known)
            rc = suggest_fail(FAIL_USAGE, "claim", id[k], names,
                              "'lowrank claims --list' lists them");
    }
    free(names);
    return rc;
}

static int claims_work(void *cfg, int argc, char **argv)
{
    struct claims_options *o = cfg;
    struct claims c;
    struct store *s = NULL;

    if (claims_load(&c, embedded_files) != 0)
        return -1;
    bool *wanted = xalloc((size_t)c.n + 1, sizeof *wanted);
    int rc = choose_claims(wanted, &c, argc - 1, argv + 1);
    o->parts |= verbosity > 0;
    if (rc == 0 && o->read.list) {
        rc = print_list(&c, (enum rows_format)o->read.format);
    } else if (rc == 0) {
        rc = read_options_open(&s, &o->read) == 0 ? claims_judge(&c, s) : -1;
        if (rc == 0)
            rc = o->read.format == ROWS_TABLE ? print_claims(&c, wanted, o->parts)
                                              : print_table(&c, wanted, o);
    }
    store_close(s);
    free(wanted);
    claims_free(&c);
    return rc;
}

static const struct opt_usage usage = {
    .command = "claims",
    .usage = "[CLAIM...]",
    .about = "Say which of the paper's claims hold here: each with its numbers in the paper, ours, "
             "and a verdict.",
    .detail =
        "A verdict is holds, fails or undecided. It must be significant over seeds (95 % t\n"
        "interval) and, where both sides answered the same examples, over examples (paired\n"
        "bootstrap), both at the last evaluation, after corrections for choosing the best of\n"
        "several settings and, by Holm, for the number of claims in a family. Claims about "
        "methods\n"
        "are about the average over the tasks on which something was learned; each task is shown\n"
        "as well. An undecided claim says what is missing and, where one helps, the command that\n"
        "produces it. More about this is in results/README.md of the source tree.\n"
        "The exit status is 0 whatever the verdicts are.",
    .example = "lowrank claims rank_one_suffices --long",
    .min_args = 0,
    .max_args = -1,
};
static int claims_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct claims_options), claims_work, argc, argv);
}

const struct cmd cmd_claims = { "claims", "look", "say which of the paper's claims hold here",
                                claims_main };
