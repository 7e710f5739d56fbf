/* torch.h - reading the files that torch.save writes from a state dict (pytorch_model.bin,
 * adapter_model.bin, *.pt), in which every count and offset is checked before it is used and no
 * code is executed. */
#ifndef TORCH_H
#define TORCH_H

#include "core/format/tensor.h"

/* torch_is - does F begin like a file of torch.save, of any release? torch_open - map PATH and find
 * its tensors, in the order of the state dict; st_close releases them. A tensor that is a view with
 * other strides than row-major ones is_strided; several may share their data. Errors: FAIL_INPUT
 * with the file and the tensor; also for files from before PyTorch 1.6, which are no ZIP files, and
 * for everything else in a pickle than tensors (see pickle.h). */
bool torch_is(const struct file *f);
int torch_open(struct st_file *s, const char *path);
#endif
