/* porter.h - Porter's stemmer (Porter 1980, "An algorithm for suffix stripping") with the changes
 * that NLTK's PorterStemmer makes by default and rouge-score therefore uses. */
#ifndef PORTER_H
#define PORTER_H

/* porter_stem - replace the word S, of a-z and 0-9, by its stem, which is never longer. */
void porter_stem(char *s);
#endif
