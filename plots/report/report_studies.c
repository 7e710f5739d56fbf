/* report_studies.c - each study: its question, table, figure, and how to do it and each cell again. */
#include "core/base/file.h"
#include "plots/report/report.h"
#include "plots/report/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A study with the columns of query report_studies. */
struct one {
    struct report *p;
    const struct rows *r;
    int row;
};

static const char *get(const struct one *o, const char *col)
{
    const char *s = rows_get(o->r, o->row, col);

    return s ? s : "";
}

static long count(const struct one *o, const char *col)
{
    return strtol(get(o, col), NULL, 10);
}

/* Was it planned before its words were kept? Then every setting is a word. */
static bool is_old(const struct one *o)
{
    return !*get(o, "recipe");
}

/* "accuracy on dev (%), at the best evaluation", as the figures say it. */
static int put_metric(const struct one *o)
{
    struct rows r;
    const char *which = get(o, "which");

    if (report_rows(o->p, &r, "fig_study", get(o, "study")) != 0)
        return -1;
    const char *label = rows_get(&r, 0, "label");
    html_text(o->p->to, label ? label : get(o, "metric"));
    fputs(strcmp(which, "last") == 0   ? ", after the last epoch"
          : strstr(which, "best") != 0 ? ", at the epoch that was best on dev"
                                       : "",
          o->p->to);
    rows_free(&r);
    return 0;
}

/* "29 of 30 runs done, 1 diverged." */
static void put_counts(const struct one *o)
{
    static const char *const rest[] = { "diverged", "failed", "unfinished" };

    fprintf(o->p->to, "<p>%ld of %ld runs done", count(o, "done"), count(o, "runs"));
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        if (count(o, rest[i]) > 0)
            fprintf(o->p->to, ", <strong>%ld %s</strong>", count(o, rest[i]), rest[i]);
    fputs(".</p>\n", o->p->to);
}

static int put_bad(const struct one *o)
{
    if (count(o, "diverged") + count(o, "failed") == 0)
        return 0;
    return report_table(o->p, "page_bad", get(o, "study"), "Runs that diverged or failed, and why.",
                        false) < 0
               ? -1
               : 0;
}

static void put_base(const struct one *o)
{
    const char *s = get(o, "base");

    if (!*s)
        return;
    fputs("<details><summary>Settings that all its runs share</summary>\n<ul class=\"settings\">",
          o->p->to);
    for (size_t n; *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        char *line = xprintf("%.*s", (int)n, s);
        fputs("<li><code>", o->p->to);
        html_text(o->p->to, line);
        fputs("</code></li>", o->p->to);
        free(line);
    }
    fputs("</ul></details>\n", o->p->to);
}

static void put_again(const struct one *o)
{
    bool seeds = *get(o, "seeds"), profile = *get(o, "profile");
    char *words = xprintf("lowrank\nsweep\n%s\n%s", get(o, is_old(o) ? "study" : "recipe"),
                          get(o, is_old(o) ? "base" : "words"));
    char *args = xprintf("%s%s\n%s%s", profile ? "--profile\n" : "", get(o, "profile"),
                         seeds ? "--seeds\n" : "", get(o, "seeds"));

    fputs("<p>To do it again:</p>\n<pre>", o->p->to);
    report_command(o->p, words, args);
    fputs("</pre>\n", o->p->to);
    free(words);
    free(args);
}

/* --- cells */

static void put_cell(const struct one *o, const struct rows *c, int i, bool many)
{
    FILE *to = o->p->to;
    const char *varied = rows_get(c, i, "varied"), *config = rows_get(c, i, "config");
    const char *value = rows_get(c, i, "value"), *failed = rows_get(c, i, "n_failed");
    const char *choice = rows_get(c, i, "choice"), *seed = rows_get(c, i, "seed");
    char *words = is_old(o)
                      ? xstrdup("lowrank\nrun")
                      : xprintf("lowrank\nrun\n%s\n%s", get(o, "recipe"), get(o, "run_words"));
    char *args = xprintf("%s\nseed=%s", config ? config : varied ? varied : "", seed ? seed : "1");

    fputs("<tr><th scope=\"row\">", to);
    report_command(o->p, varied ? varied : "-", NULL);
    if (many && *choice == '1')
        fputs(" <b>best on dev</b>", to);
    fputs("</th><td class=\"n\">", to);
    html_text(to, value ? value : "-");
    fprintf(to, "</td><td class=\"n\">%s of %s", rows_get(c, i, "n"), rows_get(c, i, "n_planned"));
    if (strcmp(failed, "0") != 0)
        fprintf(to, ", %s failed", failed);
    fprintf(to, "</td><td><code>%s</code></td><td class=\"cmd\"><code>", rows_get(c, i, "cell"));
    report_command(o->p, words, args);
    fputs("</code></td></tr>\n", to);
    free(args);
    free(words);
}

