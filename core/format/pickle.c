/* pickle.c - the opcodes of a pickle that torch.save uses, on a stack of values.
 *
 * The opcodes are those of pickletools.py of Python 3.11. No value is walked through recursively,
 * so one that contains itself does no harm, and every opcode takes at most a few dozen bytes of
 * memory for each of its own. */
#include "core/format/pickle_impl.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256 };

struct machine {
    const char *path;
    const unsigned char *p;
    size_t size, at, op_at;
    struct pickle_value **stack, **memo;
    size_t n, cap, memo_cap, n_memo;
    size_t *mark; /* heights of the stack */
    size_t n_marks, marks_cap;
    struct pickle_value **block; /* of BLOCK values each */
    size_t n_values, n_blocks;
};

static int damaged(const struct machine *m, const char *why)
{
    return fail(FAIL_INPUT, "'%s': the pickle is damaged at byte %zu: %s", m->path, m->op_at, why);
}

/* --- values */

static struct pickle_value *new_value(struct machine *m, enum pickle_kind kind)
{
    if (m->n_values == m->n_blocks * BLOCK) {
        m->block = xgrow(m->block, m->n_blocks + 1, sizeof *m->block);
        m->block[m->n_blocks++] = xalloc(BLOCK, sizeof **m->block);
    }
    struct pickle_value *v = &m->block[m->n_values / BLOCK][m->n_values % BLOCK];
    m->n_values++;
    v->kind = kind;
    return v;
}

static void value_free(struct pickle_value *v)
{
    if (v->kind == PICKLE_TUPLE || v->kind == PICKLE_LIST || v->kind == PICKLE_DICT)
        free(v->v);
    if (v->kind == PICKLE_TENSOR)
        free(v->tensor);
    if (v->kind == PICKLE_STORAGE) {
        free(v->storage->key);
        free(v->storage);
    }
}

static void machine_free(struct machine *m)
{
    for (size_t i = 0; i < m->n_values; i++)
        value_free(&m->block[i / BLOCK][i % BLOCK]);
    for (size_t i = 0; i < m->n_blocks; i++)
        free(m->block[i]);
    free(m->block);
    free(m->stack);
    free(m->memo);
    free(m->mark);
}

/* The array of N items doubles when N is a power of two. */
static void append(struct pickle_value *list, struct pickle_value *item)
{
    if ((list->n & (list->n - 1)) == 0)
        list->v = xgrow(list->v, list->n ? 2 * list->n : 1, sizeof(void *));
    list->v[list->n++] = item;
}

/* --- the stack */

static int push(struct machine *m, struct pickle_value *v)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? 2 * m->cap : 64;
        m->stack = xgrow(m->stack, m->cap, sizeof(void *));
    }
    m->stack[m->n++] = v;
    return 0;
}

static int push_kind(struct machine *m, enum pickle_kind kind)
{
    return push(m, new_value(m, kind));
}

/* Are there N values above the last mark? */
static bool has(const struct machine *m, size_t n)
{
    return m->n - (m->n_marks ? m->mark[m->n_marks - 1] : 0) >= n;
}

static int push_mark(struct machine *m)
{
    if (m->n_marks == m->marks_cap) {
        m->marks_cap = m->marks_cap ? 2 * m->marks_cap : 64;
        m->mark = xgrow(m->mark, m->marks_cap, sizeof *m->mark);
    }
    m->mark[m->n_marks++] = m->n;
    return 0;
}

/* *FROM becomes the height of the last mark, which is removed. */
static int pop_mark(size_t *from, struct machine *m)
{
    if (m->n_marks == 0)
        return damaged(m, "there is no mark");
    *from = m->mark[--m->n_marks];
    return 0;
}

/* --- bytes */

static const unsigned char *take(struct machine *m, size_t n)
{
    if (n > m->size - m->at) {
        damaged(m, "it ends too early");
        return NULL;
    }
    m->at += n;
    return m->p + m->at - n;
}

