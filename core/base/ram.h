/* ram.h - how much memory this process has used, and how much it may use. */
#ifndef RAM_H
#define RAM_H

#include <stddef.h>

/* peak_rss_bytes - the largest resident set of this process so far (VmHWM). */
size_t peak_rss_bytes(void);

/* ram_limits - bytes of memory that this process may use, and bytes of it that are free now: for
 * each, the smallest value among the machine and all control groups (version 1 or 2) that contain
 * the process. Page cache that was read only once counts as free, because the kernel gives it
 * back. */
void ram_limits(size_t *total, size_t *available);

/* ram_address_space - bytes that this process may still map (ulimit -v, ulimit -d); SIZE_MAX: no
 * limit. */
size_t ram_address_space(void);
#endif
