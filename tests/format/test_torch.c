/* test_torch.c - files of torch.save: what their tensors are, and what is refused in them. */
#include "core/format/pickle.h"
#include "core/format/safetensors.h"
#include "core/format/torch.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"

#include <stdlib.h>
#include <string.h>

#define GOLDEN "tests/golden/weights/"

/* --- values */

/* PyTorch wrote the same tensors in row-major order to a safetensors file. */
START_TEST(every_view_has_pytorchs_values)
{
    struct st_file have, want;

    ck_assert_msg(torch_open(&have, GOLDEN "view.bin") == 0, "%s", fail_text());
    ck_assert_msg(st_open(&want, GOLDEN "view.safetensors") == 0, "%s", fail_text());
    ck_assert_int_eq(have.n, want.n);
    ck_assert_int_eq(have.n, 18);
    for (int i = 0; i < want.n; i++) {
        const struct st_tensor *w = &want.t[i], *h = st_find(&have, w->name);
        double x[32], y[32];
        long a[32], b[32];
        ck_assert_msg(h && h->dtype == w->dtype && h->n_dims == w->n_dims && h->count == w->count &&
                          memcmp(h->shape, w->shape, sizeof h->shape) == 0,
                      "%s", w->name);
        if (w->dtype >= ST_F16) {
            ck_assert_int_eq(st_doubles(x, h, h->count) | st_doubles(y, w, w->count), 0);
            ck_assert_msg(memcmp(x, y, w->count * sizeof *x) == 0, "%s", w->name);
        } else {
            ck_assert_int_eq(st_longs(a, h, h->count) | st_longs(b, w, w->count), 0);
            ck_assert_msg(memcmp(a, b, w->count * sizeof *a) == 0, "%s", w->name);
        }
    }
    ck_assert(st_find(&have, "transposed")->is_strided && !st_find(&have, "row")->is_strided);
    ck_assert_ptr_eq(st_find(&have, "transposed")->data, st_find(&have, "plain")->data);
    ck_assert_ptr_null(st_floats_in_place(st_find(&have, "transposed")));
    ck_assert_ptr_nonnull(st_floats_in_place(st_find(&have, "plain")));
    st_close(&want);
    st_close(&have);
}
END_TEST

/* --- pickles */

#define P2 "\x80\x02"
#define DICT "ccollections\nOrderedDict\n)R"
#define STORAGE(count)                                                                             \
    "(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0"                                         \
    "0X\x03\0\0\0cpuK" count "tQ"
#define TENSOR(count, offset, sizes, strides)                                                      \
    "ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(count) offset sizes strides "\x89}tR"
#define NAMED(tensor) P2 "}X\x01\0\0\0w" tensor "s."
#define TEXT(s) s, sizeof(s) - 1

