/* weights.c - one view of the tensors in one or several files. */
#include "core/format/weights.h"
#include "core/base/text.h"
#include "core/format/gguf.h"
#include "core/format/safetensors.h"
#include "core/format/shards.h"
#include "core/format/torch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* In the order in which transformers and PEFT look for them. */
static const char *const model_files[] = { "model.safetensors", "model.safetensors.index.json",
                                           "pytorch_model.bin", "pytorch_model.bin.index.json",
                                           NULL };
static const char *const adapter_files[] = { "adapter_model.safetensors", "adapter_model.bin",
                                             NULL };
static const char *const foreign[] = { "tf_model.h5", "flax_model.msgpack", "model.ckpt.index",
                                       "rust_model.ot", "adapter_model.pt" };

/* --- where they are */

/* The only file *.gguf in DIR, which the caller frees; NULL with *RC 0: there is none. Errors: NULL
 * with *RC -1 when there are several. */
static char *find_gguf(int *rc, const char *dir)
{
    glob_t g = path_glob(dir, "*.gguf");
    char *path = g.gl_pathc == 1 ? xstrdup(g.gl_pathv[0]) : NULL;

    *rc = 0;
    if (g.gl_pathc > 1)
        *rc = fail(FAIL_INPUT,
                   "'%s' has %zu GGUF files, among them '%s' and '%s'; leave one in the folder",
                   dir, (size_t)g.gl_pathc, g.gl_pathv[0], g.gl_pathv[1]);
    globfree(&g);
    return path;
}

static const char *const *files_of(enum weights_of what)
{
    return what == WEIGHTS_OF_MODEL ? model_files : adapter_files;
}

/* 1: NAME is in DIR. 0: it is not. -1 after fail: nobody can tell. */
static int look_for(const char *dir, const char *name)
{
    char *path = path_join(dir, name);
    struct stat st;
    int found = stat(path, &st) == 0;

    if (!found && errno != ENOENT && errno != ENOTDIR)
        found = fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
    free(path);
    return found;
}

/* The first file that there is; NULL with *RC 0 if there is none, and with -1 after fail. */
static const char *const *find_first(int *rc, const char *dir, enum weights_of what)
{
    const char *const *name = files_of(what);

    *rc = 0;
    while (*name && *rc == 0)
        if ((*rc = look_for(dir, *name)) == 0)
            name++;
    if (*rc > 0)
        *rc = 0;
    return *rc == 0 && *name ? name : NULL;
}

