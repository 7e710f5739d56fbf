/* fuzz_tokenizer.c - tok_load on any tokenizer.json, tokenizer_config.json, added_tokens.json,
 * special_tokens_map.json and vocab.txt (the parts of the input), and tok_pair on the last part:
 * the folder is refused with status 3, or every id is from 0 to below the size of the vocabulary
 * and has a piece, and an input has no more tokens than allowed. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

static void check_ids(const struct tok *t, const struct ids *v)
{
    for (int i = 0; i < v->n; i++) {
        CHECK(v->id[i] >= 0 && v->id[i] < tok_vocab(t), "id %d of %d", v->id[i], tok_vocab(t));
        CHECK(tok_piece(t, v->id[i]), "id %d has no piece", v->id[i]);
    }
}

static void encode(const struct tok *t, const char *a, const char *b, int max_len)
{
    struct ids v = { 0 };
    int second, cut = tok_pair(t, a, b, max_len, &v, &second);

    check_ids(t, &v);
    CHECK(cut >= 0 && second >= 0 && second <= v.n, "%d cut, %d of %d", cut, second, v.n);
    CHECK(max_len == 0 || v.n <= (max_len > 3 ? max_len : 3), "%d tokens of %d", v.n, max_len);
    ids_free(&v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);

    fuzz_clear();
    for (const char *const *name =
             (const char *const[]){ "tokenizer.json", "tokenizer_config.json", "added_tokens.json",
                                    "special_tokens_map.json", "vocab.txt", NULL };
         *name; name++) {
        fuzz_put(*name, fuzz_part(&b));
        tok_file_matters(fuzz_dir(), *name);
    }
    struct tok *t = tok_load(fuzz_dir());
    if (t) {
        char *text = fuzz_string(b);
        CHECK(tok_vocab(t) > 0, "%d", tok_vocab(t));
        encode(t, text, NULL, 0);
        encode(t, text, text, 8);
        encode(t, "the [MASK] cat", text, 1);
        free(text);
        tok_free(t);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
