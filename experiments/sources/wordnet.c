/* wordnet.c - tasks made from WordNet 3.0. */
#include "experiments/sources/wordnet.h"
#include "core/base/text.h"
#include "core/os/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The lexicographer files of WordNet 3.0 in the order of their numbers (its lexnames(5)). */
const char *const wordnet_lexnames[46] = { "adj.all",
                                           "adj.pert",
                                           "adv.all",
                                           "noun.Tops",
                                           "noun.act",
                                           "noun.animal",
                                           "noun.artifact",
                                           "noun.attribute",
                                           "noun.body",
                                           "noun.cognition",
                                           "noun.communication",
                                           "noun.event",
                                           "noun.feeling",
                                           "noun.food",
                                           "noun.group",
                                           "noun.location",
                                           "noun.motive",
                                           "noun.object",
                                           "noun.person",
                                           "noun.phenomenon",
                                           "noun.plant",
                                           "noun.possession",
                                           "noun.process",
                                           "noun.quantity",
                                           "noun.relation",
                                           "noun.shape",
                                           "noun.state",
                                           "noun.substance",
                                           "noun.time",
                                           "verb.body",
                                           "verb.change",
                                           "verb.cognition",
                                           "verb.communication",
                                           "verb.competition",
                                           "verb.consumption",
                                           "verb.contact",
                                           "verb.creation",
                                           "verb.emotion",
                                           "verb.motion",
                                           "verb.perception",
                                           "verb.possession",
                                           "verb.social",
                                           "verb.stative",
                                           "verb.weather",
                                           "adj.ppl",
                                           NULL };

/* FNV-1a with a final mix: the same on every machine. */
static uint64_t hash_string(const char *s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 0x100000001b3u;
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
    return h ^ (h >> 33);
}

/* 80% train, 10% dev, 10% test. */
static int split_of(const char *id)
{
    unsigned p = (unsigned)(hash_string(id) % 10);
    return p < 8 ? 0 : p < 9 ? 1 : 2;
}

/* The definition ends at the first example, which is a quotation after a semicolon. */
static char *gloss_of(const char *text)
{
    const char *end = text + strlen(text);

    for (const char *p = text; *p; p++) {
        if (*p != ';')
            continue;
        const char *q = p + 1;
        while (*q == ' ')
            q++;
        if (*q == '"') {
            end = p;
            break;
        }
    }
    while (isspace((unsigned char)*text))
        text++;
    while (end > text && (isspace((unsigned char)end[-1]) || end[-1] == ';'))
        end--;
    char *g = xalloc((size_t)(end - text) + 1, 1);
    memcpy(g, text, (size_t)(end - text));
    for (char *c = g; *c; c++)
        if (*c == '\t')
            *c = ' ';
    return g;
}

/* N words of a line, each followed by a number. An adjective may say in parentheses where it
 * stands, as "galore(ip)"; an underscore is a space. The caller frees them. */
static char *words_of(long n, char **save)
{
    struct text all = { 0 };

    for (; n > 0; n--) {
        char *word = strtok_r(NULL, " ", save);
        strtok_r(NULL, " ", save);
        if (!word)
            continue;
        for (char *c = word; *c; c++)
            *c = *c == '_' || *c == '\t' ? ' ' : *c;
        size_t size = strlen(word);
        char *mark = size > 3 && word[size - 1] == ')' ? strrchr(word, '(') : NULL;
        text_join(&all, ", ", "%.*s", (int)(mark ? (size_t)(mark - word) : size), word);
    }
    return text_take(&all);
}

/* One line of a data file: offset lex_filenum ss_type w_cnt (word lex_id)* p_cnt (symbol offset pos
 * src)* ... | gloss. Hypernyms are offsets until link_hypernyms. */
static int parse_line(struct synset *s, char *line, char pos)
{
    char *bar = strstr(line, " | "), *save = NULL;
    if (!bar)
        return -1;
    *bar = 0;
    s->gloss = gloss_of(bar + 3);
    char *offset = strtok_r(line, " ", &save), *lex = strtok_r(NULL, " ", &save);
    char *type = strtok_r(NULL, " ", &save), *words = strtok_r(NULL, " ", &save);
    if (!words || !type || strlen(offset) != 8)
        return -1;
    s->lexname = (int)strtol(lex, NULL, 10);
    if (s->lexname < 0 || s->lexname > 44)
        return -1;
    snprintf(s->id, sizeof s->id, "%c%s", pos, offset);
    s->words = words_of(strtol(words, NULL, 16), &save);
    char *count = strtok_r(NULL, " ", &save);
    long n_ptr = count ? strtol(count, NULL, 10) : 0;
    for (long i = 0; i < n_ptr; i++) {
        char *symbol = strtok_r(NULL, " ", &save), *to = strtok_r(NULL, " ", &save);
        char *to_pos = strtok_r(NULL, " ", &save), *src = strtok_r(NULL, " ", &save);
        if (!src)
            return -1;
        if (strcmp(symbol, "@") != 0 || to_pos[0] != pos)
            continue;
        s->hypernym = xgrow(s->hypernym, (size_t)s->n_hypernyms + 1, sizeof *s->hypernym);
        s->hypernym[s->n_hypernyms++] = (int)strtol(to, NULL, 10);
    }
    s->split = split_of(s->id);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct synset *)a)->id, ((const struct synset *)b)->id);
}

