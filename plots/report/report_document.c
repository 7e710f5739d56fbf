/* report_document.c - the HTML document around the sections of the report. */
#include "plots/report/html.h"
#include "plots/report/report.h"

#include <stdlib.h>
#include <string.h>

static void put_lead(FILE *to, const struct rows *head)
{
    static const char *const rest[] = { "diverged", "failed", "unfinished" };

    fprintf(to, "<p class=\"lead\">%s finished runs", rows_get(head, 0, "done"));
    for (size_t i = 0; i < ARRAY_LEN(rest); i++)
        if (strcmp(rows_get(head, 0, rest[i]), "0") != 0)
            fprintf(to, ", %s %s", rows_get(head, 0, rest[i]), rest[i]);
    fputs(" · models: ", to);
    html_text(to, rows_get(head, 0, "models") ? rows_get(head, 0, "models") : "-");
    fputs(" · tasks: ", to);
    html_text(to, rows_get(head, 0, "tasks") ? rows_get(head, 0, "tasks") : "-");
    if (rows_get(head, 0, "newest"))
        fprintf(to, " · last run ended %s UTC", rows_get(head, 0, "newest"));
    fputs("</p>\n", to);
}

static void put_document(FILE *to, const char *title, const struct rows *head, const char *nav,
                         const char *body, bool figures)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\" />\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
          "<meta name=\"color-scheme\" content=\"light dark\" />\n<title>",
          to);
    html_text(to, title);
    fprintf(to, "</title>\n<style>\n%s</style></head>\n<body>\n<header><h1>", html_style());
    html_text(to, title);
    fputs("</h1>\n", to);
    put_lead(to, head);
    fprintf(
        to,
        "</header>\n<nav aria-label=\"Contents\"><ul>\n%s</ul></nav>\n<main>\n"
        "<p>A value is the mean over seeds ± half the width of its 95 %% t interval, followed by "
        "the number of seeds in parentheses; proportions are in percent. The paper's numbers (Hu "
        "et al. 2021) are shown beside ours as printed. They come from other models and tasks, so "
        "patterns can be compared, but levels cannot. “-” stands for what was not run.</p>\n",
        nav);
    if (!figures)
        fputs("<p class=\"note\">gnuplot was not installed where this report was made, so it has "
              "tables but no figures.</p>\n",
              to);
    /* The script opens all details for printing, because browsers do not print closed ones. */
    fprintf(to,
            "%s</main>\n<footer><p>Made by <code>lowrank report</code> from the result "
            "database.</p></footer>\n"
            "<script>\n"
            "for (const [event, open] of [['beforeprint', true], ['afterprint', false]])\n"
            "  addEventListener(event, () => document.querySelectorAll('details')"
            ".forEach(d => { if (open) { d.dataset.was = d.open; d.open = true; } "
            "else d.open = d.dataset.was == 'true'; }));\n"
            "</script>\n</body></html>\n",
            body);
}

static int put_sections(struct report *rp)
{
    return report_claims(rp) != 0 || report_studies(rp) != 0 || report_analyses(rp) != 0 ||
                   report_provenance(rp) != 0
               ? -1
               : 0;
}

int report_document(char **out, struct report *rp, const char *title)
{
    char *body = NULL, *nav = NULL;
    struct rows head;
    size_t size;

    if (report_rows(rp, &head, "page_head", NULL) != 0)
        return -1;
    rp->to = xmemstream(&body, &size);
    rp->nav = xmemstream(&nav, &size);
    FILE *to = xmemstream(out, &size);
    int rc = put_sections(rp);
    xmemstream_end(rp->to);
    xmemstream_end(rp->nav);
    if (rc == 0)
        put_document(to, title, &head, nav, body, rp->dir != NULL);
    xmemstream_end(to);
    free(body);
    free(nav);
    rows_free(&head);
    return rc;
}
