/* test_section7.c - the analyses of section 7 on updates that are planted on known directions of a
 * small model, so that amplification, similarity to W, effective rank and intruders have known
 * answers; and analyses that have to be refused. */
#include "ablations/analysis.h"
#include "ablations/common/weight.h"
#include "ablations/intruder.h"
#include "core/os/file.h"
#include "core/base/rng.h"
#include "core/cmd.h"
#include "core/peft/peft.h"
#include "results/query/query.h"
#include "tests/kit/store_kit.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct cmd cmd_ablate;

static double *gaussian(size_t n, uint32_t sub)
{
    struct rng g = rng_make(7, RNG_STUDY, sub);
    double *x = xalloc(n, sizeof *x);

    for (size_t i = 0; i < n; i++)
        x[i] = rng_normal(&g);
    return x;
}

/* The larger of two errors; NaN counts as infinite. */
static double worse(double worst, double e)
{
    return e <= worst ? worst : isnan(e) ? INFINITY : e;
}

/* --- spectra and intruders */

static const struct {
    int out, r, in;
} products[] = {
    { 12, 3, 20 }, { 20, 3, 12 }, { 4, 9, 20 }, { 20, 9, 4 }, { 5, 1, 5 }, { 6, 30, 5 }
};

/* spectrum_of_product gives the singular values and directions of the product itself. */
START_TEST(spectrum_of_a_product)
{
    int out = products[_i].out, r = products[_i].r, in = products[_i].in;
    double *b = gaussian((size_t)(out * r), 1), *a = gaussian((size_t)(r * in), 2);
    double *x = xalloc((size_t)(out * in), sizeof *x), worst = 0;
    struct spectrum thin, full;

    for (int i = 0; i < out; i++)
        for (int k = 0; k < r; k++)
            for (int j = 0; j < in; j++)
                x[i * in + j] += b[i * r + k] * a[k * in + j];
    ck_assert_int_eq(spectrum_of_product(&thin, b, a, out, r, in), 0);
    ck_assert_int_eq(spectrum_of(&full, x, out, in), 0);
    ck_assert_int_eq(thin.k, r < full.k ? r : full.k);
    for (int k = 0; k < thin.k; k++)
        worst = worse(worst, fabs(thin.s[k] - full.s[k]) / full.s[0]);
    for (int i = 0; i < out; i++) /* sum_k s_k u_k v_k^T is the matrix */
        for (int j = 0; j < in; j++) {
            double sum = 0;
            for (int k = 0; k < thin.k; k++)
                sum += thin.s[k] * thin.u[k * out + i] * thin.v[k * in + j];
            worst = worse(worst, fabs(sum - x[i * in + j]) / full.s[0]);
        }
    ck_assert_double_le(worst, 1e-13); /* rounding of two SVDs */
    spectrum_free(&thin);
    spectrum_free(&full);
    free(a);
    free(b);
    free(x);
}
END_TEST

/* E || U W V^T ||_F^2 = || W ||_F^2 r^2 / (out in) for random directions. For GPT-3 this gives the
 * values 0.02 and 0.33 of the paper's Table 7. */
START_TEST(random_directions_project_as_expected)
{
    enum { OUT = 20, IN = 30, R = 4, N = 300 };
    double *w = gaussian(OUT * IN, 3), norm = spectrum_norm(w, OUT * IN), mean = 0;

    for (uint32_t k = 0; k < N; k++) {
        double *x = gaussian(OUT * R, 100 + 2 * k), *y = gaussian(R * IN, 101 + 2 * k);
        struct spectrum s;
        ck_assert_int_eq(spectrum_of_product(&s, x, y, OUT, R, IN), 0);
        mean += pow(spectrum_project(s.u, s.v, R, w, OUT, IN), 2) / N;
        spectrum_free(&s);
        free(x);
        free(y);
    }
    double want = norm * norm * R * R / (OUT * IN);
    ck_assert_double_le(fabs(mean / want - 1),
                        0.1); /* each is a sum of 16 squares: 4 standard errors are 0.08 */
    free(w);
}
END_TEST

