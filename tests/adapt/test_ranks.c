/* test_ranks.c - the rank and alpha of every matrix from a recipe's settings, and back. */
#include "core/adapt/ranks.h"
#include "core/adapt/target.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>

static const struct dims dims = { .n_layers = 12, .d_model = 8, .d_ffn = 16, .arch = "bert" };

static struct lora_cfg settings(const char *targets, const char *layers, const char *ranks,
                                const char *alphas)
{
    return (struct lora_cfg){ .rank = 8,
                              .alpha = 16,
                              .targets = (char *)(uintptr_t)targets,
                              .layers = (char *)(uintptr_t)layers,
                              .rank_pattern = (char *)(uintptr_t)ranks,
                              .alpha_pattern = (char *)(uintptr_t)alphas };
}

/* What one matrix gets. */
static const struct {
    const char *targets, *layers, *ranks, *alphas;
    int layer, target, r;
    double alpha;
} cases[] = {
    { "q,v", NULL, NULL, NULL, 11, PROJ_V, 8, 16 },
    { "q,v", "all", "none", "none", 11, PROJ_V, 8, 16 },
    { "q,v", NULL, NULL, NULL, 11, PROJ_K, 0, 16 },
    { "q,v", "0,8-11", NULL, NULL, 8, PROJ_V, 8, 16 },
    { "q,v", "0,8-11", NULL, NULL, 7, PROJ_V, 0, 16 },
    { "q,v", NULL, "v:16", NULL, 0, PROJ_V, 16, 16 },
    { "q,v", NULL, "v:16", NULL, 0, PROJ_Q, 8, 16 },
    { "q,v", NULL, "v:16,3.v:2", NULL, 3, PROJ_V, 2, 16 },
    { "q,v", NULL, "3.v:2,v:16", NULL, 3, PROJ_V, 16, 16 }, /* the last one counts */
    { "q,v", NULL, "8-11:4", "8-10.q:0.5", 10, PROJ_Q, 4, 0.5 },
    { "q,v", NULL, "8-11:4", "8-10.q:0.5", 11, PROJ_Q, 4, 16 },
    { "q,v", NULL, "1:0", NULL, 1, PROJ_Q, 0, 16 },
    { "q,v", NULL, "1.q:1", NULL, 11, PROJ_Q, 8, 16 }, /* 1 is not 11 */
    { "down,up", "2", "down:3", "up:1e-3", 2, PROJ_UP, 8, 1e-3 },
    { "qkv", NULL, "4.qkv:3", NULL, 4, TARGET_QKV, 3, 16 },
};

START_TEST(matrices_have_ranks)
{
    struct lora_cfg c =
        settings(cases[_i].targets, cases[_i].layers, cases[_i].ranks, cases[_i].alphas);
    struct rank *at = ranks_make(&c, &dims);

    ck_assert_msg(at != NULL, "%s", fail_text());
    struct rank x = at[target_slot(cases[_i].layer, cases[_i].target)];
    ck_assert_int_eq(x.r, cases[_i].r);
    ck_assert_double_eq(x.alpha, cases[_i].alpha);
    free(at);
}
END_TEST

/* Settings that say the same in the form of ranks_settings. */
START_TEST(settings_come_back)
{
    struct lora_cfg c =
        settings(cases[_i].targets, cases[_i].layers, cases[_i].ranks, cases[_i].alphas);
    struct lora_cfg back = { .rank = 8, .alpha = 16 };
    struct rank *at = ranks_make(&c, &dims);

    ranks_settings(&back, at, &dims);
    struct rank *again = ranks_make(&back, &dims);
    ck_assert_msg(again != NULL, "%s", fail_text());
    for (int i = 0; i < dims.n_layers * N_TARGETS; i++) {
        ck_assert_int_eq(again[i].r, at[i].r);
        ck_assert(at[i].r == 0 || again[i].alpha == at[i].alpha);
    }
    free(again);
    free(at);
    lora_cfg_free(&back);
}
END_TEST

/* Settings that are alike everywhere need no patterns. */
START_TEST(settings_are_short)
{
    struct lora_cfg c = settings("q,k,v", "0,2", "k:3,0.q:4", "none");
    struct lora_cfg back = { .rank = 8, .alpha = 16 };
    struct rank *at = ranks_make(&c, &dims);

    ranks_settings(&back, at, &dims);
    ck_assert_str_eq(back.targets, "q,k,v");
    ck_assert_str_eq(back.layers, "0,2");
    ck_assert_str_eq(back.rank_pattern, "0.q:4,k:3");
    ck_assert_ptr_null(back.alpha_pattern);
    free(at);
    lora_cfg_free(&back);
}
END_TEST

static const struct {
    const char *layers, *ranks, *alphas, *says;
} wrong[] = {
    { "12", NULL, NULL, "'adapt_layers' has '12', but the model has 12 layers (0 to 11)" },
    { "3-1", NULL, NULL, "'adapt_layers' has '3-1', but" },
    { "a", NULL, NULL, "'adapt_layers' has 'a', but" },
    { "1,0-2", NULL, NULL, "'adapt_layers' names layer 1 twice" },
    { NULL, "v", NULL, "'rank_pattern' has 'v', which must be a layer, a matrix or LAYER.MATRIX" },
    { NULL, "v:", NULL, "'rank_pattern' has 'v:', which must be" },
    { NULL, "v:1x", NULL, "'rank_pattern' has 'v:1x', which must be" },
    { NULL, "v:nan", NULL, "'rank_pattern' has 'v:nan', which must be" },
    { NULL, "w:4", NULL, "'rank_pattern' has 'w:4', which must be" },
    { NULL, "3q:4", NULL, "'rank_pattern' has '3q:4', which must be" },
    { NULL, ":4", NULL, "'rank_pattern' has ':4', which must be" },
    { NULL, "v:1.5", NULL, "'v:1.5', whose value must be a whole number from 0 to 65536" },
    { NULL, "v:65537", NULL, "'v:65537', whose value must be a whole number" },
    { NULL, "12.q:4", NULL, "'12.q:4', but the model has 12 layers (0 to 11)" },
    { NULL, "k:4", NULL, "'rank_pattern' has 'k:4', which is none of the adapted matrices" },
    { "0", "1.q:4", NULL, "'1.q:4', which is none of the adapted matrices" },
    { NULL, "q:0,v:0", NULL, "'rank_pattern' is 'q:0,v:0', which leaves no adapted matrix" },
    { NULL, NULL, "v:0", "'alpha_pattern' has 'v:0', whose value must be a number from 1e-6" },
    { NULL, "v:0", "v:4", "'alpha_pattern' has 'v:4', which is none of the adapted matrices" },
};

START_TEST(wrong_settings_are_named)
{
    struct lora_cfg c = settings("q,v", wrong[_i].layers, wrong[_i].ranks, wrong[_i].alphas);
    struct rank *at = ranks_make(&c, &dims);

    ck_assert_msg(at == NULL, "accepted: %s", wrong[_i].says);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strstr(fail_text(), wrong[_i].says), "says \"%s\"", fail_text());
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, matrices_have_ranks, 0, ARRAY_LEN(cases));
    tcase_add_loop_test(tc, settings_come_back, 0, ARRAY_LEN(cases));
    tcase_add_test(tc, settings_are_short);
    tcase_add_loop_test(tc, wrong_settings_are_named, 0, ARRAY_LEN(wrong));
}

const struct suite suite_ranks = { "ranks", fill };
