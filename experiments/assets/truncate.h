/* truncate.h - models of low rank: "minilm@r64" is minilm with every matrix of its blocks replaced
 * by the closest matrix of rank 64 (Eckart & Young 1936),
 *
 *     W_R = sum over i <= R of s_i u_i v_i^T        for W = sum over i of s_i u_i v_i^T (SVD)
 *
 * How much rank does W need, and does adaptation restore what the truncation removed? (Hu et al.
 * 2021, section 8: "rank-deficiency of W".) */
#ifndef TRUNCATE_H
#define TRUNCATE_H

/* truncate_name - is NAME "OF@rRANK"? 1: yes; *OF is the caller's to free. 0: it is another kind of
 * name. Errors: -1, FAIL_USAGE, when what follows "@r" is no rank. */
int truncate_name(const char *name, char **of, long *rank);

/* truncate_make - write the truncated model NAME of OF (as model_dir takes it) into the folder DIR.
 * Errors: FAIL_USAGE: a rank above that of the matrices; FAIL_INPUT, FAIL_STORE, FAIL_MEMORY. */
int truncate_make(const char *name, const char *home, const char *of, long rank, const char *dir);
#endif
