/* fuzz_prompts.c - dataset_load on any file of prompts and targets. The first byte chooses the
 * format, and whether examples are cut to a length. Refused with status 3, or: every example has a
 * prompt and a target, ids are below the size of the vocabulary, no example is longer than allowed,
 * rows ascend, and examples of one input have the same prompt. What is not cut ends with the end of
 * the text, and the tokens of its target are the bytes of its reference. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/data/dataset.h"

#include <stdlib.h>
#include <string.h>

enum { CUT = 8, SHORT = 24, LONG = 4096 };

/* The second part of a task file; the first is the same for all. */
static const char *const formats[] = {
    "format: webnlg\nprompt: \"{triples}:\"\ntarget: \" {text}\"\n",
    "format: json\nprompt: \"{a}:\"\ntarget: \" {b}\"\n",
    "format: wikisql\nprompt: \"{question} {columns}:\"\ntarget: \" {sql}\"\n",
    "format: csv\nheader: true\nprompt: \"{a}:\"\ntarget: \" {b}\"\n",
    "format: dart\nprompt: \"{triples}:\"\ntarget: \" {text}\"\n",
    "format: jsonl\nprompt: \"{a}:\"\ntarget: \" {b}\"\n",
    "format: tsv\nprompt: \"{1}:\"\ntarget: \" {2}\"\n",
};

static const struct task *find_task(int format)
{
    static struct task tasks[ARRAY_LEN(formats)];

    if (!tasks[format].name) {
        char *text =
            xprintf("task: t\nkind: generation\ndir: t\n%ssplits: {train: data, dev: data}\n"
                    "metrics: [token_loss]\ntruncate: target\n",
                    formats[format]);
        struct fuzz_bytes b = { (const uint8_t *)text, strlen(text) };
        CHECK(task_load(&tasks[format], fuzz_put("t.yaml", b)) == 0, "%s", fail_text());
        free(text);
    }
    return &tasks[format];
}

/* Decoding the target I gives its reference between white space. */
static void check_text(const struct dataset *d, int i, const struct tok *tok)
{
    const char *reference = dataset_reference(d, i);
    int n = dataset_targets(d, i), n_prompt;
    const int *target = dataset_prompt(d, i, &n_prompt) + n_prompt;
    struct text back = { 0 };

    CHECK(target[n - 1] == tok_role(tok, TOK_EOS), "it ends with %d", target[n - 1]);
    tok_decode(tok, target, n - 1, false, &back);
    const char *from = text_string(&back) + strspn(text_string(&back), " \t\r\n");
    size_t size = strlen(reference);
    CHECK(strlen(text_string(&back)) == back.n && strncmp(from, reference, size) == 0 &&
              strspn(from + size, " \t\r\n") == strlen(from + size),
          "'%s' is not '%s'", from, reference);
    text_free(&back);
}

static void check_prompts(const struct dataset *d, int i, int first)
{
    int n, n_first;
    const int *a = dataset_prompt(d, i, &n), *b = dataset_prompt(d, first, &n_first);

    CHECK(n == n_first && memcmp(a, b, (size_t)n * sizeof *a) == 0, "prompts %d and %d differ",
          first, i);
}

static void check_dataset(const struct dataset *d, const struct tok *tok, size_t most)
{
    CHECK(d->n > 0 && d->off[0] == 0 && d->off[d->n] == d->n_tokens, "%d examples", d->n);
    CHECK(d->n_groups >= 1 && d->n_groups <= d->n, "%d inputs", d->n_groups);
    for (size_t i = 0; i < d->n_tokens; i++)
        CHECK(d->ids[i] >= 0 && d->ids[i] < tok_vocab(tok), "id %d", d->ids[i]);
    for (int i = 0, groups = 0; i < d->n; i++) {
        size_t n = d->off[i + 1] - d->off[i];
        CHECK(n <= most && (int)n <= d->max_tokens, "%zu tokens", n);
        CHECK(d->second[i] >= 1 && dataset_targets(d, i) >= 1, "%d of %zu", d->second[i], n);
        CHECK(d->line[i] > (i ? d->line[i - 1] : 0), "row %ld", d->line[i]);
        CHECK(d->group[i] >= 0 && d->group[i] <= groups, "input %d", d->group[i]);
        groups += d->group[i] == groups;
        for (int k = 0; k < i && k < 8; k++)
            if (d->group[k] == d->group[i])
                check_prompts(d, i, k);
        if (d->n_truncated == 0)
            check_text(d, i, tok);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    int bits = fuzz_byte(&b), most = bits & CUT ? SHORT : LONG;
    const struct tok *tok = fuzz_byte_tok();
    const struct task *t = find_task(bits % CUT % (int)ARRAY_LEN(formats));
    struct dataset d;

    fuzz_put("data", b);
    if (dataset_load(&d, t, SPLIT_TRAIN, fuzz_dir(), tok, most, NULL) == 0) {
        check_dataset(&d, tok, (size_t)most);
        dataset_free(&d);
    } else {
        fuzz_refused(FUZZ_INPUT);
    }
    fuzz_end();
    return 0;
}
