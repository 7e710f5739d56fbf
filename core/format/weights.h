/* weights.h - the tensors of a model or an adapter, in whatever files people have them: one
 * safetensors file, one file of torch.save, several of either with an index, or one GGUF file. */
#ifndef WEIGHTS_H
#define WEIGHTS_H

#include "core/format/tensor.h"

/* Tensors point into the struct's parts, which do not move when the struct does. */
struct weights {
    char *path;          /* of the file, or of the index */
    struct st_tensor *t; /* of all files, in their order */
    int n;
    int *by_name;         /* private: indices into t, in the order of the names */
    struct st_file *part; /* the files */
    int n_parts;
};

/* weights_open - open the file or index PATH and check everything (see safetensors.h, torch.h, and
 * shards.h). The content of a file says what it is, not its name. weights_close releases it; does
 * nothing for a zeroed struct. Errors: FAIL_INPUT, with the file and the tensor. weights_find - the
 * tensor NAME, or NULL. */
int weights_open(struct weights *w, const char *path);
void weights_close(struct weights *w);
const struct st_tensor *weights_find(const struct weights *w, const char *name);

/* weights_in - the file or index in the folder DIR that transformers (PEFT) would read as the
 * weights of a model (of an adapter): the first that exists of model.safetensors,
 * model.safetensors.index.json, pytorch_model.bin, pytorch_model.bin.index.json
 * (adapter_model.safetensors, adapter_model.bin); of a model, if there is none of them, the only
 * file *.gguf. The caller frees it. Errors: NULL after FAIL_INPUT when there is none, with all that
 * was looked for, or when there are several files *.gguf. weights_are_in - is there one?
 * weights_unread - another of those files in DIR, which is not read because of the first; NULL
 * when there is none. weights_path_is_gguf - by the name of the file. */
enum weights_of { WEIGHTS_OF_MODEL, WEIGHTS_OF_ADAPTER };
char *weights_in(const char *dir, enum weights_of what);
bool weights_are_in(const char *dir, enum weights_of what);
bool weights_path_is_gguf(const char *path);
const char *weights_unread(const char *dir, enum weights_of what);

/* weights_files - the paths of the file PATH, or of the index PATH and all files that it names. The
 * caller frees them with weights_files_free. Returns how many, or -1 after FAIL_INPUT.
 * weights_key - the SHA-256 of the content: of a single file that of the file, else that of lines
 * "NAME SHA-256", one for each file. HASH computes that of a file (NULL: sha256_file); it gets ARG.
 * Errors: FAIL_INPUT. */
typedef int weights_hash(char out[65], void *arg, const char *path);
int weights_files(char ***paths, const char *path);
void weights_files_free(char **paths, int n);
int weights_key(char out[65], const char *path, weights_hash *hash, void *arg);
#endif
