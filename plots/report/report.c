/* page.c - what the parts of the page have in common: sections, tables, commands. */
#include "plots/report/report.h"
#include "plots/report/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_MOST = 30 }; /* rows; longer tables may be folded */

bool report_wants(const struct report *p, const char *study)
{
    size_t len = strlen(study), n;

    for (const char *s = p->studies; s && *s; s += n + (s[n] == '\n')) {
        n = strcspn(s, "\n");
        if (n == len && strncmp(s, study, n) == 0)
            return true;
    }
    return !p->studies;
}

void report_section(struct report *p, const char *prefix, const char *name, const char *title)
{
    html_id(p->to, "<section id=\"", prefix);
    html_id(p->to, "", name);
    fputs("\"><h2>", p->to);
    html_text(p->to, title);
    fputs("</h2>\n", p->to);
    html_id(p->nav, "<li><a href=\"#", prefix);
    html_id(p->nav, "", name);
    fputs("\">", p->nav);
    html_text(p->nav, title);
    fputs("</a></li>\n", p->nav);
}

void report_section_end(struct report *p)
{
    fputs("</section>\n", p->to);
}

int report_rows(struct report *p, struct rows *r, const char *query, const char *study)
{
    const char *sql = query_find(query), *params[5] = { 0 };
    int n = 0;

    *r = (struct rows){ 0 };
    if (!sql)
        return fail(FAIL_INPUT, "there is no query '%s' in this program", query);
    if (study && query_takes(sql, "study")) {
        params[n++] = "study";
        params[n++] = study;
    }
    if (p->studies && query_takes(sql, "studies")) {
        params[n++] = "studies";
        params[n++] = p->studies;
    }
    return query_rows(p->s, r, sql, params) == 0 ? 0 : fail_context("query '%s'", query);
}

int report_table(struct report *p, const char *query, const char *study, const char *caption,
                 bool fold)
{
    struct rows r;

    if (report_rows(p, &r, query, study) != 0)
        return -1;
    const char *text = query_find(query) + strspn(query_find(query), "- ");
    char *line = xprintf("%.*s.", (int)strcspn(text, "\n"), text);
    int n = r.n_rows;
    *line = (char)toupper((unsigned char)*line);
    fold = fold && n > TABLE_MOST;
    if (fold)
        fprintf(p->to, "<details><summary>A table of %d rows</summary>\n", n);
    if (n > 0)
        html_table(p->to, &r, caption ? caption : line);
    if (fold)
        fputs("</details>\n", p->to);
    free(line);
    rows_free(&r);
    return n;
}

static void put_words(FILE *to, const char *s, bool *first)
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

void report_command(struct report *p, const char *words, const char *args)
{
    bool first = true;

    put_words(p->to, words, &first);
    put_words(p->to, args, &first);
}
