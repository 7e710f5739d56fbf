/* test_generate.c - the tokens of transformers' generate() on golden cases, for every number of
 * inputs together and of threads the same bits, and what is refused. */
#include "core/format/json.h"
#include "core/generate/generate.h"
#include "core/os/pool.h"
#include "core/peft/peft.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 7, MOST_TOKENS = 64 };

static struct {
    struct base_model base;
    struct model m, merged;
    struct lora_cfg lora;
    bool has_lora;
} f;

static const struct head head = { .pooling = POOL_NONE, .pool_scale = 1 };

/* The model of a golden folder, with its adapter or without. */
static void open_golden(const char *name, bool adapter)
{
    char *dir = xprintf("tests/golden/%s", name), *with = xprintf("%s/adapter", dir);
    const struct adapt *method = adapt_nothing;
    int n_labels;

    memset(&f, 0, sizeof f);
    ck_assert_msg(base_model_load(&f.base, dir) == 0, "%s", fail_text());
    if (adapter) {
        method = peft_method(with);
        ck_assert_msg(method && peft_read_config(&f.lora, &n_labels, with, &f.base.dims) == 0, "%s",
                      fail_text());
        f.has_lora = true;
    }
    ck_assert_msg(model_init(&f.m, &f.base, &head, method, &f.lora, 1, false) == 0, "%s",
                  fail_text());
    if (adapter)
        ck_assert_msg(peft_load(&f.m, with) == 0, "%s", fail_text());
    ck_assert_int_eq(model_merge(&f.merged, &f.m, true), 0);
    free(with);
    free(dir);
}

static void close_model(void)
{
    model_free(&f.merged);
    model_free(&f.m);
    if (f.has_lora)
        lora_cfg_free(&f.lora);
    base_model_free(&f.base);
}

static struct gen_settings defaults(void)
{
    struct gen_settings s;

    opt_defaults(gen_settings_opts, &s);
    return s;
}

/* --- golden cases */

static int read_ids(const json_t *list, int *ids)
{
    int n = (int)json_array_size(list);

    ck_assert_int_le(n, MOST_TOKENS);
    for (int i = 0; i < n; i++)
        ids[i] = (int)json_integer_value(json_array_get(list, (size_t)i));
    return n;
}

static void read_settings(struct gen_settings *s, const json_t *j)
{
    const char *key;
    json_t *value;

    *s = defaults();
    json_object_foreach((json_t *)(uintptr_t)j, key, value)
    {
        if (strcmp(key, "end") == 0)
            continue;
        char *text = json_is_string(value)    ? xstrdup(json_string_value(value))
                     : json_is_integer(value) ? xprintf("%d", (int)json_integer_value(value))
                                              : xprintf("%.17g", json_real_value(value));
        const struct opt *o = opt_find(gen_settings_opts, key);
        ck_assert_msg(o && opt_set(o, s, text) == 0, "%s: %s", key, fail_text());
        free(text);
    }
}

/* Number of texts that differ from CASE, when M generates them with these settings. */
static int case_differs(const json_t *c, const struct model *m, long batch, struct pool *pool)
{
    static int prompt[8][MOST_TOKENS];
    struct gen_input in[8];
    struct gen_output out[8];
    struct gen_settings s;
    int end[GEN_MOST_ENDS], want[MOST_TOKENS], bad = 0;
    const json_t *set = json_object_get(c, "settings"), *prompts = json_object_get(c, "prompts");
    const json_t *ids = json_object_get(c, "ids"), *scores = json_object_get(c, "scores");
    struct gen_job job = { .model = m, .settings = &s, .end = end, .in = in, .pool = pool };

    read_settings(&s, set);
    s.batch = batch;
    job.n_end = read_ids(json_object_get(set, "end"), end);
    job.n = (int)json_array_size(prompts);
    for (int i = 0; i < job.n; i++)
        in[i] =
            (struct gen_input){ prompt[i], read_ids(json_array_get(prompts, (size_t)i), prompt[i]),
                                (uint32_t)i };
    ck_assert_int_eq(gen_settings_check(&s, m->base->dims.vocab), 0);
    ck_assert_msg(generate(out, &job) == 0, "%s", fail_text());
    for (int i = 0; i < job.n; i++) {
        int n = read_ids(json_array_get(ids, (size_t)i), want);
        double score = json_real_value(json_array_get(scores, (size_t)i));
        bad += n != out[i].n || memcmp(want, out[i].ids, (size_t)n * sizeof *want) != 0;
        if (json_is_array(scores))
            bad += !(fabs(score - out[i].score) <= 1e-4 * fmax(1, fabs(score)));
        generate_output_free(&out[i]);
    }
    return bad;
}

