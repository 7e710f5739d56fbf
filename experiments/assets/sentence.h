/* sentence.h - what sentence-transformers keeps in a model folder beside the model. */
#ifndef SENTENCE_H
#define SENTENCE_H

/* sentence_files - the names of its files that may limit the length of texts, NULL-terminated; a
 * folder has one of them at most. */
extern const char *const sentence_files[];

/* sentence_max_len - *OUT is the number of tokens to which sentence-transformers truncates a text:
 * max_seq_length of one of sentence_files, else model_max_length of tokenizer_config.json, else 0,
 * for no limit but the model's positions. Errors: FAIL_INPUT, if the number is not a whole number
 * from 3. */
int sentence_max_len(int *out, const char *dir);
#endif
