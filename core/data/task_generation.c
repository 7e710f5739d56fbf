/* task_generation.c - the keys of a task whose rows are a prompt and a target. */
#include "core/data/format.h"
#include "core/data/task_impl.h"

#include <string.h>

static const char *const words[] = { "prompt",   "target",     "end",  "strip",
                                     "truncate", "max_target", "keep", "generate" };

/* The number of a column that a template or "keep" names; -1: there are too many. */
static int column_index(struct task *t, const char *name, const struct yaml_node *n)
{
    for (int i = 0; i < t->n_columns; i++)
        if (strcmp(t->column[i], name) == 0)
            return i;
    if (t->n_columns == TASK_MAX_COLUMNS)
        return yaml_fail(n, "the templates of a task may name at most %d columns",
                         TASK_MAX_COLUMNS);
    t->column[t->n_columns] = xstrdup(name);
    return t->n_columns++;
}

static int set_template(struct task *t, struct row_template *to, const struct yaml_node *n,
                        const char *key)
{
    const char *text = yaml_text(n);

    if (!text)
        return yaml_fail(n, "'%s' must be a string such as \"{text}\"", key);
    const char *why = row_template_parse(to, text);
    if (why)
        return yaml_fail(n, "'%s' has %s", key, why);
    bool any = false;
    for (int i = 0; i < to->n; i++) {
        struct row_part *p = &to->part[i];
        if (!p->is_column)
            continue;
        any = true;
        p->column = column_index(t, p->text, n);
        if (p->column < 0)
            return -1;
    }
    return any ? 0 : yaml_fail(n, "'%s' must name a column, such as \"{text}\"", key);
}

int task_set_prompt(struct task *t, const struct yaml_node *n)
{
    return set_template(t, &t->prompt, n, "prompt");
}

int task_set_target(struct task *t, const struct yaml_node *n)
{
    return set_template(t, &t->target, n, "target");
}

int task_set_end(struct task *t, const struct yaml_node *n)
{
    bool end = true;
    int rc = task_bool(&end, n, "end");

    t->no_end = !end;
    return rc;
}

int task_set_strip(struct task *t, const struct yaml_node *n)
{
    return task_bool(&t->strip, n, "strip");
}

int task_set_truncate(struct task *t, const struct yaml_node *n)
{
    static const char *const choices[] = { [TRUNCATE_TARGET] = "target",
                                           [TRUNCATE_PROMPT_START] = "prompt_start",
                                           [TRUNCATE_PROMPT_END] = "prompt_end",
                                           NULL };
    int i = task_choice(n, "truncate", choices);

    t->truncate = i < 0 ? TRUNCATE_TARGET : (enum task_truncate)i;
    return i < 0 ? -1 : 0;
}

int task_set_max_target(struct task *t, const struct yaml_node *n)
{
    return task_whole(&t->max_target, n, "max_target", 1);
}

int task_set_keep(struct task *t, const struct yaml_node *n)
{
    const struct yaml_node *list = yaml_count(n) == 1 ? yaml_item(n, 0) : NULL;

    if (yaml_kind(n) != YAML_MAP || !list || yaml_kind(list) != YAML_SEQ || yaml_count(list) == 0)
        return yaml_fail(n, "'keep' must be one column with a list of values, such as {category: "
                            "[Airport, City]}");
    t->keep_column = column_index(t, yaml_key(n, 0), n);
    if (t->keep_column < 0)
        return -1;
    t->keep = xalloc((size_t)yaml_count(list), sizeof *t->keep);
    for (int i = 0; i < yaml_count(list); i++) {
        char *value = task_string(yaml_item(list, i), "keep");
        if (!value)
            return -1;
        t->keep[t->n_keep++] = value;
    }
    return 0;
}

/* What it says is read by whoever generates. */
int task_set_generate(struct task *t, const struct yaml_node *n)
{
    (void)t;
    return yaml_kind(n) == YAML_MAP
               ? 0
               : yaml_fail(n, "'generate' must be a mapping such as {beams: 10, scores: e2e}");
}

static int check_template(const struct task *t, const struct row_template *of,
                          const struct yaml_node *n)
{
    for (int i = 0; i < of->n; i++)
        if (of->part[i].is_column && task_check_column(t, of->part[i].text, n) != 0)
            return -1;
    return 0;
}

int task_check_generation(const struct task *t, const struct yaml_node *root)
{
    const struct yaml_node *prompt = yaml_get(root, "prompt"), *target = yaml_get(root, "target"),
                           *keep = yaml_get(root, "keep");

    if (!prompt || !target)
        return yaml_fail(root, "a generation task needs the key '%s'",
                         prompt ? "target" : "prompt");
    if (t->n_labels > 0 && t->truncate == TRUNCATE_TARGET)
        return yaml_fail(
            yaml_get(root, "labels"),
            "with 'labels', whose tokens must not be cut, 'truncate' must be prompt_start "
            "or prompt_end");
    if (t->max_target > 0 && t->max_len > 0 && t->max_target >= t->max_len)
        return yaml_fail(yaml_get(root, "max_target"),
                         "'max_target' must be below 'max_len', which is %ld, not %ld", t->max_len,
                         t->max_target);
    if (keep && task_check_column(t, t->column[t->keep_column], keep) != 0)
        return -1;
    return check_template(t, &t->prompt, prompt) != 0 ? -1 : check_template(t, &t->target, target);
}

int task_check_others(const struct yaml_node *root)
{
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        const struct yaml_node *n = yaml_get(root, words[i]);
        if (n)
            return yaml_fail(n, "'%s' is a key of tasks with 'kind: generation'", words[i]);
    }
    return 0;
}