/* W = diag(D, ..., 1). An update that only stretches W's own directions brings no intruder,
 * however strong it is. N strong directions that are spread evenly over many of W's directions are
 * N intruders. */
START_TEST(planted_intruders)
{
    enum { D = 32 };
    double w[D * D] = { 0 }, dw[D * D] = { 0 }, nearest;
    struct spectrum s;
    int n = _i;

    for (int i = 0; i < D; i++)
        w[i * D + i] = D - i;
    ck_assert_int_eq(spectrum_of(&s, w, D, D), 0);
    for (int i = 0; i < 3; i++)
        dw[(4 * i) * D + 4 * i] = 1000 + i;
    ck_assert_int_eq(intruder_count(&nearest, NULL, &s, w, dw, 10, 0.5), 0);
    ck_assert_double_le(fabs(nearest - 1), 1e-12);
    memset(dw, 0, sizeof dw);
    for (int k = 0; k < n; k++) /* rows of a Hadamard matrix: orthogonal, every entry 1 / sqrt(D) */
        for (int i = 0; i < D; i++)
            dw[i * D + k] = 1000 * (k + 1) / sqrt(D) *
                            (__builtin_popcount((unsigned)(i & (k + 1))) % 2 ? -1 : 1);
    ck_assert_int_eq(intruder_count(&nearest, NULL, &s, w, dw, 10, 0.5), n);
    if (n > 0)
        ck_assert_double_le(fabs(nearest - 1 / sqrt(D)),
                            0.04); /* W rotates them by up to 32 / 1000 */
    ck_assert_int_eq(intruder_count(NULL, NULL, &s, w, dw, 10, 0), 0);
    spectrum_free(&s);
}
END_TEST

/* --- whole analyses */

static int ablate(const char *home, const char *words)
{
    char *text = xprintf("ablate --home %s %s", home, words), *argv[16] = { NULL };
    int argc = 0;

    for (char *w = strtok(text, " "); w; w = strtok(NULL, " "))
        argv[argc++] = w;
    int rc = cmd_ablate.run(argc, argv);
    free(text);
    return rc;
}

static void refused(const char *home, const char *words, const char *line)
{
    ck_assert_int_eq(ablate(home, words), -1);
    ck_assert_msg(strstr(fail_text(), line) != NULL, "%s", fail_text());
}

static double value(int rank, int lr, int seed)
{
    return 0.7 + 0.01 * seed + 0.001 * rank * lr;
}

/* The table cell has the recipes as they were planned. */
#define COPY_RECIPES                                                                               \
    "INSERT OR REPLACE INTO cell SELECT c.* FROM cell_recipe c JOIN run r"                         \
    " ON r.run_id = c.cell_id AND r.cell_id = r.run_id"

struct study {
    char *home, *db;
    struct store *s;
    struct base_model base;
};

/* The folder of the adapter of the run with this rank and seed; the caller frees it. */
static char *folder_of(const struct study *t, int rank, int seed)
{
    char *sql =
        xprintf("SELECT substr(run_key, 1, 16) FROM run WHERE coalesce(rank, 1) = %d AND seed = %d",
                rank, seed);
    char *dir = xprintf("%s/adapters/%s/last", t->home, kit_text(t->s, sql));

    free(sql);
    return dir;
}

static void save_adapter(const struct study *t, struct model *m, const void *cfg, int rank,
                         int seed)
{
    char *dir = folder_of(t, rank, seed);

    ck_assert_msg(peft_save(m, cfg, dir, "m", NULL) == 0, "%s", fail_text());
    free(dir);
}

/* dW = s sum_k u_k v_k^T, s = 8 / rank, over RANK singular directions of W: the first ones in
 * layer 0, the last ones in layer 2, and in layer 1 the first on the input side and the last on
 * the output side. */
