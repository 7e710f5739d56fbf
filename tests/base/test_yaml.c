/* test_yaml.c - what a YAML file may contain, and that every error says where. */
#include "core/base/alloc.h"
#include "core/opt/yaml.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(reads_a_document)
{
    struct yaml *y = yaml_parse("r.yaml", "\xEF\xBB\xBF# recipe\r\nname: demo\r\nlr: 1e-4\r\n"
                                          "empty:\r\ntargets: [q, 'v w']\r\n"
                                          "grid:\r\n  rank: [1, 2]\r\n  method:\r\n  - lora\r\n"
                                          "text: |\r\n  one\r\n  two\r\n");
    ck_assert_msg(y != NULL, "%s", fail_text());
    const struct yaml_node *r = yaml_root(y);
    ck_assert_int_eq(yaml_kind(r), YAML_MAP);
    ck_assert_int_eq(yaml_count(r), 6);
    ck_assert_str_eq(yaml_key(r, 0), "name");
    ck_assert_str_eq(yaml_str(r, "name", "x"), "demo");
    ck_assert_str_eq(yaml_str(r, "lr", "x"), "1e-4");
    ck_assert_str_eq(yaml_str(r, "empty", "x"), "");
    ck_assert_str_eq(yaml_str(r, "none", "x"), "x");
    ck_assert_str_eq(yaml_str(r, "grid", "x"), "x");
    ck_assert_ptr_null(yaml_text(yaml_get(r, "grid")));
    const struct yaml_node *t = yaml_get(r, "targets");
    ck_assert_int_eq(yaml_kind(t), YAML_SEQ);
    ck_assert_int_eq(yaml_count(t), 2);
    ck_assert_str_eq(yaml_text(yaml_item(t, 1)), "v w");
    ck_assert_ptr_null(yaml_get(t, "q"));
    const struct yaml_node *g = yaml_get(r, "grid");
    ck_assert_str_eq(yaml_text(yaml_item(yaml_get(g, "method"), 0)), "lora");
    ck_assert_str_eq(yaml_str(r, "text", ""), "one\ntwo\n");

    ck_assert_int_eq(yaml_fail(yaml_item(yaml_get(g, "rank"), 1), "no %d", 2), -1);
    ck_assert_str_eq(fail_text(), "r.yaml:7:13: no 2");
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    yaml_fail_key(g, 1, "unknown key '%s'", yaml_key(g, 1));
    ck_assert_str_eq(fail_text(), "r.yaml:8:3: unknown key 'method'");
    yaml_fail(yaml_item(t, 1), "quoted");
    ck_assert_str_eq(fail_text(), "r.yaml:5:14: quoted");
    yaml_fail(yaml_get(r, "empty"), "nothing");
    ck_assert_str_eq(fail_text(), "r.yaml:4:1: nothing");
    struct location at = yaml_location(yaml_item(yaml_get(g, "rank"), 0));
    ck_assert(at.kind == LOCATION_FILE && at.line == 7 && at.col == 10);
    ck_assert_str_eq(at.name, "r.yaml");
    yaml_free(y);
    yaml_free(NULL);
}
END_TEST

