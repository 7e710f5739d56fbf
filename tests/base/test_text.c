/* test_text.c - growing strings, one-line strings, prose in lines, and the layout of a detail. */
#include "core/opt/fill.h"
#include "core/opt/outline.h"
#include "core/base/text.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>

START_TEST(text_grows)
{
    struct text t = { 0 };

    ck_assert_str_eq(text_string(&t), "");
    text_free(&t);
    text_join(&t, ", ", "%s", "");
    ck_assert_uint_eq(t.n, 0);
    text_join(&t, ", ", "%s", "a"); /* still empty: no separator */
    text_join(&t, ", ", "%d", 7);
    text_add(&t, "%%%c", 'x');
    ck_assert_str_eq(text_string(&t), "a, 7%x");
    ck_assert_uint_eq(t.n, 6);
    for (int i = 0; i < 1000; i++)
        text_add(&t, "%04d", i);
    ck_assert_uint_eq(t.n, 4006);
    ck_assert_uint_eq(strlen(t.s), 4006);
    ck_assert_str_eq(t.s + 4002, "0999");
    text_free(&t);
    ck_assert_ptr_null(t.s);
}
END_TEST

/* NUL, a lone lead byte, and a character that the end cuts become U+FFFD each; U+FFFD stays. */
START_TEST(bytes_become_utf8)
{
    static const char bytes[] = "a\0\xC3(\xEF\xBF\xBD\xC3\xA9\xE2\x82";
    struct text t = { 0 };

    text_put_utf8(&t, bytes, sizeof bytes - 1);
    ck_assert_str_eq(text_string(&t), "a\xEF\xBF\xBD\xEF\xBF\xBD(\xEF\xBF\xBD\xC3\xA9"
                                      "\xEF\xBF\xBD");
    text_free(&t);
}
END_TEST

START_TEST(text_is_taken)
{
    struct text t = { 0 };
    char *empty = text_take(&t), *s;

    ck_assert_str_eq(empty, "");
    text_add(&t, "first");
    s = text_take(&t);
    ck_assert_str_eq(text_string(&t), "");
    text_add(&t, "second");
    ck_assert_str_eq(s, "first");
    ck_assert_str_eq(text_string(&t), "second");
    text_free(&t);
    free(s);
    free(empty);
}
END_TEST

/* The buffer has 8 bytes, so a string of 7 may have been cut. */
static const struct {
    const char *in, *want;
} lines[] = {
    { "", "" },
    { "ab", "ab" },
    { "a\nb\t", "a b" },
    { "\001a\177", " a" },
    { "   ", "" },
    { "abcde\xC3\xA9", "abcde" },
    { "abcdef\xC3", "abcdef" },
    { "abc\xC3\xA9", "abc\xC3\xA9" },
    { "a\xC2\x9B"
      "3mb",
      "a?3mb" }, /* U+009B is the same as Escape [ */
    { "a\xE2\x80\xAE"
      "b",
      "a?b" },              /* U+202E turns the direction of text */
    { "a\x9B\xFF", "a??" }, /* not UTF-8 */
    { "\xEF\xBF\xBD", "\xEF\xBF\xBD" },
};

START_TEST(one_line_can_be_shown)
{
    char buf[8];

    strcpy(buf, lines[_i].in);
    text_one_line(buf, sizeof buf);
    ck_assert_str_eq(buf, lines[_i].want);
}
END_TEST

static const char *filled(const char *text, int at, int indent)
{
    static char *s;
    size_t size;

    free(s);
    FILE *f = open_memstream(&s, &size);
    fill_text(f, text, at, indent);
    fclose(f);
    return s;
}

START_TEST(prose_fills_lines)
{
    char word[101] = { 0 }, want[256];

    ck_assert_str_eq(filled("", 0, 0), "\n");
    ck_assert_str_eq(filled(" a  b\nc ", 5, 5), "a b c\n");
    ck_assert_str_eq(filled("aaaa bbbb", 76, 2), "aaaa\n  bbbb\n");
    ck_assert_str_eq(filled("aaaa bbbb", 71, 2), "aaaa bbbb\n"); /* the last column is used */
    ck_assert_str_eq(filled("aaaa bbbb", 72, 2), "aaaa\n  bbbb\n");
    ck_assert_str_eq(filled("\xC3\xA9\xC3\xA9\xC3\xA9 b", 75, 0), "\xC3\xA9\xC3\xA9\xC3\xA9 b\n");
    memset(word, 'x', 100); /* longer than a line */
    snprintf(want, sizeof want, "%s\n a\n", word);
    char *text = xprintf("%s a", word);
    ck_assert_str_eq(filled(text, 0, 1), want);
    free(text);
}
END_TEST

START_TEST(outline_reads_the_layout)
{
    static const char detail[] = "A paragraph\n"
                                 "of two lines.\n"
                                 "\n"
                                 "Entries:\n"
                                 "  gemm   products of\n"
                                 "         matrices\n"
                                 "           lowrank bench gemm\n"
                                 "  a term  text\n"
                                 "  a_term_that_leaves_no_room\n"
                                 "                          its text,\n"
                                 "                          continued\n"
                                 "The end.";
    static const struct outline want[] = {
        { OUTLINE_PARAGRAPH, NULL, (char *)"A paragraph of two lines.", 0 },
        { OUTLINE_GAP, NULL, NULL, 0 },
        { OUTLINE_PARAGRAPH, NULL, (char *)"Entries:", 0 },
        { OUTLINE_ENTRY, (char *)"gemm", (char *)"products of matrices", 9 },
        { OUTLINE_LITERAL, NULL, (char *)"lowrank bench gemm", 11 },
        { OUTLINE_ENTRY, (char *)"a term", (char *)"text", 10 },
        { OUTLINE_ENTRY, (char *)"a_term_that_leaves_no_room", (char *)"its text, continued", 26 },
        { OUTLINE_PARAGRAPH, NULL, (char *)"The end.", 0 },
    };
    const char *at = detail;
    struct outline o;
    size_t n = 0;

    for (; outline_next(&o, &at); outline_free(&o), n++) {
        ck_assert_uint_lt(n, ARRAY_LEN(want));
        ck_assert_int_eq(o.kind, want[n].kind);
        ck_assert_int_eq(o.at, want[n].at);
        ck_assert_pstr_eq(o.term, want[n].term);
        ck_assert_pstr_eq(o.text, want[n].text);
    }
    ck_assert_uint_eq(n, ARRAY_LEN(want));
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, text_grows);
    tcase_add_test(tc, bytes_become_utf8);
    tcase_add_test(tc, text_is_taken);
    tcase_add_loop_test(tc, one_line_can_be_shown, 0, (int)ARRAY_LEN(lines));
    tcase_add_test(tc, prose_fills_lines);
    tcase_add_test(tc, outline_reads_the_layout);
}

const struct suite suite_text = { "text", fill };
