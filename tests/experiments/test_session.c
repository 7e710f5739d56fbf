/* test_session.c - a session reads everything once, and its folders come from its flags. */
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"
#include "core/os/file.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/assets/task_dir.h"

#include <stdlib.h>
#include <unistd.h>

START_TEST(home_is_the_flag_or_the_environment)
{
    struct session s;

    setenv("LOWRANK_HOME", "/env", 1);
    session_init(&s, "/flag", NULL);
    ck_assert_str_eq(s.home, "/flag");
    session_free(&s);
    session_init(&s, "", NULL);
    ck_assert_str_eq(s.home, "/env");
    session_free(&s);
    unsetenv("LOWRANK_HOME");
    session_init(&s, NULL, "/nowhere");
    ck_assert_str_eq(s.home, "out");
    ck_assert_int_eq(task_dir_check(&s), -1);
    session_free(&s);
    session_free(&s); /* of a zeroed session */
}
END_TEST

START_TEST(messages_come_once)
{
    struct session s;

    session_init(&s, "/flag", NULL);
    ck_assert(session_first(&s, "max_len %d", 5));
    ck_assert(!session_first(&s, "max_len %d", 5));
    ck_assert(session_first(&s, "max_len %d", 6));
    ck_assert(session_first(NULL, "max_len 5") && session_first(NULL, "max_len 5"));
    session_free(&s);
}
END_TEST

START_TEST(models_are_loaded_once)
{
    struct session s;
    char home[64], sha256[65];

    temp_dir(home);
    session_init(&s, home, NULL);
    const char *dir = tiny_write();
    temp_file(dir, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n");
    const struct model_facts *facts = model_facts(&s, dir);
    ck_assert_msg(facts != NULL, "%s", fail_text());
    ck_assert_ptr_eq(model_facts(&s, dir), facts);
    const struct loaded_model *m = loaded_model(&s, facts);
    ck_assert_msg(m != NULL, "%s", fail_text());
    ck_assert_ptr_eq(loaded_model(&s, facts), m);
    ck_assert_str_eq(m->base.weights_sha256, facts->weights);
    char *path = path_join(dir, "config.json");
    ck_assert_int_eq(hash_file(sha256, &s, path), 0);
    ck_assert_str_eq(sha256, facts->config);
    ck_assert_ptr_null(model_facts(&s, "nothing-like-it"));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    free(path);
    session_free(&s);
    tiny_remove();
    temp_remove(home);
}
END_TEST

/* A folder whose weights cannot be read is refused before anything is said of the model. */
START_TEST(weights_that_are_not_there)
{
    struct session s;
    char home[64];

    temp_dir(home);
    session_init(&s, home, NULL);
    const char *dir = tiny_write();
    temp_file(dir, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n");
    temp_file(dir, "model.safetensors", "version https://git-lfs.github.com/spec/v1\n");
    ck_assert_ptr_null(model_facts(&s, dir));
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_ptr_nonnull(strstr(fail_text(), "is a git-LFS pointer"));
    temp_file(dir, "model.safetensors", "");
    ck_assert_ptr_null(model_facts(&s, dir));
    ck_assert_ptr_nonnull(strstr(fail_text(), "is not a safetensors file"));
    char *weights = path_join(dir, "model.safetensors");
    unlink(weights);
    temp_file(dir, "pytorch_model.bin", "");
    ck_assert_ptr_null(model_facts(&s, dir));
    ck_assert_ptr_nonnull(strstr(fail_text(), "pytorch_model.bin' is not a file of torch.save"));
    free(weights);
    session_free(&s);
    tiny_remove();
    temp_remove(home);
}
END_TEST

/* Added tokens are part of a run's key; a list of the usual special tokens is not. */
START_TEST(tokenizer_key)
{
    static const char *const files[] = { "special_tokens_map.json", "added_tokens.json" };
    static const char *const texts[] = { "{\"cls_token\": \"[CLS]\"}", "{\"c\": 7}" };
    char home[64], before[65] = "";

    temp_dir(home);
    const char *dir = tiny_write();
    temp_file(dir, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n");
    for (int i = -1; i < 2; i++) {
        struct session s;
        if (i >= 0)
            temp_file(dir, files[i], texts[i]);
        session_init(&s, home, NULL);
        const struct model_facts *facts = model_facts(&s, dir);
        ck_assert_msg(facts != NULL, "%s", fail_text());
        if (i >= 0)
            ck_assert_int_eq(strcmp(facts->tokenizer, before) == 0, i == 0);
        strcpy(before, facts->tokenizer);
        session_free(&s);
    }
    tiny_remove();
    temp_remove(home);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, home_is_the_flag_or_the_environment);
    tcase_add_test(tc, messages_come_once);
    tcase_add_test(tc, models_are_loaded_once);
    tcase_add_test(tc, weights_that_are_not_there);
    tcase_add_test(tc, tokenizer_key);
}

const struct suite suite_session = { "session", fill };
