/* peft_targets.c - targets as target_modules of PEFT. */
#include "core/peft/peft_targets.h"

#include "core/adapt/target.h"
#include "core/base/text.h"
#include "core/peft/peft_modules.h"
#include "core/weights/stored.h"

#include <stdlib.h>
#include <string.h>

static bool only_wanted(const struct modules *s, const char *target, const bool want[N_TARGETS])
{
    for (int i = 0; i < s->n; i++)
        if (module_ends_with(s->m[i].name, target) && (s->m[i].target < 0 || !want[s->m[i].target]))
            return false;
    return true;
}

/* The module of a target in layer 0: "bert.encoder.layer.0.attention.self.query". */
static const char *first_module(const struct modules *s, int target)
{
    for (int i = 0; i < s->n; i++)
        if (s->m[i].target == target && strstr(s->m[i].name, ".0."))
            return s->m[i].name;
    CHECK(0, "no module of '%s'", target_names[target]);
    return NULL;
}

/* The part of that name after the layer's number: "attention.self.query". */
static const char *in_block(const struct modules *s, int target)
{
    return strstr(first_module(s, target), ".0.") + 3;
}

/* The shortest end of a target's name that matches only wanted ones; NULL when there is none. */
static const char *shortest(const struct modules *s, int p, const bool want[N_TARGETS])
{
    const char *from = in_block(s, p), *best = NULL;

    for (const char *t = from; t; t = strchr(t, '.') ? strchr(t, '.') + 1 : NULL)
        if (only_wanted(s, t, want))
            best = t;
    return best;
}

static void add_escaped(struct text *t, const char *name)
{
    for (; *name; name++)
        text_add(t, *name == '.' ? "\\%c" : "%c", *name);
}

/* ".*\.layer\.\d+\.(attention\.self\.query|output\.dense)" */
static json_t *as_regex(const struct modules *s, const bool want[N_TARGETS])
{
    const char *name = first_module(s, PROJ_O), *zero = strstr(name, ".0."), *list = zero;
    struct text names = { 0 }, t = { 0 };
    int n = 0;

    while (list > name && list[-1] != '.')
        list--;
    for (int p = 0; p < N_TARGETS; p++) {
        if (!want[p])
            continue;
        text_add(&names, "%s", n++ ? "|" : "");
        add_escaped(&names, in_block(s, p));
    }
    text_add(&t, ".*\\.%.*s\\.\\d+\\.%s%s%s", (int)(zero - list), list, n > 1 ? "(" : "",
             text_string(&names), n > 1 ? ")" : "");
    json_t *j = json_string(text_string(&t));
    text_free(&names);
    text_free(&t);
    return j;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void mark_wanted(bool want[N_TARGETS], const char *targets)
{
    for (const char *t = targets; *t; t += strcspn(t, ",") + (t[strcspn(t, ",")] == ',')) {
        int p = 0;
        while (p < N_TARGETS && (strncmp(t, target_names[p], strcspn(t, ",")) != 0 ||
                                 target_names[p][strcspn(t, ",")]))
            p++;
        CHECK(p < N_TARGETS, "'%s'", targets);
        want[p] = true;
    }
}

json_t *peft_targets_write(const char *targets, const struct dims *d)
{
    bool want[N_TARGETS] = { 0 };
    char *name[N_TARGETS];
    struct modules s;
    int n = 0;
    json_t *j = NULL;

    mark_wanted(want, targets);
    modules_make(&s, d, false);
    for (int p = PROJ_Q; p <= PROJ_V && stored_together(s.arch); p++) {
        want[TARGET_QKV] |= want[p];
        want[p] = false;
    }
    for (int p = 0; p < N_TARGETS; p++) {
        const char *t = want[p] ? shortest(&s, p, want) : "";
        if (!t) {
            j = as_regex(&s, want);
            break;
        }
        if (*t)
            name[n++] = xstrdup(t);
    }
    qsort(name, (size_t)n, sizeof *name, by_text);
    if (!j) {
        j = json_array();
        for (int i = 0; i < n; i++)
            if (i == 0 || strcmp(name[i], name[i - 1]) != 0)
                json_array_append_new(j, json_string(name[i]));
    }
    for (int i = 0; i < n; i++)
        free(name[i]);
    modules_free(&s);
    return j;
}
