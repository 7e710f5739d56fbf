/* test_choice.c - one split chooses the evaluation and another one is reported: what is scored,
 * what is reported, and that nothing else of the run changes. */
#include "core/os/file.h"
#include "core/train/train.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 40 };

static struct tiny t;
static struct log usual, apart;

static int run(struct log *l)
{
    memset(l, 0, sizeof *l);
    return tiny_run(&t, l);
}

/* Evaluations every 3 steps at a learning rate so high that the last is seldom the best. */
static void begin(void)
{
    tiny_init(&t, 40, false, "lora", 1);
    t.cfg.lr = 0.05;
    t.cfg.steps = STEPS;
    t.cfg.eval_every = 3;
}

/* The step at which the accuracy of SPLIT is the largest, the first of several. */
static long best_of(const struct log *l, const char *split)
{
    long step = 0;

    for (int i = 0; i < l->n; i++)
        if (strcmp(l->point[i].split, split) == 0 && strcmp(l->point[i].name, "accuracy") == 0 &&
            (!step || l->point[i].value > log_find(l, step, split, "accuracy", NULL)))
            step = l->point[i].step;
    return step;
}

static double accuracy(const struct log *l, long step, const char *split)
{
    return log_find(l, step, split, "accuracy", NULL);
}

static int points(const struct log *l, const char *split)
{
    int n = 0;

    for (int i = 0; i < l->n; i++)
        n += strcmp(l->point[i].split, split) == 0 && strcmp(l->point[i].name, "loss") == 0;
    return n;
}

START_TEST(a_selection_split_chooses)
{
    begin();
    ck_assert_int_eq(run(&usual), 0);
    real *theta = tiny_keep(t.model.theta, t.model.n_train);
    tiny_again(&t, 1);
    t.job.data.split[SPLIT_SELECT] = &t.set[SPLIT_SELECT];
    t.job.data.split[SPLIT_TEST] = NULL;
    ck_assert_int_eq(run(&apart), 0);
    ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train)); /* it trains as before */
    long chosen = best_of(&apart, "select"), own = best_of(&usual, "dev");
    ck_assert_int_ne(chosen, own); /* else the test could not tell them apart */
    ck_assert_int_eq(t.result.best_step, chosen);
    ck_assert(accuracy(&apart, chosen, "chosen") == accuracy(&usual, chosen, "dev"));
    ck_assert(accuracy(&apart, own, "best") == accuracy(&usual, own, "best"));
    ck_assert(accuracy(&apart, STEPS, "last") == accuracy(&usual, STEPS, "last"));
    ck_assert(accuracy(&apart, chosen, "select_best") == accuracy(&apart, chosen, "select"));
    ck_assert(accuracy(&apart, STEPS, "select_last") == accuracy(&apart, STEPS, "select"));
    ck_assert_int_eq(points(&apart, "select"), points(&usual, "dev"));
    ck_assert_int_eq(points(&apart, "test") + points(&apart, "test_best"), 0);

    /* the stored parameters are those of the chosen evaluation, and so are the predictions */
    double loss, out[TASK_MAX_METRICS], right = 0;
    memcpy(t.model.theta, t.best, t.model.n_train * sizeof *t.best);
    ck_assert_int_eq(eval_run(&t.job, SPLIT_DEV, 99, false, &loss, out), 0);
    ck_assert(loss == log_find(&usual, chosen, "dev", "loss", NULL));
    ck_assert_int_eq(apart.n_predictions, t.set[SPLIT_DEV].n);
    for (int i = 0; i < apart.n_predictions; i++)
        right += apart.output[i] == apart.label[i];
    ck_assert_double_eq(right / apart.n_predictions, accuracy(&apart, chosen, "chosen"));
    free(theta);
    tiny_free(&t);
}
END_TEST

