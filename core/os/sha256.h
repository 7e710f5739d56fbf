/* sha256.h - SHA-256 of bytes and of files, as 64 lower-case hexadecimal digits and a NUL. */
#ifndef SHA256_H
#define SHA256_H

#include <stddef.h>

/* sha256_hex - of SIZE bytes. sha256_file - of the content of PATH; sha256_file_to_end also when a
 * stop was requested. Errors: FAIL_INPUT, FAIL_STOPPED. */
void sha256_hex(char out[65], const void *data, size_t size);
int sha256_file(char out[65], const char *path);
int sha256_file_to_end(char out[65], const char *path);
#endif
