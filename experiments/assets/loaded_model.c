/* loaded_model.c - a model's weights and tokenizer in memory. */
#include "experiments/assets/loaded_model.h"
#include "core/os/file.h"

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

static int load(struct loaded_model *m)
{
    char *vocab = path_join(m->facts->dir, "vocab.txt");
    int rc = (m->tok = tok_load(m->facts->dir)) ? 0 : -1;

    if (rc == 0 && file_exists(vocab))
        rc = sha256_file(m->tok_sha256, vocab);
    free(vocab);
    return rc == 0 ? base_model_load(&m->base, m->facts->dir) : -1;
}

struct loaded_model *loaded_model(struct session *s, const struct model_facts *facts)
{
    struct loaded_model m = { .facts = facts };

    for (int i = 0; i < s->loaded.n; i++) {
        struct loaded_model *kept = s->loaded.item[i];
        if (kept->facts == facts)
            return kept;
    }
    if (load(&m) != 0) {
        tok_free(m.tok);
        return NULL;
    }
    m.base.pack_dir = home_path(s->home, "cache/packs");
    note_unpacked(s);
    return session_add(&s->loaded, &m, sizeof m, loaded_free);
}
