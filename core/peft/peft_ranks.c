/* peft_ranks.c - which modules a configuration of PEFT adapts. */
#include "core/peft/peft_ranks.h"

#include "core/adapt/target.h"
#include "core/format/tensor.h"
#include "core/peft/peft_modules.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A configuration that is being read, and the modules that it adapts. */
struct reading {
    const json_t *config;
    const char *file;
    struct modules all;
    bool *hit, *whole; /* [all.n] adapted; named by its whole name */
};

static bool is_empty(const json_t *j)
{
    return !j || json_is_null(j) || (json_is_array(j) && json_array_size(j) == 0) ||
           (json_is_object(j) && json_object_size(j) == 0) ||
           (json_is_string(j) && !*json_string_value(j));
}

/* --- target_modules */

static bool is_linear(const struct module *m)
{
    return m->target >= 0 || m->role == ROLE_POOL_W || m->role == ROLE_HEAD_W ||
           m->role == ROLE_POS_K_W || m->role == ROLE_POS_Q_W;
}

static void mark_all_linear(struct reading *r)
{
    const char *task = json_string_value(json_object_get(r->config, "task_type"));
    bool head = !r->all.arch->causal && !(task && strcmp(task, "SEQ_CLS") == 0);

    for (int i = 0; i < r->all.n; i++)
        r->hit[i] = is_linear(&r->all.m[i]) && (r->all.m[i].role != ROLE_HEAD_W || head);
}

static int check_hits(int n, const char *target, const struct reading *r)
{
    return n > 0 ? 0
                 : fail(FAIL_INPUT, "'%s': target_modules '%s' matches no matrix of this model",
                        r->file, st_escaped(target));
}

static int mark_regex(struct reading *r, const char *text)
{
    struct module_regex *regex = module_regex_make(text, "target_modules", r->file);
    int n = 0;

    for (int i = 0; regex && i < r->all.n; i++)
        n += r->hit[i] = module_regex_full(regex, r->all.m[i].name);
    module_regex_free(regex);
    return regex ? check_hits(n, text, r) : -1;
}

static int mark_list(struct reading *r, const json_t *list)
{
    const json_t *item;
    size_t k;

    json_array_foreach(list, k, item)
    {
        const char *t = json_string_value(item);
        int n = 0;
        if (!t || !*t)
            return fail(FAIL_INPUT, "'%s': target_modules has an entry that is not a name",
                        r->file);
        for (int i = 0; i < r->all.n; i++)
            if (module_ends_with(r->all.m[i].name, t)) {
                n++;
                r->hit[i] = true;
                r->whole[i] |= strcmp(r->all.m[i].name, t) == 0;
            }
        if (check_hits(n, t, r) != 0)
            return -1;
    }
    return 0;
}

static int mark_targets(struct reading *r)
{
    const json_t *j = json_object_get(r->config, "target_modules");
    const char *text = json_string_value(j);

    if (text && strcasecmp(text, "all-linear") == 0)
        mark_all_linear(r);
    else if (text)
        return mark_regex(r, text);
    else if (json_is_array(j) && json_array_size(j) > 0)
        return mark_list(r, j);
    else
        return fail(FAIL_INPUT,
                    "'%s': target_modules must be a list of names or a regular expression",
                    r->file);
    return 0;
}

/* --- what is left out */

static int leave_out_excluded(struct reading *r)
{
    const json_t *j = json_object_get(r->config, "exclude_modules"), *item;
    struct module_regex *regex = NULL;
    size_t k;

    if (is_empty(j))
        return 0;
    if (!json_is_string(j) && !json_is_array(j))
        return fail(FAIL_INPUT,
                    "'%s': exclude_modules must be a list of names or a regular expression",
                    r->file);
    if (json_is_string(j)) {
        regex = module_regex_make(json_string_value(j), "exclude_modules", r->file);
        if (!regex)
            return -1;
    }
    for (int i = 0; i < r->all.n; i++) {
        if (regex && module_regex_full(regex, r->all.m[i].name))
            r->hit[i] = false;
        json_array_foreach(j, k, item)
        {
            const char *name = json_string_value(item);
            if (name && module_ends_with(r->all.m[i].name, name))
                r->hit[i] = false;
        }
    }
    module_regex_free(regex);
    return 0;
}