static int take_number(uint64_t *u, struct machine *m, int n_bytes)
{
    const unsigned char *p = take(m, (size_t)n_bytes);

    *u = 0;
    for (int i = n_bytes - 1; p && i >= 0; i--)
        *u = *u << 8 | p[i];
    return p ? 0 : -1;
}

/* A line of text without its end. */
static const char *take_line(size_t *n, struct machine *m)
{
    const unsigned char *p = m->p + m->at, *end = memchr(p, '\n', m->size - m->at);

    if (!end) {
        damaged(m, "it ends too early");
        return NULL;
    }
    *n = (size_t)(end - p);
    m->at += *n + 1;
    return (const char *)p;
}

/* --- opcodes. Each function returns 0, or -1 after fail. */

/* A whole number of N_BYTES, in two's complement when SIGNED. */
static int op_int(struct machine *m, int n_bytes, bool is_signed)
{
    uint64_t u, sign = n_bytes > 0 ? (uint64_t)1 << (8 * n_bytes - 1) : 0;

    if (take_number(&u, m, n_bytes) != 0)
        return -1;
    struct pickle_value *v = new_value(m, PICKLE_INT);
    v->i = (long long)(is_signed ? (u ^ sign) - sign : u);
    return push(m, v);
}

static int op_long1(struct machine *m)
{
    uint64_t n;

    if (take_number(&n, m, 1) != 0)
        return -1;
    return n > 8 ? damaged(m, "a number has more than 64 bits") : op_int(m, (int)n, true);
}

static int op_string(struct machine *m, int n_bytes)
{
    uint64_t n;
    const unsigned char *p = NULL;

    if (take_number(&n, m, n_bytes) != 0 || !(p = take(m, (size_t)n)))
        return -1;
    struct pickle_value *v = new_value(m, PICKLE_STRING);
    v->s = (const char *)p;
    v->n = (size_t)n;
    return push(m, v);
}

static int push_global(struct machine *m, const char *module, size_t n, const char *name, size_t k)
{
    char *full = xprintf("%.*s.%.*s", (int)n, module, (int)k, name);
    const struct pickle_global *g = pickle_find_global(m->path, full, strlen(full));

    free(full);
    if (!g)
        return -1;
    struct pickle_value *v = new_value(m, PICKLE_GLOBAL);
    v->global = g;
    return push(m, v);
}

static int op_global(struct machine *m)
{
    size_t n, k;
    const char *module = take_line(&n, m), *name = module ? take_line(&k, m) : NULL;

    return name ? push_global(m, module, n, name, k) : -1;
}

static int op_stack_global(struct machine *m)
{
    if (!has(m, 2))
        return damaged(m, "the stack is empty");
    const struct pickle_value *name = m->stack[--m->n], *module = m->stack[--m->n];
    if (name->kind != PICKLE_STRING || module->kind != PICKLE_STRING)
        return damaged(m, "a name is not a string");
    return push_global(m, module->s, module->n, name->s, name->n);
}

/* The N values on top of the stack become a tuple. */
static int op_tuple(struct machine *m, size_t n)
{
    if (!has(m, n))
        return damaged(m, "the stack is empty");
    struct pickle_value *v = new_value(m, PICKLE_TUPLE);
    for (size_t i = m->n - n; i < m->n; i++)
        append(v, m->stack[i]);
    m->n -= n;
    return push(m, v);
}

static int op_tuple_from_mark(struct machine *m)
{
    size_t from = 0;

    return pop_mark(&from, m) == 0 ? op_tuple(m, m->n - from) : -1;
}

/* The values from FROM on join the list or the dict before them. */
static int op_join(struct machine *m, enum pickle_kind kind, size_t from)
{
    size_t below = m->n_marks ? m->mark[m->n_marks - 1] : 0;

    if (from <= below || m->stack[from - 1]->kind != kind)
        return damaged(m, kind == PICKLE_DICT ? "there is no dict" : "there is no list");
    if (kind == PICKLE_DICT && (m->n - from) % 2 != 0)
        return damaged(m, "a key has no value");
    for (size_t i = from; i < m->n; i++)
        append(m->stack[from - 1], m->stack[i]);
    m->n = from;
    return 0;
}

