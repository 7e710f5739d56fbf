/* cmd_ablate.c - "lowrank ablate": compute an analysis from finished runs. */
#include "ablations/analysis.h"
#include "core/os/file.h"
#include "core/opt/fill.h"
#include "core/opt/suggest.h"
#include "core/cmd.h"

#include <stdlib.h>
#include <string.h>

struct options {
    char *home, *data;
    bool list;
};
enum { MAX_OPTS = 64 };

static const struct opt common[] = {
    HOME_OPTION(struct options),
    DATA_OPTION(struct options),
    { "list", 'l', OPT_BOOL, offsetof(struct options, list), NULL, 0, 0, NULL,
      "list the analyses" },
    { .type = OPT_END },
};

static const struct analysis *find_analysis(const char *name)
{
    for (const struct analysis *const *a = analysis_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int fail_unknown(const char *name)
{
    const char *names[MAX_OPTS] = { 0 };
    char *file = xprintf("ablations/%s.yaml", name), *path = share_path(file);
    int n = 0;

    for (const struct analysis *const *a = analysis_table; *a && n < MAX_OPTS - 1; a++)
        names[n++] = (*a)->name;
    if (!strchr(name, '/') && file_exists(path))
        fail(FAIL_USAGE, "'%s' is a study, not an analysis: lowrank sweep %s", name, file);
    else
        suggest_fail(FAIL_USAGE, "analysis", name, names, "'lowrank ablate --list' lists them");
    free(path);
    free(file);
    return -1;
}

static int list_analyses(void)
{
    for (const struct analysis *const *a = analysis_table; *a; a++) {
        char *text = xprintf("%s (%s)", (*a)->about, (*a)->source);
        printf("%-15s ", (*a)->name);
        fill_text(stdout, text, 16, 16);
        free(text);
    }
    return 0;
}

/* The names of all analyses, whose options are part of the man page and of completion. */
static const char *const *part_names(void)
{
    static const char *names[MAX_OPTS];
    int n = 0;

    for (const struct analysis *const *a = analysis_table; *a && n < MAX_OPTS - 1; a++)
        names[n++] = (*a)->name;
    return names;
}

/* The analysis that argv names. It is looked for before the options are parsed, because its own
 * options belong in the table that they are parsed with. */
static const struct analysis *find_in_words(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--home") == 0 || strcmp(argv[i], "--data") == 0)
            i++;
        else if (find_analysis(argv[i]))
            return find_analysis(argv[i]);
    return NULL;
}

/* One block of memory holds the struct of the analysis, padded to this size, and then ours. */
static size_t padded_cfg_size(const struct analysis *a)
{
    return a ? (a->cfg_size + 15) / 16 * 16 : 0;
}

static void make_table(struct opt table[MAX_OPTS], const struct analysis *a)
{
    int n = 0;

    for (const struct opt *o = a ? a->opts : common; a && o->type != OPT_END; o++)
        table[n++] = *o;
    for (const struct opt *o = common; o->type != OPT_END; o++) {
        CHECK(n < MAX_OPTS - 1, "more than %d options", MAX_OPTS);
        table[n] = *o;
        table[n++].at += padded_cfg_size(a);
    }
    table[n] = (struct opt){ .type = OPT_END };
}

static int compute_analysis(const struct analysis *a, struct session *ses, const void *cfg)
{
    struct store *s = NULL;
    char *path = home_path(ses->home, "lowrank.db");
    int rc = 0;

    if (a->alone)
        rc = make_dirs(ses->home);
    else if (!file_exists(path))
        rc = fail(FAIL_STORE, "no results yet in '%s': lowrank sweep rank", ses->home);
    if (rc == 0)
        rc = store_open(&s, path, STORE_WRITE);
    if (rc == 0)
        rc = a->run(ses, s, cfg);
    store_close(s);
    free(path);
    return rc;
}

static int ablate_work(void *cfg, int argc, char **argv)
{
    const struct analysis *a = find_in_words(argc, argv);
    const struct options *o =
        (const struct options *)(const void *)((const char *)cfg + padded_cfg_size(a));
    struct session ses;

    if (o->list)
        return list_analyses();
    if (argc < 2)
        return fail(FAIL_USAGE, "which analysis? 'lowrank ablate --list' lists them");
    if (!a)
        return fail_unknown(argv[1]);
    session_init(&ses, o->home, o->data);
    int rc = compute_analysis(a, &ses, cfg);
    session_free(&ses);
    return rc;
}

static int ablate_run(int argc, char **argv)
{
    const struct analysis *a = find_in_words(argc, argv);
    struct opt table[MAX_OPTS];
    char *title = a ? xprintf("ablate %s", a->name) : xstrdup("ablate");
    char *example = xprintf("lowrank ablate %s", a ? a->name : "subspace");
    const struct opt_usage usage = {
        .command = title,
        .usage = a ? "" : "ANALYSIS",
        .about = a ? a->about : "compute an analysis from finished runs",
        .detail =
            a ? a->source
              : "An analysis computes something from the runs of a study that 'lowrank sweep' has\n"
                "finished, for example how similar the subspaces of two adapters are, and stores\n"
                "the numbers for 'lowrank table' and 'lowrank figure'. 'lowrank ablate --list'\n"
                "lists the analyses, 'lowrank ablate ANALYSIS --help' the options of one.",
        .example = example,
        .min_args = 0,
        .max_args = 1,
        .parts = a ? NULL : part_names(),
    };

    make_table(table, a);
    int rc = opt_command(&usage, table, padded_cfg_size(a) + sizeof(struct options), ablate_work,
                         argc, argv);
    free(example);
    free(title);
    return rc;
}

const struct cmd cmd_ablate = { "ablate", "run", "compute an analysis from finished runs",
                                ablate_run };
