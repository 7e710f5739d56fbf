/* task.c - a task file: its keys, and every check that needs no data. */
#include "core/data/task.h"
#include "core/data/format.h"
#include "core/data/task_impl.h"
#include "core/os/file.h"
#include "core/opt/suggest.h"
#include "core/opt/yaml.h"
#include "core/metric/metric.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LABELS = 1000, MAX_COLUMN = 1000 };

const char *const split_names[N_SPLITS + 1] = { "train", "dev", "test", "select", NULL };

char *task_string(const struct yaml_node *n, const char *key)
{
    const char *text = yaml_text(n);

    if (!text || !*text) {
        yaml_fail(n, "'%s' must be a string that is not empty", key);
        return NULL;
    }
    return xstrdup(text);
}

/* The index of a scalar in WORDS; -1 after an error that suggests one of them. */
int task_choice(const struct yaml_node *n, const char *key, const char *const *words)
{
    const char *text = yaml_text(n);
    char hint[SUGGEST_HINT];

    if (!text)
        return yaml_fail(n, "'%s' must be a string", key);
    for (int i = 0; words[i]; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    return yaml_fail(n, "unknown %s '%s'%s", key, text, suggest_hint(hint, text, words, NULL));
}

static int set_kind(struct task *t, const struct yaml_node *n)
{
    int i = task_choice(
        n, "kind", (const char *const[]){ "classification", "regression", "generation", NULL });

    t->regression = i == 1;
    t->generates = i == 2;
    return i < 0 ? -1 : 0;
}

static int set_format(struct task *t, const struct yaml_node *n)
{
    const char *words[32] = { 0 };

    for (size_t i = 0; data_format_table[i] && i < ARRAY_LEN(words) - 1; i++)
        words[i] = data_format_table[i]->name;
    int i = task_choice(n, "format", words);
    t->format = i < 0 ? NULL : data_format_table[i];
    return i < 0 ? -1 : 0;
}

int task_bool(bool *out, const struct yaml_node *n, const char *key)
{
    const char *text = yaml_text(n);

    *out = text && strcmp(text, "true") == 0;
    if (*out || (text && strcmp(text, "false") == 0))
        return 0;
    return yaml_fail(n, "'%s' must be true or false", key);
}

static int set_header(struct task *t, const struct yaml_node *n)
{
    return task_bool(&t->header, n, "header");
}

static int unknown_key(const struct yaml_node *map, int i, const char *const *words)
{
    const char *key = yaml_key(map, i);
    char hint[SUGGEST_HINT];

    return yaml_fail_key(map, i, "unknown key '%s'%s", key, suggest_hint(hint, key, words, NULL));
}

/* A mapping of strings whose keys are some of WORDS. The string of WORDS[w] goes to *to[w]. */
static int set_strings(char **const *to, const struct yaml_node *n, const char *key,
                       const char *const *words)
{
    if (yaml_kind(n) != YAML_MAP)
        return yaml_fail(n, "'%s' must be a mapping such as {%s: ...}", key, words[0]);
    for (int i = 0; i < yaml_count(n); i++) {
        int w = 0;
        while (words[w] && strcmp(words[w], yaml_key(n, i)) != 0)
            w++;
        if (!words[w])
            return unknown_key(n, i, words);
        *to[w] = task_string(yaml_item(n, i), yaml_key(n, i));
        if (!*to[w])
            return -1;
    }
    return 0;
}

static int set_columns(struct task *t, const struct yaml_node *n)
{
    char **to[] = { &t->col_text, &t->col_pair, &t->col_label };

    if (set_strings(to, n, "columns", (const char *const[]){ "text", "pair", "label", NULL }) != 0)
        return -1;
    if (!t->col_text || !t->col_label)
        return yaml_fail(n, "'columns' needs '%s'", t->col_text ? "label" : "text");
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < i; j++)
            if (*to[i] && *to[j] && strcmp(*to[i], *to[j]) == 0)
                return yaml_fail(n, "column '%s' is named twice", *to[i]);
    return 0;
}

static int set_splits(struct task *t, const struct yaml_node *n)
{
    char **to[] = { &t->file[SPLIT_TRAIN], &t->file[SPLIT_DEV], &t->file[SPLIT_TEST] };

    const char *words[N_FILES + 1] = { 0 };

    memcpy(words, split_names, N_FILES * sizeof *words);
    if (set_strings(to, n, "splits", words) != 0)
        return -1;
    if (!t->file[SPLIT_TRAIN] || !t->file[SPLIT_DEV])
        return yaml_fail(n, "'splits' needs '%s'", t->file[SPLIT_TRAIN] ? "dev" : "train");
    return 0;
}

