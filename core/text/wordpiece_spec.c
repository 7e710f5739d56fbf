/* wordpiece_spec.c - the tokenizer files of a model folder. A folder without tokenizer.json is read
 * as transformers' BertTokenizer or MPNetTokenizer reads it. */
#include "core/text/wordpiece.h"

#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/layout.h"

#include <stdlib.h>
#include <string.h>

/* [MASK] may be absent; BERT has no use for the first two. */
static const struct tok_default bert_defaults[N_TOK_ROLE] = {
    [TOK_UNK] = { "[UNK]", TOK_NEEDED },     [TOK_SEP] = { "[SEP]", TOK_NEEDED },
    [TOK_PAD] = { "[PAD]", TOK_NEEDED },     [TOK_CLS] = { "[CLS]", TOK_NEEDED },
    [TOK_MASK] = { "[MASK]", TOK_LEFT_OUT },
};
static const struct tok_default mpnet_defaults[N_TOK_ROLE] = {
    [TOK_UNK] = { "[UNK]", TOK_NEEDED },     [TOK_SEP] = { "</s>", TOK_NEEDED },
    [TOK_PAD] = { "<pad>", TOK_NEEDED },     [TOK_CLS] = { "<s>", TOK_NEEDED },
    [TOK_MASK] = { "<mask>", TOK_LEFT_OUT },
};

/* --- vocab.txt */

static bool is_utf8(const char *s, size_t size)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    const char *p = s, *end = s + size;

    while (p < end) {
        const char *at = p;
        uint32_t c = utf8_next(&p, end);
        if (c == 0 || (c == 0xFFFD && (p - at != 3 || memcmp(at, replacement, 3) != 0)))
            return false;
    }
    return true;
}

/* The end of a line without the white space at its end. */
static char *trimmed(char *p, char *stop)
{
    char *last = p;

    for (const char *q = p; q < stop;)
        if (!is_bert_space(utf8_next(&q, stop)))
            last = p + (q - p);
    return last;
}

/* The id of a piece is the number of its line; of equal lines the last one counts. */
static int read_lines(struct wordpiece_spec *s, char *p, char *end)
{
    int id;

    s->tok.vocab = json_object();
    for (id = 0; p < end; id++) {
        char *stop = memchr(p, '\n', (size_t)(end - p)), *next = stop ? stop + 1 : end;
        char *last = trimmed(p, stop ? stop : end);
        if (id > MAX_ID)
            return fail(FAIL_INPUT, "'%s' has too many lines for a vocabulary", s->tok.path);
        if (!is_utf8(p, (size_t)(last - p)))
            return fail(FAIL_INPUT, "'%s' line %d is not UTF-8 text", s->tok.path, id + 1);
        *last = '\0';
        json_object_set_new(s->tok.vocab, p, json_integer(id));
        p = next;
    }
    int repeated = id - (int)json_object_size(s->tok.vocab);
    if (repeated)
        warn("'%s': %d of %d lines repeat%s a piece; of equal lines the last one counts",
             s->tok.path, repeated, id, repeated == 1 ? "s" : "");
    return 0;
}

static int read_vocab(struct wordpiece_spec *s)
{
    struct file f = { 0 };

    if (file_map(&f, s->tok.path) != 0)
        return -1;
    char *text = xalloc(f.size + 1, 1);
    size_t bom = f.size >= 3 && memcmp(f.data, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    int rc = file_copy_data(text, &f);
    if (rc == 0)
        rc = read_lines(s, text + bom, text + f.size);
    file_unmap(&f);
    free(text);
    return rc;
}

/* --- the folder */

static bool is_mpnet(const struct tok_folder *f, const char *class)
{
    char *path = path_join(f->dir, "config.json");
    json_t *j = class || !file_exists(path) ? NULL : json_read(path);
    const char *type = json_string_value(json_object_get(j, "model_type"));
    bool is = class ? strcmp(class, "MPNetTokenizer") == 0 : type && strcmp(type, "mpnet") == 0;

    json_decref(j);
    free(path);
    return is;
}

/* Without tokenizer.json, the class says how the text is split; BertJapaneseTokenizer, for one, has
 * a vocab.txt too. These do it as BertTokenizer does; MPNetTokenizer, too, with other special
 * tokens and the layout of RoBERTa. Without a class the model in config.json tells. */
static int read_class(bool *mpnet, const struct tok_folder *f)
{
    static const char *const same[] = {
        "BertTokenizer",      "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
        "ConvBertTokenizer",  "LayoutLMTokenizer",   "LxmertTokenizer",  "SqueezeBertTokenizer",
        "RetriBertTokenizer", "PreTrainedTokenizer", "TokenizersBackend"
    };
    char *name = tok_folder_class(f);
    int rc = name ? -1 : 0;

    *mpnet = is_mpnet(f, name);
    rc = *mpnet ? 0 : rc;
    for (size_t i = 0; rc != 0 && i < ARRAY_LEN(same); i++)
        rc = strcmp(name, same[i]) == 0 ? 0 : -1;
    if (rc != 0)
        fail(FAIL_INPUT,
             "'%s': tokenizer_class is '%s'; only tokenizers like BertTokenizer and "
             "MPNetTokenizer are supported",
             f->config_path, name);
    free(name);
    return rc;
}

static int read_normalizer(struct wordpiece_spec *s, const struct tok_folder *f)
{
    s->clean = s->lower = s->cjk = true;
    s->prefix = xstrdup("##");
    s->max_chars = WORD_CHARS;
    if (json_flag(&s->lower, f->config, "do_lower_case", f->config_path) != 0)
        return -1;
    s->strip = s->lower;
    if (json_flag(&s->strip, f->config, "strip_accents", f->config_path) != 0)
        return -1;
    return json_flag(&s->cjk, f->config, "tokenize_chinese_chars", f->config_path);
}

/* Does tokenizer_config.json say the same as tokenizer.json about the text's normalization?
 * transformers follows the one, the tokenizers package the other. */
static int check_normalizer(const struct wordpiece_spec *s, const struct tok_folder *f)
{
    const struct {
        const char *key;
        bool value;
    } set[] = { { "do_lower_case", s->lower },
                { "strip_accents", s->strip },
                { "tokenize_chinese_chars", s->cjk } };

    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        bool value = set[i].value;
        if (json_flag(&value, f->config, set[i].key, f->config_path) != 0)
            return -1;
        if (value != set[i].value)
            return fail(FAIL_INPUT, "'%s': %s is %s, but the normalizer in '%s' says %s",
                        f->config_path, set[i].key, value ? "true" : "false", s->tok.path,
                        set[i].value ? "true" : "false");
    }
    return 0;
}

int wordpiece_spec_load(struct wordpiece_spec *s, const struct tok_folder *f)
{
    bool mpnet = false;

    *s = (struct wordpiece_spec){ 0 };
    s->tok.path = f->json ? xstrdup(f->json_path) : path_join(f->dir, "vocab.txt");
    if (f->json ? wordpiece_spec_json(s, f->json) != 0 || check_normalizer(s, f) != 0
                : read_class(&mpnet, f) != 0 || read_normalizer(s, f) != 0 || read_vocab(s) != 0)
        return -1;
    if (spec_tokens(&s->tok, f, mpnet ? mpnet_defaults : bert_defaults) != 0)
        return -1;
    if (!f->json)
        layout_set(&s->tok.layout, mpnet, s->tok.role[TOK_CLS], s->tok.role[TOK_SEP]);
    return 0;
}

void wordpiece_spec_free(struct wordpiece_spec *s)
{
    spec_free(&s->tok);
    free(s->prefix);
    s->prefix = NULL;
}
