/* task_texts.c - how the texts of a task are generated and scored. */
#include "experiments/assets/task_texts.h"

#include "core/base/text.h"
#include "core/opt/suggest.h"
#include "core/score/score.h"
#include "core/opt/yaml.h"
#include "core/os/sha256.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 32 };
/* Not of a task: the number of inputs that are computed together changes no text. */
static const char *const not_here[] = { "batch", NULL };

static bool is_here(const struct opt *o)
{
    for (int i = 0; not_here[i]; i++)
        if (strcmp(not_here[i], o->key) == 0)
            return false;
    return true;
}

static int unknown_key(const struct yaml_node *map, int i)
{
    const char *names[MOST_KEYS] = { "scores" };
    char hint[SUGGEST_HINT];
    int n = 1;

    for (const struct opt *o = gen_settings_opts; o->type != OPT_END && n < MOST_KEYS - 1; o++)
        if (is_here(o))
            names[n++] = o->key;
    return yaml_fail_key(map, i, "unknown key '%s' of 'generate'%s", yaml_key(map, i),
                         suggest_hint(hint, yaml_key(map, i), names, NULL));
}

static int add_score(struct task_texts *t, const struct score_kind *k, const struct yaml_node *n)
{
    for (int i = 0; i < t->n_scores; i++)
        if (t->score[i] == k)
            return yaml_fail(n, "score '%s' occurs twice", k->name);
    if (t->n_scores == TASK_MOST_SCORES)
        return yaml_fail(n, "'scores' has more than %d scores", TASK_MOST_SCORES);
    t->score[t->n_scores++] = k;
    return 0;
}

/* A family or a score. */
static int add_scores(struct task_texts *t, const struct yaml_node *n)
{
    const char *word = yaml_text(n);
    const struct score_kind **family = word ? score_family(word) : NULL;
    int rc = 0;

    if (!word || (!family && !score_find(word))) {
        const char **names = score_names();
        char hint[SUGGEST_HINT];
        rc = word
                 ? yaml_fail(n, "unknown score '%s'%s", word, suggest_hint(hint, word, names, NULL))
                 : yaml_fail(n, "a score must be a word such as e2e");
        free(names);
        return rc;
    }
    if (!family)
        return add_score(t, score_find(word), n);
    for (int i = 0; family[i] && rc == 0; i++)
        rc = add_score(t, family[i], n);
    free(family);
    return rc;
}

static int read_scores(struct task_texts *t, const struct yaml_node *n)
{
    int rc = 0;

    if (yaml_kind(n) == YAML_SCALAR)
        return add_scores(t, n);
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) == 0)
        return yaml_fail(n, "'scores' must be a family such as e2e, or a list of scores");
    for (int i = 0; i < yaml_count(n) && rc == 0; i++)
        rc = add_scores(t, yaml_item(n, i));
    return rc;
}

static int read_key(struct task_texts *t, const struct yaml_node *map, int i)
{
    const struct yaml_node *n = yaml_item(map, i);
    const struct opt *o = opt_find(gen_settings_opts, yaml_key(map, i));

    if (strcmp(yaml_key(map, i), "scores") == 0)
        return read_scores(t, n);
    if (!o || !is_here(o))
        return unknown_key(map, i);
    if (!yaml_text(n))
        return yaml_fail(n, "'%s' must be a value, not a list or a mapping", o->key);
    if (opt_set(o, &t->settings, yaml_text(n)) == 0)
        return 0;
    struct location at = yaml_location(n);
    return location_context(&at);
}

static void describe(struct task_texts *t)
{
    struct text all = { 0 };
    char value[64];

    for (const struct opt *o = gen_settings_opts; o->type != OPT_END; o++)
        if (is_here(o))
            text_join(&all, " ", "%s=%s", o->key, opt_text(o, &t->settings, value, sizeof value));
    for (int i = 0; i < t->n_scores; i++)
        text_add(&all, "%s%s", i ? "," : " scores=", t->score[i]->name);
    sha256_hex(t->sha256, text_string(&all), all.n);
    t->described = text_take(&all);
}

static int read_map(struct task_texts *t, const struct yaml_node *map)
{
    for (int i = 0; i < yaml_count(map); i++)
        if (read_key(t, map, i) != 0)
            return -1;
    if (t->n_scores == 0)
        return yaml_fail(map, "'generate' needs the key 'scores', such as 'scores: e2e'");
    if (gen_settings_check(&t->settings, GEN_ANY_VOCAB) != 0) {
        struct location at = yaml_location(map);
        return location_context(&at);
    }
    t->given = true;
    describe(t);
    return 0;
}

int task_texts_load(struct task_texts *t, const char *path)
{
    struct yaml *y = yaml_load(path);
    const struct yaml_node *map = y ? yaml_get(yaml_root(y), "generate") : NULL;

    *t = (struct task_texts){ 0 };
    opt_defaults(gen_settings_opts, &t->settings);
    int rc = !y ? -1 : map ? read_map(t, map) : 0;
    yaml_free(y);
    return rc;
}

void task_texts_free(struct task_texts *t)
{
    free(t->described);
    *t = (struct task_texts){ 0 };
}

const char *task_texts_metric(const char *name)
{
    return strncmp(name, "e2e_", 4) == 0 ? name + 4 : name;
}

bool task_texts_is_metric(const char *name)
{
    for (const struct score_kind *const *k = score_kind_table; *k; k++)
        if (strcmp(task_texts_metric((*k)->name), name) == 0)
            return true;
    return false;
}
