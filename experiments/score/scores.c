/* scores.c - what scores need besides texts. */
#include "experiments/score/scores.h"
#include "core/opt/home.h"

#include <stdlib.h>
#include <string.h>

bool scores_is_meteor(const struct score_kind *k)
{
    return strcmp(k->label, "METEOR") == 0;
}

int scores_meteor(struct meteor **m, const struct score_kind *const *kinds, const char *home)
{
    bool needed = false;

    *m = NULL;
    for (; *kinds; kinds++)
        needed |= scores_is_meteor(*kinds);
    if (!needed)
        return 0;
    char *models = home_path(home, "models"), *dir = xprintf("%s/meteor", models);
    int rc = meteor_open(m, dir);
    free(dir);
    free(models);
    return rc;
}
