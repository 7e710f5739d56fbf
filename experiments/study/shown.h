/* shown.h - the table and the figure that a study's file names: "table: rank", or how a table of
 * its own is laid out, "table: {rows: rank, cols: targets}", "figure: {x: rank, series: targets}".
 */
#ifndef SHOWN_H
#define SHOWN_H

#include "core/opt/yaml.h"

#include <jansson.h>

/* shown_read - check the values of "table" and "figure" in ROOT and set them in SPEC: a string, or
 * an object of strings in which a list is "a,b". Errors: FAIL_USAGE with file:line:column for
 * something else, for an unknown word or key, and for a table or figure that does not exist. */
int shown_read(json_t *spec, const struct yaml_node *root);
#endif
