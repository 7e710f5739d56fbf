/* ter.c - TER (Snover et al. 2006): the fewest edits - insertions, deletions, substitutions, and
 * shifts of a sequence of words - that make the hypothesis one of the references, divided by the
 * mean length of the references. Which shifts are tried and which one is taken follows tercom as
 * sacrebleu has it. */
#include "core/score/score.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHIFT = 10, MOST_DISTANCE = 50, WIDTH = 25, MOST_CANDIDATES = 1000 };
enum { EDITS, LENGTH, STATS };
enum op { UNDEFINED, KEEP, SUBSTITUTE, DELETE, INSERT };

/* A hypothesis against one reference. TABLE [(n_hyp + 1) (n_ref + 1)]: fewest edits of the first i
 * words to the first j, and the last of them. After trace(): which words are wrong, and after which
 * word of the hypothesis each word of the reference comes. */
struct cell {
    int edits;
    enum op op;
};
struct ter {
    const int *ref;
    int n_hyp, n_ref, candidates;
    struct cell *table;
    int *align;
    bool *hyp_wrong, *ref_wrong;
};

static struct cell *cell_of(const struct ter *t, int i, int j)
{
    return &t->table[(size_t)i * (size_t)(t->n_ref + 1) + (size_t)j];
}

static void improve(struct cell *c, const struct cell *from, int cost, enum op op)
{
    if (from->edits != INT_MAX && c->edits > from->edits + cost)
        *c = (struct cell){ from->edits + cost, op };
}

/* The edit distance, looking only at pairs of words near the diagonal. */
static int distance(struct ter *t, const int *hyp)
{
    int n = t->n_hyp, m = t->n_ref;
    double ratio = n > 0 ? (double)m / n : 1;
    int width = WIDTH < ratio / 2 ? (int)ceil(ratio / 2 + WIDTH) : WIDTH;

    for (int j = 0; j <= m; j++)
        *cell_of(t, 0, j) = (struct cell){ j, INSERT };
    for (int i = 1; i <= n; i++) {
        int middle = (int)floor(i * ratio), low = middle - width, high = middle + width;
        low = low < 0 ? 0 : low;
        high = i == n || high > m + 1 ? m + 1 : high;
        for (int j = 0; j <= m; j++)
            *cell_of(t, i, j) = (struct cell){ INT_MAX, UNDEFINED };
        for (int j = low; j < high; j++) {
            struct cell *c = cell_of(t, i, j);
            if (j == 0) {
                *c = (struct cell){ cell_of(t, i - 1, 0)->edits + 1, DELETE };
                continue;
            }
            bool same = hyp[i - 1] == t->ref[j - 1];
            improve(c, cell_of(t, i - 1, j - 1), !same, same ? KEEP : SUBSTITUTE);
            improve(c, cell_of(t, i - 1, j), 1, DELETE);
            improve(c, cell_of(t, i, j - 1), 1, INSERT);
        }
    }
    return cell_of(t, n, m)->edits;
}

static void trace(struct ter *t)
{
    int i = t->n_hyp, j = t->n_ref;

    while (i > 0 || j > 0) {
        enum op op = cell_of(t, i, j)->op;
        CHECK(op != UNDEFINED, "no way to %d, %d", i, j);
        if (op != INSERT) {
            i--;
            t->hyp_wrong[i] = op != KEEP;
        }
        if (op != DELETE) {
            j--;
            t->align[j] = op == INSERT ? i - 1 : i;
            t->ref_wrong[j] = op != KEEP;
        }
    }
}

/* TO becomes FROM with LENGTH words from START on moved to TARGET. */
static void move_words(int *to, const int *from, int n, int start, int length, int target)
{
    int rest = start + length, k = 0;
    /* what comes before the moved words, in the order of FROM without them */
    int before = target < start  ? target
                 : target > rest ? target - length
                                 : (target + length > n ? n : target + length) - length;

    for (int i = 0; i < n; i++) {
        if (k == before)
            for (int w = 0; w < length; w++)
                to[k++] = from[start + w];
        if (i < start || i >= rest)
            to[k++] = from[i];
    }
    for (int w = 0; k < n; w++)
        to[k++] = from[start + w];
}

static bool any(const bool *x, int first, int n)
{
    for (int i = 0; i < n; i++)
        if (x[first + i])
            return true;
    return false;
}

/* A shift: by how much it improves the distance, and what it does. */
struct shift {
    int gain, start, length, target;
};

static bool is_better(const struct shift *a, const struct shift *b)
{
    if (a->gain != b->gain)
        return a->gain > b->gain;
    if (a->length != b->length)
        return a->length > b->length;
    if (a->start != b->start)
        return a->start < b->start;
    return a->target < b->target;
}

/* Try to put words START ... of the hypothesis, which equal words R ... of the reference, where
 * they would be right. */
static void try_targets(struct ter *t, const int *hyp, int *moved, int pre, int start, int r,
                        int length, struct shift *best, const int *align)
{
    int last = -1;

    for (int offset = -1; offset < length; offset++) {
        if (r + offset >= t->n_ref)
            break;
        int target = r + offset == -1 ? 0 : align[r + offset] + 1;
        if (target == last)
            continue;
        last = target;
        move_words(moved, hyp, t->n_hyp, start, length, target);
        struct shift s = { pre - distance(t, moved), start, length, target };
        t->candidates++;
        if (best->length == 0 || is_better(&s, best))
            *best = s;
    }
}

