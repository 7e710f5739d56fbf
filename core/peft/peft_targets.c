/* peft_targets.c - target_modules of PEFT: names that match by their end, or a regex. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/peft/peft_targets.h"

#include "core/adapt/target.h"
#include "core/base/text.h"
#include "core/format/safetensors.h"
#include "core/weights/arch.h"
#include "core/weights/param.h"
#include "core/weights/stored.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Every module with a weight, under the name that transformers gives it, and the target that it is,
 * or -1. Where q, k and v are one module, it is the target qkv. */
struct module {
    char *name;
    int target;
};
struct modules {
    struct module *m;
    int n, n_layers;
    const struct arch *arch;
};

static void modules_free(struct modules *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->m[i].name);
    free(s->m);
}

static int target_of(const struct arch *a, const struct param *p)
{
    if (!param_is_proj(p))
        return -1;
    return stored_together(a) && p->role <= ROLE_W + PROJ_V ? (int)TARGET_QKV : (int)p->role;
}

static void add_module(struct modules *s, const struct param *p)
{
    static const char weight[] = ".weight";
    char *stored = stored_name(s->arch, p);
    size_t length = strlen(stored), k = strlen(weight);
    struct module m = { .target = target_of(s->arch, p) };

    if (length > k && strcmp(stored + length - k, weight) == 0) {
        m.name = xprintf("%s%.*s", s->arch->prefix, (int)(length - k), stored);
        if (s->n > 0 && strcmp(s->m[s->n - 1].name, m.name) == 0)
            free(m.name); /* another part of the same module */
        else
            s->m[s->n++] = m;
    }
    free(stored);
}

static int by_layer_and_role(const void *a, const void *b)
{
    const struct param *p = a, *q = b;

    return p->layer != q->layer ? p->layer - q->layer : (int)p->role - (int)q->role;
}

static void modules_make(struct modules *s, const struct dims *d)
{
    *s = (struct modules){ .n_layers = d->n_layers, .arch = arch_find(d->arch) };
    CHECK(s->arch, "'%s'", d->arch);
    int n = arch_params(s->arch, d, NULL, 0);
    struct param *p = xalloc((size_t)n, sizeof *p);
    arch_params(s->arch, d, p, n);
    /* Weights first, so that the parts of a module are neighbors. */
    qsort(p, (size_t)n, sizeof *p, by_layer_and_role);
    s->m = xalloc((size_t)n + 1, sizeof *s->m);
    for (int i = 0; i < n; i++) {
        add_module(s, &p[i]);
        free(p[i].name);
    }
    free(p);
    s->m[s->n++] = (struct module){ xstrdup(s->arch->causal ? "lm_head" : "classifier"), -1 };
}

/* As in PEFT, a name matches as a whole, or its end after a dot. */
static bool ends_with(const char *name, const char *target)
{
    size_t n = strlen(name), k = strlen(target);

    return n >= k && strcmp(name + n - k, target) == 0 && (n == k || name[n - k - 1] == '.');
}

/* --- writing */

