/* base.c - a pretrained checkpoint: found, checked, mapped or converted, and packed. */
#include "core/nn/impl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_NAMED = 5 };

/* Names for one line of an error: the first few, then how many more. */
struct names {
    char text[480];
    int n;
};

static void names_add(struct names *s, const char *name)
{
    size_t used = strlen(s->text);

    if (s->n++ < MAX_NAMED)
        snprintf(s->text + used, sizeof s->text - used, "%s'%s'", used ? ", " : "",
                 st_escaped(name));
}

static const char *names_text(struct names *s)
{
    size_t used = strlen(s->text);

    if (s->n > MAX_NAMED)
        snprintf(s->text + used, sizeof s->text - used, " ... and %d more", s->n - MAX_NAMED);
    return s->text;
}

/* Checkpoints of before 2019 call a LayerNorm's weight gamma and its bias beta; transformers still
 * does so in the files of bert-base-uncased. */
static const struct st_tensor *find_old(const struct base_model *b, const char *prefix,
                                        const char *name)
{
    static const char *const old[2][2] = { { "LayerNorm.weight", "LayerNorm.gamma" },
                                           { "LayerNorm.bias", "LayerNorm.beta" } };
    size_t n = strlen(name);

    for (int i = 0; i < 2; i++) {
        size_t k = strlen(old[i][0]);
        if (n < k || strcmp(name + n - k, old[i][0]) != 0)
            continue;
        char *s = xprintf("%s%.*s%s", prefix, (int)(n - k), name, old[i][1]);
        const struct st_tensor *t = st_find(&b->file, s);
        free(s);
        return t;
    }
    return NULL;
}

const struct st_tensor *base_model_tensor(const struct base_model *b, const char *name)
{
    const char *prefix[2] = { b->arch->prefix, "" };

    for (int i = 0; i < 2; i++) {
        char *s = xprintf("%s%s", prefix[i], name);
        const struct st_tensor *t = st_find(&b->file, s);
        free(s);
        if (!t)
            t = find_old(b, prefix[i], name);
        if (t)
            return t;
    }
    return NULL;
}

/* A tensor inside the trunk's own folders of names that nothing reads: perhaps a layer more than
 * config.json says. Heads of other tasks and saved position ids are no concern. */
static bool is_trunk_name(const struct base_model *b, const char *name)
{
    size_t n = strlen(name), k = strlen(b->arch->prefix);

    for (const char *const *end = b->arch->impl->ignored; *end; end++)
        if (n >= strlen(*end) && strcmp(name + n - strlen(*end), *end) == 0)
            return false;
    if (strncmp(name, b->arch->prefix, k) == 0)
        return true;
    for (int i = 0; i < b->n_params; i++) {
        const char *dot = strchr(b->params[i].name, '.');
        if (dot && strncmp(name, b->params[i].name, (size_t)(dot - b->params[i].name) + 1) == 0)
            return true;
    }
    return false;
}

static int check_shape(const struct base_model *b, const struct param *p, const struct st_tensor *t)
{
    size_t shape[2], n = 0;
    int n_dims = stored_shape(b->arch, p, shape);
    char want[64], have[160] = "";

    if (t->n_dims == n_dims && memcmp(t->shape, shape, (size_t)n_dims * sizeof *shape) == 0)
        return 0;
    snprintf(want, sizeof want, n_dims == 1 ? "[%zu]" : "[%zu, %zu]", shape[0], shape[n_dims - 1]);
    for (int i = 0; i < t->n_dims && n < sizeof have; i++)
        n += (size_t)snprintf(have + n, sizeof have - n, "%s%zu", i ? ", " : "", t->shape[i]);
    return fail(FAIL_INPUT, "tensor '%s' of '%s' has the shape [%s]; by config.json it is %s",
                st_escaped(t->name), b->file.file.path, have, want);
}

static bool is_pooler(const struct param *p)
{
    return p->role == ROLE_POOL_W || p->role == ROLE_POOL_B;
}

/* Find every tensor; T[i] is that of params[i]. A pooler that is absent as a whole is dropped. */
static int find_tensors(struct base_model *b, const struct st_tensor **t)
{
    struct names missing = { 0 }, surplus = { 0 };
    bool *used = xalloc((size_t)b->file.n + 1, sizeof *used);
    int n = 0, pooler = 0, rc = 0;

    for (int i = 0; i < b->n_params; i++) {
        char *stored = stored_name(b->arch, &b->params[i]);
        t[i] = base_model_tensor(b, stored);
        free(stored);
        pooler += t[i] && is_pooler(&b->params[i]);
        if (t[i])
            used[t[i] - b->file.t] = true;
    }
    for (int i = 0; i < b->file.n; i++)
        if (!used[i] && is_trunk_name(b, b->file.t[i].name))
            names_add(&surplus, b->file.t[i].name);
    for (int i = 0; i < b->n_params; i++) {
        if (!t[i] && is_pooler(&b->params[i]) && !pooler) {
            free(b->params[i].name);
            continue;
        }
        if (!t[i]) {
            char *stored = stored_name(b->arch, &b->params[i]);
            names_add(&missing, stored);
            free(stored);
        }
        t[n] = t[i];
        b->params[n++] = b->params[i];
    }
    b->n_params = n;
    if (missing.n)
        rc = fail(FAIL_INPUT, "'%s' lacks %s", b->file.file.path, names_text(&missing));
    else if (surplus.n)
        rc = fail(FAIL_INPUT, "'%s' has tensors that config.json does not account for: %s",
                  b->file.file.path, names_text(&surplus));
    for (int i = 0; rc == 0 && i < n; i++)
        rc = check_shape(b, &b->params[i], t[i]);
    free(used);
    return rc;
}

