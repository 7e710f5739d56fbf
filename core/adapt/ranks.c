/* ranks.c - the rank and alpha of every matrix. */
#include "core/adapt/ranks.h"

#include "core/adapt/target.h"
#include "core/base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- patterns */

/* An entry of a pattern, "8-11.v:16". */
struct entry {
    const char *text; /* from here LENGTH characters */
    int length;
    int first, last; /* layers */
    int target;      /* -1: all */
    double value;
};

static int target_named(const char *name, size_t n)
{
    for (int t = 0; t < N_TARGETS; t++)
        if (strlen(target_names[t]) == n && strncmp(target_names[t], name, n) == 0)
            return t;
    return -1;
}

/* The selector of E, which ends before ':'. */
static bool read_selector(struct entry *e, size_t n, int n_layers)
{
    size_t layers = layer_range(&e->first, &e->last, e->text, n);

    e->target = -1;
    if (layers == n && n > 0)
        return true;
    if (layers == 0) {
        e->first = 0;
        e->last = n_layers - 1;
    } else if (e->text[layers++] != '.') {
        return false;
    }
    e->target = target_named(e->text + layers, n - layers);
    return e->target >= 0;
}

static int read_entry(struct entry *e, const char *key, bool whole, int n_layers)
{
    size_t n = strcspn(e->text, ":,");
    char *end = NULL;

    e->length = (int)strcspn(e->text, ",");
    if (e->text[n] == ':' && e->text[n + 1] && strchr("0123456789.", e->text[n + 1]))
        e->value = strtod(e->text + n + 1, &end);
    if (end != e->text + e->length || !read_selector(e, n, n_layers))
        return fail_setting(key,
                            "'%s' has '%.*s', which must be a layer, a matrix or LAYER.MATRIX with "
                            "its value, such as 3:4, v:16 or 8-11.q:2",
                            key, e->length, e->text);
    if (e->last >= n_layers)
        return fail_setting(key, "'%s' has '%.*s', but the model has %d layers (0 to %d)", key,
                            e->length, e->text, n_layers, n_layers - 1);
    bool ok = whole ? e->value == floor(e->value) && e->value <= 65536
                    : e->value >= 1e-6 && e->value <= 1e6;
    return ok ? 0
              : fail_setting(key, "'%s' has '%.*s', whose value must be a %s", key, e->length,
                             e->text,
                             whole ? "whole number from 0 to 65536" : "number from 1e-6 to 1e6");
}

/* The pattern of ranks is applied to ON, what layers and targets name; that of alpha to what has a
 * rank then. */
static int apply_entry(struct rank *at, const bool *on, const struct entry *e, const char *key,
                       bool is_rank)
{
    int n = 0;

    for (int layer = e->first; layer <= e->last; layer++)
        for (int t = 0; t < N_TARGETS; t++) {
            struct rank *x = &at[target_slot(layer, t)];
            if ((e->target >= 0 && e->target != t) || !on[target_slot(layer, t)] ||
                (!is_rank && x->r == 0))
                continue;
            n++;
            if (is_rank)
                x->r = (int)e->value;
            else
                x->alpha = e->value;
        }
    return n > 0 ? 0
                 : fail_setting(key, "'%s' has '%.*s', which is none of the adapted matrices", key,
                                e->length, e->text);
}

static int apply_pattern(struct rank *at, const bool *on, const char *pattern, const char *key,
                         int n_layers)
{
    bool is_rank = strcmp(key, "rank_pattern") == 0;

    bool none = !pattern || strcmp(pattern, "none") == 0;

    for (struct entry e = { .text = none ? "" : pattern }; *e.text;) {
        if (read_entry(&e, key, is_rank, n_layers) != 0 ||
            apply_entry(at, on, &e, key, is_rank) != 0)
            return -1;
        e.text += e.length + (e.text[e.length] == ',');
    }
    return 0;
}

/* --- from settings */

