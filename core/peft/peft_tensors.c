/* peft_tensors.c - the tensors of an adapter under the keys of PEFT's save_and_load.py. */
#include "core/peft/peft_tensors.h"

#include "core/adapt/lora.h"
#include "core/adapt/target.h"
#include "core/peft/peft_config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const char peft_key_prefix[] = "base_model.model.";

static const char magnitude[] = ".lora_magnitude_vector";

/* The targets of a module: q, k and v of one that holds all three. */
static void parts_of(int *first, int *last, const struct model *m, int t)
{
    bool together = stored_together(m->base->arch);

    *first = t == TARGET_QKV ? (int)PROJ_Q : t;
    *last = t == TARGET_QKV ? (int)PROJ_V : t;
    if (t == TARGET_QKV && !together)
        *last = *first - 1; /* there is no such module */
    if (t <= PROJ_V && together)
        *last = *first - 1; /* a part of qkv */
}

/* How many pairs become one in a module, and the sum of their ranks. */
static int count_parts(const struct model *m, int layer, int t, int *sum)
{
    int n = 0, first, last;

    *sum = 0;
    parts_of(&first, &last, m, t);
    for (int p = first; p <= last; p++) {
        struct mat a, b;
        lora_pair(m, layer, p, &a, &b);
        n += a.x != NULL;
        *sum += a.rows;
    }
    return n;
}

/* The most pairs of q, k and v that become one where PEFT can hold only one pair; 0: none do. */
static int split_pairs(const struct model *m)
{
    int most = 0;

    for (int i = 0; i < m->base->dims.n_layers && stored_together(m->base->arch); i++) {
        int sum, n = count_parts(m, i, TARGET_QKV, &sum);
        most = n > most ? n : most;
    }
    return most;
}

/* Do all pairs have the same rank R and scale? */
static bool pairs_alike(const struct model *m, int *r)
{
    double scale = 0;

    *r = 0;
    for (int i = 0; i < target_slots(m); i++) {
        struct mat a, b;
        lora_pair(m, i / N_TARGETS, i % N_TARGETS, &a, &b);
        if (!a.x)
            continue;
        double s = lora_scale(m, i / N_TARGETS, i % N_TARGETS);
        if (*r > 0 && (a.rows != *r || s != scale))
            return false;
        *r = a.rows;
        scale = s;
    }
    return true;
}

/* The first pair of a module, which has the scale of the pair in the folder. */
static int first_part(const struct model *m, int layer, int t)
{
    int first, last;

    parts_of(&first, &last, m, t);
    for (int p = first; p <= last; p++) {
        struct mat a, b;
        lora_pair(m, layer, p, &a, &b);
        if (a.x)
            return p;
    }
    return -1;
}

struct rank peft_saved_rank(const struct model *m, int layer, int t)
{
    struct mat a, b;
    int r, sum, n = split_pairs(m), part = t;

    lora_pair(m, layer, t, &a, &b);
    sum = a.rows;
    if (n > 0 && count_parts(m, layer, t, &sum) > 0) {
        part = first_part(m, layer, t);
        sum = pairs_alike(m, &r) ? n * r : sum;
    } else if (n > 0) {
        sum = 0;
    }
    if (sum == 0)
        return (struct rank){ 0 };
    bool root = peft_flags(m->adapt) & PEFT_RSLORA;
    double alpha = lora_scale(m, layer, part) * (root ? sqrt(sum) : sum), whole = nearbyint(alpha);
    return (struct rank){ sum, fabs(alpha - whole) < 1e-9 * whole ? whole : alpha };
}

/* A fused matrix would need row lengths that DoRA on a part of it does not adapt. */
bool peft_is_lora(const struct model *m)
{
    int flags = peft_flags(m->adapt);

    return flags >= 0 && (!(flags & PEFT_DORA) || split_pairs(m) == 0);
}

