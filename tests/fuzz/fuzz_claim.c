/* fuzz_claim.c - claims_load on any YAML as results/claims/x.yaml: refused with status 2 and a
 * place in that file, or the claim has a known kind, an existing query, finite numbers and pairs of
 * parameters. */
#include "tests/fuzz/fuzz_kit.h"
#include "results/query/query.h"
#include "results/verdicts/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_claim(const struct claim *c)
{
    char *query = xprintf("claim_%s", c->query);

    CHECK(strcmp(c->id, "x") == 0 && c->sentence && c->family && c->study, "'%s'", c->id);
    CHECK(query_find(query), "'%s'", query);
    CHECK(c->kind >= 0 && c->kind <= KIND_CORRELATION, "%d", c->kind);
    CHECK(isfinite(c->margin) && c->margin >= 0 && isfinite(c->bound), "%g, %g", c->margin,
          c->bound);
    CHECK(c->units >= 2 && c->parts >= 1, "%ld, %ld", c->units, c->parts);
    for (char **p = c->param; p && *p; p += 2)
        CHECK(p[1], "'%s' has no value", *p);
    free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(fuzz_begin(data, size));
    const struct embedded files[] = { { "claims/x.yaml", text },
                                      { "paper.tsv", "tab\trow\tcol\tvalue\nT5\tWq\tMNLI\t91.0\n" },
                                      { NULL, NULL } };
    struct claims c;

    if (claims_load(&c, files) == 0) {
        CHECK(c.n == 1, "%d claims", c.n);
        check_claim(&c.claim[0]);
        claims_free(&c);
    } else {
        fuzz_refused(FUZZ_USAGE);
        CHECK(strstr(fail_text(), "claims/x.yaml"), "%s", fail_text());
    }
    free(text);
    fuzz_end();
    return 0;
}
