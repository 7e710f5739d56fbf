/* model_card.c - what experiments/models/NAME.yaml says of a pretrained model. */
#include "experiments/sources/model_card.h"
#include "core/opt/yaml.h"

#include <stdlib.h>
#include <string.h>

static int card_string(char **dst, const struct yaml_node *root, const char *key)
{
    const char *s = yaml_str(root, key, NULL);

    if (!s || !*s)
        return yaml_fail(root, "'%s' is missing", key);
    *dst = xstrdup(s);
    return 0;
}

static int card_bytes(uint64_t *dst, const struct yaml_node *root, const char *key)
{
    enum { MOST_DIGITS = 12 };
    const char *s = yaml_str(root, key, NULL);
    size_t n = s ? strlen(s) : 0;

    if (n < 1 || n > MOST_DIGITS || strspn(s, "0123456789") != n)
        return yaml_fail(s ? yaml_get(root, key) : root, "'%s' must be a number of bytes", key);
    *dst = strtoull(s, NULL, 10);
    return 0;
}

static bool is_sha256(const char *s)
{
    return s && strlen(s) == 64 && strspn(s, "0123456789abcdef") == 64;
}

static int card_files(struct model_card *c, const struct yaml_node *root)
{
    const struct yaml_node *files = yaml_get(root, "files");

    if (!files || yaml_kind(files) != YAML_MAP || yaml_count(files) == 0)
        return yaml_fail(root, "'files' must map file names to their SHA-256");
    c->files = xalloc((size_t)yaml_count(files), sizeof *c->files);
    for (int i = 0; i < yaml_count(files); i++) {
        const char *sha = yaml_text(yaml_item(files, i)), *name = yaml_key(files, i);
        if (!is_sha256(sha))
            return yaml_fail_key(files, i, "the SHA-256 of '%s' must be 64 lower-case hex digits",
                                 name);
        if (name[0] == '/' || strstr(name, ".."))
            return yaml_fail_key(files, i, "'%s' must stay inside the model's folder", name);
        c->files[c->n_files++] = (struct model_file){ xstrdup(name), xstrdup(sha) };
    }
    return 0;
}

int model_card_load(struct model_card *c, const char *yaml_path)
{
    struct yaml *y = yaml_load(yaml_path);
    int rc = -1;

    *c = (struct model_card){ 0 };
    if (!y)
        return -1;
    const struct yaml_node *root = yaml_root(y);
    if (card_string(&c->name, root, "model") == 0 && card_string(&c->title, root, "title") == 0 &&
        card_string(&c->licence, root, "licence") == 0 &&
        card_string(&c->package, root, "package") == 0 &&
        card_string(&c->version, root, "version") == 0 &&
        card_string(&c->wheel, root, "wheel") == 0 &&
        card_string(&c->sha256, root, "sha256") == 0 &&
        card_string(&c->folder, root, "folder") == 0 && card_bytes(&c->size, root, "size") == 0 &&
        card_bytes(&c->unpacked, root, "unpacked") == 0)
        rc = is_sha256(c->sha256)
                 ? card_files(c, root)
                 : yaml_fail(yaml_get(root, "sha256"), "must be 64 lower-case hex digits");
    yaml_free(y);
    if (rc != 0)
        model_card_free(c);
    return rc;
}

void model_card_free(struct model_card *c)
{
    char *strings[] = { c->name,    c->title, c->licence, c->package,
                        c->version, c->wheel, c->sha256,  c->folder };

    for (size_t i = 0; i < ARRAY_LEN(strings); i++)
        free(strings[i]);
    for (int i = 0; i < c->n_files; i++) {
        free(c->files[i].path);
        free(c->files[i].sha256);
    }
    free(c->files);
    *c = (struct model_card){ 0 };
}