/* Is PART one of the names between the dots of NAME? */
static bool has_part(const char *name, const char *part)
{
    size_t n = strlen(part);

    for (const char *p = name; p; p = strchr(p, '.') ? strchr(p, '.') + 1 : NULL)
        if (strncmp(p, part, n) == 0 && (p[n] == '.' || !p[n]))
            return true;
    return false;
}

static void leave_out_saved(struct reading *r)
{
    const json_t *item;
    size_t k;

    json_array_foreach(json_object_get(r->config, "modules_to_save"), k, item)
    {
        const char *name = json_string_value(item);
        for (int i = 0; i < r->all.n && name; i++)
            if (has_part(r->all.m[i].name, name))
                r->hit[i] = false;
    }
}

/* --- layers_to_transform */

/* The layer of a module as layers_pattern finds it; -1: none. Without a pattern it is the first
 * number after at least two names. */
static int layer_by_pattern(const struct reading *r, const char *name, int *rc)
{
    const json_t *j = json_object_get(r->config, "layers_pattern");
    int layer = -1, n = is_empty(j) ? 1 : json_is_string(j) ? 1 : (int)json_array_size(j);

    for (int i = 0; i < n && layer < 0 && *rc == 0; i++) {
        const char *word = json_string_value(json_is_array(j) ? json_array_get(j, (size_t)i) : j);
        char *text = word && *word ? xprintf("(?:.*?\\.)?%s\\.(\\d+)\\.", word)
                                   : xstrdup(".*?\\.[^.]*\\.(\\d+)\\.");
        struct module_regex *regex = module_regex_make(text, "layers_pattern", r->file);
        if (regex)
            layer = module_regex_number(regex, name);
        *rc = regex ? 0 : -1;
        module_regex_free(regex);
        free(text);
    }
    return layer;
}

static bool has_layer(const json_t *j, int layer)
{
    const json_t *item;
    size_t k;

    json_array_foreach(j, k, item) if (json_integer_value(item) == layer) return true;
    return json_is_integer(j) && json_integer_value(j) == layer;
}

static int check_layers(const struct reading *r, const json_t *j)
{
    const json_t *item;
    size_t k;

    if (!json_is_integer(j) && !json_is_array(j))
        return fail(FAIL_INPUT, "'%s': layers_to_transform must be a whole number or a list",
                    r->file);
    json_array_foreach(j, k, item) if (!json_is_integer(item)) return fail(
        FAIL_INPUT, "'%s': layers_to_transform has an entry that is not a whole number", r->file);
    if (json_is_string(json_object_get(r->config, "target_modules")))
        return fail(FAIL_INPUT,
                    "'%s': layers_to_transform is set, but target_modules is not a list, which "
                    "PEFT refuses, too",
                    r->file);
    return 0;
}

static int leave_out_layers(struct reading *r)
{
    const json_t *j = json_object_get(r->config, "layers_to_transform");
    int rc = 0;

    if (is_empty(j))
        return 0;
    if (check_layers(r, j) != 0)
        return -1;
    for (int i = 0; i < r->all.n && rc == 0; i++)
        if (r->hit[i] && !r->whole[i])
            r->hit[i] = has_layer(j, layer_by_pattern(r, r->all.m[i].name, &rc));
    return rc;
}

/* --- ranks */

static int check_pattern(const struct reading *r, const char *key)
{
    const json_t *j = json_object_get(r->config, key), *value;
    bool rank = strcmp(key, "rank_pattern") == 0;
    const char *name;

    if (is_empty(j))
        return 0;
    if (!json_is_object(j))
        return fail(FAIL_INPUT, "'%s': %s must be an object", r->file, key);
    json_object_foreach((json_t *)(uintptr_t)j, name, value)
    {
        double x = json_number_value(value);
        if (rank ? !json_is_integer(value) || x < 1 || x > 65536 : !(x >= 1e-6) || !(x <= 1e6))
            return fail(FAIL_INPUT, "'%s': %s of '%s' must be a %s", r->file, key, st_escaped(name),
                        rank ? "whole number from 1 to 65536" : "number from 1e-6 to 1e6");
    }
    return 0;
}

