/* fuzz_tokens.c - any file in the place of cached tokens. The first byte says whether its checksum
 * and its key are mended, without which nothing behind them is reached. The dataset that comes from
 * it has offsets that ascend, ids below the size of the vocabulary, and labels in range; a file
 * that was not used is replaced by a good one, which gives the same dataset as the data file. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/data/token_cache.h"
#include "core/os/file.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

enum { MEND = 1, REGRESSION = 2, SUM = 16, KEY_AT = 16, KEY = 64, MAX_LEN = 8 };

static struct tok *tok;
static struct task task;
static char cache[128], name[2][KEY + 1], sum[65];

static struct task make_task(bool regression)
{
    static char *labels[] = { "0", "1" };
    struct task t = { .name = "t", .format = data_format_find("tsv"), .lo = 0, .hi = 1 };

    t.file[SPLIT_TRAIN] = "data";
    t.col_text = "1";
    t.col_label = "2";
    t.regression = regression;
    t.labels = regression ? NULL : labels;
    t.n_labels = regression ? 0 : 2;
    return t;
}

static int load(struct dataset *d, bool regression)
{
    char spec[65];

    sha256_hex(spec, &regression, sizeof regression);
    struct token_cache c = { .dir = cache, .file = sum, .spec = spec, .tokenizer = sum };
    return token_cache_dataset(d, &task, SPLIT_TRAIN, fuzz_dir(), tok, MAX_LEN, NULL, &c);
}

/* The name of the only file in the cache. */
static void find_name(char out[KEY + 1])
{
    struct dirent **entry;
    int n = scandir(cache, &entry, NULL, NULL);

    CHECK(n == 3, "%d files", n);
    for (int i = 0; i < n; i++) {
        if (entry[i]->d_name[0] != '.')
            snprintf(out, KEY + 1, "%.*s", KEY, entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}

static void setup(void)
{
    static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n";
    static const char data[] = "a b\t0\nb\t1\na a a\t1\n";

    if (tok)
        return;
    fuzz_put("vocab.txt", (struct fuzz_bytes){ (const uint8_t *)vocab, sizeof vocab - 1 });
    fuzz_put("data", (struct fuzz_bytes){ (const uint8_t *)data, sizeof data - 1 });
    sha256_hex(sum, data, sizeof data - 1);
    tok = tok_load(fuzz_dir());
    snprintf(cache, sizeof cache, "%s/cache", fuzz_dir());
    for (int i = 0; i < 2; i++) {
        struct dataset d;
        task = make_task(i);
        CHECK(tok && load(&d, i) == 0, "%s", fail_text());
        dataset_free(&d);
        find_name(name[i]);
        char *path = xprintf("%s/%s", cache, name[i]);
        CHECK(remove(path) == 0, "%s", path);
        free(path);
    }
}

static void check_dataset(const struct dataset *d)
{
    CHECK(d->n > 0 && d->off[0] == 0 && d->off[d->n] == d->n_tokens, "%d examples", d->n);
    for (int i = 0; i < d->n; i++) {
        CHECK(d->off[i] < d->off[i + 1] && d->off[i + 1] <= d->n_tokens, "offset %d", i);
        CHECK(d->off[i + 1] - d->off[i] <= (size_t)d->max_tokens, "%d tokens", d->max_tokens);
        CHECK(d->second[i] >= 0 && (size_t)d->second[i] <= d->off[i + 1] - d->off[i], "%d",
              d->second[i]);
        CHECK(d->line[i] >= 1, "line %ld", d->line[i]);
        if (task.regression)
            CHECK(d->target[i] >= task.lo && d->target[i] <= task.hi, "%g", d->target[i]);
        else
            CHECK(d->label[i] >= 0 && d->label[i] < task.n_labels, "%d", d->label[i]);
    }
    for (size_t i = 0; i < d->n_tokens; i++)
        CHECK(d->ids[i] >= 0 && d->ids[i] < tok_vocab(tok), "id %d", d->ids[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    char file[KEY + 8];
    struct dataset d;

    setup();
    int bits = fuzz_byte(&b);
    bool regression = bits & REGRESSION;
    task = make_task(regression);
    uint8_t *copy = (uint8_t *)fuzz_string(b);
    if (bits & MEND && b.size >= KEY_AT + KEY + SUM) {
        memcpy(copy + KEY_AT, name[regression], KEY);
        fuzz_mend(copy, b.size);
    }
    snprintf(file, sizeof file, "cache/%s", name[regression]);
    fuzz_put(file, (struct fuzz_bytes){ copy, b.size });
    CHECK(load(&d, regression) == 0, "%s", fail_text());
    check_dataset(&d);
    dataset_free(&d);
    free(copy);
    fuzz_end();
    return 0;
}
