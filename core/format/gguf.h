/* gguf.h - reading GGUF files, versions 2 and 3, which llama.cpp uses: tensors, and facts about the
 * model as keys with values. Every count, size and offset is checked before it is used. The format
 * is that of docs/gguf.md in ggml: little-endian; "GGUF", version, number of tensors, number of
 * keys; the keys; the tensors' names, shapes, types and offsets; then, aligned, their data. */
#ifndef GGUF_H
#define GGUF_H

#include "core/format/tensor.h"

enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
    N_GGUF_TYPE
};

/* A value in the map. Arrays hold ITEMs of one type that is not GGUF_ARRAY. */
struct gguf_value {
    char *key;
    enum gguf_type type, item; /* item: only of an array */
    size_t count;              /* bytes of a string, entries of an array, else 1 */
    const unsigned char *at;   /* of the characters, the first entry, or the number */
    size_t bytes;              /* from AT on */
};
struct gguf {
    struct gguf_value *value; /* in the order of their keys */
    int n;
};

/* gguf_is - does F begin like a GGUF file? gguf_open - map PATH and check everything; S gets the
 * tensors, with their dimensions in row-major order (GGUF has them reversed), and G, unless it is
 * NULL, the keys, which point into the map of S. st_close and gguf_free release them. Errors:
 * FAIL_INPUT with the file and the key or tensor; also for version 1, big-endian files, types of
 * tensors other than F32, F16, BF16 and those of quant.h, arrays of arrays, and tensors that
 * overlap. */
bool gguf_is(const struct file *f);
int gguf_open(struct st_file *s, struct gguf *g, const char *path);
void gguf_free(struct gguf *g);

/* gguf_find - the value of KEY, or NULL. gguf_type_name - "u32", ... */
const struct gguf_value *gguf_find(const struct gguf *g, const char *key);
const char *gguf_type_name(enum gguf_type t);

/* gguf_number - entry I of an array of numbers or booleans, or, with I = 0, a single one, to X;
 * false: V is none, or has no entry I. Whole numbers beyond 2^53 are rounded. gguf_string - a copy
 * of a string, which the caller frees; NULL: V is none, or it contains a NUL. Both take NULL for V.
 */
bool gguf_number(double *x, const struct gguf_value *v, size_t i);
char *gguf_string(const struct gguf_value *v);

/* gguf_strings - the strings of an array (tokenizer.ggml.tokens, tokenizer.ggml.merges), in the
 * map: S[i] has N[i] bytes and no NUL at its end. The caller frees *S and *N. Returns how many;
 * -1: V is NULL or no array of strings. */
long gguf_strings(const char ***s, size_t **n, const struct gguf_value *v);
#endif
