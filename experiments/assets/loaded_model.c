/* loaded_model.c - a model's weights and tokenizer in memory. */
#include "experiments/assets/loaded_model.h"
#include "core/os/file.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/sentence.h"

#include <stdlib.h>

static void loaded_free(void *item)
{
    struct loaded_model *m = item;

    tok_free(m->tok);
    base_model_free(&m->base);
}

/* A build with double precision never packs weights, so there it is no news. */
static void note_unpacked(struct session *s)
{
    if (sizeof(real) == sizeof(float) && packed_lack() && session_first(s, "unpacked"))
        note("products with frozen weights use OpenBLAS: %s", packed_lack());
}

static int load(struct loaded_model *m, struct session *s)
{
    m->tok = sentence_tok(m->facts->dir);
    if (!m->tok || hash_file(m->tok_sha256, s, tok_path(m->tok)) != 0 ||
        base_model_load(&m->base, m->facts->dir) != 0)
        return -1;
    if (tok_vocab(m->tok) > m->base.dims.vocab)
        return fail(FAIL_INPUT, "'%s': the tokenizer has %d pieces, but the model only %d",
                    m->facts->dir, tok_vocab(m->tok), m->base.dims.vocab);
    return 0;
}

struct loaded_model *loaded_model(struct session *s, const struct model_facts *facts)
{
    struct loaded_model m = { .facts = facts };

    for (int i = 0; i < s->loaded.n; i++) {
        struct loaded_model *kept = s->loaded.item[i];
        if (kept->facts == facts)
            return kept;
    }
    if (load(&m, s) != 0) {
        loaded_free(&m);
        return NULL;
    }
    m.base.pack_dir = s->planning ? NULL : home_path(s->home, "cache/packs");
    note_unpacked(s);
    return session_add(&s->loaded, &m, sizeof m, loaded_free);
}