static void plant_lora(const struct study *t, int rank, int seed)
{
    char text[16];
    struct model m;
    struct head h = tiny_head(POOL_CLS, false, 0);

    snprintf(text, sizeof text, "%d", rank);
    struct lora_cfg *cfg = tiny_cfg(&adapt_lora, "rank", text);
    cfg->alpha = 8;
    ck_assert_int_eq(
        model_init(&m, (struct base_model *)(uintptr_t)&t->base, &h, &adapt_lora, cfg, 1, false),
        0);
    for (int layer = 0; layer < t->base.dims.n_layers; layer++)
        for (int p = 0; p < N_PROJ; p++) {
            struct mat a, b;
            struct weight w;
            lora_matrices(&m, layer, (enum proj)p, &a, &b);
            if (!a.x)
                continue;
            ck_assert_int_eq(weight_read(&w, &t->base, layer, (enum proj)p, true), 0);
            for (int k = 0; k < rank; k++) {
                int last = w.svd.k - 1 - k, from = layer == 2 ? last : k, to = layer > 0 ? last : k;
                for (int j = 0; j < w.in; j++)
                    a.x[k * a.ld + j] = (real)w.svd.v[from * w.in + j];
                for (int i = 0; i < w.out; i++)
                    b.x[i * b.ld + k] = (real)w.svd.u[to * w.out + i];
            }
            weight_free(&w);
        }
    save_adapter(t, &m, cfg, rank, seed);
    model_free(&m);
    opt_free(adapt_lora.opts, cfg);
    free(cfg);
}

/* W_ft = W + 0.5 (u_1 v_1^T + u_2 v_2^T) in every matrix. */
static void plant_ft(const struct study *t, int seed)
{
    const struct adapt *ft = adapt_find("ft");
    struct model m;
    struct head h = tiny_head(POOL_CLS, false, 0);
    void *cfg = tiny_cfg(ft, NULL, NULL);

    ck_assert_int_eq(
        model_init(&m, (struct base_model *)(uintptr_t)&t->base, &h, ft, cfg, 1, false), 0);
    for (int i = 0; i < m.n_params; i++) {
        struct param *p = &m.params[i];
        struct weight w;
        if (p->layer < 0 || p->role >= ROLE_B)
            continue;
        ck_assert_int_eq(weight_read(&w, &t->base, p->layer, (enum proj)p->role, true), 0);
        for (int k = 0; k < 2; k++)
            for (int r = 0; r < w.out; r++)
                for (int c = 0; c < w.in; c++)
                    p->value[r * w.in + c] +=
                        (real)(0.5 * w.svd.u[k * w.out + r] * w.svd.v[k * w.in + c]);
        weight_free(&w);
    }
    save_adapter(t, &m, cfg, 1, seed);
    model_free(&m);
    if (ft->opts)
        opt_free(ft->opts, cfg);
    free(cfg);
}

/* The store has two seeds of ranks 1, 2, 4, 8 and 16; the runs of rank 1 become full fine-tuning.
 */
static void study_init(struct study *t)
{
    const struct kit_study k = { "rank", "accuracy", 5, 1, 2, 1 };

    verbosity = -1;
    *t = (struct study){ .home = xstrdup(kit_path("home")) };
    t->db = path_join(t->home, "lowrank.db");
    char *models = path_join(t->home, "models"), *m = path_join(models, "m");
    ck_assert_int_eq(make_dirs(models), 0);
    ck_assert_int_eq(symlink(tiny_write(), m), 0);
    ck_assert_msg(base_model_load(&t->base, m) == 0, "%s", fail_text());
    ck_assert_int_eq(store_open(&t->s, t->db, STORE_WRITE), 0);
    ck_assert_int_eq(kit_plan(t->s, &k), 0);
    kit_sql(t->db,
            "UPDATE run SET config = json_remove(json_set(config, '$.method', 'ft'), '$.rank',"
            " '$.targets') WHERE rank = 1;" COPY_RECIPES);
    free(m);
    free(models);
}

