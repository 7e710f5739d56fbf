/* bpe_files.c - the vocabulary and the merges as GPT-2 was published, and what a model class of
 * transformers adds to them. */
#include "core/text/bpe.h"
#include "core/format/json.h"
#include "core/os/file.h"
#include "core/text/layout.h"

#include <stdlib.h>
#include <string.h>

bool bpe_files_names(const char *dir, const char **vocab, const char **merges)
{
    bool hf = file_in(dir, "vocab.json");

    *vocab = hf ? "vocab.json" : "encoder.json";
    *merges = hf ? "merges.txt" : "vocab.bpe";
    return file_in(dir, *vocab);
}

int bpe_add_merge(struct bpe_spec *s, const char *a, size_t a_size, const char *b, size_t b_size,
                  const char *where)
{
    char *both = xprintf("%.*s%.*s", (int)a_size, a, (int)b_size, b);
    const json_t *left = json_object_getn(s->tok.vocab, a, a_size);
    const json_t *right = json_object_getn(s->tok.vocab, b, b_size);
    const json_t *to = json_object_get(s->tok.vocab, both);
    int rc = 0;

    if (!left || !right || !to) {
        rc = fail(FAIL_INPUT, "%s: the merge '%.*s %.*s' names '%.*s', which is not in '%s'", where,
                  (int)a_size, a, (int)b_size, b,
                  (int)(left ? right ? a_size + b_size : b_size : a_size),
                  left ? right ? both : b : a, s->tok.path);
    } else {
        if ((s->n_merges & (s->n_merges - 1)) == 0) /* a power of two: full */
            s->merge = xgrow(s->merge, s->n_merges ? 2 * (size_t)s->n_merges : 1, sizeof *s->merge);
        s->merge[s->n_merges++] =
            (struct bpe_merge){ (int)json_integer_value(left), (int)json_integer_value(right),
                                (int)json_integer_value(to) };
    }
    free(both);
    return rc;
}

/* Can the merges make the piece? One character needs none, and a piece with another character than
 * those for bytes is found as an added token, if at all. */
static bool needs_merge(const struct bpe_spec *s, const char *piece)
{
    const char *p = piece, *end = piece + strlen(piece);
    int n = 0;

    for (; p < end; n++)
        if (bpe_byte(utf8_next(&p, end)) < 0)
            return false;
    for (int i = 0; n > 1 && i < s->tok.added.n; i++)
        if (strcmp(s->tok.added.t[i].text, piece) == 0)
            return false;
    return n > 1;
}

int bpe_check_merges(const struct bpe_spec *s)
{
    bool *made = xalloc(MAX_ID + 1, sizeof *made);
    const char *piece;
    json_t *id;
    int lost = 0, most = (int)json_object_size(s->tok.vocab) / 50;

    for (int i = 0; i < s->n_merges; i++)
        made[s->merge[i].to] = true;
    json_object_foreach(s->tok.vocab, piece, id)
    {
        lost += !made[json_integer_value(id)] && needs_merge(s, piece);
    }
    free(made);
    if (lost <= (most > 16 ? most : 16) || s->ignore_merges)
        return 0;
    return fail(FAIL_INPUT,
                "'%s': %d of its %zu pieces are made by none of the %d merges; the two do not "
                "belong together, or the merges are not complete",
                s->tok.path, lost, json_object_size(s->tok.vocab), s->n_merges);
}

void bpe_spec_free(struct bpe_spec *s)
{
    spec_free(&s->tok);
    pretok_free(s->pretok);
    free(s->merge);
    free(s->unk);
    *s = (struct bpe_spec){ 0 };
}

/* Lines "a b"; the first one may say "#version: 0.2". */
static int read_lines(struct bpe_spec *s, char *p, const char *path)
{
    int rc = 0;

    for (long line = 1; *p && rc == 0; line++) {
        char *next = p + strcspn(p, "\n"), *stop = next;
        next += *next != '\0';
        if (stop > p && stop[-1] == '\r')
            stop--;
        *stop = '\0';
        char *space = strchr(p, ' '), *where = xprintf("%s:%ld", path, line);
        if (!*p || strncmp(p, "#version", 8) == 0)
            ;
        else if (!space || space == p || !space[1] || strchr(space + 1, ' '))
            rc = fail(FAIL_INPUT,
                      "%s: a merge must be two pieces with a space between them, not "
                      "'%.60s'",
                      where, p);
        else
            rc = bpe_add_merge(s, p, (size_t)(space - p), space + 1, strlen(space + 1), where);
        free(where);
        p = next;
    }
    return rc;
}

static int read_merges(struct bpe_spec *s, const char *path)
{
    struct file f = { 0 };

    if (file_map(&f, path) != 0)
        return -1;
    char *text = xalloc(f.size + 1, 1);
    int rc = file_copy_data(text, &f);
    if (rc == 0 && strlen(text) != f.size)
        rc = fail(FAIL_INPUT, "'%s' has a NUL byte; it must be a text with two pieces on each line",
                  path);
    if (rc == 0)
        rc = read_lines(s, text, path);
    file_unmap(&f);
    free(text);
    return rc;
}

