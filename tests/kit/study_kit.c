/* study_kit.c - a small random model, a task of a few lines, and studies of them. */
#include "tests/kit/study_kit.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "tests/kit/tiny.h"
#include "core/os/file.h"

#include <stdlib.h>

struct study_kit study_kit;

static void write_text(const char *name, const char *text)
{
    temp_file(study_kit.dir, name, text);
}

void study_kit_setup(void)
{
    temp_dir(study_kit.dir);
    study_kit.model = path_join(study_kit.dir, "model");
    study_kit.task_path = path_join(study_kit.dir, "toy.yaml");
    char *data = path_join(study_kit.dir, "data/toy");
    ck_assert_int_eq(make_dirs(study_kit.model), 0);
    ck_assert_int_eq(make_dirs(data), 0);
    free(data);
    tiny_checkpoint(study_kit.model,
                    "{\"model_type\": \"bert\", \"num_hidden_layers\": 2, \"hidden_size\": 16, "
                    "\"num_attention_heads\": 2, \"intermediate_size\": 32, \"vocab_size\": 8, "
                    "\"max_position_embeddings\": 24, \"type_vocab_size\": 2, "
                    "\"hidden_act\": \"gelu\"}",
                    1, 0, 0);
    write_text("model/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\nc\n");
    write_text("data/toy/train.tsv", "text\tlabel\na b\tx\nb c\ty\n");
    write_text("data/toy/dev.tsv", "text\tlabel\na c\tx\nb b\ty\n");
    write_text("toy.yaml",
               "task: toy\nkind: classification\ndir: toy\nformat: tsv\nheader: true\n"
               "columns: {text: text, label: label}\nlabels: [x, y]\n"
               "splits: {train: train.tsv, dev: dev.tsv}\nmetrics: [accuracy]\nmax_len: 16\n");
    data = path_join(study_kit.dir, "data");
    session_init(&study_kit.session, study_kit.dir, data);
    free(data);
    verbosity = -1;
}

void study_kit_teardown(void)
{
    temp_remove(study_kit.dir);
    session_free(&study_kit.session);
    free(study_kit.model);
    free(study_kit.task_path);
}

int study_kit_load(struct study *s, const char *base, const char *body,
                   const struct settings *words, long seeds, enum profile profile)
{
    char *text = xprintf("study: t\nbase: {model: %s, task: %s%s%s}\n%s", study_kit.model,
                         study_kit.task_path, *base ? ", " : "", base, body);
    write_text("s.yaml", text);
    char *path = path_join(study_kit.dir, "s.yaml");
    int rc = study_load(s, &study_kit.session, path, words, seeds, profile, false);
    free(path);
    free(text);
    return rc;
}