/* Finish all runs and plant the adapters of ranks 4 and 8 and of full fine-tuning; ranks 2 and 16
 * have none. */
static void study_finish(struct study *t)
{
    kit_sql(t->db, "UPDATE run SET config = json_set(config, '$.rank', 1) WHERE rank IS NULL");
    ck_assert_int_eq(kit_finish_all(t->s, "rank", value), 10);
    kit_sql(t->db,
            "UPDATE run SET config = json_remove(config, '$.rank') WHERE rank = 1;" COPY_RECIPES);
    for (int seed = 1; seed <= 2; seed++) {
        plant_lora(t, 4, seed);
        plant_lora(t, 8, seed);
        plant_ft(t, seed);
    }
}

static void study_free(struct study *t)
{
    store_close(t->s);
    base_model_free(&t->base);
    tiny_remove();
    free(t->db);
    free(t->home);
}

/* WHERE selects ROWS rows of the view "analyses", and the expression ERROR is small in all of
 * them. */
static void check_error(const char *db, const char *error, const char *where, double rows)
{
    char *count = xprintf("SELECT count(*) FROM analyses WHERE %s", where);
    char *sql = xprintf("SELECT max(%s) FROM analyses WHERE %s", error, where);
    double e = kit_one(db, sql);

    ck_assert_double_eq(kit_one(db, count), rows);
    ck_assert_msg(e <= 1e-5, "%s: %g", sql, e); /* adapters are saved in f32 */
    free(sql);
    free(count);
}

START_TEST(planted_updates)
{
    struct study t;

    study_init(&t);
    study_finish(&t);
    ck_assert_msg(ablate(t.home, "amplify --ranks 4,8") == 0, "%s", fail_text());
    /* 2 ranks, 2 seeds, 3 layers, 2 matrices: 24 rows */
    check_error(t.db, "abs(value * sqrt(rank) / 8 - 1)", "kind = 'amplify' AND name = 'norm_dw'",
                24);
    check_error(t.db, "abs(value * rank / 8 - 1)", "kind = 'amplify' AND name = 'scale'", 24);
    /* An update on the top directions of W has the projection of W itself, which gives the factor.
     */
    static const char same[] =
        "abs(value / (SELECT value FROM analyses y WHERE y.kind = 'amplify' AND y.name = 'proj_w'"
        " AND y.run_a = analyses.run_a AND y.layer = analyses.layer AND y.proj = analyses.proj) - "
        "1)";
    check_error(t.db, same, "kind = 'amplify' AND name = 'proj_dw' AND layer = 1", 8);
    static const char factor[] =
        "abs(value * (SELECT value FROM analyses y WHERE y.kind = 'amplify' AND y.name = 'proj_dw'"
        " AND y.run_a = analyses.run_a AND y.layer = analyses.layer AND y.proj = analyses.proj)"
        " * sqrt(rank) / 8 - 1)";
    check_error(t.db, factor, "kind = 'amplify' AND name = 'factor'", 24);
    /* On the bottom directions of W the projection is smaller than on random ones. */
    ck_assert_double_eq(
        kit_one(t.db,
                "SELECT count(*) FROM analyses x JOIN analyses y USING (kind, run_a, layer, proj)"
                " WHERE kind = 'amplify' AND x.name = 'proj_dw' AND y.name = 'proj_random'"
                " AND layer = 3 AND x.value < y.value"),
        8);
    for (int side = 0; side < 2; side++) {
        const char *name = side ? "side=output upto=60 steps=60" : "upto=60 steps=60";
        char *top = xprintf(
            "kind = 'weights' AND settings = '%s' AND i = rank AND j = rank AND layer <= %d", name,
            side ? 1 : 2);
        char *bottom =
            xprintf("kind = 'weights' AND settings = '%s' AND j <= 60 - rank AND layer >= %d", name,
                    side ? 2 : 3);
        ck_assert_msg(ablate(t.home, side ? "weights --ranks 4,8 --upto 60 --steps 60 --side output"
                                          : "weights --ranks 4,8 --upto 60 --steps 60") == 0,
                      "%s", fail_text());
        check_error(t.db, "abs(value - 1)", top, side ? 8 : 16);
        check_error(t.db, "value", bottom, (side ? 2 : 1) * 2 * 2 * (4 * 56 + 8 * 52));
        free(top);
        free(bottom);
    }
    ck_assert_double_eq(kit_one(t.db,
                                "SELECT max(abs(value - max(i, j) / 60.0)) < 0.2 FROM analyses"
                                " WHERE kind = 'weights' AND run_a = 0 AND min(i, j) >= 4"),
                        1);
    study_free(&t);
}
END_TEST

