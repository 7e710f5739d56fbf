/* tok_files.c - which files of a model folder belong to its tokenizer. */
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

const char *const tok_files[] = { "vocab.txt",
                                  "tokenizer_config.json",
                                  "tokenizer.json",
                                  "added_tokens.json",
                                  "special_tokens_map.json",
                                  "vocab.json",
                                  "merges.txt",
                                  "encoder.json",
                                  "vocab.bpe",
                                  "spm.model",
                                  NULL };

/* Byte-level BPE reads the first of these that exists; vocab.txt belongs to another kind, which
 * reads none of the others, and so does spm.model, which comes after the first two. */
static const char *const first_of[] = { "vocab.txt", "tokenizer.json", "vocab.json",
                                        "encoder.json" };

/* Is NAME a part of a vocabulary that is not read because the folder has another one? */
static bool is_unread(const char *dir, const char *name)
{
    bool second = strcmp(name, "merges.txt") == 0, third = strcmp(name, "vocab.bpe") == 0;
    size_t n = second || strcmp(name, "spm.model") == 0 ? 2 : third ? 3 : 0;

    for (size_t i = 2; i < ARRAY_LEN(first_of) && n == 0; i++)
        n = strcmp(name, first_of[i]) == 0 ? i : 0;
    for (size_t i = 0; i < n; i++)
        if (file_in(dir, first_of[i]))
            return true;
    return false;
}

/* Does special_tokens_map.json name BERT's own special tokens alone? */
static bool is_usual_map(const json_t *map)
{
    static const char *const usual[][2] = { { "cls_token", "[CLS]" },
                                            { "sep_token", "[SEP]" },
                                            { "pad_token", "[PAD]" },
                                            { "unk_token", "[UNK]" },
                                            { "mask_token", "[MASK]" } };
    size_t n = 0;

    for (size_t i = 0; i < ARRAY_LEN(usual); i++) {
        const json_t *v = json_object_get(map, usual[i][0]);
        const json_t *text = json_is_object(v) ? json_object_get(v, "content") : v;
        n += v != NULL;
        if (v && (!json_is_string(text) || strcmp(json_string_value(text), usual[i][1]) != 0 ||
                  json_is_true(json_object_get(v, "normalized")) ||
                  json_is_true(json_object_get(v, "single_word"))))
            return false;
    }
    return n == json_object_size(map);
}

bool tok_file_matters(const char *dir, const char *name)
{
    bool is_map = strcmp(name, "special_tokens_map.json") == 0;
    char *path = path_join(dir, name);
    bool matters = file_exists(path) && !is_unread(dir, name);

    if (matters && (is_map || strcmp(name, "added_tokens.json") == 0)) {
        json_t *j = json_read(path); /* tok_load reports a file that is wrong */
        matters = !j || (is_map ? !is_usual_map(j) : json_object_size(j) > 0);
        json_decref(j);
    }
    free(path);
    return matters;
}
