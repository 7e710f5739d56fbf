/* regex.h - regular expressions of tokenizer.json, which are Oniguruma's, for PCRE2. Private to
 * core/text. */
#ifndef REGEX_H
#define REGEX_H

/* regex_translate - PATTERN for PCRE2 with PCRE2_UTF and PCRE2_UCP; the caller frees it. \s is
 * Unicode's White_Space, without U+180E, which PCRE2 has too. What the two libraries read
 * differently, such as ^, \w, or a class in a class, is refused. Errors: NULL after FAIL_INPUT with
 * the file PATH and the construct. regex_quote - a pattern that matches STRING. */
char *regex_translate(const char *pattern, const char *path);
char *regex_quote(const char *string);
#endif
