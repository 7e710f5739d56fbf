/* sha256.c - SHA-256 of bytes and of files. */
#include "core/os/sha256.h"
#include "core/os/file.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hex_digits(char out[65], const unsigned char *md)
{
    for (int i = 0; i < 32; i++)
        snprintf(out + 2 * i, 3, "%02x", md[i]);
}

void sha256_hex(char out[65], const void *data, size_t size)
{
    unsigned char md[EVP_MAX_MD_SIZE] = { 0 };
    int ok = EVP_Digest(data, size, md, NULL, EVP_sha256(), NULL);

    CHECK(ok == 1, "SHA-256 of %zu bytes", size);
    hex_digits(out, md);
}

static int hash_file(char out[65], const char *path, bool may_stop)
{
    enum { CHUNK = 1 << 18 };
    unsigned char md[EVP_MAX_MD_SIZE] = { 0 }, *buf;
    size_t size;
    ssize_t n;
    int rc = 0, fd = file_open(path, &size);

    if (fd < 0)
        return -1;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1, "SHA-256 of '%s'", path);
    buf = xalloc(CHUNK, 1);
    while ((n = read(fd, buf, CHUNK)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0)
            CHECK(EVP_DigestUpdate(ctx, buf, (size_t)n) == 1, "SHA-256 of '%s'", path);
        if (may_stop && stop_requested())
            break;
    }
    if (may_stop && stop_requested())
        rc = fail(FAIL_STOPPED, "stopped while reading '%s'", path);
    else if (n < 0)
        rc = fail(FAIL_INPUT, "cannot read '%s': %s", path, strerror(errno));
    CHECK(EVP_DigestFinal_ex(ctx, md, NULL) == 1, "SHA-256 of '%s'", path);
    hex_digits(out, md);
    free(buf);
    EVP_MD_CTX_free(ctx);
    close(fd);
    return rc;
}

int sha256_file(char out[65], const char *path)
{
    return hash_file(out, path, true);
}

int sha256_file_to_end(char out[65], const char *path)
{
    return hash_file(out, path, false);
}
