/* weight_update.c - the update of a run, read from the adapter file that the run left. */
#include "ablations/common/weight_update.h"
#include "ablations/common/adapter_path.h"
#include "core/adapt/adapt.h"
#include "core/adapt/ranks.h"
#include "core/peft/peft.h"
#include "core/os/file.h"
#include "core/base/text.h"
#include "core/peft/peft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void update_source_close(struct update_source *s)
{
    if (s->open)
        st_close(&s->file);
    free(s->ranks);
    free(s->path);
    *s = (struct update_source){ 0 };
}

static int read_ranks(struct update_source *s, const struct lora_cfg *cfg, const char *dir)
{
    const struct adapt *method = peft_method(dir);

    if (!method)
        return -1;
    if (strstr(method->name, "dora"))
        return fail(FAIL_USAGE,
                    "run %.8s is of the method '%s', whose update also scales the rows of the "
                    "matrix; analyses of updates read lora and rslora",
                    s->run->key, method->name);
    s->root = strcmp(method->name, "rslora") == 0;
    s->ranks = ranks_make(cfg, &s->base->dims);
    return s->ranks ? 0 : -1;
}

int update_source_open(struct update_source *s, const char *home, const struct study_run *r,
                       const struct base_model *b)
{
    struct lora_cfg cfg = { 0 };
    int n_labels, rc;

    *s = (struct update_source){ .run = r, .base = b, .path = adapter_path(home, r) };
    if (!s->path || st_open(&s->file, s->path) != 0)
        return -1;
    s->open = true;
    char *dir = xprintf("%.*s", (int)(strrchr(s->path, '/') - s->path), s->path);
    char *config = path_join(dir, "adapter_config.json");
    s->low_rank = file_exists(config);
    rc = s->low_rank ? peft_read_config(&cfg, &n_labels, dir, &b->dims) : 0;
    if (rc == 0 && s->low_rank)
        rc = read_ranks(s, &cfg, dir);
    lora_cfg_free(&cfg);
    free(config);
    free(dir);
    return rc;
}

static int fail_shape(const struct update_source *s, const struct st_tensor *t, int out, int in)
{
    struct text shape = { 0 };

    for (int i = 0; i < t->n_dims; i++)
        text_join(&shape, ", ", "%zu", t->shape[i]);
    fail(FAIL_INPUT,
         "tensor '%s' of '%s' has the shape [%s], which does not fit a matrix of %d x %d of '%s'",
         st_escaped(t->name), s->path, text_string(&shape), out, in, s->base->dir);
    text_free(&shape);
    return -1;
}

static double *read_tensor(const struct st_tensor *t)
{
    double *x = xalloc(t->count, sizeof *x);

    if (st_doubles(x, t, t->count) == 0)
        return x;
    free(x);
    return NULL;
}

/* --- low rank: A and B */

/* The tensor "*.MODULE.lora_WHICH.weight", or NULL. */
static const struct st_tensor *find_factor(const struct st_file *f, const char *module, char which)
{
    char *end = xprintf(".%s.lora_%c.weight", module, which);
    size_t n = strlen(end);
    const struct st_tensor *found = NULL;

    for (int i = 0; i < f->n && !found; i++) {
        size_t len = strlen(f->t[i].name);
        if (len >= n && strcmp(f->t[i].name + len - n, end) == 0)
            found = &f->t[i];
    }
    free(end);
    return found;
}

/* The factors A and B of a projection. Where a checkpoint holds q, k and v in one tensor, they may
 * be those of all three: *part is then which third of B's rows belongs to P. 1: found; 0: the run
 * did not adapt P; -1: FAIL_INPUT. */
