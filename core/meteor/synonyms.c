/* synonyms.c - which words share a synset. */
#include "core/meteor/tables.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

/* Add X to a list whose first number says how many follow. */
static int *list_add(int *list, int x)
{
    int n = list ? list[0] : 0;

    list = xgrow(list, (size_t)n + 2, sizeof *list);
    list[0] = n + 1;
    list[n + 1] = x;
    return list;
}

static int add_word(struct vocabulary *v, int ***lists, const char *word)
{
    int before = v->n, id = vocabulary_id(v, word, strlen(word));

    if (v->n > before) {
        if ((id & (id - 1)) == 0)
            *lists = xgrow(*lists, id ? 2 * (size_t)id : 1, sizeof **lists);
        (*lists)[id] = NULL;
    }
    return id;
}

static void add_numbers(struct synonyms *s, const char *word, char *numbers)
{
    int id = add_word(&s->words, &s->synsets, word);

    for (char *save, *n = strtok_r(numbers, " ", &save); n; n = strtok_r(NULL, " ", &save))
        s->synsets[id] = list_add(s->synsets[id], atoi(n));
}

/* FORMS are irregular forms of BASE, separated by spaces. A base without synsets says nothing but
 * that the rules do not apply. */
static void add_form(struct synonyms *s, const char *form, const char *base)
{
    int id = add_word(&s->forms, &s->bases, form);

    s->bases[id] = list_add(s->bases[id], add_word(&s->words, &s->synsets, base));
}

int synonyms_from_jar(struct synonyms *s, const char *jar)
{
    char *synsets = table_member(jar, "synonym/english.synsets"),
         *forms = synsets ? table_member(jar, "synonym/english.exceptions") : NULL, *p = synsets;

    *s = (struct synonyms){ 0 };
    if (forms) {
        for (char *word, *list; (word = table_line(&p)) && (list = table_line(&p));)
            add_numbers(s, word, list);
        p = forms;
        for (char *base, *list, *save; (base = table_line(&p)) && (list = table_line(&p));)
            for (char *f = strtok_r(list, " ", &save); f; f = strtok_r(NULL, " ", &save))
                add_form(s, f, base);
    }
    free(synsets);
    int rc = forms ? 0 : -1;
    free(forms);
    return rc;
}

/* A line of index.POS: word, part of speech, number of synsets N, ..., and at the end N offsets. */
static int read_index_line(struct synonyms *s, char *line, const char *path, int at)
{
    char *word = strsep(&line, " "), *pos = strsep(&line, " "), *count = strsep(&line, " ");
    int n = count ? atoi(count) : 0, spaces = 0;

    for (char *p = line; p && *p; p++)
        spaces += *p == ' ' && p[1] && p[1] != ' ';
    if (!pos || n < 1 || spaces < n)
        return fail(FAIL_INPUT, "%s:%d: not a line of WordNet's index", path, at);
    for (int skip = spaces + 1 - n; skip > 0; skip--)
        strsep(&line, " ");
    add_numbers(s, word, line);
    return 0;
}

static int read_part(struct synonyms *s, const char *dir, const char *pos)
{
    char *path = xprintf("%s/index.%s", dir, pos), *forms = xprintf("%s/%s.exc", dir, pos), *p;
    char *index = table_file(path), *exceptions = index ? table_file(forms) : NULL;
    int rc = exceptions ? 0 : -1;

    p = index;
    for (int at = 1; rc == 0; at++) {
        char *line = table_line(&p);
        if (!line)
            break;
        if (*line && *line != ' ')
            rc = read_index_line(s, line, path, at);
    }
    p = exceptions;
    for (char *line, *save; rc == 0 && (line = table_line(&p));) {
        char *form = strtok_r(line, " ", &save);
        for (char *b = form ? strtok_r(NULL, " ", &save) : NULL; b; b = strtok_r(NULL, " ", &save))
            add_form(s, form, b);
    }
    free(index);
    free(exceptions);
    free(path);
    free(forms);
    return rc;
}

int synonyms_from_wordnet(struct synonyms *s, const char *dir)
{
    static const char *const parts[] = { "noun", "verb", "adj", "adv" };

    *s = (struct synonyms){ 0 };
    if (!file_in(dir, "index.noun"))
        return fail(FAIL_TOOL, "no WordNet in '%s' (apt-get install wordnet-base)", dir);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (read_part(s, dir, parts[i]) != 0) {
            synonyms_free(s);
            return -1;
        }
    return 0;
}

void synonyms_free(struct synonyms *s)
{
    for (int i = 0; i < s->words.n; i++)
        free(s->synsets[i]);
    for (int i = 0; i < s->forms.n; i++)
        free(s->bases[i]);
    free(s->synsets);
    free(s->bases);
    vocabulary_free(&s->words);
    vocabulary_free(&s->forms);
    *s = (struct synonyms){ 0 };
}

static int find_word(const struct synonyms *s, const char *word)
{
    int id = vocabulary_find(&s->words, word, strlen(word));

    return id >= 0 && s->synsets[id] ? id : -1;
}

/* What WordNet's rules of detachment make of WORD: the number of a known word, or -1. As in the
 * original, a word that ends in "ful" gets that again after its ending was replaced. */
static int detach(const struct synonyms *s, const char *word)
{
    static const struct {
        const char *ending, *to;
    } rules[] = { { "s", "" },      { "ses", "s" },   { "xes", "x" },   { "zes", "z" },
                  { "ches", "ch" }, { "shes", "sh" }, { "men", "man" }, { "ies", "y" },
                  { "s", "" },      { "ies", "y" },   { "es", "e" },    { "es", "" },
                  { "ed", "e" },    { "ed", "" },     { "ing", "e" },   { "ing", "" },
                  { "er", "" },     { "est", "" },    { "er", "e" },    { "est", "e" } };
    size_t n = strlen(word);
    bool ful = n >= 3 && strcmp(word + n - 3, "ful") == 0;

    if ((n >= 2 && strcmp(word + n - 2, "ss") == 0) || n <= 2)
        return find_word(s, word);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        size_t k = strlen(rules[i].ending);
        if (n < k || strcmp(word + n - k, rules[i].ending) != 0)
            continue;
        char *base = xprintf("%.*s%s", (int)(n - k), word, rules[i].to);
        bool known = find_word(s, base) >= 0;
        char *whole = xprintf("%s%s", base, ful ? "ful" : "");
        int id = find_word(s, whole);
        free(base);
        free(whole);
        if (known)
            return id;
    }
    return -1;
}

static int by_int(const void *a, const void *b)
{
    return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b);
}

static int *add_synsets(const struct synonyms *s, int *list, int word)
{
    for (int i = 1; word >= 0 && s->synsets[word] && i <= s->synsets[word][0]; i++)
        list = list_add(list, s->synsets[word][i]);
    return list;
}

int *synonyms_of(const struct synonyms *s, const char *word)
{
    int *list = add_synsets(s, xalloc(1, sizeof *list), find_word(s, word));
    int form = vocabulary_find(&s->forms, word, strlen(word));

    if (form >= 0)
        for (int b = 1; b <= s->bases[form][0]; b++)
            list = add_synsets(s, list, s->bases[form][b]);
    else
        list = add_synsets(s, list, detach(s, word));
    qsort(list + 1, (size_t)list[0], sizeof *list, by_int);
    return list;
}
