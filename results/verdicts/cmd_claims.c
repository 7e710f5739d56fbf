/* cmd_claims.c - "lowrank claims": which of the paper's claims hold in this store. */
#include "core/opt/suggest.h"
#include "core/base/terminal.h"
#include "core/base/text.h"
#include "core/cmd.h"
#include "results/query/read_options.h"
#include "results/verdicts/claims_looks.h"
#include "results/verdicts/claims_needs.h"
#include "results/verdicts/claims_run.h"
#include "results/verdicts/claims_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct claims_options {
    struct read_options read; /* first, because its option macros expect it there */
    bool parts, run;
    char *budget;
};
static const struct opt options[] = {
    HOME_OPTION(struct read_options),
    FORMAT_OPTION(struct read_options),
    { "list", 'l', OPT_BOOL, offsetof(struct claims_options, read.list), NULL, 0, 0, NULL,
      "list the claims, without verdicts" },
    { "long", 0, OPT_BOOL, offsetof(struct claims_options, parts), NULL, 0, 0, NULL,
      "show every comparison of a claim (-v does the same)" },
    { "run", 0, OPT_BOOL, offsetof(struct claims_options, run), NULL, 0, 0, NULL,
      "first add seeds to the studies where they decide most for each hour, up to the planned "
      "number" },
    { "budget", 0, OPT_STR, offsetof(struct claims_options, budget), NULL, 0, 0, NULL,
      "how long --run may take: 30m, 2h; 1h by default" },
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
    static const char *const cols[] = { "claim",  "family",  "section",  "study", "kind",
                                        "margin", "changed", "sentence", NULL };
    struct rows r;

    table_begin(&r, cols);
    for (int i = 0; i < c->n; i++) {
        const struct claim *x = &c->claim[i];
        char margin[40];
        rows_number(margin, x->kind <= KIND_EQUAL ? x->margin : x->bound, 10);
        rows_add(&r,
                 (const char *const[]){ x->id, claim_families[x->family], x->section, x->study,
                                        claim_kinds[x->kind], margin, x->changed, x->sentence });
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
    static const struct claim_part no_part = {
        .a.mean = NAN, .d.mean = NAN, .lo = NAN, .hi = NAN, .df = NAN
    };
    const struct claim *c = row->claim;
    const struct claim_part *p = row->n_parts ? &row->part[k] : &no_part;
    char *ours = row->n_parts ? claims_ours(row, p) : NULL, *asks = claims_asks(row);
    char *paper = claims_paper(c), *changed = claims_changed(c);
    char buffers[16][40], (*buf)[40] = buffers, n[32], planned[32];

    snprintf(n, sizeof n, "%d", p->d.n);
    snprintf(planned, sizeof planned, "%ld", c->planned);
    rows_add(r, (const char *const[]){ c->id,
                                       verdict_names[row->verdict],
                                       row->outcome,
                                       row->model,
                                       row->task,
                                       row->metric,
                                       p->label,
                                       ours,
                                       asks,
                                       n,
                                       planned,
                                       count_cell(&buf, p->n_examples),
                                       number_cell(&buf, p->d.mean),
                                       number_cell(&buf, p->lo),
                                       number_cell(&buf, p->hi),
                                       number_cell(&buf, p->df),
                                       number_cell(&buf, row->p),
                                       count_cell(&buf, row->look),
                                       number_cell(&buf, row->p_look),
                                       number_cell(&buf, row->p_holm),
                                       count_cell(&buf, p->trained),
                                       count_cell(&buf, p->ref_trained),
                                       claim_families[c->family],
                                       c->section,
                                       c->sentence,
                                       paper,
                                       changed,
                                       row->why,
                                       count_cell(&buf, p->n_tuned) });
    free(changed);
    free(paper);
    free(asks);
    free(ours);
}

static int print_table(const struct claims *c, const bool *wanted, const struct claims_options *o)
{
    static const char *const cols[] = {
        "claim",      "verdict", "outcome",  "model",        "task",     "metric",
        "comparison", "ours",    "asks",     "#n",           "#planned", "#n_examples",
        "#diff",      "#lo",     "#hi",      "#df",          "#p",       "#look",
        "#p_look",    "#p_holm", "#trained", "#ref_trained", "family",   "section",
        "sentence",   "paper",   "changed",  "missing",      "#n_tuned", NULL
    };
    struct rows r;

    table_begin(&r, cols);
    for (int i = 0; i < c->n_rows * N_FAMILIES; i++) { /* one family after the other */
        const struct claim_row *row = &c->row[i % c->n_rows];
        if (!wanted[row->claim - c->claim] || row->claim->family != i / c->n_rows)
            continue;
        int from = o->parts ? 0 : row->decisive;
        int to = o->parts && row->n_parts > 0 ? row->n_parts : from + 1;
        for (int k = from; k < to; k++)
            add_part(&r, row, k);
    }
    if (*c->left_out)
        rows_note(&r, "%s", c->left_out);
    return rows_print_free(&r, o->read.format);
}

/* --- for people */

/* Print TEXT after BEFORE, wrapped; further lines are indented by the width of BEFORE. */
static void wrap(const char *before, const char *text)
{
    int indent = (int)strlen(before), col = indent, width = terminal_columns(stdout);

    width = width < TERMINAL_COLUMNS ? width : TERMINAL_COLUMNS;
    fputs(before, stdout);
    for (const char *p = text; *p;) {
        int n = (int)strcspn(p, " "), letters = 0;
        for (int i = 0; i < n; i++)
            letters += ((unsigned char)p[i] & 0xC0) != 0x80;
        if (col > indent && col + 1 + letters > width) {
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
    char *ours = claims_ours(row, p), *asks = claims_asks(row), *size = claims_size(row, p);
    struct text line = { 0 };

    text_add(&line, "%s: %s (asks %s), %s", p->label, ours, asks, size);
    if (p->n_lost > 0)
        text_add(&line, " (%d diverged)", p->n_lost);
    if (!isnan(p->p))
        text_add(&line, ", p = %.2g with %.3g degrees of freedom", p->p, p->df);
    if (p->trained > 0 && p->ref_trained > 0)
        text_add(&line, "; trainable parameters: %ld against %ld", p->trained, p->ref_trained);
    wrap("        ", line.s);
    text_free(&line);
    free(size);
    free(asks);
    free(ours);
}

static void print_decisive_part(const struct claim_row *row)
{
    const struct claim_part *p = &row->part[row->decisive];
    char *ours = claims_ours(row, p), *asks = claims_asks(row), *size = claims_size(row, p);
    struct text line = { 0 };

    text_add(&line, "%s %s", row->model, row->task);
    if (*row->metric != '-')
        text_add(&line, ", %s", row->metric);
    text_add(&line, ": ");
    if (row->verdict != DESCRIBED)
        text_add(&line, "%s; ", row->outcome);
    text_add(&line, "%s (%s; asks %s), %s", ours, p->label, asks, size);
    if (!isnan(row->p_holm))
        text_add(&line, ", corrected p = %.2g", row->p_holm);
    if (row->look > 0 && row->look < row->units && !row->reversed)
        text_add(&line, " of the look at %d %s", row->look, row->claim->unit);
    wrap("    ours   ", line.s);
    text_free(&line);
    free(size);
    free(asks);
    free(ours);
}

static void print_row(const struct claim_row *row, bool parts)
{
    if (row->n_parts > 0)
        print_decisive_part(row);
    if (row->why)
        wrap(row->verdict == DESCRIBED ? "    note   " : "    needs  ", row->why);
    char *tuned = claims_tuned(row);
    if (tuned)
        wrap("    note   ", tuned);
    free(tuned);
    for (int k = 0; parts && k < row->n_parts; k++)
        print_part(row, &row->part[k]);
}

/* Green, red, and yellow on a terminal. */
static void print_verdict(enum verdict v)
{
    const char *color = v == HOLDS ? "32" : v == FAILS ? "31" : "33";

    if (terminal_colored(stdout))
        printf("\033[%sm%-9s\033[0m", color, verdict_names[v]);
    else
        printf("%-9s", verdict_names[v]);
}

static void print_claim(const struct claims *c, const struct claim *claim, bool parts)
{
    char *paper = claims_paper(claim), *changed = claims_changed(claim);

    print_verdict(claims_verdict(c, claim));
    printf("  %s (%s)\n", claim->id, claim->section);
    wrap("    ", claim->sentence);
    if (*paper)
        wrap("    paper  ", paper);
    if (changed)
        wrap("    changed  ", changed);
    for (int i = 0; i < c->n_rows; i++)
        if (c->row[i].claim == claim)
            print_row(&c->row[i], parts);
    free(changed);
    free(paper);
}

/* The claims of one family, and their count. Returns how many there are. */
static int print_family(const struct claims *c, const bool *wanted, bool parts, int family)
{
    static const char *const of[] = { "of the paper", "beyond the paper" };
    int count[3] = { 0 }, n = 0;

    for (int i = 0; i < c->n && !ferror(stdout); i++) {
        if (!wanted[i] || c->claim[i].family != family)
            continue;
        if (n++ == 0 && family != FAMILY_PAPER)
            puts("beyond the paper, corrected apart from its claims\n");
        print_claim(c, &c->claim[i], parts);
        putchar('\n');
        count[claims_verdict(c, &c->claim[i])]++;
    }
    if (n > 0)
        printf("%d of %d claims %s hold, %d fail, %d undecided\n", count[HOLDS], n, of[family],
               count[FAILS], count[UNDECIDED]);
    return n;
}

static int print_claims(const struct claims *c, const bool *wanted, bool parts)
{
    for (int f = 0, n = 0; f < N_FAMILIES; f++) {
        bool more = false;
        for (int i = 0; i < c->n; i++)
            more |= wanted[i] && c->claim[i].family == f;
        if (n > 0 && more)
            putchar('\n');
        n += print_family(c, wanted, parts, f);
    }
    bool unseen = false;
    for (int i = 0; i < c->n; i++)
        unseen |= wanted[i] && c->claim[i].unseen;
    if (unseen)
        wrap("note: ",
             "this store has runs from before it recorded looks; earlier looks at them are "
             "not counted");
    if (*c->left_out)
        wrap("", c->left_out);
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

/* Judge the claims and record the look at the wanted ones; a warning is enough when that is
 * impossible. */
static int judge_and_record(struct claims *c, const bool *wanted, const struct read_options *o)
{
    char *path = home_path(o->home, "lowrank.db");
    struct store *s = NULL;
    int rc = read_options_open(&s, o) == 0 ? claims_judge(c, s) : -1;

    store_close(s);
    if (rc == 0)
        claims_looks_record(c, wanted, path);
    free(path);
    return rc;
}

/* Seconds of "30m", "2h", "90s"; -1 after fail(). */
static double parse_budget(const char *text)
{
    char *end;

    if (!text)
        return 3600;
    double x = strtod(text, &end);
    double unit = strcmp(end, "h") == 0 ? 3600 : strcmp(end, "m") == 0 ? 60 : strcmp(end, "s") == 0;

    if (end == text || !(x > 0) || !(unit > 0) || isinf(x))
        return fail(FAIL_USAGE, "'budget' must be a time like 30m or 2h, not '%s'", text);
    return x * unit;
}

/* Why no further step is taken. */
static void note_end(const struct claims *c, const bool *wanted)
{
    struct claims_step step;

    if (!claims_best_step(&step, c, wanted, INFINITY)) {
        note("no further seeds, up to the planned numbers, would probably decide a claim");
        return;
    }
    char *hours = claims_hours(step.seconds);
    note(
        "the budget has no room for the next step, 'lowrank sweep %s --seeds %ld': about %s of one "
        "worker",
        step.study, step.seeds, hours);
    free(hours);
}

/* Take the best step until the budget is used up or no step helps. After a step that changed
 * nothing (the study was last planned with other settings), stop. */
static int run_steps(struct claims *c, const bool *wanted, const struct claims_options *o)
{
    double budget = parse_budget(o->budget), end = now_mono() + budget;
    char *last = xstrdup("");
    struct claims_step step;
    int rc = budget < 0 ? -1 : judge_and_record(c, wanted, &o->read);

    while (rc == 0 && claims_best_step(&step, c, wanted, end - now_mono())) {
        char *what = xprintf("lowrank sweep %s --seeds %ld", step.study, step.seeds);
        char *hours = claims_hours(step.seconds);
        bool again = strcmp(what, last) == 0;
        free(last);
        last = what;
        if (again) {
            rc = fail(FAIL_RUN,
                      "'%s' added no runs to the plan that the claims read: the study was last "
                      "planned with other settings",
                      what);
        } else {
            note("%s: about %s of one worker, will probably decide %.1f claims", what, hours,
                 step.gain);
            rc = claims_take_step(&step, c, wanted, o->read.home);
        }
        free(hours);
        claims_free(c);
        if (rc == 0)
            rc = claims_load(c, embedded_files) == 0 ? judge_and_record(c, wanted, &o->read) : -1;
    }
    if (rc == 0)
        note_end(c, wanted);
    free(last);
    return rc;
}

static int claims_work(void *cfg, int argc, char **argv)
{
    struct claims_options *o = cfg;
    struct claims c;

    if (o->budget && !o->run)
        return fail(FAIL_USAGE, "'budget' is for --run, which is not given");
    if (claims_load(&c, embedded_files) != 0)
        return -1;
    bool *wanted = xalloc((size_t)c.n + 1, sizeof *wanted);
    int rc = choose_claims(wanted, &c, argc - 1, argv + 1);
    o->parts |= verbosity > 0;
    if (rc == 0 && o->read.list) {
        rc = print_list(&c, (enum rows_format)o->read.format);
    } else if (rc == 0) {
        rc = o->run ? run_steps(&c, wanted, o) : judge_and_record(&c, wanted, &o->read);
        if (rc == 0)
            rc = o->read.format == ROWS_TABLE ? print_claims(&c, wanted, o->parts)
                                              : print_table(&c, wanted, o);
    }
    free(wanted);
    claims_free(&c);
    return rc;
}

static const struct opt_usage usage = {
    .command = "claims",
    .usage = "[CLAIM...]",
    .about = "Say which of the paper's claims hold here: each with its numbers in the paper, ours, "
             "and a verdict.",
    .detail = "Our difference is better, equivalent (within the margin of the claim), worse,\n"
              "or undecided; the claim holds, fails or is undecided accordingly. One test\n"
              "covers seeds and, where both sides answered the same examples, examples: both\n"
              "are random, and the variance of the mean has a part of each. P-values are\n"
              "corrected for choosing the best of several settings, for looking more than\n"
              "once while seeds are added (every look is recorded; up to a planned number of\n"
              "seeds their shares of the level add up to 1), and, by Holm, for all claims of\n"
              "the paper together; claims beyond the paper are apart. Claims about methods\n"
              "are about the average over the tasks on which something was learned. An\n"
              "undecided claim says what would decide it: seeds, examples, hours. More about\n"
              "this is in results/README.md of the source tree.\n"
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
