/* test_resume.c - a run that was stopped or failed resumes to the same bits and the same curve. */
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"
#include "core/os/file.h"

#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

static struct tiny t;
static struct log first, second;

static int run(struct log *l)
{
    memset(l, 0, sizeof *l);
    return tiny_run(&t, l);
}

START_TEST(resumes_at_every_step)
{
    char path[100];

    tiny_init(&t, 40, false, "lora", 2); /* 3 steps an epoch, the last of 8 examples */
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.cfg.epochs = 4;
    t.cfg.eval_every = _i ? 0 : 5;
    t.cfg.batch_tokens = _i ? 300 : 0;
    ck_assert_int_eq(run(&first), 0);
    long steps = t.result.steps;
    ck_assert(_i ? steps > 8 && steps < 40 : steps == 12);
    real *theta = tiny_keep(t.model.theta, t.model.n_train),
         *best = tiny_keep(t.best, t.model.n_train);
    struct run_result whole = t.result;
    t.job.ckpt_path = path;
    for (long stop = 1; stop <= steps; stop++) {
        tiny_again(&t, 1);
        memset(&second, 0, sizeof second);
        second.stop_at = stop;
        ck_assert_int_eq(tiny_run(&t, &second), 0);
        ck_assert_int_eq(t.result.end, RUN_STOPPED);
        ck_assert_int_eq(t.result.steps, stop);
        int before = second.n;
        tiny_again(&t, 2);
        ck_assert_int_eq(run(&second), 0);
        ck_assert_int_eq(t.result.end, RUN_DONE);
        ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train));
        ck_assert(tiny_same_bits(best, t.best, t.model.n_train));
        ck_assert(log_same(&first, before, &second));
        ck_assert_int_eq(t.result.best_step, whole.best_step);
        ck_assert(t.result.tokens == whole.tokens && t.result.examples == whole.examples);
        ckpt_remove(path);
    }
    free(theta);
    free(best);
    tiny_free(&t);
}
END_TEST

/* Twelve attempts with one step each. */
START_TEST(resumes_again_and_again)
{
    char path[100];
    int n = 0;

    tiny_init(&t, 40, true, "ft", 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.cfg.steps = 12;
    ck_assert_int_eq(run(&first), 0);
    real *theta = tiny_keep(t.model.theta, t.model.n_train);
    t.job.ckpt_path = path;
    for (long stop = 1; stop <= 13; stop++) {
        tiny_again(&t, 1);
        memset(&second, 0, sizeof second);
        second.stop_at = stop;
        ck_assert_int_eq(tiny_run(&t, &second), 0);
        n += second.n;
    }
    ck_assert_int_eq(t.result.end, RUN_DONE);
    ck_assert_int_eq(n, first.n);
    ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train));
    free(theta);
    tiny_free(&t);
}
END_TEST

/* With a training checkpoint after every step, an error before the next one, as after a crash. */
START_TEST(resumes_after_an_error)
{
    char path[100];

    tiny_init(&t, 40, false, "lora", 2);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.cfg.steps = 25;
    ck_assert_int_eq(run(&first), 0);
    real *theta = tiny_keep(t.model.theta, t.model.n_train);
    tiny_again(&t, 1);
    t.job.ckpt_path = path;
    t.job.ckpt_every_s = 1e-9;
    memset(&second, 0, sizeof second);
    second.refuse_at = 20; /* at its report; the last training checkpoint is of step 19 */
    ck_assert_int_eq(tiny_run(&t, &second), -1);
    int before = second.n;
    tiny_again(&t, 1);
    ck_assert_int_eq(run(&second), 0);
    ck_assert_int_eq(second.point[0].step, 20);
    ck_assert(tiny_same_bits(theta, t.model.theta, t.model.n_train));
    ck_assert(log_same(&first, before, &second));
    free(theta);
    tiny_free(&t);
}
END_TEST

START_TEST(a_signal_stops_after_the_step)
{
    char path[100];

    tiny_init(&t, 40, false, "lora", 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.job.ckpt_path = path;
    stop_install();
    memset(&second, 0, sizeof second);
    second.signal_at = 4;
    ck_assert_int_eq(tiny_run(&t, &second), 0);
    ck_assert_int_eq(t.result.end, RUN_STOPPED);
    ck_assert_int_eq(t.result.steps, 4);
    tiny_free(&t);
}
END_TEST

/* The run is another worker's now, and so is the path of the training checkpoint. */
START_TEST(an_abandoned_run_writes_no_checkpoint)
{
    char path[100];

    tiny_init(&t, 40, false, "lora", 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.job.ckpt_path = path;
    memset(&second, 0, sizeof second);
    second.leave_at = 4;
    ck_assert_int_eq(tiny_run(&t, &second), 0);
    ck_assert_int_eq(t.result.end, RUN_STOPPED);
    ck_assert_int_eq(t.result.steps, 4);
    ck_assert(!file_exists(path));
    tiny_free(&t);
}
END_TEST

START_TEST(checkpoint_of_another_run_is_refused)
{
    char path[100];

    tiny_init(&t, 40, false, "lora", 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.job.ckpt_path = path;
    memset(&second, 0, sizeof second);
    second.stop_at = 2;
    ck_assert_int_eq(tiny_run(&t, &second), 0);
    tiny_again(&t, 1);
    t.job.run_key = "fedcba9876543210";
    ck_assert_int_eq(run(&second), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    tiny_free(&t);
}
END_TEST

/* Points are safe before a training checkpoint is written: the run that resumes from it does not
 * report them again. */
struct settled {
    const char *path;
    int points, safe, calls;
    bool too_late, refuse;
};

static int settled_point(void *self, long step, const char *split, const char *name, double value)
{
    struct settled *s = self;

    (void)step, (void)split, (void)name, (void)value;
    s->points++;
    return 0;
}

static int settled_settle(void *self)
{
    struct settled *s = self;

    s->calls++;
    s->safe = s->points;
    s->too_late |= file_exists(s->path);
    return s->refuse ? fail(FAIL_STORE, "no room") : 0;
}

static int settled_tick(void *self, long step, long steps, double tokens)
{
    (void)self, (void)steps, (void)tokens;
    return step == 3;
}

START_TEST(points_are_safe_before_a_checkpoint)
{
    char path[100];
    struct settled s = { .path = path, .refuse = _i == 1 };

    tiny_init(&t, 40, false, "lora", 1);
    snprintf(path, sizeof path, "%s/run.ckpt", t.dir);
    t.cfg.epochs = 4;
    t.cfg.eval_every = 1;
    t.job.ckpt_path = path;
    t.job.sink = (struct sink){ &s, settled_point, NULL, settled_tick, settled_settle };
    ck_assert_int_eq(train_run(&t.job, &t.result), _i == 1 ? -1 : 0);
    ck_assert_int_eq(s.calls, 1);
    ck_assert(!s.too_late);
    ck_assert_int_gt(s.points, 3);
    ck_assert_int_eq(s.safe, s.points);
    ck_assert_int_eq(file_exists(path), _i == 0);
    tiny_free(&t);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, points_are_safe_before_a_checkpoint, 0, 2);
    tcase_add_loop_test(tc, resumes_at_every_step, 0, 2);
    tcase_add_test(tc, resumes_again_and_again);
    tcase_add_test(tc, resumes_after_an_error);
    tcase_add_test(tc, a_signal_stops_after_the_step);
    tcase_add_test(tc, an_abandoned_run_writes_no_checkpoint);
    tcase_add_test(tc, checkpoint_of_another_run_is_refused);
}

const struct suite suite_resume = { "resume", fill };
