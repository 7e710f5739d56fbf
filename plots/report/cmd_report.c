/* cmd_report.c - "lowrank report": everything that the store knows as one HTML page. */
#include "core/cmd.h"
#include "core/base/file.h"
#include "core/base/opt.h"
#include "plots/report/report.h"
#include "plots/report/html.h"
#include "results/query/recorded.h"
#include "core/base/text.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    char *home, *out, *title;
};
static const struct opt table[] = {
    HOME_OPTION(struct options),
    { .key = "out",
      .letter = 'o',
      .type = OPT_STR,
      .at = offsetof(struct options, out),
      .help = "file to write instead of HOME/report.html" },
    { .key = "title",
      .type = OPT_STR,
      .at = offsetof(struct options, title),
      .def = "LoRA ablations: our numbers beside the paper's",
      .help = "heading of the page" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "report",
    .usage = "[STUDY...]",
    .about = "write the results as one HTML page that needs no other file",
    .detail = "Of each study that has finished runs, or of those named: its table beside the "
              "paper's, its\n"
              "figure, how to do it and each of its cells again. Then analyses, the paper's claims "
              "and\n"
              "provenance. The same store gives the same bytes. Without gnuplot: tables only.",
    .example = "lowrank report --out rank.html rank",
    .min_args = 0,
    .max_args = -1,
};

/* --- the page */

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
        fprintf(to, " · newest run ended %s UTC", rows_get(head, 0, "newest"));
    fputs("</p>\n", to);
}

static void put_page(FILE *to, const struct options *o, const struct rows *head, const char *nav,
                     const char *body, bool figures)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\" />\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n"
          "<meta name=\"color-scheme\" content=\"light dark\" />\n<title>",
          to);
    html_text(to, o->title);
    fprintf(to, "</title>\n<style>\n%s</style></head>\n<body>\n<header><h1>", html_style());
    html_text(to, o->title);
    fputs("</h1>\n", to);
    put_lead(to, head);
    fprintf(to,
            "</header>\n<nav aria-label=\"Contents\"><ul>\n%s</ul></nav>\n<main>\n"
            "<p>A value is the mean over seeds ± half the width of its 95 %% t interval, and in "
            "brackets the number of seeds; shares are in percent. The paper's numbers, as it "
            "prints them (Hu et al. 2021), stand beside ours: they are of other models and tasks, "
            "so what compares is the pattern and not the level. What was not run is “-”.</p>\n",
            nav);
    if (!figures)
        fputs("<p class=\"note\">gnuplot was not installed where this page was made: it has tables "
              "and no figures.</p>\n",
              to);
    /* Closed details would not be printed. */
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

static int put_body(struct report *p)
{
    return report_studies(p) != 0 || report_analyses(p) != 0 || report_claims(p) != 0 ||
                   report_provenance(p) != 0
               ? -1
               : 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
    (void)st, (void)flag, (void)at;
    return remove(path);
}

static bool have_gnuplot(void)
{
    char program[] = "gnuplot", flag[] = "--version", said[256];
    char *argv[] = { program, flag, NULL };

    return spawn_wait(argv, said, sizeof said, 20) == 0;
}

/* A folder for gnuplot's files into p->dir. */
static int make_folder(struct report *p)
{
    const char *tmp = getenv("TMPDIR");

    p->dir = xprintf("%s/lowrank-report-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(p->dir))
        return 0;
    fail(FAIL_STORE, "cannot make a folder '%s': %s", p->dir, strerror(errno));
    free(p->dir);
    p->dir = NULL;
    return -1;
}

/* The whole page into *OUT. */
static int compose(char **out, struct report *p, const struct options *o)
{
    char *body = NULL, *nav = NULL;
    struct rows head;
    size_t size;

    if (report_rows(p, &head, "page_head", NULL) != 0)
        return -1;
    p->to = open_memstream(&body, &size);
    p->nav = open_memstream(&nav, &size);
    FILE *to = open_memstream(out, &size);
    CHECK(p->to && p->nav && to, "no memory stream");
    int rc = put_body(p);
    fclose(p->to);
    fclose(p->nav);
    if (rc == 0)
        put_page(to, o, &head, nav, body, p->dir != NULL);
    fclose(to);
    free(body);
    free(nav);
    rows_free(&head);
    return rc;
}

/* The studies of argv as lines; each must be in the store. */
static int choose(struct report *p, char **list, int argc, char **argv)
{
    struct text lines = { 0 };
    int rc = 0;

    for (int i = 1; i < argc && rc == 0; i++) {
        rc = recorded_check_study(p->s, argv[i]);
        text_join(&lines, "\n", "%s", argv[i]);
    }
    p->studies = *list = argc > 1 ? text_take(&lines) : NULL;
    return rc;
}

static int check_some(struct report *p)
{
    struct rows r;
    int rc = report_rows(p, &r, "page_studies", NULL);

    if (rc == 0 && r.n_rows == 0)
        rc =
            fail(FAIL_RUN, "no finished runs yet to report%s; 'lowrank status' shows what there is",
                 p->studies ? " of what was named" : "");
    rows_free(&r);
    return rc;
}

/* Before minutes of drawing: can a file be made there? */
static int check_place(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? xprintf("%.*s", (int)(slash - path + (slash == path)), path) : xstrdup(".");
    struct stat st;
    int rc = 0;

    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        rc = fail(FAIL_STORE, "cannot write '%s': it is a folder", path);
    else if (access(dir, W_OK) != 0)
        rc = fail(FAIL_STORE, "cannot write '%s': %s", path, strerror(errno));
    free(dir);
    return rc;
}

static int report(struct report *p, const struct options *o, const char *path)
{
    char *text = NULL;

    if (check_some(p) != 0 || check_place(path) != 0 || (have_gnuplot() && make_folder(p) != 0))
        return -1;
    if (!p->dir)
        warn("gnuplot is not installed: the page has no figures");
    int rc = compose(&text, p, o);
    if (rc == 0)
        rc = file_write(path, text, strlen(text), FAIL_STORE);
    if (rc == 0)
        printf("%s\n", path);
    if (p->dir)
        nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(p->dir);
    free(text);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct options *o = cfg;
    struct report p = { 0 };
    char *list = NULL;

    home_option = o->home;
    char *db = home_path("lowrank.db"), *path = o->out ? xstrdup(o->out) : home_path("report.html");
    int rc = store_open(&p.s, db, STORE_READ);
    if (rc == 0)
        rc = choose(&p, &list, argc, argv);
    if (rc == 0)
        rc = report(&p, o, path);
    store_close(p.s);
    free(list);
    free(path);
    free(db);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct options), work, argc, argv);
}

const struct cmd cmd_report = { "report", "look", "write the results as one HTML page", run };
