/* test_opt.c - an option table as values, as flags, and as help. */
#include "core/opt/opt_doc.h"
#include "tests/kit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf {
    long rank;
    double lr, beta;
    bool bias;
    char *name, *targets, *tags;
    int method;
};

static const struct opt table[] = {
    { "rank", 'r', OPT_INT, offsetof(struct conf, rank), "8", 1, 4096, NULL, "columns of B" },
    { "lr", 0, OPT_REAL, offsetof(struct conf, lr), "1e-4", 0, 10, NULL, "learning rate" },
    { "adam_beta", 0, OPT_REAL, offsetof(struct conf, beta), NULL, 0, 0, NULL, "any number" },
    { "bias", 'b', OPT_BOOL, offsetof(struct conf, bias), "false", 0, 0, NULL, "train biases" },
    { "run_name", 0, OPT_STR, offsetof(struct conf, name), NULL, 0, 0, NULL, "label" },
    { "targets", 't', OPT_LIST, offsetof(struct conf, targets), "q,v", 0, 0, "q|k|v|o",
      "projections" },
    { "tags", 0, OPT_LIST, offsetof(struct conf, tags), NULL, 0, 0, NULL, "labels" },
    { "method", 'm', OPT_CHOICE, offsetof(struct conf, method), "lora", 0, 0, "full|lora|dora",
      "how" },
    { NULL, 0, OPT_END, 0, NULL, 0, 0, NULL, NULL },
};

static const struct {
    const char *key, *value, *want; /* canonical text, or the message, which begins with ' */
} sets[] = {
    { "rank", "1", "1" },
    { "rank", "4096", "4096" },
    { "rank", "+16", "16" },
    { "rank", "0", "'rank' must be a whole number from 1 to 4096, not '0'" },
    { "rank", "4097", "'rank' must be a whole number from 1 to 4096, not '4097'" },
    { "rank", "8.0", "'rank' must be a whole number from 1 to 4096, not '8.0'" },
    { "rank", "1e3", "'rank' must be a whole number from 1 to 4096, not '1e3'" },
    { "rank", " 8", "'rank' must be a whole number from 1 to 4096, not ' 8'" },
    { "rank", "", "'rank' must be a whole number from 1 to 4096, not ''" },
    { "rank", "99999999999999999999", "'rank' must be a whole number from 1 to 4096" },
    { "lr", "3e-4", "0.0003" },
    { "lr", "0.00001", "1e-5" },
    { "lr", "10", "10" },
    { "lr", "0.1", "0.1" },
    { "lr", "0.30000000000000004", "0.30000000000000004" },
    { "lr", "nan", "'lr' must be a number from 0 to 10, not 'nan'" },
    { "lr", "inf", "'lr' must be a number from 0 to 10, not 'inf'" },
    { "lr", "1e999", "'lr' must be a number from 0 to 10, not '1e999'" },
    { "lr", "1e-4x", "'lr' must be a number from 0 to 10, not '1e-4x'" },
    { "lr", "1,5", "'lr' must be a number from 0 to 10, not '1,5'" },
    { "lr", "0x1", "'lr' must be a number from 0 to 10, not '0x1'" },
    { "adam-beta", "-1e300", "-1e300" },
    { "adam_beta", "123456", "123456" },
    { "adam_beta", "1e999", "'adam_beta' must be a number, not '1e999'" },
    { "bias", "True", "true" },
    { "bias", "no", "false" },
    { "bias", "maybe", "'bias' must be true or false, not 'maybe'" },
    { "run_name", "", "" },
    { "run_name", "a b", "a b" },
    { "targets", "o, q", "q,o" },
    { "targets", "v,q,v", "'targets' must name each word once, not 'v,q,v' with 'v' twice" },
    { "targets", "", "'targets' must be words separated by commas, not ''" },
    { "targets", "q,,v", "'targets' must be words separated by commas, not 'q,,v'" },
    { "targets", "q,x", "'targets' must be made of q, k, v, o, not 'x'" },
    { "tags", "b,a", "b,a" },
    { "tags", "a,ab,b", "a,ab,b" },
    { "method", "dora", "dora" },
    { "method", "dorra",
      "'method' must be one of full, lora, dora, not 'dorra'; did you mean 'dora'?" },
    { "method", "Lora",
      "'method' must be one of full, lora, dora, not 'Lora'; did you mean 'lora'?" },
};

