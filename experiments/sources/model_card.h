/* model_card.h - what experiments/models/NAME.yaml says of a pretrained model that can be
 * fetched. */
#ifndef MODEL_CARD_H
#define MODEL_CARD_H

#include "core/base/base.h"

struct model_file {
    char *path, *sha256; /* within the model's folder */
};
struct model_card {
    char *name, *title, *licence;
    char *package, *version; /* the Python package whose wheel contains the model */
    char *wheel, *sha256;    /* file name and hash of the wheel */
    char *folder;            /* of the model's files within the wheel */
    uint64_t size, unpacked; /* bytes: of the wheel; at most, of all files together */
    struct model_file *files;
    int n_files;
};
/* model_card_load - read a card; freed by model_card_free. Errors: FAIL_USAGE with
 * file:line:column. */
int model_card_load(struct model_card *c, const char *yaml_path);
void model_card_free(struct model_card *c);
#endif