/* Append a label; false: it occurs twice. */
static bool add_label(struct task *t, const char *text)
{
    for (int i = 0; i < t->n_labels; i++)
        if (strcmp(t->labels[i], text) == 0)
            return false;
    t->labels = xgrow(t->labels, (size_t)t->n_labels + 1, sizeof *t->labels);
    t->labels[t->n_labels++] = xstrdup(text);
    return true;
}

static int set_labels(struct task *t, const struct yaml_node *n)
{
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) < 2 || yaml_count(n) > MAX_LABELS)
        return yaml_fail(n, "'labels' must be a list of 2 to %d classes", MAX_LABELS);
    for (int i = 0; i < yaml_count(n); i++) {
        const char *text = yaml_text(yaml_item(n, i));
        if (!text)
            return yaml_fail(yaml_item(n, i), "a label must be a string");
        if (!add_label(t, text))
            return yaml_fail(yaml_item(n, i), "label '%s' occurs twice", text);
    }
    return 0;
}

static int read_number(double *out, const struct yaml_node *n)
{
    const char *text = yaml_text(n);
    char *end = NULL;

    errno = 0;
    if (text && *text && strspn(text, "+-.0123456789eE") == strlen(text))
        *out = strtod(text, &end);
    if (!end || *end || errno == ERANGE)
        return text ? yaml_fail(n, "'%s' is not a number", text)
                    : yaml_fail(n, "a list or a mapping is not a number");
    return 0;
}

static int set_range(struct task *t, const struct yaml_node *n)
{
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) != 2)
        return yaml_fail(n, "'range' must be two numbers, [lowest, highest]");
    if (read_number(&t->lo, yaml_item(n, 0)) != 0 || read_number(&t->hi, yaml_item(n, 1)) != 0)
        return -1;
    if (!(t->lo < t->hi))
        return yaml_fail(n, "the first number of 'range' must be below the second, not [%g, %g]",
                         t->lo, t->hi);
    return 0;
}

static int set_metrics(struct task *t, const struct yaml_node *n)
{
    const char *words[100] = { 0 };

    for (size_t i = 0; metric_table[i] && i < ARRAY_LEN(words) - 1; i++)
        words[i] = metric_table[i]->name;
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) < 1 || yaml_count(n) > TASK_MAX_METRICS)
        return yaml_fail(n, "'metrics' must be a list of 1 to %d names", TASK_MAX_METRICS);
    for (int i = 0; i < yaml_count(n); i++) {
        const struct yaml_node *item = yaml_item(n, i);
        if (task_choice(item, "metric", words) < 0)
            return -1;
        for (int j = 0; j < t->n_metrics; j++)
            if (strcmp(t->metrics[j], yaml_text(item)) == 0)
                return yaml_fail(item, "metric '%s' occurs twice", yaml_text(item));
        t->metrics[t->n_metrics++] = xstrdup(yaml_text(item));
    }
    return 0;
}

int task_whole(long *out, const struct yaml_node *n, const char *key, long least)
{
    double v;

    if (read_number(&v, n) != 0)
        return -1;
    if (v != floor(v) || v < (double)least || v > 1e6)
        return yaml_fail(n, "'%s' must be a whole number from %ld to 1000000, not '%s'", key, least,
                         yaml_text(n));
    *out = (long)v;
    return 0;
}

static int set_max_len(struct task *t, const struct yaml_node *n)
{
    return task_whole(&t->max_len, n, "max_len", 3);
}

static int set_held_out(struct task *t, const struct yaml_node *n)
{
    double *v = &t->held_out;

    if (read_number(v, n) != 0)
        return -1;
    if (!(*v > 0) || *v > 1e9 || (*v >= 1 && *v != floor(*v)))
        return yaml_fail(n,
                         "'held_out' must be a share between 0 and 1 or a whole number of rows, "
                         "not '%s'",
                         yaml_text(n));
    return 0;
}

static int set_skip(struct task *t, const struct yaml_node *n)
{
    return task_whole(&t->skip_bad_rows, n, "skip_bad_rows", 0);
}