static const struct {
    const char *p;
    size_t n;
    const char *says; /* NULL: one tensor 'w' */
} pickles[] = {
    { TEXT(NAMED(TENSOR("\x06", "K\0", "K\x02K\x03\x86", "K\x03K\x01\x86"))), NULL },
    { TEXT(NAMED(TENSOR("\x06", "K\x05", "K\x01\x85", "K\x01\x85"))), NULL },
    { TEXT(NAMED(TENSOR("\x06", "K\x06", "K\x01\x85", "K\x01\x85"))), "larger than its storage" },
    { TEXT(NAMED(TENSOR("\x06", "K\0", "K\x02K\x03\x86", "K\x04K\x01\x86"))),
      "larger than its storage" },
    { TEXT(NAMED(TENSOR("\x06", "K\0", "J\xff\xff\xff\xff\x85", "K\x01\x85"))),
      "in another way than torch.save" },
    { TEXT(NAMED(TENSOR("\x06", "J\xff\xff\xff\xff", "K\x01\x85", "K\x01\x85"))),
      "in another way than torch.save" },
    { TEXT(NAMED(TENSOR("\x06", "K\0", "K\x02K\x03\x86", "K\x01\x85"))),
      "in another way than torch.save" },
    /* 2^62 x 4 values, and strides of 2^62: products that overflow */
    { TEXT(NAMED(TENSOR("\x06", "K\0", "\x8a\x08\0\0\0\0\0\0\0\x40K\x04\x86", "K\0K\0\x86"))),
      "larger than its storage" },
    { TEXT(NAMED(TENSOR("\x06", "K\0", "K\x05K\x01\x86", "\x8a\x08\0\0\0\0\0\0\0\x40K\0\x86"))),
      "larger than its storage" },
    { TEXT(P2 "cos\nsystem\nX\x02\0\0\0id\x85R."), "the pickle calls 'os.system', which is never" },
    { TEXT(P2 "cposix\nsystem\nX\x02\0\0\0id\x85R."), "calls 'posix.system'" },
    { TEXT("\x80\x04\x8c\x08"
           "builtins\x8c\x04"
           "eval\x93\x8c\x01"
           "1\x85R."),
      "calls 'builtins.eval'" },
    { TEXT(P2 "(X\x02\0\0\0idios\nsystem\n."), "calls 'os.system'" },
    { TEXT(P2 "(icollections\nOrderedDict\n."), "the opcode INST" },
    { TEXT(P2 "ctorch.storage\n_load_from_bytes\n)R."), "'torch.storage._load_from_bytes'" },
    { TEXT(P2 "ctorch\nComplexFloatStorage\n."), "type 'torch.ComplexFloatStorage', which is not" },
    { TEXT(P2 "ccollections\nOrderedDict\n)\x81."), "the opcode NEWOBJ at byte 28" },
    { TEXT(P2 "ccollections\nOrderedDict\n}\x85R."), "an OrderedDict in another way" },
    { TEXT(P2 "ctorch\nFloatStorage\n)R."), "a call of a type" },
    { TEXT(P2 ")"
              ")R."),
      "something that is not a function is called" },
    { TEXT(P2 "]}b."), "something that is not a dict gets attributes" },
    { TEXT(P2 "X\x01\0\0\0aQ."), "a storage in another way" },
    { TEXT(NAMED("G\0\0\0\0\0\0\0\0")), "has a number under the name 'w', not a tensor" },
    { TEXT(NAMED("N")), "has None under the name 'w'" },
    { TEXT(NAMED(DICT)), "has a dict under the name 'w'" },
    { TEXT(P2 "}K\x01Ns."), "whose name is not a string" },
    { TEXT(P2 "}X\x01\0\0\0\0Ns."), "whose name is not a string" },
    { TEXT(P2 "]."), "holds a list, not a dict" },
    { TEXT(P2 "."), "does not end with one value" },
    { TEXT(P2 "}(."), "does not end with one value" },
    { TEXT(P2 "}.N"), "bytes follow its end" },
    { TEXT(P2 "}"), "ends too early" },
    { TEXT(P2 "X\xff\xff\xff\xff"
              "a."),
      "ends too early" },
    { TEXT(P2 "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
              "a."),
      "ends too early" },
    { TEXT(P2 "cos"), "ends too early" },
    { TEXT(P2 "\x8a\xff"
              "a."),
      "more than 64 bits" },
    { TEXT(P2 "}r\xff\xff\xff\xff."), "a number of the memo" },
    { TEXT(P2 "h\x07."), "the memo is empty" },
    { TEXT(P2 "q\x07."), "the stack is empty" },
    { TEXT(P2 "t."), "there is no mark" },
    { TEXT(P2 "](Na."), "there is no list" /* not across a mark */ },
    { TEXT(P2 "N(\x85."), "the stack is empty" },
    { TEXT(P2 "N(Nu."), "there is no dict" },
    { TEXT(P2 "}(Nu."), "a key has no value" },
    { TEXT(P2 "\xff."), "no such opcode" },
    { TEXT("\x80\x06}."), "protocol 6" },
    { TEXT(P2 "C\x01"
              "a."),
      "the opcode SHORT_BINBYTES" },
    { TEXT(P2 "]q\0h\0a."), "holds a list" /* that contains itself */ },
};