/* The value of the first key of the pattern that matches the module; USUAL if there is none. */
static double pattern_value(const struct reading *r, const char *key, const char *module,
                            double usual, int *rc)
{
    const json_t *value;
    const char *name;

    json_object_foreach(json_object_get(r->config, key), name, value)
    {
        char *text = xprintf("(?:.*\\.)?(?:%s)", name);
        struct module_regex *regex = module_regex_make(text, key, r->file);
        bool hit = regex && module_regex_full(regex, module);
        *rc = regex ? *rc : -1;
        module_regex_free(regex);
        free(text);
        if (hit || *rc != 0)
            return json_number_value(value);
    }
    return usual;
}

static int fail_module(const struct reading *r, const struct module *m)
{
    const json_t *j = json_object_get(r->config, "target_modules");
    const char *text = json_string_value(j), *by = text;
    const json_t *item;
    size_t k;

    json_array_foreach(j, k, item) if (!by && module_ends_with(m->name, json_string_value(item)))
        by = json_string_value(item);
    return fail(FAIL_INPUT,
                "'%s': target_modules '%s' includes '%s', which no method adapts; methods adapt "
                "the projections of a block%s",
                r->file, st_escaped(by ? by : ""), m->name,
                r->all.arch->causal ? "" : ", and adapters of PEFT also the pooler");
}

static int set_ranks(struct rank *at, struct rank *pooler, const struct lora_cfg *cfg,
                     const struct reading *r)
{
    int rc = 0, n = 0;

    for (int i = 0; i < r->all.n && rc == 0; i++) {
        const struct module *m = &r->all.m[i];
        struct rank *to = m->role == ROLE_POOL_W ? pooler : &at[target_slot(m->layer, m->target)];
        if (!r->hit[i])
            continue;
        if (m->target < 0 && m->role != ROLE_POOL_W)
            return fail_module(r, m);
        to->r = (int)pattern_value(r, "rank_pattern", m->name, (double)cfg->rank, &rc);
        to->alpha = pattern_value(r, "alpha_pattern", m->name, cfg->alpha, &rc);
        n += to != pooler;
    }
    if (rc == 0 && n == 0)
        rc = fail(FAIL_INPUT, "'%s' adapts no matrix of a block of this model", r->file);
    return rc;
}

int peft_ranks_read(struct lora_cfg *cfg, struct rank *pooler, const json_t *config,
                    const struct dims *d, bool bare, const char *file)
{
    struct reading r = { .config = config, .file = file };
    struct rank *at = xalloc((size_t)(d->n_layers * N_TARGETS), sizeof *at);

    *pooler = (struct rank){ 0 };
    modules_make(&r.all, d, bare);
    r.hit = xalloc((size_t)r.all.n, sizeof *r.hit);
    r.whole = xalloc((size_t)r.all.n, sizeof *r.whole);
    int rc = mark_targets(&r);
    if (rc == 0)
        rc = leave_out_excluded(&r);
    if (rc == 0)
        rc = leave_out_layers(&r);
    if (rc == 0) {
        leave_out_saved(&r);
        rc = check_pattern(&r, "rank_pattern") == 0 && check_pattern(&r, "alpha_pattern") == 0
                 ? set_ranks(at, pooler, cfg, &r)
                 : -1;
    }
    if (rc == 0)
        ranks_settings(cfg, at, d);
    modules_free(&r.all);
    free(r.whole);
    free(r.hit);
    free(at);
    return rc;
}

int peft_names_read(struct lora_cfg *cfg, json_t *names, const struct dims *d, const char *file)
{
    json_t *config = json_pack("{s:O}", "target_modules", names);
    struct rank pooler;
    int rc = peft_ranks_read(cfg, &pooler, config, d, false, file);

    json_decref(config);
    return rc == 0 && pooler.r > 0
               ? fail(FAIL_INPUT, "'%s' adapts the pooler, which is not supported here", file)
               : rc;
}