/* dev chooses, as always; the number is that which the usual run calls test_best. */
START_TEST(test_is_reported)
{
    begin();
    ck_assert_int_eq(run(&usual), 0);
    tiny_again(&t, 1);
    t.task.file[SPLIT_TEST] = xstrdup("test.tsv");
    t.cfg.report = REPORT_TEST;
    t.cfg.report_curve = _i == 1;
    ck_assert_int_eq(run(&apart), 0);
    long chosen = best_of(&usual, "dev");
    ck_assert_int_eq(t.result.best_step, chosen);
    ck_assert(isfinite(accuracy(&apart, chosen, "chosen")));
    ck_assert(accuracy(&apart, chosen, "chosen") == accuracy(&usual, chosen, "test_best"));
    ck_assert(accuracy(&apart, chosen, "select_best") == accuracy(&usual, chosen, "best"));
    ck_assert_int_eq(points(&apart, "dev"), points(&usual, "dev"));
    if (_i == 0) {
        ck_assert_int_eq(points(&apart, "test"), 1);
        ck_assert(isnan(accuracy(&apart, STEPS, "last")));
    } else {
        long own = best_of(&apart, "test");
        ck_assert_int_eq(points(&apart, "test"), points(&usual, "dev") + 1);
        ck_assert(accuracy(&apart, own, "best") == accuracy(&apart, own, "test"));
        ck_assert(accuracy(&apart, own, "best") >= accuracy(&apart, chosen, "chosen"));
        ck_assert(accuracy(&apart, STEPS, "last") == accuracy(&usual, STEPS, "test"));
    }
    tiny_free(&t);
}
END_TEST

/* Stopped in between and continued from its training checkpoint, a run reports the same. */
START_TEST(a_resumed_run_chooses_the_same)
{
    begin();
    t.job.data.split[SPLIT_SELECT] = &t.set[SPLIT_SELECT];
    char *ckpt = path_join(t.dir, "ckpt");
    ck_assert_int_eq(run(&usual), 0);
    tiny_again(&t, 1);
    t.job.ckpt_path = ckpt;
    memset(&apart, 0, sizeof apart);
    apart.stop_at = 25;
    ck_assert_int_eq(tiny_run(&t, &apart), 0);
    ck_assert_int_eq(t.result.end, RUN_STOPPED);
    int from = apart.n;
    tiny_again(&t, 1);
    ck_assert_int_eq(run(&apart), 0);
    ck_assert_int_eq(t.result.end, RUN_DONE);
    ck_assert_int_lt(apart.n, usual.n);
    ck_assert(log_same(&usual, from, &apart));
    free(ckpt);
    tiny_free(&t);
}
END_TEST

/* With patience the run ends at the evaluation at which there were so many without a better one,
 * and until then it is the same run. */
START_TEST(patience_stops)
{
    long patience = 2, since = 0, expected = STEPS;

    begin();
    ck_assert_int_eq(run(&usual), 0);
    for (long step = 3, best = 0; step < STEPS; step += 3) {
        if (!best || accuracy(&usual, step, "dev") > accuracy(&usual, best, "dev"))
            best = step, since = 0;
        else if (++since == patience) {
            expected = step;
            break;
        }
    }
    ck_assert_int_lt(expected, STEPS);
    tiny_again(&t, 1);
    t.cfg.patience = patience;
    ck_assert_int_eq(run(&apart), 0);
    ck_assert_int_eq(t.result.end, RUN_DONE);
    ck_assert_int_eq(t.result.steps, expected);
    ck_assert(accuracy(&apart, expected, "last") == accuracy(&usual, expected, "dev"));
    ck_assert_int_eq(apart.n_predictions, t.set[SPLIT_DEV].n);
    tiny_free(&t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, a_selection_split_chooses);
    tcase_add_loop_test(tc, test_is_reported, 0, 2);
    tcase_add_test(tc, a_resumed_run_chooses_the_same);
    tcase_add_test(tc, patience_stops);
}

const struct suite suite_choice = { "choice", fill };
