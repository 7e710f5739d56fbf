/* search.c - the part "search" of a study file. */
#include "experiments/study/search.h"
#include "core/opt/suggest.h"
#include "experiments/recipe/keys.h"
#include "experiments/recipe/settings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TRIALS = 1000, MOST_KEYS = 8, FIRST_SEED = 1001, USUAL_EXTEND = 2 };

/* The values of one key, before they are combined to trials. */
enum range_kind { RANGE_LOG, RANGE_LINEAR, RANGE_GRID };
struct range {
    enum range_kind kind;
    double lo, hi;
    struct axis grid;
    const struct yaml_node *node;
};
static const char *const kinds[] = { "log", "linear", "grid", NULL };
static const char *const words[] = { "trials", "seeds", "halving", "extend", NULL };

static bool is_word(const char *key)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], key) == 0)
            return true;
    return false;
}

/* --- reading */

static int read_number(long *x, const struct yaml_node *n, const char *key, double min, double max)
{
    const struct opt o = { .key = key, .type = OPT_INT, .min = min, .max = max };

    if (!yaml_text(n))
        return yaml_fail(n, "'%s' must be a whole number", key);
    return opt_set(&o, x, yaml_text(n)) == 0 ? 0 : yaml_fail(n, "%s", fail_text());
}

/* NULL after fail. */
static char *value_of(const struct yaml_node *n, const struct opt *o)
{
    char *value = settings_value(n, o->key), *same = value ? opt_canonical(o, value) : NULL;

    if (value && !same) {
        yaml_fail(n, "%s", fail_text());
        free(value);
        value = NULL;
    }
    free(same);
    return value;
}

static int read_bounds(struct range *r, const struct yaml_node *n, const struct opt *o)
{
    const struct opt number = { .key = o->key, .type = OPT_REAL };
    double *to[] = { &r->lo, &r->hi };

    if (o->type != OPT_INT && o->type != OPT_REAL)
        return yaml_fail(n, "'%s' is no number, so it needs a {grid: [...]}", o->key);
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) != 2)
        return yaml_fail(n, "'%s' needs two bounds: [LOW, HIGH]", o->key);
    for (int i = 0; i < 2; i++) {
        const struct yaml_node *one = yaml_item(n, i);
        char *value = value_of(one, o);
        int rc = value ? opt_set(&number, to[i], value) : -1;
        free(value);
        if (rc != 0)
            return -1;
    }
    if (r->lo >= r->hi)
        return yaml_fail(n, "the lower bound of '%s' must be below the upper one, not %g and %g",
                         o->key, r->lo, r->hi);
    if (r->kind == RANGE_LOG && r->lo <= 0)
        return yaml_fail(n, "the bounds of '%s' must be above 0 for equal ratios, not %g", o->key,
                         r->lo);
    return 0;
}

static int read_grid(struct range *r, const struct yaml_node *n, const struct opt *o)
{
    if (yaml_kind(n) != YAML_SEQ || yaml_count(n) < 2)
        return yaml_fail(n, "'%s' needs a list of at least two values", o->key);
    for (int i = 0; i < yaml_count(n); i++) {
        const struct yaml_node *one = yaml_item(n, i);
        char *value = value_of(one, o);
        int rc = value ? 0 : -1;
        for (int k = 0; k < i && rc == 0; k++)
            if (keys_same_value(o->key, r->grid.value[k], value))
                rc =
                    yaml_fail(one, "the values of '%s' must differ, but '%s' and '%s' are the same",
                              o->key, r->grid.value[k], value);
        if (rc == 0)
            axes_add_value(&r->grid, value, yaml_location(one));
        free(value);
        if (rc != 0)
            return -1;
    }
    return 0;
}

static int read_range(struct range *r, const struct yaml_node *map, int i)
{
    const struct yaml_node *n = yaml_item(map, i);
    const struct opt *o = keys_find(yaml_key(map, i));
    char hint[SUGGEST_HINT];

    r->node = n;
    if (!o && suggest_word(yaml_key(map, i), words))
        return yaml_fail_key(map, i, "unknown key '%s'%s", yaml_key(map, i),
                             suggest_hint(hint, yaml_key(map, i), words, NULL));
    if (!o)
        return yaml_fail_key(map, i, "unknown key '%s'%s", yaml_key(map, i),
                             keys_hint(hint, yaml_key(map, i)));
    if (strcmp(o->key, "seed") == 0 || strcmp(o->key, "epochs") == 0 ||
        strcmp(o->key, "steps") == 0)
        return yaml_fail_key(map, i, "'%s' cannot be searched", o->key);
    r->grid.key = xstrdup(o->key);
    for (int k = 0; kinds[k] && yaml_kind(n) == YAML_MAP && yaml_count(n) == 1; k++)
        if (strcmp(yaml_key(n, 0), kinds[k]) == 0) {
            r->kind = (enum range_kind)k;
            return r->kind == RANGE_GRID ? read_grid(r, yaml_item(n, 0), o)
                                         : read_bounds(r, yaml_item(n, 0), o);
        }
    return yaml_fail(n, "'%s' must be {log: [LOW, HIGH]}, {linear: [LOW, HIGH]} or {grid: [...]}",
                     o->key);
}

