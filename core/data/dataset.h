/* data.h - a task file, its examples, and micro-batches of them. Layer 3. */
#ifndef DATA_H
#define DATA_H

#include "core/base/base.h"
#include "core/nn/model.h"
#include "core/text/tok.h"

/* A task is one YAML file (experiments/tasks/NAME.yaml):
 *   task: mrpc                      name
 *   title: ...  source: ...  licence: ...       shown to people
 *   kind: classification            or regression
 *   dir: glue/MRPC                  folder below a data folder
 *   format: tsv                     tsv (no quoting, as GLUE), csv (RFC 4180), jsonl
 *   header: true                    names in the first line; false: columns are numbers from 1
 *   columns: {text: "#1 String", pair: "#2 String", label: Quality}     pair may be absent
 *   labels: ["0", "1"]              classification: the classes in order (label text -> index)
 *   labels_file: labels.txt         or one a line in DIR
 *   range: [0, 5]                   regression: refused outside
 *   splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}            test may be absent
 *   metrics: [accuracy, f1]         the first is the task's own
 *   max_len: 128                    default of the recipe's max_len
 *   prepare: wordnet                made by 'lowrank prepare' when absent (experiments/assets/wordnet.c)
 * Errors: FAIL_USAGE with file:line:column; unknown keys suggested. */
enum { TASK_MAX_METRICS = 8, N_SPLITS = 3 };
enum split { SPLIT_TRAIN, SPLIT_DEV, SPLIT_TEST };
extern const char *const split_names[N_SPLITS + 1];

struct task {
    char *name, *title, *source, *licence, *dir, *prepare, *labels_file;
    bool regression, header;
    enum { FORMAT_TSV, FORMAT_CSV, FORMAT_JSONL } format;
    char *col_text, *col_pair, *col_label;
    char **labels;
    int n_labels;
    double lo, hi;
    char *file[N_SPLITS];
    char *metrics[TASK_MAX_METRICS];
    int n_metrics;
    long max_len;
};
int task_load(struct task *t, const char *yaml_path);
void task_free(struct task *t);
/* task_labels - with labels_file: read the classes from DIR/labels_file (DIR as for dataset_load);
 * else, or when they were read already, nothing. To be called before dataset_load. Errors:
 * FAIL_INPUT. */
int task_labels(struct task *t, const char *dir);

/* One split, tokenised. Example i: ids[off[i]..off[i+1]), segment 1 from off[i] + second[i]. */
struct dataset {
    int n;
    int *ids;
    size_t *off;
    int *second;
    int *label;     /* classification, else NULL; neither this nor target: text to be predicted */
    double *target; /* regression, else NULL */
    long *line;     /* 1-based line of the file */
    int max_tokens; /* longest example */
    size_t n_tokens;
    long n_truncated, tokens_cut;
    char sha256[65]; /* of the file */
    char *path;
};
/* dataset_load - read, check and tokenise DIR/FILE of a split. LIMIT > 0: a random subset of so
 * many examples, drawn with (subset_seed, RNG_SUBSET, split), in file order; a smaller subset is
 * part of a larger one. MAX_LEN 0: the task's. A UTF-8 BOM and CRLF are fine, blank lines only at
 * the end. The whole file is checked whatever LIMIT is. Errors: FAIL_INPUT with file:line: missing
 * or extra column, unknown label, number out of range, empty split, NUL byte, text that is not
 * UTF-8, unbalanced quote (csv), bad JSON (jsonl). */
int dataset_load(struct dataset *d, const struct task *t, enum split s, const char *dir,
                 const struct tok *tok, long max_len, long limit, uint64_t subset_seed);
size_t dataset_bytes(const struct dataset *d); /* of memory */
/* dataset_cached (token_cache.c) - the same through files in C->dir, one for each content: what was
 * tokenised is kept there and read back while the data file, what the task says about it, the
 * tokenizer, MAX_LEN and the subset are the same. A kept file that is damaged, cut short or of
 * another version is made again; a folder that cannot be read or written is no error, only slower.
 * Errors: as dataset_load. */
struct token_cache {
    const char *dir;                     /* made when absent */
    const char *file, *spec, *tokenizer; /* sha256 of the split's file, the task, the tokenizer */
};
int dataset_cached(struct dataset *d, const struct task *t, enum split s, const char *dir,
                   const struct tok *tok, long max_len, long limit, uint64_t subset_seed,
                   const struct token_cache *c);
void dataset_free(struct dataset *d);
/* dataset_shared - how many examples of b have the same token ids as one of a (a leak between
 * splits). */
long dataset_shared(const struct dataset *a, const struct dataset *b);

/* Micro-batches. A step's examples are cut into micro-batches of about equal tokens: their number depends
 * on the examples alone, never on threads, so that the bits do not either. */
struct microbatch {
    struct batch b; /* points into the arrays below */
    int *mem;       /* ids, pos, types, off, slot, label, example */
    real *target;
    int *next;
    int *example;         /* [n_seq] index in the dataset */
    int cap_tok, cap_seq; /* what mem has room for: buffers are used again and only grow */
    uint64_t *sort;       /* scratch of batch_split, in out[0] */
    int cap_sort;
};
/* batch_pair_cost - what a pair of tokens of one sequence costs in attention, in costs of a token
 * in the linear layers: 12 d / 4 P operations of a training step, P numbers in the linear layers of
 * a block, times 2, because attention runs at a lower rate. From dims alone, so that no measurement
 * moves bits. */
double batch_pair_cost(const struct dims *d);
/* batch_split - cut examples IDX[0..n) into at most MAX_MICROBATCHES micro-batches of about
 * TOKENS_PER_MICROBATCH tokens; slot of an example is its place in IDX + FIRST_SLOT. An example of L
 * tokens costs L + PAIR_COST L^2: the longest goes first, always into the lane with the least cost;
 * within a lane the order is that of IDX, and the costliest lane comes first. Returns how many:
 * tokens / TOKENS_PER_MICROBATCH rounded to an even number, so that two threads end together (below
 * TOKENS_PER_MICROBATCH: 1), at most n. out[] must hold MAX_MICROBATCHES, zeroed at first. */
int batch_split(struct microbatch *out, int max_parts, int tokens_per_part, double pair_cost,
                const struct dataset *d, const int *idx, int n, int first_slot);
/* batch_fill - one micro-batch of all IDX[0..n), slots from FIRST_SLOT. */
void batch_fill(struct microbatch *out, const struct dataset *d, const int *idx, int n,
                int first_slot);
void microbatch_free(struct microbatch *m); /* of a zeroed one: nothing */
#endif
