/* claims_load.c - claims from their files. */
#include "results/verdicts/claims.h"
#include "core/base/text.h"
#include "core/opt/opt.h"
#include "core/opt/suggest.h"
#include "core/opt/yaml.h"
#include "core/os/sha256.h"
#include "results/query/query.h"
#include "results/verdicts/claims_part.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

const char *const claim_kinds[] = { "better", "not_worse",   "equal", "above",
                                    "below",  "correlation", NULL };
const char *const claim_families[] = { "paper", "beyond", NULL };

#define AT(f) offsetof(struct claim, f)
/* The keys of a claim that have a single value. */
static const struct opt keys[] = {
    { "claim", 0, OPT_STR, AT(id), NULL, 0, 0, NULL, "the name of the claim and of its file" },
    { "sentence", 0, OPT_STR, AT(sentence), NULL, 0, 0, NULL, "what the paper says, in our words" },
    { "section", 0, OPT_STR, AT(section), NULL, 0, 0, NULL, "where the paper says it" },
    { "family", 0, OPT_CHOICE, AT(family), "paper", 0, 0, CLAIM_FAMILIES,
      "is it a claim of the paper, or beyond it?" },
    { "kind", 0, OPT_CHOICE, AT(kind), NULL, 0, 0, CLAIM_KINDS, "where the difference must lie" },
    { "margin", 0, OPT_REAL, AT(margin), "0", 0, 1e6, NULL, "a difference that does not matter" },
    { "bound", 0, OPT_REAL, AT(bound), "0", -1e6, 1e6, NULL,
      "what the value must be above or below" },
    { "query", 0, OPT_STR, AT(query), "compare", 0, 0, NULL, "results/queries/claim_QUERY.sql" },
    { "study", 0, OPT_STR, AT(study), NULL, 0, 0, NULL, "the study whose runs it reads" },
    { "units", 0, OPT_INT, AT(units), "3", 2, 1000, NULL, "units needed to decide" },
    { "planned", 0, OPT_INT, AT(planned), "12", 2, 1000, NULL, "no verdict uses more units" },
    { "looks", 0, OPT_INT, AT(looks), "4", 1, 100, NULL, "at how many numbers of units, evenly" },
    { "parts", 0, OPT_INT, AT(parts), "1", 1, 1000, NULL, "comparisons needed to decide" },
    { "average", 0, OPT_BOOL, AT(average), "false", 0, 0, NULL, "test the average over tasks" },
    { "unit", 0, OPT_STR, AT(unit), "seeds", 0, 0, NULL, "what is counted" },
    { "changed", 0, OPT_STR, AT(changed), NULL, 0, 0, NULL,
      "YYYY-MM-DD, why: the test was changed after numbers had been seen" },
    { "make", 0, OPT_STR, AT(make), NULL, 0, 0, NULL, "the command that produces its runs" },
    { .type = OPT_END },
};
static const char *const required[] = { "claim", "sentence", "section", "kind", "study" };

/* --- the paper's numbers */

/* Is there a line "TAB<tab>ROW<tab>COL<tab>" in paper.tsv? */
static bool in_paper(const struct embedded *files, const struct claim_number *x)
{
    char *start = xprintf("\n%s\t%s\t%s\t", x->tab, x->row, x->col);
    bool found = false;

    for (; files->name && !found; files++)
        found = strcmp(files->name, "paper.tsv") == 0 && strstr(files->text, start);
    free(start);
    return found;
}

/* A list of scalars, or one scalar in its place: how many, and the I-th. */
static int words(const struct yaml_node *n)
{
    return n && yaml_kind(n) == YAML_SEQ ? yaml_count(n) : 1;
}

static const struct yaml_node *word(const struct yaml_node *n, int i)
{
    return yaml_kind(n) == YAML_SEQ ? yaml_item(n, i) : n;
}

/* {table: T5, rows: [...], cols: [...]}: every row with every column. */
static int read_numbers(struct claim *c, const struct yaml_node *n, const struct embedded *files)
{
    static const char *const names[] = { "table", "rows", "cols" };
    static const char form[] = "must be {table: T5, rows: [...], cols: [...]}";
    const struct yaml_node *part[3];

    if (yaml_kind(n) != YAML_MAP || yaml_count(n) != 3)
        return yaml_fail(n, "%s", form);
    for (int i = 0; i < 3; i++)
        if (!(part[i] = yaml_get(n, names[i])) || yaml_kind(part[i]) == YAML_MAP)
            return yaml_fail(n, "%s", form);
    for (int i = 0; i < words(part[1]); i++)
        for (int k = 0; k < words(part[2]); k++) {
            const char *tab = yaml_text(part[0]), *row = yaml_text(word(part[1], i));
            const char *col = yaml_text(word(part[2], k));
            if (!tab || !row || !col)
                return yaml_fail(n, "%s", form);
            c->number = xgrow(c->number, (size_t)c->n_numbers + 1, sizeof *c->number);
            struct claim_number *x = &c->number[c->n_numbers++];
            *x = (struct claim_number){ xstrdup(tab), xstrdup(row), xstrdup(col), NULL };
            if (!in_paper(files, x))
                return yaml_fail(word(part[1], i),
                                 "the paper has no number in table '%s', row '%s', column '%s'",
                                 tab, row, col);
        }
    return 0;
}

