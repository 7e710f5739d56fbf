/* macros.h - what every file may assume: fixed-width types, the length of an array, and the
 * attribute that lets the compiler check format strings. */
#ifndef MACROS_H
#define MACROS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* PRINTF - argument F is a printf format whose arguments begin at A. */
#define PRINTF(f, a) __attribute__((format(printf, f, a)))
#endif