static int put_cells(const struct one *o)
{
    struct rows c;
    FILE *to = o->p->to;
    bool many = false; /* trials that were not the best of their point */

    if (report_rows(o->p, &c, "page_cells", get(o, "study")) != 0)
        return -1;
    for (int i = 0; i < c.n_rows; i++)
        many = many || strcmp(rows_get(&c, i, "choice"), "1") != 0;
    fprintf(to, "<details><summary>%s %d cell%s, and how to run each again</summary>\n",
            c.n_rows == 1 ? "Its" : "All", c.n_rows, c.n_rows == 1 ? "" : "s");
    fputs("<p><code>lowrank show</code> with the key of a cell tells all about its runs. A command "
          "does the run with the cell's first seed; one that is done is not done again.</p>\n"
          "<div class=\"box\" tabindex=\"0\"><table class=\"cells\"><caption>Cells of study ",
          to);
    html_text(to, get(o, "study"));
    fputs(".</caption>\n<thead><tr><th scope=\"col\">cell</th><th scope=\"col\" "
          "class=\"n\">value</th><th scope=\"col\" class=\"n\">runs</th><th "
          "scope=\"col\">key</th><th scope=\"col\">command</th></tr></thead>\n<tbody>\n",
          to);
    for (int i = 0; i < c.n_rows; i++)
        put_cell(o, &c, i, many);
    fputs("</tbody></table></div></details>\n", to);
    rows_free(&c);
    return 0;
}

/* --- one study */

/* An older plan does not name its table and figure: they have the study's name. */
static const char *table_of(const struct one *o)
{
    const char *study = get(o, "study"), *sql = is_old(o) ? query_find(study) : NULL;

    return *get(o, "table") ? get(o, "table") : sql && query_takes(sql, "study") ? study : "study";
}

static const char *figure_of(const struct one *o)
{
    const char *study = get(o, "study");
    char *file = xprintf("plots/%s.gp", study), *path = share_path(file);
    bool own = is_old(o) && !strchr(study, '/') && file_exists(path);

    free(path);
    free(file);
    return *get(o, "figure") ? get(o, "figure") : own ? study : NULL;
}

static int put_results(const struct one *o)
{
    const char *study = get(o, "study"), *figure = figure_of(o);
    int n = report_table(o->p, table_of(o), study, NULL, false);

    if (n == 0 && strcmp(table_of(o), "study") != 0) /* its table is about another kind of study */
        n = report_table(o->p, "study", study, NULL, false);
    if (n == 0)
        fputs("<p class=\"note\">No cell has a number yet.</p>\n", o->p->to);
    if (figure && n >= 0)
        report_figure(o->p, figure, study, false);
    return n < 0 ? -1 : 0;
}

static void put_head(const struct one *o)
{
    const char *title = *get(o, "title") ? get(o, "title") : get(o, "study");
    char *text = xstrdup(title);

    *text = (char)toupper((unsigned char)*text);
    report_section(o->p, "study-", get(o, "study"), text);
    fputs("<p class=\"source\">Study <code>", o->p->to);
    html_text(o->p->to, get(o, "study"));
    fputs("</code>", o->p->to);
    if (*get(o, "source")) {
        fputs(" · ", o->p->to);
        html_text(o->p->to, get(o, "source"));
    }
    fputs(" · ", o->p->to);
    free(text);
}

static int put_study(const struct one *o)
{
    put_head(o);
    if (put_metric(o) != 0)
        return -1;
    fputs("</p>\n", o->p->to);
    if (put_results(o) != 0)
        return -1;
    put_counts(o);
    if (put_bad(o) != 0)
        return -1;
    put_again(o);
    put_base(o);
    if (put_cells(o) != 0)
        return -1;
    report_section_end(o->p);
    return 0;
}

int report_studies(struct report *p)
{
    struct rows r;
    int rc = report_rows(p, &r, "page_studies", NULL);

    for (int i = 0; i < r.n_rows && rc == 0; i++) {
        const struct one o = { p, &r, i };
        rc = put_study(&o);
        if (rc != 0)
            fail_context("study '%s'", get(&o, "study"));
    }
    rows_free(&r);
    return rc;
}
