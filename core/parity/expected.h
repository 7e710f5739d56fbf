/* expected.h - a file of results that another implementation wrote. Private to core/parity.
 * Layer 3. */
#ifndef EXPECTED_H
#define EXPECTED_H

#include "core/format/safetensors.h"

struct expected {
    struct st_file st;
    bool *done;        /* [st.n] tensor i was an input, or it was compared */
    const char *label; /* printed before each name */
};
/* expected_open - open the safetensors file PATH. The caller closes E. Errors: FAIL_INPUT. */
int expected_open(struct expected *e, const char *path, const char *label);
void expected_close(struct expected *e);

/* expected_take - the tensor NAME, marked as done; NULL: there is none. expected_has - does the
 * name of any tensor begin with PREFIX? expected_largest - the largest magnitude in all
 * floating-point tensors whose names begin with PREFIX. */
const struct st_tensor *expected_take(struct expected *e, const char *name);
bool expected_has(const struct expected *e, const char *prefix);
double expected_largest(const struct expected *e, const char *prefix);
#endif
