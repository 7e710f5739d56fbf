/* doctor_home.c - what the folders of the program hold: models, tasks, results. */
#include "experiments/doctor/doctor.h"
#include "core/os/file.h"
#include "experiments/sources/model_card.h"
#include "experiments/assets/find.h"
#include "experiments/assets/task_dir.h"
#include "results/store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LEAST_FREE_MB = 500 };

/* --- the home folder */

static void add_home(struct doctor *d)
{
    const char *dir = d->session->home;
    char *at = xstrdup(dir);
    struct statvfs fs;
    bool there = file_exists(dir);

    while (
        !file_exists(at)) { /* the nearest folder that exists decides whether it can be created */
        char *slash = strrchr(at, '/');
        char *up = slash == at ? xstrdup("/")
                   : slash     ? xprintf("%.*s", (int)(slash - at), at)
                               : xstrdup(".");
        free(at);
        at = up;
    }
    bool writable = access(at, W_OK) == 0;
    bool known = statvfs(at, &fs) == 0;
    double mb = known ? (double)fs.f_bavail * (double)fs.f_frsize / 1e6 : 0;
    bool full = known && mb < LEAST_FREE_MB;
    char *free_space = known ? xprintf("%.1f GB free", mb / 1000)
                             : xprintf("free space unknown: %s", strerror(errno));
    doctor_add(d,
               !writable        ? FACT_MISSING
               : full || !known ? FACT_WARN
                                : FACT_OK,
               "home", xprintf("%s%s, %s", dir, there ? "" : " (will be created)", free_space),
               !writable ? "not writable; choose another folder with --home or LOWRANK_HOME"
               : full    ? "little space for models and adapters"
                         : NULL);
    free(free_space);
    free(at);
}

enum card_state { CARD_ABSENT, CARD_INCOMPLETE, CARD_ALTERED, CARD_HERE };

/* Does every file of the model exist? With VERIFY: and does its hash match? */
static enum card_state card_state_of(const struct model_card *c, const char *dir, bool verify)
{
    enum card_state s = file_exists(dir) ? CARD_HERE : CARD_ABSENT;

    for (int i = 0; i < c->n_files && s == CARD_HERE; i++) {
        char *path = path_join(dir, c->files[i].path), sha[65] = "";
        if (!file_exists(path))
            s = CARD_INCOMPLETE;
        else if (verify && (sha256_file(sha, path) != 0 || strcmp(sha, c->files[i].sha256) != 0))
            s = CARD_ALTERED;
        free(path);
    }
    return s;
}

static void add_model(struct doctor *d, const struct model_card *c, bool can_fetch)
{
    static const char *const words[] = { "not fetched", "incomplete", "altered", "here" };
    char *models = home_path(d->session->home, "models"), *dir = path_join(models, c->name);
    char *fact = xprintf("model %s", c->name), *fetch = xprintf("lowrank fetch %s", c->name);
    enum card_state s = card_state_of(c, dir, d->verify);
    bool can_be_made = can_fetch && s != CARD_ALTERED;

    if (s == CARD_HERE)
        doctor_add(d, FACT_OK, fact, xprintf("%s%s", dir, d->verify ? ", hashes match" : ""), NULL);
    else
        doctor_add(d, can_be_made ? FACT_WARN : FACT_MISSING, fact, xstrdup(words[s]),
                   s == CARD_ALTERED ? "remove its folder and fetch it again" : fetch);
    free(fetch);
    free(fact);
    free(dir);
    free(models);
}

static int add_models(struct doctor *d)
{
    glob_t g = find_files("experiments/models", "yaml");
    char *pip = doctor_version("pip3", "--version");
    struct model_card c;
    int rc = 0;

    if (g.gl_pathc == 0)
        doctor_add(
            d, FACT_MISSING, "files of the program", share_path("experiments/models"),
            "not found; set LOWRANK_SHARE to the folder that holds experiments/ and ablations/");
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = model_card_load(&c, g.gl_pathv[i])) == 0) {
            add_model(d, &c, pip != NULL);
            model_card_free(&c);
        }
    free(pip);
    globfree(&g);
    return rc;
}

static void add_task(struct doctor *d, const struct task *t)
{
    char *fact = xprintf("task %s", t->name), *dir = task_dir(d->session, t);
    bool made = !dir && t->prepare;

    doctor_add(
        d, dir || made ? FACT_OK : FACT_WARN, fact,
        dir ? dir : xstrdup(made ? "will be created from WordNet" : "not found"),
        dir || made
            ? NULL
            : "not needed by 'make reproduce'; --data or LOWRANK_DATA names the folder of data");
    free(fact);
}

static int add_tasks(struct doctor *d)
{
    glob_t g = find_files("experiments/tasks", "yaml");
    struct task t;
    int rc = 0;

    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = task_load(&t, g.gl_pathv[i])) == 0) {
            add_task(d, &t);
            task_free(&t);
        }
    globfree(&g);
    return rc;
}

static void add_database(struct doctor *d)
{
    char *path = home_path(d->session->home, "lowrank.db");
    struct store *s = NULL;
    struct sweep_counts n;

    if (!file_exists(path)) {
        doctor_add(d, FACT_OK, "database", xprintf("%s (will be created)", path), NULL);
    } else if (store_open(&s, path, STORE_READ) == 0 && store_counts(s, NULL, &n) == 0) {
        doctor_add(d, FACT_OK, "database",
                   xprintf("%s: %ld of %ld runs done", path, n.done, n.total), NULL);
    } else {
        doctor_add(d, FACT_MISSING, "database", xstrdup(path), fail_text());
    }
    store_close(s);
    free(path);
}

static void add_packs(struct doctor *d)
{
    char *dir = home_path(d->session->home, "cache/packs");
    glob_t g = path_glob(dir, "*");
    struct stat st;
    double bytes = 0;

    for (size_t i = 0; i < g.gl_pathc; i++)
        bytes += stat(g.gl_pathv[i], &st) == 0 ? (double)st.st_size : 0;
    doctor_add(d, FACT_OK, "stored packed weights",
               g.gl_pathc ? xprintf("%.2f GB in %zu file%s of %s, which may be removed",
                                    1e-9 * bytes, g.gl_pathc, g.gl_pathc == 1 ? "" : "s", dir)
                          : xstrdup("none; only large models have some"),
               NULL);
    globfree(&g);
    free(dir);
}

int doctor_home(struct doctor *d)
{
    add_home(d);
    if (add_models(d) != 0 || add_tasks(d) != 0)
        return -1;
    add_database(d);
    add_packs(d);
    return 0;
}
