/* folder.c - reading the JSON files of a tokenizer. */
#include "core/text/folder.h"
#include "core/format/json.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

int json_flag(bool *value, const json_t *j, const char *key, const char *path)
{
    const json_t *v = json_object_get(j, key);

    if (!v || json_is_null(v))
        return 0;
    if (!json_is_boolean(v))
        return fail(FAIL_INPUT, "'%s': '%s' must be true, false or null", path, key);
    *value = json_is_true(v);
    return 0;
}

static int read_optional(json_t **j, char **path, const char *dir, const char *name)
{
    *path = path_join(dir, name);
    if (!file_exists(*path))
        return 0;
    *j = json_read(*path);
    return *j ? 0 : -1;
}

/* Old files have no type; the keys show it. */
static const char *model_type(const json_t *root)
{
    const json_t *model = json_object_get(root, "model"), *type = json_object_get(model, "type");
    const json_t *vocab = json_object_get(model, "vocab");

    if (type)
        return json_string_value(type);
    if (json_object_get(model, "merges"))
        return "BPE";
    return json_is_array(vocab) ? "Unigram" : json_is_object(vocab) ? "WordPiece" : NULL;
}

int tok_folder_read(struct tok_folder *f, const char *dir)
{
    *f = (struct tok_folder){ .dir = dir };
    if (read_optional(&f->json, &f->json_path, dir, "tokenizer.json") != 0 ||
        read_optional(&f->config, &f->config_path, dir, "tokenizer_config.json") != 0 ||
        read_optional(&f->map, &f->map_path, dir, "special_tokens_map.json") != 0 ||
        read_optional(&f->added, &f->added_path, dir, "added_tokens.json") != 0)
        return -1;
    f->model = model_type(f->json);
    return 0;
}

void tok_folder_free(struct tok_folder *f)
{
    json_decref(f->json);
    json_decref(f->config);
    json_decref(f->map);
    json_decref(f->added);
    free(f->json_path);
    free(f->config_path);
    free(f->map_path);
    free(f->added_path);
    *f = (struct tok_folder){ 0 };
}

char *tok_folder_class(const struct tok_folder *f)
{
    const char *name = json_string_value(json_object_get(f->config, "tokenizer_class"));
    size_t n = name ? strlen(name) : 0;

    if (n > 4 && strcmp(name + n - 4, "Fast") == 0)
        n -= 4;
    return name ? xprintf("%.*s", (int)n, name) : NULL;
}
