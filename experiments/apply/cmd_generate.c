/* cmd_generate.c - "lowrank generate": what a decoder writes after lines of text. */
#include "core/cmd.h"
#include "core/generate/generate.h"
#include "core/opt/opt.h"
#include "core/os/cpu.h"
#include "core/os/pool.h"
#include "experiments/apply/adapted.h"
#include "experiments/assets/end_tokens.h"
#include "experiments/apply/prompts.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct flags {
    struct gen_settings gen; /* first, as gen_settings_opts has it */
    char *adapter, *home, *end, *task, *data;
    int input, precision,
        split; /* enum prompt_input; 0: auto, else enum precision + 1; 0: dev, 1: test */
    long n;
    bool merge;
    long threads;
};
enum { MOST_OPTIONS = 64 };
#define AT(f) offsetof(struct flags, f)
static const struct opt own[] = {
    { "adapter", 0, OPT_STR, AT(adapter), NULL, 0, 0, NULL,
      "an adapter's folder, or the first digits of a run's key" },
    { "end", 0, OPT_STR, AT(end), NULL, 0, 0, NULL,
      "tokens that end a text, as ids or pieces between commas, or none (default: the model's)" },
    { "input", 0, OPT_CHOICE, AT(input), "text", 0, 0, PROMPT_INPUTS,
      "a line is a text, JSON with \"prompt\" or \"ids\", or token ids between spaces" },
    { "task", 0, OPT_STR, AT(task), NULL, 0, 0, NULL,
      "read the prompts of this task instead of standard input" },
    { "split", 0, OPT_CHOICE, AT(split), "dev", 0, 0, "dev|test", "with --task: of which split" },
    { "n", 'n', OPT_INT, AT(n), "0", 0, 1e9, NULL,
      "with --task: so many inputs, those of a run with generate_n; 0: all" },
    { "precision", 0, OPT_CHOICE, AT(precision), "auto", 0, 0, "auto|f32|bf16|q8_0|q4_1|nf4",
      "of products with frozen weights; auto: the blocks that the adapter was trained with, else "
      "f32" },
    { "merge", 0, OPT_BOOL, AT(merge), "true", 0, 0, NULL,
      "add the adapter to the weights first, where the method can and products are in f32" },
    { "threads", 't', OPT_INT, AT(threads), "0", 0, 256, NULL, "threads, 0: one per core" },
    HOME_OPTION(struct flags),
    DATA_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "generate",
    .usage = "MODEL",
    .about = "continue every line of standard input, or every prompt of a task, with a decoder",
    .detail =
        "MODEL is a folder or the name of a fetched model. Each line becomes a line of JSON with\n"
        "id (of the line's JSON, else its number), prompt, text, ids with the end token, score "
        "(sum\n"
        "of the log-probabilities of the ids over lp(their number)), and finished, which is false\n"
        "if the text was cut at --max-new or at the last position of the model. Results have the\n"
        "same bits whatever --batch and --threads are. Greedy and beam search give the tokens of\n"
        "transformers' generate(). A line that cannot be continued is refused before anything is\n"
        "computed. With --task, the prompts are the inputs of a task's split; id is the row of "
        "the\n"
        "data file with the first reference, and the line also has the list references.",
    .example = "echo 'The capital of France is' | lowrank generate smollm2 --max-new 20\n"
               "lowrank generate smollm2 --adapter 3fa9c1d2 --task e2e --split test --beams 10",
    .min_args = 1,
    .max_args = 1,
};

/* The texts so far; they are printed in the order of the prompts. */
struct printer {
    const struct prompts *prompts;
    const struct tok *tok;
    const struct gen_output *out;
    bool *ready;
    int printed, done;
    long cut, tokens;
};

/* S as a JSON string. Bytes of a character that a text's end cut in half become U+FFFD. */
static json_t *text_json(const struct text *s)
{
    struct text clean = { 0 };

    text_put_utf8(&clean, text_string(s), s->n);
    json_t *j = json_stringn(text_string(&clean), clean.n);
    text_free(&clean);
    return j;
}

static void print_output(const struct prompt *p, const struct tok *t, const struct gen_output *out)
{
    json_t *j = json_object(), *ids = json_array();
    struct text text = { 0 };

    json_object_set(j, "id", p->id);
    if (p->text)
        json_object_set_new(j, "prompt", json_string(p->text));
    if (t) {
        tok_decode(t, out->ids, out->n, true, &text);
        json_object_set_new(j, "text", text_json(&text));
    }
    for (int i = 0; i < out->n; i++)
        json_array_append_new(ids, json_integer(out->ids[i]));
    json_object_set_new(j, "ids", ids);
    json_object_set_new(j, "score", isfinite(out->score) ? json_real(out->score) : json_null());
    json_object_set_new(j, "finished", json_boolean(out->finished));
    if (p->references)
        json_object_set(j, "references", p->references);
    json_dumpf(j, stdout, JSON_REAL_PRECISION(9));
    putchar('\n');
    text_free(&text);
    json_decref(j);
}

