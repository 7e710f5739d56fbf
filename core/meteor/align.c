/* align.c - METEOR's matches and its beam search.
 *
 * The search is the original's, including what looks accidental, because it decides about ties:
 * sums of weighted matches are whole numbers, rounded down at each step; and the distance of a
 * match that is chosen is added to the path that it was chosen from. */
#include "core/meteor/align.h"

#include <stdlib.h>
#include <string.h>

enum { BEAM = 40 };

/* LENGTH words of the reference from START on match HYP_LENGTH words of the hypothesis from
 * HYP_START on. NEXT: the next match that starts there. */
struct match {
    int kind, start, length, hyp_start, hyp_length, next;
};
struct stage {
    const struct align_word *words;
    const int *hyp, *ref;
    int n_hyp, n_ref;
    struct match *m;
    int n, cap, *head, *tail; /* per start */
    int *hyp_cover, *ref_cover;
    bool too_many;
};

static void add_match(struct stage *s, struct match m)
{
    if (s->n >= ALIGN_MOST) {
        s->too_many = true;
        return;
    }
    if (s->n == s->cap) {
        s->cap = s->cap ? 2 * s->cap : 64;
        s->m = xgrow(s->m, (size_t)s->cap, sizeof *s->m);
    }
    m.next = -1;
    if (s->tail[m.start] >= 0)
        s->m[s->tail[m.start]].next = s->n;
    else
        s->head[m.start] = s->n;
    s->tail[m.start] = s->n;
    s->m[s->n++] = m;
    for (int k = 0; k < m.hyp_length; k++)
        s->hyp_cover[m.hyp_start + k]++;
    for (int k = 0; k < m.length; k++)
        s->ref_cover[m.start + k]++;
}

static bool share_synset(const int *a, const int *b)
{
    for (int i = 1, j = 1; i <= a[0] && j <= b[0];)
        if (a[i] == b[j])
            return true;
        else if (a[i] < b[j])
            i++;
        else
            j++;
    return false;
}

static bool words_match(const struct align_word *a, const struct align_word *b, int kind)
{
    switch (kind) {
    case MATCH_EXACT: return a->hash == b->hash;
    case MATCH_STEM: return a->stem_hash == b->stem_hash && a->hash != b->hash;
    default: return a->hash != b->hash && share_synset(a->synsets, b->synsets);
    }
}

static void match_words(struct stage *s, int kind)
{
    for (int j = 0; j < s->n_ref; j++)
        for (int i = 0; i < s->n_hyp; i++)
            if (words_match(&s->words[s->hyp[i]], &s->words[s->ref[j]], kind))
                add_match(s, (struct match){ kind, j, 1, i, 1, -1 });
}

/* Where a phrase of A has a paraphrase in B; FROM_REF: A is the reference. */
static void match_phrases(struct stage *s, const struct paraphrases *p, bool from_ref)
{
    const int *a = from_ref ? s->ref : s->hyp, *b = from_ref ? s->hyp : s->ref;
    int n_a = from_ref ? s->n_ref : s->n_hyp, n_b = from_ref ? s->n_hyp : s->n_ref;

    for (int j = 0; j < n_a; j++)
        for (int g = -1, k = 0; j + k < n_a && (g = paraphrases_find(p, g, a[j + k])) >= 0; k++)
            for (int x = paraphrases_head(p, g); x >= 0; x = p->p[x].next) {
                const int *words = p->words + p->p[x].first;
                int n = p->p[x].n;
                for (int i = 0; i + n <= n_b; i++) {
                    if (memcmp(b + i, words, (size_t)n * sizeof *words) != 0)
                        continue;
                    add_match(s, from_ref ? (struct match){ MATCH_PARAPHRASE, j, k + 1, i, n, -1 }
                                          : (struct match){ MATCH_PARAPHRASE, i, n, j, k + 1, -1 });
                }
            }
}

static bool same_text(const struct stage *s)
{
    if (s->n_hyp != s->n_ref)
        return false;
    for (int i = 0; i < s->n_hyp; i++)
        if (s->words[s->hyp[i]].hash != s->words[s->ref[i]].hash)
            return false;
    return true;
}

