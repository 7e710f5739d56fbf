/* fuzz_kit.h - what fuzz targets share: files in memory, inputs of several parts, and checks of
 * messages.
 *
 * A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput. Its head comment says which reader
 * it calls and what must hold whatever the bytes are (the invariant, tested with CHECK). Seeds are
 * in corpus/NAME, inputs that once failed in crashes/NAME, words of the grammar in dict/NAME.dict.
 * Besides the target's own invariant, every message that is printed must consist of lines without
 * control characters, and every refusal must be one such line with an exit status. */
#ifndef FUZZ_KIT_H
#define FUZZ_KIT_H

#include "core/base/base.h"
#include "core/text/tok.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Bytes of an input, not NUL-terminated. */
struct fuzz_bytes {
    const uint8_t *data;
    size_t size;
};

/* fuzz_begin - the input as bytes; from now on messages are captured and no failure is recorded.
 * fuzz_end - checks the messages since fuzz_begin. fuzz_refused - CHECKs that a failure with one of
 * these codes, FAIL_USAGE | FAIL_INPUT for example, was recorded as one printable line. */
struct fuzz_bytes fuzz_begin(const uint8_t *data, size_t size);
void fuzz_end(void);
enum {
    FUZZ_USAGE = 1 << FAIL_USAGE,
    FUZZ_INPUT = 1 << FAIL_INPUT,
    FUZZ_STORE = 1 << FAIL_STORE,
    FUZZ_MEMORY = 1 << FAIL_MEMORY
};
void fuzz_refused(int codes);

/* fuzz_byte - take the first byte, 0 at the end. fuzz_part - take the bytes up to the next 0xFF,
 * which no UTF-8 text contains, or all that are left. fuzz_string - B with a NUL at the end; the
 * caller frees it. fuzz_plain - is there no control character in S except newlines, and is S
 * UTF-8? */
int fuzz_byte(struct fuzz_bytes *rest);
struct fuzz_bytes fuzz_part(struct fuzz_bytes *rest);
char *fuzz_string(struct fuzz_bytes b);
bool fuzz_plain(const char *s);

/* fuzz_file - the path of a file in memory with the bytes B, valid until the next call. fuzz_dir -
 * the path of a folder in memory, empty at first, which ends with the process. fuzz_put - write B
 * to the file NAME in it, or remove that file when B is empty; returns its path, valid until the
 * next call. fuzz_clear - remove everything in it. */
const char *fuzz_file(struct fuzz_bytes b);
const char *fuzz_dir(void);
const char *fuzz_put(const char *name, struct fuzz_bytes b);
void fuzz_clear(void);

/* fuzz_byte_tok - a byte-level BPE with every byte and a few merges, whose end of text is
 * "<|endoftext|>"; it is made once, by the first call, which clears fuzz_dir. */
struct tok *fuzz_byte_tok(void);

/* fuzz_mend - replace the last 16 bytes of B by the XXH3-128 of those before them, as files with a
 * checksum have it; B must be longer. */
void fuzz_mend(uint8_t *data, size_t size);
#endif
