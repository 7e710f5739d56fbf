/* words.c - vocabularies and lists of words. */
#include "core/words/words.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

uint64_t hash_bytes(const void *data, size_t size)
{
    const unsigned char *p = data;
    uint64_t h = 0xCBF29CE484222325u; /* FNV-1a, then mixed, because tables use the low bits */

    for (size_t i = 0; i < size; i++)
        h = (h ^ p[i]) * 0x100000001B3u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ (h >> 32);
}

static void vocabulary_rehash(struct vocabulary *v)
{
    v->n_hash = v->n_hash ? 2 * v->n_hash : 1024;
    v->hash = xgrow(v->hash, (size_t)v->n_hash, sizeof *v->hash);
    for (int i = 0; i < v->n_hash; i++)
        v->hash[i] = -1;
    for (int w = 0; w < v->n; w++) {
        uint64_t h = hash_bytes(v->word[w], strlen(v->word[w]));
        while (v->hash[h & (uint64_t)(v->n_hash - 1)] >= 0)
            h++;
        v->hash[h & (uint64_t)(v->n_hash - 1)] = w;
    }
}

/* Where the word is in the table of hashes, or where it would be. */
static int vocabulary_slot(const struct vocabulary *v, const char *s, size_t n)
{
    uint64_t h = hash_bytes(s, n);

    for (;; h++) {
        int slot = (int)(h & (uint64_t)(v->n_hash - 1)), w = v->hash[slot];
        if (w < 0 || (strncmp(v->word[w], s, n) == 0 && v->word[w][n] == 0))
            return slot;
    }
}

int vocabulary_find(const struct vocabulary *v, const char *s, size_t n)
{
    return v->n_hash ? v->hash[vocabulary_slot(v, s, n)] : -1;
}

int vocabulary_id(struct vocabulary *v, const char *s, size_t n)
{
    if (2 * (v->n + 1) > v->n_hash)
        vocabulary_rehash(v);
    int slot = vocabulary_slot(v, s, n);
    if (v->hash[slot] >= 0)
        return v->hash[slot];
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 512;
        v->word = xgrow(v->word, (size_t)v->cap, sizeof *v->word);
    }
    v->word[v->n] = xprintf("%.*s", (int)n, s);
    v->hash[slot] = v->n;
    return v->n++;
}

void vocabulary_free(struct vocabulary *v)
{
    for (int i = 0; i < v->n; i++)
        free(v->word[i]);
    free(v->word);
    free(v->hash);
    *v = (struct vocabulary){ 0 };
}

void words_begin(struct words *w, int n_texts)
{
    *w = (struct words){ .first = xalloc((size_t)n_texts + 1, sizeof *w->first), .cap = 1024 };
    w->id = xalloc((size_t)w->cap, sizeof *w->id); /* a list also where no text has a word */
}

void words_add(struct words *w, int id)
{
    if (w->n_ids == w->cap) {
        w->cap *= 2;
        w->id = xgrow(w->id, (size_t)w->cap, sizeof *w->id);
    }
    w->id[w->n_ids++] = id;
}

void words_end(struct words *w)
{
    w->first[++w->n] = w->n_ids;
}

void words_free(struct words *w)
{
    free(w->id);
    free(w->first);
    *w = (struct words){ 0 };
}

bool is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
           c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

void words_of_line(struct words *w, struct vocabulary *v, const char *line)
{
    const char *end = line + strlen(line), *begin = NULL;

    for (const char *p = line, *at; p < end;) {
        at = p;
        bool space = is_space(utf8_next(&p, end));
        if (space && begin)
            words_add(w, vocabulary_id(v, begin, (size_t)(at - begin)));
        begin = space ? NULL : begin ? begin : at;
    }
    if (begin)
        words_add(w, vocabulary_id(v, begin, (size_t)(end - begin)));
    words_end(w);
}

void words_space(struct words *w, struct vocabulary *v, const char *const *text, int n)
{
    for (int i = 0; i < n; i++)
        words_of_line(w, v, text[i]);
}

char *text_lower(const char *s)
{
    enum { DOTTED_I = 0x130 };
    const char *end = s + strlen(s);
    char *out = xalloc(2 * (size_t)(end - s) + 5, 1); /* a character grows by a byte at most */
    size_t n = 0;

    while (s < end) {
        unsigned char b = (unsigned char)*s;
        if (b < 0x80) {
            out[n++] = (char)(b >= 'A' && b <= 'Z' ? b | 0x20 : b);
            s++;
            continue;
        }
        uint32_t c = utf8_next(&s, end);
        utf8proc_int32_t low = c == DOTTED_I ? 'i' : utf8proc_tolower((utf8proc_int32_t)c);
        n += (size_t)utf8proc_encode_char(low, (utf8proc_uint8_t *)out + n);
        if (c == DOTTED_I)
            n += (size_t)utf8proc_encode_char(0x307, (utf8proc_uint8_t *)out + n);
    }
    out[n] = 0;
    return out;
}
