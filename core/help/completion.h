/* completion.h - completion scripts for shells, from the documentation of the commands. */
#ifndef COMPLETION_H
#define COMPLETION_H

#include "core/opt/opt_doc.h"
#include "core/cmd.h"

/* completion_bash, completion_zsh - write the script, which completes commands, flags, their
 * choices, recipe keys, and names that 'lowrank list' knows. Errors: those of the commands. */
int completion_bash(FILE *to);
int completion_zsh(FILE *to);

/* For completion_*.c. A command and what can be completed after it. */
struct completion_command {
    const struct cmd *cmd;
    struct opt_doc doc;
    struct opt_doc *parts; /* doc.n_parts of them */
    char *words;           /* arguments that are known now, separated by spaces; may be "" */
    char *lists[4];        /* words of lowrank that list others as CSV, "list studies"; or NULL */
    bool keys;             /* takes key=value */
};
struct completion {
    struct completion_command *c;
    int n;
    const struct opt_doc_list *keys; /* of a recipe */
};
int completion_init(struct completion *k);
void completion_free(struct completion *k);

/* completion_key_list - the arguments of lowrank that list the values of a key, or NULL. The caller
 * frees them. */
char *completion_key_list(const struct completion *k, const char *key);
#endif
