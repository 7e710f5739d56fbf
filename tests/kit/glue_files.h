/* glue_files.h - small files in the published layout of every set of GLUE. */
#ifndef GLUE_FILES_H
#define GLUE_FILES_H

/* glue_files_write - files below DIR/glue with the published names and headers, a few rows each, in
 * which there is what the real files surprise readers with: quotes that are not closed, line
 * separators of Unicode, QQP's rows that a line end or a tab has broken, and no labels in test.tsv.
 * Every training file has 4 good rows, every dev file 2; MNLI's mismatched one has 3. */
void glue_files_write(const char *dir);
#endif
