/* test_train.c - the training loop: the same bits for any number of threads, accumulation, order,
 * learning rate, evaluations and what is reported. */
#include "core/train/microbatches.h"
#include "core/train/train.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct tiny t;
static struct log first, second;

#ifdef REAL_IS_DOUBLE
static const double same_step = 1e-12; /* sums of a few hundred terms of size 1 in another order */
#else
static const double same_step = 1e-6;
#endif

static double largest_difference(const real *x, const real *y, size_t n)
{
    double worst = 0;

    for (size_t i = 0; i < n; i++) {
        double d = fabs((double)x[i] - (double)y[i]);
        worst = isnan(d) ? INFINITY : fmax(worst, d);
    }
    return worst;
}

static int run(struct log *l)
{
    memset(l, 0, sizeof *l);
    return tiny_run(&t, l);
}

START_TEST(learns)
{
    tiny_init(&t, 160, false, "lora", 2);
    t.model.head.hidden_dropout = t.model.head.attn_dropout = t.model.head.classifier_dropout = 0;
    t.cfg.epochs = 12;
    t.cfg.lr = 0.01;
    ck_assert_int_eq(run(&first), 0);
    ck_assert_int_eq(t.result.end, RUN_DONE);
    ck_assert_int_eq(t.result.steps, 120);
    double start = log_find(&first, 10, "train", "loss", NULL);
    double end = log_find(&first, 120, "train", "loss", NULL);
    ck_assert_double_lt(end, 0.7 * start);
    tiny_free(&t);
}
END_TEST

START_TEST(bits_do_not_depend_on_threads)
{
    static const char *const methods[] = { "lora", "ft" };

    tiny_init(&t, 70, false, methods[_i % 2], 1);
    t.cfg.batch = 32;
    t.cfg.batch_tokens = _i / 2 * 900;
    ck_assert_int_eq(run(&first), 0);
    real *one = tiny_keep(t.model.theta, t.model.n_train);
    for (int threads = 2; threads <= 3; threads++) {
        tiny_again(&t, threads);
        ck_assert_int_eq(run(&second), 0);
        ck_assert(tiny_same_bits(one, t.model.theta, t.model.n_train));
        ck_assert(log_same(&first, 0, &second));
    }
    free(one);
    tiny_free(&t);
}
END_TEST

/* The gradient of a step is that of the mean loss over its examples, computed here in one piece. */
START_TEST(step_is_the_mean_over_examples)
{
    struct microbatch mb = { 0 };
    struct workspace ws;
    struct mat dlogits;
    int all[32];

    tiny_init(&t, 32, _i, "lora", 2);
    t.model.head.hidden_dropout = t.model.head.attn_dropout = t.model.head.classifier_dropout = 0;
    t.cfg.batch = 32;
    t.cfg.steps = 1;
    for (int i = 0; i < 32; i++)
        all[i] = i;
    microbatch_fill(&mb, &t.set[SPLIT_TRAIN], all, 32, 0);
    ck_assert_int_gt(mb.b.n_tok, 4 * TOKENS_PER_MICROBATCH); /* the run makes several of it */
    ck_assert_int_eq(workspace_init(&ws, &t.model, true), 0);
    ck_assert_int_eq(model_fwd(&t.model, &ws, &mb.b), 0);
    double loss = model_loss(&t.model, &ws, &mb.b, 1.0 / 32, &dlogits) / 32;
    model_bwd(&t.model, &ws, &mb.b, dlogits);
    double norm = vec_norm(ws.grad, t.model.n_train);
    ck_assert_int_eq(run(&first), 0);
    ck_assert_double_le(fabs(log_find(&first, 1, "train", "loss", NULL) / loss - 1), same_step);
    ck_assert_double_le(fabs(log_find(&first, 1, "train", "grad_norm", NULL) / norm - 1),
                        same_step);
    workspace_free(&ws);
    microbatch_free(&mb);
    tiny_free(&t);
}
END_TEST

/* k batches of b examples equal one of k b, dropout included. A large eps keeps AdamW from
 * magnifying rounding errors. */