static int op_join_from_mark(struct machine *m, enum pickle_kind kind)
{
    size_t from = 0;

    return pop_mark(&from, m) == 0 ? op_join(m, kind, from) : -1;
}

static int op_join_last(struct machine *m, enum pickle_kind kind, size_t n)
{
    return has(m, n) ? op_join(m, kind, m->n - n) : damaged(m, "the stack is empty");
}

static int op_reduce(struct machine *m)
{
    if (!has(m, 2))
        return damaged(m, "the stack is empty");
    const struct pickle_value *args = m->stack[--m->n], *f = m->stack[--m->n];
    if (f->kind != PICKLE_GLOBAL || args->kind != PICKLE_TUPLE)
        return damaged(m, "something that is not a function is called");
    struct pickle_value *v = new_value(m, PICKLE_NONE);
    return pickle_call(v, m->path, f->global, args) == 0 ? push(m, v) : -1;
}

static int op_persistent(struct machine *m)
{
    if (!has(m, 1))
        return damaged(m, "the stack is empty");
    struct pickle_value *v = new_value(m, PICKLE_NONE);
    return pickle_persistent(v, m->path, m->stack[--m->n]) == 0 ? push(m, v) : -1;
}

/* Attributes of a dict: the versions of modules, which nothing here needs. */
static int op_build(struct machine *m)
{
    if (!has(m, 2) || m->stack[m->n - 2]->kind != PICKLE_DICT)
        return damaged(m, "something that is not a dict gets attributes");
    m->n--;
    return 0;
}

static int memo_put(struct machine *m, uint64_t i)
{
    if (!has(m, 1))
        return damaged(m, "the stack is empty");
    if (i >= m->size)
        return damaged(m, "a number of the memo is larger than the pickle");
    if (i >= m->memo_cap) {
        size_t cap = 2 * (size_t)i + 64;
        m->memo = xgrow(m->memo, cap, sizeof(void *));
        memset(m->memo + m->memo_cap, 0, (cap - m->memo_cap) * sizeof(void *));
        m->memo_cap = cap;
    }
    m->n_memo += m->memo[i] == NULL;
    m->memo[i] = m->stack[m->n - 1];
    return 0;
}

static int op_put(struct machine *m, int n_bytes)
{
    uint64_t i;

    return take_number(&i, m, n_bytes) == 0 ? memo_put(m, i) : -1;
}

static int op_get(struct machine *m, int n_bytes)
{
    uint64_t i;

    if (take_number(&i, m, n_bytes) != 0)
        return -1;
    return i < m->memo_cap && m->memo[i] ? push(m, m->memo[i]) : damaged(m, "the memo is empty");
}

static int op_protocol(struct machine *m)
{
    uint64_t version;

    if (take_number(&version, m, 1) != 0)
        return -1;
    if (version < 2 || version > 5)
        return fail(FAIL_INPUT, "'%s': the pickle has protocol %d; 2 to 5 are read", m->path,
                    (int)version);
    return 0;
}

