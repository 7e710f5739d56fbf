/* data_paths.h - the files of a split: one, or those of a folder. Layer 3. */
#ifndef DATA_PATHS_H
#define DATA_PATHS_H

/* NAME is a file's path relative to the split's, or "" where the split is the file itself. */
struct data_path {
    char *path, *name;
    char sha256[65];
};
struct data_paths {
    struct data_path *file;
    int n;
};

/* data_paths_list - the file PATH, or if it is a folder and SUFFIX is not NULL the files that end
 * with .SUFFIX in it and in its folders, sorted by name; without hashes. Errors: FAIL_INPUT: the
 * folder has none. data_paths_sha256 - one hash of all of them: that of a file itself, or SHA-256
 * of the lines "NAME SHA-256". data_paths_free - does nothing for a zeroed struct. */
int data_paths_list(struct data_paths *p, const char *path, const char *suffix);
void data_paths_sha256(char out[65], const struct data_paths *p);
void data_paths_free(struct data_paths *p);
#endif
