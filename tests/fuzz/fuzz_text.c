/* fuzz_text.c - any bytes as text for each kind of tokenizer, with every combination of its
 * settings (first byte) and a small vocabulary: ids are from 0 to below the size of the vocabulary;
 * there are no more of them than bytes and special tokens; an input has exactly min(MAX_LEN, all)
 * tokens and says how many were cut. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/text/tok.h"

#include <stdlib.h>
#include <string.h>

enum { SETTINGS = 16 };

static const char vocab[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n,\n.\n-\na\n##a\nab\n##ab\nabc\nb\n##b\n##bc\nc\n##c\nun\n"
    "##able\nthe\nxc3\n\xC3\xA9\n##\xC3\xA9\n\xE4\xB8\xAD\n##\xE5\x9B\xBD\n\xF0\x9F\x98\x80\n1\n##"
    "2\n";

static struct fuzz_bytes bytes(const char *s)
{
    return (struct fuzz_bytes){ (const uint8_t *)s, strlen(s) };
}

static const char *word(bool x)
{
    return x ? "true" : "false";
}

/* The tokenizer with these settings, made once. */
static struct tok *tokenizer(int bits)
{
    static struct tok *made[SETTINGS];

    if (!made[bits]) {
        char *config = xprintf("{\"do_lower_case\": %s, \"strip_accents\": %s, "
                               "\"tokenize_chinese_chars\": %s}",
                               word(bits & 1), word(bits & 2), word(bits & 4));
        fuzz_clear();
        fuzz_put("vocab.txt", bytes(vocab));
        fuzz_put("tokenizer_config.json", bytes(config));
        if (bits & 8)
            fuzz_put("added_tokens.json", bytes("{\"ab ab\": 29, \"caf\xC3\xA9\": 30}"));
        made[bits] = tok_load(fuzz_dir());
        CHECK(made[bits], "%s", fail_text());
        free(config);
    }
    return made[bits];
}

static void check_pair(const struct tok *t, struct fuzz_bytes a, struct fuzz_bytes b)
{
    struct ids all = { 0 }, some = { 0 };
    int second, limit = a.size ? 3 + *a.data % 32 : 3;
    const char *x = (const char *)a.data, *y = (const char *)b.data;

    CHECK(tok_join(t, x, a.size, y, b.size, 0, &all, &second) == 0, "%d", all.n);
    for (int i = 0; i < all.n; i++)
        CHECK(all.id[i] >= 0 && all.id[i] < tok_vocab(t), "id %d", all.id[i]);
    CHECK((size_t)all.n <= a.size + b.size + 3, "%d tokens of %zu bytes", all.n, a.size + b.size);
    CHECK(second >= 2 && second < all.n, "%d of %d", second, all.n);
    int cut = tok_join(t, x, a.size, y, b.size, limit, &some, &second);
    CHECK(some.n == (all.n < limit ? all.n : limit) && cut == all.n - some.n,
          "%d of %d tokens, %d cut, limit %d", some.n, all.n, cut, limit);
    ids_free(&all);
    ids_free(&some);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes rest = fuzz_begin(data, size);
    const struct tok *t = tokenizer(fuzz_byte(&rest) % SETTINGS);
    size_t half = rest.size / 2;

    check_pair(t, (struct fuzz_bytes){ rest.data, half },
               (struct fuzz_bytes){ rest.data + half, rest.size - half });
    fuzz_end();
    return 0;
}
