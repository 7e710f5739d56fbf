/* report_analyses.c - numbers that were not swept but computed from finished runs, or measured.
 * Queries ("-- make:") and figures ("# make:") say which command makes their numbers; here they
 * are grouped by that command, for every study that has such numbers. */
#include "plots/report/report.h"
#include "plots/figure/template.h"
#include "plots/report/html.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_MAKERS = 64 };

struct maker {
    char *command;                  /* "lowrank ablate subspace" */
    char *figure[MAX_FIGURES];      /* owned */
    const char *query[MAX_FIGURES]; /* from query_names() */
    int n_figures, n_queries;
};
struct makers {
    struct maker m[MAX_MAKERS];
    int n;
};

/* The maker with COMMAND, which is added if it is new; NULL if there is no room for it. COMMAND is
 * freed or taken over. */
static struct maker *find_or_add_maker(struct makers *all, char *command)
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

static int collect_figures(struct makers *all)
{
    static const char sweep[] =
        "lowrank sweep "; /* figures of a study are shown in its own section */
    char *name[MAX_FIGURES + 1];
    int n = template_names(name), rc = n < 0 ? -1 : 0;

    for (int i = 0; i < n; i++) {
        struct template t;
        if (rc == 0 && (rc = template_load(&t, NULL, name[i])) == 0) {
            struct maker *m = strncmp(t.make, sweep, sizeof sweep - 1) == 0
                                  ? NULL
                                  : find_or_add_maker(all, xstrdup(t.make));
            if (m)
                m->figure[m->n_figures++] = xstrdup(name[i]);
            template_free(&t);
        }
        free(name[i]);
    }
    return rc;
}

static void collect_queries(struct makers *all)
{
    for (const char *const *q = query_names(); *q; q++) {
        char *command = query_make(*q);
        struct maker *m = command ? find_or_add_maker(all, command) : NULL;
        if (m && m->n_queries < MAX_FIGURES)
            m->query[m->n_queries++] = *q;
    }
}

static void makers_free(struct makers *all)
{
    for (int i = 0; i < all->n; i++) {
        for (int k = 0; k < all->m[i].n_figures; k++)
            free(all->m[i].figure[k]);
        free(all->m[i].command);
    }
    free(all);
}

/* The figures and tables of M for STUDY; with ALL, those that have no parameter "study", too. */
static int put_study_parts(struct report *rp, const struct maker *m, const char *study, bool all)
{
    for (int k = 0; k < m->n_figures; k++) {
        struct template t;
        if (template_load(&t, NULL, m->figure[k]) != 0)
            return -1;
        const char *sql = query_find(t.data[0].query);
        bool takes = sql && query_takes(sql, "study");
        template_free(&t);
        if (all || takes)
            report_figure(rp, m->figure[k], takes ? study : NULL, true);
    }
    for (int k = 0; k < m->n_queries; k++) {
        if (!all && !query_takes(query_find(m->query[k]), "study"))
            continue;
        if (report_table(rp, m->query[k], study, NULL, true) < 0)
            return -1;
    }
    return 0;
}

/* *out receives all figures and tables of M; "" if the store does not have any of its numbers. */
static int render_maker(char **out, struct report *rp, const struct maker *m,
                        const struct rows *studies)
{
    FILE *body = rp->to;
    size_t size;
    int rc = 0;

    rp->to = xmemstream(out, &size);
    for (int i = 0; i < studies->n_rows && rc == 0; i++) {
        const char *study = rows_get(studies, i, "study");
        if (report_wants(rp, study))
            rc = put_study_parts(rp, m, study, i == 0 && !rp->studies);
    }
    xmemstream_end(rp->to);
    rp->to = body;
    return rc;
}

int report_analyses(struct report *rp)
{
    struct makers *all = xalloc(1, sizeof *all);
    struct rows studies;
    bool begun = false;

    if (report_rows(rp, &studies, "page_analysed", NULL) != 0) {
        free(all);
        return -1;
    }
    int rc = collect_figures(all);
    collect_queries(all);
    for (int i = 0; i < all->n && rc == 0; i++) {
        char *text = NULL;
        rc = render_maker(&text, rp, &all->m[i], &studies);
        if (rc == 0 && *text) {
            if (!begun)
                report_section(rp, "analyses", "", "Analyses and measurements");
            begun = true;
            fputs("<h3>Made by <code>", rp->to);
            html_text(rp->to, all->m[i].command);
            fprintf(rp->to, "</code></h3>\n%s", text);
        }
        free(text);
    }
    if (begun)
        report_section_end(rp);
    rows_free(&studies);
    makers_free(all);
    return rc;
}