void base_model_release(const struct base_model *b)
{
    if (b->file.file.size > 0)
        madvise((void *)(uintptr_t)b->file.file.data, b->file.file.size, MADV_DONTNEED);
}

/* A page that is read brings up to 16 around it along. */
enum { TABLE_ROWS = 256, PAGES_AROUND = 64 << 10, LARGE_TABLE = 64 << 20 };

size_t table_resident(size_t bytes)
{
    return bytes < LARGE_TABLE ? bytes : (size_t)TABLE_ROWS * PAGES_AROUND;
}

void base_model_rows_read(struct base_model *b, const struct param *p, int n)
{
    const size_t page = 4096, bytes = (size_t)p->rows * (size_t)p->cols * sizeof *p->value;
    uintptr_t from = (uintptr_t)p->value, map = (uintptr_t)b->file.file.data;

    if (p->trainable || bytes < LARGE_TABLE || from < map || from >= map + b->file.file.size ||
        __atomic_add_fetch(&b->rows_read, n, __ATOMIC_RELAXED) < TABLE_ROWS)
        return;
    __atomic_store_n(&b->rows_read, 0, __ATOMIC_RELAXED);
    from = (from + page - 1) / page * page; /* what is read meanwhile comes back by itself */
    madvise((void *)from, bytes - page, MADV_DONTNEED);
}

static size_t size_of(const struct param *p)
{
    return (size_t)p->rows * (size_t)p->cols;
}

/* Copy a parameter out of the tensor T that holds it. */
static int read_value(const struct base_model *b, const struct param *p, const struct st_tensor *t)
{
    if (stored_as_is(b->arch, p))
        return st_reals(p->value, &b->file, t, t->count);
    real *all = malloc(t->count * sizeof *all);
    if (!all)
        return fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
    int rc = st_reals(all, &b->file, t, t->count);
    if (rc == 0)
        stored_get(p->value, b->arch, p, all);
    free(all);
    return rc;
}

/* Point each parameter at its numbers: in the map where they can be used as the file has them, else
 * in own. Vectors are few and lie between the matrices: each would keep the two megabytes around it
 * in memory. */
static int read_values(struct base_model *b, const struct st_tensor *const *t)
{
    size_t n_own = 0, at = 0;

    for (int i = 0; i < b->n_params; i++) {
        struct param *p = &b->params[i];
#ifndef REAL_IS_DOUBLE
        const real *tensor = p->is_vector ? NULL : st_floats_in_place(t[i]);
        if (tensor)
            stored_view(p, b->arch, tensor);
#endif
        n_own += p->value || p->stored ? 0 : size_of(p);
        base_model_release(b); /* what the check of the numbers read */
    }
    b->own = n_own ? malloc(n_own * sizeof *b->own) : NULL;
    if (n_own && !b->own)
        return fail(FAIL_MEMORY, "no memory for %.1f million numbers of '%s'", 1e-6 * (double)n_own,
                    b->file.file.path);
    for (int i = 0; i < b->n_params; i++) {
        if (b->params[i].value || b->params[i].stored)
            continue;
        b->params[i].value = b->own + at;
        if (read_value(b, &b->params[i], t[i]) != 0)
            return -1;
        at += size_of(&b->params[i]);
        base_model_release(b);
    }
    return 0;
}

int base_list(struct base_model *b)
{
    for (const struct arch *const *a = arch_table; *a; a++)
        if (strcmp((*a)->name, b->dims.arch) == 0)
            b->arch = *a;
    if (!b->arch)
        return fail(FAIL_USAGE, "this build has no architecture '%s'", b->dims.arch);
    b->n_params = b->arch->params(&b->dims, NULL, 0);
    b->params = xalloc((size_t)b->n_params, sizeof *b->params);
    b->arch->params(&b->dims, b->params, b->n_params);
    b->packed = xalloc(base_model_n_packed(&b->dims), sizeof(struct packed *));
    return 0;
}

