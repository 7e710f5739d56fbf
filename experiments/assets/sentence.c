/* sentence.c - the length to which sentence-transformers truncates a text. */
#include "experiments/assets/sentence.h"
#include "core/base/base.h"
#include "core/format/json.h"
#include "core/os/file.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

const char *const sentence_files[] = {
    "sentence_bert_config.json",       "sentence_roberta_config.json",
    "sentence_distilbert_config.json", "sentence_camembert_config.json",
    "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",      NULL
};

/* The number KEY of the file NAME; *OUT stays 0 without the file or the key. transformers writes
 * 1e30 where there is no limit. */
static int read_limit(int *out, const char *dir, const char *name, const char *key)
{
    char *path = path_join(dir, name);
    json_t *j = NULL;
    int rc = 0;

    *out = 0;
    if (file_exists(path))
        rc = (j = json_read(path)) ? 0 : -1;
    const json_t *v = json_object_get(j, key);
    double x = json_number_value(v);
    if (v && !json_is_null(v) && (!json_is_number(v) || x < 3 || x != floor(x)))
        rc = fail(FAIL_INPUT, "'%s': %s must be a whole number from 3", path, key);
    else if (v && !json_is_null(v))
        *out = x < INT_MAX ? (int)x : INT_MAX;
    json_decref(j);
    free(path);
    return rc;
}

int sentence_max_len(int *out, const char *dir)
{
    *out = 0;
    for (int i = 0; sentence_files[i] && *out == 0; i++)
        if (read_limit(out, dir, sentence_files[i], "max_seq_length") != 0)
            return -1;
    return *out > 0 ? 0 : read_limit(out, dir, "tokenizer_config.json", "model_max_length");
}