static const struct {
    const char *text, *want; /* how the message begins */
} refused[] = {
    { "a: 1\nb: 2\na: 3\n", "f:3:1: duplicate key 'a', first given on line 1" },
    { "a: {x: 1, x: 2}\n", "f:1:11: duplicate key 'x'" },
    { "a: 1\n'a': 3\n", "f:2:1: duplicate key 'a'" },
    { "a: &x 1\nb: 2\n", "f:1:" },
    { "a: &x [1]\nb: *x\n", "f:1:" },
    { "&x a: 1\n", "f:1:" },
    { "a: *x\n", "f:1:4: " },
    { "a: !!int 3\n", "f:1:" },
    { "a: 1\n---\nb: 2\n", "f:2:1: a second document" },
    { "a: 1\n--- {}\n", "f:2:1: a second document" },
    { "a:\n\tb: 1\n", "f:2:1: tabs are not accepted as indentation" },
    { "a:\n  \tb: 1\n", "f:2:3: tabs are not accepted as indentation" },
    { "a: \001\n", "f:1:4: byte 0x01 is not text" },
    { "a: [1, 2\n", "f:" },
    { "a: \"x\n", "f:" },
    { "a: b: c\n", "f:1:5: " },
    { "x: 1\ny: @z\n", "f:2:4: " },
    { "a: 1\n...\nb: 1\n", "f:2:1: a second document" },
    { "a: '\\xff\xff\xfe'\n", "f:" },
    { "", "f: the document is empty" },
    { "# nothing\n", "f: the document is empty" },
    { "- a\n- b\n", "f:1:1: the document must be a mapping" },
    { "word\n", "f:1:1: the document must be a mapping" },
    { "? [a]\n: 1\n", "f:1:" },
    { "%\xff", "f:1:2: byte 0xff is not UTF-8" },
    { "%\xc3\xa9", "f:1:" },
    { "a: caf\xe9\n", "f:1:7: byte 0xe9 is not UTF-8" },
    { "a: 1\nb: \xc3\xa9 \xed\xa0\x80\n", "f:2:6: byte 0xed is not UTF-8" }, /* a surrogate */
    { "a: \xc0\xaf\n", "f:1:4: byte 0xc0 is not UTF-8" },                    /* overlong */
    { "a: \xf4\x90\x80\x80\n", "f:1:4: byte 0xf4 is not UTF-8" },            /* above U+10FFFF */
    { "a: \xe2\x82", "f:1:4: byte 0xe2 is not UTF-8" },                      /* cut off */
    { "a: \xef\xbf\xbf\n", "f:1:4: a character that YAML does not allow" },
    { "a: x\xef\xbb\xbf\n", "f:1:5: a character that YAML does not allow" },
    { "a: \xc2\x80\n", "f:1:4: a character that YAML does not allow" },
    { "? ::\t:", "f:1:" },
    { "a: [1,\n  2\nb: 3\n", "f:3:2: did not find expected ',' or ']' while parsing a flow sequence"
                             " that began on line 1" },
    { "a: {x: 1\n", "f:2:1: " },
    { "%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "f:2:1: " },
    { "a:\n  b: 1\n c: 2\n", "f:3:2: " },
    { "a: 'x\\0'\nb: \"\\0\"\n", "f:2:4: the text contains a zero byte" },
};

START_TEST(refuses_with_the_location)
{
    struct yaml *y = yaml_parse("f", refused[_i].text);
    const char *want = refused[_i].want;

    ck_assert_msg(y == NULL, "accepted: %s", refused[_i].text);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    ck_assert_msg(strncmp(fail_text(), want, strlen(want)) == 0, "row %d: '%s', wanted '%s'", _i,
                  fail_text(), want);
}
END_TEST

START_TEST(deep_and_wide_are_refused)
{
    size_t size = 1 << 17, n = 0;
    char *text = xalloc(size, 1);

    strcpy(text, "a: ");
    memset(text + 3, '[', 100000);
    ck_assert_ptr_null(yaml_parse("f", text));
    for (int i = 0; i < 5000; i++)
        n += (size_t)sprintf(text + n, "k%d: 1\n", i);
    ck_assert_ptr_null(yaml_parse("f", text));
    ck_assert_str_eq(fail_text(), "f:4097:1: more than 4096 keys in one mapping");
    free(text);
}
END_TEST

START_TEST(load_refuses_what_is_not_a_file)
{
    char dir[64], path[80];

    temp_dir(dir);
    snprintf(path, sizeof path, "%s/f", dir);
    ck_assert_ptr_null(yaml_load(path));
    ck_assert_ptr_nonnull(strstr(fail_text(), "cannot open"));
    ck_assert_ptr_null(yaml_load(dir));
    ck_assert_ptr_nonnull(strstr(fail_text(), "is a folder"));
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_ptr_null(yaml_load(path));
    unlink(path);
    temp_file(dir, "f", "a: 1\n");
    struct yaml *y = yaml_load(path);
    ck_assert_ptr_nonnull(y);
    ck_assert_str_eq(yaml_str(yaml_root(y), "a", ""), "1");
    yaml_free(y);
    FILE *f = fopen(path, "w");
    fwrite("a: \0\n", 1, 5, f);
    fclose(f);
    ck_assert_ptr_null(yaml_load(path));
    ck_assert_int_eq(truncate(path, (1 << 20) + 1), 0);
    ck_assert_ptr_null(yaml_load(path));
    ck_assert_ptr_nonnull(strstr(fail_text(), "larger than 1 MiB"));
    temp_remove(dir);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, reads_a_document);
    tcase_add_loop_test(tc, refuses_with_the_location, 0, (int)ARRAY_LEN(refused));
    tcase_add_test(tc, deep_and_wide_are_refused);
    tcase_add_test(tc, load_refuses_what_is_not_a_file);
}

const struct suite suite_yaml = { "yaml", fill };
