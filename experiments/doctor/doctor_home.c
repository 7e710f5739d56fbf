/* doctor_home.c - tools beside the program, and what its folders hold. */
#include "experiments/doctor/doctor.h"
#include "core/base/file.h"
#include "experiments/assets/model_card.h"
#include "experiments/assets/task_dir.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { LEAST_FREE_MB = 500 };

/* The first line of what a program says about itself; NULL: it is not here. Caller frees. */
static char *version_of(const char *program, const char *flag)
{
    char *name = xstrdup(program), *option = xstrdup(flag), out[1024];
    char *argv[] = { name, option, NULL };
    int rc = spawn_wait(argv, out, sizeof out, 20);

    free(name);
    free(option);
    out[strcspn(out, "\r\n")] = 0;
    return rc == 0 ? xstrdup(out) : NULL;
}

static bool has_file(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    bool there = file_exists(path);

    free(path);
    return there;
}

/* Files of WordNet are needed only where the tasks made from them are not there yet. */
static void wordnet(struct doctor *d)
{
    static const char *const files[] = { "data.noun", "data.verb", "data.adj", "data.adv" };
    const char *env = getenv("WNSEARCHDIR"), *dir = env ? env : "/usr/share/wordnet";
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        n += has_file(dir, files[i]);
    bool all = n == ARRAY_LEN(files);
    char *data = home_path(d->session->home, "data"),
         *made = path_join(data, "wordnet/supersense/train.tsv");
    enum fact_state v = all ? FACT_OK : file_exists(made) ? FACT_WARN : FACT_MISSING;
    doctor_add(d, v, "WordNet", all ? xstrdup(dir) : xprintf("not in %s", dir),
               all ? NULL : "apt-get install wordnet-base, or set WNSEARCHDIR");
    free(made);
    free(data);
}

void doctor_tools(struct doctor *d)
{
    static const char font[] = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf";
    char *gnuplot = version_of("gnuplot", "--version"), *pip = version_of("pip3", "--version");
    bool fonts = file_exists(font);

    doctor_add(d, gnuplot ? FACT_OK : FACT_MISSING, "gnuplot",
               gnuplot ? gnuplot : xstrdup("not found"),
               gnuplot ? NULL : "draws the figures: apt-get install gnuplot-nox");
    doctor_add(d, fonts ? FACT_OK : FACT_WARN, "fonts of figures",
               xstrdup(fonts ? "DejaVu Sans" : "not found"),
               fonts ? NULL : "figures look best with them: apt-get install fonts-dejavu-core");
    if (pip && strstr(pip, " from "))
        *strstr(pip, " from ") = 0;
    doctor_add(d, pip ? FACT_OK : FACT_WARN, "pip", pip ? pip : xstrdup("not found"),
               pip ? NULL
                   : "'lowrank fetch' asks it where packages are: apt-get install python3-pip");
    wordnet(d);
}

/* --- the home folder */

static void home(struct doctor *d)
{
    const char *dir = d->session->home;
    char *at = xstrdup(dir);
    struct statvfs fs;
    bool there = file_exists(dir);

    while (!file_exists(at)) { /* what would be made is made in the first that is there */
        char *slash = strrchr(at, '/');
        char *up = slash == at ? xstrdup("/")
                   : slash     ? xprintf("%.*s", (int)(slash - at), at)
                               : xstrdup(".");
        free(at);
        at = up;
    }
    bool writable = access(at, W_OK) == 0;
    double mb = statvfs(at, &fs) == 0 ? (double)fs.f_bavail * (double)fs.f_frsize / 1e6 : 0;
    bool full = mb < LEAST_FREE_MB;
    doctor_add(d,
               !writable ? FACT_MISSING
               : full    ? FACT_WARN
                         : FACT_OK,
               "home",
               xprintf("%s%s, %.1f GB free", dir, there ? "" : " (will be made)", mb / 1000),
               !writable ? "not writable; --home or LOWRANK_HOME names another folder"
               : full    ? "little room for models and adapters"
                         : NULL);
    free(at);
}

enum state { CARD_ABSENT, CARD_INCOMPLETE, CARD_ALTERED, CARD_HERE };

