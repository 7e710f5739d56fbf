/* test_subspace.c - planted subspaces with known similarity, adapters from files, and the whole
 * analysis. */
#include "ablations/analysis.h"
#include "ablations/common/basis.h"
#include "core/os/file.h"
#include "core/base/rng.h"
#include "core/cmd.h"
#include "core/format/safetensors.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const struct cmd cmd_ablate;

enum { D = 24, R = 4 };

/* Row k of A is e_{axis[k]} times a strength that falls with k, so that the directions come in this
 * order. */
static struct basis planted(const int *axis, int r, double sign)
{
    double a[R * D] = { 0 };
    struct basis b = { 0 };

    for (int k = 0; k < r; k++)
        a[k * D + axis[k]] = sign * (r - k);
    ck_assert_msg(basis_of(&b, a, r, D) == 0, "%s", fail_text());
    return b;
}

static const struct {
    int a[R], b[R];
    double want[R][R]; /* phi(i, j) */
} cases[] = {
    { { 0, 1, 2, 3 },
      { 0, 1, 2, 3 },
      { { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 1, 1, 1, 1 } } },
    { { 0, 1, 2, 3 }, { 9, 8, 7, 6 }, { { 0 } } },
    { { 0, 1, 2, 3 },
      { 0, 9, 8, 7 },
      { { 1, 1, 1, 1 },
        { 1, 0.5, 0.5, 0.5 },
        { 1, 0.5, 1 / 3., 1 / 3. },
        { 1, 0.5, 1 / 3., 0.25 } } },
    { { 0, 1, 2, 3 },
      { 3, 2, 1, 0 },
      { { 0, 0, 0, 1 }, { 0, 0, 0.5, 1 }, { 0, 0.5, 2 / 3., 1 }, { 1, 1, 1, 1 } } },
};

START_TEST(planted_spaces)
{
    for (double sign = -1; sign <= 1; sign += 2) {
        struct basis u = planted(cases[_i].a, R, 1), v = planted(cases[_i].b, R, sign);
        double phi[R * R], worst = 0;
        basis_phi(phi, R, R, &u, &v);
        for (int i = 0; i < R; i++)
            for (int j = 0; j < R; j++) {
                double e = fabs(phi[i * R + j] - cases[_i].want[i][j]);
                worst = e <= worst ? worst : isnan(e) ? INFINITY : e;
            }
        ck_assert_double_le(worst, 1e-12); /* rounding of the SVD */
        free(u.u);
        free(v.u);
    }
}
END_TEST

/* The directions of A stay the same when its rows are rotated among themselves (B takes the inverse
 * rotation). */
START_TEST(rotation_of_rows)
{
    struct rng g = rng_make(3, RNG_STUDY, 900);
    double a[R * D], turned[R * D], c = cos(0.7), s = sin(0.7), phi[R * R];
    struct basis u = { 0 }, v = { 0 };

    for (int i = 0; i < R * D; i++)
        a[i] = rng_normal(&g);
    memcpy(turned, a, sizeof a);
    for (int k = 0; k < D; k++) {
        turned[0 * D + k] = c * a[0 * D + k] - s * a[2 * D + k];
        turned[2 * D + k] = s * a[0 * D + k] + c * a[2 * D + k];
        turned[3 * D + k] = -a[1 * D + k];
        turned[1 * D + k] = a[3 * D + k];
    }
    ck_assert_int_eq(basis_of(&u, a, R, D), 0);
    ck_assert_int_eq(basis_of(&v, turned, R, D), 0);
    basis_phi(phi, R, R, &u, &v);
    double worst = 0;
    for (int i = 0; i < R; i++)
        worst = fmax(worst, fabs(phi[i * R + i] - 1));
    ck_assert_double_le(worst, 1e-10);
    free(u.u);
    free(v.u);
}
END_TEST

static void random_basis(struct basis *b, uint32_t sub)
{
    struct rng g = rng_make(1, RNG_STUDY, sub);
    double a[R * D];

    for (int i = 0; i < R * D; i++)
        a[i] = rng_normal(&g);
    ck_assert_int_eq(basis_of(b, a, R, D), 0);
}

