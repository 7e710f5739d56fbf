/* store_kit.c - a temporary store with made-up runs. */
#include "tests/kit/store_kit.h"
#include "results/query/query.h"
#include "results/store/metrics.h"
#include "tests/kit/temp.h"

#include "core/os/file.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

const char *kit_path(const char *name)
{
    static char path[8][128];
    static int next;

    if (!*folder)
        temp_dir(folder);
    next = (next + 1) % 8;
    snprintf(path[next], sizeof path[next], "%s/%s", folder, name);
    return path[next];
}

struct store *kit_store(void)
{
    struct store *s;

    CHECK(store_open(&s, kit_path("t.db"), STORE_WRITE) == 0, "%s", fail_text());
    return s;
}

static char *key(const char *what, int rank, int lr, int seed, int epochs)
{
    char text[128], *hex = xalloc(65, 1);

    snprintf(text, sizeof text, "%s %d %d %d %d", what, rank, lr, seed, epochs);
    sha256_hex(hex, text, strlen(text));
    return hex;
}

static struct run_spec make_run(const struct kit_study *k, int rank, int lr, int seed)
{
    return (struct run_spec){
        .key = key("run", rank, lr, seed, k->epochs),
        .cell = key("cell", rank, lr, 0, k->epochs),
        .point = key("point", rank, 0, 0, k->epochs),
        .trial = xprintf("{\"lr\":%g}", 1e-3 * lr),
        .config =
            xprintf("{\"alpha\":8,\"epochs\":%d,\"lr\":%g,\"method\":\"lora\",\"model\":\"m\","
                    "\"rank\":%d,\"seed\":%d,\"targets\":\"q,v\",\"task\":\"t\"}",
                    k->epochs, 1e-3 * lr, rank, seed),
        .cost = rank,
    };
}

int kit_plan(struct store *s, const struct kit_study *k)
{
    int n = 0;
    struct run_spec *r = xalloc((size_t)(k->ranks * k->lrs * k->seeds), sizeof *r);
    char *spec =
        xprintf("{\"axes\":{\"rank\":[]},\"nuisance\":{\"lr\":[]},\"metric\":\"%s\"}", k->metric);
    struct sweep_spec w = { .name = k->name, .spec = spec };

    for (int i = 0; i < k->ranks; i++)
        for (int lr = 1; lr <= k->lrs; lr++)
            for (int seed = 1; seed <= k->seeds; seed++)
                r[n++] = make_run(k, 1 << i, lr, seed);
    int rc = store_plan(s, &w, r, n);
    for (int i = 0; i < n; i++) {
        free((char *)r[i].key);
        free((char *)r[i].cell);
        free((char *)r[i].point);
        free((char *)r[i].trial);
        free((char *)r[i].config);
    }
    free(r);
    free(spec);
    return rc;
}

static int finish_one(struct store *s, struct lease *c, double (*value)(int, int, int))
{
    int rank, seed;
    double lr;
    struct attempt_end e = { .state = STATE_DONE,
                             .last_step = 10,
                             .wall_s = 2,
                             .train_s = 1,
                             .tokens = 100,
                             .trainable = 50,
                             .trainable_head = 10 };

    CHECK(sscanf(strstr(c->config, "\"lr\":"), "\"lr\":%lf", &lr) == 1 &&
              sscanf(strstr(c->config, "\"rank\":"), "\"rank\":%d", &rank) == 1 &&
              sscanf(strstr(c->config, "\"seed\":"), "\"seed\":%d", &seed) == 1,
          "%s", c->config);
    double x = value(rank, (int)lround(lr * 1e3), seed);
    if (isinf(x))
        e.state = STATE_DIVERGED, e.error = "loss is not finite at step 3";
    else if (metrics_add(s, c, 10, "best", "accuracy", x) != 0 ||
             metrics_add(s, c, 10, "last", "accuracy", x - 0.01) != 0)
        return -1;
    return lease_finish(s, c, &e, true) == 1 ? 0 : -1;
}

int kit_finish_all(struct store *s, const char *study, double (*value)(int rank, int lr, int seed))
{
    struct lease c;
    int n = 0, got;

    while ((got = lease_take(s, study, NULL, 60, &c)) == 1) {
        CHECK(finish_one(s, &c, value) == 0, "%s", fail_text());
        lease_free(&c);
        n++;
    }
    CHECK(got == 0, "%s", fail_text());
    return n;
}

static sqlite3 *raw_open(const char *path)
{
    sqlite3 *db;

    CHECK(sqlite3_open(path, &db) == SQLITE_OK, "'%s'", path);
    sqlite3_busy_timeout(db, 10000);
    return db;
}

double kit_one(const char *path, const char *sql)
{
    sqlite3 *db = raw_open(path);
    sqlite3_stmt *st;
    double x = NAN;

    CHECK(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s: %s", sql,
          sqlite3_errmsg(db));
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_type(st, 0) != SQLITE_NULL)
        x = sqlite3_column_double(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return x;
}

void kit_sql(const char *path, const char *sql)
{
    sqlite3 *db = raw_open(path);

    CHECK(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

const char *kit_text(struct store *s, const char *sql)
{
    static char text[512];
    struct rows r;

    CHECK(query_rows(s, &r, sql, NULL) == 0, "%s: %s", sql, fail_text());
    snprintf(text, sizeof text, "%s", r.n_rows && r.cell[0] ? r.cell[0] : "");
    rows_free(&r);
    return text;
}

const struct kit_study kit_small = { "rank", "accuracy", 2, 1, 2, 3 };

static double zero(int rank, int lr, int seed)
{
    return 0 * (rank + lr + seed);
}

void kit_refused(const char *path, enum store_mode mode, const char *text)
{
    struct store *s;

    CHECK(store_open(&s, path, mode) == -1 && !s, "'%s' was opened", path);
    CHECK(fail_code() == FAIL_STORE, "%d", (int)fail_code());
    CHECK(strstr(fail_text(), text), "'%s' instead of '%s'", fail_text(), text);
}

const char *kit_filled(const char *name)
{
    const char *path = kit_path(name);
    struct store *s;

    CHECK(store_open(&s, path, STORE_WRITE) == 0, "%s", fail_text());
    kit_plan(s, &kit_small);
    kit_finish_all(s, "rank", zero);
    store_close(s);
    return path;
}
