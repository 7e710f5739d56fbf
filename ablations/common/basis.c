/* basis.c - the input directions of a low-rank update, and how similar the subspaces of two are. */
#include "ablations/common/basis.h"
#include "core/base/rng.h"
#include "core/format/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 256 };

int basis_of(struct basis *b, const double *a, int r, int d)
{
    double *left = xalloc((size_t)r * (size_t)r, sizeof *left);
    double *s = xalloc((size_t)r, sizeof *s);

    CHECK(r > 0 && r <= d, "%d x %d", r, d);
    b->r = r;
    b->d = d;
    b->u = xalloc((size_t)r * (size_t)d, sizeof *b->u);
    int rc = mat_svd(left, s, b->u, a, r, d);
    free(s);
    free(left);
    return rc;
}

double basis_phi_random(int i, int j, int d)
{
    return (double)(i > j ? i : j) / d;
}

void basis_phi(double *phi, int n, int m, const struct basis *u, const struct basis *v)
{
    size_t d = (size_t)u->d;

    CHECK(u->d == v->d && n <= u->r && m <= v->r, "%d x %d of %d x %d and %d x %d", n, m, u->r,
          u->d, v->r, v->d);
    for (int i = 0; i < n; i++) {
        double row = 0; /* sum of the squares in row i up to column j */
        for (int j = 0; j < m; j++) {
            double dot = 0;
            for (size_t k = 0; k < d; k++)
                dot += u->u[(size_t)i * d + k] * v->u[(size_t)j * d + k];
            row += dot * dot;
            phi[(size_t)i * (size_t)m + (size_t)j] =
                row + (i > 0 ? phi[(size_t)(i - 1) * (size_t)m + (size_t)j] : 0);
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < m; j++) {
            double *x = &phi[(size_t)i * (size_t)m + (size_t)j];
            *x = fmin(*x / (i < j ? i + 1 : j + 1), 1); /* rounding can exceed 1 */
        }
}

/* The tensor "NAME.lora_A.weight" or "*.NAME.lora_A.weight", or NULL. */
static const struct st_tensor *find_factor(const struct st_file *file, const char *name)
{
    char *tail = xprintf(".%s.lora_A.weight", name);
    size_t n = strlen(tail);
    const struct st_tensor *found = NULL;

    for (int i = 0; i < file->n && !found; i++) {
        size_t len = strlen(file->t[i].name);
        if (len >= n ? strcmp(file->t[i].name + len - n, tail) == 0
                     : strcmp(file->t[i].name, tail + 1) == 0)
            found = &file->t[i];
    }
    free(tail);
    return found;
}

static int read_basis(struct basis *b, const struct st_file *file, const struct st_tensor *t)
{
    if (t->n_dims != 2 || t->shape[0] == 0 || t->shape[0] > t->shape[1] || t->shape[1] > 1 << 20)
        return fail(FAIL_INPUT, "tensor '%s' of '%s' is not the matrix A of a low-rank update",
                    st_escaped(t->name), file->file.path);
    double *a = xalloc(t->count, sizeof *a);
    int rc = st_doubles(a, t, t->count);
    if (rc == 0)
        rc = basis_of(b, a, (int)t->shape[0], (int)t->shape[1]);
    if (rc != 0)
        fail_context("tensor '%s' of '%s'", st_escaped(t->name), file->file.path);
    free(a);
    return rc;
}

struct loading {
    struct basis *b;
    int n;
    const struct st_file *file;
    const bool *wanted;
};

static int read_wanted(struct loading *l)
{
    for (const struct arch *const *a = arch_table; *a && l->n == 0; a++)
        for (int layer = 0; layer < MAX_LAYERS; layer++)
            for (int p = 0; p < N_PROJ; p++) {
                char *module = arch_module(*a, layer, (enum proj)p);
                const struct st_tensor *t =
                    module && l->wanted[p] ? find_factor(l->file, module) : NULL;
                free(module);
                if (!t)
                    continue;
                l->b = xgrow(l->b, (size_t)l->n + 1, sizeof *l->b);
                l->b[l->n] = (struct basis){ .layer = layer, .proj = (enum proj)p };
                l->n++;
                if (read_basis(&l->b[l->n - 1], l->file, t) != 0)
                    return -1;
            }
    return l->n > 0
               ? 0
               : fail(FAIL_INPUT, "'%s' adapts none of the wanted matrices", l->file->file.path);
}

int basis_load(struct basis **out, const char *path, const bool wanted[N_PROJ])
{
    struct st_file file;
    struct loading l = { .file = &file, .wanted = wanted };

    if (st_open(&file, path) != 0)
        return -1;
    int rc = read_wanted(&l);
    st_close(&file);
    if (rc != 0) {
        basis_free(l.b, l.n);
        return -1;
    }
    *out = l.b;
    return l.n;
}

void basis_free(struct basis *b, int n)
{
    for (int i = 0; i < n; i++)
        free(b[i].u);
    free(b);
}
