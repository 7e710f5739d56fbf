/* report_studies.c - each study: its question, table and figure, and the commands that repeat it
 * and each of its cells. */
#include "core/base/file.h"
#include "plots/report/html.h"
#include "plots/report/report.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* One study: a row of the query page_studies. */
struct entry {
    struct report *rp;
    const struct rows *r;
    int row;
};

static const char *entry_get(const struct entry *o, const char *col)
{
    const char *s = rows_get(o->r, o->row, col);

    return s ? s : "";
}

static long entry_count(const struct entry *o, const char *col)
{
    return strtol(entry_get(o, col), NULL, 10);
}

/* Was the study planned by a version that did not store its command line? Then every setting is
 * repeated as a word. */
static bool is_old(const struct entry *o)
{
    return !*entry_get(o, "recipe");
}

/* "accuracy on dev (%), at the best epoch on dev": the label that figures have on their axis, and
 * when it was measured. */
static int put_metric(const struct entry *o)
{
    struct rows r;
    const char *which = entry_get(o, "which");

    if (report_rows(o->rp, &r, "fig_study", entry_get(o, "study")) != 0)
        return -1;
    const char *label = rows_get(&r, 0, "label");
    html_text(o->rp->to, label ? label : entry_get(o, "metric"));
    fputs(strcmp(which, "last") == 0   ? ", after the last epoch"
          : strstr(which, "best") != 0 ? ", at the best epoch on dev"
                                       : "",
          o->rp->to);
    rows_free(&r);
    return 0;
}

/* "29 of 30 runs done, 1 diverged." */
static void put_counts(const struct entry *o)
{
    static const char *const rest[] = { "diverged", "failed", "unfinished" };

    fprintf(o->rp->to, "<p>%ld of %ld runs done", entry_count(o, "done"), entry_count(o, "runs"));
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        if (entry_count(o, rest[i]) > 0)
            fprintf(o->rp->to, ", <strong>%ld %s</strong>", entry_count(o, rest[i]), rest[i]);
    fputs(".</p>\n", o->rp->to);
}

static int put_failed_runs(const struct entry *o)
{
    if (entry_count(o, "diverged") + entry_count(o, "failed") == 0)
        return 0;
    return report_table(o->rp, "page_bad", entry_get(o, "study"),
                        "Runs that diverged or failed, and why.", false) < 0
               ? -1
               : 0;
}

static void put_settings(const struct entry *o)
{
    const char *s = entry_get(o, "base");

    if (!*s)
        return;
    fputs("<details><summary>Settings shared by all runs</summary>\n<ul class=\"settings\">",
          o->rp->to);
    for (size_t n; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        char *line = xprintf("%.*s", (int)n, s);
        fputs("<li><code>", o->rp->to);
        html_text(o->rp->to, line);
        fputs("</code></li>", o->rp->to);
        free(line);
    }
    fputs("</ul></details>\n", o->rp->to);
}

static void put_sweep_command(const struct entry *o)
{
    bool seeds = *entry_get(o, "seeds"), profile = *entry_get(o, "profile");
    char *words = xprintf("lowrank\nsweep\n%s\n%s", entry_get(o, is_old(o) ? "study" : "recipe"),
                          entry_get(o, is_old(o) ? "base" : "words"));
    char *args = xprintf("%s%s\n%s%s", profile ? "--profile\n" : "", entry_get(o, "profile"),
                         seeds ? "--seeds\n" : "", entry_get(o, "seeds"));

    fputs("<p>To run the study again:</p>\n<pre>", o->rp->to);
    report_command(o->rp, words, args);
    fputs("</pre>\n", o->rp->to);
    free(words);
    free(args);
}

/* --- cells */

/* MANY: trials other than the best one are listed as well. */
static void put_cell_row(const struct entry *o, const struct rows *c, int i, bool many)
{
    FILE *to = o->rp->to;
    const char *varied = rows_get(c, i, "varied"), *config = rows_get(c, i, "config");
    const char *value = rows_get(c, i, "value"), *failed = rows_get(c, i, "n_failed");
    const char *choice = rows_get(c, i, "choice"), *seed = rows_get(c, i, "seed");
    char *words = is_old(o) ? xstrdup("lowrank\nrun")
                            : xprintf("lowrank\nrun\n%s\n%s", entry_get(o, "recipe"),
                                      entry_get(o, "run_words"));
    char *args = xprintf("%s\nseed=%s", config ? config : varied ? varied : "", seed ? seed : "1");

    fputs("<tr><th scope=\"row\">", to);
    report_command(o->rp, varied ? varied : "-", NULL);
    if (many && *choice == '1')
        fputs(" <b>best on dev</b>", to);
    fputs("</th><td class=\"n\">", to);
    html_text(to, value ? value : "-");
    fprintf(to, "</td><td class=\"n\">%s of %s", rows_get(c, i, "n"), rows_get(c, i, "n_planned"));
    if (strcmp(failed, "0") != 0)
        fprintf(to, ", %s failed", failed);
    fprintf(to, "</td><td><code>%s</code></td><td class=\"cmd\"><code>", rows_get(c, i, "cell"));
    report_command(o->rp, words, args);
    fputs("</code></td></tr>\n", to);
    free(args);
    free(words);
}