int base_model_outline(struct base_model *b, const struct dims *d, bool pooler)
{
    int n = 0;

    *b = (struct base_model){ .dims = *d };
    b->dims.problem = NULL;
    if (base_list(b) != 0)
        return -1;
    for (int i = 0; i < b->n_params; i++) {
        struct param *p = &b->params[i];
        if (!pooler && (p->role == ROLE_POOL_W || p->role == ROLE_POOL_B))
            free(p->name);
        else
            b->params[n++] = *p;
    }
    b->n_params = n;
    return 0;
}

int base_model_load(struct base_model *b, const char *dir)
{
    char *path = path_join(dir, "model.safetensors");
    const struct st_tensor **t = NULL;
    int rc = -1;

    *b = (struct base_model){ .dir = xstrdup(dir) };
    if (dims_load(&b->dims, dir) != 0 || base_list(b) != 0 ||
        sha256_file(b->weights_sha256, path) != 0 || st_open(&b->file, path) != 0)
        goto out;
    t = xalloc((size_t)b->n_params, sizeof *t);
    if (find_tensors(b, t) == 0 && read_values(b, t) == 0)
        rc = 0;
out:
    free(t);
    free(path);
    if (rc != 0)
        base_model_free(b);
    return rc;
}

int base_model_block_param(const struct base_model *b, int layer, int role)
{
    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].layer == layer && (int)b->params[i].role == role)
            return i;
    return -1;
}

const struct packed *base_model_packed(struct base_model *b, int layer, enum group g, bool backward,
                                       enum precision precision)
{
    int group = ((int)precision * b->dims.n_layers + layer) * N_GROUP + (int)g;
    struct packed **p = &b->packed[2 * group];
    struct packed_image want = { .backward = backward, .precision = precision };
    enum trans t = NOTRANS;
    struct mat part[3];

    if (p[1] || (p[0] && !backward))
        return p[1] ? p[1] : p[0];
    for (int i = 0; i < group_count(g); i++) {
        int at = base_model_block_param(b, layer, (int)ROLE_W + group_first(g) + i);
        const struct param *q = &b->params[at];
        t = q->value ? NOTRANS : TRANS; /* one tensor's, or of one kind */
        if (t == TRANS)
            part[i] = (struct mat){ (real *)(uintptr_t)q->stored, q->cols, q->rows, q->stored_ld };
        else
            part[i] = param_mat(q);
        want.in = q->cols;
        want.out += q->rows;
    }
    p[backward] = packs_get(b, layer * N_GROUP + (int)g, want);
    if (p[backward])
        return p[backward];
    p[backward] = packed_new(part, group_count(g), t, backward, precision);
    packs_new(b, precision);
    base_model_release(b); /* at once, so that no more than one group is in memory twice */
    return p[backward];
}

static int pack_head(struct base_model *b, const struct param *q, enum precision p)
{
    struct lmhead *h = &b->lm[p];
    int kept = 0, n = lmhead_chunks(q->rows);

    lmhead_init(h, param_mat(q));
    for (int c = 0; c < n; c++) {
        struct packed_image want = {
            .in = q->cols, .out = lmhead_chunk(h, c).rows, .backward = true, .precision = p
        };
        h->chunk[c] = packs_get(b, b->dims.n_layers * N_GROUP + c, want);
        kept += h->chunk[c] != NULL;
    }
    if (kept < n)
        packs_new(b, p);
    return lmhead_pack(h, p);
}

int base_model_pack_head(struct base_model *b, enum precision p)
{
    int rc = 0;

    for (int i = 0; i < b->n_params; i++)
        if (b->params[i].role == ROLE_WORD && !b->lm[p].w.x)
            rc = pack_head(b, &b->params[i], p);
    base_model_release(b);
    return rc;
}

int base_model_pack(struct base_model *b, const unsigned char *need, enum precision p)
{
    if (b->arch->causal && base_model_pack_head(b, p) != 0)
        return -1;
    for (int i = 0; i < b->dims.n_layers * N_GROUP; i++) {
        enum pack_need n = need ? need[i] : PACK_BOTH;
        if (n != PACK_NONE &&
            !base_model_packed(b, i / N_GROUP, (enum group)(i % N_GROUP), n == PACK_BOTH, p))
            return -1;
    }
    packs_save(b, p);
    return 0;
}

void base_model_free(struct base_model *b)
{
    for (size_t i = 0; b->packed && i < base_model_n_packed(&b->dims); i++)
        packed_free(b->packed[i]);
    free(b->packed);
    for (int p = 0; p < N_PRECISION; p++)
        lmhead_free(&b->lm[p]);
    packs_free(b);
    free(b->pack_dir);
    for (int i = 0; i < b->n_params; i++)
        free(b->params[i].name);
    free(b->params);
    free(b->own);
    free(b->dims.problem);
    free(b->dir);
    st_close(&b->file);
    *b = (struct base_model){ 0 };
}
