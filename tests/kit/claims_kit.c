/* claims_kit.c - stores with planted outcomes, and claims about them. */
#include "tests/kit/claims_kit.h"
#include "core/os/file.h"
#include "results/store/metrics.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h" /* last: check.h has a macro named fail */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The noise of a seed: its mean over four seeds is 0, and it differs from cell to cell. */
static double noise(int cell, int seed)
{
    static const double wave[4] = { 1, -0.6, 0.4, -0.8 };

    return 0.001 * wave[seed % 4] * (1 + cell % 3 + 0.01 * cell);
}

static void plant_plan(struct store *s, const char *study, const char *metric,
                       const struct cell *cell, int n, int seeds)
{
    struct run_spec r[CELLS * 12];
    int k = 0;

    for (int i = 0; i < n; i++)
        for (int seed = 1; seed <= seeds; seed++, k++) {
            char *name = xprintf("%s %d", study, i), *key = xprintf("%s %d", name, seed);
            char *point = xprintf("%s %s", study, cell[i].keys);
            char hex[3][65];
            sha256_hex(hex[0], key, strlen(key));
            sha256_hex(hex[1], name, strlen(name));
            sha256_hex(hex[2], point, strlen(point));
            r[k] = (struct run_spec){
                .key = xstrdup(hex[0]),
                .cell = xstrdup(hex[1]),
                .point = xstrdup(hex[2]),
                .trial = cell[i].lr > 0 ? xprintf("{\"lr\":%g}", cell[i].lr) : xstrdup("{}"),
                .config = xprintf("{\"at\":%d,\"model\":\"m\",%s\"lr\":%g,%s,\"seed\":%d}", i,
                                  strstr(cell[i].keys, "\"task\":") ? "" : "\"task\":\"t\",",
                                  cell[i].lr, cell[i].keys, seed),
                .cost = n * 12 - k, /* done in this order */
            };
            free(point);
            free(key);
            free(name);
        }
    char *spec = xprintf("{\"axes\":{\"targets\":[],\"rank\":[],\"alpha\":[],\"method\":[]},"
                         "\"nuisance\":{\"lr\":[]},\"metric\":\"%s\"}",
                         metric);
    ck_assert_int_eq(store_plan(s, &(struct sweep_spec){ .name = study, .spec = spec }, r, k), 0);
    for (int i = 0; i < k; i++) {
        free((char *)r[i].key);
        free((char *)r[i].cell);
        free((char *)r[i].point);
        free((char *)r[i].trial);
        free((char *)r[i].config);
    }
    free(spec);
}

/* A metric of the classes 0 and 1 from counts; Pearson's r of them is the Matthews correlation. */
static double score(const char *metric, const double n[2][2]) /* [label][answer] */
{
    double tp = n[1][1], tn = n[0][0], fp = n[0][1], fn = n[1][0];

    if (strcmp(metric, "accuracy") == 0)
        return (tp + tn) / EXAMPLES;
    if (strcmp(metric, "f1") == 0)
        return 2 * tp / (2 * tp + fp + fn);
    return (tp * tn - fp * fn) / sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn));
}

/* Store the predictions of a run, of which the first ones are right; returns their score. */
static double plant_predictions(struct store *s, struct lease *c, const char *metric, int right,
                                int at, int seed)
{
    static const int jitter[4] = { 0, 1, 0, 0 };
    int n_right = right * EXAMPLES / 1000 + jitter[(seed + at) % 4];
    double n[2][2] = { { 0 } };

    for (int i = 0; i < EXAMPLES; i++) {
        int label = i % 2, answer = i < n_right ? label : 1 - label;
        n[label][answer]++;
        ck_assert_int_eq(metrics_add_prediction(s, c, "dev", i + 1, label, answer), 0);
    }
    return score(metric, n);
}

static void plant_run(struct store *s, struct lease *c, const char *metric, const struct cell *cell)
{
    struct attempt_end e = { .state = STATE_DONE, .trainable = 110, .trainable_head = 10 };
    int at, seed, rank = 1;
    const char *rank_text = strstr(c->config, "\"rank\":");

    ck_assert(sscanf(strstr(c->config, "\"at\":"), "\"at\":%d", &at) == 1 &&
              sscanf(strstr(c->config, "\"seed\":"), "\"seed\":%d", &seed) == 1);
    if (rank_text)
        sscanf(rank_text, "\"rank\":%d", &rank);
    e.trainable += rank;
    cell += at;
    if (isinf(cell->mean)) {
        e.state = STATE_DIVERGED, e.error = "loss is not finite";
    } else {
        double last = cell->right ? plant_predictions(s, c, metric, cell->right, at, seed)
                                  : cell->mean + noise(at, seed);
        double best = last + 0.05 * (1 + at % 2); /* no claim reads it */
        ck_assert_int_eq(metrics_add(s, c, 5, "best", metric, best), 0);
        ck_assert_int_eq(metrics_add(s, c, 10, "last", metric, last), 0);
    }
    ck_assert_int_eq(lease_finish(s, c, &e, false), 1);
}

struct store *planted(const char *study, const char *metric, const struct cell *cell, int n,
                      int seeds, int left)
{
    static const char *const files[] = { "t.db", "t.db-wal", "t.db-shm" };
    struct lease c;

    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        unlink(kit_path(files[i]));
    struct store *s = kit_store();
    plant_plan(s, study, metric, cell, n, seeds);
    for (int i = 0; i < n * seeds - left; i++) {
        ck_assert_int_eq(lease_take(s, study, NULL, 60, &c), 1);
        plant_run(s, &c, metric, cell);
        lease_free(&c);
    }
    return s;
}

/* --- claims */

const char planted_paper[] = "table\trow\tcolumn\tvalue\tspread\tnote\nT5\tWq\tWikiSQL\t70.4\t\t\n";

/* The file of a claim NAME with these lines. */
static char *claim_text(const char *name, const char *lines)
{
    bool beyond = *lines == '@';

    return xprintf("claim: %s\nsentence: What is said.\nsection: \"7\"\nstudy: rank\n%s%s", name,
                   beyond ? "family: beyond\n" : "", lines + beyond);
}

struct claims judged(struct store *s, const char *const *lines, int n)
{
    struct embedded files[8] = { { 0 } };
    struct claims c;

    for (int i = 0; i < n; i++) {
        char *name = xprintf("x%d", i);
        files[i].name = xprintf("claims/%s.yaml", name);
        files[i].text = claim_text(name, lines[i]);
        free(name);
    }
    files[n] = (struct embedded){ "paper.tsv", planted_paper };
    ck_assert_msg(claims_load(&c, files) == 0, "%s", fail_text());
    ck_assert_msg(claims_judge(&c, s) == 0, "%s", fail_text());
    for (int i = 0; i < n; i++) {
        free((char *)files[i].name);
        free((char *)files[i].text);
    }
    return c;
}

void judge_one(struct store *s, const char *lines, enum verdict want, const char *why)
{
    struct claims c = judged(s, &lines, 1);
    enum verdict got = claims_verdict(&c, &c.claim[0]);
    const char *why_not = c.row[c.n_rows - 1].why, *said = why_not ? why_not : "";

    ck_assert_msg(got == want, "%s: %s, not %s (%s)", lines, verdict_names[got],
                  verdict_names[want], said);
    ck_assert_msg((want == UNDECIDED) == (*said != 0), "'%s'", said);
    ck_assert_msg(!why || strstr(said, why), "'%s' and not '%s'", said, why);
    claims_free(&c);
    store_close(s);
}