/* A key without a function is a string, stored at an offset of struct task. */
static const struct key {
    const char *name;
    bool needed;
    size_t at;
    int (*set)(struct task *t, const struct yaml_node *n);
} keys[] = {
    { "task", true, offsetof(struct task, name), NULL },
    { "title", false, offsetof(struct task, title), NULL },
    { "source", false, offsetof(struct task, source), NULL },
    { "licence", false, offsetof(struct task, license), NULL },
    { "kind", true, 0, set_kind },
    { "dir", false, offsetof(struct task, dir), NULL },
    { "format", true, 0, set_format },
    { "header", false, 0, set_header },
    { "separator", false, offsetof(struct task, separator), NULL },
    { "columns", false, 0, set_columns },
    { "labels", false, 0, set_labels },
    { "labels_file", false, offsetof(struct task, labels_file), NULL },
    { "range", false, 0, set_range },
    { "splits", true, 0, set_splits },
    { "metrics", true, 0, set_metrics },
    { "max_len", false, 0, set_max_len },
    { "skip_bad_rows", false, 0, set_skip },
    { "held_out", false, 0, set_held_out },
    { "prepare", false, offsetof(struct task, prepare), NULL },
    { "prompt", false, 0, task_set_prompt },
    { "target", false, 0, task_set_target },
    { "end", false, 0, task_set_end },
    { "strip", false, 0, task_set_strip },
    { "truncate", false, 0, task_set_truncate },
    { "max_target", false, 0, task_set_max_target },
    { "keep", false, 0, task_set_keep },
    { "generate", false, 0, task_set_generate },
};

static int set_key(struct task *t, const struct yaml_node *root, int i)
{
    const char *words[ARRAY_LEN(keys) + 1] = { 0 };
    const struct yaml_node *n = yaml_item(root, i);

    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        words[k] = keys[k].name;
        if (strcmp(keys[k].name, yaml_key(root, i)) != 0)
            continue;
        if (keys[k].set)
            return keys[k].set(t, n);
        char *text = task_string(n, keys[k].name);
        memcpy((char *)t + keys[k].at, &text, sizeof text);
        return text ? 0 : -1;
    }
    return unknown_key(root, i, words);
}

int task_check_column(const struct task *t, const char *name, const struct yaml_node *n)
{
    char hint[SUGGEST_HINT];

    if (t->format->columns)
        for (int i = 0; t->format->columns[i]; i++)
            if (strcmp(t->format->columns[i], name) == 0)
                return 0;
    if (t->format->columns)
        return yaml_fail(n, "unknown column '%s' of format %s%s", name, t->format->name,
                         suggest_hint(hint, name, t->format->columns, NULL));
    if (t->header || !t->format->numbered)
        return 0;
    if (strspn(name, "0123456789") != strlen(name) || atol(name) < 1 || atol(name) > MAX_COLUMN)
        return yaml_fail(n, "without 'header: true', a column is a number from 1, not '%s'", name);
    return 0;
}

static int check_columns(const struct task *t, const struct yaml_node *root)
{
    const char *col[] = { t->col_text, t->col_pair, t->col_label };
    const struct yaml_node *n = yaml_get(root, "columns");

    if (t->generates)
        return n ? yaml_fail(n, "a generation task has 'prompt' and 'target' instead of 'columns'")
                 : task_check_generation(t, root);
    if (!n)
        return yaml_fail(root, "a task needs the key 'columns'");
    for (size_t i = 0; i < ARRAY_LEN(col); i++)
        if (col[i] && task_check_column(t, col[i], n) != 0)
            return -1;
    return task_check_others(root);
}

static int check_metrics(const struct task *t, const struct yaml_node *root)
{
    const struct yaml_node *list = yaml_get(root, "metrics");

    for (int i = 0; i < t->n_metrics; i++) {
        const struct metric *m = metric_find(t->metrics[i]);
        if (m->of == METRIC_OF_TEXT ? !t->generates : (m->of == METRIC_OF_TARGETS) != t->regression)
            return yaml_fail(yaml_item(list, i), "metric '%s' is for %s", m->name,
                             metric_of_names[m->of]);
        if (t->generates && m->of == METRIC_OF_LABELS && t->n_labels == 0)
            return yaml_fail(yaml_item(list, i),
                             "metric '%s' needs 'labels', of which every target is one", m->name);
        if (m->binary && t->n_labels > 2)
            return yaml_fail(yaml_item(list, i),
                             "metric '%s' is for two labels, not %d; for more there is 'f1_macro'",
                             m->name, t->n_labels);
    }
    return 0;
}

