/* fuzz_html.c - html_text, html_id, html_word and html_table with any strings: the result is
 * well-formed XML (every tag and attribute is one of ours, every tag is closed, every "&" begins a
 * character reference), is UTF-8, has no control character but tab and newline, and different
 * strings have different ids. */
#include "tests/fuzz/fuzz_kit.h"
#include "plots/report/html.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { DEEPEST = 16 };
static const char *const tags[] = { "div", "table", "caption", "thead", "tbody",
                                    "tr",  "th",    "td",      "b" };
static const char *const attributes[] = { "class", "tabindex", "role", "aria-label", "scope" };

static bool is_among(const char *const *list, size_t n, const char *s, size_t size)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == size && memcmp(list[i], s, size) == 0)
            return true;
    return false;
}

/* A text up to '<', the closing quote QUOTE or the end. */
static const char *check_text(const char *s, char quote)
{
    while (*s && *s != '<' && *s != quote) {
        utf8proc_int32_t c;
        utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s, -1, &c);
        CHECK(n > 0, "not UTF-8: %s", s);
        CHECK(c >= 32 || c == '\t' || c == '\n', "control character %d", (int)c);
        CHECK((c < 127 || c >= 160) && (c & 0xFFFE) != 0xFFFE, "character %x", (unsigned)c);
        CHECK(c != '>' && c != '"' && c != '\'', "not escaped: %s", s);
        if (c == '&') {
            CHECK(s[1] == '#' && isdigit((unsigned char)s[2]), "%.9s", s);
            n = 2 + (utf8proc_ssize_t)strspn(s + 2, "0123456789");
            CHECK(s[n++] == ';', "%.9s", s);
        }
        s += n;
    }
    return s;
}

/* The attributes of a tag and its '>'. */
static const char *check_attributes(const char *s)
{
    while (*s == ' ') {
        size_t n = strspn(++s, "abcdefghijklmnopqrstuvwxyz-");
        CHECK(is_among(attributes, ARRAY_LEN(attributes), s, n), "attribute %.20s", s);
        CHECK(strncmp(s + n, "=\"", 2) == 0, "%.20s", s);
        s = check_text(s + n + 2, '"');
        CHECK(*s == '"', "%.20s", s);
        s++;
    }
    CHECK(*s == '>', "%.20s", s);
    return s + 1;
}

static void check_document(const char *s)
{
    char open[DEEPEST][16];
    int depth = 0;

    for (s = check_text(s, '<'); *s; s = check_text(s, '<')) {
        bool closes = *++s == '/';
        s += closes;
        size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
        CHECK(is_among(tags, ARRAY_LEN(tags), s, n), "tag %.20s", s);
        if (closes) {
            CHECK(depth > 0 && strncmp(open[depth - 1], s, n) == 0 && !open[depth - 1][n], "%s", s);
            CHECK(s[n] == '>', "%.20s", s);
            depth--;
            s += n + 1;
            continue;
        }
        CHECK(depth < DEEPEST, "%d tags are open", depth);
        snprintf(open[depth++], sizeof open[0], "%.*s", (int)n, s);
        s = check_attributes(s + n);
    }
    CHECK(depth == 0, "'%s' is not closed", open[depth - 1]);
}

/* A string printed by one of the functions for strings; the caller frees it. */
static char *print_string(int which, const char *s)
{
    char *out = NULL;
    size_t size;
    FILE *to = open_memstream(&out, &size);

    if (which == 0)
        html_text(to, s);
    else if (which == 1)
        html_word(to, s);
    else
        html_id(to, "p-", s);
    fclose(to);
    CHECK(strlen(out) == size, "a NUL byte after %zu", strlen(out));
    CHECK(*check_text(out, 0) == 0, "%s", out);
    return out;
}

static void check_ids(const char *a, const char *b)
{
    char *x = print_string(2, a), *y = print_string(2, b);

    CHECK((strcmp(a, b) == 0) == (strcmp(x, y) == 0), "%s, %s", x, y);
    CHECK(x[strspn(x, "_-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")] == 0,
          "id %s", x);
    free(x);
    free(y);
}

static void print_table(char *const *s, int n)
{
    const char *cols[] = { s[0], "paper", s[1], NULL };
    char *out = NULL;
    size_t size;
    struct rows r;
    FILE *to = open_memstream(&out, &size);

    rows_init(&r, cols);
    for (int i = 2; i + 3 <= n; i += 3)
        rows_add(&r, (const char *const *)s + i);
    html_table(to, &r, s[2]);
    fclose(to);
    check_document(out);
    free(out);
    rows_free(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { PARTS = 14 };
    struct fuzz_bytes b = fuzz_begin(data, size);
    char *s[PARTS];
    int n = 0;

    while (n < 3 || (n < PARTS && b.size > 0))
        s[n++] = fuzz_string(fuzz_part(&b));
    free(print_string(0, s[0]));
    free(print_string(1, s[0]));
    check_ids(s[0], s[1]);
    print_table(s, n);
    while (n > 0)
        free(s[--n]);
    fuzz_end();
    return 0;
}
