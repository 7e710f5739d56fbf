/* cmd_verify.c - "lowrank verify": is what the home contains intact? */
#include "core/cmd.h"
#include "core/format/safetensors.h"
#include "core/os/file.h"
#include "results/query/query.h"
#include "results/store/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct flags {
    char *home;
    int format;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    FORMAT_OPTION(struct flags),
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "verify",
    .about = "check the database, the adapters of finished runs, and leftover temporary files",
    .detail = "Prints one line for each finding, with what to do. Nothing is changed. Exit\n"
              "status: 0 nothing is damaged (leftover files are none), 4 something is.",
    .example = "lowrank verify",
};

/* The findings: the first N_DAMAGE rows are damage, the rest leftovers. */
struct findings {
    struct rows rows;
    int n_damage;
    const char *home;
};
static const char *const columns[] = { "kind", "what", "finding", "remedy", NULL };

static void add_damage(struct findings *f, const char *what, const char *finding, const char *todo)
{
    rows_add(&f->rows, (const char *const[]){ "damage", what, finding, todo });
    f->n_damage++;
}

static int verify_database(struct findings *f, struct store *s, const char *path)
{
    static const char *const pair[] = { "what", "finding", NULL };
    char *todo = xprintf("sqlite3 '%s' .recover, or restore a copy", path);
    struct rows found;

    rows_init(&found, pair);
    int rc = verify_all(s, &found);
    for (int i = 0; i < found.n_rows; i++)
        add_damage(f, rows_get(&found, i, "what"), rows_get(&found, i, "finding"), todo);
    rows_free(&found);
    free(todo);
    return rc;
}

/* --- adapters */

/* Why this folder is no usable adapter; NULL: it is one. */
static char *adapter_fault(const char *dir)
{
    struct st_file st;
    char *weights = path_join(dir, "adapter_model.safetensors"), *why = NULL;

    if (!file_exists(dir))
        why = xprintf("its adapter '%s' is missing", dir);
    else if (!file_in(dir, "adapter_config.json") && !file_in(dir, "lowrank_adapter.json"))
        why = xprintf("adapter_config.json is missing in '%s'", dir); /* PEFT lacks some methods */
    else if (st_open(&st, weights) != 0)
        why = xstrdup(fail_text());
    else
        st_close(&st);
    free(weights);
    return why;
}

/* Folders of adapters that no finished run names: a run was stopped while it wrote one. */
static void verify_unnamed(struct findings *f, const struct rows *runs)
{
    char *top = home_path(f->home, "adapters");
    DIR *d = opendir(top);

    for (struct dirent *e; d && (e = readdir(d));) {
        char *rel = xprintf("adapters/%s", e->d_name), *path = path_join(top, e->d_name);
        bool named = *e->d_name == '.';
        for (int i = 0; i < runs->n_rows && !named; i++) {
            const char *dir = rows_get(runs, i, "adapter_dir");
            named = dir && strcmp(dir, rel) == 0;
        }
        if (!named)
            rows_add(&f->rows, (const char *const[]){
                                   "leftover", path, "no finished run has this adapter",
                                   "the command that trains the run replaces it; or remove it" });
        free(path);
        free(rel);
    }
    if (d)
        closedir(d);
    free(top);
}

static int verify_adapters(struct findings *f, struct store *s)
{
    struct rows runs;

    if (query_named(s, &runs, "cmd_adapters", NULL) != 0) {
        if (fail_code() != FAIL_STORE && fail_code() != FAIL_USAGE)
            return -1;
        add_damage(f, "database", fail_text(), "see above");
        return 0;
    }
    for (int i = 0; i < runs.n_rows && !stop_requested(); i++) {
        const char *key = rows_get(&runs, i, "key"), *rel = rows_get(&runs, i, "adapter_dir");
        char *top = home_path(f->home, rel ? rel : ""), *dir = path_join(top, "last"),
             *why = adapter_fault(dir);
        if (why) {
            char *what = xprintf("run %.8s", key ? key : "-"),
                 *todo = xprintf("lowrank show %.8s has the command that trains it again",
                                 key ? key : "-");
            add_damage(f, what, why, todo);
            free(what);
            free(todo);
        }
        free(why);
        free(dir);
        free(top);
    }
    verify_unnamed(f, &runs);
    rows_free(&runs);
    return stop_check();
}

/* --- leftovers */

/* A temporary file ".tmp.PID.N" or "NAME.tmp.PID" whose process lives is in use. */
static bool in_use(const char *name)
{
    const char *at = strstr(name, ".tmp.");
    long pid = at ? atol(at + strlen(".tmp.")) : 0;

    return pid > 0 && (kill((pid_t)pid, 0) == 0 || errno == EPERM);
}

static bool is_leftover(const char *name)
{
    size_t n = strlen(name);

    return (strstr(name, ".tmp.") && !in_use(name)) ||
           (n > 5 && strcmp(name + n - 5, ".part") == 0) ||
           (n > 4 && strcmp(name + n - 4, ".tmp") == 0) ||
           (n > 4 && strcmp(name + n - 4, ".new") == 0);
}

/* Some file systems do not say in the listing what an entry is. */
static bool is_folder(DIR *d, const struct dirent *e)
{
    struct stat st;

    return e->d_type == DT_UNKNOWN
               ? fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode)
               : e->d_type == DT_DIR;
}

static void verify_folder(struct findings *f, const char *dir, int depth)
{
    DIR *d = opendir(dir);

    if (!d && errno != ENOENT)
        add_damage(f, dir, strerror(errno), "its files could not be looked at");
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        char *path = path_join(dir, e->d_name);
        if (is_leftover(e->d_name))
            rows_add(&f->rows, (const char *const[]){ "leftover", path, "a temporary file",
                                                      "remove it when no lowrank is running" });
        else if (depth > 0 && is_folder(d, e))
            verify_folder(f, path, depth - 1);
        free(path);
    }
    if (d)
        closedir(d);
}

/* --- the command */

static int verify_home(struct findings *f, const char *path)
{
    struct store *s = NULL;

    if (verify_open(&s, path) != 0)
        return -1;
    int rc = verify_database(f, s, path) == 0 ? verify_adapters(f, s) : -1;
    store_close(s);
    if (rc == 0)
        verify_folder(f, home_or_default(f->home), 3);
    return rc;
}

static int verify_work(void *cfg, int argc, char **argv)
{
    const struct flags *c = cfg;
    struct findings f = { .home = c->home };
    char *path = home_path(c->home, "lowrank.db");

    (void)argc, (void)argv;
    rows_init(&f.rows, columns);
    int rc = verify_home(&f, path);
    if (rc == 0 && f.rows.n_rows == 0)
        note("'%s' and the adapters of its runs are intact", path);
    if (rc == 0 && (f.rows.n_rows > 0 || c->format != ROWS_TABLE))
        rc = rows_print(stdout, &f.rows, (enum rows_format)c->format);
    if (rc == 0 && f.n_damage > 0)
        rc = fail(FAIL_STORE, "'%s': %d finding%s of damage", path, f.n_damage,
                  f.n_damage == 1 ? "" : "s");
    rows_free(&f.rows);
    free(path);
    return rc;
}

static int verify_main(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), verify_work, argc, argv);
}

const struct cmd cmd_verify = { "verify", "check", "is the database intact, with its adapters?",
                                verify_main };