static int read_seeds(struct search *s, const struct yaml_node *n)
{
    bool list = n && yaml_kind(n) == YAML_SEQ;
    long count = 2;

    if (list)
        count = yaml_count(n);
    else if (n && read_number(&count, n, "seeds", 1, 1000) != 0)
        return -1;
    if (count < 2)
        return yaml_fail(n, "a search needs at least two tuning seeds");
    s->n_seeds = (int)count;
    s->seeds = xalloc((size_t)count, sizeof *s->seeds);
    for (int i = 0; i < s->n_seeds; i++) {
        s->seeds[i] = FIRST_SEED + i;
        if (list && read_number(&s->seeds[i], yaml_item(n, i), "seeds", 0, 9007199254740992.0) != 0)
            return -1;
        for (int k = 0; k < i; k++)
            if (s->seeds[k] == s->seeds[i])
                return yaml_fail(n, "the tuning seed %ld is named twice", s->seeds[i]);
    }
    return 0;
}

static int read_halving(struct search *s, const struct yaml_node *n)
{
    const char *text = n ? yaml_text(n) : "false";
    long one_in = 0;

    if (text && (strcmp(text, "false") == 0 || strcmp(text, "true") == 0))
        one_in = *text == 't' ? 2 : 0;
    else if (!text || read_number(&one_in, n, "halving", 2, 16) != 0)
        return yaml_fail(n, "'halving' must be true, false, or how many trials one is chosen of, "
                            "from 2 to 16");
    s->halving = (int)one_in;
    return 0;
}

/* --- trials */

static void add_number(struct axis *a, const struct opt *o, const struct range *r, double at)
{
    double x = r->kind == RANGE_LOG ? r->lo * pow(r->hi / r->lo, at) : r->lo + at * (r->hi - r->lo);
    char text[40];

    snprintf(text, sizeof text, o->type == OPT_INT ? "%.0f" : "%.3g", x);
    axes_add_value(a, text, yaml_location(r->node));
}

/* The root of x^(d+1) = x + 1, by the iteration x = (1 + x)^(1/(d+1)). */
static double r2_root(int d)
{
    double x = 2;

    for (int i = 0; i < 64; i++)
        x = pow(1 + x, 1.0 / (d + 1));
    return x;
}

/* Where trial T of N lies in the K-th of D keys, from 0 to 1. */
static double place_of(int t, int n, int k, int d)
{
    double whole;

    if (d == 1)
        return (double)t / (n - 1);
    return modf(0.5 + (t + 1) * pow(r2_root(d), -(k + 1)), &whole);
}