/* Replace the offsets of hypernyms by indices. */
static int link_hypernyms(struct wordnet *w)
{
    qsort(w->s, (size_t)w->n, sizeof *w->s, by_id);
    for (int i = 0; i < w->n; i++)
        for (int h = 0; h < w->s[i].n_hypernyms; h++) {
            struct synset key;
            snprintf(key.id, sizeof key.id, "%c%08d", w->s[i].id[0], w->s[i].hypernym[h]);
            struct synset *to = bsearch(&key, w->s, (size_t)w->n, sizeof *w->s, by_id);
            if (!to)
                return fail(FAIL_INPUT, "WordNet: synset '%s' points to '%s', which does not exist",
                            w->s[i].id, key.id);
            w->s[i].hypernym[h] = (int)(to - w->s);
        }
    return 0;
}

static int load_file(struct wordnet *w, const char *dir, const char *name, char pos)
{
    char *path = path_join(dir, name), *line = NULL;
    FILE *f = fopen(path, "r");
    size_t cap = 0;
    long number = 0;
    int rc = 0;

    if (!f) {
        rc = fail(FAIL_TOOL, "WordNet's '%s' is missing; install it: apt-get install wordnet-base",
                  path);
        goto out;
    }
    while (rc == 0 && getline(&line, &cap, f) > 0) {
        number++;
        if (line[0] == ' ') /* the license at the top */
            continue;
        if ((w->n & (w->n - 1)) == 0)
            w->s = xgrow(w->s, w->n ? 2 * (size_t)w->n : 1, sizeof *w->s);
        w->s[w->n] = (struct synset){ 0 };
        if (parse_line(&w->s[w->n++], line, pos) != 0)
            rc = fail(FAIL_INPUT, "%s:%ld: not a synset of WordNet 3.0", path, number);
    }
    fclose(f);
out:
    free(line);
    free(path);
    return rc;
}

int wordnet_load(struct wordnet *w)
{
    static const struct {
        const char *name;
        char pos;
    } files[] = {
        { "data.noun", 'n' }, { "data.verb", 'v' }, { "data.adj", 'a' }, { "data.adv", 'r' }
    };
    const char *dir = getenv("WNSEARCHDIR");

    *w = (struct wordnet){ 0 };
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (load_file(w, dir ? dir : "/usr/share/wordnet", files[i].name, files[i].pos) != 0)
            goto bad;
    if (link_hypernyms(w) == 0)
        return 0;
bad:
    wordnet_free(w);
    return -1;
}

void wordnet_free(struct wordnet *w)
{
    for (int i = 0; i < w->n; i++) {
        free(w->s[i].words);
        free(w->s[i].gloss);
        free(w->s[i].hypernym);
    }
    free(w->s);
    *w = (struct wordnet){ 0 };
}

/* --- no gloss is in two splits */

struct string_use {
    const char *text;
    int synset;
};

static int by_string(const void *a, const void *b)
{
    const struct string_use *x = a, *y = b;
    int c = strcasecmp(x->text, y->text);
    return c ? c : (x->synset > y->synset) - (x->synset < y->synset);
}

/* Of the synsets that are used (HOME [n] not -1), those whose string also belongs to a synset of
 * another split that takes precedence (test over dev over train) are left out: -1. */
static void separate_splits(int *home, const struct wordnet *w, struct string_use *u)
{
    qsort(u, (size_t)w->n, sizeof *u, by_string);
    for (int i = 0, j; i < w->n; i = j) {
        int last = 0;
        for (j = i; j < w->n && strcasecmp(u[i].text, u[j].text) == 0; j++)
            if (home[u[j].synset] > last)
                last = home[u[j].synset];
        for (int k = i; k < j; k++)
            home[u[k].synset] = home[u[k].synset] == last ? last : -1;
    }
}

/* home[i]: the split that synset i is used in, or -1: it is left out. */
static int *split_homes(const struct wordnet *w, bool by_words)
{
    struct string_use *u = xalloc((size_t)w->n, sizeof *u);
    int *home = xalloc((size_t)w->n, sizeof *home);

    for (int i = 0; i < w->n; i++) {
        u[i] = (struct string_use){ w->s[i].gloss, i };
        home[i] = w->s[i].split;
    }
    separate_splits(home, w, u);
    for (int i = 0; i < w->n; i++)
        u[i] = (struct string_use){ w->s[i].words, i };
    if (by_words)
        separate_splits(home, w, u);
    free(u);
    return home;
}

