/* tok.c - the tokenizer of a model folder, and the layout and truncation of model inputs. */
#include "core/text/tok.h"
#include "core/text/added.h"
#include "core/text/folder.h"

#include <stdlib.h>
#include <string.h>

struct tok {
    const struct tok_kind *kind;
    void *state;
    struct tok_facts facts;
    bool *special; /* [facts.vocab] */
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

/* The kind of a folder. Errors: NULL after FAIL_INPUT. */
static const struct tok_kind *find_kind(const struct tok_folder *f)
{
    struct text known = { 0 };

    for (const struct tok_kind *const *k = tok_kind_table; *k; k++) {
        if (f->json ? f->model && strcmp((*k)->model, f->model) == 0 : (*k)->detect(f)) {
            text_free(&known);
            return *k;
        }
        text_join(&known, ", ", "%s", (*k)->model);
    }
    if (f->json)
        fail(FAIL_INPUT, "'%s': the model is %s%s%s; supported are %s", f->json_path,
             f->model ? "'" : "", f->model ? f->model : "missing", f->model ? "'" : "",
             text_string(&known));
    else
        fail(FAIL_INPUT,
             "'%s' has no tokenizer of a known kind, such as tokenizer.json, vocab.txt, or "
             "vocab.json with merges.txt",
             f->dir);
    text_free(&known);
    return NULL;
}

static void mark_special(struct tok *t)
{
    const struct added *a = t->facts.added;

    t->special = xalloc((size_t)t->facts.vocab + 1, sizeof *t->special);
    for (int i = 0; i < a->n; i++)
        t->special[a->t[i].id] = a->t[i].special;
}

struct tok *tok_load(const char *dir)
{
    struct tok *t = xalloc(1, sizeof *t);
    struct tok_folder f;
    int rc = tok_folder_read(&f, dir);

    if (rc == 0 && (t->kind = find_kind(&f)) != NULL)
        t->state = t->kind->load(&f, &t->facts);
    tok_folder_free(&f);
    if (!t->state) {
        tok_free(t);
        return NULL;
    }
    mark_special(t);
    return t;
}

void tok_free(struct tok *t)
{
    if (!t)
        return;
    if (t->state)
        t->kind->free(t->state);
    free(t->special);
    free(t);
}

const char *tok_name(const struct tok *t)
{
    return t->kind->name;
}

int tok_vocab(const struct tok *t)
{
    return t->facts.vocab;
}

int tok_types(const struct tok *t)
{
    return t->facts.layout.typed ? 2 : 1;
}

int tok_role(const struct tok *t, enum tok_role r)
{
    return t->facts.role[r];
}

bool tok_is_special(const struct tok *t, int id)
{
    return id >= 0 && id < t->facts.vocab && t->special[id];
}

const char *tok_piece(const struct tok *t, int id)
{
    return t->kind->piece(t->state, id);
}

const char *tok_path(const struct tok *t)
{
    return t->facts.path;
}

void tok_encode(const struct tok *t, const char *text, size_t size, struct ids *out)
{
    t->kind->encode(t->state, text, size, out);
}

void tok_decode(const struct tok *t, const int *id, int n, bool skip_special, struct text *out)
{
    struct ids kept = { 0 };

    for (int i = 0; i < n; i++)
        if (!skip_special || !tok_is_special(t, id[i]))
            ids_push(&kept, id[i]);
    t->kind->decode(t->state, kept.id, kept.n, out);
    ids_free(&kept);
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

static void push_run(struct ids *out, const struct tok_run *r)
{
    for (int i = 0; i < r->n; i++)
        ids_push(out, r->id[i]);
}

void tok_begin(const struct tok *t, struct ids *out)
{
    push_run(out, &t->facts.layout.one[0]);
}

int tok_join(const struct tok *t, const char *a, size_t a_size, const char *b, size_t b_size,
             int max_len, struct ids *out, int *second)
{
    const struct tok_layout *l = &t->facts.layout;
    const struct tok_run *run = b ? l->two : l->one;
    struct ids ia = { 0 }, ib = { 0 };
    int n_special = run[0].n + run[1].n + (b ? run[2].n : 0);
    int room = max_len - n_special < 0 ? 0 : max_len - n_special;

    tok_encode(t, a, a_size, &ia);
    if (b)
        tok_encode(t, b, b_size, &ib);
    int na = ia.n, nb = ib.n;
    if (max_len > 0 && b)
        share_room(&na, &nb, room);
    else if (max_len > 0 && na > room)
        na = room;

    push_run(out, &run[0]);
    for (int i = 0; i < na; i++)
        ids_push(out, ia.id[i]);
    int type1 = out->n + l->type1_at;
    push_run(out, &run[1]);
    for (int i = 0; i < nb; i++)
        ids_push(out, ib.id[i]);
    if (b)
        push_run(out, &run[2]);
    if (second)
        *second = b && l->typed ? type1 : out->n;
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