START_TEST(accumulation_is_a_larger_batch)
{
    tiny_init(&t, 70, _i, "lora", 2);
    t.cfg.eps = 1e-3;
    t.cfg.batch = 16;
    ck_assert_int_eq(run(&first), 0);
    real *whole = tiny_keep(t.model.theta, t.model.n_train);
    tiny_again(&t, 2);
    t.cfg.batch = 4;
    t.cfg.accumulate = 4;
    ck_assert_int_eq(run(&second), 0);
    ck_assert_int_eq(t.result.steps, 15);
    ck_assert_double_le(largest_difference(whole, t.model.theta, t.model.n_train), same_step);
    double a = log_find(&first, 10, "train", "loss", NULL);
    ck_assert_double_le(fabs(log_find(&second, 10, "train", "loss", NULL) - a), same_step * a);
    free(whole);
    tiny_free(&t);
}
END_TEST

START_TEST(every_example_once_an_epoch)
{
    int count;

    tiny_init(&t, 20, false, "lora", 1);
    ck_assert_int_eq(run(&first), 0);
    ck_assert_int_eq(t.result.steps, 6); /* 16 + 4, three times */
    ck_assert_int_eq(t.result.examples, 60);
    ck_assert(t.result.tokens == 3.0 * (double)t.set[SPLIT_TRAIN].n_tokens);
    for (long s = 2; s <= 6; s += 2) {
        log_find(&first, s, "dev", "loss", &count);
        ck_assert_int_eq(count, 1);
    }
    log_find(&first, 6, "train", "loss", &count);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(first.n_predictions, 37);
    for (int i = 0; i < 37; i++) {
        ck_assert_int_eq(first.line[i], i + 2);
        ck_assert(first.label[i] == t.set[SPLIT_DEV].label[i]);
    }
    tiny_free(&t);
}
END_TEST

static long tokens_of(const struct dataset *d, const int *idx, long n)
{
    long sum = 0;

    for (long i = 0; i < n; i++)
        sum += (long)(d->off[idx[i] + 1] - d->off[idx[i]]);
    return sum;
}

/* With batch_tokens a step is as large as it may be, and every epoch has every example once. */
START_TEST(steps_by_tokens)
{
    static const long limits[] = { 1, 60, 300, 1000000 };
    long limit = limits[_i], epochs = 0, n, count = 0;
    int seen[70] = { 0 };
    struct order o;

    tiny_init(&t, 70, false, "lora", 1);
    const struct dataset *d = &t.set[SPLIT_TRAIN];
    t.cfg.batch_tokens = limit;
    t.cfg.epochs = 3;
    long total = train_steps(&t.cfg, d, t.job.seed);
    order_init(&o, &t.cfg, d, t.job.seed);
    for (long s = 0; s < total; s++) {
        const int *idx = order_step(&o, s, &n);
        ck_assert(n == 1 || tokens_of(d, idx, n) <= limit);
        ck_assert(o.first + o.n_steps == s + 1 || tokens_of(d, idx, n + 1) > limit);
        for (long i = 0; i < n; i++)
            seen[idx[i]]++;
        count += n;
        epochs += s + 1 == o.first + o.n_steps;
        for (int i = 0; epochs == o.epoch + 1 && i < 70; i++)
            ck_assert_int_eq(seen[i], epochs);
    }
    ck_assert(epochs == 3 && count == 3 * 70);
    ck_assert(limit > 1 ? limit < 1000 || total == 3 : total == 3 * 70);
    const int *again = order_step(&o, 0, &n); /* back, as a resumed run may */
    ck_assert(n > 0 && o.epoch == 0 && again == o.idx);
    order_free(&o);
    if (limit > 1) {
        ck_assert_int_eq(run(&first), 0);
        ck_assert_int_eq(t.result.steps, total);
        ck_assert_int_eq(t.result.examples, 3 * 70);
        int evals = 0;
        for (int i = 0; i < first.n; i++)
            evals += strcmp(first.point[i].split, "dev") == 0 &&
                     strcmp(first.point[i].name, "loss") == 0;
        ck_assert_int_eq(evals, 3);
    }
    tiny_free(&t);
}
END_TEST

/* A jump to a step gives the same examples as going there step by step, whether batches are cut by
 * tokens or by examples. */
