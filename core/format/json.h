/* json.h - reading and writing JSON files, such as config.json and adapter_config.json. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>
#include <stdbool.h>

/* json_read - parse the file PATH, whose root must be an object; the caller calls json_decref. At
 * most 64 MiB; duplicate keys are an error. What jansson cannot represent is as json_parse has it.
 * Errors: NULL after FAIL_INPUT with the file, line and column. */
json_t *json_read(const char *path);

/* json_parse - as json_loadb, but accepts what other programs write and jansson refuses, so that
 * values that nobody reads do not matter: an integer beyond 64 bits becomes a real number, a real
 * number that is too large the largest one, the words NaN, Infinity, and -Infinity the array of
 * that word, and half of a surrogate pair \u0000. With JSON_ALLOW_NUL in FLAGS a string may have
 * \u0000, as json_has_nul says. The text of *E never mentions jansson's flags. */
json_t *json_parse(const char *text, size_t size, size_t flags, json_error_t *e);
bool json_has_nul(const json_t *string);

/* json_repeats - does the object TEXT, which json_parse accepts, have KEY itself more than once? */
bool json_repeats(const char *text, size_t size, const char *key);

/* json_write - replace the file NAME in DIR by J, as indented text with a newline at the end, as a
 * whole or not at all. FLAGS are those of jansson besides the indentation. J is released in every
 * case. NULL stands for an object that could not be made because a string in it is not UTF-8.
 * Errors: FAIL_STORE. */
int json_write(json_t *j, const char *dir, const char *name, size_t flags);
#endif
