/* fuzz_bpe.c - tok_load on any vocab.json, merges.txt, tokenizer.json and tokenizer_config.json
 * (the parts of the input), or, if its first byte is odd, on any GGUF file: the folder is refused
 * with status 3, or every id of any bytes is below the size of the vocabulary, has a piece, and can
 * be decoded. With GPT-2's alphabet of bytes and a few merges, the bytes of the whole input come
 * back.
 */
#include "tests/fuzz/fuzz_kit.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

/* The vocabulary {character for byte b: b} with pieces of two and three bytes. */
static struct tok *all_bytes(void)
{
    static struct tok *made;
    struct text vocab = { 0 };

    if (made)
        return made;
    for (int b = 0, others = 256; b < 256; b++) {
        char c[5] = "";
        bool shown = (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
        utf8proc_encode_char(shown ? b : others++, (utf8proc_uint8_t *)c);
        text_add(&vocab, "%c\"%s%s\": %d", b ? ',' : '{', b == '"' || b == '\\' ? "\\" : "", c, b);
    }
    text_add(&vocab, ",\"th\":256,\"the\":257,\"\xC4\xA0the\":258,\"aa\":259,\"aaa\":260}");
    const char merges[] = "t h\nth e\n\xC4\xA0 the\na a\naa a\n";
    fuzz_clear();
    fuzz_put("vocab.json", (struct fuzz_bytes){ (const uint8_t *)vocab.s, vocab.n });
    fuzz_put("merges.txt", (struct fuzz_bytes){ (const uint8_t *)merges, sizeof merges - 1 });
    made = tok_load(fuzz_dir());
    CHECK(made, "%s", fail_text());
    text_free(&vocab);
    return made;
}

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
    struct text back = there_and_back(all_bytes(), all);

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
