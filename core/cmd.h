/* cmd.h - what a subcommand provides. A command NAME is one file FOLDER/cmd_NAME.c that defines
 * "const struct cmd cmd_NAME"; the Makefile collects the table. */
#ifndef CMD_H
#define CMD_H

struct cmd {
    const char *name;
    const char *group;   /* heading in "lowrank help": "run", "look", "check", "models and data" */
    const char *summary; /* one line, lower case, no full stop */
    /* argv[0] is the command's name. Returns the exit status, or -1 after fail(). */
    int (*run)(int argc, char **argv);
};
extern const struct cmd *const cmd_table[]; /* generated, NULL-terminated, sorted by name */
#endif
