/* peft_tensors.c - the tensors of an adapter under the keys of PEFT's save_and_load.py. */
#include "core/peft/peft_tensors.h"

#include "core/adapt/lora.h"
#include "core/adapt/target.h"

#include <stdlib.h>
#include <string.h>

const char peft_key_prefix[] = "base_model.model.";

static const char magnitude[] = ".lora_magnitude_vector";

/* How many of q, k and v have a pair of their own in a matrix for which PEFT can hold only one
 * pair. */
static int split_pairs(const struct model *m)
{
    int n = 0;

    for (int p = PROJ_Q; p <= PROJ_V && stored_together(m->base->arch); p++) {
        struct mat a, b;
        lora_pair(m, 0, p, &a, &b);
        n += a.x != NULL;
    }
    return n;
}

/* The ranks of pairs that become one add up. All other pairs are filled up to that rank with zeros,
 * because a folder has a single rank. */
int peft_rank_factor(const struct model *m)
{
    int n = split_pairs(m);

    return n > 1 ? n : 1;
}

/* A fused matrix would need row lengths that DoRA on a part of it does not adapt. */
bool peft_is_lora(const struct model *m)
{
    const char *flag = peft_flag(m->adapt);

    return flag && (strcmp(flag, "use_dora") != 0 || split_pairs(m) == 0);
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

/* The pairs of targets FIRST to LAST of a layer, which are one module there, as one pair A' [n r,
 * in] and B' [out, n r] in T[0] and T[1]: A stacked, B in blocks. Returns how many tensors that
 * makes. */
static int fuse_pairs(struct peft_tensor *t, const struct model *m, int layer, int first, int last)
{
    int n = peft_rank_factor(m), at = 0, parts = last - first + 1;
    int target = parts > 1 ? (int)TARGET_QKV : first;
    struct mat a, b, all_a = { 0 }, all_b = { 0 };

    for (int p = first; p <= last; p++) {
        lora_pair(m, layer, p, &a, &b);
        if (!a.x)
            continue;
        if (!all_a.x) {
            size_t rank = (size_t)n * (size_t)a.rows;
            all_a = mat_make(xalloc(rank * (size_t)a.cols, sizeof(real)), (int)rank, a.cols);
            all_b = mat_make(xalloc(rank * (size_t)(parts * b.rows), sizeof(real)), parts * b.rows,
                             (int)rank);
        }
        mat_copy(mat_rows(all_a, at * a.rows, a.rows), a);
        mat_copy(mat_cols(mat_rows(all_b, (p - first) * b.rows, b.rows), at * b.cols, b.cols), b);
        at++;
    }
    if (!all_a.x)
        return 0;
    t[0] = matrix_tensor(m, layer, target, "lora_A", all_a);
    t[1] = matrix_tensor(m, layer, target, "lora_B", all_b);
    t[0].owned = t[1].owned = true;
    return 2;
}

int peft_tensors_to_save(struct peft_tensor **out, const struct model *m)
{
    int layers = m->base->dims.n_layers, n = 0;

    if (!peft_is_lora(m) || split_pairs(m) == 0)
        return peft_tensors(out, m);
    struct peft_tensor *t = xalloc(2 * (size_t)layers * N_GROUP, sizeof *t);
    for (int i = 0; i < layers; i++) {
        n += fuse_pairs(&t[n], m, i, PROJ_Q, PROJ_V);
        for (int p = PROJ_O; p < N_PROJ; p++)
            n += fuse_pairs(&t[n], m, i, p, p);
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
