/* json.h - a JSON file as an object: config.json, 1_Pooling/config.json, adapter_config.json.
 * Layer 2. */
#ifndef JSON_H
#define JSON_H

#include <jansson.h>

/* json_read - parse the file PATH (at most 16 MiB; duplicate keys refused, bytes that another
 * process truncates meanwhile too); the root must be an object. The caller calls json_decref. NULL:
 * FAIL_INPUT with the file, line and column. */
json_t *json_read(const char *path);
#endif
