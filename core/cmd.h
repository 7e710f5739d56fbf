/* cmd.h - the commands. A command NAME is one file ROOM/cmd_NAME.c that defines "const struct cmd
 * cmd_NAME"; the Makefile writes the table of them. */
#ifndef CMD_H
#define CMD_H

struct cmd {
    const char *name;
    const char *group;   /* the name of one of cmd_groups */
    const char *summary; /* one line in lower case without a full stop */
    /* run - argv[0] is the name of the command. Returns the exit status, or -1 after fail(). */
    int (*run)(int argc, char **argv);
};
extern const struct cmd *const cmd_table[]; /* generated, NULL-terminated, sorted by name */

/* The groups in the order of 'lowrank help', with their headings there; ended by NAME NULL. */
struct cmd_group {
    const char *name, *heading;
};
extern const struct cmd_group cmd_groups[];

/* cmd_find - the command NAME, or NULL. */
const struct cmd *cmd_find(const char *name);

/* cmd_names - the names of all commands and, after them, those of the NULL-terminated MORE (or
 * NULL), as a NULL-terminated list that the caller frees. */
const char **cmd_names(const char *const *more);
#endif
