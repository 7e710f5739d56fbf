/* tok.c - the tokenizer of a model folder, and the layout and truncation of model inputs. */
#include "core/text/tok.h"
#include "core/format/json.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

struct tok {
    const struct tok_kind *kind;
    void *state;
    int cls, sep, pad, unk;
};

void ids_push(struct ids *v, int id)
{
    if (v->n == v->cap) {
        v->cap = v->cap < 64 ? 64 : v->cap * 2;
        v->id = xgrow(v->id, (size_t)v->cap, sizeof *v->id);
    }
    v->id[v->n++] = id;
}

void ids_free(struct ids *v)
{
    free(v->id);
    *v = (struct ids){ 0 };
}

struct tok *tok_load(const char *dir)
{
    for (const struct tok_kind *const *k = tok_kind_table; *k; k++) {
        if (!(*k)->detect(dir))
            continue;
        void *state = (*k)->load(dir);
        if (!state)
            return NULL;
        struct tok *t = xalloc(1, sizeof *t);
        t->kind = *k;
        t->state = state;
        t->cls = t->sep = t->pad = t->unk = -1;
        t->kind->specials(state, &t->cls, &t->sep, &t->pad, &t->unk);
        return t;
    }
    fail(FAIL_INPUT, "'%s' has no tokenizer of a known kind, such as vocab.txt", dir);
    return NULL;
}

void tok_free(struct tok *t)
{
    if (!t)
        return;
    t->kind->free(t->state);
    free(t);
}

const char *tok_name(const struct tok *t)
{
    return t->kind->name;
}

int tok_vocab(const struct tok *t)
{
    return t->kind->vocab(t->state);
}

int tok_pad(const struct tok *t)
{
    return t->pad;
}

const char *tok_piece(const struct tok *t, int id)
{
    return t->kind->piece(t->state, id);
}

const char *tok_path(const struct tok *t)
{
    return t->kind->path(t->state);
}

const char *const tok_files[] = { "vocab.txt",         "tokenizer_config.json",   "tokenizer.json",
                                  "added_tokens.json", "special_tokens_map.json", NULL };

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
    bool matters = file_exists(path);

    if (matters && (is_map || strcmp(name, "added_tokens.json") == 0)) {
        json_t *j = json_read(path); /* tok_load reports a file that is wrong */
        matters = !j || (is_map ? !is_usual_map(j) : json_object_size(j) > 0);
        json_decref(j);
    }
    free(path);
    return matters;
}

void tok_encode(const struct tok *t, const char *text, size_t size, struct ids *out)
{
    t->kind->encode(t->state, text, size, out);
}

/* Truncating the longer of two texts token by token leaves one of them complete, or a half of each.
 * An odd token goes to the half of the text that was longer, or of B if they were equally long. */
static void share_room(int *na, int *nb, int room)
{
    int shorter = *na > *nb ? *nb : *na, half = room / 2;

    if (*na + *nb <= room)
        return;
    int keep = shorter < half ? shorter : half;
    if (*na > *nb) {
        *nb = keep;
        *na = room - keep;
    } else {
        *na = keep;
        *nb = room - keep;
    }
}

static void push_special(struct ids *out, int id)
{
    if (id >= 0)
        ids_push(out, id);
}

int tok_join(const struct tok *t, const char *a, size_t a_size, const char *b, size_t b_size,
             int max_len, struct ids *out, int *second)
{
    struct ids ia = { 0 }, ib = { 0 };
    int n_special = (t->cls >= 0) + (b ? 2 : 1) * (t->sep >= 0);
    int room = max_len - n_special < 0 ? 0 : max_len - n_special;

    tok_encode(t, a, a_size, &ia);
    if (b)
        tok_encode(t, b, b_size, &ib);
    int na = ia.n, nb = ib.n;
    if (max_len > 0 && b)
        share_room(&na, &nb, room);
    else if (max_len > 0 && na > room)
        na = room;

    push_special(out, t->cls);
    for (int i = 0; i < na; i++)
        ids_push(out, ia.id[i]);
    push_special(out, t->sep);
    if (second)
        *second = out->n;
    for (int i = 0; i < nb; i++)
        ids_push(out, ib.id[i]);
    if (b)
        push_special(out, t->sep);
    int cut = ia.n - na + ib.n - nb;
    ids_free(&ia);
    ids_free(&ib);
    return cut;
}

int tok_pair(const struct tok *t, const char *a, const char *b, int max_len, struct ids *out,
             int *second)
{
    return tok_join(t, a, strlen(a), b, b ? strlen(b) : 0, max_len, out, second);
}
