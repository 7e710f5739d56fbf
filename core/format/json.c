/* json.c - reading and writing JSON files. */
#include "core/format/json.h"
#include "core/base/base.h"
#include "core/base/text.h"
#include "core/format/tensor.h"
#include "core/os/file.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_LARGEST = 64 << 20 };

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/* The number at P, of SIZE bytes, as jansson can read it. */
static void add_number(struct text *out, const char *p, size_t size)
{
    char *number = xprintf("%.*s", (int)size, p);
    double x = strtod(number, NULL);

    errno = 0;
    if (strcspn(number, ".eE") == size)
        (void)strtoll(number, NULL, 10);
    bool too_large = errno == ERANGE;
    if (isinf(x))
        text_add(out, "%s", x < 0 ? "-1.7976931348623157e308" : "1.7976931348623157e308");
    else if (too_large)
        text_add(out, "%.17e", x);
    else
        text_add(out, "%s", number);
    free(number);
}

/* The code unit of the escape \uXXXX at P; -1: there is none. */
static long escaped_unit(const char *p, const char *end)
{
    char hex[5] = "";

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    memcpy(hex, p + 2, 4);
    return strspn(hex, "0123456789abcdefABCDEF") == 4 ? strtol(hex, NULL, 16) : -1;
}

/* A string, copied from its opening quote at P; returns what follows it. */
static const char *add_string(struct text *out, const char *p, const char *end)
{
    text_add(out, "\"");
    for (p++; p < end && *p != '"';) {
        long unit = escaped_unit(p, end), next = unit < 0 ? -1 : escaped_unit(p + 6, end);
        bool high = unit >= 0xD800 && unit < 0xDC00, low = next >= 0xDC00 && next < 0xE000;
        size_t n = high && low ? 12 : unit >= 0 ? 6 : *p == '\\' && end - p > 1 ? 2 : 1;
        if (n == 6 && unit >= 0xD800 && unit < 0xE000)
            text_add(out, "\\u0000");
        else
            text_add(out, "%.*s", (int)n, p);
        p += n;
        const char *plain = p;
        while (p < end && *p != '"' && *p != '\\')
            p++;
        text_add(out, "%.*s", (int)(p - plain), plain);
    }
    if (p < end)
        text_add(out, "\"");
    return p < end ? p + 1 : end;
}

/* TEXT with everything replaced that jansson cannot represent. */
static void rewrite_values(struct text *out, const char *p, const char *end)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity" };

    while (p < end) {
        const char *from = p;
        size_t w = 0;
        while (w < ARRAY_LEN(words) &&
               ((size_t)(end - p) < strlen(words[w]) || memcmp(p, words[w], strlen(words[w])) != 0))
            w++;
        if (*p == '"') {
            p = add_string(out, p, end);
        } else if (w < ARRAY_LEN(words)) {
            text_add(out, "[\"%s\"]", words[w]);
            p += strlen(words[w]);
        } else if (*p == '-' || (*p >= '0' && *p <= '9')) {
            while (p < end && is_number_char(*p))
                p++;
            add_number(out, from, (size_t)(p - from));
        } else {
            while (p < end && *p != '"' && *p != 'N' && *p != 'I' && *p != '-' &&
                   !(*p >= '0' && *p <= '9'))
                p++;
            p += p == from;
            text_add(out, "%.*s", (int)(p - from), from);
        }
    }
}

json_t *json_parse(const char *text, size_t size, size_t flags, json_error_t *e)
{
    struct text again = { 0 };
    json_error_t second;
    json_t *j = json_loadb(text, size, flags, e);

    if (j || size > INT_MAX || memchr(text, 0, size))
        return j;
    enum json_error_code code = json_error_code(e);
    if (code == json_error_null_character)
        snprintf(e->text, sizeof e->text, "a string contains \\u0000");
    if (code != json_error_numeric_overflow && code != json_error_invalid_syntax)
        return NULL;
    rewrite_values(&again, text, text + size);
    j = json_loadb(text_string(&again), again.n, flags, &second);
    if (!j && json_error_code(&second) == json_error_null_character)
        snprintf(e->text, sizeof e->text, "a string contains \\u0000 or half of a surrogate pair");
    text_free(&again);
    return j;
}

bool json_has_nul(const json_t *string)
{
    const char *text = json_string_value(string);

    return text && strlen(text) != json_string_length(string);
}

/* Is the string from its opening quote at TEXT to END the string WANT? */
static bool is_string(const char *text, const char *end, const char *want)
{
    size_t n = (size_t)(end - text) - 2;
    json_error_t e;

    if (!memchr(text, '\\', n + 1))
        return n == strlen(want) && memcmp(text + 1, want, n) == 0;
    json_t *j = json_parse(text, (size_t)(end - text), JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
    bool same = j && !json_has_nul(j) && strcmp(json_string_value(j), want) == 0;

    json_decref(j);
    return same;
}

bool json_repeats(const char *text, size_t size, const char *key)
{
    const char *end = text + size;
    int depth = 0, n = 0;

    for (const char *p = text; p < end; p++) {
        const char *from = p;
        depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        if (*p != '"')
            continue;
        for (p++; p < end && *p != '"'; p++)
            p += *p == '\\';
        const char *next = p + 1;
        while (next < end && strchr(" \t\r\n", *next))
            next++;
        n += depth == 1 && next < end && *next == ':' && is_string(from, p + 1, key);
    }
    return n > 1;
}

static json_t *parse_object(const char *path, const char *text, size_t size)
{
    json_error_t e;
    json_t *j = json_parse(text, size, JSON_REJECT_DUPLICATES, &e);

    if (!j) {
        fail(FAIL_INPUT, "'%s' line %d column %d: %s", path, e.line, e.column, e.text);
        return NULL;
    }
    if (!json_is_object(j)) {
        fail(FAIL_INPUT, "'%s' is not a JSON object", path);
        json_decref(j);
        return NULL;
    }
    return j;
}

json_t *json_read(const char *path)
{
    struct file f;
    json_t *j = NULL;

    if (file_map(&f, path) != 0)
        return NULL;
    if (f.size > JSON_LARGEST) {
        fail(FAIL_INPUT,
             "'%s' is larger than 64 MiB, too large for a configuration or a vocabulary", path);
    } else if (st_check_pointer(&f, "a JSON file") == 0) {
        char *text = xalloc(f.size, 1);
        if (file_copy_data(text, &f) == 0)
            j = parse_object(path, text, f.size);
        free(text);
    }
    file_unmap(&f);
    return j;
}

int json_write(json_t *j, const char *dir, const char *name, size_t flags)
{
    char *path = path_join(dir, name), *text = j ? json_dumps(j, JSON_INDENT(2) | flags) : NULL;
    char *line = text ? xprintf("%s\n", text) : NULL;
    int rc = line ? file_write(path, line, strlen(line), FAIL_STORE)
                  : fail(FAIL_STORE, "cannot write '%s': a string in it is not UTF-8", path);

    free(line);
    free(text);
    free(path);
    json_decref(j);
    return rc;
}
