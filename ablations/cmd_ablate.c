/* cmd_ablate.c - "lowrank ablate": studies that compute something from finished runs. */
#include "ablations/analysis.h"
#include "core/base/file.h"
#include "core/cmd.h"
#include "experiments/recipe/recipe.h"
#include "core/base/suggest.h"

#include <stdlib.h>
#include <string.h>

struct options {
    char *home, *data;
    bool list;
};
enum { MAX_OPTS = 64 };

static const struct opt common[] = {
    HOME_OPTION(struct options),
    { "data", 0, OPT_STR, offsetof(struct options, data), NULL, 0, 0, NULL,
      "folder that holds the tasks' files (or LOWRANK_DATA)" },
    { "list", 'l', OPT_BOOL, offsetof(struct options, list), NULL, 0, 0, NULL, "list the studies" },
    { .type = OPT_END },
};

static const struct analysis *find(const char *name)
{
    for (const struct analysis *const *a = analysis_table; *a; a++)
        if (strcmp((*a)->name, name) == 0)
            return *a;
    return NULL;
}

static int unknown(const char *name)
{
    const char *names[MAX_OPTS] = { 0 };
    char *file = xprintf("ablations/%s.yaml", name), *path = share_path(file);
    int n = 0;

    for (const struct analysis *const *a = analysis_table; *a && n < MAX_OPTS - 1; a++)
        names[n++] = (*a)->name;
    const char *near = suggest_word(name, names);
    if (!strchr(name, '/') && file_exists(path))
        fail(FAIL_USAGE, "'%s' is a study of runs: lowrank sweep %s", name, file);
    else if (near)
        fail(FAIL_USAGE, "unknown study '%s'; did you mean '%s'?", name, near);
    else
        fail(FAIL_USAGE, "unknown study '%s'; 'lowrank ablate --list' lists them", name);
    free(path);
    free(file);
    return -1;
}

static int list(void)
{
    for (const struct analysis *const *a = analysis_table; *a; a++)
        printf("%-15s %s (%s)\n", (*a)->name, (*a)->about, (*a)->source);
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

/* The study that argv names, whose options then stand in the table. */
static const struct analysis *named(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--home") == 0 || strcmp(argv[i], "--data") == 0)
            i++;
        else if (find(argv[i]))
            return find(argv[i]);
    return NULL;
}

/* The fields of the study stand first in the struct of options, ours after them. */
static size_t own_size(const struct analysis *a)
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
        table[n++].at += own_size(a);
    }
    table[n] = (struct opt){ .type = OPT_END };
}

static int ablate(const struct analysis *a, const void *cfg)
{
    struct store *s = NULL;
    char *path = home_path("lowrank.db");
    int rc = 0;

    if (a->alone)
        rc = make_dirs(home_dir());
    else if (!file_exists(path))
        rc = fail(FAIL_RUN, "no runs yet in '%s': lowrank sweep rank", home_dir());
    if (rc == 0)
        rc = store_open(&s, path, STORE_WRITE);
    if (rc == 0)
        rc = a->run(s, cfg);
    store_close(s);
    free(path);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct analysis *a = named(argc, argv);
    const struct options *o =
        (const struct options *)(const void *)((const char *)cfg + own_size(a));

    home_option = o->home;
    data_option = o->data;
    if (o->list)
        return list();
    if (argc < 2)
        return fail(FAIL_USAGE, "which study? 'lowrank ablate --list' lists them");
    return a ? ablate(a, cfg) : unknown(argv[1]);
}

static int run(int argc, char **argv)
{
    const struct analysis *a = named(argc, argv);
    struct opt table[MAX_OPTS];
    char *title = a ? xprintf("ablate %s", a->name) : xstrdup("ablate");
    char *example = xprintf("lowrank ablate %s", a ? a->name : "subspace");
    const struct opt_usage usage = {
        .command = title,
        .usage = a ? "" : "NAME",
        .about = a ? a->about : "compute a study from finished runs",
        .detail = a ? a->source : "'lowrank ablate NAME --help' lists the options of a study.",
        .example = example,
        .min_args = 0,
        .max_args = 1,
        .parts = a ? NULL : part_names(),
    };

    make_table(table, a);
    int rc = opt_command(&usage, table, own_size(a) + sizeof(struct options), work, argc, argv);
    free(example);
    free(title);
    return rc;
}

const struct cmd cmd_ablate = { "ablate", "run", "compute a study from finished runs", run };
