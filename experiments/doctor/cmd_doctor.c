/* cmd_doctor.c - "lowrank doctor": is everything here that is needed, and how fast is it? */
#include "core/cmd.h"
#include "core/base/opt.h"
#include "experiments/doctor/doctor.h"
#include "results/rows/rows.h"

#include <stdlib.h>
#include <unistd.h>

struct flags {
    char *home, *data;
    bool verify;
    int format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    DATA_OPTION(struct flags),
    { "verify", 0, OPT_BOOL, AT(verify), NULL, 0, 0, NULL, "hash the files of the models" },
    FORMAT_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "doctor",
    .about = "look at the machine and the installation, and say what to do",
    .detail = "Every fact is ok, warn (works, but not as well as it could) or missing. The status "
              "is 6 when\n"
              "something is missing that 'make reproduce' needs.",
    .example = "lowrank doctor --format json",
};

void doctor_add(struct doctor *d, enum fact_state v, const char *fact, char *value,
                const char *advice)
{
    static const char *const names[] = { "ok", "warn", "missing" };

    rows_add(&d->rows, (const char *[]){ fact, names[v], value, advice });
    free(value);
    if (v == FACT_MISSING) {
        char *more = xprintf("%s%s%s", d->missing ? d->missing : "", d->missing ? ", " : "", fact);
        free(d->missing);
        d->missing = more;
    }
}

/* A fact a line, and its advice on a line of its own: values are as long as paths are. */
static void print_lines(const struct rows *r)
{
    static const char *const cols[] = { "fact", "state", "value", "advice" };
    bool colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");

    for (int i = 0; i < r->n_rows; i++) {
        const char *cell[ARRAY_LEN(cols)];
        for (size_t k = 0; k < ARRAY_LEN(cols); k++)
            cell[k] = rows_get(r, i, cols[k]);
        const char *code = cell[1][0] == 'o' ? "32" : cell[1][0] == 'w' ? "33" : "31";
        if (colour)
            printf("\033[%sm%-7s\033[0m  %-27s %s\n", code, cell[1], cell[0],
                   cell[2] ? cell[2] : "");
        else
            printf("%-7s  %-27s %s\n", cell[1], cell[0], cell[2] ? cell[2] : "");
        if (cell[3])
            printf("         %-27s -> %s\n", "", cell[3]);
    }
}

static int doctor(const struct session *ses, const struct flags *f)
{
    static const char *const cols[] = { "fact", "state", "value", "advice", NULL };
    struct doctor d = { .session = ses, .verify = f->verify };
    int rc;

    rows_init(&d.rows, cols);
    doctor_machine(&d);
    doctor_tools(&d);
    rc = doctor_home(&d);
    if (rc != 0 || f->format == ROWS_TABLE) {
        print_lines(&d.rows);
        rows_free(&d.rows);
    } else {
        rc = rows_print_free(&d.rows, f->format);
    }
    if (rc == 0 && d.missing)
        rc = fail(FAIL_TOOL, "missing: %s", d.missing);
    free(d.missing);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;

    (void)argc, (void)argv;
    session_init(&ses, f->home, f->data);
    int rc = doctor(&ses, f);
    session_free(&ses);
    return rc;
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), work, argc, argv);
}

const struct cmd cmd_doctor = { "doctor", "check", "is everything here, and how fast is it?", run };