START_TEST(opt_sets_or_explains)
{
    struct conf c;
    char buf[128];
    const struct opt *o = opt_find(table, sets[_i].key);
    const char *want = sets[_i].want;

    opt_defaults(table, &c);
    ck_assert_ptr_nonnull(o);
    if (*want == '\'') {
        opt_text(o, &c, buf, sizeof buf);
        char *before = xstrdup(buf);
        ck_assert_int_eq(opt_set(o, &c, sets[_i].value), -1);
        ck_assert_int_eq(fail_code(), FAIL_USAGE);
        ck_assert_msg(strncmp(fail_text(), want, strlen(want)) == 0, "%s", fail_text());
        ck_assert_str_eq(opt_text(o, &c, buf, sizeof buf), before);
        free(before);
    } else {
        ck_assert_msg(opt_set(o, &c, sets[_i].value) == 0, "%s", fail_text());
        ck_assert_str_eq(opt_text(o, &c, buf, sizeof buf), want);
    }
    opt_free(table, &c);
    ck_assert_ptr_null(c.targets);
}
END_TEST

static const struct opt_usage usage = { .command = "show",
                                        .usage = "RUN [key=value...]",
                                        .about = "Show one run.",
                                        .example = "lowrank show 3fa9c1d2",
                                        .min_args = 1,
                                        .max_args = 2 };

static const struct {
    const char *argv[8];
    const char *want; /* rank, bias and arguments, or the message */
} parses[] = {
    { { "show", "x" }, "8 0 x" },
    { { "show", "--rank=4", "x", "-b", "lr=3" }, "4 1 x lr=3" },
    { { "show", "x", "-r", "5", "--bias=false" }, "5 0 x" },
    { { "show", "-br7", "x" }, "7 1 x" },
    { { "show", "--run_name", "n", "--run-name=m", "x" }, "8 0 x" },
    { { "show", "--", "--rank" }, "8 0 --rank" },
    { { "show" }, "'lowrank show' needs RUN [key=value...]" },
    { { "show", "a", "b", "c" },
      "unexpected argument 'c'; 'lowrank show' takes RUN [key=value...]" },
    { { "show", "x", "--rank=0" }, "'rank' must be a whole number from 1 to 4096, not '0'" },
    { { "show", "x", "--rnak=3" }, "unknown flag '--rnak'; did you mean '--rank'?" },
    { { "show", "--learning-rate", "3", "x" },
      "unknown flag '--learning-rate'; did you mean '--lr'?" },
    { { "show", "--adam_bete=3", "x" }, "unknown flag '--adam_bete'; did you mean '--adam-beta'?" },
    { { "show", "--zzzzzzzz", "x" },
      "unknown flag '--zzzzzzzz'; 'lowrank show --help' lists them" },
    { { "show", "x", "--rank" }, "flag '--rank' needs a value" },
    { { "show", "x", "-r" }, "flag '-r' needs a value" },
    { { "show", "x", "--quiet=3" }, "flag '--quiet' takes no value" },
    { { "show", "-z", "x" }, "unknown flag '-z'; 'lowrank show --help' lists them" },
    { { "show", "-b", "-bzb", "x" }, "unknown flag '-z'; 'lowrank show --help' lists them" },
    { { "show", "--t=q", "x" }, "flag '--t' is ambiguous; it could be '--targets'" },
};

START_TEST(opt_parses_flags)
{
    struct conf c;
    char *argv[9] = { 0 }, *owned[9] = { 0 }, got[256];
    int argc = 0;

    for (; parses[_i].argv[argc]; argc++)
        argv[argc] = owned[argc] = xstrdup(parses[_i].argv[argc]);
    opt_defaults(table, &c);
    int rc = opt_parse(&usage, table, &c, &argc, argv);
    if (rc == 0) {
        int n = snprintf(got, sizeof got, "%ld %d", c.rank, c.bias);
        for (int i = 1; i < argc; i++)
            n += snprintf(got + n, sizeof got - (size_t)n, " %s", argv[i]);
        ck_assert_ptr_null(argv[argc]);
    }
    ck_assert_str_eq(rc == 0 ? got : fail_text(), parses[_i].want);
    for (int i = 0; i < 9; i++)
        free(owned[i]);
    opt_free(table, &c);
}
END_TEST