/* --- parameters of the query */

static json_t *json_of_node(const struct yaml_node *n)
{
    json_t *j;

    switch (yaml_kind(n)) {
    case YAML_SCALAR: return json_string(yaml_text(n));
    case YAML_SEQ:
        j = json_array();
        for (int i = 0; i < yaml_count(n); i++)
            json_array_append_new(j, json_of_node(yaml_item(n, i)));
        return j;
    default:
        j = json_object();
        for (int i = 0; i < yaml_count(n); i++)
            json_object_set_new(j, yaml_key(n, i), json_of_node(yaml_item(n, i)));
        return j;
    }
}

static void add_param(struct claim *c, const char *name, char *value)
{
    int n = 0;

    while (c->param && c->param[n])
        n += 2;
    c->param = xgrow(c->param, (size_t)n + 3, sizeof *c->param);
    c->param[n] = xstrdup(name);
    c->param[n + 1] = value;
    c->param[n + 2] = NULL;
}

static int read_params(struct claim *c, const struct yaml_node *n, const char *sql)
{
    static const char *const picks[] = { "each", "best", "largest", "smallest", NULL };

    if (yaml_kind(n) != YAML_MAP)
        return yaml_fail(n, "'with' must be a mapping of parameters of query 'claim_%s'", c->query);
    for (int i = 0; i < yaml_count(n); i++) {
        const char *name = yaml_key(n, i), *text = yaml_text(yaml_item(n, i));
        if (!query_takes(sql, name) || strcmp(name, "study") == 0)
            return yaml_fail_key(n, i, "query 'claim_%s' has no parameter '%s' to set", c->query,
                                 name);
        if (strncmp(name, "pick_", 5) == 0) {
            bool known = false;
            for (int k = 0; picks[k]; k++)
                known |= text && strcmp(text, picks[k]) == 0;
            if (!known)
                return yaml_fail(yaml_item(n, i), "'%s' must be each, best, largest or smallest",
                                 name);
        }
        json_t *j = text ? NULL : json_of_node(yaml_item(n, i));
        add_param(c, name, text ? xstrdup(text) : json_dumps(j, JSON_COMPACT));
        json_decref(j);
    }
    return 0;
}

/* --- a file */

static int read_value(struct claim *c, const struct yaml_node *root, int i)
{
    const char *key = yaml_key(root, i);
    const struct yaml_node *value = yaml_item(root, i);
    const struct opt *o = opt_find(keys, key);

    if (strcmp(key, "paper") == 0 || strcmp(key, "with") == 0)
        return 0;
    if (!o) {
        const char *near = suggest_key(key, keys);
        return near ? yaml_fail_key(root, i, "unknown key '%s'; did you mean '%s'?", key, near)
                    : yaml_fail_key(root, i, "unknown key '%s'", key);
    }
    if (yaml_kind(value) != YAML_SCALAR)
        return yaml_fail(value, "'%s' must be a single value", key);
    return opt_set(o, c, yaml_text(value)) == 0 ? 0 : yaml_fail(value, "%s", fail_text());
}

/* "2026-12-01, why" */
static bool is_dated(const char *s)
{
    static const char form[] = "dddd-dd-dd, ";

    for (int i = 0; form[i]; i++)
        if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
            return false;
    return s[strlen(form)] != 0;
}

