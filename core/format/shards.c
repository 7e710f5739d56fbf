/* shards.c - the index of a checkpoint in several files. */
#include "core/format/shards.h"
#include "core/format/json.h"

#include <stdlib.h>
#include <string.h>

bool shards_is(const char *path)
{
    static const char end[] = ".index.json";
    size_t n = strlen(path), k = strlen(end);

    return n >= k && strcmp(path + n - k, end) == 0;
}

/* Is NAME inside the folder, wherever that is? */
static bool is_inside(const char *name)
{
    const char *p = name;

    if (!*name || *name == '/')
        return false;
    while (p) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 2 && memcmp(p, "..", 2) == 0))
            return false;
        p = p[n] ? p + n + 1 : NULL;
    }
    return true;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_map(struct shards *s, const json_t *index)
{
    json_t *map = json_object_get(index, "weight_map"), *value;
    const char *name;
    int n = 0;

    if (!json_is_object(map))
        return fail(FAIL_INPUT, "'%s': weight_map is %s; it must be an object of file names",
                    s->path, map ? "no object" : "missing");
    if (json_object_size(map) == 0)
        return fail(FAIL_INPUT, "'%s': weight_map names no tensor", s->path);
    s->map = json_incref(map);
    s->file = xalloc(json_object_size(map), sizeof *s->file);
    json_object_foreach(map, name, value)
    {
        const char *file = json_string_value(value);
        if (!file)
            return fail(FAIL_INPUT, "'%s': the file of tensor '%s' is not a string", s->path,
                        st_escaped(name));
        if (!is_inside(file))
            return fail(FAIL_INPUT,
                        "'%s': the index puts tensor '%s' in '%s', which must be a file in the "
                        "same folder",
                        s->path, st_escaped(name), st_escaped(file));
        s->file[s->n++] = xstrdup(file);
    }
    qsort(s->file, (size_t)s->n, sizeof *s->file, by_text);
    for (int i = 0; i < s->n; i++)
        if (n > 0 && strcmp(s->file[n - 1], s->file[i]) == 0)
            free(s->file[i]);
        else
            s->file[n++] = s->file[i];
    s->n = n;
    return 0;
}

int shards_read(struct shards *s, const char *path)
{
    json_t *index = json_read(path);

    *s = (struct shards){ .path = xstrdup(path) };
    int rc = index ? read_map(s, index) : -1;
    json_decref(index);
    if (rc != 0)
        shards_free(s);
    return rc;
}

void shards_free(struct shards *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->file[i]);
    free(s->file);
    free(s->path);
    json_decref(s->map);
    *s = (struct shards){ 0 };
}

/* The tensor T of the file K. */
static int check_tensor(const struct shards *s, const struct st_file *part, int k,
                        const struct st_tensor *t)
{
    const char *said = json_string_value(json_object_get(s->map, t->name));

    if (!said)
        return fail(FAIL_INPUT, "'%s' has the tensor '%s', which '%s' does not name",
                    part[k].file.path, st_escaped(t->name), s->path);
    for (int i = 0; i < k; i++)
        if (st_find(&part[i], t->name))
            return fail(FAIL_INPUT, "tensor '%s' is in two files, '%s' and '%s'",
                        st_escaped(t->name), part[i].file.path, part[k].file.path);
    return 0;
}

/* The tensor NAME, which the index says to be in the file SAID. */
static int check_entry(const struct shards *s, const struct st_file *part, const char *name,
                       const char *said)
{
    int in = -1;

    for (int i = 0; i < s->n; i++)
        if (st_find(&part[i], name))
            in = i;
    if (in < 0)
        return fail(FAIL_INPUT, "'%s' lacks the tensor '%s': it should be in '%s'", s->path,
                    st_escaped(name), st_escaped(said));
    if (strcmp(s->file[in], said) != 0)
        return fail(FAIL_INPUT, "tensor '%s' is in '%s', but '%s' says that it is in '%s'",
                    st_escaped(name), part[in].file.path, s->path, st_escaped(said));
    return 0;
}

int shards_check(const struct shards *s, const struct st_file *part)
{
    const char *name;
    json_t *value;

    for (int k = 0; k < s->n; k++)
        for (int i = 0; i < part[k].n; i++)
            if (check_tensor(s, part, k, &part[k].t[i]) != 0)
                return -1;
    json_object_foreach(s->map, name,
                        value) if (check_entry(s, part, name, json_string_value(value)) !=
                                   0) return -1;
    return 0;
}
