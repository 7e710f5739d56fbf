/* yaml.h - a YAML document as a read-only tree that knows where each node stands. Layer 0
 * (libfyaml). */
#ifndef YAML_H
#define YAML_H

#include "core/base/base.h"

struct yaml;      /* a document; owns its nodes and texts */
struct yaml_node; /* scalar, sequence or mapping */

/* yaml_load - parse PATH. Refused with FAIL_USAGE and "file:line:column": syntax errors, duplicate
 * keys, aliases and anchors (a bomb costs nothing), more than one document, tabs as indent, files
 * above 1 MiB, binary bytes, folders and FIFOs. A BOM and CRLF are fine. The root must be a
 * mapping. */
struct yaml *yaml_load(const char *path);
struct yaml *yaml_parse(const char *name, const char *text); /* the same from memory */
void yaml_free(struct yaml *y);

const struct yaml_node *yaml_root(const struct yaml *y);
enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP };
enum yaml_kind yaml_kind(const struct yaml_node *n);
int yaml_count(const struct yaml_node *n); /* items of SEQ or MAP, else 0 */
const struct yaml_node *yaml_item(const struct yaml_node *n, int i); /* SEQ: item; MAP: value */
const char *yaml_key(const struct yaml_node *n, int i);              /* MAP: i-th key */
const struct yaml_node *yaml_get(const struct yaml_node *n,
                                 const char *key); /* MAP; NULL if absent */
const char *yaml_text(const struct yaml_node *n);  /* SCALAR: its text; else NULL */
const char *yaml_str(const struct yaml_node *map, const char *key,
                     const char *def); /* scalar of a key */

/* yaml_fail - record FAIL_USAGE "FILE:LINE:COL: TEXT" for a node (for a MAP's key: yaml_fail_key).
 * -1. */
int yaml_fail(const struct yaml_node *n, const char *fmt, ...) PRINTF(2, 3);
int yaml_fail_key(const struct yaml_node *map, int i, const char *fmt, ...) PRINTF(3, 4);
#endif
