/* fuzz_settings.c - the words and flags of a command line: any strings, cut at newlines. They are
 * refused with status 2, or parsed into a recipe whose every number is in its range, whose every
 * canonical value is accepted again and stays the same, and whose key does not depend on the order
 * of the words. */
#include "tests/fuzz/fuzz_kit.h"
#include "experiments/recipe/recipe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 16 };

static void check_number(const struct opt *o, const void *cfg)
{
    double x = 0;
    long i;

    if (o->type == OPT_REAL) {
        memcpy(&x, (const char *)cfg + o->at, sizeof x);
    } else if (o->type == OPT_INT) {
        memcpy(&i, (const char *)cfg + o->at, sizeof i);
        x = (double)i;
    }
    CHECK(isfinite(x), "%s = %g", o->key, x);
    CHECK(o->min >= o->max || (x >= o->min && x <= o->max), "%s = %g", o->key, x);
}

static void check_fields(const struct opt *table, const void *cfg)
{
    for (const struct opt *o = table; o && o->type != OPT_END; o++) {
        char buf[4096];
        if (o->type == OPT_INT || o->type == OPT_REAL)
            check_number(o, cfg);
        const char *text = opt_text(o, cfg, buf, sizeof buf);
        if (!text || strlen(text) + 1 >= sizeof buf || (!*text && o->type >= OPT_STR))
            continue;
        char *again = opt_canonical(o, text);
        CHECK(again && strcmp(again, text) == 0, "%s: '%s' becomes '%s'", o->key, text,
              again ? again : fail_text());
        free(again);
    }
}

static void parse_words(char *const *word, int n)
{
    struct settings v = { 0 }, reverse = { 0 };
    struct recipe r;
    int rc = 0;

    for (int i = 0; i < n && rc == 0; i++)
        rc = settings_word(&v, word[i]);
    if (rc == 0 && recipe_parse(&r, &v) == 0) {
        check_fields(run_opts, &r.run);
        check_fields(train_opts, &r.train);
        check_fields(r.method->opts, r.method_cfg);
        recipe_free(&r);
        for (int i = n - 1; i >= 0; i--)
            CHECK(settings_word(&reverse, word[i]) == 0, "%s: %s", word[i], fail_text());
        CHECK(recipe_parse(&r, &reverse) == 0, "%s", fail_text());
        recipe_free(&r);
    } else {
        fuzz_refused(FUZZ_USAGE);
    }
    settings_free(&v);
    settings_free(&reverse);
}

static void parse_flags(char *const *word, int n)
{
    static const struct opt_usage usage = { .command = "fuzz", .usage = "X", .max_args = 3 };
    char *argv[WORDS + 2] = { (char *)(uintptr_t) "fuzz" };
    struct train_cfg cfg;
    int argc = 1;

    for (int i = 0; i < n; i++) {
        if (strncmp(word[i], "--he", 4) == 0 || strncmp(word[i], "--us", 4) == 0)
            return; /* prints help */
        argv[argc++] = word[i];
    }
    opt_defaults(train_opts, &cfg);
    if (opt_parse(&usage, train_opts, &cfg, &argc, argv) == 0) {
        CHECK(argc >= 1 && argc <= n + 1, "%d words of %d", argc, n);
        check_fields(train_opts, &cfg);
    }
    opt_free(train_opts, &cfg);
    verbosity = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(fuzz_begin(data, size)), *word[WORDS];
    int n = 0;

    for (char *p = strtok(text, "\n"); p && n < WORDS; p = strtok(NULL, "\n"))
        word[n++] = p;
    parse_words(word, n);
    parse_flags(word, n);
    free(text);
    fuzz_end();
    return 0;
}
