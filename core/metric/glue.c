/* glue.c - the metrics of the GLUE tasks (Wang et al. 2019); they agree with scikit-learn and
 * SciPy. */
#include "core/metric/metric.h"

#include <math.h>
#include <stdlib.h>

/* For one class: how many examples have it as their label, how many as their guess, and how many as
 * both. */
struct tally {
    int64_t label, guess, both;
};

/* The tallies of all classes; the caller frees them. */
static struct tally *count_classes(const struct outcome *o)
{
    CHECK(o->n_classes > 0, "a classification score of %d classes", o->n_classes);
    struct tally *t = xalloc((size_t)o->n_classes, sizeof *t);

    for (int i = 0; i < o->n; i++) {
        int y = o->label[i], g = o->guess[i];
        CHECK(y >= 0 && y < o->n_classes && g >= 0 && g < o->n_classes,
              "example %d: label %d, guess %d of %d classes", i, y, g, o->n_classes);
        t[y].label++;
        t[g].guess++;
        t[y].both += y == g;
    }
    return t;
}

static double accuracy(const struct outcome *o)
{
    int64_t correct = 0;

    for (int i = 0; i < o->n; i++)
        correct += o->label[i] == o->guess[i];
    return o->n ? (double)correct / o->n : NAN;
}

double metric_f1_of(int64_t label, int64_t guess, int64_t both)
{
    int64_t sum = label + guess;

    return sum ? 2.0 * (double)both / (double)sum : 0;
}

static double f1_of(const struct tally *t)
{
    return metric_f1_of(t->label, t->guess, t->both);
}

static double f1(const struct outcome *o)
{
    if (o->n == 0)
        return NAN;
    struct tally *t = count_classes(o);
    double score = o->n_classes > 1 ? f1_of(&t[1]) : 0;

    free(t);
    return score;
}

static double f1_macro(const struct outcome *o)
{
    double sum = 0;
    int seen = 0;

    if (o->n == 0)
        return NAN;
    struct tally *t = count_classes(o);
    for (int c = 0; c < o->n_classes; c++)
        if (t[c].label + t[c].guess > 0) {
            sum += f1_of(&t[c]);
            seen++;
        }
    free(t);
    return sum / seen;
}

/* R_K = (c s - sum p t) / sqrt((s^2 - sum p^2)(s^2 - sum t^2)) with s examples, c of them correct,
 * and for each class p guesses and t labels. */
static double matthews(const struct outcome *o)
{
    int64_t s = o->n, c = 0, pt = 0, pp = 0, tt = 0;

    if (o->n == 0)
        return NAN;
    struct tally *t = count_classes(o);
    for (int k = 0; k < o->n_classes; k++) {
        c += t[k].both;
        pt += t[k].guess * t[k].label;
        pp += t[k].guess * t[k].guess;
        tt += t[k].label * t[k].label;
    }
    free(t);
    double spread = sqrt((double)(s * s - pp)) * sqrt((double)(s * s - tt));
    return spread > 0 ? (double)(c * s - pt) / spread : 0;
}

/* OUT = x - mean, scaled to a largest magnitude near 1, so that no square overflows. False: x is
 * constant or not finite. The mean is that of the differences to x[0], which are exactly 0 for a
 * constant. */
static bool center(double *out, const double *x, int n)
{
    double sum = 0, most = 0, scale = 0;

    for (int i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return false;
        scale = fmax(scale, fabs(x[i]));
    }
    for (int i = 0; i < n; i++) {
        out[i] = scale > 0 ? x[i] / scale - x[0] / scale : 0;
        sum += out[i];
        most = fmax(most, fabs(out[i]));
    }
    if (most == 0)
        return false;
    for (int i = 0; i < n; i++)
        out[i] = (out[i] - sum / n) / most;
    return true;
}

static double correlation(const double *x, const double *y, int n)
{
    double xy = 0, xx = 0, yy = 0, r = NAN;

    if (n < 2)
        return NAN;
    double *u = xalloc((size_t)n, sizeof *u), *v = xalloc((size_t)n, sizeof *v);
    if (center(u, x, n) && center(v, y, n)) {
        for (int i = 0; i < n; i++) {
            xy += u[i] * v[i];
            xx += u[i] * u[i];
            yy += v[i] * v[i];
        }
        r = fmax(-1, fmin(1, xy / (sqrt(xx) * sqrt(yy))));
    }
    free(u);
    free(v);
    return r;
}

static double pearson(const struct outcome *o)
{
    return correlation(o->value, o->target, o->n);
}

struct ranked {
    double x;
    int at;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct ranked *)a)->x, y = ((const struct ranked *)b)->x;

    return x < y ? -1 : x > y;
}

double *metric_ranks(const double *x, int n)
{
    struct ranked *r = xalloc((size_t)n, sizeof *r);
    double *out = xalloc((size_t)n, sizeof *out);
    bool bad = false;

    for (int i = 0; i < n; i++) {
        r[i] = (struct ranked){ x[i], i };
        bad |= isnan(x[i]) != 0;
    }
    if (!bad)
        qsort(r, (size_t)n, sizeof *r, by_value);
    for (int i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && r[j].x == r[i].x;)
            j++;
        for (int k = i; k < j; k++)
            out[r[k].at] = bad ? NAN : 0.5 * (i + 1 + (double)j);
    }
    free(r);
    return out;
}

static double spearman(const struct outcome *o)
{
    if (o->n < 2)
        return NAN;
    double *x = metric_ranks(o->value, o->n), *y = metric_ranks(o->target, o->n);
    double r = correlation(x, y, o->n);

    free(x);
    free(y);
    return r;
}

static double mse(const struct outcome *o)
{
    double sum = 0;

    for (int i = 0; i < o->n; i++) {
        double d = o->value[i] - o->target[i];
        sum += d * d;
    }
    return o->n ? sum / o->n : NAN;
}

const struct metric metric_accuracy = {
    .name = "accuracy", .source = "share of correct guesses", .goal = GOAL_MAX, .score = accuracy
};
const struct metric metric_f1 = { .name = "f1",
                                  .source = "F1 of class 1, as in GLUE: 2 tp / (2 tp + fp + fn)",
                                  .goal = GOAL_MAX,
                                  .binary = true,
                                  .score = f1 };
const struct metric metric_f1_macro = { .name = "f1_macro",
                                        .source =
                                            "mean F1 of the classes that occur or are guessed",
                                        .goal = GOAL_MAX,
                                        .score = f1_macro };
const struct metric metric_matthews = { .name = "matthews",
                                        .source = "R_K of Gorodkin 2004, 0 where it is undefined",
                                        .goal = GOAL_MAX,
                                        .score = matthews };
const struct metric metric_pearson = { .name = "pearson",
                                       .source = "Pearson's r",
                                       .goal = GOAL_MAX,
                                       .of = METRIC_OF_TARGETS,
                                       .score = pearson };
const struct metric metric_spearman = { .name = "spearman",
                                        .source = "Pearson's r of the ranks, ties averaged",
                                        .goal = GOAL_MAX,
                                        .of = METRIC_OF_TARGETS,
                                        .score = spearman };
const struct metric metric_mse = { .name = "mse",
                                   .source = "mean squared error",
                                   .goal = GOAL_MIN,
                                   .of = METRIC_OF_TARGETS,
                                   .score = mse };
