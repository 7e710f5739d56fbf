/* analysis_settings.c - the options of an analysis that change its numbers. */
#include "ablations/common/analysis_settings.h"
#include "core/base/text.h"

#include <string.h>

char *analysis_settings(const struct opt *opts, const char *first, const void *cfg)
{
    struct text all = { 0 };
    const struct opt *o = opts;
    char buf[256];

    while (strcmp(o->key, first) != 0)
        CHECK((o++)->type != OPT_END, "no option '%s'", first);
    for (; o->type != OPT_END; o++) {
        const char *value = opt_text(o, cfg, buf, sizeof buf);
        if (strcmp(value, o->def ? o->def : "") != 0)
            text_join(&all, " ", "%s=%s", o->key, value);
    }
    return text_take(&all);
}
