/* report_studies.c - each study: its question, table and figure, and the commands that repeat it
 * and each of its cells. */
#include "plots/report/html.h"
#include "plots/report/report.h"
#include "results/pivot/study_table.h"
#include "results/query/footnote.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One study: a row of the query page_studies. */
struct entry {
    struct report *rp;
    const struct rows *r;
    int row;
};

static const char *entry_get(const struct entry *e, const char *col)
{
    const char *s = rows_get(e->r, e->row, col);

    return s ? s : "";
}

static long entry_count(const struct entry *e, const char *col)
{
    return strtol(entry_get(e, col), NULL, 10);
}

/* Was the study planned by a version that did not store its command line? Then every setting is
 * repeated as a word. */
static bool is_old(const struct entry *e)
{
    return !*entry_get(e, "recipe");
}

/* "accuracy on dev (%), at the best epoch on dev": the label that figures have on their axis, and
 * when it was measured. */
static int put_metric(const struct entry *e)
{
    struct rows r;
    const char *which = entry_get(e, "which");

    if (report_rows(e->rp, &r, "fig_study", entry_get(e, "study")) != 0)
        return -1;
    const char *label = rows_get(&r, 0, "label");
    html_text(e->rp->to, label ? label : entry_get(e, "metric"));
    fputs(strcmp(which, "last") == 0     ? ", after the last epoch"
          : strcmp(which, "chosen") == 0 ? ", at the epoch that the selection split chose"
          : strstr(which, "best") != 0   ? ", at the best epoch on dev"
                                         : "",
          e->rp->to);
    rows_free(&r);
    return 0;
}

/* "29 of 30 runs done, 1 diverged." */
static void put_counts(const struct entry *e)
{
    static const char *const rest[] = { "diverged", "failed", "unfinished" };

    fprintf(e->rp->to, "<p>%ld of %ld runs done", entry_count(e, "done"), entry_count(e, "runs"));
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        if (entry_count(e, rest[i]) > 0)
            fprintf(e->rp->to, ", <strong>%ld %s</strong>", entry_count(e, rest[i]), rest[i]);
    fputs(".</p>\n", e->rp->to);
}

static int put_failed_runs(const struct entry *e)
{
    if (entry_count(e, "diverged") + entry_count(e, "failed") == 0)
        return 0;
    return report_table(e->rp, "page_bad", entry_get(e, "study"),
                        "Runs that diverged or failed, and why.", false) < 0
               ? -1
               : 0;
}

static void put_settings(const struct entry *e)
{
    const char *s = entry_get(e, "base");

    if (!*s)
        return;
    fputs("<details><summary>Settings shared by all runs</summary>\n<ul class=\"settings\">",
          e->rp->to);
    for (size_t n; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        char *line = xprintf("%.*s", (int)n, s);
        fputs("<li><code>", e->rp->to);
        html_text(e->rp->to, line);
        fputs("</code></li>", e->rp->to);
        free(line);
    }
    fputs("</ul></details>\n", e->rp->to);
}

static void put_sweep_command(const struct entry *e)
{
    bool seeds = *entry_get(e, "seeds"), profile = *entry_get(e, "profile");
    char *words = xprintf("lowrank\nsweep\n%s\n%s", entry_get(e, is_old(e) ? "study" : "recipe"),
                          entry_get(e, is_old(e) ? "base" : "words"));
    char *args = xprintf("%s%s\n%s%s", profile ? "--profile\n" : "", entry_get(e, "profile"),
                         seeds ? "--seeds\n" : "", entry_get(e, "seeds"));

    fputs("<p>To run the study again:</p>\n<pre>", e->rp->to);
    report_command(e->rp, words, args);
    fputs("</pre>\n", e->rp->to);
    free(words);
    free(args);
}

/* --- cells */

/* MANY: trials other than the best one are listed as well. */
static void put_cell_row(const struct entry *e, const struct rows *c, int i, bool many)
{
    FILE *to = e->rp->to;
    const char *varied = rows_get(c, i, "varied"), *given = rows_get(c, i, "words");
    const char *value = rows_get(c, i, "value"), *failed = rows_get(c, i, "n_failed");
    const char *choice = rows_get(c, i, "choice"), *seed = rows_get(c, i, "seed");
    char *words = is_old(e) ? xstrdup("lowrank\nrun")
                            : xprintf("lowrank\nrun\n%s\n%s", entry_get(e, "recipe"),
                                      entry_get(e, "run_words"));
    char *args = xprintf("%s\nseed=%s", given ? given : "", seed ? seed : "1");

    fputs("<tr><th scope=\"row\">", to);
    report_command(e->rp, varied ? varied : "-", NULL);
    if (many && *choice == '1')
        fputs(" <b>best on dev</b>", to);
    fputs("</th><td class=\"n\">", to);
    html_text(to, value ? value : "-");
    fprintf(to, "</td><td class=\"n\">%s of %s", rows_get(c, i, "n"), rows_get(c, i, "n_planned"));
    if (strcmp(failed, "0") != 0)
        fprintf(to, ", %s failed", failed);
    fprintf(to, "</td><td><code>%s</code></td><td class=\"cmd\"><code>", rows_get(c, i, "cell"));
    report_command(e->rp, words, args);
    fputs("</code></td></tr>\n", to);
    free(args);
    free(words);
}