/* The mean over pairs of random subspaces is what basis_phi_random says, for i < j and i > j. */
START_TEST(random_floor)
{
    double mean = 0, back = 0;
    enum { N = 200 };

    for (uint32_t k = 0; k < N; k++) {
        struct basis u = { 0 }, v = { 0 };
        double phi[R * R];
        random_basis(&u, 2 * k);
        random_basis(&v, 2 * k + 1);
        basis_phi(phi, R, R, &u, &v);
        mean += phi[2 * R - 1] / N, back += phi[(R - 1) * R] / N; /* (2, R) and (R, 1) */
        free(u.u);
        free(v.u);
    }
    ck_assert_double_eq(basis_phi_random(2, R, D), (double)R / D);
    ck_assert_double_eq_tol(mean, basis_phi_random(2, R, D), 0.02); /* 4 standard errors */
    ck_assert_double_eq_tol(back, basis_phi_random(R, 1, D), 0.03);
}
END_TEST

/* An adapter of LAYERS layers on q and v. The first direction of each matrix is e_layer, the
 * others depend on SEED. */
static void write_adapter(const char *dir, int r, int d, int layers, int seed)
{
    struct st_out t[8];
    char name[8][128];
    real *x[8];
    struct rng g = rng_make((uint64_t)seed, RNG_STUDY, 901);
    int n = 0;

    ck_assert_int_eq(make_dirs(dir), 0);
    for (int i = 0; i < layers; i++)
        for (int p = 0; p < 2; p++) {
            x[n] = xalloc((size_t)r * (size_t)d, sizeof *x[n]);
            for (int k = 0; k < r * d; k++)
                x[n][k] = (real)(0.1 * rng_normal(&g));
            x[n][i] += 100;
            snprintf(name[n], sizeof name[n],
                     "base_model.model.bert.encoder.layer.%d.attention.self.%s.lora_A.weight", i,
                     p ? "value" : "query");
            t[n] = (struct st_out){ name[n], x[n], 2, { (size_t)r, (size_t)d } };
            n++;
        }
    char *path = path_join(dir, "adapter_model.safetensors");
    ck_assert_msg(st_write(path, t, n, false) == 0, "%s", fail_text());
    for (int i = 0; i < n; i++)
        free(x[i]);
    free(path);
}