START_TEST(pickles_are_read_and_never_executed)
{
    struct pickle k;
    unsigned char *p = malloc(pickles[_i].n); /* of exactly that size, for the sanitizer */

    memcpy(p, pickles[_i].p, pickles[_i].n);
    int rc = pickle_read(&k, "x.bin", p, pickles[_i].n);
    free(p);
    ck_assert_msg((rc == 0) == !pickles[_i].says, "%d: %s", rc, fail_text());
    if (rc == 0) {
        ck_assert_int_eq(k.n, 1);
        ck_assert_str_eq(k.t[0].name, "w");
        ck_assert_int_eq(k.t[0].storage.dtype, ST_F32);
        ck_assert_uint_eq(k.t[0].storage.count, 6);
    } else {
        ck_assert_int_eq(fail_code(), FAIL_INPUT);
        ck_assert_msg(strstr(fail_text(), pickles[_i].says) && strstr(fail_text(), "'x.bin'"),
                      "says \"%s\"", fail_text());
        ck_assert_ptr_null(k.t);
    }
    pickle_free(&k);
}
END_TEST

/* --- files */

static char dir[64];
static unsigned char *bytes;
static size_t size;

static void golden_read(void)
{
    struct file f;

    temp_dir(dir);
    ck_assert_int_eq(file_map(&f, GOLDEN "bin/pytorch_model.bin"), 0);
    size = f.size;
    bytes = malloc(size);
    memcpy(bytes, f.data, size);
    file_unmap(&f);
}

static void golden_free(void)
{
    free(bytes);
    temp_remove(dir);
}

/* Open N bytes as a file; NULL or the message. */
static const char *open_bytes(const unsigned char *p, size_t n)
{
    char *path = path_join(dir, "x.bin");
    struct st_file s;

    ck_assert_int_eq(file_write_parts(path, &(struct file_part){ p, n }, 1, FAIL_STORE), 0);
    int rc = torch_open(&s, path);
    ck_assert(rc == 0 || (fail_code() == FAIL_INPUT && strstr(fail_text(), path)));
    st_close(&s);
    free(path);
    return rc == 0 ? NULL : fail_text();
}

START_TEST(every_truncated_file_is_refused)
{
    golden_read();
    ck_assert_ptr_null(open_bytes(bytes, size));
    for (size_t n = 0; n < size; n += n < 200 || n > size - 3000 ? 1 : 97)
        ck_assert_msg(open_bytes(bytes, n) != NULL, "%zu of %zu bytes are accepted", n, size);
    golden_free();
}
END_TEST

/* Changes in the directory, by the name of the entry and the offset of a field in its record. */
static const struct {
    const char *entry;
    size_t at;
    int value; /* -1: the letter after the one that is there */
    const char *says;
} changes[] = {
    { "pytorch_model/data/3", 10, 8, "'pytorch_model/data/3' is compressed" },
    { "pytorch_model/data/3", 8, 1, "'pytorch_model/data/3' is encrypted" },
    { "pytorch_model/data/3", 46 + 19, -1, "two of its entries have one name" },
    { "pytorch_model/data/3", 46 + 17, -1, "the entry 'pytorch_model/data/3', which is missing" },
    { "pytorch_model/data/3", 42, -1, "does not begin where its directory says" },
    { "pytorch_model/data/3", 45, 255, "begins outside the file" },
    { "pytorch_model/data/3", 24, -1, "an entry of its directory makes no sense" },
    { "pytorch_model/data/3", 0, -1, "an entry of its directory makes no sense" },
    { "pytorch_model/data/3", 34, -1, "an entry of its directory makes no sense" },
    { "pytorch_model/data.pkl", 46 + 14, -1, "is a ZIP file without data.pkl" },
};

static size_t find_record(const char *entry)
{
    size_t n = strlen(entry);

    for (size_t i = size - 46 - n; i > 0; i--)
        if (memcmp(bytes + i, "PK\1\2", 4) == 0 && memcmp(bytes + i + 46, entry, n) == 0 &&
            bytes[i + 28] == n)
            return i;
    ck_abort_msg("no entry '%s'", entry);
}

