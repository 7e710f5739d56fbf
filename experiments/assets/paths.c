/* paths.c - where recipes, tasks, models and data are. */
#include "experiments/assets/paths.h"
#include "core/base/file.h"
#include "core/base/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char *data_option;

static bool is_path(const char *name)
{
    size_t n = strlen(name);

    return strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".yaml") == 0) ||
           (n > 4 && strcmp(name + n - 4, ".yml") == 0);
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Absolute, so that a message is clear in any folder. */
static char *full_path(const char *path)
{
    char *cwd = path[0] == '/' ? NULL : getcwd(NULL, 0);
    char *full = cwd ? path_join(cwd, path) : xstrdup(path);

    free(cwd);
    return full;
}

static char *given_file(const char *path, enum fail_code code)
{
    char *found = realpath(path, NULL);

    if (found)
        return found;
    int err = errno;
    char *full = full_path(path);
    fail(code, "cannot open '%s': %s", full, strerror(err));
    free(full);
    return NULL;
}

/* The names of the YAML files of some folders, for a suggestion. */
struct names {
    char *name[256];
    int n;
};

static void names_add(struct names *v, const char *dir)
{
    char *path = share_path(dir);
    DIR *d = opendir(path);
    const struct dirent *e;

    while (d && (e = readdir(d)) && v->n < 255) {
        size_t n = strlen(e->d_name);
        if (n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0)
            v->name[v->n++] = xprintf("%.*s", (int)n - 5, e->d_name);
    }
    if (d)
        closedir(d);
    free(path);
}

static void unknown_name(const char *what, const char *name, struct names *v, enum fail_code code)
{
    const char *near = suggest_word(name, (const char *const *)v->name);
    char list[512] = "";

    for (int i = 0; i < v->n && strlen(list) < sizeof list - 64; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%.60s", i ? ", " : "",
                 v->name[i]);
    if (near)
        fail(code, "unknown %s '%s'; did you mean '%s'?", what, name, near);
    else
        fail(code, "unknown %s '%s'; give a path or one of: %s", what, name,
             *list ? list : "(there are none)");
    for (int i = 0; i < v->n; i++)
        free(v->name[i]);
}

/* NAME.yaml in a folder of the program. */
static char *named_file(const char *what, const char *name, const char *dir)
{
    struct names known = { 0 };
    char *file = xprintf("%s/%s.yaml", dir, name), *path = share_path(file);

    free(file);
    if (file_exists(path))
        return path;
    free(path);
    names_add(&known, dir);
    unknown_name(what, name, &known, FAIL_USAGE);
    return NULL;
}

char *find_recipe(const char *name)
{
    if (is_path(name))
        return given_file(name, FAIL_USAGE);
    return named_file("recipe", name, "ablations");
}

char *task_file(const char *name)
{
    if (is_path(name))
        return given_file(name, FAIL_USAGE);
    return named_file("task", name, "experiments/tasks");
}

int task_find(struct task *t, const char *name)
{
    char *path = task_file(name);

    *t = (struct task){ 0 };
    int rc = path ? task_load(t, path) : -1;
    free(path);
    return rc;
}

char *model_dir(const char *name)
{
    struct names known = { 0 };
    char *of = NULL;
    long rank;

    if (strchr(name, '/'))
        return given_file(name, FAIL_INPUT);
    char *models = home_path("models"), *dir = path_join(models, name);
    free(models);
    if (file_in(dir, "config.json"))
        return dir;
    int cut = truncated_name(name, &of, &rank);
    if (cut != 0) {
        int rc = cut > 0 ? truncated_make(name, of, rank, dir) : -1;
        free(of);
        if (rc == 0)
            return dir;
        free(dir);
        return NULL;
    }
    free(dir);
    if (file_in(name, "config.json"))
        return given_file(name, FAIL_INPUT);
    char *file = xprintf("experiments/models/%s.yaml", name), *path = share_path(file);
    bool can_fetch = file_exists(path);
    free(file);
    free(path);
    if (can_fetch) {
        fail(FAIL_INPUT, "model '%s' is not here: lowrank fetch %s", name, name);
        return NULL;
    }
    names_add(&known, "experiments/models");
    unknown_name("model", name, &known, FAIL_INPUT);
    return NULL;
}

int data_check(void)
{
    if (!data_option || is_folder(data_option))
        return 0;
    char *full = full_path(data_option);
    fail(FAIL_INPUT, "the folder of data '%s' (--data) is not there", full);
    free(full);
    return -1;
}

char *task_dir(const struct task *t, char **yaml)
{
    char *home = home_path("data"), *found = NULL, looked[1024] = "";
    const char *const roots[] = { data_option ? data_option : getenv("LOWRANK_DATA"), home };
    const char *first = t->file[SPLIT_TRAIN];

    for (size_t i = 0; i < ARRAY_LEN(roots) && !found; i++) {
        if (!roots[i] || !*roots[i])
            continue;
        char *dir = t->dir[0] == '/' ? xstrdup(t->dir) : path_join(roots[i], t->dir);
        if (file_in(dir, first)) {
            found = dir;
            continue;
        }
        char *full = full_path(dir);
        snprintf(looked + strlen(looked), sizeof looked - strlen(looked), "%s'%s'",
                 *looked ? ", " : "", full);
        free(full);
        free(dir);
    }
    free(home);
    if (!found)
        fail(FAIL_INPUT,
             "task '%s': '%s' is not in %s; --data DIR or LOWRANK_DATA says where data is", t->name,
             first, looked);
    else if (yaml)
        *yaml = task_file(t->name);
    return found;
}
