/* shown.c - the table and the figure of a study. */
#include "experiments/study/shown.h"
#include "core/opt/suggest.h"
#include "core/os/file.h"
#include "core/os/share.h"
#include "experiments/recipe/keys.h"
#include "results/query/query.h"

#include <stdlib.h>
#include <string.h>

/* Words whose values are keys, and others. */
static const char *const table_words[] = { "rows",   "cols",    "also",  "value", "stat",
                                           "beside", "average", "where", NULL };
static const char *const figure_words[] = { "x",    "series", "panel", "y",     "logx",
                                            "kind", "where",  "stat",  "split", NULL };
static const char *const of_keys[] = { "rows", "cols", "also", "x", "series", "panel", NULL };
/* What follows from recipe keys, and the x of curves. */
static const char *const more_keys[] = { "scale",    "parameters", "encoder", "cut",
                                         "examples", "step",       "epoch",   NULL };

static bool is_in(const char *name, const char *const *list)
{
    while (*list && strcmp(*list, name) != 0)
        list++;
    return *list != NULL;
}

static int check_keys(const struct yaml_node *n, const char *text)
{
    char *copy = xstrdup(text), hint[SUGGEST_HINT];
    int rc = 0;

    for (char *save = NULL, *w = strtok_r(copy, ", ", &save); w && rc == 0;
         w = strtok_r(NULL, ", ", &save))
        if (!keys_find(w) && !is_in(w, more_keys)) {
            keys_hint(hint, w);
            rc = yaml_fail(n, "unknown key '%s'%s", w, hint);
        }
    free(copy);
    return rc;
}

static int read_words(json_t *words, const struct yaml_node *map, const char *const *known)
{
    char hint[SUGGEST_HINT];

    for (int i = 0; i < yaml_count(map); i++) {
        const char *name = yaml_key(map, i);
        if (!is_in(name, known))
            return yaml_fail_key(map, i, "unknown word '%s'%s", name,
                                 suggest_hint(hint, name, known, NULL));
        char *value = yaml_list(yaml_item(map, i));
        int rc = is_in(name, of_keys) && check_keys(yaml_item(map, i), value) != 0 ? -1
                 : *value                                                          ? 0
                          : yaml_fail(yaml_item(map, i), "'%s' must be a string or a list", name);
        json_object_set_new(words, name, json_string(value));
        free(value);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* Is there a file FOLDER/NAME.TYPE of the program, or the file of a study of this name? */
static bool is_shipped(const char *folder, const char *name, const char *type)
{
    char *file = xprintf("%s/%s.%s", folder, name, type), *path = share_path(file);
    bool there = !strchr(name, '/') && file_exists(path);

    free(path);
    free(file);
    return there;
}

static int check_name(const struct yaml_node *n, const char *what, const char *name)
{
    bool table = strcmp(what, "table") == 0;
    char hint[SUGGEST_HINT];

    if ((table ? query_find(name) != NULL : is_shipped("plots", name, "gp")) ||
        is_shipped("ablations", name, "yaml"))
        return 0;
    if (table)
        suggest_hint(hint, name, query_names(), "'lowrank table --list' lists them");
    else
        snprintf(hint, sizeof hint, "; 'lowrank figure --list' lists them");
    return yaml_fail(n, "unknown %s '%s'%s", what, name, hint);
}

static int read_one(json_t *spec, const struct yaml_node *root, const char *what,
                    const char *const *known)
{
    const struct yaml_node *n = yaml_get(root, what);

    if (!n)
        return 0;
    if (yaml_kind(n) == YAML_MAP) {
        json_t *words = json_object();
        json_object_set_new(spec, what, words);
        return read_words(words, n, known);
    }
    if (!yaml_text(n) || !*yaml_text(n))
        return yaml_fail(n, "'%s' must be a name, or a mapping such as %s", what,
                         strcmp(what, "table") == 0 ? "{rows: rank, cols: targets}"
                                                    : "{x: rank, series: targets}");
    json_object_set_new(spec, what, json_string(yaml_text(n)));
    return check_name(n, what, yaml_text(n));
}

int shown_read(json_t *spec, const struct yaml_node *root)
{
    return read_one(spec, root, "table", table_words) != 0 ||
                   read_one(spec, root, "figure", figure_words) != 0
               ? -1
               : 0;
}
