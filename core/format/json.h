/* json.h - a JSON file as an object: config.json, 1_Pooling/config.json, adapter_config.json.
 * Layer 2. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

/* json_read - parse the file PATH (at most 16 MiB; duplicate keys refused, bytes that another
 * process truncates meanwhile too); the root must be an object. The caller calls json_decref. NULL:
 * FAIL_INPUT with the file, line and column. */
json_t *json_read(const char *path);

/* json_write - replace DIR/NAME by J as indented text with a final newline, whole or not at all;
 * FLAGS are jansson's, beside the indentation. J is released in every case; NULL stands for an
 * object that could not be made, because a string in it is not UTF-8. Errors: FAIL_STORE. */
int json_write(json_t *j, const char *dir, const char *name, size_t flags);
#endif
