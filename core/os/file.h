/* file.h - reading files through a map, and replacing files as a whole. Also includes the headers
 * for paths, hashes, other programs, and the program's own data files. */
#ifndef FILE_H
#define FILE_H

#include "core/base/base.h"
#include "core/os/path.h"
#include "core/os/sha256.h"
#include "core/os/share.h"
#include "core/os/spawn.h"

/* A mapped file. PATH is an owned copy. */
struct file {
    char *path;
    const unsigned char *data;
    size_t size;
};

/* file_open - a descriptor of the regular file PATH for reading, and its size in bytes. Errors:
 * FAIL_INPUT, also for folders, devices and pipes. */
int file_open(const char *path, size_t *size);

/* file_map - map PATH into *F for reading; an empty file has size 0 and data "". Errors: FAIL_INPUT
 * if it cannot be opened or mapped, or is not a regular file.
 * file_unmap - release it; does nothing for a zeroed struct. */
int file_map(struct file *f, const char *path);
void file_unmap(struct file *f);

/* file_guard - call FN(ARG), which may read the mapped data, and return its value. If another
 * process truncates the file meanwhile, FN is abandoned at the access that would have crashed with
 * SIGBUS, and the result is -1 after FAIL_INPUT "'PATH' changed while it was being read". FN only
 * reads, because it may never return; calls do not nest. */
int file_guard(const struct file *f, int (*fn)(void *), void *arg);

/* A read of a mapped file that another process has truncated, without file_guard, returns zeros.
 * file_check - was there such a read in this process, or is a mapped file shorter now than when it
 * was mapped? Then whatever was computed from it is worth nothing: to be called before a result is
 * shown or stored. Errors: FAIL_INPUT "'PATH' changed while it was being read", and again at each
 * later call. */
int file_check(void);

/* file_copy_data - copy the mapped bytes to TO, under file_guard. Errors: FAIL_INPUT. */
int file_copy_data(void *to, const struct file *f);

/* file_write - replace PATH by SIZE bytes: write a temporary file in the same folder, fsync,
 * rename, fsync the folder. Readers see the old or the new content, never a part, even after a
 * crash. Errors: CODE, because the caller knows which one it is (FAIL_STORE, FAIL_INPUT). */
int file_write(const char *path, const void *data, size_t size, enum fail_code code);

/* file_write_parts - the same without fsync, from N pieces, for a large file that can be made
 * again. After a crash of the machine its content is undefined, so it should contain a checksum. */
struct file_part {
    const void *data;
    size_t size;
};
int file_write_parts(const char *path, const struct file_part *part, int n, enum fail_code code);

/* file_write_to - write SIZE bytes to the descriptor FD, however many calls that takes. Errors: -1
 * with errno. */
int file_write_to(int fd, const void *data, size_t size);

/* file_copy_there - copy the file NAME from folder FROM to folder TO, as a whole or not at
 * all. Does nothing if there is no such file. Errors: FAIL_INPUT, FAIL_STORE. */
int file_copy_there(const char *from, const char *to, const char *name);

/* file_exists - does PATH exist? Also true when that cannot be told, as in a folder without
 * permission or behind a circle of links, so that opening it says what is wrong instead of the file
 * being taken for absent. file_in - the same of NAME in DIR. */
bool file_exists(const char *path);
bool file_in(const char *dir, const char *name);
#endif