/* --- the search from left to right in the reference */

/* CHOSEN [n_ref]: the match that starts there, or -1. USED: words of the reference, then of the
 * hypothesis. */
struct path {
    int weight, chunks, distance, idx, last_end;
    long order; /* for a stable sort */
    int *chosen;
    unsigned char *used;
};

static struct path *path_new(const struct stage *s, const struct path *from)
{
    size_t n_chosen = (size_t)s->n_ref * sizeof(int), n_used = (size_t)(s->n_ref + s->n_hyp);
    struct path *p = xalloc(1, sizeof *p + n_chosen + n_used);

    if (from)
        *p = *from;
    else
        p->last_end = -1;
    p->chosen = (int *)(void *)(p + 1);
    p->used = (unsigned char *)(p->chosen + s->n_ref);
    if (from) {
        memcpy(p->chosen, from->chosen, n_chosen);
        memcpy(p->used, from->used, n_used);
    } else {
        for (int i = 0; i < s->n_ref; i++)
            p->chosen[i] = -1;
    }
    return p;
}

static void path_use(const struct stage *s, struct path *p, int match)
{
    const struct match *m = &s->m[match];

    p->chosen[m->start] = match;
    memset(p->used + m->start, 1, (size_t)m->length);
    memset(p->used + s->n_ref + m->hyp_start, 1, (size_t)m->hyp_length);
}

static bool path_uses(const struct stage *s, const struct path *p, const struct match *m)
{
    return memchr(p->used + m->start, 1, (size_t)m->length) ||
           memchr(p->used + s->n_ref + m->hyp_start, 1, (size_t)m->hyp_length);
}

static int distance_of(const struct match *m)
{
    return abs(m->start - m->hyp_start);
}

/* The counts of P after match M. */
static void path_count(struct path *p, const struct match *m)
{
    double weight = m->kind == MATCH_EXACT ? 1 : 0.5;

    p->weight += (int)(m->hyp_length * weight) + (int)(m->length * weight);
    if (p->last_end != -1 && m->hyp_start != p->last_end)
        p->chunks++;
    p->idx = m->start + m->length;
    p->last_end = m->hyp_start + m->hyp_length;
}

/* Matches that exclude no other one are certain. */
static struct path *first_path(const struct stage *s)
{
    struct path *p = path_new(s, NULL);

    for (int i = 0; i < s->n_ref; i++) {
        if (s->head[i] < 0 || s->head[i] != s->tail[i])
            continue;
        const struct match *m = &s->m[s->head[i]];
        bool alone = true;
        for (int k = 0; k < m->length; k++)
            alone = alone && s->ref_cover[i + k] == 1;
        for (int k = 0; k < m->hyp_length; k++)
            alone = alone && s->hyp_cover[m->hyp_start + k] == 1;
        if (alone)
            path_use(s, p, s->head[i]);
    }
    return p;
}

struct paths {
    struct path **p;
    int n, cap;
};

static void paths_add(struct paths *l, struct path *p)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? 2 * l->cap : 128;
        l->p = xgrow(l->p, (size_t)l->cap, sizeof(struct path *));
    }
    p->order = l->n;
    l->p[l->n++] = p;
}

static int by_rank(const void *a, const void *b)
{
    const struct path *x = *(struct path *const *)a, *y = *(struct path *const *)b;

    if (x->weight != y->weight)
        return x->weight > y->weight ? -1 : 1;
    if (x->chunks != y->chunks)
        return x->chunks < y->chunks ? -1 : 1;
    if (x->distance != y->distance)
        return x->distance < y->distance ? -1 : 1;
    return x->order < y->order ? -1 : 1;
}

/* Go on with P, which is given away, at word AT of the reference. */
static void path_step(const struct stage *s, struct path *p, int at, struct paths *next)
{
    if (p->used[at]) {
        int fixed = at >= p->idx ? p->chosen[p->idx] : -1;
        if (at >= p->idx && fixed < 0) {
            free(p);
            return;
        }
        if (fixed >= 0) {
            path_count(p, &s->m[fixed]);
            p->distance += distance_of(&s->m[fixed]);
        }
        paths_add(next, p);
        return;
    }
    for (int i = s->head[at]; i >= 0; i = s->m[i].next) {
        if (path_uses(s, p, &s->m[i]))
            continue;
        struct path *q = path_new(s, p);
        path_use(s, q, i);
        path_count(q, &s->m[i]);
        p->distance += distance_of(&s->m[i]);
        paths_add(next, q);
    }
    if (p->last_end != -1) {
        p->chunks++;
        p->last_end = -1;
    }
    p->idx++;
    paths_add(next, p);
}

