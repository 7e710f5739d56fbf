/* cmd_import.c - "lowrank import": an adapter of another program, as a run for analyses. */
#include "core/cmd.h"
#include "core/opt/opt.h"
#include "core/train/optim.h"
#include "experiments/apply/import.h"

#include <stdio.h>

struct flags {
    char *model, *task, *study, *home;
    long seed;
    int pooling;
};
#define AT(f) offsetof(struct flags, f)
static const struct opt opts[] = {
    { "model", 0, OPT_STR, AT(model), NULL, 0, 0, NULL,
      "the model that the adapter was trained on, a name or a folder" },
    { "task", 0, OPT_STR, AT(task), NULL, 0, 0, NULL,
      "the task that it was trained for; analyses of texts need it" },
    { "study", 0, OPT_STR, AT(study), "imported", 0, 0, NULL,
      "the study that holds it, of imported adapters only" },
    { "seed", 0, OPT_INT, AT(seed), "1", 0, 2147483647, NULL,
      "the seed that it was trained with; it tells adapters of one recipe apart" },
    { "pooling", 0, OPT_CHOICE, AT(pooling), "auto", 0, 0, POOLING_CHOICES,
      "what its classifier was trained with; auto is the folder's, else the model's" },
    HOME_OPTION(struct flags),
    { .type = OPT_END },
};
#undef AT
static const struct opt_usage usage = {
    .command = "import",
    .usage = "ADAPTER --model MODEL",
    .about = "record an adapter of another program as a run, for analyses",
    .detail =
        "ADAPTER is a folder in PEFT's format (LoRA, rsLoRA, DoRA), such as 'lowrank convert' "
        "makes\n"
        "of a file of loralib. It is copied to the home and becomes a finished run of the study\n"
        "'imported', which 'lowrank ablate ANALYSIS --study imported' reads. The run has what the\n"
        "folder says of its training, and no results. Its key, which is printed, depends on the\n"
        "content of the adapter and of the model; logits and merge take it as well.",
    .example = "lowrank import mnli_adapter --model roberta-base --task mnli_m\n"
               "lowrank ablate amplify --study imported --ranks 8",
    .min_args = 1,
    .max_args = 1,
};

static int import_work(void *cfg, int argc, char **argv)
{
    const struct flags *f = cfg;
    const struct import_spec spec = { argv[1], f->model, f->task, f->study, f->pooling, f->seed };
    struct session ses;
    char key[65];

    (void)argc;
    if (!f->model || !*f->model)
        return fail(FAIL_USAGE, "which model was '%s' trained on? --model MODEL", argv[1]);
    if (!*f->study)
        return fail(FAIL_USAGE, "'study' must be a name, not ''");
    session_init(&ses, f->home, NULL);
    int rc = import_adapter(key, &ses, &spec);
    session_free(&ses);
    if (rc == 0)
        printf("%.8s\n", key);
    return rc;
}

static int import_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), import_work, argc, argv);
}

const struct cmd cmd_import = { "import", "models and data",
                                "record an adapter of another program as a run", import_command };
