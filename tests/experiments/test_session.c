/* test_session.c - a session reads everything once, and its folders come from its flags. */
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"
#include "core/os/file.h"
#include "experiments/assets/hash.h"
#include "experiments/assets/loaded_model.h"
#include "experiments/assets/task_dir.h"

#include <stdlib.h>

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

static void fill(TCase *tc)
{
    tcase_add_test(tc, home_is_the_flag_or_the_environment);
    tcase_add_test(tc, messages_come_once);
    tcase_add_test(tc, models_are_loaded_once);
}

const struct suite suite_session = { "session", fill };
