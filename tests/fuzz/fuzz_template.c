/* fuzz_template.c - template_load on any plots/NAME.gp (first part; the second is the figure that
 * "like" may name): refused with status 3 and one line, or a template with caption, size, command
 * and data lines whose lists have no empty word and end with NULL. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "plots/figure/template.h"

#include <stdlib.h>

static void check_words(const struct words *w)
{
    CHECK(w->n >= 0 && w->n <= TEMPLATE_WORDS && !w->word[w->n], "%d words", w->n);
    for (int i = 0; i < w->n; i++)
        CHECK(w->word[i] && *w->word[i], "word %d", i);
}

static void check_source(const struct source *s, bool named)
{
    CHECK(s->query && *s->query && (!named || *s->name), "a source without a name");
    CHECK(s->params.n % 2 == 0, "%d words", s->params.n);
    check_words(&s->params);
    check_words(&s->keys);
    check_words(&s->cols);
}

static void check_template(const struct template *t)
{
    CHECK(*t->about && t->make && t->width && t->height && t->body && t->style, "'%s'", t->name);
    CHECK(t->n_data > 0, "%d", t->n_data);
    for (int i = 0; i < t->n_data; i++) {
        check_source(&t->data[i], true);
        CHECK(t->data[i].cols.n > 0, "%d", i);
    }
    if (t->runs.query)
        check_source(&t->runs, false);
    if (t->text.query)
        check_source(&t->text, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char *plots;
    struct fuzz_bytes b = fuzz_begin(data, size);
    struct template t;

    if (!plots) {
        plots = path_join(fuzz_dir(), "plots");
        CHECK(make_dirs(plots) == 0, "%s", fail_text());
        fuzz_put("plots/style.gp", (struct fuzz_bytes){ (const uint8_t *)"set key\n", 8 });
    }
    setenv("LOWRANK_SHARE", fuzz_dir(), 1);
    const struct fuzz_bytes text = fuzz_part(&b), like = fuzz_part(&b);
    fuzz_put("plots/other.gp", like);
    fuzz_put("plots/x.gp", text);
    if (template_load(&t, NULL, "x") == 0) {
        check_template(&t);
        template_free(&t);
    } else {
        fuzz_refused(text.size ? FUZZ_INPUT : FUZZ_USAGE);
    }
    unsetenv("LOWRANK_SHARE");
    fuzz_end();
    return 0;
}
