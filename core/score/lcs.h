/* lcs.h - the longest common subsequence. */
#ifndef LCS_H
#define LCS_H

/* lcs_length - the length of the longest common subsequence of A [N] and B [M]; time n m, memory
 * m. */
int lcs_length(const int *a, int n, const int *b, int m);
#endif