/* Classes of transformers that read these files alone, without a pattern of their own. */
enum layout { DECODER, ROBERTA, BERT };
static const struct tok_class {
    const char *name, *model_type;
    enum layout layout;
} classes[] = {
    { "GPT2Tokenizer", "gpt2", DECODER }, { "RobertaTokenizer", "roberta", ROBERTA },
    { "BartTokenizer", "bart", ROBERTA }, { "LongformerTokenizer", "longformer", ROBERTA },
    { "LEDTokenizer", "led", ROBERTA },   { "DebertaTokenizer", "deberta", BERT },
};

static const struct tok_default gpt2_defaults[N_TOK_ROLE] = {
    [TOK_BOS] = { "<|endoftext|>", TOK_ADDED },
    [TOK_EOS] = { "<|endoftext|>", TOK_ADDED },
    [TOK_UNK] = { "<|endoftext|>", TOK_ADDED },
};
static const struct tok_default roberta_defaults[N_TOK_ROLE] = {
    [TOK_BOS] = { "<s>", TOK_ADDED },     [TOK_EOS] = { "</s>", TOK_ADDED },
    [TOK_UNK] = { "<unk>", TOK_ADDED },   [TOK_SEP] = { "</s>", TOK_ADDED },
    [TOK_PAD] = { "<pad>", TOK_ADDED },   [TOK_CLS] = { "<s>", TOK_ADDED },
    [TOK_MASK] = { "<mask>", TOK_ADDED },
};
static const struct tok_default bert_defaults[N_TOK_ROLE] = {
    [TOK_BOS] = { "[CLS]", TOK_ADDED },   [TOK_EOS] = { "[SEP]", TOK_ADDED },
    [TOK_UNK] = { "[UNK]", TOK_ADDED },   [TOK_SEP] = { "[SEP]", TOK_ADDED },
    [TOK_PAD] = { "[PAD]", TOK_ADDED },   [TOK_CLS] = { "[CLS]", TOK_ADDED },
    [TOK_MASK] = { "[MASK]", TOK_ADDED },
};

/* By tokenizer_config.json, else by the model in config.json; GPT-2's if neither says it. */
static const struct tok_class *find_class(const struct tok_folder *f)
{
    char *name = tok_folder_class(f), *path = path_join(f->dir, "config.json");
    json_t *config = name || !file_exists(path) ? NULL : json_read(path);
    const char *type = json_string_value(json_object_get(config, "model_type"));
    const struct tok_class *found = name || type ? NULL : &classes[0];

    for (size_t i = 0; i < ARRAY_LEN(classes) && !found; i++)
        if (name ? strcmp(name, classes[i].name) == 0 : strcmp(type, classes[i].model_type) == 0)
            found = &classes[i];
    if (!found)
        fail(FAIL_INPUT,
             "'%s': %s is '%s'; with vocab.json and merges.txt, supported are GPT2Tokenizer, "
             "RobertaTokenizer, and those like them; others need tokenizer.json",
             name ? f->config_path : path, name ? "tokenizer_class" : "model_type",
             name ? name : type);
    json_decref(config);
    free(path);
    free(name);
    return found;
}

static int read_steps(struct bpe_spec *s, const struct tok_folder *f)
{
    bool space = false;

    s->pretok = pretok_new();
    if (json_flag(&space, f->config, "add_prefix_space", f->config_path) != 0)
        return -1;
    if (space)
        pretok_add_space(s->pretok);
    return pretok_add(s->pretok, pretok_gpt2, false, false, s->tok.path);
}

/* A decoder's beginning and end, which the files ask for. */
static int read_ends(struct bpe_spec *s, const struct tok_folder *f)
{
    const int *role = s->tok.role;
    bool bos = false, eos = false;

    if (json_flag(&bos, f->config, "add_bos_token", f->config_path) != 0 ||
        json_flag(&eos, f->config, "add_eos_token", f->config_path) != 0)
        return -1;
    layout_ends(&s->tok.layout, bos ? role[TOK_BOS] : -1, eos ? role[TOK_EOS] : -1);
    return 0;
}

int bpe_files(struct bpe_spec *s, const struct tok_folder *f)
{
    const char *vocab, *merges;
    const struct tok_class *c = find_class(f);
    struct tok_spec *t = &s->tok;
    static const struct tok_default *const defaults[] = { gpt2_defaults, roberta_defaults,
                                                          bert_defaults };

    bpe_files_names(f->dir, &vocab, &merges);
    s->unmatched = strcmp(vocab, "encoder.json") == 0;
    t->path = path_join(f->dir, vocab);
    char *path = path_join(f->dir, merges);
    int rc = c && (t->vocab = json_read(t->path)) && spec_check_vocab(t) == 0 &&
                     read_merges(s, path) == 0 && read_steps(s, f) == 0 &&
                     spec_tokens(t, f, defaults[c->layout]) == 0
                 ? 0
                 : -1;
    if (rc == 0 && c->layout == DECODER)
        rc = read_ends(s, f);
    else if (rc == 0)
        layout_set(&t->layout, c->layout == ROBERTA, t->role[TOK_CLS], t->role[TOK_SEP]);
    free(path);
    return rc;
}
