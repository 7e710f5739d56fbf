/* peft_targets.c - which matrices PEFT adapts: names matched by their ends, or a regular
 * expression. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "core/adapt/peft.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* Every module with a weight, under the name transformers gives it; proj -1: not one of our six. */
struct module {
    char *name;
    int proj;
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

static void modules_make(struct modules *s, const struct dims *d)
{
    static const char weight[] = ".weight";

    *s = (struct modules){ .n_layers = d->n_layers };
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, d->arch) == 0)
            s->arch = *a;
    CHECK(s->arch, "'%s'", d->arch);
    int n = s->arch->params(d, NULL, 0);
    struct param *p = xalloc((size_t)n, sizeof *p);
    s->arch->params(d, p, n);
    s->m = xalloc((size_t)n + 1, sizeof *s->m);
    for (int i = 0; i < n; i++) {
        size_t length = strlen(p[i].name), k = strlen(weight);
        if (length > k && strcmp(p[i].name + length - k, weight) == 0)
            s->m[s->n++] = (struct module){
                xprintf("%s%.*s", s->arch->prefix, (int)(length - k), p[i].name),
                p[i].layer >= 0 && p[i].role < ROLE_B ? (int)p[i].role : -1,
            };
        free(p[i].name);
    }
    free(p);
    s->m[s->n++] = (struct module){ xstrdup("classifier"), -1 };
}

/* PEFT: the whole name, or its end after a dot. */
static bool ends_with(const char *name, const char *target)
{
    size_t n = strlen(name), k = strlen(target);

    return n >= k && strcmp(name + n - k, target) == 0 && (n == k || name[n - k - 1] == '.');
}

/* --- writing */

static bool only_wanted(const struct modules *s, const char *target, const bool want[N_PROJ])
{
    for (int i = 0; i < s->n; i++)
        if (ends_with(s->m[i].name, target) && (s->m[i].proj < 0 || !want[s->m[i].proj]))
            return false;
    return true;
}

/* "attention.self.query" of "encoder.layer.0.attention.self.query". */
static const char *in_block(const struct modules *s, int p)
{
    const char *name = s->arch->proj_name(0, (enum proj)p), *dot = strstr(name, ".0.");

    CHECK(dot, "'%s' has no layer number", name);
    return dot + 3;
}

/* The shortest end of a projection's name that touches wanted ones only; NULL: there is none. */
static const char *shortest(const struct modules *s, int p, const bool want[N_PROJ])
{
    const char *from = in_block(s, p), *best = NULL;

    for (const char *t = from; t; t = strchr(t, '.') ? strchr(t, '.') + 1 : NULL)
        if (only_wanted(s, t, want))
            best = t;
    return best;
}

static void add_escaped(char *to, size_t size, const char *name)
{
    size_t n = strlen(to);

    for (; *name && n + 2 < size; name++) {
        if (*name == '.')
            to[n++] = '\\';
        to[n++] = *name;
    }
    to[n] = 0;
}

/* ".*\.layer\.\d+\.(attention\.self\.query|output\.dense)" */
static json_t *as_regex(const struct modules *s, const bool want[N_PROJ])
{
    const char *name = s->arch->proj_name(0, PROJ_Q), *zero = strstr(name, ".0."), *list = zero;
    char text[512] = ".*\\.";
    int n = 0, n_want = 0;

    while (list > name && list[-1] != '.')
        list--;
    strncat(text, list, (size_t)(zero - list));
    strcat(text, "\\.\\d+\\.");
    for (int p = 0; p < N_PROJ; p++)
        n_want += want[p];
    strcat(text, n_want > 1 ? "(" : "");
    for (int p = 0; p < N_PROJ; p++) {
        if (!want[p])
            continue;
        strcat(text, n++ ? "|" : "");
        add_escaped(text, sizeof text - 2, in_block(s, p));
    }
    strcat(text, n_want > 1 ? ")" : "");
    return json_string(text);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void wanted(bool want[N_PROJ], const char *targets)
{
    for (const char *t = targets; *t; t += strcspn(t, ",") + (t[strcspn(t, ",")] == ',')) {
        int p = 0;
        while (p < N_PROJ &&
               (strncmp(t, proj_names[p], strcspn(t, ",")) != 0 || proj_names[p][strcspn(t, ",")]))
            p++;
        CHECK(p < N_PROJ, "'%s'", targets);
        want[p] = true;
    }
}

json_t *peft_targets_write(const char *targets, const struct dims *d)
{
    bool want[N_PROJ] = { 0 };
    char *name[N_PROJ];
    struct modules s;
    int n = 0;
    json_t *j = NULL;

    wanted(want, targets);
    modules_make(&s, d);
    for (int p = 0; p < N_PROJ; p++) {
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

/* One pattern against every module: hit[i] is set where it matches. */
static int take(bool *hit, const struct modules *s, bool (*match)(const void *, const char *),
                const void *pattern, const char *shown, const char *file)
{
    int n = 0;

    for (int i = 0; i < s->n; i++) {
        if (!match(pattern, s->m[i].name))
            continue;
        if (s->m[i].proj < 0)
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

/* Python's re.fullmatch; the limit keeps a malicious pattern from running for ever. */
static int read_regex(bool *hit, const struct modules *s, const char *text, const char *file)
{
    struct regex r = { 0 };
    PCRE2_UCHAR why[128];
    PCRE2_SIZE at;
    int err, rc;

    if (strcmp(text, "all-linear") == 0)
        return fail(
            FAIL_INPUT,
            "'%s': target_modules \"all-linear\" adapts the pooler too, which is not supported; "
            "list the matrices instead",
            file);
    r.code = pcre2_compile((PCRE2_SPTR)text, strlen(text),
                           PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF, &err, &at, NULL);
    if (!r.code) {
        pcre2_get_error_message(err, why, sizeof why);
        return fail(FAIL_INPUT, "'%s': target_modules '%s' is not a regular expression: %s", file,
                    st_escaped(text), (const char *)why);
    }
    r.data = pcre2_match_data_create(1, NULL);
    r.limits = pcre2_match_context_create(NULL);
    CHECK(r.data && r.limits, "no memory for a match");
    pcre2_set_match_limit(r.limits, 100000);
    rc = take(hit, s, match_regex, &r, text, file);
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
            return fail(FAIL_INPUT, "'%s': target_modules holds something that is not a name",
                        file);
        if (take(hit, s, match_end, t, t, file) != 0)
            return -1;
    }
    return 0;
}

/* The projections that were hit, in our names; one that is adapted in some layers only is refused.
 */
static int name_hits(char **targets, const bool *hit, const struct modules *s, const char *file)
{
    int count[N_PROJ] = { 0 };
    char text[64] = "";

    for (int i = 0; i < s->n; i++)
        if (hit[i])
            count[s->m[i].proj]++;
    for (int p = 0; p < N_PROJ; p++) {
        if (count[p] == 0)
            continue;
        if (count[p] != s->n_layers)
            return fail(
                FAIL_INPUT,
                "'%s': target_modules adapts '%s' in %d of %d layers; it must be all or none", file,
                proj_names[p], count[p], s->n_layers);
        strcat(text, *text ? "," : "");
        strcat(text, proj_names[p]);
    }
    *targets = xstrdup(text);
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
