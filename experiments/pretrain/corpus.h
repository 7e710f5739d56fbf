/* corpus.h - plain text for pretraining, divided into documents. */
#ifndef CORPUS_H
#define CORPUS_H

#include "core/base/text.h"

/* A document: SIZE bytes from AT on, without the line ends around it. */
struct document {
    size_t at, size;
    bool held_out;
};
struct corpus {
    const char *path; /* as it was given */
    struct text text; /* UTF-8 */
    char sha256[65];  /* of the text */
    struct document *doc;
    int n;
    size_t train_bytes, held_bytes; /* of the documents alone */
    int n_held;
};

/* corpus_read - the text of the file PATH ("-": standard input), which may be packed by xz. At
 * least BLANK empty lines end a document. With MEGABYTES > 0 only the documents that end within so
 * many million bytes are read. The caller frees C with corpus_free. Errors: FAIL_INPUT with the
 * file and line: text that is not UTF-8, a NUL byte; without a line: no text at all, or more than
 * 2^31 - 1 bytes; FAIL_STOPPED. */
int corpus_read(struct corpus *c, const char *path, double megabytes, int blank);
void corpus_free(struct corpus *c); /* of a zeroed one: nothing */

/* corpus_hold_out - set documents of about a share SHARE of the bytes, but at most CORPUS_MOST_HELD
 * bytes, apart: at least one, and not all. They are drawn with SEED. Errors: FAIL_INPUT: there is
 * only one document. */
enum { CORPUS_MOST_HELD = 1000000 };
int corpus_hold_out(struct corpus *c, double share, uint64_t seed);
#endif
