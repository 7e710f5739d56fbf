/* precision.h - the choices of the key 'precision'. */
#ifndef PRECISION_H
#define PRECISION_H

#include "core/math/packed.h"

/* What this build can compute with. "auto" is the first; precision_chosen says what it means here:
 * bf16 if the CPU is faster with it and the build is in single precision. */
#ifdef REAL_IS_DOUBLE
#define PRECISIONS "auto|f64|q8_0|q4_1|nf4"
#else
#define PRECISIONS "auto|f32|bf16|q8_0|q4_1|nf4"
#endif

/* precision_chosen - the precision of the CHOICE-th of PRECISIONS. precision_choice - the choice
 * that names P. */
enum precision precision_chosen(int choice);
int precision_choice(enum precision p);
#endif