static int op_unknown(const struct machine *m, int op)
{
    static const struct {
        int op;
        const char *name;
    } names[] = {
        { 'i', "INST" },
        { 'o', "OBJ" },
        { 0x81, "NEWOBJ" },
        { 0x92, "NEWOBJ_EX" },
        { 'P', "PERSID" },
        { 0x82, "EXT1" },
        { 0x83, "EXT2" },
        { 0x84, "EXT4" },
        { 'I', "INT" },
        { 'L', "LONG" },
        { 0x8b, "LONG4" },
        { 'F', "FLOAT" },
        { 'S', "STRING" },
        { 'T', "BINSTRING" },
        { 'U', "SHORT_BINSTRING" },
        { 'V', "UNICODE" },
        { 'B', "BINBYTES" },
        { 'C', "SHORT_BINBYTES" },
        { 0x8e, "BINBYTES8" },
        { 0x96, "BYTEARRAY8" },
        { 0x97, "NEXT_BUFFER" },
        { 0x98, "READONLY_BUFFER" },
        { 0x8f, "EMPTY_SET" },
        { 0x90, "ADDITEMS" },
        { 0x91, "FROZENSET" },
        { 'd', "DICT" },
        { 'l', "LIST" },
        { 'g', "GET" },
        { 'p', "PUT" },
        { '0', "POP" },
        { '1', "POP_MARK" },
        { '2', "DUP" },
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (names[i].op == op)
            return fail(FAIL_INPUT,
                        "'%s': the pickle has the opcode %s at byte %zu, which no file of weights "
                        "needs; it is not executed",
                        m->path, names[i].name, m->op_at);
    return damaged(m, "there is no such opcode");
}

/* Constants, names, and the memo. */
static int run_simple(struct machine *m, int op)
{
    uint64_t unused;

    switch (op) {
    case 0x80: return op_protocol(m);
    case 0x95: return take_number(&unused, m, 8); /* FRAME: a hint for readers of streams */
    case 'N': return push_kind(m, PICKLE_NONE);
    case 0x88:
    case 0x89: return push_kind(m, PICKLE_BOOL);
    case 'K': return op_int(m, 1, false);
    case 'M': return op_int(m, 2, false);
    case 'J': return op_int(m, 4, true);
    case 0x8a: return op_long1(m);
    case 'G': return take(m, 8) ? push_kind(m, PICKLE_FLOAT) : -1;
    case 0x8c: return op_string(m, 1);
    case 'X': return op_string(m, 4);
    case 0x8d: return op_string(m, 8);
    case 'c': return op_global(m);
    case 'i': return op_global(m) == 0 ? op_unknown(m, op) : -1; /* a name and its call in one */
    case 0x93: return op_stack_global(m);
    case 'q': return op_put(m, 1);
    case 'r': return op_put(m, 4);
    case 0x94: return memo_put(m, m->n_memo);
    case 'h': return op_get(m, 1);
    case 'j': return op_get(m, 4);
    default: return op_unknown(m, op);
    }
}

static int run_opcode(struct machine *m, int op)
{
    switch (op) {
    case '(': return push_mark(m);
    case ')': return push_kind(m, PICKLE_TUPLE);
    case ']': return push_kind(m, PICKLE_LIST);
    case '}': return push_kind(m, PICKLE_DICT);
    case 't': return op_tuple_from_mark(m);
    case 0x85: return op_tuple(m, 1);
    case 0x86: return op_tuple(m, 2);
    case 0x87: return op_tuple(m, 3);
    case 'a': return op_join_last(m, PICKLE_LIST, 1);
    case 'e': return op_join_from_mark(m, PICKLE_LIST);
    case 's': return op_join_last(m, PICKLE_DICT, 2);
    case 'u': return op_join_from_mark(m, PICKLE_DICT);
    case 'R': return op_reduce(m);
    case 'Q': return op_persistent(m);
    case 'b': return op_build(m);
    default: return run_simple(m, op);
    }
}

int pickle_read(struct pickle *k, const char *path, const unsigned char *p, size_t size)
{
    struct machine m = { .path = path, .p = p, .size = size };
    int rc = 0;

    *k = (struct pickle){ 0 };
    CHECK(size <= PICKLE_MOST, "%zu bytes", size);
    while (rc == 0) {
        m.op_at = m.at;
        const unsigned char *op = take(&m, 1);
        if (op && *op == '.')
            break;
        rc = op ? run_opcode(&m, *op) : -1;
    }
    if (rc == 0 && (m.n != 1 || m.n_marks != 0))
        rc = damaged(&m, "it does not end with one value");
    else if (rc == 0 && m.at != size)
        rc = damaged(&m, "bytes follow its end");
    if (rc == 0)
        rc = pickle_result(k, path, m.stack[0]);
    if (rc != 0)
        pickle_free(k);
    machine_free(&m);
    return rc;
}
