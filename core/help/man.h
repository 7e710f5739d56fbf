/* man.h - man pages in the language man(7), from the documentation of the commands. */
#ifndef MAN_H
#define MAN_H

#include "core/cmd.h"

#include <stdio.h>

/* man_overview - lowrank(1). man_command - lowrank-COMMAND(1). Pages carry the date of
 * SOURCE_DATE_EPOCH, if that is set, else today's. Errors: those of the command. */
int man_overview(FILE *to);
int man_command(FILE *to, const struct cmd *c);
#endif
