/* pivot_words.c - the words of a table or a figure, from wherever they were written. */
#include "results/pivot/pivot_words.h"
#include "core/opt/yaml.h"
#include "core/os/file.h"
#include "core/os/share.h"

#include <stdlib.h>
#include <string.h>

const char *const pivot_table_known[] = { "rows", "cols",   "also",    "value",
                                          "stat", "beside", "average", NULL };

void pivot_words_free(struct pivot_words *w)
{
    for (int i = 0; i < w->n; i++) {
        free(w->name[i]);
        free(w->value[i]);
    }
    *w = (struct pivot_words){ 0 };
}

const char *pivot_words_get(const struct pivot_words *w, const char *name)
{
    for (int i = 0; i < w->n; i++)
        if (strcmp(w->name[i], name) == 0)
            return w->value[i];
    return NULL;
}

void pivot_words_set(struct pivot_words *w, const char *name, const char *value)
{
    if (pivot_words_get(w, name) || w->n == PIVOT_WORDS)
        return;
    w->name[w->n] = xstrdup(name);
    w->value[w->n++] = xstrdup(value);
}

void pivot_words_lines(struct pivot_words *w, const char *text)
{
    for (const char *s = text; s && *s; s += strcspn(s, "\n"), s += *s == '\n') {
        char *line = xprintf("%.*s", (int)strcspn(s, "\n"), s), *is = strchr(line, '=');
        if (is) {
            *is = 0;
            pivot_words_set(w, line, is + 1);
        }
        free(line);
    }
}

int pivot_words_file(struct pivot_words *w, const char *name, const char *member)
{
    char *file = xprintf("ablations/%s.yaml", name), *path = share_path(file);
    int rc = 0;

    if (!strchr(name, '/') && file_exists(path)) {
        struct yaml *y = yaml_load(path);
        const struct yaml_node *m = y ? yaml_get(yaml_root(y), member) : NULL;
        rc = !y ? -1 : m && yaml_kind(m) == YAML_MAP;
        for (int i = 0; rc == 1 && i < yaml_count(m); i++) {
            char *value = yaml_list(yaml_item(m, i));
            pivot_words_set(w, yaml_key(m, i), value);
            free(value);
        }
        yaml_free(y);
    }
    free(path);
    free(file);
    return rc;
}

void pivot_words_take(struct pivot_words *w, const char **rest, const char *const *params,
                      const char *const *known)
{
    int n = 0;

    for (const char *const *p = params; p && p[0]; p += 2) {
        const char *const *k = known;
        while (*k && strcmp(*k, p[0]) != 0)
            k++;
        if (*k) {
            pivot_words_set(w, p[0], p[1]);
        } else {
            rest[n++] = p[0];
            rest[n++] = p[1];
        }
    }
    rest[n] = NULL;
}
