/* json.h - reading and writing JSON files, such as config.json and adapter_config.json. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

/* json_read - parse the file PATH, whose root must be an object; the caller calls json_decref. At
 * most 16 MiB; duplicate keys are an error. Errors: NULL after FAIL_INPUT with the file, line and
 * column. */
json_t *json_read(const char *path);

/* json_write - replace the file NAME in DIR by J, as indented text with a newline at the end, as a
 * whole or not at all. FLAGS are those of jansson besides the indentation. J is released in every
 * case. NULL stands for an object that could not be made because a string in it is not UTF-8.
 * Errors: FAIL_STORE. */
int json_write(json_t *j, const char *dir, const char *name, size_t flags);
#endif
