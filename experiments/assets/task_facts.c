/* task_facts.c - what is known of a task before its data is tokenized. */
#include "experiments/assets/task_facts.h"
#include "core/data/format.h"
#include "core/os/file.h"
#include "experiments/assets/find.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/task_dir.h"
#include "experiments/sources/prepare.h"

#include <stdlib.h>
#include <string.h>

/* A template, as it was written except for double braces. */
static json_t *template_json(const struct row_template *t)
{
    json_t *j = json_array();

    for (int i = 0; i < t->n; i++)
        json_array_append_new(j,
                              json_pack("[b, s]", t->part[i].is_column ? 1 : 0, t->part[i].text));
    return j;
}

static json_t *generation_json(const struct task *t)
{
    json_t *keep = json_array();

    for (int i = 0; i < t->n_keep; i++)
        json_array_append_new(keep, json_string(t->keep[i]));
    json_t *j =
        json_pack("{s:o, s:o, s:b, s:b, s:i, s:I, s:s?, s:o}", "prompt", template_json(&t->prompt),
                  "target", template_json(&t->target), "end", !t->no_end, "strip", t->strip,
                  "truncate", (int)t->truncate, "max_target", (json_int_t)t->max_target,
                  "keep_column", t->n_keep ? t->column[t->keep_column] : NULL, "keep", keep);
    CHECK(j, "task '%s'", t->name);
    return j;
}

/* What the task file means. Its wording, title and license may change without changing run keys. */
static void hash_spec(char out[65], const struct task *t)
{
    json_t *labels = json_array(), *metrics = json_array();
    char range[80]; /* may be infinite, which JSON cannot express */

    snprintf(range, sizeof range, "%.17g %.17g", t->lo, t->hi);
    for (int i = 0; i < t->n_labels; i++)
        json_array_append_new(labels, json_string(t->labels[i]));
    for (int i = 0; i < t->n_metrics; i++)
        json_array_append_new(metrics, json_string(t->metrics[i]));
    json_t *j = json_pack("{s:b, s:b, s:i, s:s?, s:s?, s:s?, s:s, s:o, s:o}", "regression",
                          t->regression, "header", t->header, "format", t->format->id, "text",
                          t->col_text, "pair", t->col_pair, "label", t->col_label, "range", range,
                          "labels", labels, "metrics", metrics);
    if (t->skip_bad_rows > 0) /* other tasks keep their keys */
        json_object_set_new(j, "skip_bad_rows", json_integer(t->skip_bad_rows));
    if (t->held_out > 0)
        json_object_set_new(j, "held_out", json_real(t->held_out));
    if (t->separator)
        json_object_set_new(j, "separator", json_string(t->separator));
    if (t->generates)
        json_object_set_new(j, "generation", generation_json(t));
    char *text = json_dumps(j, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(17));
    CHECK(text, "task '%s'", t->name);
    sha256_hex(out, text, strlen(text));
    free(text);
    json_decref(j);
}

/* The folder of the task's files, which are made first if the task says how. */
static char *made_dir(const struct session *s, const struct task *t)
{
    char *dir = task_dir(s, t);

    if (dir || !t->prepare || prepare_task(s->home, t) != 0)
        return dir;
    return task_dir(s, t);
}

/* Each file's hash, and that of the split. */
static int hash_split(struct task_facts *t, struct session *ses, enum split s)
{
    struct data_paths *p = &t->files[s];
    int rc = data_paths_list(p, t->path[s], t->task.format->suffix);

    for (int i = 0; i < p->n && rc == 0; i++)
        rc = hash_file(p->file[i].sha256, ses, p->file[i].path);
    if (rc == 0)
        data_paths_sha256(t->file[s], p);
    return rc;
}

/* A name stands for one task: not for a shipped one too, nor for another file of this session. */
static bool name_is_free(const struct session *ses, const char *name, const char *file)
{
    char *shipped = find_task_shipped(name);
    bool taken = shipped != NULL;

    free(shipped);
    for (int i = 0; i < ses->task_facts.n && !taken; i++) {
        const struct task_facts *t = ses->task_facts.item[i];
        taken = strcmp(t->name, name) == 0 && (!t->own || strcmp(t->own, file) != 0);
    }
    return !taken;
}

static void name_task(struct task_facts *t, const struct session *ses, const char *asked,
                      const char *yaml)
{
    bool own = strpbrk(asked, "/.") != NULL;

    t->asked = xstrdup(asked);
    t->own = own ? xstrdup(yaml) : NULL;
    t->name = xstrdup(!own ? asked : name_is_free(ses, t->task.name, yaml) ? t->task.name : yaml);
}

static int read_task(struct task_facts *t, struct session *ses, const char *asked)
{
    char *yaml = task_dir_check(ses) == 0 ? find_task(asked) : NULL;
    int rc = yaml ? task_load(&t->task, yaml) : -1;

    if (rc == 0)
        rc = task_texts_load(&t->texts, yaml);
    if (rc == 0)
        rc = (t->dir = made_dir(ses, &t->task)) ? task_labels(&t->task, t->dir) : -1;
    for (int s = 0; s < N_FILES && rc == 0; s++) {
        const char *file = task_file(&t->task, (enum split)s);
        if (!file)
            continue;
        t->path[s] = path_join(t->dir, file);
        rc = hash_split(t, ses, (enum split)s);
    }
    if (rc == 0) {
        hash_spec(t->spec, &t->task);
        name_task(t, ses, asked, yaml);
    }
    free(yaml);
    return rc;
}

static void facts_free(void *item)
{
    struct task_facts *t = item;

    task_free(&t->task);
    task_texts_free(&t->texts);
    for (int s = 0; s < N_FILES; s++) {
        free(t->path[s]);
        data_paths_free(&t->files[s]);
    }
    free(t->dir);
    free(t->asked);
    free(t->name);
    free(t->own);
}

const struct task_facts *task_facts(struct session *s, const char *task)
{
    for (int i = 0; i < s->task_facts.n; i++) {
        const struct task_facts *t = s->task_facts.item[i];
        if (strcmp(t->asked, task) == 0 || strcmp(t->own ? t->own : t->name, task) == 0)
            return t;
    }
    struct task_facts t = { 0 };
    if (read_task(&t, s, task) == 0)
        return session_add(&s->task_facts, &t, sizeof t, facts_free);
    facts_free(&t);
    return NULL;
}
