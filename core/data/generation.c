/* generation.c - prompts and targets as tokens: tokenized apart, joined, and cut to a length. The
 * special tokens that begin a text, such as BOS, stand before the prompt and are never cut. */
#include "core/data/generation.h"

#include <stdlib.h>
#include <string.h>

const char *generation_reference(const char *target, size_t *length)
{
    const char *from = target + strspn(target, " \t\r\n"), *end = from + strlen(from);

    while (end > from && strchr(" \t\r\n", end[-1]))
        end--;
    *length = (size_t)(end - from);
    return from;
}

/* A target's tokens, appended to OUT. */
static int encode_target(struct ids *out, const struct tok *tok, const struct task *t,
                         const char *text)
{
    int from = out->n, end = tok_role(tok, TOK_EOS);

    if (!t->no_end && end < 0)
        return fail(FAIL_INPUT,
                    "task '%s': targets end with an end-of-text token, which the tokenizer '%s' "
                    "does not have; 'end: false' in the task's file does without",
                    t->name, tok_path(tok));
    tok_encode(tok, text, strlen(text), out);
    if (!t->no_end)
        ids_push(out, end);
    if (t->max_target > 0 && out->n - from > t->max_target)
        out->n = from + (int)t->max_target;
    return 0;
}

int generation_answers(struct dataset *d, const struct task *t, const struct tok *tok)
{
    const char *lead = t->target.n && !t->target.part[0].is_column ? t->target.part[0].text : "";
    int rc = 0;

    if (!t->generates || t->n_labels == 0)
        return 0;
    d->n_answers = t->n_labels;
    d->answer_off = xalloc((size_t)t->n_labels + 1, sizeof *d->answer_off);
    for (int k = 0; k < t->n_labels && rc == 0; k++) {
        char *text = xprintf("%.*s%s", (int)strspn(lead, " \t\r\n"), lead, t->labels[k]);
        rc = encode_target(&d->answer, tok, t, text);
        d->answer_off[k + 1] = d->answer.n;
        free(text);
        if (rc == 0 && d->answer.n == d->answer_off[k])
            rc = fail(FAIL_INPUT, "task '%s': the label '%s' has no tokens", t->name, t->labels[k]);
    }
    return rc;
}

/* --- lengths */

/* What is kept of a prompt and a target: the tokens [FROM, TO) of the prompt, the first TARGET of
 * the target. */
struct kept {
    int from, to, target;
};

/* False: there is no room for a token of both. ROOM is MAX_LEN, less what the longest label needs
 * more than this target, so that every label fits. */
static bool keep_within(struct kept *k, enum task_truncate cut, int room)
{
    int too_many = k->to - k->from + k->target - room;

    if (too_many <= 0)
        return true;
    if (cut == TRUNCATE_TARGET)
        k->target -= too_many;
    else if (cut == TRUNCATE_PROMPT_START)
        k->from += too_many;
    else
        k->to -= too_many;
    return k->target > 0 && k->to > k->from;
}

static int longest_answer(const struct dataset *d)
{
    int most = 0;

    for (int k = 0; k < d->n_answers; k++)
        if (d->answer_off[k + 1] - d->answer_off[k] > most)
            most = d->answer_off[k + 1] - d->answer_off[k];
    return most;
}

/* --- examples */

/* Examples as they are made. */
struct making {
    struct dataset *d;
    const struct data_file *f;
    const struct task *task;
    int max_len, longest;
    size_t cap, cap_refs, n_refs;
    struct ids begin, prompt, target;
};

static void add_ids(struct making *m, const int *id, int n)
{
    struct dataset *d = m->d;
    size_t need = d->n_tokens + (size_t)n;

    if (need > m->cap) {
        m->cap = 2 * need;
        d->ids = xgrow(d->ids, m->cap, sizeof *d->ids);
    }
    if (n > 0)
        memcpy(d->ids + d->n_tokens, id, (size_t)n * sizeof *id);
    d->n_tokens = need;
}

static void add_reference(struct making *m, const char *target)
{
    struct dataset *d = m->d;
    size_t n;
    const char *from = generation_reference(target, &n);

    if (m->n_refs + n + 1 > m->cap_refs) {
        m->cap_refs = 2 * (m->n_refs + n + 1);
        d->refs = xgrow(d->refs, m->cap_refs, 1);
    }
    memcpy(d->refs + m->n_refs, from, n);
    d->refs[m->n_refs + n] = 0;
    m->n_refs += n + 1;
}