/* What concerns several keys. */
static int check_whole(const struct task *t, const struct yaml_node *root)
{
    for (size_t k = 0; k < ARRAY_LEN(keys); k++)
        if (keys[k].needed && !yaml_get(root, keys[k].name))
            return yaml_fail(root, "a task needs the key '%s'", keys[k].name);
    if (t->regression && (t->labels || t->labels_file))
        return yaml_fail(root, "a regression task does not have 'labels'");
    if (!t->regression && !t->generates && !t->labels == !t->labels_file)
        return yaml_fail(root, "a classification task needs 'labels' or 'labels_file'%s",
                         t->labels ? ", not both" : "");
    if (t->generates && t->labels_file)
        return yaml_fail(yaml_get(root, "labels_file"), "a generation task has no 'labels_file'");
    if (!t->regression && yaml_get(root, "range"))
        return yaml_fail(yaml_get(root, "range"), "only a regression task has a 'range'");
    if (t->held_out > 0 && t->file[SPLIT_TEST])
        return yaml_fail(yaml_get(root, "held_out"),
                         "'held_out' makes a test split of the train file, but 'splits' names a "
                         "file for 'test'");
    if (!t->format->header && yaml_get(root, "header"))
        return yaml_fail(yaml_get(root, "header"), "%s does not have a 'header': %s",
                         t->format->name,
                         t->format->columns ? "its columns have names of their own"
                                            : "the columns are the keys of its objects");
    if (t->separator && strcmp(t->format->name, "tsv") != 0)
        return yaml_fail(yaml_get(root, "separator"), "only tsv has a 'separator', not %s",
                         t->format->name);
    return check_metrics(t, root) == 0 ? check_columns(t, root) : -1;
}

int task_load(struct task *t, const char *yaml_path)
{
    struct yaml *y = yaml_load(yaml_path);
    int rc = 0;

    *t = (struct task){ .lo = -INFINITY, .hi = INFINITY };
    if (!y)
        return -1;
    const struct yaml_node *root = yaml_root(y);
    for (int i = 0; i < yaml_count(root) && rc == 0; i++)
        rc = set_key(t, root, i);
    const char *slash = strrchr(yaml_path, '/');
    t->folder = slash ? xprintf("%.*s", (int)(slash - yaml_path), yaml_path) : xstrdup(".");
    if (!t->dir)
        t->dir = xstrdup(".");
    if (rc == 0)
        rc = check_whole(t, root);
    yaml_free(y);
    if (rc != 0)
        task_free(t);
    return rc;
}

void task_free(struct task *t)
{
    free(t->folder);
    for (size_t k = 0; k < ARRAY_LEN(keys); k++)
        if (!keys[k].set) {
            char *text;
            memcpy(&text, (char *)t + keys[k].at, sizeof text);
            free(text);
        }
    row_template_free(&t->prompt);
    row_template_free(&t->target);
    for (int i = 0; i < t->n_columns; i++)
        free(t->column[i]);
    for (int i = 0; i < t->n_keep; i++)
        free(t->keep[i]);
    free(t->keep);
    free(t->col_text);
    free(t->col_pair);
    free(t->col_label);
    for (int i = 0; i < t->n_labels; i++)
        free(t->labels[i]);
    free(t->labels);
    for (int i = 0; i < N_FILES; i++)
        free(t->file[i]);
    for (int i = 0; i < t->n_metrics; i++)
        free(t->metrics[i]);
    *t = (struct task){ 0 };
}

static int read_label_lines(struct task *t, const char *path, char *text)
{
    long line = 0;

    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    for (char *p = text, *next; *p; p = next) {
        char *e = p + strcspn(p, "\n");
        next = *e ? e + 1 : e;
        line++;
        if (e > p && e[-1] == '\r')
            e--;
        *e = 0;
        if (!*p)
            return fail(FAIL_INPUT, "%s:%ld: an empty label", path, line);
        if (t->n_labels == MAX_LABELS)
            return fail(FAIL_INPUT, "%s:%ld: more than %d labels", path, line, MAX_LABELS);
        if (!add_label(t, p))
            return fail(FAIL_INPUT, "%s:%ld: label '%s' occurs twice", path, line, p);
    }
    if (t->n_labels < 2)
        return fail(FAIL_INPUT, "'%s' has fewer than two labels", path);
    return 0;
}

const char *task_file(const struct task *t, enum split s)
{
    bool of_train = s == SPLIT_SELECT || (s == SPLIT_TEST && t->held_out > 0);

    return t->file[of_train ? SPLIT_TRAIN : s];
}

int task_labels(struct task *t, const char *dir)
{
    struct file f;

    if (!t->labels_file || t->labels)
        return 0;
    char *path = path_join(dir, t->labels_file), *text = NULL;
    int rc = file_map(&f, path);
    if (rc == 0) {
        text = xalloc(f.size + 1, 1);
        rc = file_copy_data(text, &f);
        file_unmap(&f);
    }
    if (rc == 0) {
        rc = read_label_lines(t, path, text);
    }
    free(text);
    free(path);
    return rc;
}
