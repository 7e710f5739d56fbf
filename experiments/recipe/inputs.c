/* inputs.c - the files that a run reads, by content. */
#include "experiments/recipe/inputs.h"
#include "core/format/weights.h"
#include "core/os/file.h"
#include "experiments/assets/adapter_files.h"
#include "experiments/assets/hash.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

json_t *inputs_of(const struct model_facts *m, const struct task_facts *t)
{
    json_t *j = json_pack("{s:s, s:s, s:s, s:s}", "weights", m->weights, "config", m->config,
                          "tokenizer", m->tokenizer, "task", t->spec);

    for (int s = 0; s < N_FILES; s++)
        if (t->path[s])
            json_object_set_new(j, split_names[s], json_string(t->file[s]));
    return j;
}

/* The file that holds an adapter's weights; NULL after fail. */
static char *adapter_file(const char *home, const char *init_from)
{
    char *dir = adapter_dir(home, init_from, NULL), *path;

    path = dir ? weights_in(dir, WEIGHTS_OF_ADAPTER) : NULL;
    free(dir);
    return path;
}

int inputs_add_adapter(json_t *inputs, struct session *s, const char *init_from)
{
    char *path, sha256[65];

    if (!init_from || !*init_from)
        return 0;
    path = adapter_file(s->home, init_from);
    bool found = path && hash_file(sha256, s, path) == 0;
    free(path);
    if (found)
        return json_object_set_new(inputs, "adapter", json_string(sha256));
    fail_context("'init_from'");
    return fail_about("init_from");
}

static int check_file(const struct recipe *r, const char *role, const char *path, const char *was)
{
    char now[65];
    const char *planned = json_string_value(json_object_get(r->inputs, role));

    if (hash_file(now, r->session, path) != 0)
        return -1;
    if (strcmp(now, was) != 0 || (planned && strcmp(planned, was) != 0))
        return fail(FAIL_INPUT,
                    "'%s' changed since the plan (%.8s, now %.8s); start the command again", path,
                    was, now);
    return 0;
}

/* --- every file of a recipe */

struct input_file {
    char *path;
    const char *role, *sha256; /* ROLE: the key in the recipe's inputs; NULL: part of another's */
};

static void free_files(struct input_file *f, int n)
{
    for (int i = 0; i < n; i++)
        free(f[i].path);
    free(f);
}

/* *FILES becomes all of them, which free_files releases. Returns how many; -1 after fail. */
static int list_files(struct input_file **files, const struct recipe *r)
{
    const struct model_facts *m = r->model;
    const struct task_facts *t = r->task;
    const char *adapter = json_string_value(json_object_get(r->inputs, "adapter"));
    int n = 0, n_data = 0;

    for (int s = 0; s < N_FILES; s++)
        n_data += t->files[s].n;
    struct input_file *f = xalloc((size_t)(m->n_files + n_data) + 2, sizeof *f);

    for (int i = 0; i < m->n_files; i++)
        f[n++] = (struct input_file){ xstrdup(m->file[i].path), m->n_files == 1 ? "weights" : NULL,
                                      m->file[i].sha256 };
    f[n++] = (struct input_file){ model_facts_config(m->dir), "config", m->config };
    for (int s = 0; s < N_FILES; s++)
        for (int i = 0; i < t->files[s].n; i++) {
            const struct data_path *p = &t->files[s].file[i];
            f[n++] = (struct input_file){ xstrdup(p->path), *p->name ? NULL : split_names[s],
                                          p->sha256 };
        }
    *files = f;
    if (!adapter)
        return n;
    f[n] =
        (struct input_file){ adapter_file(r->session->home, r->run.init_from), "adapter", adapter };
    if (f[n].path)
        return n + 1;
    free_files(f, n);
    *files = NULL;
    return -1;
}

int inputs_check(const struct recipe *r)
{
    struct input_file *f;
    int n = list_files(&f, r), rc = n < 0 ? -1 : 0;

    for (int i = 0; i < n && rc == 0; i++)
        rc = check_file(r, f[i].role, f[i].path, f[i].sha256);
    free_files(f, n);
    return rc;
}

/* --- the files while a run trains */

static struct watched_file watched_now(const struct watched_file *f)
{
    struct watched_file now = { .path = f->path, .sha256 = f->sha256, .size = -1 };
    struct stat st;

    if (stat(f->path, &st) == 0) {
        now.size = (long long)st.st_size;
        now.inode = (long long)st.st_ino;
        now.mtime_ns = (long long)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
        now.ctime_ns = (long long)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    }
    return now;
}

int inputs_watch(struct inputs_watch *w, const struct recipe *r)
{
    struct input_file *f;
    int n = list_files(&f, r);

    *w = (struct inputs_watch){ 0 };
    if (n < 0)
        return -1;
    w->n = n;
    w->file = xalloc((size_t)n, sizeof *w->file);
    for (int i = 0; i < w->n; i++)
        w->file[i] =
            watched_now(&(struct watched_file){ .path = f[i].path, .sha256 = f[i].sha256 });
    free(f);
    return 0;
}

static int fail_changed(const char *path)
{
    return fail(FAIL_INPUT, "'%s' changed while the run was training", path);
}

int inputs_unchanged(struct inputs_watch *w)
{
    for (int i = 0; i < w->n; i++) {
        struct watched_file *f = &w->file[i], now = watched_now(f);
        char sha256[65];
        if (now.size == f->size && now.inode == f->inode && now.mtime_ns == f->mtime_ns &&
            now.ctime_ns == f->ctime_ns)
            continue;
        if (now.size < 0 || sha256_file_to_end(sha256, f->path) != 0 ||
            strcmp(sha256, f->sha256) != 0)
            return fail_changed(f->path);
        *f = now;
    }
    return 0;
}

void inputs_watch_free(struct inputs_watch *w)
{
    for (int i = 0; i < w->n; i++)
        free(w->file[i].path);
    free(w->file);
    *w = (struct inputs_watch){ 0 };
}