/* The tokens of row ROW, which are in m->prompt and m->target, as the next example. */
static void add_example(struct making *m, int row)
{
    struct dataset *d = m->d;
    struct kept k = { 0, m->prompt.n, m->target.n };
    int room = m->max_len - m->begin.n;

    if (m->max_len > 0 && m->longest > k.target)
        room -= m->longest - k.target;
    if (m->max_len > 0 && !keep_within(&k, m->task->truncate, room)) {
        if (d->n_no_room++ == 0)
            d->first_no_room = row + 1;
        return;
    }
    int cut = m->prompt.n - (k.to - k.from) + m->target.n - k.target, i = d->n++;
    d->n_truncated += cut > 0;
    d->tokens_cut += cut;
    add_ids(m, m->begin.id, m->begin.n);
    add_ids(m, m->prompt.id + k.from, k.to - k.from);
    add_ids(m, m->target.id, k.target);
    add_reference(m, data_file_cell(m->f, row, CELL_TARGET));
    d->second[i] = m->begin.n + k.to - k.from;
    d->line[i] = row + 1;
    d->off[i + 1] = d->n_tokens;
    d->ref[i + 1] = m->n_refs;
    if (d->label)
        d->label[i] = d->label[row]; /* row >= i: the rows ascend */
    if (d->off[i + 1] - d->off[i] > (size_t)d->max_tokens)
        d->max_tokens = (int)(d->off[i + 1] - d->off[i]);
}

static int encode_row(struct making *m, const struct tok *tok, int row)
{
    const struct data_file *f = m->f;
    const char *prompt = data_file_cell(f, row, CELL_PROMPT),
               *target = data_file_cell(f, row, CELL_TARGET), *empty = NULL;

    m->prompt.n = m->target.n = 0;
    tok_encode(tok, prompt, strlen(prompt), &m->prompt);
    if (encode_target(&m->target, tok, m->task, target) != 0)
        return -1;
    if (m->prompt.n == 0)
        empty = "prompt";
    else if (m->target.n == 0)
        empty = "target";
    return empty ? fail(FAIL_INPUT, "%s:%ld: the %s has no tokens", data_file_path(f, row),
                        f->row[row].line, empty)
                 : 0;
}

/* --- inputs */

struct prompt_of {
    const char *prompt;
    int example;
};

static int by_prompt(const void *a, const void *b)
{
    const struct prompt_of *x = a, *y = b;
    int order = strcmp(x->prompt, y->prompt);

    return order ? order : (x->example > y->example) - (x->example < y->example);
}

/* The first example with the same prompt, then numbers in the order of these. */
static void find_groups(struct dataset *d, const struct data_file *f)
{
    struct prompt_of *p = xalloc((size_t)d->n, sizeof *p);

    d->group = xalloc((size_t)d->n, sizeof *d->group);
    for (int i = 0; i < d->n; i++)
        p[i] = (struct prompt_of){ data_file_cell(f, (int)d->line[i] - 1, CELL_PROMPT), i };
    qsort(p, (size_t)d->n, sizeof *p, by_prompt);
    for (int i = 0, first = 0; i < d->n; i++) {
        if (strcmp(p[first].prompt, p[i].prompt) != 0)
            first = i;
        d->group[p[i].example] = p[first].example;
    }
    for (int i = 0; i < d->n; i++)
        d->group[i] = d->group[i] == i ? d->n_groups++ : d->group[d->group[i]];
    free(p);
}

int generation_tokenize(struct dataset *d, const struct data_file *f, const int *pick, int n,
                        const struct tok *tok, const struct task *t, int max_len)
{
    struct making m = { .d = d, .f = f, .task = t, .max_len = max_len };

    d->generates = true;
    d->off = xalloc((size_t)n + 1, sizeof *d->off);
    d->ref = xalloc((size_t)n + 1, sizeof *d->ref);
    d->second = xalloc((size_t)n, sizeof *d->second);
    d->line = xalloc((size_t)n, sizeof *d->line);
    int rc = generation_answers(d, t, tok);
    m.longest = rc == 0 ? longest_answer(d) : 0;
    tok_begin(tok, &m.begin);
    for (int i = 0; i < n && rc == 0; i++) {
        rc = encode_row(&m, tok, pick[i]);
        if (rc == 0)
            add_example(&m, pick[i]);
    }
    ids_free(&m.begin);
    ids_free(&m.prompt);
    ids_free(&m.target);
    if (rc == 0 && d->n == 0)
        return fail(FAIL_INPUT,
                    "'%s': none of %d examples has room for its prompt and its target in %d "
                    "tokens ('max_len')",
                    d->path, n, max_len);
    if (rc == 0)
        find_groups(d, f);
    return rc;
}

void dataset_answered(struct dataset *out, const struct dataset *d)
{
    int k_n = d->n_answers, n = d->n * k_n, all = d->answer.n;
    struct making m = { .d = out };

    *out = (struct dataset){ .n = n, .generates = true };
    out->off = xalloc((size_t)n + 1, sizeof *out->off);
    out->ref = xalloc((size_t)n + 1, sizeof *out->ref);
    out->second = xalloc((size_t)n, sizeof *out->second);
    m.cap = (size_t)k_n * (d->n_tokens) + (size_t)d->n * (size_t)all;
    out->ids = xalloc(m.cap, sizeof *out->ids);
    for (int i = 0; i < n; i++) {
        const int *from = d->answer_off + i % k_n, *prompt;
        prompt = dataset_prompt(d, i / k_n, &out->second[i]);
        add_ids(&m, prompt, out->second[i]);
        add_ids(&m, d->answer.id + from[0], from[1] - from[0]);
        out->off[i + 1] = out->n_tokens;
        if (out->off[i + 1] - out->off[i] > (size_t)out->max_tokens)
            out->max_tokens = (int)(out->off[i + 1] - out->off[i]);
    }
}