static void write_define(FILE *f, const struct wordnet *w, const int *home, int split)
{
    fprintf(f, "words\tclass\tgloss\n");
    for (int i = 0; i < w->n; i++)
        if (home[i] == split && w->s[i].gloss[0])
            fprintf(f, "%s\t%s\t%s\n", w->s[i].words, wordnet_lexnames[w->s[i].lexname],
                    w->s[i].gloss);
}

static void write_supersense(FILE *f, const struct wordnet *w, const int *home, int split)
{
    fprintf(f, "gloss\tlabel\n");
    for (int i = 0; i < w->n; i++)
        if (home[i] == split && w->s[i].gloss[0])
            fprintf(f, "%s\t%s\n", w->s[i].gloss, wordnet_lexnames[w->s[i].lexname]);
}

static bool is_ancestor(const struct wordnet *w, int of, int a, int depth)
{
    if (of == a)
        return true;
    for (int h = 0; depth < 32 && h < w->s[of].n_hypernyms; h++)
        if (is_ancestor(w, w->s[of].hypernym[h], a, depth + 1))
            return true;
    return false;
}

struct link {
    int child, parent;
};

/* The hypernym links within a split, except those between equal glosses. */
static struct link *links_of(const struct wordnet *w, const int *home, int split, int *n)
{
    struct link *l = NULL;

    *n = 0;
    for (int i = 0; i < w->n; i++)
        for (int h = 0; home[i] == split && h < w->s[i].n_hypernyms; h++) {
            int p = w->s[i].hypernym[h];
            if (home[p] != split || strcasecmp(w->s[i].gloss, w->s[p].gloss) == 0)
                continue;
            if ((*n & (*n - 1)) == 0)
                l = xgrow(l, *n ? 2 * (size_t)*n : 1, sizeof *l);
            l[(*n)++] = (struct link){ i, p };
        }
    return l;
}

static void write_hypernym(FILE *f, const struct wordnet *w, const int *home, int split)
{
    int n;
    struct link *l = links_of(w, home, split, &n);

    fprintf(f, "a\tb\tlabel\n");
    for (int i = 0; i < n; i++) {
        const struct synset *child = &w->s[l[i].child], *parent = &w->s[l[i].parent];
        char pair[32];
        snprintf(pair, sizeof pair, "%s>%s", child->id, parent->id);
        uint64_t h = hash_string(pair);
        fprintf(f, "%s\t%s\tyes\n", child->gloss, parent->gloss);
        if (h & 1) {
            fprintf(f, "%s\t%s\tno\n", parent->gloss, child->gloss);
            continue;
        }
        int k = (int)((h >> 1) % (uint64_t)n), tries = 0;
        while (tries++ < n && (w->s[l[k].parent].id[0] != child->id[0] ||
                               is_ancestor(w, l[i].child, l[k].parent, 0)))
            k = (k + 1) % n;
        fprintf(f, "%s\t%s\tno\n", child->gloss, w->s[l[k].parent].gloss);
    }
    free(l);
}

/* The files are always the same, so a file with another content is somebody else's. */
static int check_own(const char *path, const char *text, size_t size)
{
    struct file f;
    struct stat st;

    if (lstat(path, &st) != 0)
        return 0;
    bool own = S_ISREG(st.st_mode) && (size_t)st.st_size == size && file_map(&f, path) == 0;
    if (own) {
        own = memcmp(f.data, text, size) == 0;
        file_unmap(&f);
    }
    return own ? 0
               : fail(FAIL_INPUT,
                      "'%s' exists, but 'lowrank prepare' has not made it, so it stays; remove it "
                      "or give the task another 'dir'",
                      path);
}

int wordnet_write(const struct wordnet *w, const char *task, const char *dir)
{
    static const char *const names[3] = { "train.tsv", "dev.tsv", "test.tsv" };
    void (*write_split)(FILE *, const struct wordnet *, const int *, int) =
        strcmp(task, "supersense") == 0 ? write_supersense
        : strcmp(task, "hypernym") == 0 ? write_hypernym
        : strcmp(task, "define") == 0   ? write_define
                                        : NULL;
    if (!write_split)
        return fail(FAIL_USAGE,
                    "task '%s' is not made from WordNet, only supersense, hypernym and define are",
                    task);
    if (make_dirs(dir) != 0)
        return -1;
    int *home = split_homes(w, write_split == write_define), rc = 0;
    for (int split = 2; split >= 0 && rc == 0;
         split--) { /* train last: it marks the files as complete */
        char *text = NULL, *path = path_join(dir, names[split]);
        size_t size = 0;
        FILE *f = xmemstream(&text, &size);
        write_split(f, w, home, split);
        xmemstream_end(f);
        rc = check_own(path, text, size);
        if (rc == 0)
            rc = file_write(path, text, size, FAIL_STORE);
        free(text);
        free(path);
    }
    free(home);
    return rc;
}
