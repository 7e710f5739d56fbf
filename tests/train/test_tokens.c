/* test_tokens.c - the token cache: the same dataset as without it, and never from a file that is
 * damaged, stale or of other inputs. */
#include "core/os/file.h"
#include "core/data/token_cache.h"
#include "tests/kit/suite.h"
#include "tests/kit/tiny_run.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char rows[] = "a\tl\nsun\t1\nthe rain falls\t0\nthe sun shines the sun\t1\nrain\t0\n";
static const char spec[] = "5bec000000000000000000000000000000000000000000000000000000000001";
static const char tok_sha[] = "70c0000000000000000000000000000000000000000000000000000000000002";

static char dir[64], cache_dir[128], file_sha[65];
static struct tok *tok;
static struct task task;
static struct dataset fresh, d;
static struct token_cache cache;

static void begin(bool regression)
{
    static const char of_classes[] = "kind: classification\nlabels: [\"0\", \"1\"]\n";
    char text[400];

    verbosity = -1;
    temp_dir(dir);
    write_vocab(dir);
    tok = tok_load(dir);
    snprintf(text, sizeof text,
             "task: x\n%sdir: x\nformat: tsv\nheader: true\ncolumns: {text: a, label: l}\n"
             "splits: {train: a, dev: a}\nmetrics: [%s]\n",
             regression ? "kind: regression\n" : of_classes, regression ? "mse" : "accuracy");
    ck_assert_msg(task_load(&task, temp_file(dir, "t.yaml", text)) == 0, "%s", fail_text());
    temp_file(dir, "a", rows);
    ck_assert_int_eq(dataset_load(&fresh, &task, SPLIT_TRAIN, dir, tok, 5, NULL), 0);
    memcpy(file_sha, fresh.sha256, sizeof file_sha);
    snprintf(cache_dir, sizeof cache_dir, "%s/cache/tokens", dir);
    cache = (struct token_cache){
        .dir = cache_dir, .file = file_sha, .spec = spec, .tokenizer = tok_sha
    };
}

static void end(void)
{
    dataset_free(&fresh);
    dataset_free(&d);
    task_free(&task);
    tok_free(tok);
    temp_remove(dir);
}

static int load_cached(void)
{
    dataset_free(&d);
    return token_cache_dataset(&d, &task, SPLIT_TRAIN, dir, tok, 5, NULL, &cache);
}

static bool same(const struct dataset *x, const struct dataset *y)
{
    size_t n = (size_t)x->n;

    return x->n == y->n && x->n_tokens == y->n_tokens && x->max_tokens == y->max_tokens &&
           x->n_truncated == y->n_truncated && x->tokens_cut == y->tokens_cut &&
           strcmp(x->sha256, y->sha256) == 0 && strcmp(x->path, y->path) == 0 &&
           memcmp(x->ids, y->ids, x->n_tokens * sizeof *x->ids) == 0 &&
           memcmp(x->off, y->off, (n + 1) * sizeof *x->off) == 0 &&
           memcmp(x->second, y->second, n * sizeof *x->second) == 0 &&
           memcmp(x->line, y->line, n * sizeof *x->line) == 0 && !x->label == !y->label &&
           !x->target == !y->target &&
           (!x->label || memcmp(x->label, y->label, n * sizeof *x->label) == 0) &&
           (!x->target || memcmp(x->target, y->target, n * sizeof *x->target) == 0);
}

/* The number of files in the cache, temporary ones included; PATH becomes that of the last one. */
static int files(char path[400])
{
    return temp_count(cache_dir, path);
}

START_TEST(cached_tokens_are_the_same)
{
    char path[400];

    begin(_i);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(files(path), 1);
    /* the data file is not read: it has a different number of examples now */
    temp_file(dir, "a", "a\tl\nsun\t1\n");
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(fresh.tokens_cut, 2); /* the counts are not all 0 */
    end();
}
END_TEST

START_TEST(every_input_makes_another_file)
{
    static const char other[] = "0000000000000000000000000000000000000000000000000000000000000003";
    char path[400];
    int n = 0;

    begin(false);
    for (int i = 0; i < 9; i++) {
        struct token_cache c = cache;
        long max_len = i == 1 ? 4 : 5;
        struct draw w = { i == 2 || i == 3 ? 2 : i == 4 ? 3 : 0, i == 3 ? 2 : 1, i == 8 ? 0.5 : 0 };
        if (i == 5)
            c.spec = other;
        if (i == 6)
            c.tokenizer = other;
        dataset_free(&d);
        int rc = token_cache_dataset(&d, &task, i == 7 ? SPLIT_DEV : SPLIT_TRAIN, dir, tok, max_len,
                                     &w, &c);
        ck_assert_int_eq(rc, 0);
        ck_assert_int_eq(files(path), ++n);
    }
    /* the data file is not the expected one: the tokens are right, but not cached */
    cache.file = other;
    ck_assert_int_eq(load_cached(), 0);
    ck_assert_int_eq(d.n, fresh.n);
    ck_assert_str_eq(d.sha256, fresh.sha256);
    ck_assert_int_eq(files(path), n);
    end();
}
END_TEST