START_TEST(damaged_directories)
{
    golden_read();
    unsigned char *p = bytes + find_record(changes[_i].entry) + changes[_i].at;
    *p = (unsigned char)(changes[_i].value < 0 ? *p + 1 : changes[_i].value);
    const char *says = open_bytes(bytes, size);
    ck_assert_msg(says && strstr(says, changes[_i].says), "says \"%s\"", says);
    golden_free();
}
END_TEST

static unsigned char *find_text(const char *text)
{
    unsigned char *p = memmem(bytes, size, text, strlen(text));

    ck_assert_msg(p != NULL, "%s", text);
    return p;
}

START_TEST(damaged_entries)
{
    const char *says;

    golden_read();
    unsigned char *order = find_text("little");
    memcpy(order, "biggie", 6);
    says = open_bytes(bytes, size);
    ck_assert_msg(says && strstr(says, "byte order 'biggie'"), "says \"%s\"", says);
    memcpy(order, "little", 6);
    unsigned char *type = find_text("FloatStorage"); /* half as many bytes in each value */
    memcpy(type, "ShortStorage", 12);
    says = open_bytes(bytes, size);
    ck_assert_msg(says && strstr(says, "has a storage of"), "says \"%s\"", says);
    golden_free();
}
END_TEST

static const struct {
    const char *file, *says;
} refused[] = {
    { GOLDEN "legacy.bin", "before PyTorch 1.6, which is not read; load it with torch.load" },
    { GOLDEN "script.bin", "is a TorchScript program" },
    { GOLDEN "training.bin", "has a number under the name 'epoch', not a tensor" },
    { GOLDEN "complex.bin", "the type 'torch.ComplexFloatStorage', which is not supported" },
    { GOLDEN "view.safetensors", "is not a file of torch.save" },
};

START_TEST(other_files)
{
    struct st_file s;

    ck_assert_int_eq(torch_open(&s, refused[_i].file), -1);
    ck_assert_int_eq(fail_code(), FAIL_INPUT);
    ck_assert_msg(strstr(fail_text(), refused[_i].says) && strstr(fail_text(), refused[_i].file),
                  "says \"%s\"", fail_text());
}
END_TEST

START_TEST(no_files)
{
    static const char pointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:0\n";
    unsigned char tar[512] = "w";

    temp_dir(dir);
    memcpy(tar + 257, "ustar", 5);
    ck_assert_ptr_nonnull(strstr(open_bytes((const unsigned char *)pointer, sizeof pointer - 1),
                                 "is a git-LFS pointer, not a file of torch.save; 'git lfs pull'"));
    ck_assert_ptr_nonnull(strstr(open_bytes(tar, sizeof tar), "before PyTorch 1.6"));
    ck_assert_ptr_nonnull(strstr(open_bytes(tar, 0), "its 0 bytes are no ZIP file"));
    temp_remove(dir);
}
END_TEST

/* The published adapter of Hu et al. for RoBERTa-base on MNLI: 2 factors of q and v in 12 layers,
 * and the classifier. */
START_TEST(published_adapter)
{
    const char *path = shared_path("data/adapters/roberta_base_lora_mnli.bin");
    struct st_file s;

    if (!path) {
        skip("no data/adapters/roberta_base_lora_mnli.bin");
        return;
    }
    ck_assert_msg(torch_open(&s, path) == 0, "%s", fail_text());
    const struct st_tensor *t = st_find(&s, "roberta.encoder.layer.11.attention.self.value.lora_B");
    ck_assert(t && t->n_dims == 2 && t->shape[0] == 768 && t->shape[1] == 8);
    ck_assert_ptr_nonnull(st_floats_in_place(t));
    st_close(&s);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_test(tc, every_view_has_pytorchs_values);
    tcase_add_loop_test(tc, pickles_are_read_and_never_executed, 0, ARRAY_LEN(pickles));
    tcase_add_test(tc, every_truncated_file_is_refused);
    tcase_add_loop_test(tc, damaged_directories, 0, ARRAY_LEN(changes));
    tcase_add_test(tc, damaged_entries);
    tcase_add_loop_test(tc, other_files, 0, ARRAY_LEN(refused));
    tcase_add_test(tc, no_files);
    tcase_add_test(tc, published_adapter);
}

const struct suite suite_torch = { "torch", fill };