/* Each model with and without an adapter; in batches on two threads, one after another, and with
 * merged weights. */
START_TEST(tokens_are_those_of_transformers)
{
    static const char *const names[] = { "gpt2", "llama" };
    json_error_t e;
    json_t *all = json_load_file("tests/golden/generate/cases.json", 0, &e), *c;
    const char *name = names[_i / 2];
    struct pool *pool = pool_new(2);
    size_t at;
    int n = 0;

    ck_assert_msg(all != NULL, "%s", e.text);
    open_golden(name, _i % 2);
    json_array_foreach(all, at, c)
    {
        if (strcmp(json_string_value(json_object_get(c, "model")), name) != 0 ||
            json_is_true(json_object_get(c, "adapter")) != (_i % 2 == 1))
            continue;
        n++;
        ck_assert_msg(case_differs(c, &f.m, 16, pool) == 0, "case %zu", at);
        ck_assert_msg(case_differs(c, &f.m, 1, NULL) == 0, "case %zu alone", at);
        ck_assert_msg(case_differs(c, &f.merged, 3, NULL) == 0, "case %zu merged", at);
    }
    ck_assert_int_ge(n, 10);
    close_model();
    pool_free(pool);
    json_decref(all);
}
END_TEST

/* --- bits */

/* A model that is wide enough for products to depend on the number of their rows. */
static void open_random(const char *method)
{
    struct dims d = { .arch = "llama",
                      .n_layers = 2,
                      .d_model = 192,
                      .n_heads = 6,
                      .n_kv_heads = 2,
                      .d_head = 32,
                      .d_ffn = 320,
                      .vocab = 1500,
                      .max_pos = 128,
                      .rope_theta = 10000,
                      .gated = true,
                      .ln_eps = 1e-5,
                      .init_range = 0.1,
                      .act = ACT_SILU,
                      .pooling = POOL_NONE };
    const struct adapt *a = strcmp(method, "none") == 0 ? adapt_nothing : adapt_find(method);
    void *cfg = a == adapt_nothing ? NULL : tiny_cfg(a, NULL, NULL);

    memset(&f, 0, sizeof f);
    ck_assert_msg(base_model_random(&f.base, &d, 3) == 0, "%s", fail_text());
    ck_assert_msg(model_init(&f.m, &f.base, &head, a, cfg, 1, false) == 0, "%s", fail_text());
    tiny_fill_b(&f.m);
    if (cfg)
        tiny_cfg_free(a, cfg);
}

static void run_random(struct gen_output out[INPUTS], struct gen_settings s, int threads)
{
    static int prompt[INPUTS][MOST_TOKENS], end[] = { 7, 8 };
    struct gen_input in[INPUTS];
    struct pool *pool = threads > 1 ? pool_new(threads) : NULL;
    struct gen_job job = { &f.m, &s, end, 2, in, INPUTS, pool, NULL, NULL };

    for (int i = 0; i < INPUTS; i++) {
        in[i] = (struct gen_input){ prompt[i], 1 + 9 * i, (uint32_t)i };
        for (int k = 0; k < in[i].n; k++)
            prompt[i][k] = (31 * i + 17 * k) % 1500;
    }
    ck_assert_msg(generate(out, &job) == 0, "%s", fail_text());
    pool_free(pool);
}

