/* alloc_hooks.h - libraries that do not survive a failed allocation. */
#ifndef ALLOC_HOOKS_H
#define ALLOC_HOOKS_H

/* alloc_hooks_install - from now on, when memory runs out inside jansson, OpenSSL, or a C++ library
 * (oneDNN), the process ends as with xalloc: one line, and FAIL_MEMORY. By themselves, they take a
 * document for invalid, crash, or abort. To be called before anything else. */
void alloc_hooks_install(void);
#endif
