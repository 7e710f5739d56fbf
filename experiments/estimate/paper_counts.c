/* paper_counts.c - the parameter counts that the paper prints, and the configurations they belong
 * to. */
#include "experiments/estimate/paper_counts.h"
#include "core/os/file.h"
#include "core/opt/yaml.h"
#include "experiments/assets/geometry.h"
#include "experiments/estimate/count.h"
#include "results/store/embed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the printed counts: paper.tsv is part of the program */

static const char *paper_tsv(void)
{
    const struct embedded *f = embedded_files;

    while (f->name && strcmp(f->name, "paper.tsv") != 0)
        f++;
    CHECK(f->name, "paper.tsv is not part of the program");
    return f->text;
}

/* A value as it is printed; it lives as long as the program. NULL: the paper does not have it. */
static const char *paper_value(const char *table, const char *row, const char *col)
{
    static struct known {
        char *key, *value;
    } * all;
    static int n;
    char *key = xprintf("%s\t%s\t%s\t", table, row, col);
    const char *at = paper_tsv(), *found = NULL;

    for (int i = 0; i < n && !found; i++)
        if (strcmp(all[i].key, key) == 0)
            found = all[i].value;
    for (; at && !found; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, key, strlen(key)) != 0)
            continue;
        const char *value = at + strlen(key);
        all = xgrow(all, (size_t)n + 1, sizeof *all);
        all[n].key = xstrdup(key);
        found = all[n++].value = xprintf("%.*s", (int)strcspn(value, "\t\n"), value);
    }
    free(key);
    return found;
}

/* --- the configurations they belong to */

void paper_counts_free(struct paper_counts *p)
{
    for (int i = 0; i < p->n; i++) {
        free(p->c[i].table);
        free(p->c[i].row);
        free(p->c[i].model);
        free(p->c[i].words);
        free(p->c[i].note);
    }
    free(p->c);
    *p = (struct paper_counts){ 0 };
}

static int paper_count_read(struct paper_count *c, const struct yaml_node *n)
{
    static const char *const keys[] = { "table", "row", "model", "words" };
    char **to[] = { &c->table, &c->row, &c->model, &c->words };

    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        const char *text = yaml_str(n, keys[i], NULL);
        if (!text)
            return yaml_fail(n, "a row needs '%s'", keys[i]);
        *to[i] = xstrdup(text);
    }
    const char *note = yaml_str(n, "note", NULL);
    c->note = note ? xstrdup(note) : NULL;
    c->printed = paper_value(c->table, c->row, "params_M");
    if (!c->printed)
        return yaml_fail(n, "table %s of the paper has no row '%s' with params_M", c->table,
                         c->row);
    if (!geometry_find(c->model))
        return yaml_fail(n, "unknown geometry '%s'", c->model);
    return 0;
}

int paper_counts_load(struct paper_counts *p)
{
    char *path = share_path("experiments/paper/counts.yaml");
    struct yaml *y = yaml_load(path);
    const struct yaml_node *rows = y ? yaml_get(yaml_root(y), "rows") : NULL;
    int rc = y ? 0 : -1;

    *p = (struct paper_counts){ 0 };
    if (y && (!rows || yaml_count(rows) == 0))
        rc = yaml_fail(yaml_root(y), "'rows' is missing");
    p->c = xalloc((size_t)(rows ? yaml_count(rows) : 0) + 1, sizeof *p->c);
    for (int i = 0; rc == 0 && i < yaml_count(rows); i++) {
        p->n++;
        rc = paper_count_read(&p->c[i], yaml_item(rows, i));
    }
    if (rc != 0)
        paper_counts_free(p);
    yaml_free(y);
    free(path);
    return rc;
}

static int words_settings(struct settings *v, const char *words)
{
    char *copy = xstrdup(words), *rest = copy, *word;
    int rc = 0;

    while (rc == 0 && (word = strsep(&rest, " ")))
        if (*word)
            rc = settings_word(v, word);
    free(copy);
    return rc;
}

/* The method that WORDS name; the caller frees it. */
static char *words_method(const char *words)
{
    const char *at = strstr(words, "method=");

    return at ? xprintf("%.*s", (int)strcspn(at + 7, " "), at + 7) : xstrdup("lora");
}

int paper_counts_recipe(struct recipe *r, const struct paper_count *c)
{
    struct settings v = { 0 };
    char *method = words_method(c->words);
    int rc = adapt_find(method) ? 0 : 1;

    *r = (struct recipe){ 0 };
    if (rc == 0 && (rc = words_settings(&v, c->words)) == 0)
        rc = recipe_parse(r, &v);
    settings_free(&v);
    free(method);
    return rc;
}

bool paper_counts_match(const struct paper_count *c, const char *model, const struct recipe *r)
{
    struct settings v = { 0 };
    struct recipe own;
    bool same = strcmp(c->model, model) == 0 && paper_counts_recipe(&own, c) == 0;
    char a[256], b[256];

    if (!same)
        return false;
    words_settings(&v, c->words);
    for (int i = 0; i < v.n && same; i++) {
        void *x = NULL, *y = NULL;
        const struct opt *o = recipe_opt(&own, v.s[i].key, &x), *p = recipe_opt(r, v.s[i].key, &y);
        same = o && p && strcmp(opt_text(o, x, a, sizeof a), opt_text(p, y, b, sizeof b)) == 0;
    }
    settings_free(&v);
    recipe_free(&own);
    return same;
}

const char *paper_counts_agree(char buf[64], double n, const char *printed)
{
    const char *dot = strchr(printed, '.');
    int digits = dot ? (int)strlen(dot + 1) : 0;
    double value = strtod(printed, NULL), unit = pow(10, digits), scaled = 1e-6 * n * unit;
    double off = 100 * (1e6 * value / n - 1);

    value = round(value * unit);
    if (value == round(scaled))
        snprintf(buf, 64, "yes");
    else if (value == floor(scaled))
        snprintf(buf, 64, "yes, cut off");
    else
        snprintf(buf, 64, "no: %.2g %% %s the formula", fabs(off), off > 0 ? "above" : "below");
    return buf;
}

static int table_add(struct rows *t, const struct paper_count *c)
{
    const struct geometry *p = geometry_find(c->model);
    char *where = xprintf("%s %s", c->table, c->row), *absent = NULL, number[40] = "",
         agrees[64] = "";
    struct recipe r;
    struct counted n = { 0 };
    int rc = paper_counts_recipe(&r, c);

    if (rc == 1) {
        char *method = words_method(c->words);
        absent = xprintf("this build has no method '%s'", method);
        free(method);
        rc = 0;
    } else if (rc == 0) {
        struct dims d = count_dims(&p->d, &r);
        rc = count_method(&n, &d, true, &r);
        rows_number(number, n.trained, 15);
        paper_counts_agree(agrees, n.trained, c->printed);
        recipe_free(&r);
    }
    if (rc == 0)
        rows_add(t, (const char *[]){ where, c->printed, c->model, c->words, number,
                                      absent ? absent : agrees, c->note });
    free(absent);
    free(where);
    return rc;
}

int paper_counts_table(struct rows *t)
{
    static const char *const cols[] = {
        "row of the paper", "printed, M",    "model", "configuration",
        "formula gives",    "do they agree", "why",   NULL
    };
    struct paper_counts p;
    int rc = paper_counts_load(&p);

    if (rc != 0)
        return -1;
    rows_init(t, cols);
    for (int i = 0; i < p.n && rc == 0; i++)
        rc = table_add(t, &p.c[i]);
    if (rc != 0)
        rows_free(t);
    paper_counts_free(&p);
    return rc;
}