static const struct {
    const char *method;
    long beams;
    bool sample;
} bits[] = {
    { "none", 1, false }, { "none", 5, false },      { "none", 1, true },
    { "lora", 1, false }, { "lora", 5, false },      { "adapter-h", 3, false },
    { "ia3", 3, false },  { "prefix-kv", 3, false }, { "prefix-layer", 3, false },
    { "ft", 3, false },
};

START_TEST(bits_do_not_depend_on_batch_and_threads)
{
    static const struct {
        long batch;
        int threads;
    } way[] = { { 1, 1 }, { 2, 1 }, { 16, 1 }, { 3, 2 }, { 16, 2 } };
    struct gen_output want[INPUTS], out[INPUTS];
    struct gen_settings s = defaults();

    open_random(bits[_i].method);
    s.beams = bits[_i].beams;
    s.sample = bits[_i].sample;
    s.max_new = 12;
    for (size_t w = 0; w < ARRAY_LEN(way); w++) {
        s.batch = way[w].batch;
        run_random(w == 0 ? want : out, s, way[w].threads);
        for (int i = 0; i < INPUTS && w > 0; i++) {
            ck_assert_int_eq(out[i].n, want[i].n);
            ck_assert_mem_eq(out[i].ids, want[i].ids, (size_t)out[i].n * sizeof(int));
            ck_assert_mem_eq(&out[i].score, &want[i].score, sizeof out[i].score);
            generate_output_free(&out[i]);
        }
    }
    for (int i = 0; i < INPUTS; i++)
        generate_output_free(&want[i]);
    model_free(&f.m);
    base_model_free(&f.base);
}
END_TEST

/* --- limits and refusals */

static int run_one(struct gen_output *out, struct gen_settings s, const int *ids, int n)
{
    struct gen_input in = { ids, n, 0 };
    struct gen_job job = { .model = &f.m, .settings = &s, .in = &in, .n = 1 };

    return generate(out, &job);
}

static void refused(struct gen_settings s, const int *ids, int n, enum fail_code code,
                    const char *text)
{
    struct gen_output out;

    ck_assert_int_eq(run_one(&out, s, ids, n), -1);
    ck_assert_int_eq(fail_code(), code);
    ck_assert_msg(strstr(fail_text(), text), "'%s' in '%s'", text, fail_text());
    generate_output_free(&out);
}

START_TEST(prompts_that_are_refused)
{
    int ids[32] = { 5 }, bad[] = { 4, 101 }, negative[] = { -1 };
    struct gen_output out;

    open_golden("gpt2", false); /* 31 positions, 101 words */
    refused(defaults(), ids, 0, FAIL_INPUT, "input 1: the prompt is empty");
    refused(defaults(), ids, 31, FAIL_INPUT, "the prompt has 31 tokens, but the model has");
    refused(defaults(), bad, 2, FAIL_INPUT, "token 2 has the id 101; the vocabulary is 0 to 100");
    refused(defaults(), negative, 1, FAIL_INPUT, "the id -1");
    ck_assert_int_eq(run_one(&out, defaults(), ids, 28), 0); /* cut at the last position */
    ck_assert_int_eq(out.n, 3);
    ck_assert(!out.finished);
    generate_output_free(&out);
    close_model();
}
END_TEST