/* After any damage to the file the tokens are right, and the file is restored. */
static void damage(const char *path, const void *data, size_t size, const struct file *whole)
{
    struct file f;

    ck_assert_int_eq(file_write(path, data, size, FAIL_STORE), 0);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(file_map(&f, path), 0);
    ck_assert(f.size == whole->size && memcmp(f.data, whole->data, f.size) == 0);
    file_unmap(&f);
}

START_TEST(damaged_files_are_replaced)
{
    char path[400];
    struct file whole;

    begin(_i);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert_int_eq(files(path), 1);
    ck_assert_int_eq(file_map(&whole, path), 0);
    unsigned char *bad = xalloc(2 * whole.size, 1);
    for (size_t at = 0; at < whole.size; at += at < 140 ? 4 : 11) {
        memcpy(bad, whole.data, whole.size);
        bad[at] ^= 0x10;
        damage(path, bad, whole.size, &whole);
    }
    memcpy(bad, whole.data, whole.size);
    for (size_t size = 0; size < whole.size; size += 37)
        damage(path, bad, size, &whole);
    damage(path, bad, whole.size - 1, &whole);
    damage(path, bad, whole.size + 1, &whole);
    damage(path, bad, 2 * whole.size, &whole);
    free(bad);
    file_unmap(&whole);
    end();
}
END_TEST

/* A file with a valid checksum under the name of another one. */
START_TEST(a_file_of_another_key_is_not_used)
{
    char path[400], other[400];

    begin(false);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert_int_eq(files(path), 1);
    dataset_free(&d);
    ck_assert_int_eq(token_cache_dataset(&d, &task, SPLIT_TRAIN, dir, tok, 4, NULL, &cache), 0);
    int n = files(other);
    ck_assert_int_eq(n, 2);
    for (DIR *dp = opendir(cache_dir); dp; dp = NULL) { /* the one that is not PATH */
        const struct dirent *e;
        while ((e = readdir(dp)))
            if (*e->d_name != '.' && !strstr(path, e->d_name))
                snprintf(other, sizeof other, "%s/%s", cache_dir, e->d_name);
        closedir(dp);
    }
    ck_assert_int_eq(rename(other, path),
                     0); /* examples cut to 4 tokens, in place of those cut to 5 */
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    end();
}
END_TEST

START_TEST(works_without_a_writable_cache)
{
    char path[400];
    struct rlimit small = { 64, RLIM_INFINITY };

    begin(false);
    temp_file(dir, "cache", "a file where the folder should be");
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    snprintf(path, sizeof path, "%s/cache", dir);
    ck_assert_int_eq(unlink(path), 0);
    signal(SIGXFSZ, SIG_IGN); /* as in the program: the disk is full after 64 bytes */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(files(path), 0); /* no partial file */
    small.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert_int_eq(files(path), 1);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0); /* a folder in the file's place */
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(rmdir(path), 0);
    ck_assert_int_eq(chmod(cache_dir, 0),
                     0); /* root can still write, other users cannot; both work */
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    ck_assert_int_eq(chmod(cache_dir, 0700), 0);
    end();
}
END_TEST

START_TEST(many_processes_may_write_at_once)
{
    char path[400];
    int bad = 0, status;

    begin(false);
    for (int i = 0; i < 6; i++)
        if (fork() == 0) {
            int rc = 0;
            for (int k = 0; k < 10 && rc == 0; k++) {
                rc = load_cached() != 0 || !same(&d, &fresh);
                if (i == 0 && files(path) > 0)
                    unlink(path); /* the others write it again */
            }
            _exit(rc);
        }
    while (wait(&status) > 0)
        bad += status != 0;
    ck_assert_int_eq(bad, 0);
    ck_assert_int_eq(load_cached(), 0);
    ck_assert(same(&d, &fresh));
    end();
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, cached_tokens_are_the_same, 0, 2);
    tcase_add_test(tc, every_input_makes_another_file);
    tcase_add_loop_test(tc, damaged_files_are_replaced, 0, 2);
    tcase_add_test(tc, a_file_of_another_key_is_not_used);
    tcase_add_test(tc, works_without_a_writable_cache);
    tcase_add_test(tc, many_processes_may_write_at_once);
}

const struct suite suite_tokens = { "tokens", fill };