START_TEST(order_is_a_function_of_the_step)
{
    struct order o, far;
    long n, m;

    tiny_init(&t, 70, false, "lora", 1);
    t.cfg.accumulate = 2;
    t.cfg.batch = 9;
    t.cfg.batch_tokens = _i ? 250 : 0;
    order_init(&o, &t.cfg, &t.set[SPLIT_TRAIN], 4);
    for (long s = 0; s < 40; s++) {
        const int *x = order_step(&o, s, &n);
        order_init(&far, &t.cfg, &t.set[SPLIT_TRAIN], 4);
        const int *y = order_step(&far, s, &m);
        ck_assert(n == m && memcmp(x, y, (size_t)n * sizeof *x) == 0);
        ck_assert(o.epoch == far.epoch && o.first == far.first);
        ck_assert(_i ? n == 1 || tokens_of(o.d, x, n) <= 500 : n == 18 || n == 16);
        order_free(&far);
    }
    order_free(&o);
    tiny_free(&t);
}
END_TEST

static const char *const by[] = { "", "accuracy", "f1", "loss" };

/* The step of the best evaluation, by hand, from the reported points. */
static long best_by_hand(const struct log *l, const char *name, bool lower)
{
    long step = 0;
    double best = NAN;

    for (int i = 0; i < l->n; i++) {
        const struct log_point *p = &l->point[i];
        if (strcmp(p->split, "dev") != 0 || strcmp(p->name, *name ? name : "accuracy") != 0)
            continue;
        if (step == 0 || (lower ? p->value < best : p->value > best)) {
            step = p->step;
            best = p->value;
        }
    }
    return step;
}

START_TEST(best_and_last_evaluations_are_reported)
{
    double loss, out[TASK_MAX_METRICS];

    tiny_init(&t, 40, false, "lora", 1);
    t.cfg.lr = 0.05; /* high, so that the last evaluation is seldom the best */
    t.cfg.steps = 40;
    t.cfg.eval_every = 3;
    free(t.cfg.best_by);
    t.cfg.best_by = xstrdup(by[_i]);
    ck_assert_int_eq(run(&first), 0);
    long best = best_by_hand(&first, by[_i], _i == 3);
    ck_assert_int_eq(t.result.best_step, best);
    for (int k = 0; k < 2; k++) {
        const char *name = t.task.metrics[k];
        ck_assert(log_find(&first, best, "best", name, NULL) ==
                  log_find(&first, best, "dev", name, NULL));
        ck_assert(log_find(&first, 40, "last", name, NULL) ==
                  log_find(&first, 40, "dev", name, NULL));
    }
    ck_assert(isfinite(log_find(&first, 40, "test", "accuracy", NULL)));
    double test_best = log_find(&first, best, "test_best", "loss", NULL);
    memcpy(t.model.theta, t.best, t.model.n_train * sizeof *t.best);
    ck_assert_int_eq(eval_run(&t.job, SPLIT_DEV, 99, false, &loss, out), 0);
    ck_assert(loss == log_find(&first, best, "dev", "loss", NULL));
    ck_assert_int_eq(eval_run(&t.job, SPLIT_TEST, 99, false, &loss, out), 0);
    ck_assert(loss == test_best);
    tiny_free(&t);
}
END_TEST

START_TEST(tokens_of_a_microbatch)
{
    ck_assert_int_eq(microbatches_tokens(1000000, 836), TOKENS_PER_MICROBATCH);
    ck_assert_int_eq(microbatches_tokens(3000000, 836), 418);
    ck_assert_int_eq(microbatches_tokens(3000000, 170), TOKENS_PER_MICROBATCH);
    ck_assert_int_eq(microbatches_tokens(3000000, 1), TOKENS_PER_MICROBATCH);
    ck_assert_int_eq(microbatches_tokens(3000000, 9999), MOST_TOKENS_PER_MICROBATCH);
}
END_TEST

START_TEST(better_values_win)
{
    static const struct {
        double a, than;
        enum metric_goal goal;
        bool yes;
    } row[] = { { 2, 1, GOAL_MAX, true },      { 1, 2, GOAL_MAX, false },
                { 1, 1, GOAL_MAX, false },     { 1, 2, GOAL_MIN, true },
                { 2, 1, GOAL_MIN, false },     { NAN, 1, GOAL_MAX, false },
                { NAN, 1, GOAL_MIN, false },   { 1, NAN, GOAL_MAX, true },
                { NAN, NAN, GOAL_MAX, false }, { -INFINITY, NAN, GOAL_MAX, true } };

    for (size_t i = 0; i < ARRAY_LEN(row); i++)
        ck_assert_int_eq(eval_beats(row[i].a, row[i].than, row[i].goal), row[i].yes);
}
END_TEST