START_TEST(ranks_of_planted_updates)
{
    struct study t;
    struct rows r;
    const char *const params[] = { "study", "rank", NULL };

    study_init(&t);
    study_finish(&t);
    ck_assert_msg(ablate(t.home, "effective_rank --study rank --methods ft") == 0, "%s",
                  fail_text());
    check_error(t.db, "abs(value - 2)", "kind = 'effective_rank' AND name IN ('rank90', 'rank99')",
                2 * 2 * 18);
    check_error(t.db, "abs(value - sqrt(0.5))", "kind = 'effective_rank' AND name = 'norm_dw'",
                2 * 18);
    /* LoRA's updates have r equal singular values. The runs without adapters must not be analyzed.
     */
    kit_sql(t.db, "UPDATE run SET state = 'queued' WHERE rank IN (2, 16)");
    ck_assert_msg(ablate(t.home, "effective_rank --study rank") == 0, "%s", fail_text());
    check_error(t.db, "abs(value / rank - 1)",
                "kind = 'effective_rank' AND name IN ('rank90', 'stable_rank') AND method = 'lora'",
                2 * 24);
    ck_assert_msg(ablate(t.home, "intruder --study rank") == 0, "%s", fail_text());
    /* Every update lies on directions of W. */
    check_error(t.db, "value", "kind = 'intruder' AND name = 'intruders'", 24 + 36);
    check_error(t.db, "abs(value - 1)",
                "kind = 'intruder' AND name = 'least_cosine' AND method = 'ft'", 36);
    ck_assert_int_eq(query_rows(t.s, &r, query_find("effective_rank"), params), 0);
    ck_assert_int_eq(r.n_rows, 6 + 2 * 2);
    ck_assert_str_eq(rows_get(&r, 0, "90 %"), "2");
    rows_free(&r);
    study_free(&t);
}
END_TEST

/* Our rows and the paper's rows of Table 7. */
START_TEST(table_beside_the_paper)
{
    struct study t;
    struct rows r;

    study_init(&t);
    study_finish(&t);
    ck_assert_int_eq(ablate(t.home, "amplify --ranks 4,8"), 0);
    const char *const params[] = { "study", "rank", NULL };
    ck_assert_msg(query_rows(t.s, &r, query_find("amplify"), params) == 0, "%s", fail_text());
    ck_assert_int_eq(r.n_rows, 2 * 2 * 4 + 2);
    ck_assert_str_eq(rows_get(&r, 0, "layer"), "1");
    ck_assert_str_eq(rows_get(&r, 3, "layer"), "*");
    ck_assert_str_eq(rows_get(&r, r.n_rows - 1, "amplification {text}"), "1.88 (1)");
    rows_free(&r);
    study_free(&t);
}
END_TEST

