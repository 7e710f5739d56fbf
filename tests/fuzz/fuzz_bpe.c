/* fuzz_bpe.c - tok_load on any vocab.json, merges.txt, tokenizer.json and tokenizer_config.json
 * (the parts of the input), or, if its first byte is odd, on any GGUF file: the folder is refused
 * with status 3, or every id of any bytes is below the size of the vocabulary, has a piece, and can
 * be decoded. With GPT-2's alphabet of bytes and a few merges, the bytes of the whole input come
 * back.
 */
#include "tests/fuzz/fuzz_kit.h"

#include <string.h>

/* The ids of B are in range; returns their text. */
static struct text there_and_back(const struct tok *t, struct fuzz_bytes b)
{
    struct ids v = { 0 };
    struct text back = { 0 };

    tok_encode(t, (const char *)b.data, b.size, &v);
    for (int i = 0; i < v.n; i++)
        CHECK(v.id[i] >= 0 && v.id[i] < tok_vocab(t) && tok_piece(t, v.id[i]), "id %d", v.id[i]);
    tok_decode(t, v.id, v.n, false, &back);
    ids_free(&v);
    return back;
}

static void check_folder(struct fuzz_bytes text)
{
    struct tok *t = tok_load(fuzz_dir());

    if (!t) {
        fuzz_refused(FUZZ_INPUT);
        return;
    }
    struct text back = there_and_back(t, text);
    text_free(&back);
    tok_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes all = fuzz_begin(data, size), rest = all;
    struct text back = there_and_back(fuzz_byte_tok(), all);

    CHECK(back.n == size && (size == 0 || memcmp(back.s, data, size) == 0), "%zu of %zu bytes",
          back.n, size);
    text_free(&back);
    fuzz_clear();
    if (fuzz_byte(&rest) & 1) {
        fuzz_put("model.gguf", rest);
    } else {
        static const char *const names[] = { "vocab.json", "merges.txt", "tokenizer.json",
                                             "tokenizer_config.json" };
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
            fuzz_put(names[i], fuzz_part(&rest));
    }
    check_folder(rest);
    fuzz_end();
    return 0;
}
