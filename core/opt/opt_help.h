/* opt_help.h - the documentation of a command as text for a terminal. */
#ifndef OPT_HELP_H
#define OPT_HELP_H

#include "core/opt/opt_doc.h"

/* opt_help_print - everything. opt_help_usage - the usage, its first line. opt_help_detail - the
 * detail alone. */
void opt_help_print(const struct opt_doc *d, FILE *to);
void opt_help_usage(const struct opt_doc *d, FILE *to);
void opt_help_detail(const struct opt_doc *d, FILE *to);
#endif
