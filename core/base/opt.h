/* opt.h - one table says it once: a command-line flag, a recipe key and a line of help are one
 * entry.
 *
 * A table describes the fields of a plain struct by offset, so it is constant and several structs
 * may be filled from it. Values are parsed strictly: whole text, finite, in range. Layer 0. */
#ifndef OPT_H
#define OPT_H

#include "core/base/base.h"

enum opt_type {
    OPT_INT,    /* long */
    OPT_REAL,   /* double; never nan or inf */
    OPT_BOOL,   /* bool: true|false|yes|no|1|0; as a flag it may stand alone */
    OPT_STR,    /* char *, owned (xstrdup) */
    OPT_CHOICE, /* int: index into choices "a|b|c" */
    OPT_LIST,   /* char *, owned: comma-separated words, each one of choices if given; kept without
                   spaces, in the order of choices, duplicates refused */
    OPT_END
};

struct opt {
    const char *key; /* --key VALUE, "key: value" in a recipe; '_' and '-' are the same in flags */
    char letter;     /* short flag or 0 */
    enum opt_type type;
    size_t at;           /* offsetof(struct, field) */
    const char *def;     /* default as text; NULL: 0 / NULL / false */
    double min, max;     /* numbers: accepted range, inclusive; both 0: any */
    const char *choices; /* OPT_CHOICE, OPT_LIST */
    const char *help;    /* one line, lower case, no full stop; shown with default and range */
};

/* opt_defaults - fill DST with every default. opt_free - free the strings and zero. */
void opt_defaults(const struct opt *table, void *dst);
void opt_free(const struct opt *table, void *dst);

/* opt_find - the entry or NULL ('-' matches '_'). */
const struct opt *opt_find(const struct opt *table, const char *key);

/* opt_set - parse VALUE into the field of O. Errors: FAIL_USAGE, "'rank' must be a whole number
 * from 1 to 4096, not '0'". For OPT_CHOICE and OPT_LIST the choices are listed and the nearest is
 * suggested. */
int opt_set(const struct opt *o, void *dst, const char *value);

/* opt_text - canonical text of a field into buf (numbers: shortest that reads back equal). Returns
 * buf. */
const char *opt_text(const struct opt *o, const void *src, char *buf, size_t size);

/* opt_canonical - VALUE as opt_text would write it: "1e-3" is "0.001". The caller frees it. Errors: NULL
 * after those of opt_set. */
char *opt_canonical(const struct opt *o, const char *value);

/* opt_range - "from 1 to 4096", "at least 0" or "" into buf; returns buf. min >= max means any
 * number. */
const char *opt_range(const struct opt *o, char buf[96]);

/* opt_parse - read flags from argv through glibc's argp. TABLE may be NULL. -h/--help, --usage, -q
 * and -v are added everywhere. Words that are not flags are left, in order, in argv[1..]; *argc is
 * their number + 1. MIN_ARGS..MAX_ARGS (MAX_ARGS < 0: any) words are accepted.
 *     usage "RUN|CELL [key=value...]"   about "one line"   example "lowrank show 3fa9c1d2"
 * Returns 0; 1 when help was printed (the command returns 0 at once); -1 FAIL_USAGE. */
struct opt_usage {
    const char *command, *usage, *about, *detail, *example;
    int min_args, max_args;
};
int opt_parse(const struct opt_usage *u, const struct opt *table, void *dst, int *argc,
              char **argv);

/* opt_command - what every command does: defaults of TABLE into a struct of SIZE bytes, flags, WORK
 * on it and the words, everything freed. Returns WORK's value, 0 after --help, -1 after fail. */
int opt_command(const struct opt_usage *u, const struct opt *table, size_t size,
                int (*work)(void *cfg, int argc, char **argv), int argc, char **argv);

/* opt_help - the table as lines of help: key, range, default, text. */
void opt_help(const struct opt *table, FILE *to);
#endif
