/* glue_files.c - small files in the published layout of every set of GLUE. */
#include "tests/kit/glue_files.h"
#include "tests/kit/suite.h"
#include "tests/kit/temp.h"
#include "core/os/file.h"

#include <stdlib.h>
#include <string.h>

#define MNLI_HEAD                                                                                  \
    "index\tpromptID\tpairID\tgenre\tsentence1_binary_parse\tsentence2_binary_parse\t"             \
    "sentence1_parse\tsentence2_parse\tsentence1\tsentence2\t"
#define MNLI_DEV MNLI_HEAD "label1\tlabel2\tlabel3\tlabel4\tlabel5\tgold_label\n"
#define MNLI(a, b) "0\t1n\t1n\tfiction\t( a )\t( b )\t(ROOT a)\t(ROOT b)\t" a "\t" b "\t"
#define MRPC_HEAD "\xEF\xBB\xBFQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\r\n"
#define MRPC(label, a, b) label "\t1\t2\t" a "\t" b "\r\n"
#define STSB_HEAD                                                                                  \
    "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
#define STSB(a, b, score) "0\tnews\tf\t2012\t1\tnone\tnone\t" a "\t" b "\t" score "\n"
#define QQP_HEAD "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
#define QNLI_HEAD "index\tquestion\tsentence\tlabel\n"
#define PAIR_HEAD "index\tsentence1\tsentence2\tlabel\n"

static const struct {
    const char *name, *text;
} files[] = {
    { "QNLI/train.tsv", QNLI_HEAD "0\tWho?\t\"sun\tentailment\n"
                                  "1\tsun \"rain\" \"?\train\xE2\x80\xA8the sun\tnot_entailment\n"
                                  "1\tsun?\train\"\tnot_entailment\n7\tthe?\tsun\tentailment\n" },
    { "QNLI/dev.tsv", QNLI_HEAD "0\tsun?\train\tentailment\n1\train?\tsun\tnot_entailment\n" },
    { "QNLI/test.tsv", "index\tquestion\tsentence\n0\tsun?\train\n" },
    { "QQP/train.tsv", QQP_HEAD "1\t2\t3\tsun\train\t0\n2\t3\t4\tWhat is \"sun?\tthe sun\t1\n"
                                "3\t4\t5\tthe sun\nand the rain\t1\n" /* a line end */
                                "\"\tsun\t0\n"                 /* what is left of such a row */
                                "4\t5\t6\tsun\tthe\train\t0\n" /* a tab */
                                "5\t6\t7\tsun\xC2\x85the\train\t0\n6\t7\t8\t\train\t1\n" },
    { "QQP/dev.tsv", QQP_HEAD "1\t2\t3\tsun\tsun\t1\n2\t3\t4\train\n3\t4\t5\tsun\train\t0\n" },
    { "QQP/test.tsv", "id\tquestion1\tquestion2\n0\tsun\train\n" },
    { "MNLI/train.tsv",
      MNLI_HEAD "label1\tgold_label\n" MNLI("sun", "the \"sun") "neutral\tneutral\n" MNLI(
          "rain", "sun") "contradiction\tcontradiction\n" MNLI("the sun",
                                                               "sun") "entailment\tentailment"
                                                                      "\n" MNLI("n/a",
                                                                                "sun") "neutral\ten"
                                                                                       "tailment"
                                                                                       "\n" },
    { "MNLI/dev_matched.tsv",
      MNLI_DEV MNLI("sun",
                    "rain") "neutral\tentailment\tneutral\tneutral\tneutral\tcontradiction"
                            "\n" MNLI(
                                "\"rain",
                                "sun") "neutral\tneutral\tneutral\tneutral\tneutral\tneutral\n" },
    { "MNLI/dev_mismatched.tsv",
      MNLI_DEV MNLI("sun", "sun") "neutral\tneutral\tneutral\tneutral\tneutral\tentailment\n" MNLI(
          "rain",
          "sun") "neutral\tneutral\tneutral\tneutral\tneutral\tentailment\n" MNLI("the",
                                                                                  "sun") "neutral\t"
                                                                                         "neutral\t"
                                                                                         "neutral\t"
                                                                                         "neutral\t"
                                                                                         "neutral\t"
                                                                                         "contradic"
                                                                                         "tion\n" },
    { "WNLI/train.tsv", PAIR_HEAD "0\tsun\train\t1\n1\tsun\tthe\t0\n2\train\tsun\t0\n"
                                  "3\tthe\tsun\t1\n" },
    { "WNLI/dev.tsv", PAIR_HEAD "0\tsun\train\t0\n1\tsun\tthe\t1\n" },
    { "RTE/train.tsv", PAIR_HEAD "0\tsun\train\tentailment\n1\t\"sun\tthe\tnot_entailment\n"
                                 "2\train\tsun\tnot_entailment\n3\tthe\tsun\tentailment\n" },
    { "RTE/dev.tsv", PAIR_HEAD "0\tsun\train\tnot_entailment\n1\tsun\tthe\tentailment\n" },
    { "CoLA/train.tsv", "x\t1\t\tsun\nx\t0\t*\tsun rain\nx\t0\t*\train the\nx\t1\t\tthe sun\n" },
    { "CoLA/dev.tsv", "x\t1\t\tthe rain\nx\t0\t*\tsun the\n" },
    { "SST-2/train.tsv", "sentence\tlabel\nsun\t1\nrain \t0\nthe rain\t0\nthe sun\t1\n" },
    { "SST-2/dev.tsv", "sentence\tlabel\nsun sun\t1\nrain rain\t0\n" },
    { "MRPC/train.tsv", MRPC_HEAD MRPC("1", "sun", "the sun") MRPC("0", "sun \"", "rain")
                            MRPC("0", "rain", "sun") MRPC("1", "rain", "the rain") },
    { "MRPC/dev.tsv", MRPC_HEAD MRPC("0", "the", "rain") MRPC("1", "sun", "sun") },
    { "STS-B/train.tsv", STSB_HEAD STSB("sun", "sun", "5.000") STSB("sun", "rain", "1.250")
                             STSB("the", "rain", "0.0") STSB("rain", "rain \"", "4.2") },
    { "STS-B/dev.tsv", STSB_HEAD STSB("sun", "the sun", "4.750") STSB("sun", "rain", "0.5") },
};

void glue_files_write(const char *dir)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char *path = xprintf("%s/glue/%s", dir, files[i].name);
        char *name = xprintf("glue/%s", files[i].name), *slash = strrchr(path, '/');
        *slash = 0;
        ck_assert_int_eq(make_dirs(path), 0);
        temp_file(dir, name, files[i].text);
        free(name);
        free(path);
    }
}
