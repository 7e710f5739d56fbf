/* report.c - what the parts of the report have in common: sections, tables, commands. */
#include "plots/report/report.h"
#include "plots/report/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LONG_TABLE = 31 }; /* rows; a table this long may be folded */

bool report_wants(const struct report *rp, const char *study)
{
    size_t len = strlen(study), n;

    for (const char *s = rp->studies; s && *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        if (n == len && strncmp(s, study, n) == 0)
            return true;
    }
    return !rp->studies;
}

void report_section(struct report *rp, const char *prefix, const char *name, const char *title)
{
    html_id(rp->to, "<section id=\"", prefix);
    html_id(rp->to, "", name);
    fputs("\"><h2>", rp->to);
    html_text(rp->to, title);
    fputs("</h2>\n", rp->to);
    html_id(rp->nav, "<li><a href=\"#", prefix);
    html_id(rp->nav, "", name);
    fputs("\">", rp->nav);
    html_text(rp->nav, title);
    fputs("</a></li>\n", rp->nav);
}

void report_section_end(struct report *rp)
{
    fputs("</section>\n", rp->to);
}

int report_rows(struct report *rp, struct rows *r, const char *query, const char *study)
{
    const char *sql = query_find(query), *params[5] = { 0 };
    int n = 0;

    *r = (struct rows){ 0 };
    if (!sql)
        return fail(FAIL_INPUT, "this program does not have a query '%s'", query);
    if (study && query_takes(sql, "study")) {
        params[n++] = "study";
        params[n++] = study;
    }
    if (rp->studies && query_takes(sql, "studies")) {
        params[n++] = "studies";
        params[n++] = rp->studies;
    }
    return query_rows(rp->s, r, sql, params) == 0 ? 0 : fail_context("query '%s'", query);
}

int report_table(struct report *rp, const char *query, const char *study, const char *caption,
                 bool fold)
{
    struct rows r;

    if (report_rows(rp, &r, query, study) != 0)
        return -1;
    const char *text = query_find(query) + strspn(query_find(query), "- ");
    char *line = xprintf("%.*s.", (int)strcspn(text, "\n"), text);
    int n = r.n_rows;
    *line = (char)toupper((unsigned char)*line);
    fold = fold && n >= LONG_TABLE;
    if (fold)
        fprintf(rp->to, "<details><summary>Table with %d rows</summary>\n", n);
    if (n > 0)
        html_table(rp->to, &r, caption ? caption : line);
    if (fold)
        fputs("</details>\n", rp->to);
    free(line);
    rows_free(&r);
    return n;
}

/* The words of S, one on each line. FIRST: whether none was written before. */
static void put_shell_words(FILE *to, const char *s, bool *first)
{
    for (size_t n; s && *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        char *word = xprintf("%.*s", (int)n, s);
        if (n > 0) {
            fputs(*first ? "" : " ", to);
            html_word(to, word);
            *first = false;
        }
        free(word);
    }
}

void report_command(struct report *rp, const char *words, const char *args)
{
    bool first = true;

    put_shell_words(rp->to, words, &first);
    put_shell_words(rp->to, args, &first);
}

void report_left_out(struct report *rp, const char *text)
{
    if (!*text)
        return;
    fputs("<p class=\"note\">", rp->to);
    html_text(rp->to, text);
    fputs(".</p>\n", rp->to);
}
