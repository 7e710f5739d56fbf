/* yaml.h - a YAML document as a read-only tree that knows where each node was written. */
#ifndef LOWRANK_YAML_H /* YAML_H is that of libyaml */
#define LOWRANK_YAML_H

#include "core/opt/location.h"

#define yaml_free lowrank_yaml_free /* libyaml exports a function yaml_free that it calls itself */

struct yaml;      /* a document; owns its nodes and strings */
struct yaml_node; /* a scalar, a sequence or a mapping */

/* yaml_load - parse the file PATH, whose root must be a mapping. A byte order mark and CRLF are
 * accepted. yaml_parse - parse TEXT; NAME stands for the file in messages. Errors: NULL after
 * FAIL_USAGE with "file:line:column": syntax errors, duplicate keys, anchors and aliases (which
 * could make a small file a huge document), a second document, tabs for indentation, control bytes;
 * without a line: files above 1 MiB, folders, FIFOs and other special files. */
struct yaml *yaml_load(const char *path);
struct yaml *yaml_parse(const char *name, const char *text);
void yaml_free(struct yaml *y);

const struct yaml_node *yaml_root(const struct yaml *y);
enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP };
enum yaml_kind yaml_kind(const struct yaml_node *n);

/* yaml_count - items of a sequence or a mapping, 0 of a scalar. yaml_item - the I-th item of a
 * sequence, or the value of the I-th key of a mapping. yaml_key - the I-th key of a mapping. */
int yaml_count(const struct yaml_node *n);
const struct yaml_node *yaml_item(const struct yaml_node *n, int i);
const char *yaml_key(const struct yaml_node *n, int i);

/* yaml_get - the value of a mapping's KEY; NULL: absent, or N is no mapping. yaml_text - the text
 * of a scalar; NULL: N is none. yaml_str - the text of the scalar under a mapping's KEY, else
 * DEF. */
const struct yaml_node *yaml_get(const struct yaml_node *n, const char *key);
const char *yaml_text(const struct yaml_node *n);
const char *yaml_str(const struct yaml_node *map, const char *key, const char *def);
/* yaml_list - the text of a scalar, or those of a sequence's scalars as "a,b"; "" of what has none.
 * The caller frees it. */
char *yaml_list(const struct yaml_node *n);

/* yaml_place - where a node was written; the name is the document's. yaml_fail - record FAIL_USAGE
 * "FILE:LINE:COL: TEXT" about a node, yaml_fail_key - about the I-th key of a mapping. Both return
 * -1. */
struct location yaml_location(const struct yaml_node *n);
int yaml_fail(const struct yaml_node *n, const char *fmt, ...) PRINTF(2, 3);
int yaml_fail_key(const struct yaml_node *map, int i, const char *fmt, ...) PRINTF(3, 4);
#endif