static int put_cells(const struct entry *o)
{
    struct rows c;
    FILE *to = o->rp->to;
    bool many = false;

    if (report_rows(o->rp, &c, "page_cells", entry_get(o, "study")) != 0)
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
    html_text(to, entry_get(o, "study"));
    fputs(".</caption>\n<thead><tr><th scope=\"col\">cell</th><th scope=\"col\" "
          "class=\"n\">value</th><th scope=\"col\" class=\"n\">runs</th><th "
          "scope=\"col\">key</th><th scope=\"col\">command</th></tr></thead>\n<tbody>\n",
          to);
    for (int i = 0; i < c.n_rows; i++)
        put_cell_row(o, &c, i, many);
    fputs("</tbody></table></div></details>\n", to);
    rows_free(&c);
    return 0;
}

/* --- one study */

/* The plan of an older version does not name its table and figure: they have the name of the
 * study. */
static const char *table_of(const struct entry *o)
{
    const char *study = entry_get(o, "study"), *sql = is_old(o) ? query_find(study) : NULL;

    return *entry_get(o, "table")             ? entry_get(o, "table")
           : sql && query_takes(sql, "study") ? study
                                              : "study";
}

static const char *figure_of(const struct entry *o)
{
    const char *study = entry_get(o, "study");
    char *file = xprintf("plots/%s.gp", study), *path = share_path(file);
    bool own = is_old(o) && !strchr(study, '/') && file_exists(path);

    free(path);
    free(file);
    return *entry_get(o, "figure") ? entry_get(o, "figure") : own ? study : NULL;
}

static int put_table_and_figure(const struct entry *o)
{
    const char *study = entry_get(o, "study"), *figure = figure_of(o);
    int n = report_table(o->rp, table_of(o), study, NULL, false);

    if (n == 0 && strcmp(table_of(o), "study") != 0) /* its table does not fit its runs */
        n = report_table(o->rp, "study", study, NULL, false);
    if (n == 0)
        fputs("<p class=\"note\">No cell has a result yet.</p>\n", o->rp->to);
    if (figure && n >= 0)
        report_figure(o->rp, figure, study, false);
    return n < 0 ? -1 : 0;
}

static void put_study_heading(const struct entry *o)
{
    const char *title = *entry_get(o, "title") ? entry_get(o, "title") : entry_get(o, "study");
    char *text = xstrdup(title);

    *text = (char)toupper((unsigned char)*text);
    report_section(o->rp, "study-", entry_get(o, "study"), text);
    fputs("<p class=\"source\">Study <code>", o->rp->to);
    html_text(o->rp->to, entry_get(o, "study"));
    fputs("</code>", o->rp->to);
    if (*entry_get(o, "source")) {
        fputs(" · ", o->rp->to);
        html_text(o->rp->to, entry_get(o, "source"));
    }
    fputs(" · ", o->rp->to);
    free(text);
}

static int put_study(const struct entry *o)
{
    put_study_heading(o);
    if (put_metric(o) != 0)
        return -1;
    fputs("</p>\n", o->rp->to);
    if (put_table_and_figure(o) != 0)
        return -1;
    put_counts(o);
    if (put_failed_runs(o) != 0)
        return -1;
    put_sweep_command(o);
    put_settings(o);
    if (put_cells(o) != 0)
        return -1;
    report_section_end(o->rp);
    return 0;
}

int report_studies(struct report *rp)
{
    struct rows r;
    int rc = report_rows(rp, &r, "page_studies", NULL);

    for (int i = 0; i < r.n_rows && rc == 0; i++) {
        const struct entry o = { rp, &r, i };
        rc = put_study(&o);
        if (rc != 0)
            fail_context("study '%s'", entry_get(&o, "study"));
    }
    rows_free(&r);
    return rc;
}