static int find_factors(const struct st_tensor *t[2], int *part, const struct update_source *s,
                        int layer, enum proj p)
{
    const struct arch *arch = s->base->arch;
    char *together = stored_together(arch) && p <= PROJ_V ? stored_module(arch, layer, p) : NULL;
    char *own = arch_module(arch, layer, p);

    *part = 0;
    for (int i = 0; i < 2; i++)
        t[i] = find_factor(&s->file, own, "AB"[i]);
    if (!t[0] && together) {
        *part = (int)p;
        for (int i = 0; i < 2; i++)
            t[i] = find_factor(&s->file, together, "AB"[i]);
    }
    int found = t[0] && t[1];
    if (!found && (t[0] || t[1]))
        found = fail(FAIL_INPUT, "'%s' has only one of A and B of '%s'", s->path, own);
    free(own);
    free(together);
    return found;
}

/* dw = b a */
static void multiply_factors(struct weight_update *u)
{
    size_t out = (size_t)u->out, in = (size_t)u->in, r = (size_t)u->r;

    u->dw = xalloc(out * in, sizeof *u->dw);
    for (size_t i = 0; i < out; i++)
        for (size_t k = 0; k < r; k++)
            for (size_t j = 0; j < in; j++)
                u->dw[i * in + j] += u->b[i * r + k] * u->a[k * in + j];
}

static int read_low_rank(struct weight_update *u, const struct update_source *s,
                         const struct weight *w)
{
    const struct st_tensor *t[2];
    int part, found = find_factors(t, &part, s, w->layer, w->proj);

    if (found != 1)
        return found;
    struct rank rank = ranks_of(s->ranks, w->layer, w->proj);
    u->scale = rank.alpha / (s->root ? sqrt(rank.r) : (double)rank.r);
    size_t out = (size_t)w->out, in = (size_t)w->in, parts = t[1]->shape[0] / out,
           r = t[0]->shape[0];
    if (t[0]->n_dims != 2 || t[1]->n_dims != 2 || r == 0 || r > 65536 || t[0]->shape[1] != in)
        return fail_shape(s, t[0], w->out, w->in);
    if (t[1]->shape[1] != r || t[1]->shape[0] % out != 0 || parts <= (size_t)part)
        return fail_shape(s, t[1], w->out, w->in);
    u->r = (int)r;
    u->a = read_tensor(t[0]);
    double *whole = u->a ? read_tensor(t[1]) : NULL;
    if (!whole)
        return -1;
    u->b = xalloc(out * r, sizeof *u->b);
    for (size_t i = 0; i < out * r; i++)
        u->b[i] = u->scale * whole[(size_t)part * out * r + i];
    free(whole);
    multiply_factors(u);
    return 1;
}

/* --- trained as a whole: the file has the matrix under the name it has in the base model */

static int read_whole(struct weight_update *u, const struct update_source *s,
                      const struct weight *w)
{
    const struct st_tensor *t = st_find(&s->file, w->name);

    if (!t)
        return 0;
    if (t->n_dims != 2 || t->shape[0] != (size_t)w->out || t->shape[1] != (size_t)w->in)
        return fail_shape(s, t, w->out, w->in);
    u->dw = read_tensor(t);
    if (!u->dw)
        return -1;
    for (size_t i = 0; i < t->count; i++)
        u->dw[i] -= w->w[i];
    u->r = w->out < w->in ? w->out : w->in;
    return 1;
}

int weight_update_read(struct weight_update *u, const struct update_source *s,
                       const struct weight *w)
{
    *u = (struct weight_update){ .run = s->run, .scale = 1, .out = w->out, .in = w->in };
    return s->low_rank ? read_low_rank(u, s, w) : read_whole(u, s, w);
}

void weight_update_free(struct weight_update *u)
{
    free(u->dw);
    free(u->a);
    free(u->b);
    *u = (struct weight_update){ 0 };
}

int weight_update_svd(struct spectrum *s, const struct weight_update *u)
{
    int rc = u->a ? spectrum_of_product(s, u->b, u->a, u->out, u->r, u->in)
                  : spectrum_of(s, u->dw, u->out, u->in);

    return rc == 0 ? 0 : fail_context("the update of run %.8s", u->run->key);
}
