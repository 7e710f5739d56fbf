/* peft_modules.c - the modules of a model under the names of transformers, and how PEFT matches
 * them. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/peft/peft_modules.h"

#include "core/adapt/target.h"
#include "core/format/tensor.h"
#include "core/weights/stored.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

void modules_free(struct modules *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->m[i].name);
    free(s->m);
    *s = (struct modules){ 0 };
}

static int target_of(const struct arch *a, const struct param *p)
{
    if (!param_is_proj(p))
        return -1;
    return stored_together(a) && p->role <= ROLE_W + PROJ_V ? (int)TARGET_QKV : (int)p->role;
}

static void add_module(struct modules *s, const struct param *p, bool bare)
{
    static const char weight[] = ".weight";
    char *stored = stored_name(s->arch, p);
    size_t length = strlen(stored), k = strlen(weight);
    struct module m = { .target = target_of(s->arch, p), .layer = p->layer, .role = p->role };

    if (length > k && strcmp(stored + length - k, weight) == 0) {
        m.name = xprintf("%s%.*s", bare ? "" : arch_prefix(s->arch, (int)p->role),
                         (int)(length - k), stored);
        if (s->n > 0 && strcmp(s->m[s->n - 1].name, m.name) == 0)
            free(m.name); /* another part of the same module */
        else
            s->m[s->n++] = m;
    }
    free(stored);
}

/* A decoder's output layer, or the linear layers of a classifier. */
static void add_head(struct modules *s)
{
    static const enum role roles[] = { ROLE_DENSE_W, ROLE_HEAD_W };

    for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
        const char *name = arch_head_name(s->arch, (int)roles[i]);
        if (s->arch->causal && roles[i] == ROLE_HEAD_W)
            name = "lm_head.weight";
        if (name)
            s->m[s->n++] =
                (struct module){ xprintf("%.*s", (int)(strlen(name) - strlen(".weight")), name), -1,
                                 -1, roles[i] };
    }
}

static int by_layer_and_role(const void *a, const void *b)
{
    const struct param *p = a, *q = b;

    return p->layer != q->layer ? p->layer - q->layer : (int)p->role - (int)q->role;
}

void modules_make(struct modules *s, const struct dims *d, bool bare)
{
    *s = (struct modules){ .n_layers = d->n_layers, .arch = arch_find(d->arch) };
    CHECK(s->arch, "'%s'", d->arch);
    int n = arch_params(s->arch, d, NULL, 0);
    struct param *p = xalloc((size_t)n, sizeof *p);
    arch_params(s->arch, d, p, n);
    /* Weights first, so that the parts of a module are neighbors. */
    qsort(p, (size_t)n, sizeof *p, by_layer_and_role);
    s->m = xalloc((size_t)n + 2, sizeof *s->m);
    for (int i = 0; i < n; i++) {
        add_module(s, &p[i], bare);
        free(p[i].name);
    }
    free(p);
    if (!bare)
        add_head(s);
}

bool module_ends_with(const char *name, const char *target)
{
    size_t n = strlen(name), k = strlen(target);

    return n >= k && strcmp(name + n - k, target) == 0 && (n == k || name[n - k - 1] == '.');
}

/* --- regular expressions */

struct module_regex {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

struct module_regex *module_regex_make(const char *text, const char *key, const char *file)
{
    struct module_regex *r = xalloc(1, sizeof *r);
    PCRE2_UCHAR why[128];
    PCRE2_SIZE at;
    int err;

    r->code = pcre2_compile((PCRE2_SPTR)text, strlen(text), PCRE2_UTF, &err, &at, NULL);
    if (!r->code && err == PCRE2_ERROR_HEAP_FAILED)
        alloc_failed(strlen(text), 1);
    if (!r->code) {
        pcre2_get_error_message(err, why, sizeof why);
        fail(FAIL_INPUT, "'%s': %s '%s' is not a regular expression: %s", file, key,
             st_escaped(text), (const char *)why);
        free(r);
        return NULL;
    }
    r->data = pcre2_match_data_create(2, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->data || !r->limits)
        alloc_failed(1, sizeof *r);
    pcre2_set_match_limit(r->limits, 100000); /* stops malicious patterns */
    return r;
}

static bool match(const struct module_regex *r, const char *name, uint32_t how)
{
    return pcre2_match(r->code, (PCRE2_SPTR)name, strlen(name), 0, how, r->data, r->limits) >= 0;
}

bool module_regex_full(const struct module_regex *r, const char *name)
{
    return match(r, name, PCRE2_ANCHORED | PCRE2_ENDANCHORED);
}

int module_regex_number(const struct module_regex *r, const char *name)
{
    if (!match(r, name, PCRE2_ANCHORED))
        return -1;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(r->data);
    return at[2] == PCRE2_UNSET ? -1 : (int)strtol(name + at[2], NULL, 10);
}

void module_regex_free(struct module_regex *r)
{
    if (!r)
        return;
    pcre2_match_context_free(r->limits);
    pcre2_match_data_free(r->data);
    pcre2_code_free(r->code);
    free(r);
}