/* Every file there; with VERIFY also what the card says it is. */
static enum state card_state(const struct model_card *c, const char *dir, bool verify)
{
    enum state s = file_exists(dir) ? CARD_HERE : CARD_ABSENT;

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

static void card(struct doctor *d, const struct model_card *c, bool can_fetch)
{
    static const char *const words[] = { "not fetched", "incomplete", "altered", "here" };
    char *models = home_path(d->session->home, "models"), *dir = path_join(models, c->name);
    char *fact = xprintf("model %s", c->name), *fetch = xprintf("lowrank fetch %s", c->name);
    enum state s = card_state(c, dir, d->verify);
    bool can_be_made = can_fetch && s != CARD_ALTERED;

    if (s == CARD_HERE)
        doctor_add(d, FACT_OK, fact, xprintf("%s%s", dir, d->verify ? ", hashes right" : ""), NULL);
    else
        doctor_add(d, can_be_made ? FACT_WARN : FACT_MISSING, fact, xstrdup(words[s]),
                   s == CARD_ALTERED ? "remove its folder and fetch it again" : fetch);
    free(fetch);
    free(fact);
    free(dir);
    free(models);
}

static glob_t files_of(const char *folder)
{
    char *dir = share_path(folder), *pattern = path_join(dir, "*.yaml");
    glob_t g = { 0 };

    if (glob(pattern, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
    free(pattern);
    free(dir);
    return g;
}

static int models(struct doctor *d)
{
    glob_t g = files_of("experiments/models");
    char *pip = version_of("pip3", "--version");
    struct model_card c;
    int rc = 0;

    if (g.gl_pathc == 0)
        doctor_add(
            d, FACT_MISSING, "files of the program", share_path("experiments/models"),
            "not found; LOWRANK_SHARE names the folder that holds experiments/ and ablations/");
    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = model_card_load(&c, g.gl_pathv[i])) == 0) {
            card(d, &c, pip != NULL);
            model_card_free(&c);
        }
    free(pip);
    globfree(&g);
    return rc;
}

static void task(struct doctor *d, const struct task *t)
{
    char *fact = xprintf("task %s", t->name), *dir = task_dir(d->session, t);
    bool made = !dir && t->prepare;

    doctor_add(d, dir || made ? FACT_OK : FACT_WARN, fact,
               dir ? dir : xstrdup(made ? "made from WordNet when it is used" : "not found"),
               dir || made
                   ? NULL
                   : "not needed by 'make reproduce'; --data or LOWRANK_DATA says where data is");
    free(fact);
}

static int tasks(struct doctor *d)
{
    glob_t g = files_of("experiments/tasks");
    struct task t;
    int rc = 0;

    for (size_t i = 0; i < g.gl_pathc && rc == 0; i++)
        if ((rc = task_load(&t, g.gl_pathv[i])) == 0) {
            task(d, &t);
            task_free(&t);
        }
    globfree(&g);
    return rc;
}

static void database(struct doctor *d)
{
    char *path = home_path(d->session->home, "lowrank.db");
    struct store *s = NULL;
    struct sweep_counts n;

    if (!file_exists(path)) {
        doctor_add(d, FACT_OK, "database", xprintf("%s (will be made)", path), NULL);
    } else if (store_open(&s, path, STORE_READ) == 0 && store_counts(s, NULL, &n) == 0) {
        doctor_add(d, FACT_OK, "database",
                   xprintf("%s: %ld of %ld runs done", path, n.done, n.total), NULL);
    } else {
        doctor_add(d, FACT_MISSING, "database", xstrdup(path), fail_text());
    }
    store_close(s);
    free(path);
}

static void packs(struct doctor *d)
{
    char *dir = home_path(d->session->home, "cache/packs"), *pattern = path_join(dir, "*");
    glob_t g = { 0 };
    struct stat st;
    double bytes = 0;

    if (glob(pattern, 0, NULL, &g) != 0)
        g.gl_pathc = 0;
    for (size_t i = 0; i < g.gl_pathc; i++)
        bytes += stat(g.gl_pathv[i], &st) == 0 ? (double)st.st_size : 0;
    doctor_add(d, FACT_OK, "kept packed weights",
               g.gl_pathc ? xprintf("%.2f GB in %zu file%s of %s; may be removed", 1e-9 * bytes,
                                    g.gl_pathc, g.gl_pathc == 1 ? "" : "s", dir)
                          : xstrdup("none; large models only"),
               NULL);
    globfree(&g);
    free(pattern);
    free(dir);
}

int doctor_home(struct doctor *d)
{
    home(d);
    if (models(d) != 0 || tasks(d) != 0)
        return -1;
    database(d);
    packs(d);
    return 0;
}