START_TEST(learning_rates)
{
    static const struct {
        int schedule;
        double warmup;
        long s, n;
        double want; /* with lr 1 */
    } row[] = {
        { SCHED_LINEAR, 0.06, 0, 100, 1.0 / 6 },
        { SCHED_LINEAR, 0.06, 5, 100, 1 },
        { SCHED_LINEAR, 0.06, 6, 100, 1 },
        { SCHED_LINEAR, 0.06, 53, 100, 0.5 },
        { SCHED_LINEAR, 0.06, 99, 100, 1.0 / 94 },
        { SCHED_LINEAR, 0.06, 0, 10, 1 },
        { SCHED_LINEAR, 0, 0, 10, 1 },
        { SCHED_LINEAR, 0, 5, 10, 0.5 },
        { SCHED_LINEAR, 4, 1, 8, 0.5 },
        { SCHED_LINEAR, 4, 6, 8, 0.5 },
        { SCHED_LINEAR, 4, 7, 8, 0.25 },
        { SCHED_LINEAR, 1, 0, 1, 1 },
        { SCHED_CONSTANT, 2, 0, 9, 0.5 },
        { SCHED_CONSTANT, 2, 8, 9, 1 },
        { SCHED_CONSTANT, 0, 0, 9, 1 },
        { SCHED_COSINE, 2, 0, 10, 0.5 },
        { SCHED_COSINE, 2, 2, 10, 1 },
        { SCHED_COSINE, 2, 6, 10, 0.5 },
        { SCHED_COSINE, 0, 5, 10, 0.5 },
        { SCHED_LINEAR, 20, 4, 10, 0.25 },
    };

    for (size_t i = 0; i < ARRAY_LEN(row); i++) {
        struct train_cfg c = { .lr = 3, .warmup = row[i].warmup, .schedule = row[i].schedule };
        ck_assert_double_eq_tol(train_lr(&c, row[i].s, row[i].n), 3 * row[i].want, 1e-12);
    }
}
END_TEST

START_TEST(a_high_learning_rate_diverges)
{
    tiny_init(&t, 40, false, "lora", 2);
    t.cfg.lr = 1e10;
    t.cfg.steps = 200;
    ck_assert_int_eq(run(&first), 0);
    ck_assert_int_eq(t.result.end, RUN_DIVERGED);
    ck_assert_ptr_nonnull(t.result.why);
    ck_assert_int_gt(t.result.diverged_step, 0);
    ck_assert_int_lt(t.result.diverged_step, 200);
    int count;
    log_find(&first, t.result.diverged_step, strcmp(t.result.why, "dev loss") ? "train" : "dev",
             "loss", &count);
    ck_assert_int_eq(count, 1);
    tiny_free(&t);
}
END_TEST

START_TEST(learning_rate_zero_changes_nothing)
{
    tiny_init(&t, 40, false, "lora", 1);
    real *before = tiny_keep(t.model.theta, t.model.n_train);
    t.cfg.lr = 0;
    t.cfg.epochs = 2;
    ck_assert_int_eq(run(&first), 0);
    ck_assert_int_eq(t.result.end, RUN_DONE);
    ck_assert(tiny_same_bits(before, t.model.theta, t.model.n_train));
    ck_assert_int_eq(t.result.best_step, 3); /* a tie: the earlier evaluation */
    free(before);
    tiny_free(&t);
}
END_TEST

/* A clip above the norm changes nothing; a tiny clip almost stops the run. */
START_TEST(clipping)
{
    tiny_init(&t, 40, false, "lora", 1);
    t.cfg.steps = 4;
    ck_assert_int_eq(run(&first), 0);
    real *free_run = tiny_keep(t.model.theta, t.model.n_train);
    tiny_again(&t, 1);
    t.cfg.clip = 1e9;
    ck_assert_int_eq(run(&second), 0);
    ck_assert(tiny_same_bits(free_run, t.model.theta, t.model.n_train));
    tiny_again(&t, 1);
    t.cfg.clip = 1e-9; /* far below AdamW's eps: almost only weight decay acts */
    t.cfg.weight_decay = 0;
    real *before = tiny_keep(t.model.theta, t.model.n_train);
    ck_assert_int_eq(run(&second), 0);
    double moved = largest_difference(before, t.model.theta, t.model.n_train);
    ck_assert(moved > 0 && moved < 0.2 * 4 * t.cfg.lr);
    ck_assert(log_find(&first, 4, "train", "grad_norm", NULL) > 1e-3);
    free(free_run);
    free(before);
    tiny_free(&t);
}
END_TEST