static int put_cells(const struct entry *e)
{
    struct rows c;
    FILE *to = e->rp->to;
    bool many = false;

    if (report_rows(e->rp, &c, "page_cells", entry_get(e, "study")) != 0)
        return -1;
    for (int i = 0; i < c.n_rows; i++)
        many = many || strcmp(rows_get(&c, i, "choice"), "1") != 0;
    fprintf(to, "<details><summary>%s %d cell%s, with the command that runs each again</summary>\n",
            c.n_rows == 1 ? "Its" : "All", c.n_rows, c.n_rows == 1 ? "" : "s");
    fputs(
        "<p><code>lowrank show KEY</code> shows everything about the runs of a cell. Each command "
        "executes the run with the cell's first seed, unless it is done.</p>\n"
        "<div class=\"box\" tabindex=\"0\"><table class=\"cells\"><caption>Cells of study ",
        to);
    html_text(to, entry_get(e, "study"));
    fputs(".</caption>\n<thead><tr><th scope=\"col\">cell</th><th scope=\"col\" "
          "class=\"n\">value</th><th scope=\"col\" class=\"n\">runs</th><th "
          "scope=\"col\">key</th><th scope=\"col\">command</th></tr></thead>\n<tbody>\n",
          to);
    for (int i = 0; i < c.n_rows; i++)
        put_cell_row(e, &c, i, many);
    fputs("</tbody></table></div></details>\n", to);
    rows_free(&c);
    return 0;
}

/* --- one study */

/* The study's own table, or a plain one if that does not fit its runs. */
static int put_table(const struct entry *e)
{
    const char *study = entry_get(e, "study");
    struct study_table t;
    int rc = study_table(&t, e->rp->s, NULL, study, (const char *[]){ NULL }, true);

    if (rc == 0)
        html_table(e->rp->to, &t.r, t.title ? t.title : "Results.");
    else if (fail_code() == FAIL_RUN)
        fputs("<p class=\"note\">No cell has a result yet.</p>\n", e->rp->to);
    study_table_free(&t);
    return rc != 0 && fail_code() != FAIL_RUN ? -1 : 0;
}

static int put_table_and_figure(const struct entry *e)
{
    if (put_table(e) != 0)
        return -1;
    report_figure(e->rp, entry_get(e, "study"), NULL, false);
    return 0;
}

static void put_study_heading(const struct entry *e)
{
    const char *title = *entry_get(e, "title") ? entry_get(e, "title") : entry_get(e, "study");
    char *text = xstrdup(title);

    *text = (char)toupper((unsigned char)*text);
    report_section(e->rp, "study-", entry_get(e, "study"), text);
    fputs("<p class=\"source\">Study <code>", e->rp->to);
    html_text(e->rp->to, entry_get(e, "study"));
    fputs("</code>", e->rp->to);
    if (*entry_get(e, "source")) {
        fputs(" · ", e->rp->to);
        html_text(e->rp->to, entry_get(e, "source"));
    }
    fputs(" · ", e->rp->to);
    free(text);
}

static int put_study(const struct entry *e)
{
    put_study_heading(e);
    if (put_metric(e) != 0)
        return -1;
    fputs("</p>\n", e->rp->to);
    if (put_table_and_figure(e) != 0)
        return -1;
    put_counts(e);
    char *left_out = footnote_excluded_text(e->rp->s, entry_get(e, "study"));
    report_left_out(e->rp, left_out);
    free(left_out);
    if (put_failed_runs(e) != 0)
        return -1;
    put_sweep_command(e);
    put_settings(e);
    if (put_cells(e) != 0)
        return -1;
    report_section_end(e->rp);
    return 0;
}

int report_studies(struct report *rp)
{
    struct rows r;
    int rc = report_rows(rp, &r, "page_studies", NULL);

    for (int i = 0; i < r.n_rows && rc == 0; i++) {
        const struct entry e = { rp, &r, i };
        rc = put_study(&e);
        if (rc != 0)
            fail_context("study '%s'", entry_get(&e, "study"));
    }
    rows_free(&r);
    return rc;
}