/* A matrix of a pair; WHICH is "lora_A" or "lora_B". */
static struct peft_tensor matrix_tensor(const struct model *m, int layer, int target,
                                        const char *which, struct mat x)
{
    const struct arch *a = m->base->arch;
    char *module = target_module(a, layer, target);
    char *key = xprintf("%s%s%s.%s.weight", peft_key_prefix, a->prefix, module, which);

    CHECK(x.ld == x.cols, "%d, %d", x.ld, x.cols);
    free(module);
    return (struct peft_tensor){ .key = key, .x = x.x, .rows = x.rows, .cols = x.cols };
}

int peft_tensors(struct peft_tensor **out, const struct model *m)
{
    int n = 0;
    bool lora = peft_is_lora(m);
    struct peft_tensor *t = xalloc((size_t)(m->n_params + 2 * target_slots(m)), sizeof *t);

    for (int i = 0; i < target_slots(m) && lora; i++) {
        int layer = i / N_TARGETS, target = i % N_TARGETS;
        struct mat a, b;
        lora_pair(m, layer, target, &a, &b);
        if (a.rows == 0)
            continue;
        t[n++] = matrix_tensor(m, layer, target, "lora_A", a);
        t[n++] = matrix_tensor(m, layer, target, "lora_B", b);
    }
    for (int i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        bool lengths = lora && strstr(p->name, magnitude);
        if (!param_is_head(p) && !lengths && (lora || (!p->trainable && p->role != ROLE_OTHER)))
            continue;
        t[n++] = (struct peft_tensor){
            .key = xprintf("%s%s%s", lora ? peft_key_prefix : "",
                           lengths ? m->base->arch->prefix : "", p->name),
            .x = p->value,
            .rows = p->rows,
            .cols = p->cols,
            .is_vector = p->is_vector,
        };
    }
    *out = t;
    return n;
}

/* The pairs of the module of target T as one pair A' [r', in] and B' [out, r'] in TO[0] and TO[1]:
 * A stacked, B in blocks, with the rank of peft_saved_rank and the scale of the first pair. Returns
 * how many tensors that makes. */
static int fuse_pairs(struct peft_tensor *to, const struct model *m, int layer, int t)
{
    int first, last, at = 0, rank = peft_saved_rank(m, layer, t).r;
    int one = rank > 0 ? first_part(m, layer, t) : -1;
    struct mat a, b, all_a, all_b;

    if (one < 0)
        return 0;
    parts_of(&first, &last, m, t);
    lora_pair(m, layer, one, &a, &b);
    all_a = mat_make(xalloc((size_t)rank * (size_t)a.cols, sizeof(real)), rank, a.cols);
    int out = (last - first + 1) * b.rows;
    all_b = mat_make(xalloc((size_t)rank * (size_t)out, sizeof(real)), out, rank);
    for (int p = first; p <= last; p++) {
        lora_pair(m, layer, p, &a, &b);
        if (!a.x)
            continue;
        struct mat block = mat_cols(mat_rows(all_b, (p - first) * b.rows, b.rows), at, b.cols);
        mat_copy(mat_rows(all_a, at, a.rows), a);
        mat_add(block, (real)(lora_scale(m, layer, p) / lora_scale(m, layer, one)), b);
        at += a.rows;
    }
    to[0] = matrix_tensor(m, layer, t, "lora_A", all_a);
    to[1] = matrix_tensor(m, layer, t, "lora_B", all_b);
    to[0].owned = to[1].owned = true;
    return 2;
}

int peft_tensors_to_save(struct peft_tensor **out, const struct model *m)
{
    int n = 0;

    if (!peft_is_lora(m) || split_pairs(m) == 0)
        return peft_tensors(out, m);
    struct peft_tensor *t = xalloc(2 * (size_t)target_slots(m), sizeof *t);
    for (int i = 0; i < m->base->dims.n_layers; i++) {
        n += fuse_pairs(&t[n], m, i, TARGET_QKV);
        for (int p = PROJ_O; p < N_PROJ; p++)
            n += fuse_pairs(&t[n], m, i, p);
    }
    *out = t;
    return n;
}

void peft_tensors_free(struct peft_tensor *t, int n)
{
    for (int i = 0; i < n; i++) {
        free(t[i].key);
        if (t[i].owned)
            free(t[i].x);
    }
    free(t);
}
