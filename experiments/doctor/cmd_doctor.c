/* cmd_doctor.c - "lowrank doctor": is everything installed that is needed, and how fast is it? */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "experiments/doctor/doctor.h"

struct flags {
    char *home, *data;
    bool verify;
    int format;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    DATA_OPTION(struct flags),
    { "verify", 0, OPT_BOOL, AT(verify), NULL, 0, 0, NULL,
      "check the SHA-256 of every file of the models" },
    FORMAT_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "doctor",
    .about = "examine this machine and this installation, and give advice",
    .detail = "Each fact is ok, warn (it works, but not as well as it could), or missing. The\n"
              "exit status is 6 when something is missing that 'make reproduce' needs.",
    .example = "lowrank doctor --format json",
};

static int print_facts(struct doctor *d, int format)
{
    if (format == ROWS_TABLE) {
        doctor_print(d);
        return 0;
    }
    return rows_print(stdout, &d->rows, (enum rows_format)format);
}

static int diagnose(const struct session *ses, const struct flags *f)
{
    struct doctor d;

    doctor_init(&d, ses, f->verify);
    doctor_machine(&d);
    doctor_tools(&d);
    int rc = doctor_home(&d);
    if (rc != 0)
        doctor_print(&d); /* what is known so far */
    else
        rc = print_facts(&d, f->format);
    if (rc == 0 && d.missing.n > 0)
        rc = fail(FAIL_TOOL, "missing: %s", text_string(&d.missing));
    doctor_free(&d);
    return rc;
}

static int doctor_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    struct session ses;

    (void)argc, (void)argv;
    session_init(&ses, f->home, f->data);
    int rc = diagnose(&ses, f);
    session_free(&ses);
    return rc;
}

static int doctor_main(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), doctor_work, argc, argv);
}

const struct cmd cmd_doctor = { "doctor", "check", "is everything installed, and how fast is it?",
                                doctor_main };