static int check_claim(struct claim *c, const struct yaml_node *root, const char *file)
{
    for (size_t i = 0; i < ARRAY_LEN(required); i++)
        if (!yaml_get(root, required[i]))
            return yaml_fail(root, "key '%s' is missing", required[i]);
    if (strncmp(file + strlen("claims/"), c->id, strlen(c->id)) != 0 ||
        strcmp(file + strlen("claims/") + strlen(c->id), ".yaml") != 0)
        return yaml_fail(yaml_get(root, "claim"), "'%s' must be the name of the file", c->id);
    if (c->kind <= KIND_EQUAL && c->margin <= 0)
        return yaml_fail(root,
                         "a claim of kind '%s' needs a 'margin' above 0: without one, two arms "
                         "that tie are never decided",
                         claim_kinds[c->kind]);
    if (c->planned < c->units)
        return yaml_fail(yaml_get(root, yaml_get(root, "planned") ? "planned" : "units"),
                         "'planned' must be at least 'units' (%ld), not %ld", c->units, c->planned);
    if (c->changed && !is_dated(c->changed))
        return yaml_fail(yaml_get(root, "changed"), "'changed' must be 'YYYY-MM-DD, why', not '%s'",
                         c->changed);
    bool bounded = c->kind == KIND_ABOVE || c->kind == KIND_BELOW || c->kind == KIND_CORRELATION;
    if (bounded != (yaml_get(root, "bound") != NULL) || (bounded && yaml_get(root, "margin")))
        return yaml_fail(root,
                         bounded ? "a claim of kind '%s' needs a 'bound' and takes no 'margin'"
                                 : "a claim of kind '%s' takes no 'bound'",
                         claim_kinds[c->kind]);
    return 0;
}

/* A short name of everything that makes the test what it is. */
static char *fingerprint(const struct claim *c)
{
    struct text t = { 0 };
    char hex[65];

    text_add(&t, "%d %.17g %.17g %ld %ld %ld %d %s", c->kind, c->margin, c->bound, c->units,
             c->planned, c->parts, c->average, c->query);
    for (int i = 0; c->param && c->param[i]; i++)
        text_add(&t, "\n%s", c->param[i]);
    sha256_hex(hex, t.s, strlen(t.s));
    text_free(&t);
    return xprintf("t%.12s", hex);
}

static int read_claim(struct claim *c, const struct yaml_node *root, const char *file,
                      const struct embedded *files)
{
    const struct yaml_node *paper = yaml_get(root, "paper"), *with = yaml_get(root, "with");

    for (int i = 0; i < yaml_count(root); i++)
        if (read_value(c, root, i) != 0)
            return -1;
    if (check_claim(c, root, file) != 0)
        return -1;
    char *name = xprintf("claim_%s", c->query);
    const char *sql = query_find(name);
    free(name);
    if (!sql)
        return yaml_fail(yaml_get(root, "query"), "unknown query 'claim_%s'", c->query);
    if (query_takes(sql, "study"))
        add_param(c, "study", xstrdup(c->study));
    if (!c->make)
        c->make = xprintf("lowrank sweep %s --seeds {n}", c->study);
    if (with && read_params(c, with, sql) != 0)
        return -1;
    c->fingerprint = fingerprint(c);
    if (paper && yaml_kind(paper) != YAML_SEQ)
        return yaml_fail(paper, "'paper' must be a list");
    for (int i = 0; paper && i < yaml_count(paper); i++)
        if (read_numbers(c, yaml_item(paper, i), files) != 0)
            return -1;
    return 0;
}

int claims_load(struct claims *c, const struct embedded *files)
{
    memset(c, 0, sizeof *c);
    for (const struct embedded *f = files; f->name; f++) {
        if (strncmp(f->name, "claims/", 7) != 0)
            continue;
        char *path = xprintf("results/%s", f->name);
        struct yaml *y = yaml_parse(path, f->text);
        free(path);
        c->claim = xgrow(c->claim, (size_t)c->n + 1, sizeof *c->claim);
        struct claim *new = &c->claim[c->n++];
        memset(new, 0, sizeof *new);
        opt_defaults(keys, new);
        int rc = y ? read_claim(new, yaml_root(y), f->name, files) : -1;
        yaml_free(y);
        if (rc != 0) {
            claims_free(c);
            return -1;
        }
    }
    return 0;
}

static void claim_free_one(struct claim *c)
{
    opt_free(keys, c);
    for (int i = 0; c->param && c->param[i]; i++)
        free(c->param[i]);
    free(c->param);
    free(c->first_day);
    free(c->fingerprint);
    for (int i = 0; i < c->n_numbers; i++) {
        free(c->number[i].tab);
        free(c->number[i].row);
        free(c->number[i].col);
        free(c->number[i].value);
    }
    free(c->number);
}

static void claim_row_free(struct claim_row *r)
{
    for (int i = 0; i < r->n_parts; i++)
        claims_part_free(&r->part[i]);
    free(r->part);
    free(r->model);
    free(r->task);
    free(r->metric);
    free(r->from);
    free(r->why);
}

void claims_free(struct claims *c)
{
    for (int i = 0; i < c->n; i++)
        claim_free_one(&c->claim[i]);
    for (int i = 0; i < c->n_rows; i++)
        claim_row_free(&c->row[i]);
    free(c->claim);
    free(c->row);
    free(c->left_out);
    memset(c, 0, sizeof *c);
}