static int mark_named(bool *on, const struct lora_cfg *c, int n_layers)
{
    bool target[N_TARGETS], *layer = xalloc((size_t)n_layers, sizeof *layer);
    int n = target_parse(target, c->targets), k = n < 0 ? -1 : 0;

    if (n >= 0)
        k = layers_parse(layer, n_layers, "adapt_layers", c->layers);
    for (int i = 0; i < n_layers * N_TARGETS && k >= 0; i++)
        on[i] = target[i % N_TARGETS] && (k == 0 || layer[i / N_TARGETS]);
    free(layer);
    return k < 0 ? -1 : 0;
}

static bool any_adapted(const struct rank *at, int n)
{
    for (int i = 0; i < n; i++)
        if (at[i].r > 0)
            return true;
    return false;
}

struct rank *ranks_make(const struct lora_cfg *c, const struct dims *d)
{
    int n = d->n_layers * N_TARGETS;
    struct rank *at = xalloc((size_t)n, sizeof *at);
    bool *on = xalloc((size_t)n, sizeof *on);
    int rc = mark_named(on, c, d->n_layers);

    for (int i = 0; i < n; i++)
        at[i] = (struct rank){ on[i] ? (int)c->rank : 0, c->alpha };
    if (rc == 0)
        rc = apply_pattern(at, on, c->rank_pattern, "rank_pattern", d->n_layers);
    if (rc == 0)
        rc = apply_pattern(at, on, c->alpha_pattern, "alpha_pattern", d->n_layers);
    if (rc == 0 && !any_adapted(at, n))
        rc = fail_setting("rank_pattern", "'rank_pattern' is '%s', which leaves no adapted matrix",
                          c->rank_pattern ? c->rank_pattern : "");
    free(on);
    if (rc == 0)
        return at;
    free(at);
    return NULL;
}

struct rank ranks_of(const struct rank *at, int layer, enum proj p)
{
    struct rank own = at[target_slot(layer, (int)p)];

    return own.r == 0 && proj_group(p) == GROUP_QKV ? at[target_slot(layer, TARGET_QKV)] : own;
}

/* --- to settings */

/* An entry for each matrix that differs from what C says, or one for a target that is the same in
 * all of its layers. ON: the layers that are adapted at all. */
static char *pattern_of(const struct lora_cfg *c, const struct rank *at, const bool *on,
                        const bool target[N_TARGETS], int n_layers, bool rank)
{
    struct text t = { 0 };

    for (int p = 0; p < N_TARGETS; p++) {
        double usual = rank ? (double)c->rank : c->alpha, first = -1;
        bool same = true;
        for (int pass = 0; pass < 2; pass++)
            for (int i = 0; i < n_layers && target[p]; i++) {
                const struct rank *x = &at[target_slot(i, p)];
                double value = rank ? (double)x->r : x->alpha;
                if (!on[i] || (!rank && x->r == 0))
                    continue;
                if (pass == 0 && first >= 0 && value != first)
                    same = false;
                if (pass == 1 && value != usual && !same)
                    text_join(&t, ",", "%d.%s:%.17g", i, target_names[p], value);
                if (pass == 1 && value != usual && same && first >= 0) {
                    text_join(&t, ",", "%s:%.17g", target_names[p], value);
                    break;
                }
                first = value;
            }
    }
    return t.n > 0 ? text_take(&t) : NULL;
}

void ranks_settings(struct lora_cfg *c, const struct rank *at, const struct dims *d)
{
    bool target[N_TARGETS] = { 0 }, *on = xalloc((size_t)d->n_layers, sizeof *on);
    struct text names = { 0 }, layers = { 0 };
    int n = 0;

    for (int i = 0; i < d->n_layers * N_TARGETS; i++)
        if (at[i].r > 0)
            target[i % N_TARGETS] = on[i / N_TARGETS] = true;
    for (int t = 0; t < N_TARGETS; t++)
        if (target[t])
            text_join(&names, ",", "%s", target_names[t]);
    for (int i = 0; i < d->n_layers; i++)
        if (on[i] && ++n)
            text_join(&layers, ",", "%d", i);
    c->targets = text_take(&names);
    c->layers = n < d->n_layers ? xstrdup(text_string(&layers)) : NULL;
    c->rank_pattern = pattern_of(c, at, on, target, d->n_layers, true);
    c->alpha_pattern = pattern_of(c, at, on, target, d->n_layers, false);
    text_free(&layers);
    free(on);
}