START_TEST(settings_that_are_refused)
{
    static const struct {
        const char *key, *value;
    } row[] = {
        { "temperature", "0" }, { "temperature", "-1" }, { "top_p", "0" },   { "top_p", "1.5" },
        { "top_p", "-0.1" },    { "beams", "0" },        { "max_new", "0" }, { "top_k", "-1" },
    };
    struct gen_settings s = defaults();

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        ck_assert_int_eq(opt_set(opt_find(gen_settings_opts, row[i].key), &s, row[i].value), -1);
        ck_assert_int_eq(fail_code(), FAIL_USAGE);
        ck_assert_ptr_nonnull(strstr(fail_text(), row[i].value));
    }
    s.beams = 102;
    ck_assert_int_eq(gen_settings_check(&s, 101), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "the vocabulary has 101 tokens"));
    s.beams = 2;
    s.sample = true;
    ck_assert_int_eq(gen_settings_check(&s, 101), -1);
    s = defaults();
    s.min_new = 65;
    ck_assert_int_eq(gen_settings_check(&s, 101), -1);
    s = defaults();
    s.top_k = 5;
    ck_assert_int_eq(gen_settings_check(&s, 101), -1);
}
END_TEST

/* The logits of a model that diverged. */
START_TEST(logits_that_are_not_numbers)
{
    int ids[] = { 5, 6 };
    struct gen_settings s = defaults();

    open_random("ft");
    model_param(&f.m, "norm.weight")->value[3] = (real)NAN;
    refused(s, ids, 2, FAIL_RUN, "input 1: the logits after token 2 are not numbers");
    s.beams = 3;
    refused(s, ids, 2, FAIL_RUN, "are not numbers");
    model_free(&f.m);
    base_model_free(&f.base);
}
END_TEST

/* The heap when the last input is done, while every beam still has its rows. */
static int heap_then(void *self, int i, const struct gen_output *out)
{
    struct mallinfo2 heap = mallinfo2();

    (void)i, (void)out;
    *(size_t *)self = heap.uordblks + heap.hblkhd;
    return 0;
}

START_TEST(memory_is_within_what_is_predicted)
{
    enum { N = 8, NEW = 40 };
    int ids[] = { 5, 6, 7 };
    struct gen_input in[N];
    struct gen_output out[N];
    struct gen_settings s = defaults();
    size_t then = 0;

    open_golden("llama", false);
    s.beams = 32;
    s.min_new = s.max_new = NEW;
    for (int i = 0; i < N; i++)
        in[i] = (struct gen_input){ ids, 3, (uint32_t)i };
    struct gen_job job = { &f.m, &s, NULL, 0, in, N, NULL, heap_then, &then };
    struct mallinfo2 heap = mallinfo2();
    size_t before = heap.uordblks + heap.hblkhd, most = generate_bytes(&f.m, &s, N, 3, 1);
    ck_assert_msg(generate(out, &job) == 0, "%s", fail_text());
    for (int i = 0; i < N; i++)
        generate_output_free(&out[i]);
    /* Nothing is known of the heap of sanitizers. The lists of tokens are not counted. */
    double took = then > before ? (double)(then - before) : 0;
    ck_assert_msg(took < 1.2 * (double)most, "%.0f bytes, predicted %zu", took, most);
    ck_assert_msg(then == 0 || before == 0 || took > 0.05 * (double)most,
                  "%.0f bytes, predicted %zu", took, most);
    s.batch = 2;
    if (model_rows_alike(&f.m)) /* otherwise it computes one input at a time */
        ck_assert_uint_lt(generate_bytes(&f.m, &s, N, 3, 1), most / 2);
    s.max_new = 1 << 20; /* beyond the last position of the model */
    ck_assert_uint_lt(generate_bytes(&f.m, &s, N, 3, 1), (size_t)1 << 30);
    close_model();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, tokens_are_those_of_transformers, 0, 4);
    tcase_add_loop_test(tc, bits_do_not_depend_on_batch_and_threads, 0, (int)ARRAY_LEN(bits));
    tcase_add_test(tc, prompts_that_are_refused);
    tcase_add_test(tc, settings_that_are_refused);
    tcase_add_test(tc, logits_that_are_not_numbers);
    tcase_add_test(tc, memory_is_within_what_is_predicted);
}

const struct suite suite_generate = { "generate", fill };
