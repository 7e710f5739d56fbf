/* unigram_spm.c - reading spm.model: a message of SentencePiece's sentencepiece_model.proto in the
 * encoding of protocol buffers. A field is a number that has its tag and its wire type, then its
 * value; every length is checked against what is left of the message around it. */
#include "core/os/file.h"
#include "core/text/layout.h"
#include "core/text/unigram.h"

#include <stdlib.h>
#include <string.h>

enum wire { WIRE_VARINT, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
struct message {
    const unsigned char *at, *end;
    const unsigned char *start; /* of the file */
    const char *path;
};
struct field {
    uint64_t tag, number; /* NUMBER: of a varint */
    enum wire wire;
    struct message bytes;
    float real;
};

static int damaged(const struct message *m, const char *what)
{
    return fail(FAIL_INPUT, "'%s' is not a SentencePiece model, or is truncated: %s at byte %zu",
                m->path, what, (size_t)(m->at - m->start));
}

static int read_varint(uint64_t *x, struct message *m)
{
    *x = 0;
    for (int shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        unsigned char byte = *m->at++;
        *x |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return 0;
    }
    return damaged(m, "an unfinished number");
}

/* 1: a field was read; 0: the message is over. Errors: -1. */
static int read_field(struct field *f, struct message *m)
{
    uint64_t key, size;

    if (m->at == m->end)
        return 0;
    if (read_varint(&key, m) != 0)
        return -1;
    *f = (struct field){ .tag = key >> 3, .wire = (enum wire)(key & 7) };
    if (f->wire == WIRE_VARINT)
        return read_varint(&f->number, m) != 0 ? -1 : 1;
    if (f->wire == WIRE_BYTES && read_varint(&size, m) != 0)
        return -1;
    if (f->wire == WIRE_64 || f->wire == WIRE_32)
        size = f->wire == WIRE_64 ? 8 : 4;
    else if (f->wire != WIRE_BYTES)
        return damaged(m, "an unknown kind of field");
    if (size > (uint64_t)(m->end - m->at))
        return damaged(m, "a field beyond the end");
    if (f->wire == WIRE_32)
        memcpy(&f->real, m->at, sizeof f->real);
    f->bytes = (struct message){ m->at, m->at + size, m->start, m->path };
    m->at += size;
    return 1;
}

/* Is F the field TAG of this wire type? */
static bool is_field(const struct field *f, uint64_t tag, enum wire wire)
{
    return f->tag == tag && f->wire == wire;
}

static size_t size_of(const struct message *m)
{
    return (size_t)(m->end - m->at);
}

/* SentencePiece's types of pieces: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6
 * byte, which only stands for an unknown character. */
static enum unigram_type type_of(uint64_t number)
{
    return number == 2   ? UNIGRAM_UNKNOWN
           : number == 3 ? UNIGRAM_CONTROL
           : number == 4 ? UNIGRAM_USER
           : number == 1 ? UNIGRAM_NORMAL
                         : UNIGRAM_UNUSED;
}

static int read_piece(struct unigram_spec *s, struct message m)
{
    struct message text = { m.at, m.at, m.start, m.path };
    struct field f;
    enum unigram_type type = UNIGRAM_NORMAL;
    float score = 0;
    int rc;

    while ((rc = read_field(&f, &m)) > 0) {
        if (is_field(&f, 1, WIRE_BYTES))
            text = f.bytes;
        else if (is_field(&f, 2, WIRE_32))
            score = f.real;
        else if (is_field(&f, 3, WIRE_VARINT))
            type = type_of(f.number);
    }
    if (rc < 0)
        return -1;
    if (!(score > -1e30f && score < 1e30f))
        return damaged(&text, "a piece whose score is no number");
    if (type == UNIGRAM_UNKNOWN && s->unk >= 0)
        return fail(FAIL_INPUT, "'%s': the pieces %d and %d are both the unknown one", m.path,
                    s->unk, s->n);
    if (type == UNIGRAM_UNKNOWN)
        s->unk = s->n;
    char *where = xprintf("'%s': piece %d", m.path, s->n);
    rc = unigram_add(s, (const char *)text.at, size_of(&text), (double)score, type, where);
    free(where);
    return rc;
}

static int read_trainer(struct unigram_spec *s, struct message m)
{
    static const char *const models[] = { NULL, "unigram", "BPE", "word", "char" };
    struct field f;
    int rc;

    while ((rc = read_field(&f, &m)) > 0) {
        if (is_field(&f, 3, WIRE_VARINT) && f.number != 1)
            return fail(FAIL_INPUT,
                        "'%s' is a %s model of SentencePiece; only unigram is supported", m.path,
                        f.number < ARRAY_LEN(models) && f.number ? models[f.number] : "new");
        if (is_field(&f, 24, WIRE_VARINT) && f.number)
            return fail(FAIL_INPUT, "'%s': treat_whitespace_as_suffix is not supported", m.path);
        if (is_field(&f, 35, WIRE_VARINT))
            s->byte_fallback = f.number != 0;
    }
    return rc;
}

static int read_normalizer(struct unigram_spec *s, struct message m)
{
    struct field f;
    int rc;

    while ((rc = read_field(&f, &m)) > 0) {
        if (is_field(&f, 2, WIRE_BYTES)) {
            charsmap_free(&s->map);
            if (charsmap_read(&s->map, f.bytes.at, size_of(&f.bytes), m.path) != 0)
                return -1;
        } else if (is_field(&f, 3, WIRE_VARINT)) {
            s->dummy_prefix = f.number != 0;
        } else if (is_field(&f, 4, WIRE_VARINT)) {
            s->squeeze = f.number != 0;
        } else if (is_field(&f, 5, WIRE_VARINT)) {
            s->escape = f.number != 0;
        }
    }
    return rc;
}

static int read_model(struct unigram_spec *s, struct message m)
{
    struct field f;
    int rc;

    while ((rc = read_field(&f, &m)) > 0) {
        int part = is_field(&f, 1, WIRE_BYTES)   ? read_piece(s, f.bytes)
                   : is_field(&f, 2, WIRE_BYTES) ? read_trainer(s, f.bytes)
                   : is_field(&f, 3, WIRE_BYTES) ? read_normalizer(s, f.bytes)
                                                 : 0;
        if (part != 0)
            return -1;
    }
    if (rc == 0 && s->n == 0)
        return fail(FAIL_INPUT, "'%s' is not a SentencePiece model: it has no pieces", m.path);
    if (rc == 0 && s->unk < 0)
        return fail(FAIL_INPUT, "'%s' has no unknown piece, such as '<unk>', among its %d pieces",
                    m.path, s->n);
    return rc;
}

/* DeBERTa's special tokens; those that are not pieces get the ids after them. */
static int read_tokens(struct unigram_spec *s, const struct tok_folder *f)
{
    static const struct tok_default defaults[N_TOK_ROLE] = {
        [TOK_BOS] = { "[CLS]", TOK_ADDED },   [TOK_EOS] = { "[SEP]", TOK_ADDED },
        [TOK_UNK] = { "[UNK]", TOK_ADDED },   [TOK_SEP] = { "[SEP]", TOK_ADDED },
        [TOK_PAD] = { "[PAD]", TOK_ADDED },   [TOK_CLS] = { "[CLS]", TOK_ADDED },
        [TOK_MASK] = { "[MASK]", TOK_ADDED },
    };
    static const char *const flags[] = { "do_lower_case", "split_by_punct" };

    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        bool set = false;
        if (json_flag(&set, f->config, flags[i], f->config_path) != 0)
            return -1;
        if (set)
            return fail(FAIL_INPUT, "'%s': %s is true; it must be false with spm.model",
                        f->config_path, flags[i]);
    }
    if (spec_tokens(&s->tok, f, defaults) != 0)
        return -1;
    if (s->tok.role[TOK_CLS] < 0 || s->tok.role[TOK_SEP] < 0)
        return fail(FAIL_INPUT, "'%s': cls_token and sep_token must not be null", f->config_path);
    layout_set(&s->tok.layout, false, s->tok.role[TOK_CLS], s->tok.role[TOK_SEP]);
    return 0;
}

int unigram_spm(struct unigram_spec *s, const struct tok_folder *f)
{
    struct file file;
    char *path = path_join(f->dir, "spm.model");

    s->tok.path = path;
    s->tok.vocab = json_object();
    s->is_spm = s->dummy_prefix = s->squeeze = s->escape = true;
    s->unk = -1;
    if (file_map(&file, path) != 0)
        return -1;
    int rc = read_model(s, (struct message){ file.data, file.data + file.size, file.data, path });
    file_unmap(&file);
    return rc == 0 ? read_tokens(s, f) : -1;
}
