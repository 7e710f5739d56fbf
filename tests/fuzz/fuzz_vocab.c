/* fuzz_vocab.c - any bytes as vocab.txt: refused with status 3, or the vocabulary has at most one
 * id per line and has [PAD], and encoding a piece of it gives ids below its size. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    size_t lines = 1;

    for (size_t i = 0; i < b.size; i++)
        lines += b.data[i] == '\n';
    fuzz_put("vocab.txt", b);
    struct tok *t = tok_load(fuzz_dir());
    if (t) {
        CHECK((size_t)tok_vocab(t) <= lines + 5, "%d ids of %zu lines", tok_vocab(t), lines);
        int pad = tok_role(t, TOK_PAD);
        CHECK(pad >= 0 && tok_piece(t, pad), "[PAD] is %d", pad);
        for (int i = 0; i < tok_vocab(t) && i < 100; i++) {
            const char *text = tok_piece(t, i);
            struct ids v = { 0 };
            tok_encode(t, text ? text : "", text ? strlen(text) : 0, &v);
            for (int k = 0; k < v.n; k++)
                CHECK(v.id[k] >= 0 && v.id[k] < tok_vocab(t), "id %d", v.id[k]);
            ids_free(&v);
        }
        CHECK(!tok_piece(t, -1) && !tok_piece(t, tok_vocab(t)), "%d", tok_vocab(t));
        tok_free(t);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