/* Copy what opt_parse prints for one flag to TEXT; returns its value. */
static int help_into(char *text, size_t size, const char *flag)
{
    struct conf c;
    char name[] = "show", *word = xstrdup(flag), *argv[] = { name, word, NULL };
    int argc = 2, keep = dup(STDOUT_FILENO);
    FILE *f = tmpfile();

    fflush(stdout);
    dup2(fileno(f), STDOUT_FILENO);
    opt_defaults(table, &c);
    int rc = opt_parse(&usage, table, &c, &argc, argv);
    fflush(stdout);
    dup2(keep, STDOUT_FILENO);
    close(keep);
    rewind(f);
    text[fread(text, 1, size - 1, f)] = 0;
    fclose(f);
    free(word);
    opt_free(table, &c);
    return rc;
}

START_TEST(help_shows_the_table)
{
    static const char *const flags[] = { "--help", "-h", "--he" };
    char text[4096];

    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        ck_assert_int_eq(help_into(text, sizeof text, flags[i]), 1);
        ck_assert_msg(strncmp(text,
                              "usage: lowrank show [options] RUN [key=value...]\nShow one run.\n",
                              60) == 0,
                      "%s", text);
        ck_assert_ptr_nonnull(strstr(text,
                                     "  -r, --rank N            columns of B (from 1 to 4096; "
                                     "default 8)\n"));
        ck_assert_ptr_nonnull(strstr(text, "      --run-name TEXT     label\n"));
        ck_assert_ptr_nonnull(strstr(text, "how (one of full, lora, dora; default lora)\n"));
        ck_assert_ptr_nonnull(strstr(text, "example\n  lowrank show 3fa9c1d2\n"));
    }
    ck_assert_int_eq(help_into(text, sizeof text, "--usage"), 1);
    ck_assert_str_eq(text, "usage: lowrank show [options] RUN [key=value...]\n");
    verbosity = 0;
    ck_assert_int_eq(help_into(text, sizeof text, "-v"), -1);
    ck_assert_int_eq(verbosity, 1);
    verbosity = 0;
}
END_TEST

static int show_run(int argc, char **argv)
{
    static const char *const parts[] = { "one", "two", NULL };
    struct opt_usage u = usage;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    u.parts = parts;
    opt_help(table, f);
    opt_help(table, f);
    fclose(f);
    u.detail = text;
    int rc = opt_command(&u, table, sizeof(struct conf), NULL, argc, argv);
    free(text);
    return rc;
}

/* Asked for its documentation, a command prints nothing; keys that it lists twice are there
 * once. */
START_TEST(documentation_is_the_table)
{
    static const char *const words[] = { "show", NULL };
    int n_table = (int)ARRAY_LEN(table) - 1;
    struct opt_doc d = { 0 };

    opt_doc_free(&d);
    ck_assert_int_eq(opt_doc_ask(&d, show_run, words), 0);
    ck_assert_str_eq(d.command, "show");
    ck_assert_str_eq(d.usage, "RUN [key=value...]");
    ck_assert_int_eq(d.flags.n, n_table + OPT_DOC_FLAGS);
    ck_assert_str_eq(d.flags.e[0].key, "rank");
    ck_assert_int_eq(d.flags.e[0].letter, 'r');
    ck_assert_str_eq(d.flags.e[0].value, "N");
    ck_assert_str_eq(d.flags.e[0].help, "columns of B (from 1 to 4096; default 8)");
    ck_assert_str_eq(d.flags.e[2].key, "adam-beta");
    ck_assert_str_eq(d.flags.e[7].choices, "full|lora|dora");
    ck_assert_str_eq(d.flags.e[n_table].key, "help");
    ck_assert_int_eq(d.keys.n, n_table);
    ck_assert_str_eq(d.keys.e[2].key, "adam_beta");
    ck_assert_int_eq(d.n_parts, 2);
    ck_assert_str_eq(d.parts[1], "two");
    ck_assert_ptr_null(opt_doc_wanted());
    opt_doc_free(&d);
    ck_assert_ptr_null(d.command);
}
END_TEST

static void fill(TCase *tc)
{
    tcase_add_loop_test(tc, opt_sets_or_explains, 0, (int)ARRAY_LEN(sets));
    tcase_add_loop_test(tc, opt_parses_flags, 0, (int)ARRAY_LEN(parses));
    tcase_add_test(tc, help_shows_the_table);
    tcase_add_test(tc, documentation_is_the_table);
}

const struct suite suite_opt = { "opt", fill };
