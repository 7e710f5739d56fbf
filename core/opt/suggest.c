/* suggest.c - "did you mean": the known name that is closest to an unknown one. */
#include "core/opt/suggest.h"

#include <string.h>

static char fold_case(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c == '-' ? '_' : c;
}

static int min3(int a, int b, int c)
{
    int m = a < b ? a : b;

    return m < c ? m : c;
}

/* The restricted Damerau-Levenshtein distance: insertions, deletions, substitutions, and swaps of
 * neighboring characters. */
static int distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    int d[3][LONGEST + 1], *two = d[0], *one = d[1], *row = d[2];
    int na = (int)strlen(a), nb = (int)strlen(b);

    if (na > LONGEST || nb > LONGEST)
        return LONGEST + 1;
    for (int j = 0; j <= nb; j++)
        one[j] = two[j] = j;
    for (int i = 1; i <= na; i++) {
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            char ca = fold_case(a[i - 1]), cb = fold_case(b[j - 1]);
            row[j] = min3(row[j - 1] + 1, one[j] + 1, one[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == fold_case(b[j - 2]) && fold_case(a[i - 2]) == cb)
                row[j] = min3(row[j], two[j - 2] + 1, row[j]);
        }
        int *t = two;
        two = one, one = row, row = t;
    }
    return one[nb];
}

/* Our name for what other programs call NAME, or NULL. */
static const char *synonym(const char *name)
{
    static const char *const pairs[][2] = { { "learning_rate", "lr" },
                                            { "r", "rank" },
                                            { "lora_alpha", "alpha" },
                                            { "target_modules", "targets" },
                                            { "batch_size", "batch" } };

    for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
        if (opt_same_key(name, pairs[i][0]))
            return pairs[i][1];
    return NULL;
}

/* The best word so far; words are considered one at a time, because they may come from an array or
 * from an option table. */
struct search {
    const char *name, *best, *prefixed;
    int best_distance;
    bool known; /* best is a synonym */
};

static struct search search_for(const char *name)
{
    return (struct search){ .name = name, .best_distance = 1 << 20 };
}

static void consider(struct search *s, const char *word)
{
    const char *other = synonym(s->name);
    int n = (int)strlen(s->name), limit = n / 3 > 2 ? n / 3 : 2, d = distance(s->name, word);

    if (other && opt_same_key(other, word)) {
        s->best = word;
        s->known = true;
    }
    if (!s->known && d <= limit && d < n && d < (int)strlen(word) && d < s->best_distance) {
        s->best = word;
        s->best_distance = d;
    }
    if (n >= 3 && strncasecmp(s->name, word, (size_t)n) == 0 && !s->prefixed)
        s->prefixed = word;
}

static const char *search_result(const struct search *s)
{
    return s->best ? s->best : s->prefixed;
}

const char *suggest_word(const char *name, const char *const *words)
{
    struct search s = search_for(name);

    for (; *words; words++)
        consider(&s, *words);
    return search_result(&s);
}

const char *suggest_key(const char *name, const struct opt *table)
{
    struct search s = search_for(name);

    for (const struct opt *o = table; o && o->type != OPT_END; o++)
        consider(&s, o->key);
    return search_result(&s);
}

const char *suggest_hint(char buf[SUGGEST_HINT], const char *name, const char *const *words,
                         const char *otherwise)
{
    const char *near = suggest_word(name, words);
    int n = 0;

    if (near)
        snprintf(buf, SUGGEST_HINT, "; did you mean '%s'?", near);
    else if (otherwise)
        snprintf(buf, SUGGEST_HINT, "; %s", otherwise);
    else if (!*words)
        snprintf(buf, SUGGEST_HINT, "; there are none");
    else
        n = snprintf(buf, SUGGEST_HINT, "; it must be one of ");
    for (int i = 0; n > 0 && words[i]; i++) {
        bool fits = n + (int)strlen(words[i]) + 8 < SUGGEST_HINT;
        n += snprintf(buf + n, (size_t)(SUGGEST_HINT - n), "%s%s", i ? ", " : "",
                      fits ? words[i] : "...");
        if (!fits)
            break;
    }
    return buf;
}

int suggest_fail(enum fail_code code, const char *what, const char *name, const char *const *words,
                 const char *otherwise)
{
    char hint[SUGGEST_HINT];

    return fail(code, "unknown %s '%s'%s", what, name, suggest_hint(hint, name, words, otherwise));
}
