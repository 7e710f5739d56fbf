/* shards.h - the index of a checkpoint in several files, as transformers writes it
 * (model.safetensors.index.json, pytorch_model.bin.index.json): an object whose weight_map says for
 * each tensor which file has it. */
#ifndef SHARDS_H
#define SHARDS_H

#include "core/format/tensor.h"

#include <jansson.h>

struct shards {
    char *path;  /* of the index */
    char **file; /* names in the folder of the index, in their order */
    int n;
    json_t *map; /* private: tensor to name */
};

/* shards_is - is PATH the name of an index? shards_read - the files that the index PATH names;
 * shards_free releases S and does nothing for a zeroed struct. metadata.total_size is not used:
 * transformers does not check it either. Errors: FAIL_INPUT; a file must be inside the folder of
 * the index, and no key may occur twice. */
bool shards_is(const char *path);
int shards_read(struct shards *s, const char *path);
void shards_free(struct shards *s);

/* shards_check - do the opened files PART [s->n] hold exactly the tensors that the index says, each
 * in its file? Errors: FAIL_INPUT, with the tensor and the files. */
int shards_check(const struct shards *s, const struct st_file *part);
#endif
