/* model_card.h - what experiments/models/NAME.yaml says of a pretrained model that can be
 * fetched. */
#ifndef MODEL_CARD_H
#define MODEL_CARD_H

#include "core/base/base.h"

struct model_file {
    char *path, *sha256; /* within the model's folder */
    uint64_t size;       /* in bytes; 0 if the files are in an archive */
};

/* A wheel (a zip file) of a Python package. */
struct model_wheel {
    char *package, *version;
    char *wheel, *sha256; /* its file name and hash */
    uint64_t size;        /* in bytes */
    char *part;         /* the file in it that is a part of the archive; NULL: it is the archive */
    uint64_t part_size; /* in bytes; 0 without PART */
};

/* The archive is a zip file that contains the model: the only wheel, or the parts of several wheels
 * one after the other. With a URL there is none, and every file is at URL/PATH. */
struct model_card {
    char *name, *title, *licence;
    char *url; /* NULL: there are wheels */
    struct model_wheel *wheels;
    int n_wheels;
    char *archive, *sha256;  /* file name and hash of the archive */
    char *folder;            /* of the model's files within the archive */
    uint64_t size, unpacked; /* bytes: of the archive; at most, of all files together */
    struct model_file *files;
    int n_files;
};

/* model_card_load - read a card; freed by model_card_free. A card has package, version, wheel,
 * sha256 and size, or, where the model does not fit into one package, a list "wheels" of such
 * mappings with "part" and "part_size", and archive, sha256 and size of the whole. A model on a web
 * server has instead of all these "url", and of every file its sha256 and size. Errors: FAIL_USAGE
 * with file:line:column. */
int model_card_load(struct model_card *c, const char *yaml_path);
void model_card_free(struct model_card *c);
#endif
