/* porter.c - Porter's stemmer as NLTK has it. */
#include "core/words/porter.h"
#include "core/base/base.h"

#include <string.h>

/* A word that is being shortened: the first N characters of S. */
struct stem {
    char *s;
    size_t n;
};

static bool is_consonant(const struct stem *w, size_t i)
{
    bool consonant = false;

    for (size_t k = i + 1; k-- > 0;) { /* back to the last letter that is not 'y' */
        if (w->s[k] != 'y') {
            bool here = !strchr("aeiou", w->s[k]);
            return (i - k) % 2 == 0 ? here : !here;
        }
        consonant = (i - k) % 2 == 0; /* of a word that begins with 'y' */
    }
    return consonant;
}

/* How often a consonant follows a vowel in the first N characters: Porter's m. */
static int measure(const struct stem *w, size_t n)
{
    int m = 0;
    bool vowel = false;

    for (size_t i = 0; i < n; i++) {
        bool consonant = w->s[i] == 'y' ? i == 0 || vowel : !strchr("aeiou", w->s[i]);
        m += vowel && consonant;
        vowel = !consonant;
    }
    return m;
}

static bool has_vowel(const struct stem *w, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!is_consonant(w, i))
            return true;
    return false;
}

static bool ends_cvc(const struct stem *w, size_t n)
{
    if (n == 2)
        return !is_consonant(w, 0) && is_consonant(w, 1);
    return n >= 3 && is_consonant(w, n - 3) && !is_consonant(w, n - 2) && is_consonant(w, n - 1) &&
           !strchr("wxy", w->s[n - 1]);
}

static bool ends(const struct stem *w, const char *suffix)
{
    size_t k = strlen(suffix);

    return w->n >= k && memcmp(w->s + w->n - k, suffix, k) == 0;
}

/* Put TO in the place of the last FROM characters. */
static void put(struct stem *w, size_t from, const char *to)
{
    memcpy(w->s + w->n - from, to, strlen(to));
    w->n = w->n - from + strlen(to);
}

struct rule {
    const char *suffix, *to;
};

/* The first rule whose suffix W has decides: it is applied if the measure of the rest is above
 * LEAST. */
static void apply(struct stem *w, const struct rule *r, int least)
{
    while (r->suffix && !ends(w, r->suffix))
        r++;
    if (!r->suffix)
        return;
    size_t rest = w->n - strlen(r->suffix);
    bool fits = measure(w, rest) > least;
    if (strcmp(r->suffix, "ion") == 0)
        fits = fits && rest > 0 && strchr("st", w->s[rest - 1]);
    if (strcmp(r->suffix, "logi") == 0)
        fits = measure(w, rest + 1) > least;
    if (fits)
        put(w, strlen(r->suffix), r->to);
}

static void step_1a(struct stem *w)
{
    static const struct rule rules[] = {
        { "sses", "ss" }, { "ies", "i" }, { "ss", "ss" }, { "s", "" }, { NULL, NULL }
    };

    if (w->n == 4 && ends(w, "ies"))
        put(w, 1, "");
    else
        apply(w, rules, -1);
}

/* After "ed" or "ing" was cut off. */
static void mend(struct stem *w)
{
    char last = w->s[w->n - 1];

    if (ends(w, "at") || ends(w, "bl") || ends(w, "iz"))
        put(w, 0, "e");
    else if (w->n >= 2 && last == w->s[w->n - 2] && is_consonant(w, w->n - 1))
        put(w, strchr("lsz", last) ? 0 : 1, "");
    else if (measure(w, w->n) == 1 && ends_cvc(w, w->n))
        put(w, 0, "e");
}

static void step_1b(struct stem *w)
{
    if (ends(w, "ied")) {
        put(w, w->n == 4 ? 1 : 2, "");
    } else if (ends(w, "eed")) {
        if (measure(w, w->n - 3) > 0)
            put(w, 1, "");
    } else {
        size_t cut = ends(w, "ed") ? 2 : ends(w, "ing") ? 3 : 0;
        if (cut && has_vowel(w, w->n - cut)) {
            put(w, cut, "");
            mend(w);
        }
    }
}

static void step_2(struct stem *w)
{
    static const struct rule rules[] = {
        { "ational", "ate" }, { "tional", "tion" }, { "enci", "ence" },   { "anci", "ance" },
        { "izer", "ize" },    { "bli", "ble" },     { "alli", "al" },     { "entli", "ent" },
        { "eli", "e" },       { "ousli", "ous" },   { "ization", "ize" }, { "ation", "ate" },
        { "ator", "ate" },    { "alism", "al" },    { "iveness", "ive" }, { "fulness", "ful" },
        { "ousness", "ous" }, { "aliti", "al" },    { "iviti", "ive" },   { "biliti", "ble" },
        { "fulli", "ful" },   { "logi", "log" },    { NULL, NULL }
    };

    while (ends(w, "alli") && measure(w, w->n - 4) > 0)
        put(w, 2, "");
    apply(w, rules, 0);
}

static void steps_3_and_4(struct stem *w)
{
    static const struct rule third[] = { { "icate", "ic" }, { "ative", "" },  { "alize", "al" },
                                         { "iciti", "ic" }, { "ical", "ic" }, { "ful", "" },
                                         { "ness", "" },    { NULL, NULL } };
    static const struct rule fourth[] = {
        { "al", "" },   { "ance", "" }, { "ence", "" }, { "er", "" },    { "ic", "" },
        { "able", "" }, { "ible", "" }, { "ant", "" },  { "ement", "" }, { "ment", "" },
        { "ent", "" },  { "ion", "" },  { "ou", "" },   { "ism", "" },   { "ate", "" },
        { "iti", "" },  { "ous", "" },  { "ive", "" },  { "ize", "" },   { NULL, NULL }
    };

    apply(w, third, 0);
    apply(w, fourth, 1);
}

static void step_5(struct stem *w)
{
    if (ends(w, "e")) {
        int m = measure(w, w->n - 1);
        if (m > 1 || (m == 1 && !ends_cvc(w, w->n - 1)))
            put(w, 1, "");
    }
    if (ends(w, "ll") && measure(w, w->n - 1) > 1)
        put(w, 1, "");
}

void porter_stem(char *s)
{
    static const struct rule irregular[] = {
        { "skies", "sky" },       { "sky", "sky" },          { "dying", "die" },
        { "lying", "lie" },       { "tying", "tie" },        { "news", "news" },
        { "innings", "inning" },  { "inning", "inning" },    { "outings", "outing" },
        { "outing", "outing" },   { "cannings", "canning" }, { "canning", "canning" },
        { "howe", "howe" },       { "proceed", "proceed" },  { "exceed", "exceed" },
        { "succeed", "succeed" },
    };
    struct stem w = { s, strlen(s) };

    for (size_t i = 0; i < ARRAY_LEN(irregular); i++)
        if (strcmp(s, irregular[i].suffix) == 0) {
            strcpy(s, irregular[i].to);
            return;
        }
    if (w.n <= 2)
        return;
    step_1a(&w);
    step_1b(&w);
    if (ends(&w, "y") && w.n > 2 && is_consonant(&w, w.n - 2))
        put(&w, 1, "i");
    step_2(&w);
    steps_3_and_4(&w);
    step_5(&w);
    s[w.n] = 0;
}