static bool only_wanted(const struct modules *s, const char *target, const bool want[N_TARGETS])
{
    for (int i = 0; i < s->n; i++)
        if (ends_with(s->m[i].name, target) && (s->m[i].target < 0 || !want[s->m[i].target]))
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
    modules_make(&s, d);
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

/* --- reading */

/* Compare one pattern with every module; hit[i] is set where it matches. */
static int mark_hits(bool *hit, const struct modules *s, bool (*match)(const void *, const char *),
                     const void *pattern, const char *shown, const char *file)
{
    int n = 0;

    for (int i = 0; i < s->n; i++) {
        if (!match(pattern, s->m[i].name))
            continue;
        if (s->m[i].target < 0)
            return fail(FAIL_INPUT,
                        "'%s': target_modules '%s' also adapts '%s', which is not one of the six "
                        "projections of a block",
                        file, st_escaped(shown), s->m[i].name);
        hit[i] = true;
        n++;
    }
    return n ? 0
             : fail(FAIL_INPUT, "'%s': target_modules '%s' matches no matrix of this model", file,
                    st_escaped(shown));
}

static bool match_end(const void *pattern, const char *name)
{
    return ends_with(name, pattern);
}

struct regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static bool match_regex(const void *pattern, const char *name)
{
    const struct regex *r = pattern;

    return pcre2_match(r->code, (PCRE2_SPTR)name, strlen(name), 0, 0, r->data, r->limits) >= 0;
}

/* As Python's re.fullmatch. The limit stops malicious patterns. */
static int read_regex(bool *hit, const struct modules *s, const char *text, const char *file)
{
    struct regex r = { 0 };
    PCRE2_UCHAR why[128];
    PCRE2_SIZE at;
    int err, rc;

    if (strcmp(text, "all-linear") == 0)
        return fail(
            FAIL_INPUT,
            "'%s': target_modules \"all-linear\" also adapts the pooler, which is not supported; "
            "list the matrices instead",
            file);
    r.code = pcre2_compile((PCRE2_SPTR)text, strlen(text),
                           PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &err, &at, NULL);
    if (!r.code && err == PCRE2_ERROR_HEAP_FAILED)
        alloc_failed(strlen(text), 1);
    if (!r.code) {
        pcre2_get_error_message(err, why, sizeof why);
        return fail(FAIL_INPUT, "'%s': target_modules '%s' is not a regular expression: %s", file,
                    st_escaped(text), (const char *)why);
    }
    r.data = pcre2_match_data_create(1, NULL);
    r.limits = pcre2_match_context_create(NULL);
    if (!r.data || !r.limits)
        alloc_failed(1, sizeof r);
    pcre2_set_match_limit(r.limits, 100000);
    rc = mark_hits(hit, s, match_regex, &r, text, file);
    pcre2_match_context_free(r.limits);
    pcre2_match_data_free(r.data);
    pcre2_code_free(r.code);
    return rc;
}

static int read_list(bool *hit, const struct modules *s, const json_t *j, const char *file)
{
    const json_t *item;
    size_t i;

    json_array_foreach(j, i, item)
    {
        const char *t = json_string_value(item);
        if (!t || !*t)
            return fail(FAIL_INPUT, "'%s': target_modules has an entry that is not a name", file);
        if (mark_hits(hit, s, match_end, t, t, file) != 0)
            return -1;
    }
    return 0;
}

/* The targets that were matched, in our names. Each must be adapted in every layer. */
static int name_hits(char **targets, const bool *hit, const struct modules *s, const char *file)
{
    int count[N_TARGETS] = { 0 };
    struct text names = { 0 };

    for (int i = 0; i < s->n; i++)
        if (hit[i])
            count[s->m[i].target]++;
    for (int p = 0; p < N_TARGETS; p++) {
        if (count[p] == 0)
            continue;
        if (count[p] != s->n_layers) {
            text_free(&names);
            return fail(
                FAIL_INPUT,
                "'%s': target_modules adapts '%s' in %d of %d layers; it must be all or none", file,
                target_names[p], count[p], s->n_layers);
        }
        text_join(&names, ",", "%s", target_names[p]);
    }
    *targets = xstrdup(text_string(&names));
    text_free(&names);
    return 0;
}

int peft_targets_read(char **targets, const json_t *j, const struct dims *d, const char *file)
{
    struct modules s;
    int rc;

    modules_make(&s, d);
    bool *hit = xalloc((size_t)s.n, sizeof *hit);
    if (json_is_string(j))
        rc = read_regex(hit, &s, json_string_value(j), file);
    else if (json_is_array(j) && json_array_size(j) > 0)
        rc = read_list(hit, &s, j, file);
    else
        rc = fail(FAIL_INPUT,
                  "'%s': target_modules must be a list of names or a regular expression", file);
    if (rc == 0)
        rc = name_hits(targets, hit, &s, file);
    free(hit);
    modules_free(&s);
    return rc;
}
