/* packs.h - private to core/weights and core/nn: the packed weights of large models, cached in
 * files below b->pack_dir.
 *
 * A file holds one model in one precision. Its entries are addressed by place: group LAYER *
 * N_GROUP + G of the blocks first, then the chunks of a decoder's output layer. There is no file
 * when b->pack_dir is NULL, when packing the model is as fast as reading a file, and without
 * oneDNN. */
#ifndef PACKS_H
#define PACKS_H

#include "core/weights/base_model.h"

/* packs_get - the packed weight at PLACE that agrees with WANT (in, out, backward, precision); it
 * uses the bytes of the mapped file. NULL: the file does not have it, or is damaged, which is
 * reported once. */
struct packed *packs_get(struct base_model *b, int place, struct packed_image want);

/* packs_changed - something was packed that the file does not have. packs_save - if so, write the
 * file again with everything that is packed now; a file that cannot be written is reported at -v
 * and is not an error. Call packs_get first. */
void packs_changed(struct base_model *b, enum precision p);
void packs_save(struct base_model *b, enum precision p);
void packs_free(struct base_model *b);
#endif