static int fail_none(const char *dir, enum weights_of what)
{
    struct text names = { 0 };
    struct stat st;

    if (stat(dir, &st) != 0)
        return fail(FAIL_INPUT, "cannot read '%s': %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return fail(FAIL_INPUT, "'%s' is a file; give the folder that holds it", dir);
    for (size_t i = 0; i < ARRAY_LEN(foreign); i++)
        if (file_in(dir, foreign[i]))
            return fail(FAIL_INPUT,
                        "'%s' has its weights only in %s, which is not read; save them as %s", dir,
                        foreign[i], files_of(what)[0]);
    for (const char *const *name = files_of(what); *name; name++)
        text_join(&names, name[1] ? ", " : ", or ", "%s", *name);
    fail(FAIL_INPUT, "'%s' has no weights: there is no %s%s", dir, text_string(&names),
         what == WEIGHTS_OF_MODEL ? ", and no file *.gguf" : "");
    text_free(&names);
    return -1;
}

char *weights_in(const char *dir, enum weights_of what)
{
    int rc;
    const char *const *name = find_first(&rc, dir, what);
    char *path = name ? path_join(dir, *name) : NULL;

    if (!path && rc == 0 && what == WEIGHTS_OF_MODEL)
        path = find_gguf(&rc, dir);
    if (!path && rc == 0)
        fail_none(dir, what);
    return path;
}

bool weights_are_in(const char *dir, enum weights_of what)
{
    int rc;

    if (find_first(&rc, dir, what))
        return true;
    if (rc != 0 || what != WEIGHTS_OF_MODEL)
        return false;
    char *path = find_gguf(&rc, dir);
    bool found = path || rc != 0; /* one of several cannot be chosen, but they are there */
    free(path);
    return found;
}

bool weights_path_is_gguf(const char *path)
{
    size_t n = strlen(path);

    return n > 5 && strcmp(path + n - 5, ".gguf") == 0;
}

const char *weights_unread(const char *dir, enum weights_of what)
{
    int rc;
    const char *const *name = find_first(&rc, dir, what);

    while (name && *++name)
        if (file_in(dir, *name))
            return *name;
    glob_t g = what == WEIGHTS_OF_MODEL && name ? path_glob(dir, "*.gguf") : (glob_t){ 0 };
    bool gguf = g.gl_pathc > 0;
    globfree(&g);
    return gguf ? "the GGUF file" : NULL;
}

/* --- their content */

/* "DIR/" of "DIR/FILE", "" of "FILE": so many bytes of PATH. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

int weights_files(char ***paths, const char *path)
{
    struct shards s = { 0 };

    *paths = NULL;
    if (shards_is(path) && shards_read(&s, path) != 0)
        return -1;
    int n = s.n + 1;
    char **p = xalloc((size_t)n, sizeof *p), *dir = xprintf("%.*s", (int)folder_length(path), path);
    p[0] = xstrdup(path);
    for (int i = 0; i < s.n; i++)
        p[i + 1] = path_join(dir, s.file[i]);
    free(dir);
    shards_free(&s);
    *paths = p;
    return n;
}

void weights_files_free(char **paths, int n)
{
    for (int i = 0; i < n; i++)
        free(paths[i]);
    free(paths);
}

static int hash_plainly(char out[65], void *arg, const char *path)
{
    (void)arg;
    return sha256_file(out, path);
}

int weights_key(char out[65], const char *path, weights_hash *hash, void *arg)
{
    struct text lines = { 0 };
    char **paths;
    int n = weights_files(&paths, path), rc = n < 0 ? -1 : 0;

    hash = hash ? hash : hash_plainly;
    for (int i = 0; i < n && rc == 0; i++) {
        rc = hash(out, arg, paths[i]);
        if (rc != 0 && i > 0)
            fail_context("'%s'", path);
        text_add(&lines, "%s %s\n", paths[i] + folder_length(path), out);
    }
    if (n > 1 && rc == 0)
        sha256_hex(out, text_string(&lines), lines.n);
    weights_files_free(paths, n);
    text_free(&lines);
    return rc;
}

/* --- opening */

/* By content; by the name only if that says nothing, so that the error is about what is meant. */
static int open_part(struct st_file *s, const char *path)
{
    struct file f;
    const char *dot = strrchr(path, '.');

    if (file_map(&f, path) != 0)
        return -1;
    bool gguf = gguf_is(&f) || weights_path_is_gguf(path),
         is_torch = torch_is(&f) || (dot && (strcmp(dot, ".bin") == 0 || strcmp(dot, ".pt") == 0 ||
                                             strcmp(dot, ".pth") == 0));
    file_unmap(&f);
    if (gguf)
        return gguf_open(s, NULL, path);
    return is_torch ? torch_open(s, path) : st_open(s, path);
}

static int open_parts(struct weights *w)
{
    struct shards s = { 0 };
    char **paths;
    int n = weights_files(&paths, w->path), first = n > 1, rc = n < 0 ? -1 : 0;

    if (n > 1)
        rc = shards_read(&s, w->path);
    w->part = xalloc((size_t)(n > 0 ? n : 0) + 1, sizeof *w->part);
    for (int i = first; i < n && rc == 0; i++) {
        rc = open_part(&w->part[w->n_parts], paths[i]);
        if (rc == 0)
            w->n_parts++;
        else if (first)
            fail_context("'%s'", w->path);
    }
    if (rc == 0 && first)
        rc = shards_check(&s, w->part);
    shards_free(&s);
    weights_files_free(paths, n);
    return rc;
}

int weights_open(struct weights *w, const char *path)
{
    *w = (struct weights){ .path = xstrdup(path) };
    if (open_parts(w) != 0) {
        weights_close(w);
        return -1;
    }
    for (int k = 0; k < w->n_parts; k++)
        w->n += w->part[k].n;
    w->t = xalloc((size_t)w->n + 1, sizeof *w->t);
    for (int k = 0, at = 0; k < w->n_parts; k++)
        for (int i = 0; i < w->part[k].n; i++)
            w->t[at++] = w->part[k].t[i];
    w->by_name = st_order(w->t, w->n);
    return 0;
}

const struct st_tensor *weights_find(const struct weights *w, const char *name)
{
    return st_search(w->t, w->by_name, w->n, name);
}

void weights_close(struct weights *w)
{
    for (int k = 0; k < w->n_parts; k++)
        st_close(&w->part[k]);
    free(w->part);
    free(w->t);
    free(w->by_name);
    free(w->path);
    *w = (struct weights){ 0 };
}
