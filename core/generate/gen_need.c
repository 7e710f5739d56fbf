/* gen_need.c - the memory that generation takes, before anything is generated. */
#include "core/generate/gen_batch.h"
#include "core/generate/kv_rows.h"
#include "core/nn/soft.h"

#include <stdlib.h>

/* A pass over N_SEQ sequences of LEN tokens, of which the last tokens have logits. */
static size_t pass_bytes(const struct model *m, int n_seq, int len)
{
    const struct dims *d = &m->base->dims;
    int *off = xalloc((size_t)n_seq + 1, sizeof *off);
    struct batch b = { .n_seq = n_seq, .n_tok = n_seq * len, .max_len = len, .off = off };

    for (int i = 0; i <= n_seq; i++)
        off[i] = i * len;
    size_t bytes = workspace_bytes(m, &b, false, false) +
                   (size_t)n_seq * (size_t)(d->vocab + d->d_model) * sizeof(real);
    free(off);
    return bytes;
}

size_t generate_bytes(const struct model *m, const struct gen_settings *s, int n, int longest,
                      int threads)
{
    int together = generate_together(s, n, threads), room = generate_room(m, longest);
    long text = s->max_new < room ? s->max_new : room > 0 ? room : 1;
    double rows =
        (double)together * ((double)(longest + soft_rows(m)) + (double)s->beams * (double)text);
    size_t kept = (size_t)kv_rows_capacity(rows < GEN_ANY_VOCAB ? (int)rows : GEN_ANY_VOCAB) *
                  kv_cache_row_bytes(m);
    int prompts = GEN_PROMPT_TOKENS / longest + 1;
    size_t first = pass_bytes(m, prompts < together ? prompts : together, longest),
           next = pass_bytes(m, together * (int)s->beams, 1);

    return (size_t)(threads < n ? threads : n) * (kept + (first > next ? first : next));
}
