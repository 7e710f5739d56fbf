/* truncate.c - models whose matrices are replaced by their closest matrices of a low rank. */
#include "experiments/assets/truncate.h"
#include "core/format/safetensors.h"
#include "core/os/file.h"
#include "core/text/tok.h"
#include "core/nn/model.h"
#include "core/os/file.h"
#include "experiments/assets/model_dir.h"
#include "experiments/assets/sentence.h"

#include <stdlib.h>
#include <string.h>

int truncate_name(const char *name, char **of, long *rank)
{
    const char *at = strstr(name, "@r");
    char *end;

    if (!at || at == name || strchr(name, '/'))
        return 0;
    *rank = strtol(at + 2, &end, 10);
    if (end == at + 2 || *end || *rank < 1 || *rank > 65536)
        return fail(FAIL_USAGE, "model '%s': a truncated model is NAME@rRANK, such as minilm@r64",
                    name);
    *of = xprintf("%.*s", (int)(at - name), name);
    return 1;
}

/* X [out,in], without gaps between its rows, becomes the closest matrix of rank R. */
static int matrix_truncate(real *x, int out, int in, int r)
{
    size_t n = (size_t)out * (size_t)in, k = (size_t)(out < in ? out : in);
    double *w = malloc(n * sizeof *w), *u = malloc((size_t)out * k * sizeof *u),
           *s = malloc(k * sizeof *s), *vt = malloc(k * (size_t)in * sizeof *vt);
    int rc = w && u && s && vt ? 0 : fail(FAIL_MEMORY, "no memory for the SVD of %d x %d", out, in);

    for (size_t i = 0; i < n && rc == 0; i++)
        w[i] = (double)x[i];
    if (rc == 0)
        rc = mat_svd(u, s, vt, w, out, in);
    for (int i = 0; i < out && rc == 0; i++) {
        double *row = w + (size_t)i * (size_t)in;
        memset(row, 0, (size_t)in * sizeof *row);
        for (int j = 0; j < r; j++) {
            double f = u[(size_t)i * k + (size_t)j] * s[j];
            for (int c = 0; c < in; c++)
                row[c] += f * vt[(size_t)j * (size_t)in + (size_t)c];
        }
        for (int c = 0; c < in; c++)
            x[(size_t)i * (size_t)in + (size_t)c] = (real)row[c];
    }
    free(w);
    free(u);
    free(s);
    free(vt);
    return rc;
}

static bool is_matrix(const struct param *p)
{
    return p->layer >= 0 && p->role < ROLE_B;
}

static int check_rank(const struct base_model *b, const char *name, long rank)
{
    for (int i = 0; i < b->n_params; i++) {
        const struct param *p = &b->params[i];
        int most = p->rows < p->cols ? p->rows : p->cols;
        if (!stored_as_is(b->arch, p))
            return fail(
                FAIL_USAGE,
                "model '%s': %s stores its matrices in another form, which cannot be truncated",
                name, b->arch->name);
        if (is_matrix(p) && rank > most)
            return fail(FAIL_USAGE, "model '%s': its matrices have a rank of at most %d", name,
                        most);
    }
    return 0;
}

static int write_weights(const struct base_model *b, const char *dir, int rank)
{
    struct st_out *out = xalloc((size_t)b->n_params, sizeof *out);
    char *path = path_join(dir, "model.safetensors");
    int rc = 0;

    for (int i = 0; i < b->n_params && rc == 0; i++) {
        const struct param *p = &b->params[i];
        real *x = malloc((size_t)p->rows * (size_t)p->cols * sizeof *x);
        if (!x) {
            rc = fail(FAIL_MEMORY, "no memory for a copy of '%s'", p->name);
            break;
        }
        out[i] = (struct st_out){
            p->name, x, p->is_vector ? 1 : 2, { (size_t)p->rows, (size_t)p->cols }
        };
        if (p->is_vector)
            out[i].shape[0] = (size_t)p->cols;
        param_read(x, p);
        if (is_matrix(p))
            rc = matrix_truncate(x, p->rows, p->cols, rank);
    }
    if (rc == 0)
        rc = st_write(path, out, b->n_params, sizeof(real) == 8);
    for (int i = 0; i < b->n_params; i++)
        free((void *)(uintptr_t)out[i].data);
    free(path);
    free(out);
    return rc;
}

/* config.json comes last: a folder without it is no model, so an interruption leaves none. */
int truncate_make(const char *name, const char *home, const char *of, long rank, const char *dir)
{
    static const char *const files[] = { "1_Pooling/config.json", "config.json", NULL };
    char *from = model_dir(home, of), *pooling = path_join(dir, "1_Pooling");
    struct base_model b = { 0 };
    int rc = -1;

    if (!from || dims_no_gguf(from, "truncation") != 0 || base_model_load(&b, from) != 0 ||
        check_rank(&b, name, rank) != 0)
        goto out;
    note("making '%s': every matrix in the blocks of '%s' is truncated to rank %ld", name, of,
         rank);
    if (make_dirs(pooling) != 0 || write_weights(&b, dir, (int)rank) != 0)
        goto out;
    rc = 0;
    for (int i = 0; tok_files[i] && rc == 0; i++)
        rc = file_copy_there(from, dir, tok_files[i]);
    for (int i = 0; sentence_files[i] && rc == 0; i++)
        rc = file_copy_there(from, dir, sentence_files[i]);
    for (int i = 0; files[i] && rc == 0; i++)
        rc = file_copy_there(from, dir, files[i]);
out:
    base_model_free(&b);
    free(pooling);
    free(from);
    return rc;
}