START_TEST(adapter_files)
{
    bool q[N_PROJ] = { true }, both[N_PROJ] = { true, false, true },
         none[N_PROJ] = { [PROJ_UP] = true };
    const char *dir = kit_path("adapter");
    struct basis *b = NULL;

    write_adapter(dir, 3, 16, 3, 1);
    char *path = path_join(dir, "adapter_model.safetensors");
    ck_assert_int_eq(basis_load(&b, path, q), 3);
    ck_assert_int_eq(b[2].layer, 2);
    ck_assert_int_eq(b[2].r, 3);
    ck_assert_int_eq(b[2].d, 16);
    ck_assert_double_eq_tol(fabs(b[2].u[2]), 1, 1e-3);
    basis_free(b, 3);
    ck_assert_int_eq(basis_load(&b, path, both), 6);
    ck_assert_int_eq(b[3].layer, 1);
    ck_assert_int_eq(b[3].proj, PROJ_V);
    basis_free(b, 6);
    ck_assert_int_eq(basis_load(&b, path, none), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    free(path);
}
END_TEST

static int ablate(const char *words)
{
    char *text = xstrdup(words), *argv[16] = { NULL };
    int argc = 0;

    for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    int rc = cmd_ablate.run(argc, argv);
    free(text);
    return rc;
}

static double value(int rank, int lr, int seed)
{
    return 0.7 + 0.01 * seed + 0.001 * rank * lr;
}

static void plant_adapter(struct store *s, const char *home, int rank, int seed)
{
    char *sql =
        xprintf("SELECT substr(run_key, 1, 16) FROM run WHERE rank = %d AND seed = %d", rank, seed);
    char *dir = xprintf("%s/adapters/%s/last", home, kit_text(s, sql));

    write_adapter(dir, rank, 40, 2, seed);
    free(dir);
    free(sql);
}

/* The command is refused with a line that contains TEXT. */
static void refused(const char *home, const char *words, const char *text)
{
    char *command = xprintf("ablate subspace --home %s %s", home, words);

    ck_assert_int_eq(ablate(command), -1);
    ck_assert_msg(strstr(fail_text(), text), "%s", fail_text());
    free(command);
}

static void check_table(struct store *s)
{
    struct rows r;

    ck_assert_msg(query_rows(s, &r, query_find("subspace_top"), NULL) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_rows, 12);
    ck_assert_str_eq(rows_get(&r, 0, "pair"), "r = 8 and 16");
    ck_assert_str_eq(rows_get(&r, 0, "top shared"), "yes");
    ck_assert_ptr_nonnull(rows_get(&r, 0, "floor(1,1)"));
    rows_free(&r);
}

START_TEST(whole_analysis)
{
    const struct kit_study k = { "rank", "accuracy", 5, 1, 2, 1 };
    char *home = xstrdup(kit_path("home")), *db = path_join(home, "lowrank.db"), *command;
    struct store *s;

    verbosity = -1;
    ck_assert_int_eq(make_dirs(home), 0);
    command = xprintf("ablate --home %s subspace", home);
    ck_assert_int_eq(ablate(command), -1); /* no database */
    ck_assert_int_eq(fail_code(), FAIL_STORE);
    ck_assert_int_eq(store_open(&s, db, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(s, &k), 0);
    ck_assert_int_eq(ablate(command), -1);
    ck_assert_msg(strstr(fail_text(), "is queued: lowrank sweep rank"), "%s", fail_text());
    ck_assert_int_eq(kit_finish_all(s, "rank", value), 10);
    ck_assert_int_eq(ablate(command), -1);
    ck_assert_int_eq(fail_code(), FAIL_RUN);
    ck_assert_msg(strstr(fail_text(), "the adapter of run ") &&
                      strstr(fail_text(), "prints the command that makes it again"),
                  "%s", fail_text());
    plant_adapter(s, home, 8, 1);
    plant_adapter(s, home, 8, 2);
    plant_adapter(s, home, 16, 1);
    plant_adapter(s, home, 16, 2);
    for (int twice = 0; twice < 2; twice++) /* the second time replaces the numbers of the first */
        ck_assert_msg(ablate(command) == 0, "%s", fail_text());
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM phi WHERE kind = 'rank'"),
                        2 * 4 * 8 * 16);
    ck_assert_double_eq(kit_one(db,
                                "SELECT count(*) FROM phi JOIN run a ON a.run_id = run_a JOIN run"
                                " b ON b.run_id = run_b WHERE kind = 'rank_seed'"
                                " AND a.seed <> b.seed AND a.rank < b.rank"),
                        2 * 4 * 8 * 16);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM phi WHERE kind = 'seed'"), 4 * 16 * 16);
    ck_assert_double_eq(kit_one(db, "SELECT count(*) FROM phi WHERE kind = 'random'"), 4 * 16 * 16);
    ck_assert_double_ge(
        kit_one(db, "SELECT min(phi) FROM phi WHERE kind <> 'random' AND i = 1 AND j = 1"), 0.99);
    ck_assert_double_le(kit_one(db, "SELECT max(phi) FROM phi"), 1);
    check_table(s);
    store_close(s);
    free(command);
    refused(home, "--seeds 2,2", "once");
    refused(home, "--seeds 1,3", "no run with rank 8, targets q,v, seed 3");
    refused(home, "--ranks 4,16", "is not in"); /* no adapter of rank 4 */
    free(db);
    free(home);
}
END_TEST

static void add_subspace_tests(TCase *tc)
{
    tcase_add_loop_test(tc, planted_spaces, 0, (int)ARRAY_LEN(cases));
    tcase_add_test(tc, rotation_of_rows);
    tcase_add_test(tc, random_floor);
    tcase_add_test(tc, adapter_files);
    tcase_add_test(tc, whole_analysis);
}

const struct suite suite_subspace = { "subspace", add_subspace_tests };
