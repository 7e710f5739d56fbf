/* fuzz_data.c - dataset_load on any data file. The first byte chooses format, header, pair, kind of
 * labels, bad rows that are skipped, subset and selection split. Refused with status 3, or: offsets
 * ascend from 0 to the number of tokens, no example is empty or longer than allowed, ids are below
 * the size of the vocabulary, labels are in range, targets are finite and in the task's range,
 * lines ascend, and at most as many rows were skipped as the task allows. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/data/dataset.h"
#include "core/data/format.h"

#include <math.h>
#include <stdlib.h>

enum { MAX_LEN = 12, HEADER = 4, PAIR = 8, REGRESSION = 16, SKIP = 32, LIMIT = 64, SELECT = 128 };

static const char vocab[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##a\nb\nthe\n";

static struct task make_task(int bits)
{
    static char *labels[] = { "0", "1", "yes, sir" };
    struct task t = { .name = "t",
                      .format = bits % 4 == 1   ? data_format_find("csv")
                                : bits % 4 == 2 ? data_format_find("jsonl")
                                                : data_format_find("tsv"),
                      .lo = -1,
                      .hi = 5,
                      .skip_bad_rows = bits & SKIP ? 2 : 0 };
    bool named = (bits & HEADER) || bits % 4 == 2;

    t.header = (bits & HEADER) && bits % 4 != 2;
    t.regression = bits & REGRESSION;
    t.labels = t.regression ? NULL : labels;
    t.n_labels = t.regression ? 0 : (int)ARRAY_LEN(labels);
    t.file[SPLIT_TRAIN] = "data";
    t.col_text = named ? "text" : "1";
    t.col_label = named ? "label" : "2";
    t.col_pair = !(bits & PAIR) ? NULL : named ? "pair" : "3";
    return t;
}

static void check_dataset(const struct dataset *d, const struct task *t, const struct tok *tok,
                          bool limited)
{
    CHECK(d->n > 0 && (!limited || d->n <= 2) && d->off[0] == 0, "%d examples", d->n);
    CHECK(d->off[d->n] == d->n_tokens, "%zu of %zu tokens", d->off[d->n], d->n_tokens);
    for (size_t i = 0; i < d->n_tokens; i++)
        CHECK(d->ids[i] >= 0 && d->ids[i] < tok_vocab(tok), "id %d", d->ids[i]);
    for (int i = 0; i < d->n; i++) {
        size_t n = d->off[i + 1] - d->off[i];
        CHECK(n >= 1 && n <= MAX_LEN && (int)n <= d->max_tokens, "%zu tokens", n);
        CHECK(d->second[i] >= 0 && (size_t)d->second[i] <= n, "%d of %zu", d->second[i], n);
        CHECK(d->line[i] > (i ? d->line[i - 1] : 0), "line %ld", d->line[i]);
        if (t->regression)
            CHECK(d->target[i] >= t->lo && d->target[i] <= t->hi, "%g", d->target[i]);
        else
            CHECK(d->label[i] >= 0 && d->label[i] < t->n_labels, "%d", d->label[i]);
    }
    CHECK(d->n_skipped >= 0 && d->n_skipped <= t->skip_bad_rows, "%ld", d->n_skipped);
    CHECK(d->n_truncated <= d->n && d->tokens_cut >= d->n_truncated, "%ld", d->tokens_cut);
}

/* The selection split of the same file: none of its rows is in the training split. */
static void check_selection(const struct dataset *train, const struct task *t,
                            const struct tok *tok, const struct draw *draw)
{
    struct dataset d;

    if (dataset_load(&d, t, SPLIT_SELECT, fuzz_dir(), tok, MAX_LEN, draw) != 0) {
        fuzz_refused(FUZZ_USAGE);
        return;
    }
    check_dataset(&d, t, tok, draw->limit > 0);
    for (int i = 0; i < d.n; i++)
        for (int k = 0; k < train->n; k++)
            CHECK(d.line[i] != train->line[k], "line %ld is in both", d.line[i]);
    dataset_free(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tok *tok;
    struct fuzz_bytes b = fuzz_begin(data, size);
    int bits = fuzz_byte(&b);
    const struct draw draw = { .limit = bits & LIMIT ? 2 : 0,
                               .seed = 1,
                               .select = bits & SELECT ? 0.5 : 0 };
    struct task t = make_task(bits);
    struct dataset d;

    if (!tok) {
        fuzz_put("vocab.txt", (struct fuzz_bytes){ (const uint8_t *)vocab, sizeof vocab - 1 });
        tok = tok_load(fuzz_dir());
        CHECK(tok, "%s", fail_text());
    }
    fuzz_put("data", b);
    if (dataset_load(&d, &t, SPLIT_TRAIN, fuzz_dir(), tok, MAX_LEN, &draw) == 0) {
        check_dataset(&d, &t, tok, bits & LIMIT);
        CHECK(dataset_shared(&d, &d) == d.n, "%ld", dataset_shared(&d, &d));
        if (bits & SELECT)
            check_selection(&d, &t, tok, &draw);
        dataset_free(&d);
    } else {
        fuzz_refused(bits & SELECT ? FUZZ_INPUT | FUZZ_USAGE : FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