START_TEST(refused_analyses)
{
    struct study t;
    char *dir, *command;

    study_init(&t);
    refused(t.home, "amplify", "is queued: lowrank sweep rank");
    refused(t.home, "amplify --study none",
            "the store has no study 'none' ('lowrank status' lists them): lowrank sweep none");
    refused(t.home, "amplify --ranks 4,x", "'ranks' must be a list of ranks like 8,64, not '4,x'");
    refused(t.home, "effective_rank", "the store has no study 'methods'");
    study_finish(&t);
    refused(t.home, "amplify", "prints the command that makes it again");
    refused(t.home, "amplify --ranks 4,64", "no finished run of rank 64 with targets q,v: lowrank");
    refused(t.home, "amplify --ranks 64", "has no runs of lora, targets q,v, rank 64");
    /* Two cells of one rank: their runs differ in more than the seed. */
    kit_sql(t.db, "UPDATE run SET cell_key = printf('%064d', 9), cell_id = run_id"
                  " WHERE rank = 4 AND seed = 2;" COPY_RECIPES ";"
                  "UPDATE sweep_run SET point = printf('%064d', 9) WHERE run_id ="
                  " (SELECT run_id FROM run WHERE rank = 4 AND seed = 2)");
    refused(t.home, "amplify --ranks 4,8", "runs of rank 4 that differ in more than their seed");
    kit_sql(t.db,
            "UPDATE run SET (cell_key, cell_id) ="
            " (SELECT cell_key, cell_id FROM run WHERE rank = 4 AND seed = 1) WHERE rank = 4");
    /* An adapter of a model with different shapes. */
    dir = folder_of(&t, 8, 2);
    char *path = path_join(dir, "adapter_model.safetensors");
    struct file text;
    ck_assert_int_eq(file_map(&text, path), 0);
    char *copy = xalloc(text.size + 1, 1);
    memcpy(copy, text.data, text.size);
    size_t size = text.size;
    file_unmap(&text);
    for (size_t i = 0; i + 6 < size; i++) /* [8,60] and its 1920 bytes become [6,80] */
        if (memcmp(copy + i, "[8,60]", 6) == 0)
            memcpy(copy + i, "[6,80]", 6);
    ck_assert_int_eq(file_write(path, copy, size, FAIL_INPUT), 0);
    refused(t.home, "amplify --ranks 4,8",
            "has the shape [6, 80], which does not fit a matrix of 60 x 60 of '");
    free(copy);
    free(path);
    free(dir);
    plant_lora(&t, 8, 2);
    /* Two runs that started from different weights. */
    kit_sql(t.db,
            "INSERT INTO artifact VALUES(printf('%064d', 1), 1), (printf('%064d', 2), 1);"
            "INSERT INTO run_input SELECT run_id, attempts, 'weights', 'x', printf('%064d', seed)"
            " FROM run WHERE rank = 4");
    refused(t.home, "amplify --ranks 4", "were trained on different weights: their updates");
    kit_sql(t.db,
            "INSERT INTO run_input SELECT run_id, attempts, 'weights', 'x', printf('%064d', seed)"
            " FROM run WHERE rank = 8");
    command = xprintf("subspace --ranks 4,8 --seeds 1,2");
    refused(t.home, command, "were trained on different weights: their updates");
    free(command);
    kit_sql(t.db, "UPDATE run_input SET sha256 = printf('%064d', 1)");
    refused(t.home, "amplify --ranks 4",
            "was trained on the weights 00000000 of model 'm'; those in '");
    study_free(&t);
}
END_TEST

static void add_section7_tests(TCase *tc)
{
    tcase_add_loop_test(tc, spectrum_of_a_product, 0, (int)ARRAY_LEN(products));
    tcase_add_test(tc, random_directions_project_as_expected);
    tcase_add_loop_test(tc, planted_intruders, 0, 5);
    tcase_add_test(tc, planted_updates);
    tcase_add_test(tc, ranks_of_planted_updates);
    tcase_add_test(tc, table_beside_the_paper);
    tcase_add_test(tc, refused_analyses);
}

const struct suite suite_section7 = { "section7", add_section7_tests };
