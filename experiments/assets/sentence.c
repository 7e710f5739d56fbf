/* sentence.c - how sentence-transformers changes a text before it is tokenized, and to which length
 * it truncates it. */
#include "experiments/assets/sentence.h"
#include "core/base/base.h"
#include "core/format/json.h"
#include "core/os/file.h"

#include <ctype.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const sentence_files[] = {
    "sentence_bert_config.json",       "sentence_roberta_config.json",
    "sentence_distilbert_config.json", "sentence_camembert_config.json",
    "sentence_albert_config.json",     "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",      NULL
};

static bool same_ids(const struct tok *t, const char *a, const char *b, size_t size)
{
    struct ids x = { 0 }, y = { 0 };

    tok_encode(t, a, size, &x);
    tok_encode(t, b, size, &y);
    bool same = x.n == y.n && (x.n == 0 || memcmp(x.id, y.id, (size_t)x.n * sizeof *x.id) == 0);
    ids_free(&x);
    ids_free(&y);
    return same;
}

/* Is there a word of the vocabulary that has other ids in capitals? The lower-case letters of a
 * piece are a word, whatever prefix the kind of tokenizer gives its pieces. */
static bool distinguishes_case(const struct tok *t)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    bool differ = false;

    for (int id = 0; id < tok_vocab(t) && !differ; id++) {
        const char *piece = tok_piece(t, id), *word = piece ? strpbrk(piece, letters) : NULL;
        if (!word)
            continue;
        char *upper = xprintf("%.*s", (int)strspn(word, letters), word);
        for (char *p = upper; *p; p++)
            *p = (char)toupper((unsigned char)*p);
        differ = !same_ids(t, word, upper, strlen(upper));
        free(upper);
    }
    return differ;
}

static int check_case(const struct tok *t, const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    json_t *j = NULL;
    int rc = 0;

    if (file_exists(path))
        rc = (j = json_read(path)) ? 0 : -1;
    const json_t *v = json_object_get(j, "do_lower_case");
    if (v && !json_is_null(v) && !json_is_boolean(v))
        rc = fail(FAIL_INPUT, "'%s': do_lower_case must be true or false", path);
    else if (json_is_true(v) && distinguishes_case(t))
        rc = fail(FAIL_INPUT,
                  "'%s': do_lower_case is true, but the tokenizer distinguishes upper and lower "
                  "case; text that is made lower-case before it is tokenized is not supported",
                  path);
    json_decref(j);
    free(path);
    return rc;
}

struct tok *sentence_tok(const char *dir)
{
    struct tok *t = tok_load(dir);
    int rc = 0;

    for (int i = 0; t && sentence_files[i] && rc == 0; i++)
        rc = check_case(t, dir, sentence_files[i]);
    if (rc == 0)
        return t;
    tok_free(t);
    return NULL;
}

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
