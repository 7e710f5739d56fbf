/* cmd_figure.c - "lowrank figure": draw a figure from the result database. */
#include "core/os/file.h"
#include "core/opt/opt.h"
#include "core/cmd.h"
#include "plots/figure/figure_find.h"
#include "plots/figure/gnuplot.h"

#include <stdlib.h>
#include <string.h>

struct options {
    char *home, *out;
    int format;
    bool list;
};
static const struct opt table[] = {
    HOME_OPTION(struct options),
    { .key = "out",
      .letter = 'o',
      .type = OPT_STR,
      .at = offsetof(struct options, out),
      .help = "folder to write to instead of HOME/figures" },
    { .key = "format",
      .letter = 'f',
      .type = OPT_CHOICE,
      .at = offsetof(struct options, format),
      .def = "all",
      .choices = "all|pdf|svg|png",
      .help = "file format to draw" },
    { .key = "list",
      .letter = 'l',
      .type = OPT_BOOL,
      .at = offsetof(struct options, list),
      .help = "list the figures" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "figure",
    .usage = "STUDY|FIGURE|FILE.gp [name=value...]",
    .about = "draw a figure of any study, or one of the paper's, from the result database",
    .detail =
        "Writes the data (FIGURE.dat), a gnuplot script (FIGURE.gp) and the files that gnuplot\n"
        "draws with them.\n\n"
        "x=, series=, panel=: keys of a study that tell points, lines and panels apart; without\n"
        "them they are chosen from the keys that vary. y=: a metric ('f1', 'last loss') or "
        "another\n"
        "number of a run (train_s, peak_rss_mb, ...). With a key for y it is a heat map; with\n"
        "x=parameters or a metric for x a scatter plot with the Pareto front; with curves=true,\n"
        "x=step or x=epoch learning curves (split=train|dev). logx=true|false, stat= as in\n"
        "'lowrank table'. KEY=VALUE keeps cells with this value of a recipe key, where= those for\n"
        "which a condition in SQL holds.\n\n"
        "A study of the store comes first, then templates of HOME/plots and of the program, which\n"
        "'lowrank figure --list' lists. study=NAME says that the first word is a figure, and "
        "which\n"
        "study it is about.",
    .example = "lowrank figure mine x=rank series=targets",
    .min_args = 0,
    .max_args = FIGURE_WORDS,
};

static const char *const formats[] = { "pdf", "svg", "png", NULL };

static int write_text(const char *dir, const char *name, const char *type, const char *text)
{
    char *path = xprintf("%s/%s.%s", dir, name, type);
    int rc = file_write(path, text, strlen(text), FAIL_STORE);

    if (rc == 0)
        printf("%s\n", path);
    free(path);
    return rc;
}

static int write_and_draw(const struct figure *f, const char *dir, const struct options *o)
{
    const char *const *wanted = formats;
    const char *one[] = { NULL, NULL };
    char *data = figure_data(f), *script = figure_script(f);
    int rc = make_dirs(dir);

    if (rc == 0)
        rc = write_text(dir, f->t.name, "dat", data);
    if (rc == 0)
        rc = write_text(dir, f->t.name, "gp", script);
    free(data);
    free(script);
    if (rc != 0)
        return -1;
    if (o->format > 0) {
        one[0] = formats[o->format - 1];
        wanted = one;
    }
    if (gnuplot_draw(dir, f->t.name, wanted) != 0)
        return fail_context("figure '%s' (its data and script are kept in '%s')", f->t.name, dir);
    for (int i = 0; wanted[i]; i++)
        printf("%s/%s.%s\n", dir, f->t.name, wanted[i]);
    return 0;
}

/* argv[0] is the name of the figure; the other words have the form name=value and are cut in
 * place. */
static int make_figure(int argc, char **argv, const struct options *o)
{
    const char *params[2 * FIGURE_WORDS + 1] = { 0 };
    struct figure f = { 0 };
    struct store *s = NULL;

    for (int i = 1; i < argc; i++) {
        char *is = strchr(argv[i], '=');
        if (!is || is == argv[i])
            return fail(FAIL_USAGE, "'%s' must have the form name=value", argv[i]);
        *is = 0;
        params[2 * i - 2] = argv[i];
        params[2 * i - 1] = is + 1;
    }
    char *path = home_path(o->home, "lowrank.db");
    char *dir = o->out ? xstrdup(o->out) : home_path(o->home, "figures");
    int rc = store_open(&s, path, STORE_READ);
    if (rc == 0)
        rc = figure_find(&f, s, o->home, argv[0], params);
    if (s)
        store_close(s);
    if (rc == 0 && *f.left_out)
        note("%s", f.left_out);
    if (rc == 0)
        rc = write_and_draw(&f, dir, o);
    figure_free(&f);
    free(dir);
    free(path);
    return rc;
}

static int list_figures(const struct options *o)
{
    struct rows r = { 0 };
    int rc = figure_all_names(&r, o->home);

    if (rc == 0)
        return rows_print_free(&r, ROWS_TABLE);
    rows_free(&r);
    return -1;
}

static int figure_work(void *cfg, int argc, char **argv)
{
    struct options *o = cfg;

    if (o->list)
        return list_figures(o);
    if (argc < 2)
        return fail(FAIL_USAGE, "which figure? 'lowrank figure --list' lists them");
    return make_figure(argc - 1, argv + 1, o);
}

static int figure_run(int argc, char **argv)
{
    return opt_command(&usage, table, sizeof(struct options), figure_work, argc, argv);
}

const struct cmd cmd_figure = { "figure", "look", "draw a figure from the database", figure_run };
