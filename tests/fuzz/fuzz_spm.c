/* fuzz_spm.c - a text (the first part of the input) and any bytes as spm.model: refused with
 * status 3, or every id of the text is below the size of the vocabulary and has a piece, and the
 * pieces can be decoded. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);

    fuzz_clear();
    struct fuzz_bytes text = fuzz_part(&b);
    fuzz_put("spm.model", b);
    struct tok *t = tok_load(fuzz_dir());
    if (t) {
        struct ids v = { 0 };
        struct text back = { 0 };
        tok_encode(t, (const char *)text.data, text.size, &v);
        for (int i = 0; i < v.n; i++)
            CHECK(v.id[i] >= 0 && v.id[i] < tok_vocab(t) && tok_piece(t, v.id[i]), "id %d of %d",
                  v.id[i], tok_vocab(t));
        tok_decode(t, v.id, v.n, false, &back);
        CHECK(tok_role(t, TOK_CLS) >= 0 && tok_role(t, TOK_SEP) >= 0, "%d", tok_vocab(t));
        text_free(&back);
        ids_free(&v);
        tok_free(t);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
