/* keys.c - the keys that recipes and study files may have. */
#include "experiments/recipe/keys.h"
#include "experiments/recipe/recipe.h"

#include <stdlib.h>
#include <string.h>

const char *const keys_of_study[] = { "study",    "source", "title",   "base", "axes",   "zip",
                                      "nuisance", "budget", "exclude", "only", "seeds",  "metric",
                                      "table",    "figure", "when",    "full", "search", NULL };

bool keys_is_study(const char *key)
{
    for (int i = 0; keys_of_study[i]; i++)
        if (strcmp(key, keys_of_study[i]) == 0)
            return true;
    return false;
}

const struct opt *keys_find(const char *key)
{
    const struct opt *o = opt_find(run_opts, key);

    o = o ? o : opt_find(train_opts, key);
    for (const struct adapt *const *m = adapt_table; *m && !o; m++)
        o = (*m)->opts ? opt_find((*m)->opts, key) : NULL;
    return o;
}

enum { MOST_KEYS = 256 };

static int add_keys(const char *words[MOST_KEYS], int n, const struct opt *table)
{
    for (; table && table->type != OPT_END && n < MOST_KEYS - 1; table++)
        words[n++] = table->key;
    return n;
}

const char *keys_hint(char buf[SUGGEST_HINT], const char *key)
{
    const char *words[MOST_KEYS] = { 0 };
    int n = add_keys(words, 0, run_opts);

    n = add_keys(words, n, train_opts);
    for (const struct adapt *const *m = adapt_table; *m; m++)
        n = add_keys(words, n, (*m)->opts);
    return suggest_hint(buf, key, words, "'lowrank run --help' lists the keys");
}

/* A value as opt_text writes it; a copy of what is not a value. */
static char *canonical_value(const char *key, const char *value)
{
    const struct adapt *method = strcmp(key, "method") == 0 ? adapt_find(value) : NULL;
    const struct opt *o = keys_find(key);
    char *out = method ? xstrdup(method->name) : o ? opt_canonical(o, value) : NULL;

    return out ? out : xstrdup(value);
}

bool keys_same_value(const char *key, const char *a, const char *b)
{
    char *x = canonical_value(key, a), *y = canonical_value(key, b);
    bool same = strcmp(x, y) == 0;

    free(y);
    free(x);
    return same;
}
