/* cmd_report.c - "lowrank report": write what the result database holds as one HTML file. */
#include "core/os/file.h"
#include "core/os/tree.h"
#include "core/opt/opt.h"
#include "core/base/text.h"
#include "core/cmd.h"
#include "plots/figure/gnuplot.h"
#include "plots/report/report.h"
#include "plots/report/html.h"
#include "results/query/recorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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
      .help = "heading of the report" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "report",
    .usage = "[STUDY...]",
    .about = "write the results as one self-contained HTML file",
    .detail =
        "For each study that has finished runs, or for those that are named, the report shows its\n"
        "table beside the paper's, its figure, and the commands that repeat it and each of its\n"
        "cells. Then follow analyses, the verdicts on the paper's claims, and provenance. The "
        "same\n"
        "database always gives the same report. Without gnuplot it has tables but no figures.",
    .example = "lowrank report --out rank.html rank",
    .min_args = 0,
    .max_args = -1,
};

/* rp->dir receives a new folder for gnuplot's files. */
static int make_temporary_dir(struct report *rp)
{
    const char *tmp = getenv("TMPDIR");

    rp->dir = xprintf("%s/lowrank-report-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    if (mkdtemp(rp->dir))
        return 0;
    fail(FAIL_STORE, "cannot create the folder '%s': %s", rp->dir, strerror(errno));
    free(rp->dir);
    rp->dir = NULL;
    return -1;
}

/* Show the studies that argv names; each must be in the store. LIST keeps their names. */
static int choose_studies(struct report *rp, struct text *list, int argc, char **argv)
{
    int rc = 0;

    for (int i = 1; i < argc && rc == 0; i++) {
        rc = recorded_check_study(rp->s, argv[i]);
        text_join(list, "\n", "%s", argv[i]);
    }
    rp->studies = argc > 1 ? text_string(list) : NULL;
    return rc;
}

static int check_finished_runs(struct report *rp)
{
    struct rows r;
    int rc = report_rows(rp, &r, "page_studies", NULL);

    if (rc == 0 && r.n_rows == 0)
        rc =
            fail(FAIL_RUN, "no finished runs%s to report yet; 'lowrank status' shows what there is",
                 rp->studies ? " of these studies" : "");
    rows_free(&r);
    return rc;
}

/* Can the report be written to PATH? Drawing its figures takes minutes, so this is checked before.
 */
static int check_writable(const char *path)
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

static int write_report(struct report *rp, const struct options *o, const char *path)
{
    char *text = NULL;

    if (check_finished_runs(rp) != 0 || check_writable(path) != 0 ||
        (gnuplot_is_installed() && make_temporary_dir(rp) != 0))
        return -1;
    if (!rp->dir)
        warn("gnuplot is not installed: the report has no figures");
    int rc = report_document(&text, rp, o->title);
    if (rc == 0)
        rc = file_write(path, text, strlen(text), FAIL_STORE);
    if (rc == 0)
        printf("%s\n", path);
    if (rp->dir)
        tree_remove(rp->dir);
    free(rp->dir);
    free(text);
    return rc;
}

static int report_work(void *cfg, int argc, char **argv)
{
    const struct options *o = cfg;
    struct report rp = { 0 };
    struct text list = { 0 };

    char *db = home_path(o->home, "lowrank.db"),
         *path = o->out ? xstrdup(o->out) : home_path(o->home, "report.html");
    int rc = store_open(&rp.s, db, STORE_READ);
    rp.db = db;
    if (rc == 0)
        rc = choose_studies(&rp, &list, argc, argv);
    if (rc == 0)
        rc = write_report(&rp, o, path);
    store_close(rp.s);
    text_free(&list);
    free(path);
    free(db);
    return rc;
}

static int report_run(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct options), report_work, argc, argv);
}

const struct cmd cmd_report = { "report", "look", "write the results as one HTML file",
                                report_run };