static int output_done(void *self, int i, const struct gen_output *out)
{
    struct printer *p = self;

    p->ready[i] = true;
    p->cut += !out->finished;
    p->tokens += out->n;
    progress("%d of %d texts", ++p->done, p->prompts->n);
    progress_pause();
    for (; p->printed < p->prompts->n && p->ready[p->printed]; p->printed++)
        print_output(&p->prompts->item[p->printed], p->tok, &p->out[p->printed]);
    progress_resume();
    return 0;
}

static int generate_all(const struct model *m, const struct adapted *a, const struct flags *f,
                        const struct prompts *p, const int *end, int n_end)
{
    size_t n = (size_t)p->n;
    struct gen_input *in = xalloc(n, sizeof *in);
    struct gen_output *out = xalloc(n, sizeof *out);
    struct printer print = { .prompts = p, .tok = a->tok, .out = out };
    struct gen_job job = { m, &f->gen, end, n_end, in, p->n, NULL, output_done, &print };
    int rc = -1;

    print.ready = xalloc(n, sizeof *print.ready);
    for (int i = 0; i < p->n; i++)
        in[i] = (struct gen_input){ p->item[i].ids.id, p->item[i].ids.n, (uint32_t)i };
    job.pool = pool_new(f->threads > 0 ? (int)f->threads : cpu_info()->cores);
    double from = now_mono();
    if (job.pool)
        rc = generate(out, &job);
    progress_end();
    detail("%ld tokens in %.3f s, %.1f a second", print.tokens, now_mono() - from,
           (double)print.tokens / (now_mono() - from));
    if (rc == 0)
        rc = output_end(stdout);
    if (print.cut)
        note("%ld of %d texts have no end token: they were cut at --max-new %ld or at the model's "
             "%d positions",
             print.cut, print.done, f->gen.max_new, m->base->dims.max_pos);
    pool_free(job.pool);
    for (int i = 0; i < p->n; i++)
        generate_output_free(&out[i]);
    free(print.ready);
    free(out);
    free(in);
    return rc;
}

/* Settings of --task without it would be ignored. */
static int check_flags(const struct flags *f)
{
    if (!f->task && (f->split != 0 || f->n != 0))
        return fail_setting("split,n", "'--%s' is of a task's prompts: it needs '--task'",
                            f->n ? "n" : "split");
    if (f->task && f->input != PROMPT_TEXT)
        return fail_setting("input,task",
                            "'--input' is of standard input, which '--task' replaces");
    return 0;
}

static int read_prompts(struct prompts *p, const struct adapted *a, struct session *ses,
                        const struct flags *f)
{
    if (f->task)
        return prompts_task(p, ses, f->task, f->split ? SPLIT_TEST : SPLIT_DEV, f->n, &a->model,
                            a->tok);
    return prompts_read(p, stdin, "standard input", (enum prompt_input)f->input, &a->model, a->tok);
}

static int generate_with(const struct adapted *a, struct session *ses, const struct flags *f)
{
    struct model merged = { 0 };
    struct prompts prompts = { 0 };
    int end[GEN_MOST_ENDS], vocab = a->base.dims.vocab;
    int n_end = end_tokens(end, f->end, a->base.dir, a->tok, vocab), rc = n_end < 0 ? -1 : 0;

    if (rc == 0)
        rc = gen_settings_check(&f->gen, vocab);
    if (rc == 0)
        rc = read_prompts(&prompts, a, ses, f);
    if (rc == 0 && a->method != adapt_nothing)
        rc = model_merge(&merged, &a->model, f->merge && !adapt_unmerged(a->method));
    if (rc >= 0)
        rc = generate_all(merged.base ? &merged : &a->model, a, f, &prompts, end, n_end);
    prompts_free(&prompts);
    model_free(&merged);
    return rc;
}

/* N_PRECISION: what the adapter was trained with. */
static enum precision precision_asked(const struct flags *f)
{
    return f->precision == 0 ? N_PRECISION : (enum precision)(f->precision - 1);
}

static int generate_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;
    struct adapted a = { 0 };

    (void)argc;
    if (check_flags(f) != 0)
        return -1;
    session_init(&ses, f->home, f->data);
    int rc = adapted_open_decoder(&a, &ses, argv[1], f->adapter, precision_asked(f),
                                  f->input != PROMPT_IDS);
    if (rc == 0)
        rc = generate_with(&a, &ses, f);
    adapted_close(&a);
    session_free(&ses);
    return rc;
}

/* Append the entries of TABLE, without its end, at TO. */
static struct opt *add_options(struct opt *to, const struct opt *table)
{
    for (; table->type != OPT_END; table++)
        *to++ = *table;
    return to;
}

static int generate_command(int argc, char **argv)
{
    static struct opt opts[MOST_OPTIONS];

    *add_options(add_options(opts, own), gen_settings_opts) = (struct opt){ .type = OPT_END };
    return opt_command(&usage, opts, sizeof(struct flags), generate_work, argc, argv);
}

const struct cmd cmd_generate = { "generate", "look",
                                  "continue lines of standard input or a task's prompts",
                                  generate_command };
