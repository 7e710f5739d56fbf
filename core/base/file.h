/* file.h - files in, files out, by content. Layer 0. */
#ifndef FILE_H
#define FILE_H

#include "core/base/base.h"

struct file {
    char *path; /* owned copy */
    const unsigned char *data;
    size_t size;
};

/* file_map - map PATH read-only into *f; an empty file maps to size 0 with data "".
 * Errors: FAIL_INPUT if it cannot be opened or mapped, or is not a regular file. */
int file_map(struct file *f, const char *path);
void file_unmap(struct file *f);

/* file_guard - run fn(arg) so that reading a mapped file that another process truncates meanwhile
 * (SIGBUS) ends in FAIL_INPUT "'PATH' changed while it was read" instead of a crash. Returns fn's
 * value or -1. Not re-entrant; reads only inside fn. */
int file_guard(const struct file *f, int (*fn)(void *), void *arg);

/* file_write - replace PATH with SIZE bytes: temporary file in the same folder, fsync, rename,
 * fsync of the folder, so that a reader or a crash sees the old or the new content, never half.
 * Errors: CODE (the caller knows whether it is FAIL_STORE or FAIL_INPUT); the temporary is removed.
 */
int file_write(const char *path, const void *data, size_t size, enum fail_code code);
/* file_write_parts - the same for a large file of N pieces that can be made again: without fsync. A
 * reader sees the old or the new one; what is left after a crash of the machine has to carry a
 * checksum. */
struct file_part {
    const void *data;
    size_t size;
};
int file_write_parts(const char *path, const struct file_part *part, int n, enum fail_code code);

/* make_dirs - create PATH and its parents ("mkdir -p"). Errors: FAIL_STORE. */
int make_dirs(const char *path);
bool file_exists(const char *path);
bool file_in(const char *dir, const char *name);    /* does DIR/NAME exist? */
char *path_join(const char *dir, const char *name); /* caller frees */

/* share_path - a data file of the program (models, tasks, studies, figures): below LOWRANK_SHARE if
 * set, else beside the source tree that holds the executable's build folder, else
 * PREFIX/share/lowrank next to PREFIX/bin. The path of the first of these where it exists, else
 * where it was looked for first; caller frees. */
char *share_path(const char *name);

/* SHA-256 as 64 lower-case hex digits and NUL. sha256_file: Errors FAIL_INPUT. */
void sha256_hex(char out[65], const void *data, size_t size);
int sha256_file(char out[65], const char *path);

/* spawn_wait - run ARGV[0] (found in PATH) without a shell; stdin from /dev/null, stdout and stderr
 * into OUT (at most OUT_SIZE-1 bytes, NUL-terminated) unless OUT is NULL, then inherited stderr.
 * Killed after TIMEOUT_S seconds (0: none). Returns the exit status, 128+signal, or -1 with
 * FAIL_TOOL when the program is missing or timed out. */
int spawn_wait(char *const argv[], char *out, size_t out_size, double timeout_s);
/* file_copy_there - the file NAME of folder FROM, when it is there, to the folder TO, whole or not at all.
 * Errors: FAIL_INPUT, FAIL_STORE. */
int file_copy_there(const char *from, const char *to, const char *name);
#endif
