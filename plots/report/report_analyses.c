/* report_analyses.c - what was computed from finished runs, or measured, and not swept: for each
 * command that makes such numbers ("-- make:" of a query, "# make:" of a figure) its tables and
 * figures, of every study that has some. */
#include "plots/report/report.h"
#include "plots/figure/template.h"
#include "plots/report/html.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MAKERS = 64 };

struct maker {
    char *command;                  /* "lowrank ablate subspace" */
    char *figure[MAX_FIGURES];      /* owned */
    const char *query[MAX_FIGURES]; /* of query_names() */
    int n_figures, n_queries;
};
struct makers {
    struct maker m[MAX_MAKERS];
    int n;
};

/* The maker of COMMAND (taken over), new or known; NULL: no room. */
static struct maker *maker(struct makers *all, char *command)
{
    int i = 0;

    while (i < all->n && strcmp(all->m[i].command, command) != 0)
        i++;
    if (i < all->n || all->n == MAX_MAKERS) {
        free(command);
        return i < all->n ? &all->m[i] : NULL;
    }
    all->m[all->n++].command = command;
    return &all->m[i];
}

static int add_figures(struct makers *all)
{
    static const char sweep[] = "lowrank sweep "; /* these stand with their studies */
    char *name[MAX_FIGURES + 1];
    int n = template_names(name), rc = n < 0 ? -1 : 0;

    for (int i = 0; i < n; i++) {
        struct template t;
        if (rc == 0 && (rc = template_load(&t, name[i])) == 0) {
            struct maker *m =
                strncmp(t.make, sweep, sizeof sweep - 1) == 0 ? NULL : maker(all, xstrdup(t.make));
            if (m)
                m->figure[m->n_figures++] = xstrdup(name[i]);
            template_free(&t);
        }
        free(name[i]);
    }
    return rc;
}

static void add_queries(struct makers *all)
{
    for (const char *const *q = query_names(); *q; q++) {
        char *command = query_make(*q);
        struct maker *m = command ? maker(all, command) : NULL;
        if (m && m->n_queries < MAX_FIGURES)
            m->query[m->n_queries++] = *q;
    }
}

static void free_makers(struct makers *all)
{
    for (int i = 0; i < all->n; i++) {
        for (int k = 0; k < all->m[i].n_figures; k++)
            free(all->m[i].figure[k]);
        free(all->m[i].command);
    }
    free(all);
}

/* Every figure and table of M for STUDY; ALSO those that are of no study. */
static int put_parts(struct report *p, const struct maker *m, const char *study, bool also)
{
    for (int k = 0; k < m->n_figures; k++) {
        struct template t;
        if (template_load(&t, m->figure[k]) != 0)
            return -1;
        const char *sql = query_find(t.data[0].query);
        bool takes = sql && query_takes(sql, "study");
        template_free(&t);
        if (also || takes)
            report_figure(p, m->figure[k], takes ? study : NULL, true);
    }
    for (int k = 0; k < m->n_queries; k++) {
        if (!also && !query_takes(query_find(m->query[k]), "study"))
            continue;
        if (report_table(p, m->query[k], study, NULL, true) < 0)
            return -1;
    }
    return 0;
}

/* All of M into a text; "" when the store has nothing of it. */
static int put_maker(char **out, struct report *p, const struct maker *m,
                     const struct rows *studies)
{
    FILE *body = p->to;
    size_t size;
    int rc = 0;

    p->to = open_memstream(out, &size);
    CHECK(p->to, "no memory stream");
    for (int i = 0; i < studies->n_rows && rc == 0; i++) {
        const char *study = rows_get(studies, i, "study");
        if (report_wants(p, study))
            rc = put_parts(p, m, study, i == 0 && !p->studies);
    }
    fclose(p->to);
    p->to = body;
    return rc;
}

int report_analyses(struct report *p)
{
    struct makers *all = xalloc(1, sizeof *all);
    struct rows studies;
    bool begun = false;

    if (report_rows(p, &studies, "page_analysed", NULL) != 0) {
        free(all);
        return -1;
    }
    int rc = add_figures(all);
    add_queries(all);
    for (int i = 0; i < all->n && rc == 0; i++) {
        char *text = NULL;
        rc = put_maker(&text, p, &all->m[i], &studies);
        if (rc == 0 && *text) {
            if (!begun)
                report_section(p, "analyses", "", "Analyses and measurements");
            begun = true;
            fputs("<h3>Made by <code>", p->to);
            html_text(p->to, all->m[i].command);
            fprintf(p->to, "</code></h3>\n%s", text);
        }
        free(text);
    }
    if (begun)
        report_section_end(p);
    rows_free(&studies);
    free_makers(all);
    return rc;
}
