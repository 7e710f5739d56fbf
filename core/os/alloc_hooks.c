/* alloc_hooks.c - libraries that do not survive a failed allocation. */
#include "core/os/alloc_hooks.h"
#include "core/base/base.h"

#include <dlfcn.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static void *json_alloc(size_t n)
{
    return xgrow(NULL, n, 1);
}

/* OpenSSL calls it with 0 bytes, too, and takes NULL for an answer then. */
static void *ssl_alloc(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return n ? xgrow(NULL, n, 1) : NULL;
}

static void ssl_free(void *p, const char *file, int line)
{
    (void)file, (void)line;
    free(p);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line)
{
    if (n)
        return xgrow(p, n, 1);
    ssl_free(p, file, line);
    return NULL;
}

static void new_failed(void)
{
    alloc_failed(1, 1);
}

void alloc_hooks_install(void)
{
    /* std::set_new_handler, if a C++ library is there */
    void *set = dlsym(RTLD_DEFAULT, "_ZSt15set_new_handlerPFvvE");
    void (*(*set_new_handler)(void (*)(void)))(void);

    json_set_alloc_funcs(json_alloc, free);
    CRYPTO_set_mem_functions(ssl_alloc, ssl_realloc, ssl_free);
    if (set) {
        memcpy(&set_new_handler, &set, sizeof set);
        set_new_handler(new_failed);
    }
}