START_TEST(an_error_of_the_sink_ends_the_run)
{
    tiny_init(&t, 40, false, "lora", 1);
    memset(&second, 0, sizeof second);
    second.refuse_at = 3;
    ck_assert_int_eq(tiny_run(&t, &second), -1);
    ck_assert_str_eq(fail_text(), "refused");
    tiny_free(&t);
}
END_TEST

START_TEST(bad_settings_are_refused)
{
    tiny_init(&t, 40, false, "lora", 1);
    t.cfg.attn_dropout = -0.5;
    ck_assert_int_eq(run(&first), -1);
    ck_assert_int_eq(fail_code(), FAIL_USAGE);
    t.cfg.attn_dropout = -1;
    free(t.cfg.best_by);
    t.cfg.best_by = xstrdup("acuracy");
    ck_assert_int_eq(run(&first), -1);
    ck_assert_ptr_nonnull(strstr(fail_text(), "did you mean 'accuracy'"));
    tiny_free(&t);
}
END_TEST

/* An evaluation does not depend on the number of threads. With a single example a metric is defined
 * or NaN, but there is no error. */
START_TEST(evaluation_of_odd_splits)
{
    double one, two, out[TASK_MAX_METRICS];

    tiny_init(&t, 40, _i, "lora", 1);
    memset(&first, 0, sizeof first);
    ck_assert_int_eq(eval_run(&t.job, SPLIT_DEV, 0, true, &one, out), 0);
    tiny_again(&t, 3);
    ck_assert_int_eq(eval_run(&t.job, SPLIT_DEV, 0, true, &two, out), 0);
    ck_assert(one == two);
    t.set[SPLIT_DEV].n = 1;
    ck_assert_int_eq(eval_run(&t.job, SPLIT_DEV, 0, false, &one, out), 0);
    ck_assert(_i ? isnan(out[0]) : isfinite(out[0]));
    ck_assert_int_eq(run(&first), 0);
    ck_assert_int_eq(t.result.end, RUN_DONE);
    tiny_free(&t);
}
END_TEST

START_TEST(memory_is_bounded)
{
    tiny_init(&t, 40, false, "ft", 1);
    size_t one = train_need(&t.model, &t.cfg, &t.job.data, 1).bytes;
    size_t two = train_need(&t.model, &t.cfg, &t.job.data, 2).bytes;
    ck_assert(one > 11 * t.model.n_train * sizeof(real) && two > one);
    t.cfg.batch = t.set[SPLIT_TRAIN].n; /* everything in one batch, limited in either way */
    size_t all = train_need(&t.model, &t.cfg, &t.job.data, 1).bytes;
    t.cfg.batch = 1;
    t.cfg.batch_tokens = 1000000;
    ck_assert_uint_eq(train_need(&t.model, &t.cfg, &t.job.data, 1).bytes, all);
    tiny_free(&t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, learns);
    tcase_add_loop_test(tc, bits_do_not_depend_on_threads, 0, 4);
    tcase_add_loop_test(tc, step_is_the_mean_over_examples, 0, 2);
    tcase_add_loop_test(tc, accumulation_is_a_larger_batch, 0, 2);
    tcase_add_test(tc, every_example_once_an_epoch);
    tcase_add_loop_test(tc, steps_by_tokens, 0, 4);
    tcase_add_loop_test(tc, order_is_a_function_of_the_step, 0, 2);
    tcase_add_loop_test(tc, best_and_last_evaluations_are_reported, 0, (int)ARRAY_LEN(by));
    tcase_add_test(tc, tokens_of_a_microbatch);
    tcase_add_test(tc, better_values_win);
    tcase_add_test(tc, learning_rates);
    tcase_add_test(tc, a_high_learning_rate_diverges);
    tcase_add_test(tc, learning_rate_zero_changes_nothing);
    tcase_add_test(tc, clipping);
    tcase_add_test(tc, an_error_of_the_sink_ends_the_run);
    tcase_add_test(tc, bad_settings_are_refused);
    tcase_add_loop_test(tc, evaluation_of_odd_splits, 0, 2);
    tcase_add_test(tc, memory_is_bounded);
}

const struct suite suite_train = { "train", fill };
