/* task.h - a task: what its file says about data files, labels and metrics. Layer 3. */
#ifndef TASK_H
#define TASK_H

#include "core/base/base.h"
#include "core/data/row_template.h"

/* A task is one YAML file, experiments/tasks/NAME.yaml:
 *   task: mrpc                      its name
 *   title, source, licence          shown to people; optional
 *   kind: classification            or regression, or generation (below)
 *   dir: glue/MRPC                  folder of the data files below a data folder, or below that of
 *                                   the task file, which it is by default
 *   format: tsv                     tsv (no quoting, as in GLUE), csv (RFC 4180), jsonl, json, or
 *                                   that of a corpus: webnlg, wikisql, dart (format_NAME.c)
 *   separator: "||"                 tsv: what ends a column instead of a tab
 *   header: true                    the first line names the columns; without it, columns are
 *                                   numbered from 1
 *   columns: {text: "#1 String", pair: "#2 String", label: Quality}     pair is optional
 *   labels: ["0", "1"]              classification: the classes; the first has index 0
 *   labels_file: labels.txt         or a file in DIR with one class per line
 *   range: [0, 5]                   regression: a target outside the range is an error
 *   splits: {train: train.tsv, dev: dev.tsv, test: test.tsv}            test is optional
 *   held_out: 10000                 instead of a test file: so many rows of the train file are the
 *                                   test split, which no run trains on, or below 1 such a share of
 *                                   them. They are the same in every run, stratified by label, and
 *                                   share no text with the rest (draw.h)
 *   metrics: [accuracy, f1]         the first is the task's main metric
 *   max_len: 128                    what "max_len: 0" in a recipe stands for; without it, the
 *                                   model's number of positions
 *   skip_bad_rows: 3                at most so many malformed rows of each file are left out and
 *                                   counted; one more is an error, as any is without this key
 *   prepare: wordnet                what 'lowrank prepare' makes the data files from if they are
 *                                   missing (experiments/sources/wordnet.c)
 *
 * With "kind: generation" a row is a prompt and the target that follows it; there are no "columns",
 * but templates (row_template.h) that name them:
 *   prompt: "{mr} ||"               what the model reads
 *   target: " {ref}"                what it learns to write: only these tokens have a loss. Rows
 *                                   with the same prompt are one input with several references
 *   end: true                       the target ends with the tokenizer's end-of-text token
 *   strip: false                    whether white space at the ends of columns is removed
 *   truncate: prompt_start          what is cut off a row of more than max_len tokens: the start or
 *                                   with prompt_end the end of its prompt, or with target (the
 *                                   default) the end of its target, with the end token. A row of
 *                                   which no token of the prompt or of the target would be left is
 *                                   left out and counted
 *   max_target: 64                  targets are cut after so many tokens, the end token among them
 *   labels: [yes, no]               optional: every target is one of these; the metric accuracy
 *                                   asks which of them the model finds most probable
 *   keep: {category: [Airport, City]}    only rows with one of these values in this column
 *   generate: {beams: 10, scores: e2e}   how texts are generated and scored after training
 *                                   (experiments/assets/task_texts.h) */
enum { TASK_MAX_METRICS = 8, TASK_MAX_COLUMNS = 8 };
/* Those before N_FILES are named in task files. The selection split is a part of train that a run
 * may choose its best evaluation by. */
enum split { SPLIT_TRAIN, SPLIT_DEV, SPLIT_TEST, SPLIT_SELECT, N_SPLITS, N_FILES = SPLIT_SELECT };
extern const char *const split_names[N_SPLITS + 1]; /* "train", "dev", "test", "select", NULL */

enum task_truncate { TRUNCATE_TARGET, TRUNCATE_PROMPT_START, TRUNCATE_PROMPT_END };

struct data_format; /* core/data/format.h */
struct task {
    char *folder; /* of the task file */
    char *name, *title, *source, *license, *dir, *prepare, *labels_file;
    bool regression, header;
    bool generates; /* a prompt and a target */
    const struct data_format *format;
    char *separator;                       /* tsv: NULL: a tab */
    char *col_text, *col_pair, *col_label; /* names, or numbers from 1; col_pair may be NULL */
    char **labels; /* [n_labels]; n_labels is 0 for a regression, and may be for generation */
    int n_labels;
    double lo, hi; /* range of a regression's targets */
    char *file[N_FILES];
    double held_out; /* 0: none; rows of train that are the test split, below 1 a share of them */
    char *metrics[TASK_MAX_METRICS];
    int n_metrics;
    long max_len; /* 0: no limit */
    long skip_bad_rows;

    /* generation */
    struct row_template prompt, target;
    char *column[TASK_MAX_COLUMNS]; /* that the templates and keep name, in their numbering */
    int n_columns;
    bool no_end, strip;
    enum task_truncate truncate;
    long max_target; /* 0: no limit */
    char **keep;     /* [n_keep] values of column[keep_column]; none: all rows */
    int n_keep, keep_column;
};

/* task_load - read and check the task file YAML_PATH. The caller frees T with task_free. Errors:
 * FAIL_USAGE with file:line:column; the nearest key or word is suggested. */
int task_load(struct task *t, const char *yaml_path);
void task_free(struct task *t);

/* task_file - the file that the rows of split S are in; NULL: the task does not have this split. */
const char *task_file(const struct task *t, enum split s);

/* task_labels - read the classes of a task with labels_file from DIR/labels_file, where DIR is the
 * folder of the data files. Does nothing without labels_file, or when called again. Must be called
 * before dataset_load. Errors: FAIL_INPUT. */
int task_labels(struct task *t, const char *dir);
#endif
