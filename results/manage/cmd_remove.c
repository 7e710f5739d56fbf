/* cmd_remove.c - "lowrank remove": a study and the runs that only it has, with their files. */
#include "core/cmd.h"
#include "core/os/file.h"
#include "core/os/tree.h"
#include "results/manage/manage.h"
#include "results/store/removal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct opt options[] = {
    HOME_OPTION(struct manage_options),
    { "old", 0, OPT_BOOL, MANAGE_AT(old), NULL, 0, 0, NULL,
      "only what earlier plans of the study had, which no table shows any more" },
    { "yes", 'y', OPT_BOOL, MANAGE_AT(yes), NULL, 0, 0, NULL, "do not ask" },
    { .type = OPT_END },
};

/* What goes: the files of each run, and a part of the database. */
struct going {
    struct rows runs;
    double share; /* of the database */
};

static int going_read(struct going *g, struct store *s, const char *keys)
{
    const char *const params[] = { "keys", keys, NULL };

    *g = (struct going){ 0 };
    if (query_named(s, &g->runs, "cmd_removal", params) != 0)
        return -1;
    g->share = g->runs.n_rows ? strtod(rows_get(&g->runs, 0, "share"), NULL) : 0;
    return 0;
}

/* FN over the adapters and the training checkpoints of those runs that are in KEYS: bytes. */
static int64_t files_of(const struct going *g, const char *home, const char *keys,
                        int64_t (*fn)(const char *path))
{
    int64_t bytes = 0;

    for (int i = 0; i < g->runs.n_rows; i++) {
        const char *key = rows_get(&g->runs, i, "key"), *dir = rows_get(&g->runs, i, "adapter_dir");
        if (!strstr(keys, key))
            continue;
        char *path[] = { dir ? home_path(home, dir) : NULL, xprintf("ckpt/%s.ckpt", key),
                         xprintf("ckpt/%s.step", key) };
        for (size_t k = 0; k < ARRAY_LEN(path); k++) {
            char *full = path[k] ? home_path(home, path[k]) : NULL;
            bytes += full ? fn(k == 0 ? path[k] : full) : 0;
            free(full);
            free(path[k]);
        }
    }
    return bytes;
}

static int64_t database_bytes(const char *home)
{
    char *path = home_path(home, "lowrank.db");
    int64_t bytes = tree_bytes(path);

    free(path);
    return bytes;
}

/* 1: yes. */
static int confirm(void)
{
    char answer[16] = "";

    fputs("remove it? [y/N] ", stderr);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

static int ask(const struct going *g, const struct found *f, const char *keys,
               const struct manage_options *o)
{
    double files = (double)files_of(g, o->home, keys, tree_bytes);

    fprintf(stderr,
            "%s%s: %d run%s that nothing else uses: %.1f MB of adapters and checkpoints, "
            "about %.1f MB of the database\n",
            o->old ? "earlier plans of " : "", f->label, g->runs.n_rows,
            g->runs.n_rows == 1 ? "" : "s", 1e-6 * files,
            1e-6 * g->share * (double)database_bytes(o->home));
    if (o->yes)
        return 1;
    if (!isatty(STDIN_FILENO))
        return fail(FAIL_USAGE,
                    "nothing was removed: there is no terminal to ask on; --yes removes "
                    "without asking");
    int yes = confirm();
    if (!yes)
        note("nothing was removed");
    return yes;
}

static int remove_all(struct store *s, const struct found *f, const struct manage_options *o)
{
    struct going g = { 0 };
    char *keys = NULL, *gone = NULL;
    int64_t shrunk = 0;
    int yes = removal_keys(s, &keys, f->name, o->old) == 0 && going_read(&g, s, keys) == 0
                  ? ask(&g, f, keys, o)
                  : -1;
    int rc = yes > 0 ? removal_study(s, &gone, f->name, o->old) : yes;

    if (yes > 0 && rc == 0) { /* a run that another study took meanwhile is not in GONE */
        int64_t files = files_of(&g, o->home, gone, tree_remove);
        rc = removal_shrink(s, &shrunk);
        note("removed: %.1f MB of files, %.1f MB of the database", 1e-6 * (double)files,
             1e-6 * (double)shrunk);
    }
    free(gone);
    free(keys);
    rows_free(&g.runs);
    return rc;
}

static int remove_work(void *cfg, int argc, char **argv)
{
    const struct manage_options *o = cfg;
    struct store *s = NULL;
    struct found f = { 0 };
    int rc = manage_find(&s, &f, o->home, argv[1], FOUND_STUDY);

    (void)argc;
    if (rc == 0)
        rc = remove_all(s, &f, o);
    manage_close(s, &f);
    return rc;
}

static const struct opt_usage usage = {
    .command = "remove",
    .usage = "STUDY",
    .about = "Remove a study from the database, with the runs, adapters, and training checkpoints "
             "that nothing else uses.",
    .detail = "It says first what that frees, and asks. Runs that another study has as well, and "
              "runs that others start from (init_from), stay. There is no way back but training "
              "again: 'lowrank archive' only puts a study out of the way.",
    .example = "lowrank remove mine\n  lowrank remove mine --old",
    .min_args = 1,
    .max_args = 1,
};
static int remove_main(int argc, char **argv)
{
    return opt_command(&usage, options, sizeof(struct manage_options), remove_work, argc, argv);
}

const struct cmd cmd_remove = { "remove", "keep", "remove a study and what only it uses",
                                remove_main };
