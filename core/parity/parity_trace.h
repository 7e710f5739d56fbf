/* parity_trace.h - the check of a recorded training. Private to core/parity. Layer 3. */
#ifndef PARITY_TRACE_H
#define PARITY_TRACE_H

#include "core/parity/parity_compare.h"

/* parity_trace - train as the file E says ("a training" in parity.h), print each step, and compare.
 * Errors: FAIL_INPUT, FAIL_MEMORY. */
int parity_trace(struct parity *p, struct expected *e);
#endif
