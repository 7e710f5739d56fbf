/* fuzz_study.c - study_load and settings_file on any YAML, with a small model ("tiny") and a task
 * ("t"). Refused with status 2 or 3 and a place in the file, or the study has runs, each of which
 * has a key, a cell and a trial that is JSON; runs of one cell differ in their keys; no two runs
 * are the same; and what the store gets is JSON. Inputs whose axes could make many runs are left
 * out: their number is what the user asks for. */
#include "tests/fuzz/fuzz_kit.h"
#include "core/os/file.h"
#include "experiments/study/study.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 300 };

static struct session session;
static char study_path[128];

static void put(const char *name, const char *text)
{
    fuzz_put(name, (struct fuzz_bytes){ (const uint8_t *)text, strlen(text) });
}

static void copy(const char *name)
{
    char *from = path_join("tests/golden/bert", name), *to = xprintf("models/tiny/%s", name);
    struct file f;

    CHECK(file_map(&f, from) == 0, "%s", fail_text());
    fuzz_put(to, (struct fuzz_bytes){ f.data, f.size });
    file_unmap(&f);
    free(from);
    free(to);
}

static void setup(void)
{
    static const char *const folders[] = { "models/tiny", "data/t", "experiments/tasks", "plots" };

    for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
        char *path = path_join(fuzz_dir(), folders[i]);
        CHECK(make_dirs(path) == 0, "%s", fail_text());
        free(path);
    }
    put("plots/rank.gp", "# A figure.\n");
    copy("config.json");
    copy("model.safetensors");
    put("models/tiny/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n");
    put("data/t/train.tsv", "a b\tx\nb a\ty\n");
    put("data/t/dev.tsv", "b b\tx\na a\ty\n");
    put("experiments/tasks/t.yaml",
        "task: t\nkind: classification\ndir: t\nformat: tsv\n"
        "columns: {text: 1, label: 2}\nlabels: [x, y]\n"
        "splits: {train: train.tsv, dev: dev.tsv}\nmetrics: [accuracy]\nmax_len: 16\n");
    snprintf(study_path, sizeof study_path, "%s/s.yaml", fuzz_dir());
    setenv("LOWRANK_SHARE", fuzz_dir(), 1);
}

/* A session keeps what it has seen, so now and then a new one begins. */
static void begin_session(void)
{
    static int n;

    if (n == 0)
        setup();
    if (n++ % 100 != 0)
        return;
    char *data = path_join(fuzz_dir(), "data");
    session_free(&session);
    session_init(&session, fuzz_dir(), data);
    free(data);
}

/* Can the lists of the text, combined, be more than MOST_RUNS runs? */
static bool is_large(const char *text)
{
    const char *seeds = strstr(text, "seeds: ");
    double runs = 1;

    for (const char *p = text; *p; p++) {
        int n = p[0] == '\n' && p[1 + strspn(p + 1, " ")] == '-' ? 2 : 1;
        for (const char *q = p + 1; *p == '[' && *q && *q != '\n'; q++)
            n += *q == ',';
        runs *= n;
    }
    return runs > MOST_RUNS || (seeds && atol(seeds + 7) > 9);
}

static void check_json(const char *text)
{
    json_error_t e;
    json_t *j = json_loads(text, JSON_DECODE_ANY, &e);

    CHECK(j, "%s: %s", e.text, text);
    json_decref(j);
}

static void check_study(const struct study *s)
{
    CHECK(s->name && s->n_runs > 0 && s->n_cells > 0 && s->n_cells <= s->n_runs,
          "%d runs, %d cells", s->n_runs, s->n_cells);
    for (int i = 0; i < s->n_runs; i++) {
        const struct plan_run *r = &s->runs[i];
        CHECK(strlen(r->recipe.key) == 64 && strlen(r->recipe.cell) == 64, "run %d", i);
        CHECK(r->cell >= 0 && r->cell < s->n_cells, "cell %d", r->cell);
        check_json(r->trial);
        for (int k = 0; k < i; k++)
            CHECK(strcmp(s->runs[k].recipe.key, r->recipe.key) != 0, "runs %d and %d", k, i);
    }
    char *spec = json_dumps(s->spec, 0);
    CHECK(spec, "the description");
    check_json(spec);
    free(spec);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = fuzz_begin(data, size);
    char *text = fuzz_string(b);
    struct settings v = { 0 };
    struct study s;

    begin_session();
    fuzz_put("s.yaml", b);
    if (b.size && settings_file(&v, study_path) != 0)
        fuzz_refused(FUZZ_USAGE);
    settings_free(&v);
    if (b.size && !is_large(text)) {
        if (study_load(&s, &session, study_path, NULL, 0, PROFILE_QUICK, false) == 0) {
            check_study(&s);
            study_free(&s);
        } else {
            fuzz_refused(FUZZ_USAGE | FUZZ_INPUT);
        }
    }
    free(text);
    fuzz_end();
    return 0;
}