/* The best path, which the caller frees. */
static struct path *search(const struct stage *s)
{
    struct paths now = { 0 }, next = { 0 };

    paths_add(&next, first_path(s));
    for (int at = 0; at < s->n_ref; at++) {
        struct paths old = now;
        now = next;
        next = old;
        next.n = 0;
        qsort(now.p, (size_t)now.n, sizeof(struct path *), by_rank);
        struct path *best = path_new(s, now.p[0]); /* in case that no path goes on */
        for (int i = 0; i < now.n; i++)
            if (i < BEAM)
                path_step(s, now.p[i], at, &next);
            else
                free(now.p[i]);
        if (next.n == 0)
            paths_add(&next, best);
        else
            free(best);
    }
    qsort(next.p, (size_t)next.n, sizeof(struct path *), by_rank);
    if (next.n > BEAM) {
        for (int i = BEAM; i < next.n; i++)
            free(next.p[i]);
        next.n = BEAM;
    }
    for (int i = 0; i < next.n; i++) {
        next.p[i]->chunks += next.p[i]->last_end != -1;
        next.p[i]->order = i;
    }
    qsort(next.p, (size_t)next.n, sizeof(struct path *), by_rank);
    struct path *best = next.p[0];
    for (int i = 1; i < next.n; i++)
        free(next.p[i]);
    free(next.p);
    free(now.p);
    return best;
}

static void count_result(struct alignment *a, const struct stage *s, const int *chosen)
{
    int last_end = -1;

    *a = (struct alignment){ 0 };
    for (int i = 0; i < s->n_ref; i++) {
        const struct match *m = chosen[i] >= 0 ? &s->m[chosen[i]] : NULL;
        for (int k = 0; m && k < m->hyp_length; k++)
            ++*(s->words[s->hyp[m->hyp_start + k]].function ? &a->function[0][m->kind]
                                                            : &a->content[0][m->kind]);
        for (int k = 0; m && k < m->length; k++)
            ++*(s->words[s->ref[m->start + k]].function ? &a->function[1][m->kind]
                                                        : &a->content[1][m->kind]);
    }
    for (int i = 0; i < s->n_ref;) {
        const struct match *m = chosen[i] >= 0 ? &s->m[chosen[i]] : NULL;
        if (last_end != -1 && (!m || m->hyp_start != last_end))
            a->chunks++;
        last_end = m ? m->hyp_start + m->hyp_length : -1;
        i += m ? m->length : 1;
    }
    a->chunks += last_end != -1;
}

bool align(struct alignment *a, const struct align_word *words, const struct paraphrases *p,
           const int *hyp, int n_hyp, const int *ref, int n_ref)
{
    struct stage s = { .words = words, .hyp = hyp, .ref = ref, .n_hyp = n_hyp, .n_ref = n_ref };
    int *room = xalloc(3 * (size_t)n_ref + (size_t)n_hyp + 1, sizeof *room);

    s.head = room;
    s.tail = room + n_ref;
    s.ref_cover = room + 2 * n_ref;
    s.hyp_cover = room + 3 * n_ref;
    for (int i = 0; i < n_ref; i++)
        s.head[i] = s.tail[i] = -1;
    match_words(&s, MATCH_EXACT);
    if (!same_text(&s)) { /* else exact matches are enough */
        match_words(&s, MATCH_STEM);
        match_words(&s, MATCH_SYNONYM);
        if (p) {
            match_phrases(&s, p, true);
            match_phrases(&s, p, false);
        }
    }
    if (!s.too_many) {
        struct path *best = search(&s);
        count_result(a, &s, best->chosen);
        free(best);
    }
    free(s.m);
    free(room);
    return !s.too_many;
}
