/* adhoc.c - a study without a file. */
#include "experiments/study/adhoc.h"
#include "core/base/text.h"
#include "core/opt/home.h"
#include "core/os/file.h"
#include "experiments/study/axes.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* The first line, by which such a file is known again. */
static const char mark[] = "# written by 'lowrank sweep'";

/* A string that YAML reads back as it is. */
static void add_quoted(struct text *t, const char *value)
{
    json_t *j = json_string(value);
    char *quoted = j ? json_dumps(j, JSON_ENCODE_ANY) : NULL;

    text_add(t, "%s", quoted ? quoted : "\"\"");
    free(quoted);
    json_decref(j);
}

static void add_axis(struct text *axes, struct text *keys, const struct axis *a)
{
    text_add(axes, "  %s: [", a->key);
    for (int i = 0; i < a->n; i++) {
        text_add(axes, "%s", i ? ", " : "");
        add_quoted(axes, a->value[i]);
    }
    text_add(axes, "]\n");
    text_add(keys, "_%s", a->key);
}

static int add_word(struct text *base, struct text *axes, struct text *keys,
                    const struct setting *w)
{
    struct axes v = { xalloc(1, sizeof *v.a), 1 };
    int rc = axes_word(&v.a[0], w->key, w->value, w->location);

    if (rc == 0 && v.a[0].n > 1) {
        add_axis(axes, keys, &v.a[0]);
    } else if (rc == 0) {
        text_add(base, "  %s: ", w->key);
        add_quoted(base, w->value);
        text_add(base, "\n");
    }
    axes_free(&v);
    return rc;
}

int adhoc_text(char **text, char **name_used, const char *name, const struct settings *words,
               long seeds)
{
    struct text base = { 0 }, axes = { 0 }, keys = { 0 }, all = { 0 };
    int rc = 0;

    for (int i = 0; i < words->n && rc == 0; i++)
        rc = add_word(&base, &axes, &keys, &words->s[i]);
    if (rc == 0) {
        *name_used = name ? xstrdup(name) : xprintf("sweep%s", text_string(&keys));
        text_add(&all, "%s; under another name you can change it\nstudy: ", mark);
        add_quoted(&all, *name_used);
        text_add(&all, "\nbase:%s\n%s", base.n ? "" : " {}", text_string(&base));
        if (axes.n)
            text_add(&all, "axes:\n%s", axes.s);
        if (seeds > 0)
            text_add(&all, "seeds: %ld\n", seeds);
        *text = text_take(&all);
    }
    text_free(&keys);
    text_free(&axes);
    text_free(&base);
    return rc;
}

char *adhoc_path(const char *home, const char *name)
{
    char *file = xprintf("studies/%s.yaml", name), *path = home_path(home, file);
    char *full = realpath(path, NULL);

    free(file);
    if (full)
        free(path);
    return full ? full : path;
}

int adhoc_write(const char *path, const char *text)
{
    char *dir = xprintf("%.*s", (int)(strrchr(path, '/') - path), path);
    struct file f = { 0 };
    int rc = make_dirs(dir);

    free(dir);
    if (rc == 0 && file_exists(path)) {
        rc = file_map(&f, path);
        if (rc == 0 && (f.size < sizeof mark - 1 || memcmp(f.data, mark, sizeof mark - 1) != 0))
            rc = fail(FAIL_USAGE, "'%s' was written by somebody else; give the sweep another name",
                      path);
        if (rc == 0)
            file_unmap(&f);
    }
    return rc == 0 ? file_write(path, text, strlen(text), FAIL_STORE) : -1;
}