static void add_trials(struct search *s, const struct range *r, int n_keys, int n, bool grids)
{
    int turn = 1;

    for (int k = n_keys - 1; k >= 0; k--) {
        struct axis *a = &s->axes.a[k];
        const struct opt *o = keys_find(r[k].grid.key);
        a->key = xstrdup(o->key);
        for (int t = 0; t < n; t++) {
            double at = place_of(t, n, k, n_keys);
            int i = grids ? t / turn % r[k].grid.n : (int)(at * r[k].grid.n);
            if (r[k].kind == RANGE_GRID)
                axes_add_value(a, r[k].grid.value[i], r[k].grid.location[i]);
            else
                add_number(a, o, &r[k], at);
        }
        turn *= r[k].grid.n;
    }
    s->axes.n = n_keys;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* With several keys a trial of N has about N^(1/D) values for its own in each. */
static struct search_step step_of(const struct range *r, int n, int d)
{
    const struct opt *o = keys_find(r->grid.key);
    double each = fmax(1, ceil(pow(n, 1.0 / d) - 1e-9) - 1);

    if (r->kind == RANGE_LOG) {
        double f = pow(r->hi / r->lo, 1 / each);
        return (struct search_step){ .ratio = true, .down = f, .up = f };
    }
    if (r->kind == RANGE_LINEAR)
        return (struct search_step){ .down = (r->hi - r->lo) / each, .up = (r->hi - r->lo) / each };
    if (o->type != OPT_INT && o->type != OPT_REAL)
        return (struct search_step){ .none = true };
    int m = r->grid.n;
    double *x = xalloc((size_t)m, sizeof *x);
    for (int i = 0; i < m; i++)
        x[i] = strtod(r->grid.value[i], NULL);
    qsort(x, (size_t)m, sizeof *x, by_value);
    bool ratio = x[0] > 0;
    struct search_step step = { .ratio = ratio,
                                .down = ratio ? x[1] / x[0] : x[1] - x[0],
                                .up = ratio ? x[m - 1] / x[m - 2] : x[m - 1] - x[m - 2] };
    free(x);
    return step;
}

static int check_trials(const struct yaml_node *n, long trials, bool grids, long product)
{
    const struct yaml_node *given = yaml_get(n, "trials");

    if (!grids && !given)
        return yaml_fail(n, "'search' needs 'trials', the number of values to try");
    if (grids && given && trials != product)
        return yaml_fail(given, "'trials' is %ld, but the grid has %ld", trials, product);
    if (trials > MOST_TRIALS)
        return yaml_fail(n, "a search may have at most %d trials, not %ld", (int)MOST_TRIALS,
                         trials);
    return 0;
}

static int make_trials(struct search *s, const struct yaml_node *n, const struct range *r,
                       int n_keys)
{
    const struct yaml_node *given = yaml_get(n, "trials");
    long trials = 0, product = 1;
    bool grids = true;

    for (int k = 0; k < n_keys; k++) {
        grids &= r[k].kind == RANGE_GRID;
        product *= r[k].kind == RANGE_GRID && product <= MOST_TRIALS ? r[k].grid.n : 1;
    }
    if (given && read_number(&trials, given, "trials", 2, MOST_TRIALS) != 0)
        return -1;
    trials = given ? trials : product;
    if (check_trials(n, trials, grids, product) != 0)
        return -1;
    s->axes.a = xalloc((size_t)n_keys, sizeof *s->axes.a);
    s->step = xalloc((size_t)n_keys, sizeof *s->step);
    add_trials(s, r, n_keys, (int)trials, grids);
    for (int k = 0; k < n_keys; k++)
        s->step[k] = step_of(&r[k], (int)trials, n_keys);
    return 0;
}

int search_read(struct search *s, const struct yaml_node *n)
{
    struct range r[MOST_KEYS] = { 0 };
    long extend = USUAL_EXTEND;
    int n_keys = 0, rc = 0;

    if (!n)
        return 0;
    if (yaml_kind(n) != YAML_MAP)
        return yaml_fail(n, "'search' must be a mapping of keys to ranges of values");
    for (int i = 0; i < yaml_count(n) && rc == 0; i++) {
        if (is_word(yaml_key(n, i)))
            continue;
        rc = n_keys == MOST_KEYS ? yaml_fail_key(n, i, "more than %d keys are searched", MOST_KEYS)
                                 : read_range(&r[n_keys++], n, i);
    }
    if (rc == 0 && n_keys == 0)
        rc = yaml_fail(n, "'search' names no key to be searched, such as lr");
    if (rc == 0 && yaml_get(n, "extend"))
        rc = read_number(&extend, yaml_get(n, "extend"), "extend", 0, 16);
    s->extend = (int)extend;
    if (rc == 0)
        rc = read_seeds(s, yaml_get(n, "seeds")) != 0 ||
                     read_halving(s, yaml_get(n, "halving")) != 0 ||
                     make_trials(s, n, r, n_keys) != 0
                 ? -1
                 : 0;
    for (int k = 0; k < n_keys; k++) {
        axes_clear_values(&r[k].grid);
        free(r[k].grid.key);
    }
    return rc;
}

void search_free(struct search *s)
{
    axes_free(&s->axes);
    free(s->step);
    free(s->seeds);
    *s = (struct search){ 0 };
}

bool search_drop(struct search *s, const char *key)
{
    for (int k = 0; k < s->axes.n; k++) {
        if (strcmp(s->axes.a[k].key, key) != 0)
            continue;
        axes_clear_values(&s->axes.a[k]);
        free(s->axes.a[k].key);
        s->axes.n--;
        for (int i = k; i < s->axes.n; i++) {
            s->axes.a[i] = s->axes.a[i + 1];
            s->step[i] = s->step[i + 1];
        }
        return true;
    }
    return false;
}

char *search_beyond(const struct search *s, int k, const char *value, bool up)
{
    const struct search_step *step = &s->step[k];
    const struct opt *o = keys_find(s->axes.a[k].key);
    double x = strtod(value, NULL), by = up ? step->up : step->down;
    char text[40];

    if (step->none)
        return NULL;
    x = step->ratio ? (up ? x * by : x / by) : (up ? x + by : x - by);
    snprintf(text, sizeof text, o->type == OPT_INT ? "%.0f" : "%.3g", x);
    char *same = opt_canonical(o, text);
    bool is_new = same && !keys_same_value(o->key, text, value);
    free(same);
    return is_new ? xstrdup(text) : NULL;
}

int search_rungs(struct search_rung rung[MOST_RUNGS], const struct search *s, int n, long epochs)
{
    int size[MOST_RUNGS] = { n }, rungs = 1;

    while (s->halving && rungs < MOST_RUNGS && rungs < epochs) {
        int next = (size[rungs - 1] + s->halving - 1) / s->halving;
        if (next >= size[rungs - 1] || (next < 2 && rungs > 1))
            break;
        size[rungs++] = next;
    }
    long at = epochs;
    for (int k = rungs - 1; k >= 0; k--) {
        rung[k] = (struct search_rung){ size[k], at > k + 1 ? at : k + 1 };
        at = s->halving ? at / s->halving : at;
    }
    return rungs;
}