/* The best shift of HYP; its length is 0 if there is none. */
static struct shift find_shift(struct ter *t, const int *hyp, int *moved)
{
    struct shift best = { 0 };
    int pre = distance(t, hyp);

    trace(t);
    for (int start = 0; start < t->n_hyp; start++)
        for (int r = 0; r < t->n_ref; r++) {
            if (abs(r - start) > MOST_DISTANCE)
                continue;
            for (int length = 1;
                 length <= MOST_SHIFT && start + length <= t->n_hyp && r + length <= t->n_ref &&
                 hyp[start + length - 1] == t->ref[r + length - 1];
                 length++) {
                if (!any(t->hyp_wrong, start, length) || !any(t->ref_wrong, r, length) ||
                    (t->align[r] >= start && t->align[r] < start + length))
                    continue;
                try_targets(t, hyp, moved, pre, start, r, length, &best, t->align);
                if (t->candidates >= MOST_CANDIDATES)
                    return best;
            }
        }
    return best;
}

static int edits(const int *hyp, int n_hyp, const int *ref, int n_ref)
{
    if (n_ref == 0)
        return n_hyp;
    struct ter t = { .ref = ref, .n_hyp = n_hyp, .n_ref = n_ref };
    t.table = xalloc((size_t)(n_hyp + 1) * (size_t)(n_ref + 1), sizeof *t.table);
    t.align = xalloc((size_t)n_ref, sizeof *t.align);
    t.hyp_wrong = xalloc((size_t)n_hyp + 1, sizeof *t.hyp_wrong);
    t.ref_wrong = xalloc((size_t)n_ref, sizeof *t.ref_wrong);
    int *now = xalloc(2 * (size_t)n_hyp + 1, sizeof *now), *moved = now + n_hyp, shifts = 0;
    memcpy(now, hyp, (size_t)n_hyp * sizeof *now);
    for (;;) {
        struct shift s = find_shift(&t, now, moved);
        if (t.candidates >= MOST_CANDIDATES || s.length == 0 || s.gain <= 0)
            break;
        move_words(moved, now, n_hyp, s.start, s.length, s.target);
        memcpy(now, moved, (size_t)n_hyp * sizeof *now);
        shifts++;
    }
    int total = shifts + distance(&t, now);
    free(t.table);
    free(t.align);
    free(t.hyp_wrong);
    free(t.ref_wrong);
    free(now);
    return total;
}

static double ter_total(const double *s)
{
    return s[LENGTH] > 0 ? s[EDITS] / s[LENGTH] : s[EDITS] > 0;
}

static double ter_percent(const double *s)
{
    return 100 * ter_total(s);
}

static int measure(struct score_job *job, words_fn *tokenizer, double *stats, double *segment,
                   double (*total)(const double *))
{
    const struct score_words *w = score_words(job, tokenizer);
    const struct score_texts *t = score_texts(job);

    for (int i = 0; i < t->n; i++) {
        double *s = stats + (size_t)i * STATS, length = 0;
        s[EDITS] = INFINITY;
        for (int r = t->first[i]; r < t->first[i + 1]; r++) {
            int n = edits(words_of(&w->hyp, i), words_count(&w->hyp, i), words_of(&w->ref, r),
                          words_count(&w->ref, r));
            s[EDITS] = fmin(s[EDITS], n);
            length += words_count(&w->ref, r);
        }
        s[LENGTH] = length / (t->first[i + 1] - t->first[i]);
        segment[i] = total(s);
    }
    return 0;
}

static int plain_percent(struct score_job *job, double *stats, double *segment)
{
    return measure(job, words_lower, stats, segment, ter_percent);
}

static int normalized_percent(struct score_job *job, double *stats, double *segment)
{
    return measure(job, words_tercom, stats, segment, ter_percent);
}

static int plain(struct score_job *job, double *stats, double *segment)
{
    return measure(job, words_lower, stats, segment, ter_total);
}

const struct score_kind score_kind_sacre_ter = {
    .name = "sacre_ter",
    .label = "TER",
    .family = "sacrebleu",
    .source = "sacrebleu's TER",
    .order = 4,
    .decimals = 2,
    .goal = GOAL_MIN,
    .n_stats = STATS,
    .measure = plain_percent,
    .total = ter_percent,
};
const struct score_kind score_kind_sacre_ter_norm = {
    .name = "sacre_ter_norm",
    .label = "TER, normalized",
    .family = "sacrebleu",
    .source = "sacrebleu's TER with normalized=True: tercom's tokenizer",
    .order = 5,
    .decimals = 2,
    .goal = GOAL_MIN,
    .n_stats = STATS,
    .measure = normalized_percent,
    .total = ter_percent,
};
const struct score_kind score_kind_webnlg_ter = {
    .name = "webnlg_ter",
    .label = "TER",
    .family = "webnlg",
    .source = "tercom.7.25.jar, as WebNLG's evaluation calls it (by sacrebleu's algorithm)",
    .order = 3,
    .decimals = 4,
    .goal = GOAL_MIN,
    .n_stats = STATS,
    .measure = plain,
    .total = ter_total,
};
const struct score_kind score_kind_dart_ter = {
    .name = "dart_ter",
    .label = "TER",
    .family = "dart",
    .source = "tercom.7.25.jar, as DART's evaluation calls it (by sacrebleu's algorithm)",
    .order = 3,
    .decimals = 4,
    .goal = GOAL_MIN,
    .n_stats = STATS,
    .measure = plain,
    .total = ter_total,
};
